package vault_test

import (
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/vault"
)

// What a creation, a rotation and an import are counted against, by generation of the published limits.
func TestChargesOfNewKeys(t *testing.T) {
	for _, c := range []struct {
		limits   limiter.Limits
		do       string
		class    limiter.Class
		consumed int
	}{
		{limiter.Documented2019(), "create", limiter.KeyCreate, 1},
		{limiter.Documented2019(), "rotate", limiter.KeyCreate, 1},
		{limiter.Documented2019(), "import P-256", limiter.KeyUse, 1},
		{limiter.Documented2019(), "import RSA-4096", limiter.KeyUse, 8},
		{limiter.Documented2015(), "import RSA-4096", limiter.KeyUse, 1},
		{limiter.Documented2021(), "import RSA-4096", limiter.KeyUse, 8},
		{limiter.Documented2025(), "import RSA-4096", limiter.SecretCreate, 1},
	} {
		t.Run(c.limits.Name+"/"+c.do, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &vault.Options{Limits: &c.limits}, nil)
			ctx, owner := t.Context(), w.owner
			if c.do == "rotate" {
				got(owner.CreateKey(ctx, "k", vault.EC(vault.P256), nil))(t)
			}
			before := w.vault.Usage()
			switch c.do {
			case "create":
				got(owner.CreateKey(ctx, "k", vault.EC(vault.P256), nil))(t)
			case "rotate":
				got(owner.RotateKey(ctx, "k"))(t)
			case "import P-256":
				got(owner.ImportKey(ctx, "k", cryptotest.JWK(t, crypto.EC(crypto.P256)), nil))(t)
			case "import RSA-4096":
				got(owner.ImportKey(ctx, "k", cryptotest.JWK(t, crypto.RSA(4096)), nil))(t)
			}
			for class, gauge := range w.vault.Usage() {
				want := 0
				if c.limits.Counts(limiter.Class(class)) == c.limits.Counts(c.class) {
					want = c.consumed
				}
				if used := gauge.Used - before[class].Used; used != want {
					t.Errorf("%v: %d units, want %d", limiter.Class(class), used, want)
				}
			}
		})
	}
}
