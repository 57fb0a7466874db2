package bench_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

// vaultRows measure a whole request: who calls, from where, with what right, within the limits, for what, and the audit.
// The names are asked for in turn, in an order that is not theirs. The limits of 2019 are always just reached, on a clock
// that goes by steps; without limits the clock is the system's.
func vaultRows() (rows []row) {
	for _, n := range []int{100, 10_000} {
		rows = append(rows,
			row{fmt.Sprintf("GetSecret/limits-2019/objects=%d", n), func(tb testing.TB) []side {
				return getSecretSides(tb, vault.Options{Now: stepping(window / most)}, n)
			}},
			row{fmt.Sprintf("GetSecret/unlimited/objects=%d", n), func(tb testing.TB) []side {
				return getSecretSides(tb, vault.Options{Limits: new(limiter.Unlimited())}, n)
			}})
	}
	return append(rows, row{"GetSecret/audit-line", auditLine}, row{"GetSecret/bearer-token", bearerToken}, row{"Sign/ES256", pipelineSign})
}

// stepping is a clock that goes on by a step at each look. Goroutines may share it.
func stepping(step time.Duration) func() time.Time {
	var us atomic.Int64
	us.Store(start.UnixMicro())
	return func() time.Time { return time.UnixMicro(us.Add(step.Microseconds())) }
}

// getSecretSides compare with the store of setec, whose audit is a line of JSON where ours is told by a call, and with
// what a vault stands on: a map, and a clock.
func getSecretSides(tb testing.TB, o vault.Options, n int) []side {
	names := secretNames(n)
	var plain sync.Map
	for _, name := range names {
		plain.Store(name, value(name))
	}
	return []side{
		{"vault", get(openVault(tb, o, names), names)},
		setecSide(tb),
		{"sync.Map", func(tb testing.TB, n int) {
			i := 0
			for range n {
				if v, ok := plain.Load(names[i]); !ok || v.(string) == "" {
					tb.Fatal("no value")
				}
				i = next(i, len(names))
			}
		}},
		{"clock", clock},
	}
}

// secretNames are n names in an order that is not that of the alphabet.
func secretNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("secret-%08d", i*7919%n)
	}
	return names
}

func value(name string) string { return "the value of " + name }

const app = "app"

// openVault returns what the principal app, which may read secrets and sign, sees of a new vault. The audit is told of
// every request unless the options say otherwise.
func openVault(tb testing.TB, o vault.Options, names []string) *vault.Client {
	if o.Audit == nil {
		o.Audit = counting()
	}
	svc := must(vault.New(&o))(tb)
	return fillVault(tb, svc, "bench", "", names).As(vault.Principal(app))
}

func fillVault(tb testing.TB, svc *vault.Service, name, subscription string, names []string) *vault.Vault {
	v := must(svc.CreateVault(tb.Context(), name, &vault.VaultOptions{
		Subscription:   subscription,
		AccessPolicies: []policy.AccessPolicy{{ObjectID: app, Keys: []string{"sign"}, Secrets: []string{"get"}}},
	}))(tb)
	owner := v.As(vault.Owner())
	for _, name := range names {
		must(owner.SetSecret(tb.Context(), name, value(name), nil))(tb)
	}
	return v
}

// counting is an audit that looks at each event and shares nothing as long as all goes well.
func counting() func(vault.Event) {
	var failed atomic.Int64
	return func(e vault.Event) {
		if e.Status >= 500 {
			failed.Add(1)
		}
	}
}

// get is a loop over the names.
func get(c *vault.Client, names []string) func(testing.TB, int) {
	return func(tb testing.TB, n int) {
		ctx, i := context.Background(), 0
		for range n {
			s, err := c.GetSecret(ctx, vault.Ref(names[i]))
			if err != nil || s.Value.Reveal() == "" {
				tb.Error("no value: ", err)
				return
			}
			i = next(i, len(names))
		}
	}
}

// auditLine is what it costs to write each request as a line of JSON, which setec always does.
func auditLine(tb testing.TB) []side {
	names, log := secretNames(100), vault.NewAuditLog(io.Discard)
	written := openVault(tb, vault.Options{Limits: new(limiter.Unlimited()), Audit: log.Record}, names)
	told := openVault(tb, vault.Options{Limits: new(limiter.Unlimited())}, names)
	return []side{{"line", get(written, names)}, {"call", get(told, names)}, setecSide(tb)}
}

// bearerToken is what it costs to find out by a token who calls.
func bearerToken(tb testing.TB) []side {
	names, b := secretNames(100), bearerAt(tb, time.Now)
	svc := must(vault.New(&vault.Options{Limits: new(limiter.Unlimited()), Tenant: b.tenant, Audit: counting()}))(tb)
	v := fillVault(tb, svc, "bench", "", names)
	check(tb, v.SetAccessPolicies(tb.Context(), policy.AccessPolicy{ObjectID: b.app.ObjectID(), Secrets: []string{"get"}}))
	return []side{
		{"token", get(v.As(vault.Bearer(b.token)), names)},
		{"principal", get(v.As(vault.Principal(b.app.ObjectID())), names)},
	}
}

// pipelineSign is a signature through all gates, over the bare call.
func pipelineSign(tb testing.TB) []side {
	j := cryptotest.JWK(tb, crypto.EC(crypto.P256))
	std := standard[*ecdsa.PrivateKey](tb, j)
	c, ctx := openVault(tb, vault.Options{Limits: new(limiter.Unlimited())}, nil), tb.Context()
	must(c.Container().As(vault.Owner()).ImportKey(ctx, "key", j, nil))(tb)
	return []side{
		operation("vault", func() ([]byte, error) {
			r, err := c.Sign(ctx, "key", vault.ES256, digest)
			return r.Value, err
		}),
		operation("std", func() ([]byte, error) { return ecdsa.SignASN1(rand.Reader, std, digest) }),
	}
}

// Vault and setec give the same values to who may read, and refuse the same.
func TestStoresAgree(t *testing.T) {
	names := secretNames(3)
	c, theirs := openVault(t, vault.Options{}, names), openSetec(t, names)
	for _, name := range names {
		s := must(c.GetSecret(t.Context(), vault.Ref(name)))(t)
		v := must(theirs.Get(setecReader, name))(t)
		if s.Value.Reveal() != value(name) || string(v.Value) != value(name) {
			t.Errorf("%s: %q, setec %q", name, s.Value.Reveal(), v.Value)
		}
	}
	refused := func(what string, ours, theirs, ourWant, theirWant error) {
		if !errors.Is(ours, ourWant) || !errors.Is(theirs, theirWant) {
			t.Errorf("%s: %v, setec %v", what, ours, theirs)
		}
	}
	_, ours := c.GetSecret(t.Context(), "absent")
	_, their := theirs.Get(setecReader, "absent")
	refused("absent", ours, their, errs.SecretNotFound, setecNotFound)
	_, ours = c.Container().As(vault.Principal(stranger)).GetSecret(t.Context(), vault.Ref(names[0]))
	_, their = theirs.Get(setecStranger, names[0])
	refused("stranger", ours, their, errs.Forbidden, setecDenied)
}
