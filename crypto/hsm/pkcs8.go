package hsm

import (
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"

	"github.com/embedvault/embedvault/internal/primitive"
)

// A key that crosses the border of a module, wrapped, has the form of PKCS #8
// (RFC 5958 2) if it is RSA or EC; a symmetric key is its bytes. The standard
// library does not know P-256K, so the outer parts are read and written here.
type pkcs8 struct {
	Version    int
	Algorithm  pkix.AlgorithmIdentifier
	PrivateKey []byte
}

// ecPrivateKey is RFC 5915 3.
type ecPrivateKey struct {
	Version int
	Scalar  []byte
	Curve   asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
	Point   asn1.BitString        `asn1:"optional,explicit,tag:1"`
}

var (
	oidRSA = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidEC  = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	curves = map[primitive.Curve]asn1.ObjectIdentifier{
		primitive.P256:  {1, 2, 840, 10045, 3, 1, 7},
		primitive.P384:  {1, 3, 132, 0, 34},
		primitive.P521:  {1, 3, 132, 0, 35},
		primitive.P256K: {1, 3, 132, 0, 10},
	}
)

// maxPKCS8 bounds what is parsed; an RSA key of 4096 bits takes 2376 bytes.
const maxPKCS8 = 4096

// marshalPortable returns the key in its form outside. The caller overwrites it.
func marshalPortable(m material) ([]byte, error) {
	switch k := m.(type) {
	case *rsa.PrivateKey:
		der := x509.MarshalPKCS1PrivateKey(k)
		defer clear(der)
		return asn1.Marshal(pkcs8{Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.NullRawValue}, PrivateKey: der})
	case *primitive.EC:
		return marshalEC(k)
	case *primitive.AES:
		return k.Bytes(), nil
	}
	return nil, errMaterial
}

func marshalEC(k *primitive.EC) ([]byte, error) {
	scalar := k.Scalar()
	defer clear(scalar)
	x, y := k.Point()
	point := append(append([]byte{4}, x...), y...)
	der, err := asn1.Marshal(ecPrivateKey{Version: 1, Scalar: scalar, Point: asn1.BitString{Bytes: point, BitLength: 8 * len(point)}})
	if err != nil {
		return nil, err
	}
	defer clear(der)
	curve, err := asn1.Marshal(curves[k.Curve()])
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(pkcs8{Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidEC, Parameters: asn1.RawValue{FullBytes: curve}}, PrivateKey: der})
}

// parsePKCS8 returns the RSA or EC key of a PKCS #8 structure. Everything
// else is primitive.ErrKey.
func parsePKCS8(der []byte) (material, error) {
	var outer pkcs8
	if len(der) > maxPKCS8 {
		return nil, primitive.ErrKey
	}
	if rest, err := asn1.Unmarshal(der, &outer); err != nil || len(rest) != 0 {
		return nil, primitive.ErrKey
	}
	defer clear(outer.PrivateKey)
	switch {
	case outer.Algorithm.Algorithm.Equal(oidRSA):
		return parseRSA(outer.PrivateKey)
	case outer.Algorithm.Algorithm.Equal(oidEC):
		return parseEC(outer.Algorithm.Parameters.FullBytes, outer.PrivateKey)
	}
	return nil, primitive.ErrKey
}

func parseRSA(der []byte) (material, error) {
	k, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil || len(k.Primes) != 2 {
		return nil, primitive.ErrKey
	}
	defer wipe(k)
	return primitive.NewRSA(primitive.RSANumbers{ // checks what the parser does not
		N: k.N.Bytes(), E: big.NewInt(int64(k.E)).Bytes(), D: k.D.Bytes(), P: k.Primes[0].Bytes(), Q: k.Primes[1].Bytes(),
		DP: k.Precomputed.Dp.Bytes(), DQ: k.Precomputed.Dq.Bytes(), QI: k.Precomputed.Qinv.Bytes(),
	})
}

func parseEC(parameters, der []byte) (material, error) {
	var curve asn1.ObjectIdentifier
	if rest, err := asn1.Unmarshal(parameters, &curve); err != nil || len(rest) != 0 {
		return nil, primitive.ErrKey
	}
	var inner ecPrivateKey
	if rest, err := asn1.Unmarshal(der, &inner); err != nil || len(rest) != 0 || inner.Version != 1 {
		return nil, primitive.ErrKey
	}
	defer clear(inner.Scalar)
	for name, oid := range curves {
		if oid.Equal(curve) && (inner.Curve == nil || oid.Equal(inner.Curve)) {
			return newEC(name, inner)
		}
	}
	return nil, primitive.ErrKey
}

// newEC makes the key of a curve. The public point may be left out, but not
// be another one.
func newEC(c primitive.Curve, inner ecPrivateKey) (material, error) {
	point := inner.Point.Bytes
	if len(point) == 0 {
		return primitive.NewEC(c, inner.Scalar)
	}
	if size := c.Size(); len(point) == 1+2*size && point[0] == 4 {
		return primitive.NewECPair(c, inner.Scalar, point[1:1+size], point[1+size:])
	}
	return nil, primitive.ErrKey
}
