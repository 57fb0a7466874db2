package vault_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/soft"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Who and where everything is, as refusals show it.
const (
	tenantID     = "0a4b1c2d-0000-4000-8000-0000000000aa"
	subscription = "0a4b1c2d-0000-4000-8000-0000000000bb"
	appObject    = "0a4b1c2d-0000-4000-8000-000000000001"
	appClient    = "0a4b1c2d-0000-4000-8000-000000000002"
	resource     = "/subscriptions/" + subscription + "/resourceGroups/shop/providers/Microsoft.KeyVault/vaults/contoso"
	audience     = "https://vault.azure.net"
)

// start is the moment at which every test begins.
var start = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

// clock is a time that a test turns.
type clock struct{ ahead atomic.Int64 }

func (c *clock) Now() time.Time          { return start.Add(time.Duration(c.ahead.Load())) }
func (c *clock) Advance(d time.Duration) { c.ahead.Add(int64(d)) }

// trail remembers what the audit was told.
type trail struct {
	mu     sync.Mutex
	events []vault.Event
}

func (t *trail) note(e vault.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events = append(t.events, e)
}

// take returns the events since the last take.
func (t *trail) take() []vault.Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	events := t.events
	t.events = nil
	return events
}

// world is a service with one vault, and all that a test turns: clock, directory and audit.
type world struct {
	options vault.Options
	clock   *clock
	trail   *trail
	tenant  *identity.Tenant
	svc     *vault.Service
	vault   *vault.Vault
	owner   *vault.Client
}

// signingKey is made once for all tenants of the tests. It is short: hundreds of them sign with it.
var signingKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 1024) })

// newWorld makes the vault contoso. Either options may be nil.
func newWorld(tb failer, o *vault.Options, vo *vault.VaultOptions) *world {
	tb.Helper()
	w := &world{clock: new(clock), trail: new(trail)}
	w.tenant = identity.New(&identity.Options{TenantID: tenantID, NewKey: signingKey, Now: w.clock.Now})
	if o != nil {
		w.options = *o
	}
	w.options.Now, w.options.Tenant, w.options.Audit = w.clock.Now, w.tenant, w.trail.note
	w.svc = got(vault.New(&w.options))(tb)
	var is vault.VaultOptions
	if vo != nil {
		is = *vo
	}
	is.Subscription, is.ResourceGroup, is.Region = subscription, "shop", "westeurope"
	w.vault = got(w.svc.CreateVault(tb.Context(), "contoso", &is))(tb)
	w.owner = w.vault.As(vault.Owner())
	return w
}

// reopen makes another service of the same options, which finds in the store what the first one left.
func (w *world) reopen(tb failer) {
	tb.Helper()
	w.svc = got(vault.New(&w.options))(tb)
	if w.vault = w.svc.Lookup("Contoso"); w.vault == nil {
		tb.Fatalf("the vault is not in the store")
	}
	w.owner = w.vault.As(vault.Owner())
}

// app is an application of the world's tenant under the well-known ids.
func (w *world) app(tb failer) *identity.Application {
	tb.Helper()
	return got(w.tenant.NewApplication("shop", &identity.ObjectOptions{ObjectID: appObject, ClientID: appClient}))(tb)
}

// failer is what a test is failed by: *testing.T, *testing.B or *rapid.T.
type failer interface {
	Helper()
	Context() context.Context
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// got fails the test on an error and returns the value otherwise: got(f())(t).
func got[T any](v T, err error) func(failer) T {
	return func(tb failer) T {
		tb.Helper()
		if err != nil {
			tb.Fatalf("%v", err)
		}
		return v
	}
}

// fine fails the test on an error.
func fine(tb failer, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("%v", err)
	}
}

// codes is an error as its codes: "" for none, "SecretNotFound", "Forbidden/SecretDisabled".
func codes(err error) string {
	if err == nil {
		return ""
	}
	e := errs.From(err)
	if e.Inner == "" {
		return string(e.Code)
	}
	return string(e.Code) + "/" + string(e.Inner)
}

// golden compares a text with a golden file, or writes it.
func golden(t *testing.T, path, text string) {
	t.Helper()
	if *update {
		fine(t, os.MkdirAll(filepath.Dir(path), 0o755))
		fine(t, os.WriteFile(path, []byte(text), 0o644))
		return
	}
	if want := string(got(os.ReadFile(path))(t)); text != want {
		t.Errorf("%s is not what it should be; go test -update writes it:\n%s", path, text)
	}
}

// hollowDriver makes RSA keys of any size at once, which sign nothing, and sound keys of the other types.
type hollowDriver struct{ soft.Driver }

func (d hollowDriver) Generate(ctx context.Context, s crypto.Spec) (crypto.Private, error) {
	s, err := s.Normalize()
	if err != nil || s.Type != crypto.KeyTypeRSA {
		return d.Driver.Generate(ctx, s)
	}
	return hollowKey{spec: s}, nil
}

type hollowKey struct {
	crypto.Private
	spec crypto.Spec
}

func (k hollowKey) Spec() crypto.Spec { return k.spec }

func (k hollowKey) Public() crypto.JWK {
	modulus := bytes.Repeat([]byte{0xff}, k.spec.Size/8)
	return crypto.JWK{Kty: k.spec.Type, N: modulus, E: []byte{1, 0, 1}}
}

func (k hollowKey) Sign(context.Context, crypto.Algorithm, []byte) ([]byte, error) {
	return make([]byte, k.spec.Size/8), nil
}
