package primitive_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"math/big"
	"slices"
	"testing"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/embedvault/embedvault/internal/primitive"
)

// orders are the numbers of points.
var orders = map[primitive.Curve]*big.Int{
	primitive.P256:  elliptic.P256().Params().N,
	primitive.P384:  elliptic.P384().Params().N,
	primitive.P521:  elliptic.P521().Params().N,
	primitive.P256K: secp256k1.Params().N,
}

func TestECScalars(t *testing.T) {
	for curve, order := range orders {
		last := new(big.Int).Sub(order, big.NewInt(1)).Bytes()
		for name, d := range map[string][]byte{"one": {1}, "with leading zeros": append(make([]byte, 100), 1), "the last": last} {
			k, err := primitive.NewEC(curve, d)
			if err != nil {
				t.Errorf("%s, %s: %v", curve, name, err)
				continue
			}
			x, y := k.Point()
			if len(k.Scalar()) != curve.Size() || len(x) != curve.Size() || len(y) != curve.Size() || k.Curve() != curve {
				t.Errorf("%s, %s: %d bytes scalar, %d and %d coordinates", curve, name, len(k.Scalar()), len(x), len(y))
			}
			if !bytes.Equal(bytes.TrimLeft(k.Scalar(), "\x00"), bytes.TrimLeft(d, "\x00")) {
				t.Errorf("%s, %s: the scalar became %x", curve, name, k.Scalar())
			}
		}
		above := new(big.Int).Add(order, big.NewInt(1)).Bytes()
		for name, d := range map[string][]byte{
			"none": nil, "zero": make([]byte, curve.Size()), "the order": order.Bytes(), "above the order": above,
			"too long": append([]byte{1}, make([]byte, curve.Size())...),
		} {
			if _, err := primitive.NewEC(curve, d); !errors.Is(err, primitive.ErrKey) {
				t.Errorf("%s, %s: %v", curve, name, err)
			}
		}
	}
	for _, curve := range []primitive.Curve{"", "P-224", "p-256"} {
		if _, err := primitive.NewEC(curve, []byte{1}); !errors.Is(err, primitive.ErrKey) || curve.Size() != 0 {
			t.Errorf("%q: %v", curve, err)
		}
		if _, err := primitive.GenerateEC(curve); !errors.Is(err, primitive.ErrKey) {
			t.Errorf("%q: %v", curve, err)
		}
	}
}

func TestECPairs(t *testing.T) {
	for curve := range orders {
		k, err := primitive.GenerateEC(curve)
		if err != nil {
			t.Fatal(err)
		}
		x, y := k.Point()
		if _, err := primitive.NewECPair(curve, k.Scalar(), append([]byte{0}, x...), append([]byte{0, 0}, y...)); err != nil {
			t.Errorf("%s: %v", curve, err)
		}
		for name, err := range map[string]error{
			"swapped": pairError(curve, k.Scalar(), y, x), "no x": pairError(curve, k.Scalar(), nil, y), "no y": pairError(curve, k.Scalar(), x, nil),
			"another scalar": pairError(curve, []byte{2}, x, y), "no scalar": pairError(curve, nil, x, y),
		} {
			if !errors.Is(err, primitive.ErrKey) {
				t.Errorf("%s, %s: %v", curve, name, err)
			}
		}
	}
}

func pairError(c primitive.Curve, d, x, y []byte) error {
	_, err := primitive.NewECPair(c, d, x, y)
	return err
}

func TestECSign(t *testing.T) {
	for curve, std := range map[primitive.Curve]elliptic.Curve{primitive.P256: elliptic.P256(), primitive.P384: elliptic.P384(), primitive.P521: elliptic.P521()} {
		k, err := primitive.GenerateEC(curve)
		if err != nil {
			t.Fatal(err)
		}
		x, y := k.Point()
		pub, err := ecdsa.ParseUncompressedPublicKey(std, slices.Concat([]byte{4}, x, y))
		if err != nil {
			t.Fatal(err)
		}
		digest := bytes.Repeat([]byte{9}, 32)
		for range 20 {
			signature, err := k.Sign(digest)
			half := curve.Size()
			if err != nil || len(signature) != 2*half {
				t.Fatalf("%s: %d bytes, %v", curve, len(signature), err)
			}
			if !ecdsa.Verify(pub, digest, new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])) {
				t.Errorf("%s: the signature does not verify", curve)
			}
		}
	}
}

// TestSplitDER: integers shorter than their half, with a sign byte, and in a
// sequence long enough for a length of two bytes.
func TestSplitDER(t *testing.T) {
	long := bytes.Repeat([]byte{0x55}, 66)
	for _, c := range []struct {
		name, der, r, s string
		half            int
	}{
		{"short", "3006020101020102", "00000001", "00000002", 4},
		{"zero byte before a high bit", "300802020080020200ff", "00000080", "000000ff", 4},
		{"full", "300a02040102030402027f01", "01020304", "00007f01", 4},
		{"one longer than its half by the sign", "300c020500ffffffff0203010203", "ffffffff", "00010203", 4},
	} {
		r, s := make([]byte, c.half), make([]byte, c.half)
		primitive.SplitDER(r, s, unhex(t, c.der))
		if !bytes.Equal(r, unhex(t, c.r)) || !bytes.Equal(s, unhex(t, c.s)) {
			t.Errorf("%s: %x and %x", c.name, r, s)
		}
	}
	r, s := make([]byte, 66), make([]byte, 66)
	primitive.SplitDER(r, s, slices.Concat([]byte{0x30, 0x81, 136, 2, 66}, long, []byte{2, 66}, long))
	if !bytes.Equal(r, long) || !bytes.Equal(s, long) {
		t.Errorf("long: %x and %x", r, s)
	}
}
