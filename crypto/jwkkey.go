package crypto

import (
	"bytes"
	stdcrypto "crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"math/big"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/embedvault/embedvault/errs"
)

// PublicKey returns the public part of j as the standard library has it: an
// *rsa.PublicKey or an *ecdsa.PublicKey. That of P-256K lies on the curve S256
// of github.com/decred/dcrd/dcrec/secp256k1/v4; Key.PublicKey returns it in a
// type of that package. The members of the private part do not count, and
// neither does whether the type is an -HSM one.
//
// A symmetric key, which has no public part, is errs.BadParameter, and so are
// members that are missing, an RSA key whose size or exponent Spec does not
// have, a curve that is not one of ours and a point that is not on its curve.
func (j JWK) PublicKey() (stdcrypto.PublicKey, error) {
	key, err := j.parse()
	switch {
	case err != nil:
		return nil, errs.NewInvalidJWK()
	case key.rsa != nil:
		return key.rsa, nil
	case key.nist != nil:
		return key.nist, nil
	}
	return key.k1.ToECDSA(), nil
}

// parse reads the public part, which a symmetric key has not.
func (j JWK) parse() (publicKey, error) {
	switch j.Kty.Base() {
	case KeyTypeRSA:
		n, e := new(big.Int).SetBytes(j.N), new(big.Int).SetBytes(j.E)
		if n.Bit(0) == 0 || e.BitLen() > 31 {
			return publicKey{}, errPublic
		}
		spec := Spec{Type: j.Kty, Size: n.BitLen(), PublicExponent: int(e.Int64())}
		return parsePublic(spec, JWK{Kty: j.Kty, N: j.N, E: j.E})
	case KeyTypeEC:
		point := JWK{Kty: j.Kty, Crv: j.Crv, X: j.scalar(j.X), Y: j.scalar(j.Y)}
		return parsePublic(Spec{Type: j.Kty, Curve: j.Crv}, point)
	}
	return publicKey{}, errPublic
}

// NewJWK returns a key of the standard library as a JWK of the type RSA, EC or
// oct, ready to be imported: an *rsa.PrivateKey, an *ecdsa.PrivateKey, or the
// bytes of a symmetric key as a []byte; the public part alone of an
// *rsa.PublicKey or an *ecdsa.PublicKey. To import into hardware, set Kty to
// the -HSM form. The JWK shares nothing with the key.
//
// Sizes, curves and exponents are those of Spec. P-256K is the curve S256 of
// github.com/decred/dcrd/dcrec/secp256k1/v4, and no other package's. Any other
// type of key is errs.BadParameter, and so is a nil key, one whose numbers are
// missing or contradict each other, and an RSA key of more than two primes.
func NewJWK(key any) (JWK, error) {
	var j JWK
	var ok bool
	switch key := key.(type) {
	case *rsa.PublicKey:
		j, ok = ofRSA(key)
	case *rsa.PrivateKey:
		j, ok = ofRSAPrivate(key)
	case *ecdsa.PublicKey:
		j, ok = ofEC(key)
	case *ecdsa.PrivateKey:
		j, ok = ofECPrivate(key)
	case []byte:
		ok = len(key) == 16 || len(key) == 24 || len(key) == 32
		j = JWK{Kty: KeyTypeOct, K: bytes.Clone(key)}
	}
	if !ok {
		return JWK{}, fmt.Errorf("crypto: no JWK is made of this %T: %w", key, errs.NewInvalidJWK())
	}
	return j, nil
}

func ofRSA(key *rsa.PublicKey) (JWK, bool) {
	if key == nil || key.N == nil || key.N.Sign() < 0 || key.E < 0 {
		return JWK{}, false
	}
	j := JWK{Kty: KeyTypeRSA, N: key.N.Bytes(), E: big.NewInt(int64(key.E)).Bytes()}
	_, err := j.parse()
	return j, err == nil
}

func ofRSAPrivate(key *rsa.PrivateKey) (JWK, bool) {
	if key == nil || len(key.Primes) != 2 {
		return JWK{}, false
	}
	j, ok := ofRSA(&key.PublicKey)
	for _, n := range []*big.Int{key.D, key.Primes[0], key.Primes[1]} {
		ok = ok && n != nil && n.Sign() > 0 && n.BitLen() <= key.N.BitLen()
	}
	if !ok {
		return JWK{}, false
	}
	// What was precomputed may be missing, or be that of other primes.
	k := rsa.PrivateKey{PublicKey: key.PublicKey, D: key.D, Primes: key.Primes}
	k.Precompute()
	if k.Validate() != nil {
		return JWK{}, false
	}
	j.D, j.P, j.Q = k.D.Bytes(), k.Primes[0].Bytes(), k.Primes[1].Bytes()
	j.DP, j.DQ, j.QI = k.Precomputed.Dp.Bytes(), k.Precomputed.Dq.Bytes(), k.Precomputed.Qinv.Bytes()
	return j, true
}

func ofEC(key *ecdsa.PublicKey) (JWK, bool) {
	if key == nil {
		return JWK{}, false
	}
	j := JWK{Kty: KeyTypeEC, Crv: curveOf(key.Curve)}
	//lint:ignore SA1019 PublicKey.Bytes does not know P-256K, and panics without coordinates.
	j.X, j.Y = j.Crv.fixed(key.X), j.Crv.fixed(key.Y)
	_, err := j.parse()
	return j, err == nil
}

func ofECPrivate(key *ecdsa.PrivateKey) (JWK, bool) {
	if key == nil {
		return JWK{}, false
	}
	j, ok := ofEC(&key.PublicKey)
	if !ok {
		return JWK{}, false
	}
	//lint:ignore SA1019 PrivateKey.Bytes does not know P-256K, and panics without a scalar.
	j.D = j.Crv.fixed(key.D)
	public, err := j.parse()
	return j, err == nil && public.isOf(j.D)
}

// curveOf returns the name of a curve, "" for one that is not ours.
func curveOf(c elliptic.Curve) Curve {
	switch c {
	case elliptic.P256():
		return P256
	case elliptic.P384():
		return P384
	case elliptic.P521():
		return P521
	//lint:ignore SA1019 There is no other way to compare it.
	case secp256k1.S256():
		return P256K
	}
	return ""
}

// fixed returns a number as wide as the curve, nil for one that does not fit.
func (c Curve) fixed(n *big.Int) []byte {
	if n == nil || n.Sign() < 0 || n.BitLen() > 8*c.Size() {
		return nil
	}
	return n.FillBytes(make([]byte, c.Size()))
}

// isOf reports whether d, as wide as the curve, is the private scalar of an EC
// key.
func (p publicKey) isOf(d []byte) bool {
	if p.k1 != nil {
		var s secp256k1.ModNScalar
		defer s.Zero()
		overflow := s.SetByteSlice(d)
		return !overflow && !s.IsZero() && secp256k1.NewPrivateKey(&s).PubKey().IsEqual(p.k1)
	}
	k, err := ecdsa.ParseRawPrivateKey(p.nist.Curve, d)
	return err == nil && k.PublicKey.Equal(p.nist)
}
