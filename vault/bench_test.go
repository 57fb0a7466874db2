package vault_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

// nullDriver makes keys that do nothing, so that a benchmark measures what lies around the cryptography.
type nullDriver struct{ crypto.Driver }

func (nullDriver) Generate(_ context.Context, s crypto.Spec) (crypto.Private, error) {
	return nullKey{spec: s}, nil
}

type nullKey struct {
	crypto.Private
	spec crypto.Spec
}

func (k nullKey) Spec() crypto.Spec { return k.spec }
func (k nullKey) Public() crypto.JWK {
	return crypto.JWK{Kty: k.spec.Type, N: bytes.Repeat([]byte{0xff}, k.spec.Size/8), E: []byte{1, 0, 1}}
}
func (k nullKey) Sign(context.Context, crypto.Algorithm, []byte) ([]byte, error) {
	return nil, nil
}

// pipelineVault is a vault of n secrets and a key that does nothing, and an application that may sign and read secrets.
// Its audit is listened to.
func pipelineVault(tb testing.TB, o vault.Options, n int) (v *vault.Vault, app *vault.Client) {
	events := 0
	o.Audit = func(e vault.Event) { events += e.Status }
	svc, err := vault.New(&o)
	must(tb, err)
	vault.WithDriver(svc, nullDriver{})
	v, err = svc.CreateVault(tb.Context(), "bench", &vault.VaultOptions{
		AccessPolicies: []policy.AccessPolicy{{ObjectID: "app", Keys: []string{"sign"}, Secrets: []string{"get"}}},
	})
	must(tb, err)
	unlimited := v.As(vault.Owner())
	_, err = unlimited.CreateKey(tb.Context(), "key", vault.RSA(2048), nil)
	must(tb, err)
	for i := range n {
		_, err := unlimited.SetSecret(tb.Context(), fmt.Sprintf("secret-%08d", i), "value", nil)
		must(tb, err)
	}
	return v, v.As(vault.Principal("app"))
}

// stepping is a clock that goes on by a step at each look: with 5 ms the default limits are always full and never
// exceeded.
func stepping(step time.Duration) func() time.Time {
	now := time.Unix(1_800_000_000, 0)
	return func() time.Time {
		now = now.Add(step)
		return now
	}
}

// BenchmarkPipeline measures all that lies around the cryptography of one request: caller, firewall, policy, limit, key,
// and audit.
func BenchmarkPipeline(b *testing.B) {
	unlimited := limiter.Unlimited()
	for name, o := range map[string]vault.Options{
		"clock=system/limits=none": {Limits: &unlimited},
		"clock=given/limits=2019":  {Now: stepping(5 * time.Millisecond)},
	} {
		for _, n := range []int{100, 10_000} {
			b.Run(fmt.Sprintf("%s/objects=%d", name, n), func(b *testing.B) {
				_, app := pipelineVault(b, o, n)
				ctx, digest := b.Context(), make([]byte, 32)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := app.Sign(ctx, "key", vault.RS256, digest); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func TestTheWayToTheKeyAllocatesNothing(t *testing.T) {
	_, app := pipelineVault(t, vault.Options{Now: stepping(5 * time.Millisecond)}, 100)
	ctx, digest := t.Context(), make([]byte, 32)
	for name, request := range map[string]func() error{
		"sign":       func() error { _, err := app.Sign(ctx, "key", vault.RS256, digest); return err },
		"get secret": func() error { _, err := app.GetSecret(ctx, "secret-00000007"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			allocs := testing.AllocsPerRun(1000, func() { must(t, request()) })
			if allocs != 0 {
				t.Errorf("%v allocations a request, want none", allocs)
			}
		})
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func BenchmarkGetSecret(b *testing.B) {
	_, app := pipelineVault(b, vault.Options{Now: stepping(5 * time.Millisecond)}, 100)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := app.GetSecret(ctx, "secret-00000007"); err != nil {
			b.Fatal(err)
		}
	}
}
