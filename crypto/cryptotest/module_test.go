package cryptotest_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/soft"
	"github.com/embedvault/embedvault/errs"
)

// module is a second driver: the -HSM types, with blobs sealed under a key of
// its own. It shows that the suite asks nothing of a driver but the contract.
type module struct{ seal cipher.AEAD }

func newModule(tb testing.TB) module {
	tb.Helper()
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		tb.Fatal(err)
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		tb.Fatal(err)
	}
	return module{seal}
}

func (m module) Generate(ctx context.Context, s crypto.Spec) (crypto.Private, error) {
	if !s.Type.HSM() {
		return nil, errs.NewInvalidValue()
	}
	s.Type = s.Type.Base()
	return m.hold(soft.New().Generate(ctx, s))
}

func (m module) Import(ctx context.Context, j crypto.JWK) (crypto.Private, error) {
	if !j.Kty.HSM() {
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
	open := func(tb testing.TB) crypto.Driver { return newModule(tb) }
	cryptotest.RunDriver(t, open, crypto.KeyTypeECHSM, crypto.KeyTypeOctHSM)
}

func TestModuleRSA(t *testing.T) {
	if testing.Short() {
		t.Skip("makes RSA keys")
	}
	open := func(tb testing.TB) crypto.Driver { return newModule(tb) }
	cryptotest.RunDriver(t, open, crypto.KeyTypeRSAHSM)
}
