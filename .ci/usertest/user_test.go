package usertest

import (
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/vaulttest"
)

func TestSignButNotRead(t *testing.T) {
	env := vaulttest.New(t, nil)
	if _, err := env.Owner().CreateKey(t.Context(), "app", vault.RSA(2048), nil); err != nil {
		t.Fatal(err)
	}
	app := env.Allow(policy.KeysSign)
	digest := sha256.Sum256([]byte("order 4711"))
	if _, err := app.Sign(t.Context(), "app", vault.RS256, digest[:]); err != nil {
		t.Fatal(err)
	}
	if _, err := app.GetSecret(t.Context(), "db"); !errors.Is(err, errs.Forbidden) {
		t.Fatalf("a caller who may only sign read a secret: %v", err)
	}
}
