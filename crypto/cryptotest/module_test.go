package cryptotest_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/soft"
	"github.com/embedvault/embedvault/errs"
)

// module is a second driver: it serves -HSM types, with blobs sealed under a
// key of its own. It shows that the suite asks nothing of a driver but the
// contract.
type module struct {
	seal  cipher.AEAD
	types []crypto.KeyType
}

func newModule(tb testing.TB, types ...crypto.KeyType) module {
	tb.Helper()
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		tb.Fatal(err)
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		tb.Fatal(err)
	}
	return module{seal, types}
}

func (m module) Generate(ctx context.Context, s crypto.Spec) (crypto.Private, error) {
	if !slices.Contains(m.types, s.Type) {
		return nil, errs.NewInvalidValue()
	}
	s.Type = s.Type.Base()
	return m.hold(soft.New().Generate(ctx, s))
}

func (m module) Import(ctx context.Context, j crypto.JWK) (crypto.Private, error) {
	if !slices.Contains(m.types, j.Kty) {
		return nil, errs.NewInvalidJWK()
	}
	j.Kty = j.Kty.Base()
	return m.hold(soft.New().Import(ctx, j))
}

func (m module) Open(ctx context.Context, blob []byte) (crypto.Private, error) {
	if len(blob) < m.seal.Overhead() {
		return nil, errors.New("module: the blob is too short")
	}
	plain, err := m.seal.Open(nil, nil, blob, nil)
	if err != nil {
		return nil, err
	}
	return m.hold(soft.New().Open(ctx, plain))
}

func (m module) hold(p crypto.Private, err error) (crypto.Private, error) {
	if err != nil {
		return nil, err
	}
	return held{p, m}, nil
}

// held is a key inside the module.
type held struct {
	crypto.Private
	module module
}

func (h held) Spec() crypto.Spec { return h.Private.Spec().HSM() }

func (h held) Public() crypto.JWK {
	j := h.Private.Public()
	j.Kty = h.Spec().Type
	return j
}

func (h held) Blob() []byte { return h.module.seal.Seal(nil, nil, h.Private.Blob(), nil) }

func (h held) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "a %v key", h.Spec()) }

func TestModule(t *testing.T) {
	types := []crypto.KeyType{crypto.KeyTypeECHSM, crypto.KeyTypeOctHSM} // RSA keys take seconds to make
	open := func(tb testing.TB) crypto.Driver { return newModule(tb, types...) }
	cryptotest.RunDriver(t, open, types...)
}
