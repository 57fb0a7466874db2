package vaulttest

import (
	"cmp"
	"context"
	"crypto/rsa"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/embedvault/embedvault/internal/entropy"
	"github.com/embedvault/embedvault/internal/hook"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// Start is when the clock of an environment begins, unless Options say otherwise.
var Start = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// DefaultVault is the name of an environment's vault, unless Options say otherwise.
const DefaultVault = "contoso"

// Options say what an environment is. The zero Options are a premium vault named contoso, without limits or delays.
type Options struct {
	// Name is the name of the vault. "": DefaultVault.
	Name string
	// Vault is what the vault is. nil: the zero VaultOptions.
	Vault *vault.VaultOptions
	// Limits throttle as the service does, the seeding methods of Env included. nil: nothing is throttled.
	Limits *limiter.Limits
	// Lag is how long deletion, recovery, purge, changes of roles, full backup and restore take. 0: no time.
	Lag time.Duration
	// Start is when the clock begins. The zero time: Start, or in a bubble of Run the bubble's time.
	Start time.Time
	// Storage is where the full backups of Managed HSMs are found. nil: in memory, under every address.
	Storage func(ctx context.Context, uri string, sas vault.Value) (vault.BlobContainer, error)
	// REST says how the vault answers over REST. nil: the zero rest.Options.
	REST *rest.Options
}

// Env is a service with one vault, its tenant, and a clock. Its methods fail the test instead of returning errors, where
// an error means that the test itself is wrong. It is safe for concurrent use.
type Env struct {
	tb       testing.TB
	clock    clock
	tenant   *identity.Tenant
	attestor *identity.Attestor
	svc      *vault.Service
	vault    *vault.Vault
	rest     *rest.Handler
	faults   faults
	trail    trail
	keys     entropy.Drawer // the RSA keys of the environment

	mu     sync.Mutex
	grants grants

	making sync.Mutex          // held while the application or a Managed HSM is made, so that one sees the other
	hsms   []*vault.ManagedHSM // guarded by making
}

// New makes an environment that ends with the test. nil options are the zero Options.
func New(tb testing.TB, o *Options) *Env {
	tb.Helper()
	return newEnv(tb, o, new(standing))
}

func newEnv(tb testing.TB, o *Options, c clock) *Env {
	tb.Helper()
	var is Options
	if o != nil {
		is = *o
	}
	e := &Env{tb: tb, clock: c, grants: grants{held: map[string][]policy.Right{}}}
	c.begin(is.Start)
	points := &hook.Points{RSA: e.keys.RSA, Before: e.faults.before, After: e.faults.after}
	e.faults.clock = c
	e.tenant = identity.New(&identity.Options{Now: c.Now, NewKey: tenantKey})
	e.attestor = identity.NewAttestor(&identity.AttestorOptions{Now: c.Now, NewKey: tenantKey})
	if is.Storage == nil {
		is.Storage = vault.MemoryStorage()
	}
	if is.Limits == nil {
		is.Limits = new(limiter.Unlimited())
	}
	svc, err := vault.New(&vault.Options{
		Now: c.Now, Limits: is.Limits, Tenant: e.tenant, Attestation: e.attestor, Storage: is.Storage, Audit: e.trail.note, Lag: is.Lag, Hook: points,
	})
	e.must(err)
	e.svc = svc
	e.vault = e.CreateVault(cmp.Or(is.Name, DefaultVault), is.Vault)
	e.rest = rest.New(svc, restOptions(c, is.REST))
	tb.Cleanup(func() { e.conclude(points.Invariants) })
	return e
}

// tenantKey is the key that signs tokens in every environment. Tenants differ in their ids, environments in their vaults.
func tenantKey() (*rsa.PrivateKey, error) { return entropy.Shared().RSA(2048, 0) }

// ctx is the test's context as long as the test needs the environment, its cleanup included.
func (e *Env) ctx() context.Context { return context.WithoutCancel(e.tb.Context()) }

// must fails the test on an error.
func (e *Env) must(err error) {
	if err != nil {
		e.tb.Helper()
		e.tb.Fatalf("vaulttest: %v", err)
	}
}

// Service returns the service.
func (e *Env) Service() *vault.Service { return e.svc }

// Vault returns the vault.
func (e *Env) Vault() *vault.Vault { return e.vault }

// Tenant returns the directory whose tokens the vault accepts.
func (e *Env) Tenant() *identity.Tenant { return e.tenant }

// Attestor returns the authority at https://attest.azurewebsites.net that attests environments to which keys are released:
//
//	target, err := env.Attestor().Token(map[string]any{"tee": "enclave"}, &key.PublicKey)
//
// Code that asks the address itself is answered by it, unless several environments are [Served] at the time.
func (e *Env) Attestor() *identity.Attestor { return e.attestor }

// CreateVault makes a further vault in the service. nil options are the zero VaultOptions.
func (e *Env) CreateVault(name string, o *vault.VaultOptions) *vault.Vault {
	e.tb.Helper()
	v, err := e.svc.CreateVault(e.ctx(), name, o)
	e.must(err)
	return v
}

// Owner returns a client with every right. It stands inside the firewall, whatever [Env.Firewall] says, and is throttled
// like every other.
func (e *Env) Owner() *vault.Client { return e.vault.As(vault.Owner()) }

// As returns a client of the vault for a caller.
func (e *Env) As(caller vault.Caller) *vault.Client { return e.vault.As(caller) }

// URL returns the address of the vault, such as https://contoso.vault.azure.net.
func (e *Env) URL() string { return e.vault.URL() }

// Handler returns the REST protocol of the service, to be mounted where a test needs a socket.
func (e *Env) Handler() *rest.Handler { return e.rest }

// Transport returns an http.RoundTripper, which is also a transporter of the Azure SDKs, that leads to the service and the
// authority of its tenant, and nowhere else.
func (e *Env) Transport() *rest.Transport { return e.rest.Transport() }

// HTTP returns a client on [Env.Transport]. Requests are made by whomever their token is for, at a Managed HSM one for
// "https://managedhsm.azure.net":
//
//	token, err := env.Tenant().Token(ctx, env.Application(), "https://vault.azure.net")
//	req.Header.Set("Authorization", "Bearer "+token)
//
// A client whose requests are a certain caller's, whatever text stands behind Bearer, is
//
//	&http.Client{Transport: env.Transport().As(vault.Owner())}
func (e *Env) HTTP() *http.Client { return &http.Client{Transport: e.Transport()} }

// Now returns the time of the environment's clock.
func (e *Env) Now() time.Time { return e.clock.Now() }

// Advance puts the clock forward. In a bubble it sleeps, so that whatever waits for the time goes on.
func (e *Env) Advance(d time.Duration) { e.clock.advance(d) }

// Usage returns what is used of each limit of the vault now.
func (e *Env) Usage() limiter.Usage { return e.vault.Usage() }
