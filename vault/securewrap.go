package vault

import (
	"crypto/rand"

	"github.com/embedvault/embedvault/crypto"
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
