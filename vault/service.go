package vault

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/crypto/soft"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/hook"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault/store"
)

// Options say how a service behaves. The zero Options are those of the modelled service, in memory.
type Options struct {
	// Now is the clock: every stored time, validity check, purge date and rate limit follows it. nil: the system's.
	Now func() time.Time
	// Limits is the published generation of rate limits. nil: limiter.Documented2019.
	Limits *limiter.Limits
	// Tenant issues the access tokens that the service accepts. nil: no token is accepted, only callers for whom the
	// program vouches.
	Tenant *identity.Tenant
	// Audit is told of every request that reaches a vault (a call whose context has ended does not), in the goroutine of
	// the request and after all locks are released, so it may call the vault. It must be safe for concurrent use. nil:
	// nobody is told.
	Audit func(Event)
	// Lag is how long it takes until a deletion, recovery, purge or change of roles is done, as in the modelled service,
	// where it is seconds. It is rounded up to whole seconds. 0: each is done at once.
	Lag time.Duration
	// Module is the simulated hardware that holds the keys of the -HSM types. With Store, keys that it sealed open again in
	// a module of the same domain only, which the program then keeps. nil: a module of the service's own, whose domain is
	// kept in the store.
	Module *hsm.Module
	// Store outlives the service: what it holds is there again in a service made with the same store. The program closes
	// it. Secrets, private keys and the keys that seal backups and hardware keys reach it in the clear. nil: the state
	// lives in memory alone.
	Store store.Store
	// Hook is for the test kit of this module.
	Hook *hook.Points
}

// Service holds containers, as a region of the modelled service does. It is safe for concurrent use.
type Service struct {
	now    func() time.Time
	limits limiter.Limits
	prices *prices // of the limits
	tenant *identity.Tenant
	audit  func(Event)
	store  store.Store
	soft   crypto.Driver
	module *hsm.Module
	lag    int64    // seconds
	root   *rootKey // a pointer: no print of the service follows it

	ownModule bool // its domain is kept in the store
	hook      hook.Points

	vaults sync.Map    // :: lower-case name → *Vault; whoever looks one up waits for nobody
	closed atomic.Bool // set under mu

	mu            sync.Mutex                       // held by whoever makes a vault
	subscriptions map[string]*limiter.Subscription // :: subscription|region → its windows
}

// New returns a service in memory. nil options are the zero Options.
//
// It fails only if the options name a store that does not answer, or one that holds something else (ErrBadRecord).
func New(o *Options) (*Service, error) {
	if o == nil {
		o = new(Options)
	}
	s := &Service{
		now: o.Now, tenant: o.Tenant, audit: o.Audit, store: o.Store,
		soft: soft.New(), limits: limiter.Documented2019(),
		lag:  int64(max(0, o.Lag+time.Second-1) / time.Second),
		root: new(rootKey), subscriptions: map[string]*limiter.Subscription{},
	}
	if s.now == nil {
		s.now = time.Now
	}
	if o.Hook != nil {
		o.Hook.Invariants = s.invariants
		s.hook = *o.Hook
		s.soft = soft.Driver{RSA: s.hook.RSA}
	}
	if o.Limits != nil {
		s.limits = *o.Limits
	}
	s.prices = newPrices(s.limits)
	var err error
	if s.module, s.ownModule, err = moduleOf(o); err != nil {
		return nil, err
	}
	if err := s.load(context.Background()); err != nil {
		return nil, err
	}
	return s, nil
}

// Vault returns the vault of a name, which it creates with default options if there is none. Names compare without case.
// Errors: a 400 for a name that no vault can have, store.ErrClosed, the context's error, or the store's.
func (s *Service) Vault(ctx context.Context, name string) (*Vault, error) {
	if s.closed.Load() {
		return nil, store.ErrClosed
	}
	if v := s.lookup(name); v != nil {
		return v, nil
	}
	v, err := s.CreateVault(ctx, name, nil)
	if errs.StatusOf(err) == 409 { // somebody else was first
		return s.Vault(ctx, name)
	}
	return v, err
}

// CreateVault creates a vault; nil options are the zero VaultOptions. Errors: 409 when the vault exists, a 400 for a
// name or options that no vault can have, store.ErrClosed, the context's error, or the store's.
func (s *Service) CreateVault(ctx context.Context, name string, o *VaultOptions) (*Vault, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !validVaultName(name) {
		return nil, errs.NewVaultNameNotValid(name)
	}
	set, err := newSettings(name, o, s.tenantID())
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return nil, store.ErrClosed
	}
	if s.lookup(name) != nil {
		return nil, errs.NewVaultAlreadyExists(name)
	}
	v := s.newVaultLocked(name, set)
	if err := s.saveSettings(ctx, v, set); err != nil {
		v.limits.Close()
		return nil, err
	}
	s.vaults.Store(strings.ToLower(name), v)
	return v, nil
}

func (s *Service) tenantID() string {
	if s.tenant == nil {
		return ""
	}
	return s.tenant.ID()
}

func (s *Service) newVaultLocked(name string, set *settings) *Vault {
	pool := strings.ToLower(set.Subscription) + "|" + foldRegion(set.Region)
	subscription := s.subscriptions[pool]
	if subscription == nil {
		subscription = limiter.NewSubscription(s.limits)
		s.subscriptions[pool] = subscription
	}
	return newVault(s, name, set, subscription.NewVault())
}

// Close ends the service: it gives out no vault any more. It returns nil. What was answered is durable already, and a store
// that the options brought is the program's to close.
func (s *Service) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed.Store(true)
	return nil
}

// validVaultName: 3 to 24 letters, digits and hyphens; a letter first, no hyphen last, no two hyphens together.
func validVaultName(name string) bool {
	if len(name) < 3 || len(name) > 24 || strings.Contains(name, "--") || strings.HasSuffix(name, "-") {
		return false
	}
	first := name[0] | 0x20
	return first >= 'a' && first <= 'z' && validName(name) == nil
}
