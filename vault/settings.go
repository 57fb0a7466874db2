package vault

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/jsonwire"
	"github.com/embedvault/embedvault/policy"
)

// SKU is the pricing tier of a vault.
type SKU string

// The two tiers: a premium vault also has keys protected by hardware.
const (
	Premium  SKU = "premium"
	Standard SKU = "standard"
)

// What a vault is if its options do not say otherwise.
const (
	DefaultTenant        = "00000000-0000-4000-8000-000000000001"
	DefaultSubscription  = "00000000-0000-4000-8000-000000000002"
	DefaultResourceGroup = "embedvault"
	DefaultRegion        = "eastus"
	DefaultRetentionDays = 90 // days
)

// VaultOptions say what a vault is. The zero VaultOptions are a premium vault without access policies, open to every
// network, whose deleted objects are kept for 90 days and can be purged.
type VaultOptions struct {
	SKU SKU // "": Premium
	// TenantID is whose tokens the vault accepts. "": the tenant of the service, or DefaultTenant.
	TenantID string
	// Subscription, ResourceGroup and Region tell where the vault is. Vaults of one subscription and region share a
	// rate limit of five times a vault's. "": the defaults above.
	Subscription, ResourceGroup, Region string
	// RetentionDays is how long a deleted object is kept, 7 to 90. 0: DefaultRetentionDays.
	RetentionDays int
	// PurgeProtection forbids to purge a deleted object before its time. It cannot be switched off later.
	PurgeProtection bool
	// AccessPolicies say who may do what, at most 1024 entries. They are ignored while RBAC is set.
	AccessPolicies []policy.AccessPolicy
	// RBAC says who may do what by roles. nil: AccessPolicies say it.
	RBAC *RBAC
	// Network is the firewall. The zero NetworkRules let everybody in.
	Network policy.NetworkRules
}

// RBAC grants rights by roles: each assignment gives a role to a principal, at the vault, at a scope around it, or at one
// object in it.
type RBAC struct {
	Assignments []policy.RoleAssignment
	Roles       []policy.RoleDefinition // custom roles, besides the built-in ones
	Denials     []policy.DenyAssignment // take away whatever is granted
}

// settings are what the control plane says of a container; of a Managed HSM, as far as it has them, and what it keeps
// besides keys. They are immutable; a change replaces them.
type settings struct {
	VaultOptions
	Product          Product
	hsm              hsmState // of a Managed HSM
	domainGeneration int      // how often the security domain has been replaced since the service was opened
	resource         string
	logged           string // the resource as the diagnostic log writes it, as JSON
	recovery         string // the recovery level
	access           *policy.AccessPolicies
	rbac             *policy.Assignments // nil while access decides
	stale            staleRoles
	network          *policy.Network
}

// newSettings completes options and compiles what is in them.
func newSettings(p Product, name string, o *VaultOptions, tenantID string) (*settings, error) {
	s := &settings{Product: p}
	if o != nil {
		s.VaultOptions = *o
	}
	s.SKU = cmp.Or(s.SKU, Premium)
	s.TenantID = cmp.Or(s.TenantID, tenantID, DefaultTenant)
	s.Subscription = cmp.Or(s.Subscription, DefaultSubscription)
	s.ResourceGroup = cmp.Or(s.ResourceGroup, DefaultResourceGroup)
	s.Region = cmp.Or(s.Region, DefaultRegion)
	s.RetentionDays = cmp.Or(s.RetentionDays, DefaultRetentionDays)
	if p == ProductKeyVault && s.SKU != Premium && s.SKU != Standard {
		return nil, errs.NewBadArgument(string(s.SKU), "sku.name")
	}
	if s.RetentionDays < 7 || s.RetentionDays > 90 {
		return nil, errs.NewBadArgument(fmt.Sprint(s.RetentionDays), "softDeleteRetentionInDays")
	}
	s.resource = "/subscriptions/" + s.Subscription + "/resourceGroups/" + s.ResourceGroup +
		"/providers/Microsoft.KeyVault/" + products[p].provider + "/" + name
	s.logged = string(jsonwire.AppendString(nil, strings.ToUpper(s.resource)))
	return s.compiled()
}

// compiled returns the settings with their policies ready for use. What does not compile is a 400.
func (s settings) compiled() (_ *settings, err error) {
	s.VaultOptions = s.clone()
	s.recovery = recoveryLevel(s.VaultOptions)
	if s.access, err = policy.CompileAccessPolicies(s.AccessPolicies); err != nil {
		return nil, invalid("accessPolicies", err)
	}
	if s.network, err = policy.CompileNetwork(s.Network); err != nil {
		return nil, invalid("networkAcls", err)
	}
	if s.Product == ProductManagedHSM {
		if err := s.validHSM(); err != nil {
			return nil, err
		}
	}
	if s.rbac, err = s.compiledRoles(); err != nil {
		return nil, invalid("roleAssignments", err)
	}
	return &s, nil
}

// compiledRoles returns the roles ready for use, nil while access policies decide.
func (s *settings) compiledRoles() (*policy.Assignments, error) {
	switch {
	case s.Product == ProductManagedHSM:
		return policy.CompileLocalAssignments(s.RBAC.Roles, s.RBAC.Assignments)
	case s.RBAC != nil:
		return policy.CompileAssignments(s.resource, s.RBAC.Roles, s.RBAC.Assignments, s.RBAC.Denials)
	}
	return nil, nil
}

// invalid is the 400 of a property of a vault that does not compile.
func invalid(property string, err error) error {
	return errs.NewInvalidProperty("properties."+property, sentence(err))
}

// sentence is what a package of policies says is wrong, without the name of the package.
func sentence(err error) string { return strings.TrimPrefix(err.Error(), "policy: ") }

// clone returns options that share nothing with o.
func (o VaultOptions) clone() VaultOptions {
	o.Network = o.Network.Clone()
	o.AccessPolicies = cloned(o.AccessPolicies, policy.AccessPolicy.Clone)
	if r := o.RBAC; r != nil {
		o.RBAC = &RBAC{
			Assignments: slices.Clone(r.Assignments), Roles: cloned(r.Roles, policy.RoleDefinition.Clone),
			Denials: cloned(r.Denials, policy.DenyAssignment.Clone),
		}
	}
	return o
}

func cloned[T any](list []T, clone func(T) T) []T {
	list = slices.Clone(list)
	for i := range list {
		list[i] = clone(list[i])
	}
	return list
}

// staleRoles are the roles from before a change that has not arrived everywhere yet.
type staleRoles struct {
	rbac  *policy.Assignments
	until time.Time
}

// roles returns the role assignments that count at a moment, nil while access policies decide.
func (s *settings) roles(now time.Time) *policy.Assignments {
	if s.rbac != nil && s.stale.rbac != nil && now.Before(s.stale.until) {
		return s.stale.rbac
	}
	return s.rbac
}

// recoveryLevel is the service's name of what deletion means.
func recoveryLevel(o VaultOptions) string {
	level := "Recoverable"
	if o.RetentionDays < DefaultRetentionDays {
		level = "CustomizedRecoverable"
	}
	if !o.PurgeProtection {
		level += "+Purgeable"
	}
	return level
}

// retention is how long a deleted object is kept, in seconds.
func (s *settings) retention() int64 { return int64(s.RetentionDays) * 86400 }
