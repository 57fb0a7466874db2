// Package soft is the driver that keeps keys in the memory of the process:
// RSA, EC and symmetric keys without a hardware module. It is what stands
// behind the software keys of a vault.
//
// A key is parsed once, when it is made, imported or opened, and used from
// then on without locks. Its blob is the key in the clear; whoever stores it
// seals it first. A key that nobody uses any more is left to the garbage
// collector: the standard library gives no way to wipe what it keeps inside.
package soft

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/primitive"
)

// Driver makes and opens keys in memory. It has no state: the zero value is
// ready.
type Driver struct {
	// RSA makes the RSA keys with an exponent of 65537; nil makes new ones. It is
	// for tests, which do not wait for primes.
	RSA func(bits int) (*rsa.PrivateKey, error)
}

var _ crypto.Driver = Driver{}

const defaultExponent = 65537

// New returns a driver.
func New() Driver { return Driver{} }

// Generate makes a key of a software type. The -HSM types are
// errs.HardwareKeysNotSupported, what Spec does not have is errs.BadParameter.
func (d Driver) Generate(ctx context.Context, s crypto.Spec) (crypto.Private, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := s.Normalize()
	if err != nil {
		return nil, err
	}
	switch s.Type {
	case crypto.KeyTypeRSA:
		if d.RSA != nil && s.PublicExponent == defaultExponent {
			k, err := d.RSA(s.Size)
			return made(rsaKey{k}, err)
		}
		k, err := primitive.GenerateRSA(s.Size, s.PublicExponent)
		return made(rsaKey{k}, err)
	case crypto.KeyTypeEC:
		k, err := primitive.GenerateEC(primitive.Curve(s.Curve))
		return made(ecKey{k}, err)
	case crypto.KeyTypeOct:
		k, err := primitive.GenerateAES(s.Size)
		return made(octKey{k}, err)
	}
	return nil, errs.NewHardwareKeysNotSupported()
}

// Import takes in a private RSA or EC key with all members of RFC 7518, or a
// symmetric key, after checking that its parts belong together. Anything else
// is errs.BadParameter, an -HSM type errs.HardwareKeysNotSupported.
func (Driver) Import(ctx context.Context, j crypto.JWK) (crypto.Private, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if j.Kty.HSM() {
		return nil, errs.NewHardwareKeysNotSupported()
	}
	p, err := importKey(j)
	if err != nil {
		return nil, errs.NewInvalidJWK().Because(err)
	}
	return p, nil
}

func importKey(j crypto.JWK) (crypto.Private, error) {
	switch j.Kty {
	case crypto.KeyTypeRSA:
		k, err := primitive.NewRSA(primitive.RSANumbers{N: j.N, E: j.E, D: j.D, P: j.P, Q: j.Q, DP: j.DP, DQ: j.DQ, QI: j.QI})
		return made(rsaKey{k}, err)
	case crypto.KeyTypeEC:
		k, err := primitive.NewECPair(primitive.Curve(j.Crv), j.D, j.X, j.Y)
		return made(ecKey{k}, err)
	case crypto.KeyTypeOct:
		k, err := primitive.NewAES(j.K)
		return made(octKey{k}, err)
	}
	return nil, primitive.ErrKey
}

// Open returns the key whose blob it is given.
func (Driver) Open(ctx context.Context, blob []byte) (crypto.Private, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	k, err := primitive.Unmarshal(blob)
	if err != nil {
		return nil, errors.New("soft: the blob holds no key")
	}
	switch k := k.(type) {
	case *primitive.EC:
		return ecKey{k}, nil
	case *primitive.AES:
		return octKey{k}, nil
	case *rsa.PrivateKey:
		return rsaKey{k}, nil
	}
	return nil, errors.New("soft: the blob holds no key")
}

// made returns the key, or nil and the error.
func made(p crypto.Private, err error) (crypto.Private, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}

// answer turns what did not open into the service's one answer.
func answer(plaintext []byte, err error) ([]byte, error) {
	if errors.Is(err, primitive.ErrOpen) {
		return nil, errs.NewParameterIncorrect()
	}
	return plaintext, err
}

// unsupported answers an algorithm that the key's type does not compute. Key
// refuses it before; a caller that goes round Key gets the same answer.
func unsupported(a crypto.Algorithm, t crypto.KeyType) error {
	return errs.NewUnsupportedAlgorithm(string(a), string(t))
}

// format writes what key k is, without a part of it.
func format(f fmt.State, k crypto.Private) { _, _ = fmt.Fprintf(f, "software %v key", k.Spec()) }
