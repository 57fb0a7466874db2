package primitive

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	secp256k1ecdsa "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
)

// Curve is an elliptic curve by its JWK name.
type Curve string

// The curves of the service. P256K is secp256k1.
const (
	P256  Curve = "P-256"
	P384  Curve = "P-384"
	P521  Curve = "P-521"
	P256K Curve = "P-256K"
)

// Size returns the bytes of a coordinate and of a scalar, 0 for no curve of ours.
func (c Curve) Size() int {
	switch c {
	case P256, P256K:
		return 32
	case P384:
		return 48
	case P521:
		return 66
	}
	return 0
}

func (c Curve) nist() elliptic.Curve {
	switch c {
	case P384:
		return elliptic.P384()
	case P521:
		return elliptic.P521()
	}
	return elliptic.P256()
}

// EC is an EC private key. It is immutable.
type EC struct {
	curve Curve
	nist  *ecdsa.PrivateKey    // nil for P256K
	k1    secp256k1.PrivateKey // zero for the others
}

// GenerateEC makes a key on a curve; ErrKey when there is no such curve.
func GenerateEC(c Curve) (*EC, error) {
	switch c {
	case P256, P384, P521:
		k, err := ecdsa.GenerateKey(c.nist(), rand.Reader)
		if err != nil {
			return nil, err
		}
		return &EC{curve: c, nist: k}, nil
	case P256K:
		k, err := secp256k1.GeneratePrivateKey()
		if err != nil {
			return nil, err
		}
		return &EC{curve: c, k1: *k}, nil
	}
	return nil, ErrKey
}

// NewEC returns the key with private scalar d, a number from 1 to one less
// than the order of the curve; ErrKey otherwise. Leading zeros do not count.
func NewEC(c Curve, d []byte) (*EC, error) {
	size, d := c.Size(), trim(d)
	if size == 0 || len(d) == 0 || len(d) > size {
		return nil, ErrKey
	}
	scalar := make([]byte, size)
	defer clear(scalar)
	copy(scalar[size-len(d):], d)
	if c == P256K {
		var s secp256k1.ModNScalar
		if overflow := s.SetByteSlice(scalar); overflow || s.IsZero() {
			return nil, ErrKey
		}
		return &EC{curve: c, k1: *secp256k1.NewPrivateKey(&s)}, nil
	}
	k, err := ecdsa.ParseRawPrivateKey(c.nist(), scalar)
	if err != nil {
		return nil, ErrKey
	}
	return &EC{curve: c, nist: k}, nil
}

// Curve returns the curve of the key.
func (k *EC) Curve() Curve { return k.curve }

// Scalar returns the private scalar, as wide as the curve.
func (k *EC) Scalar() []byte {
	if k.nist == nil {
		return k.k1.Serialize()
	}
	d, _ := k.nist.Bytes() // fails only for foreign curves
	return d
}

// Point returns the coordinates of the public key, as wide as the curve.
func (k *EC) Point() (x, y []byte) {
	var point []byte
	if k.nist == nil {
		point = k.k1.PubKey().SerializeUncompressed()
	} else {
		point, _ = k.nist.PublicKey.Bytes() // fails only for foreign curves
	}
	size := k.curve.Size()
	return point[1 : 1+size : 1+size], point[1+size:]
}

// Sign signs a digest and returns r and s, each as wide as the curve.
func (k *EC) Sign(digest []byte) ([]byte, error) {
	signature := make([]byte, 2*k.curve.Size())
	half := len(signature) / 2
	if k.nist == nil {
		s := secp256k1ecdsa.Sign(&k.k1, digest)
		rScalar, sScalar := s.R(), s.S()
		rScalar.PutBytesUnchecked(signature[:half])
		sScalar.PutBytesUnchecked(signature[half:])
		return signature, nil
	}
	der, err := ecdsa.SignASN1(rand.Reader, k.nist, digest)
	if err != nil {
		return nil, err
	}
	splitDER(signature[:half], signature[half:], der)
	return signature, nil
}

// splitDER fills r and s from an ECDSA-Sig-Value that the standard library
// made: a sequence of two positive integers, each no wider than its half.
func splitDER(r, s, der []byte) {
	body := der[2:]
	if der[1] == 0x81 { // a P-521 signature is longer than 127 bytes
		body = der[3:]
	}
	rLen := int(body[1])
	fill(r, body[2:2+rLen])
	fill(s, body[2+rLen+2:])
}

// fill right-aligns a DER integer in dst, which is all zeros.
func fill(dst, integer []byte) {
	integer = trim(integer)
	copy(dst[len(dst)-len(integer):], integer)
}

// NewECPair is NewEC with the public point, which must be that of d: that
// shows also that it lies on the curve. Leading zeros do not count.
func NewECPair(c Curve, d, x, y []byte) (*EC, error) {
	k, err := NewEC(c, d)
	if err != nil {
		return nil, err
	}
	kx, ky := k.Point()
	if !bytes.Equal(trim(kx), trim(x)) || !bytes.Equal(trim(ky), trim(y)) {
		return nil, ErrKey
	}
	return k, nil
}
