package crypto

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"math/big"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	secp256k1ecdsa "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
)

// publicKey is the public part of a key, parsed once. At most one member is
// set; a symmetric key has none.
type publicKey struct {
	rsa  *rsa.PublicKey
	nist *ecdsa.PublicKey
	k1   *secp256k1.PublicKey
}

var errPublic = errors.New("crypto: the public part of the key contradicts its spec")

// parsePublic reads the public part of a key that a driver made.
func parsePublic(s Spec, j JWK) (publicKey, error) {
	if n, err := s.Normalize(); err != nil || n != s || j.Kty != s.Type || j.Crv != s.Curve {
		return publicKey{}, errPublic
	}
	switch s.Type.Base() {
	case KeyTypeRSA:
		return parseRSA(s, j)
	case KeyTypeEC:
		return parseEC(s, j)
	}
	return publicKey{}, nil
}

func parseRSA(s Spec, j JWK) (publicKey, error) {
	n, e := new(big.Int).SetBytes(j.N), new(big.Int).SetBytes(j.E)
	if n.BitLen() != s.Size || !e.IsInt64() || e.Int64() != int64(s.PublicExponent) {
		return publicKey{}, errPublic
	}
	return publicKey{rsa: &rsa.PublicKey{N: n, E: s.PublicExponent}}, nil
}

func parseEC(s Spec, j JWK) (key publicKey, err error) {
	if len(j.X) != s.Curve.Size() || len(j.Y) != s.Curve.Size() {
		return publicKey{}, errPublic
	}
	point := append(append([]byte{4}, j.X...), j.Y...)
	switch s.Curve {
	case P256:
		key.nist, err = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	case P384:
		key.nist, err = ecdsa.ParseUncompressedPublicKey(elliptic.P384(), point)
	case P521:
		key.nist, err = ecdsa.ParseUncompressedPublicKey(elliptic.P521(), point)
	case P256K:
		key.k1, err = secp256k1.ParsePubKey(point)
	}
	if err != nil {
		return publicKey{}, errPublic
	}
	return key, nil
}

// saltLength is the only one RFC 7518 3.5 allows: that of the hash.
var saltLength = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}

// verify reports whether signature is one of digest under the public key.
func (p publicKey) verify(row *Info, digest, signature []byte) bool {
	switch row.Mechanism {
	case PKCS1v15Signature:
		return rsa.VerifyPKCS1v15(p.rsa, row.Hash, digest, signature) == nil
	case PSS:
		return rsa.VerifyPSS(p.rsa, row.Hash, digest, signature, saltLength) == nil
	case ECDSA:
		half := row.Curve.Size()
		if len(signature) != 2*half {
			return false
		}
		if p.k1 != nil {
			return p.verifyK1(digest, signature[:half], signature[half:])
		}
		r, s := new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
		return ecdsa.Verify(p.nist, digest, r, s)
	}
	return false
}

func (p publicKey) verifyK1(digest, rBytes, sBytes []byte) bool {
	var r, s secp256k1.ModNScalar
	if overflow := r.SetByteSlice(rBytes); overflow || r.IsZero() {
		return false
	}
	if overflow := s.SetByteSlice(sBytes); overflow || s.IsZero() {
		return false
	}
	return secp256k1ecdsa.NewSignature(&r, &s).Verify(digest, p.k1)
}

// encrypt encrypts with an RSA public key.
func (p publicKey) encrypt(row *Info, plaintext []byte) ([]byte, error) {
	if row.Mechanism == OAEP {
		return rsa.EncryptOAEP(row.Hash.New(), rand.Reader, p.rsa, plaintext, nil)
	}
	//lint:ignore SA1019 RSA1_5 is one of the service's algorithms; the caller chose it by name.
	return rsa.EncryptPKCS1v15(rand.Reader, p.rsa, plaintext)
}
