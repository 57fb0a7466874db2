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
	// Lag is how long it takes until a deletion, recovery, purge, change of roles, full backup or restore is done, as in the
	// modelled service, where it is seconds. It is rounded up to whole seconds. 0: each is done at once.
	Lag time.Duration
	// Module is the simulated hardware that holds the keys of the -HSM types of vaults. With Store, keys that it sealed
	// open again in a module of the same domain only, which the program then keeps. nil: a module of the service's own,
	// whose domain is kept in the store.
	Module *hsm.Module
	// Attestation is where the keys of the authorities are found that attest environments, to which keys are released: an
	// *identity.Attestor, or an *identity.AttestationFetcher for those on the network. nil: none can be reached, so no key
	// can be made exportable.
	Attestation identity.AttestationAuthorities
	// Store outlives the service: what it holds is there again in a service made with the same store. The program closes
	// it. Secrets, private keys and the keys that seal backups and hardware keys reach it in the clear. nil: the state
	// lives in memory alone.
	Store store.Store
	// Storage finds the container that a full backup of a Managed HSM is written to or read from, such as what
	// [DirectoryStorage] or [MemoryStorage] returns does: by its URI, and the SAS token of the request, empty for the HSM's managed
	// identity. It is called in the goroutine of the request. fs.ErrNotExist is the error for a container that is not
	// known. nil: every full backup and restore is refused with 400 (errs.BadRequest).
	Storage func(ctx context.Context, uri string, sas Value) (BlobContainer, error)
	// Hook is for the test kit of this module.
	Hook *hook.Points
}

// Service holds containers, vaults and Managed HSMs, as a region of the modelled service does. It is safe for concurrent
// use.
type Service struct {
	now         func() time.Time
	limits      limiter.Limits
	prices      *prices // of the limits
	tenant      *identity.Tenant
	audit       func(Event)
	store       store.Store
	attestation identity.AttestationAuthorities
	releaser    *lazy[releaseSigner] // a pointer, as the root
	soft        crypto.Driver
	module      *hsm.Module
	lag         int64    // seconds
	root        *rootKey // a pointer: no print of the service follows it

	storage func(context.Context, string, Value) (BlobContainer, error) // nil: there is none

	ownModule bool // its domain is kept in the store
	hook      hook.Points

	containers sync.Map    // :: their keys → *container; whoever looks one up waits for nobody
	closed     atomic.Bool // set under mu

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
		attestation: o.Attestation, storage: o.Storage,
		soft: soft.New(), limits: limiter.Documented2019(),
		lag:  int64(max(0, o.Lag+time.Second-1) / time.Second),
		root: new(rootKey), releaser: new(lazy[releaseSigner]), subscriptions: map[string]*limiter.Subscription{},
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
	if s.module = o.Module; s.module == nil {
		if s.module, err = s.newModule(); err != nil {
			return nil, err
		}
		s.ownModule = true
	}
	if err := s.load(context.Background()); err != nil {
		return nil, err
	}
	return s, nil
}

// Vault returns the vault of a name, which it creates with default options if there is none. Names compare without case.
// Errors: a 400 for a name that no vault can have, store.ErrClosed, the context's error, or the store's.
func (s *Service) Vault(ctx context.Context, name string) (*Vault, error) {
	return opened(s, s.Lookup, name, func() (*Vault, error) { return s.CreateVault(ctx, name, nil) })
}

// ManagedHSM returns the Managed HSM of a name, which it creates with default options if there is none. Names compare
// without case. One that it creates has to be activated before it is used; one that comes from the store is as it was left.
// Errors: a 400 for a name that no Managed HSM can have, store.ErrClosed, the context's error, or the store's.
func (s *Service) ManagedHSM(ctx context.Context, name string) (*ManagedHSM, error) {
	return opened(s, s.LookupManagedHSM, name, func() (*ManagedHSM, error) { return s.CreateManagedHSM(ctx, name, nil) })
}

// opened returns what is found under a name, or else what create makes.
func opened[C Vault | ManagedHSM](s *Service, find func(name string) *C, name string, create func() (*C, error)) (*C, error) {
	if s.closed.Load() {
		return nil, store.ErrClosed
	}
	if there := find(name); there != nil {
		return there, nil
	}
	made, err := create()
	if errs.StatusOf(err) == 409 { // somebody else was first
		if there := find(name); there != nil {
			return there, nil
		}
	}
	return made, err
}

// CreateVault creates a vault; nil options are the zero VaultOptions. Errors: 409 when the vault exists, a 400 for a
// name or options that no vault can have, store.ErrClosed, the context's error, or the store's.
func (s *Service) CreateVault(ctx context.Context, name string, o *VaultOptions) (*Vault, error) {
	c, err := s.create(ctx, ProductKeyVault, name, o, s.module)
	if err != nil {
		return nil, err
	}
	return c.face.(*Vault), nil
}

// CreateManagedHSM creates a Managed HSM; nil options are the zero ManagedHSMOptions. It has to be activated before it is used.
// Errors: 409 when it exists, a 400 for a name or options that none can have, store.ErrClosed, the context's error, or the
// store's.
func (s *Service) CreateManagedHSM(ctx context.Context, name string, o *ManagedHSMOptions) (*ManagedHSM, error) {
	if o == nil {
		o = new(ManagedHSMOptions)
	}
	of, err := o.options()
	if err != nil {
		return nil, err
	}
	module := o.Module
	if module == nil {
		if module, err = s.newModule(); err != nil {
			return nil, err
		}
	}
	c, err := s.create(ctx, ProductManagedHSM, name, &of, module)
	if err != nil {
		return nil, err
	}
	return c.face.(*ManagedHSM), nil
}

// create makes a container of a product.
func (s *Service) create(ctx context.Context, p Product, name string, o *VaultOptions, module *hsm.Module) (*container, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !validVaultName(name) {
		return nil, errs.NewVaultNameNotValid(name)
	}
	set, err := newSettings(p, name, o, s.tenantID())
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return nil, store.ErrClosed
	}
	if s.Find(p, name) != nil {
		return nil, errs.NewVaultAlreadyExists(name)
	}
	if p == ProductManagedHSM && s.employs(module) {
		return nil, errs.NewInvalidProperty("properties.module", "It is the module of another container")
	}
	c := s.newContainerLocked(name, set, module)
	if err := s.saveSettings(ctx, c, set, module); err != nil {
		c.limits.Close()
		return nil, err
	}
	s.containers.Store(c.key(), c)
	return c, nil
}

func (s *Service) tenantID() string {
	if s.tenant == nil {
		return ""
	}
	return s.tenant.ID()
}

// newContainerLocked makes a container. The vaults of a subscription and region share a window; a Managed HSM has limits of
// its own, since it throttles no keys: what its module can do is what limits it.
func (s *Service) newContainerLocked(name string, set *settings, module *hsm.Module) *container {
	if set.Product == ProductManagedHSM {
		return newContainer(s, name, set, limiter.NewSubscription(s.limits.ManagedHSM()).NewVault(), module)
	}
	pool := strings.ToLower(set.Subscription) + "|" + foldRegion(set.Region)
	subscription := s.subscriptions[pool]
	if subscription == nil {
		subscription = limiter.NewSubscription(s.limits)
		s.subscriptions[pool] = subscription
	}
	return newContainer(s, name, set, subscription.NewVault(), module)
}

// Tenant returns the tenant whose tokens the service accepts, or nil.
func (s *Service) Tenant() *identity.Tenant { return s.tenant }

// Attestation returns where the keys of authorities are found that attest environments, or nil.
func (s *Service) Attestation() identity.AttestationAuthorities { return s.attestation }

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
