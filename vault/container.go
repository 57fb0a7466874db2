package vault

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/shelf"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
)

// Container is what holds keys: a [*Vault] or a [*ManagedHSM]. Nothing else is one.
type Container interface {
	// Name returns the name as its creator spelt it.
	Name() string
	// Product returns which product it is.
	Product() Product
	// URL returns the address that the service would give it, such as https://contoso.vault.azure.net or
	// https://fortress.managedhsm.azure.net.
	URL() string
	// Resource returns its resource id in the control plane.
	Resource() string
	// Region returns where it is, such as "eastus".
	Region() string
	// TenantID returns the id of the tenant whose tokens it accepts.
	TenantID() string
	// As returns a client that makes requests as a caller.
	As(Caller) *Client
	// AddRoleAssignments adds role assignments to those there are, all or none. One without an id gets one. With
	// Options.Lag, they count when the lag is over. Errors: a 400 for a role or scope that does not exist, for an id that
	// another assignment has (errs.RoleAssignmentExists), and in a vault whose access policies decide (errs.BadParameter);
	// the context's error, or the store's.
	AddRoleAssignments(ctx context.Context, assignments ...policy.RoleAssignment) error
	// Refuse makes a request that names no operation. It is authenticated, passes the firewall, is throttled and audited as
	// every other, under the operation "Unknown", and is then answered with why; a 401, 403 or 429 comes before it.
	Refuse(ctx context.Context, r *Exchange, why error) error
	// Usage returns what is used of each rate limit now.
	Usage() limiter.Usage

	inner() *container
}

// container is the engine behind both products.
type container struct {
	*product
	svc      *Service
	name     string
	host     string
	limits   *limiter.Vault
	ids      *requestIDs
	shelf    *shelf.Shelf
	verifier *identity.Verifier // nil without a tenant
	module   *hsm.Module        // where its keys of the -HSM types are
	face     Container          // what programs see of it
	admin    *administration    // nil in a vault

	settings atomic.Pointer[settings]
	changing sync.Mutex // held by whoever replaces the settings
}

func newContainer(s *Service, name string, set *settings, limits *limiter.Vault, module *hsm.Module) *container {
	p := set.product()
	c := &container{
		product: p, svc: s, name: name, limits: limits, ids: newRequestIDs(), module: module,
		host: strings.ToLower(name) + "." + p.domain,
	}
	c.shelf = shelf.New(c.committer())
	if s.tenant != nil {
		c.verifier = identity.NewVerifier(s.tenant, p.audience, set.TenantID)
	}
	c.settings.Store(set)
	switch c.kind {
	case ProductManagedHSM:
		c.admin, c.face = new(administration), &ManagedHSM{c}
	default:
		c.face = &Vault{c}
	}
	return c
}

// key is under what name a service and its store keep the container.
func (v *container) key() string { return strings.ToLower(v.name) + v.apart }

func (v *container) inner() *container { return v }

// Name returns the name as its creator spelt it.
func (v *container) Name() string { return v.name }

// Product returns which product it is.
func (v *container) Product() Product { return v.kind }

// URL returns the address that the service would give it, such as https://contoso.vault.azure.net or
// https://fortress.managedhsm.azure.net.
func (v *container) URL() string { return "https://" + v.host }

// Resource returns its resource id in the control plane.
func (v *container) Resource() string { return v.settings.Load().resource }

// Region returns where it is, such as "eastus".
func (v *container) Region() string { return v.settings.Load().Region }

// TenantID returns the id of the tenant whose tokens it accepts.
func (v *container) TenantID() string { return v.settings.Load().TenantID }

// As returns a client that makes requests as a caller.
func (v *container) As(caller Caller) *Client { return &Client{v, caller} }

// Refuse makes a request that names no operation. It is authenticated, passes the firewall, is throttled and audited as
// every other, under the operation "Unknown", and is then answered with why; a 401, 403 or 429 comes before it.
func (v *container) Refuse(ctx context.Context, r *Exchange, why error) error {
	_, err := run(r.call(ctx, v), &unknown, refused{why}, nil)
	return err
}

// SetNetwork replaces the firewall. Errors: a 400 for rules that do not parse or are too many, the context's error, or
// the store's.
func (v *container) SetNetwork(ctx context.Context, rules policy.NetworkRules) error {
	return v.change(ctx, func(s *settings) error { s.Network = rules; return nil })
}

// EnablePurgeProtection forbids, for good, to purge a deleted object before its time. Errors are the context's and the
// store's.
func (v *container) EnablePurgeProtection(ctx context.Context) error {
	return v.change(ctx, func(s *settings) error { s.PurgeProtection = true; return nil })
}

// Usage returns what is used of each rate limit now.
func (v *container) Usage() limiter.Usage { return v.limits.Usage(v.svc.now()) }

// change replaces the settings: store first, memory second. A request sees the settings of the moment it came.
func (v *container) change(ctx context.Context, edit func(*settings) error) error {
	return v.changeWith(ctx, nil, edit)
}

// changeWith replaces the settings and, in the same transaction of the store, the security domain by that of a module, which
// the container's own module then takes over. nil, and the own module: the domain stays what it is.
func (v *container) changeWith(ctx context.Context, domain *hsm.Module, edit func(*settings) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v.changing.Lock()
	defer v.changing.Unlock()
	now, before := v.svc.now(), v.settings.Load()
	next := *before
	if err := edit(&next); err != nil {
		return err
	}
	roles := next.RBAC != before.RBAC
	set, err := next.compiled()
	if err != nil {
		return err
	}
	if lag := time.Duration(v.svc.lag) * time.Second; lag > 0 && roles {
		set.stale = staleRoles{before.roles(now), now.Add(lag)}
	}
	if err := v.svc.saveSettings(context.WithoutCancel(ctx), v, set, domain); err != nil {
		return err
	}
	if domain != nil && domain != v.module {
		// Every module takes what was the domain of another. If this one did not, the store would be ahead of it.
		if err := domain.ExportDomain(v.module.RestoreDomain); err != nil {
			return errs.NewInternal(err)
		}
	}
	v.settings.Store(set)
	return nil
}

// errNoTenant is why a service without Options.Tenant takes no token.
var errNoTenant = errors.New("vault: the service has no tenant whose tokens it knows (Options.Tenant)")

// verify returns who a token is. Errors are 401.
func (v *container) verify(token string, now time.Time) (*policy.Principal, error) {
	if v.verifier == nil {
		return nil, errs.NewTokenRejected().Because(errNoTenant)
	}
	who, err := v.verifier.Verify(token, now)
	if err != nil {
		return nil, v.tokenRefusal(err)
	}
	return who, nil
}

// driver returns what holds the keys of the container: in software or in hardware, and there for good or until a release
// policy lets one out.
func (v *container) driver(hardware, exportable bool) crypto.Driver {
	if hardware {
		return v.module.Driver(exportable)
	}
	return v.svc.soft
}
