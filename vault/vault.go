package vault

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/shelf"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
)

// audience is whom an access token for a vault must be issued to, byte for byte.
const audience = "https://vault.azure.net"

// Vault is a container of keys and secrets. Its methods are what the control plane does; what callers do to the objects
// in it goes through a [Client]. It is safe for concurrent use.
type Vault struct {
	svc        *Service
	name, host string
	limits     *limiter.Vault
	ids        *requestIDs
	shelf      *shelf.Shelf
	verifier   *identity.Verifier // nil without a tenant

	settings atomic.Pointer[settings]
	changing sync.Mutex // held by whoever replaces the settings
}

func newVault(s *Service, name string, set *settings, limits *limiter.Vault) *Vault {
	v := &Vault{
		svc: s, name: name, limits: limits, ids: newRequestIDs(),
		host: strings.ToLower(name) + ".vault.azure.net",
	}
	v.shelf = shelf.New(v.committer())
	if s.tenant != nil {
		v.verifier = identity.NewVerifier(s.tenant, audience, set.TenantID)
	}
	v.settings.Store(set)
	return v
}

// Name returns the name as its creator spelt it.
func (v *Vault) Name() string { return v.name }

// URL returns the address that the service would give the vault, such as https://contoso.vault.azure.net.
func (v *Vault) URL() string { return "https://" + v.host }

// Resource returns the resource id of the vault in the control plane.
func (v *Vault) Resource() string { return v.settings.Load().resource }

// As returns a client that makes requests as a caller.
func (v *Vault) As(caller Caller) *Client { return &Client{v, caller} }

// Options returns what the vault is, with the defaults of VaultOptions filled in. They are the caller's own.
func (v *Vault) Options() VaultOptions {
	return v.settings.Load().clone()
}

// SetAccessPolicies replaces all access policies, at most 1024. Errors: a 400 for a permission that does not exist or
// too many entries, the context's error, or the store's.
func (v *Vault) SetAccessPolicies(ctx context.Context, entries ...policy.AccessPolicy) error {
	return v.change(ctx, func(o *VaultOptions) { o.AccessPolicies = entries })
}

// SetRBAC lets roles decide who may do what, and access policies no longer; nil lets access policies decide again.
// With Options.Lag, changed roles count when the lag is over. Errors: a 400 for a role or scope that does not exist, the
// context's error, or the store's.
func (v *Vault) SetRBAC(ctx context.Context, rbac *RBAC) error {
	return v.change(ctx, func(o *VaultOptions) { o.RBAC = rbac })
}

// SetNetwork replaces the firewall. Errors: a 400 for rules that do not parse or are too many, the context's error, or
// the store's.
func (v *Vault) SetNetwork(ctx context.Context, rules policy.NetworkRules) error {
	return v.change(ctx, func(o *VaultOptions) { o.Network = rules })
}

// EnablePurgeProtection forbids, for good, to purge a deleted object before its time. Errors are the context's and the
// store's.
func (v *Vault) EnablePurgeProtection(ctx context.Context) error {
	return v.change(ctx, func(o *VaultOptions) { o.PurgeProtection = true })
}

// change replaces the settings: store first, memory second. A request sees the settings of the moment it came.
func (v *Vault) change(ctx context.Context, edit func(*VaultOptions)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v.changing.Lock()
	defer v.changing.Unlock()
	now, before := v.svc.now(), v.settings.Load()
	next := *before
	edit(&next.VaultOptions)
	roles := next.RBAC != before.RBAC
	set, err := next.compiled()
	if err != nil {
		return err
	}
	if lag := time.Duration(v.svc.lag) * time.Second; lag > 0 && roles {
		set.stale = staleRoles{before.roles(now), now.Add(lag)}
	}
	if err := v.svc.saveSettings(context.WithoutCancel(ctx), v, set); err != nil {
		return err
	}
	v.settings.Store(set)
	return nil
}

// Usage returns what is used of each rate limit now.
func (v *Vault) Usage() limiter.Usage { return v.limits.Usage(v.svc.now()) }

// verify returns who a token is. Errors are 401.
func (v *Vault) verify(token string, now time.Time) (*policy.Principal, error) {
	if v.verifier == nil {
		return nil, errs.NewTokenRejected()
	}
	who, err := v.verifier.Verify(token, now)
	if err != nil {
		return nil, v.tokenRefusal(err)
	}
	return who, nil
}
