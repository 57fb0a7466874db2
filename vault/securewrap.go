package vault

import (
	"crypto/rand"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
)

// freshKeySize is the length in bytes of the AES keys that KeySecureWrap makes.
const freshKeySize = 32

// secureWrap is the input of KeySecureWrap: the algorithm of the wrapping.
type secureWrap struct{ alg crypto.Algorithm }

func (in secureWrap) validate(*settings) error {
	if !crypto.KnownAlgorithm(in.alg) {
		return errs.NewInvalidValue()
	}
	return nil
}

// freshKey is the output of KeySecureWrap.
type freshKey struct{ KeyResult }

// secureWrapKey makes an AES key, answers it wrapped, and forgets it: nobody sees it in the clear.
func secureWrapKey(c call, in secureWrap) (freshKey, error) {
	key, id, err := usable(c, crypto.OpWrapKey)
	if err != nil {
		return freshKey{}, err
	}
	fresh := make([]byte, freshKeySize)
	defer clear(fresh)
	rand.Read(fresh) // never fails
	wrapped, err := key.WrapKey(c.ctx, in.alg, fresh)
	return freshKey{KeyResult{ID: id, Algorithm: in.alg, Value: wrapped}}, err
}

// secureUnwrapInput is the input of KeySecureUnwrap.
type secureUnwrapInput struct {
	keyOperation
	target string
}

func (in secureUnwrapInput) validate(s *settings) error {
	if in.target == "" {
		return errs.NewInvalidValue()
	}
	return in.keyOperation.validate(s)
}

// secureUnwrap answers a wrapped key, wrapped again to the environment that an attestation speaks of, if the policy of the
// key it was wrapped with lets it go there.
func secureUnwrap(c call, in secureUnwrapInput) (released, error) {
	key, id, err := usable(c, crypto.OpUnwrapKey)
	if err != nil {
		return "", err
	}
	to, err := c.attested(c.key.version.Data.release, in.target)
	if err != nil {
		return "", err
	}
	target, err := key.UnwrapKey(c.ctx, in.alg, in.value)
	if err != nil {
		return "", err
	}
	defer clear(target)
	wrapped, err := hsm.WrapTransfer(to.Receiver, to.ReceiverID, crypto.JWK{Kty: crypto.KeyTypeOct, K: target}, "")
	if err != nil {
		return "", errs.NewParameterIncorrect()
	}
	shown := showKey(c.set, id, c.key.version)
	shown.JWK, shown.Tags, shown.Size = crypto.JWK{Kty: crypto.KeyTypeOct}, nil, 0
	return c.statement("", shown, wrapped)
}
