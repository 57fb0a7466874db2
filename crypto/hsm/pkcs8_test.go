package hsm_test

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/hsm"
)

// ecInner is ECPrivateKey of RFC 5915 3.
type ecInner struct {
	Version int
	Scalar  []byte
	Curve   asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
	Point   asn1.BitString        `asn1:"optional,explicit,tag:1"`
}

// TestPKCS8EC: the inner structure of an EC key says version 1, the curve that
// the outer one says or none, and the point of the scalar or none.
func TestPKCS8EC(t *testing.T) {
	ec, p256, p384 := asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}, asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}, asn1.ObjectIdentifier{1, 3, 132, 0, 34}
	j := cryptotest.JWK(t, crypto.EC(crypto.P256))
	point := slices.Concat([]byte{4}, j.X, j.Y)
	for name, c := range map[string]struct {
		change func(*ecInner)
		good   bool
	}{
		"as it is":         {func(*ecInner) {}, true},
		"the curve again":  {func(i *ecInner) { i.Curve = p256 }, true},
		"no point":         {func(i *ecInner) { i.Point = asn1.BitString{} }, true},
		"another curve":    {func(i *ecInner) { i.Curve = p384 }, false},
		"a curve of none":  {func(i *ecInner) { i.Curve = ec }, false},
		"version 0":        {func(i *ecInner) { i.Version = 0 }, false},
		"version 2":        {func(i *ecInner) { i.Version = 2 }, false},
		"another point":    {func(i *ecInner) { i.Scalar[31] ^= 1 }, false},
		"a point cut":      {func(i *ecInner) { i.Point = asn1.BitString{Bytes: point[:33], BitLength: 8 * 33} }, false},
		"a point in short": {func(i *ecInner) { i.Point.Bytes[0] = 2 }, false},
		"no scalar":        {func(i *ecInner) { i.Scalar = nil }, false},
	} {
		inner := ecInner{1, slices.Clone(j.D), nil, asn1.BitString{Bytes: slices.Clone(point), BitLength: 8 * len(point)}}
		c.change(&inner)
		outer := struct {
			Version    int
			Algorithm  pkix.AlgorithmIdentifier
			PrivateKey []byte
		}{0, pkix.AlgorithmIdentifier{Algorithm: ec, Parameters: asn1.RawValue{FullBytes: marshalDER(t, p256)}}, marshalDER(t, inner)}
		if _, ok := hsm.ParsePKCS8(marshalDER(t, outer)); ok != c.good {
			t.Errorf("%s: is a key: %t", name, ok)
		}
	}
}

func marshalDER(t *testing.T, v any) []byte {
	t.Helper()
	der, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
