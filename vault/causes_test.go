package vault_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/vault"
)

// A refusal whose text tells little has a cause that tells a test what is wrong, and nothing that is secret.
func TestRefusalsHaveCauses(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	svc := got(vault.New(nil))(t)
	v := got(svc.CreateVault(ctx, "contoso", nil))(t)
	c := v.As(vault.Owner())
	got(c.SetSecret(ctx, "s", "v", nil))(t)
	backup := got(c.BackupSecret(ctx, "s"))(t)
	backup[len(backup)-1] ^= 1
	half := cryptotest.JWK(t, crypto.RSA(2048))
	half.D = nil
	for name, r := range map[string]struct {
		err         error
		codes, want string
	}{
		"no tenant":         {second(v.As(vault.Bearer("x")).GetSecret(ctx, "s")), "Unauthorized", "Options.Tenant"},
		"a changed backup":  {second(c.RestoreSecret(ctx, backup)), "Malformed backup blob", "seal does not open"},
		"half a key":        {second(c.ImportKey(ctx, "k", half, nil)), "BadParameter", "not sound"},
		"half a hard key":   {second(c.ImportKey(ctx, "k", half, &vault.ImportKeyOptions{HSM: true})), "BadParameter", "not sound"},
		"what is not a key": {second(c.ImportKey(ctx, "k", crypto.JWK{Kty: crypto.KeyTypeRSAHSM, T: []byte("{}")}, nil)), "BadParameter", "JSON of a wrapped key"},
	} {
		cause := errors.Unwrap(r.err)
		if codes(r.err) != r.codes || cause == nil || !strings.Contains(cause.Error(), r.want) || strings.Contains(r.err.Error(), r.want) {
			t.Errorf("%s: %v, because of %v", name, r.err, cause)
		}
	}
}
