package primitive

import (
	stdcrypto "crypto"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
)

// defaultExponent is the one that rsa.GenerateKey uses.
const defaultExponent = 65537

// maxExponent is the largest public exponent the standard library computes with.
const maxExponent = 1<<31 - 1

// RSANumbers are the parts of a two-prime RSA private key as big-endian bytes,
// named as in RFC 7518 6.3. P and Q may stand in either order, as long as QI
// is the inverse of Q modulo P.
type RSANumbers struct {
	N, E, D, P, Q, DP, DQ, QI []byte
}

// NewRSA returns the key with these numbers, ready to use. ErrKey means that a
// number is missing, that the modulus is not of 2048, 3072 or 4096 bits or the
// exponent not an odd number from 3 to 2³¹−1, or that the numbers contradict
// each other.
func NewRSA(parts RSANumbers) (*rsa.PrivateKey, error) {
	for _, part := range [][]byte{parts.N, parts.E, parts.D, parts.P, parts.Q, parts.DP, parts.DQ, parts.QI} {
		// No part is longer than the modulus; this bounds the work below.
		if number := trim(part); len(number) == 0 || len(number) > 4096/8 {
			return nil, ErrKey
		}
	}
	e := integer(parts.E)
	if e.BitLen() > 31 {
		return nil, ErrKey
	}
	k := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: integer(parts.N), E: int(e.Int64())},
		D:         integer(parts.D),
		Primes:    []*big.Int{integer(parts.P), integer(parts.Q)},
	}
	k.Precomputed.Dp, k.Precomputed.Dq, k.Precomputed.Qinv = integer(parts.DP), integer(parts.DQ), integer(parts.QI)
	return k, finish(k)
}

// finish precomputes k and checks it. The standard library checks that the
// numbers agree, but not that the primes are prime; its signing compares the
// result with the message, so one signature shows that the key works.
func finish(k *rsa.PrivateKey) error {
	if bits := k.N.BitLen(); bits != 2048 && bits != 3072 && bits != 4096 {
		return ErrKey
	}
	if k.E < 3 {
		return ErrKey
	}
	k.Precompute()
	if k.Validate() != nil {
		return ErrKey
	}
	if _, err := rsa.SignPKCS1v15(nil, k, 0, []byte("does this key sign?")); err != nil {
		return ErrKey
	}
	return nil
}

// GenerateRSA makes a key of 2048, 3072 or 4096 bits with an odd public
// exponent from 3 to 2³¹−1.
func GenerateRSA(bits, exponent int) (*rsa.PrivateKey, error) {
	if bits != 2048 && bits != 3072 && bits != 4096 {
		return nil, ErrKey
	}
	if exponent < 3 || exponent > maxExponent || exponent%2 == 0 {
		return nil, ErrKey
	}
	if exponent == defaultExponent {
		return rsa.GenerateKey(rand.Reader, bits)
	}
	return generateWithExponent(bits, big.NewInt(int64(exponent)))
}

// generateWithExponent makes a key with an exponent that the standard library
// does not generate for. It takes the standard library's primes, whose product
// has the full length, and leaves out those that the exponent does not suit.
func generateWithExponent(bits int, e *big.Int) (*rsa.PrivateKey, error) {
	one := big.NewInt(1)
	var primes, minus1 []*big.Int
	for len(primes) < 2 {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			return nil, err
		}
		for _, p := range k.Primes {
			pMinus1 := new(big.Int).Sub(p, one)
			if new(big.Int).GCD(nil, nil, e, pMinus1).Cmp(one) == 0 {
				primes, minus1 = append(primes, p), append(minus1, pMinus1)
			}
		}
	}
	gcd := new(big.Int).GCD(nil, nil, minus1[0], minus1[1])
	lambda := new(big.Int).Mul(minus1[0], new(big.Int).Div(minus1[1], gcd))
	k := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(primes[0], primes[1]), E: int(e.Int64())},
		D:         new(big.Int).ModInverse(e, lambda),
		Primes:    primes[:2],
	}
	return k, finish(k)
}

var pssSalt = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}

// SignPSS signs a digest with a salt as long as the hash.
func SignPSS(k *rsa.PrivateKey, hash stdcrypto.Hash, digest []byte) ([]byte, error) {
	return rsa.SignPSS(rand.Reader, k, hash, digest, pssSalt)
}

// DecryptOAEP opens RSAES-OAEP with an empty label and MGF1 with the same hash.
func DecryptOAEP(k *rsa.PrivateKey, hash stdcrypto.Hash, ciphertext []byte) ([]byte, error) {
	return decrypt(k, ciphertext, &rsa.OAEPOptions{Hash: hash})
}

// DecryptPKCS1v15 opens RSAES-PKCS1-v1_5. That it fails at all tells an
// attacker something, as in the service; why it fails does not show.
func DecryptPKCS1v15(k *rsa.PrivateKey, ciphertext []byte) ([]byte, error) {
	return decrypt(k, ciphertext, nil)
}

// decrypt performs one private operation whatever it is given: a ciphertext
// that is no number below the modulus, or not as long, is replaced by one that
// opens under no padding.
func decrypt(k *rsa.PrivateKey, ciphertext []byte, opts stdcrypto.DecrypterOpts) ([]byte, error) {
	sound := len(ciphertext) == k.Size() && integer(ciphertext).Cmp(k.N) < 0
	if !sound {
		ciphertext = make([]byte, k.Size())
	}
	plaintext, err := k.Decrypt(nil, ciphertext, opts)
	if err != nil || !sound {
		return nil, ErrOpen
	}
	return plaintext, nil
}

func integer(b []byte) *big.Int { return new(big.Int).SetBytes(b) }

// trim strips leading zeros.
func trim(b []byte) []byte {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return b
}
