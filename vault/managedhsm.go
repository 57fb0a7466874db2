package vault

import (
	"context"
	"errors"
	"fmt"

	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
)

// ManagedHSM is a Managed HSM: a container of keys in a hardware module of its own, with roles of its own. Its methods are
// what the control plane does; everything else goes through a [Client]. It is safe for concurrent use.
//
// It cannot be used until somebody downloads its security domain ([Client.DownloadSecurityDomain]), or uploads that of
// another one: until then it answers 403 (errs.NotActivated) to whoever has the right.
type ManagedHSM struct{ *container }

// ManagedHSMOptions say what a Managed HSM is. The zero ManagedHSMOptions are one without administrators, which the program
// alone can use, open to every network, whose deleted keys are kept for 90 days and can be purged.
type ManagedHSMOptions struct {
	// TenantID is whose tokens it accepts. "": the tenant of the service, or DefaultTenant.
	TenantID string
	// Subscription, ResourceGroup and Region tell where it is. "": the defaults of VaultOptions.
	Subscription, ResourceGroup, Region string
	// RetentionDays is how long a deleted key is kept, 7 to 90. 0: DefaultRetentionDays.
	RetentionDays int
	// PurgeProtection forbids to purge a deleted key before its time. It cannot be switched off later.
	PurgeProtection bool
	// Administrators are the object ids of those who get the role Managed HSM Administrator at first, at most 20.
	Administrators []string
	// Assignments are the role assignments at first, besides those of the administrators. They count at once, whatever the
	// lag of the service. One without an id gets one.
	Assignments []policy.RoleAssignment
	// Roles are the custom roles at first.
	Roles []policy.RoleDefinition
	// Network is the firewall, of at most 10 addresses and no virtual networks. The zero NetworkRules let everybody in.
	Network policy.NetworkRules
	// Module is the simulated hardware of this HSM alone, with a profile of its own, say. Its domain is kept in the store,
	// from which the HSM comes back with a module as of nil. One that another container of the service has is refused. nil: a
	// module of the HSM's own.
	Module *hsm.Module
}

// Limits of a Managed HSM.
const (
	maxAdministrators = 20
	maxHSMAddresses   = 10
)

// standardB1 is the pricing tier of every Managed HSM here.
const standardB1 SKU = "Standard_B1"

var (
	errTooManyAddresses = fmt.Errorf("there can be at most %d addresses", maxHSMAddresses)
	errVirtualNetworks  = errors.New("a Managed HSM has no virtual network rules")
	errDenials          = errors.New("a Managed HSM has no deny assignments")
)

// validHSM tells whether a Managed HSM can have the settings, as far as a vault can have more. What it cannot have is a 400.
func (s *settings) validHSM() error {
	switch {
	case len(s.Network.IPRules) > maxHSMAddresses:
		return invalid("networkAcls", errTooManyAddresses)
	case len(s.Network.VirtualNetworkRules) > 0:
		return invalid("networkAcls", errVirtualNetworks)
	case len(s.RBAC.Denials) > 0:
		return invalid("denyAssignments", errDenials)
	}
	return nil
}

// options are those of a container.
func (o ManagedHSMOptions) options() (VaultOptions, error) {
	if len(o.Administrators) > maxAdministrators {
		return VaultOptions{}, errs.NewInvalidProperty("properties.initialAdminObjectIds", fmt.Sprintf("There can be at most %d", maxAdministrators))
	}
	all := VaultOptions{
		SKU: standardB1, TenantID: o.TenantID, Subscription: o.Subscription, ResourceGroup: o.ResourceGroup, Region: o.Region,
		RetentionDays: o.RetentionDays, PurgeProtection: o.PurgeProtection, Network: o.Network, RBAC: &RBAC{Roles: o.Roles},
	}
	seen := map[policy.ID]bool{}
	for _, id := range o.Administrators {
		who := policy.ParseID(id)
		if who.IsZero() {
			return VaultOptions{}, errs.NewInvalidProperty("properties.initialAdminObjectIds", "An object id is empty")
		}
		if seen[who] {
			continue
		}
		seen[who] = true
		all.RBAC.Assignments = append(all.RBAC.Assignments, policy.RoleAssignment{
			ID: newGUID(), Role: policy.ManagedHSMAdministrator, PrincipalID: id, Scope: "/",
		})
	}
	return all, all.RBAC.add(o.Assignments)
}

// Options returns what the Managed HSM is, with the defaults of ManagedHSMOptions filled in and the administrators, assignments
// and custom roles of now. Their Module is nil, so that they make another Managed HSM: ManagedHSM.Module has that of this one.
func (h *ManagedHSM) Options() ManagedHSMOptions {
	s := h.settings.Load()
	o := ManagedHSMOptions{
		TenantID: s.TenantID, Subscription: s.Subscription, ResourceGroup: s.ResourceGroup, Region: s.Region,
		RetentionDays: s.RetentionDays, PurgeProtection: s.PurgeProtection, Network: s.Network.Clone(),
		Roles: cloned(s.RBAC.Roles, policy.RoleDefinition.Clone),
	}
	for _, a := range s.RBAC.Assignments {
		if a.Role == policy.ManagedHSMAdministrator && a.Scope == "/" && len(o.Administrators) < maxAdministrators {
			o.Administrators = append(o.Administrators, a.PrincipalID)
		} else {
			o.Assignments = append(o.Assignments, a)
		}
	}
	return o
}

// Module returns the simulated hardware that holds the keys. A security domain of the program's own belongs into it before the
// Managed HSM is activated: later the store learns of another domain by an upload alone.
func (h *ManagedHSM) Module() *hsm.Module { return h.module }

// Activated tells whether the Managed HSM can be used: its security domain was downloaded, or another's uploaded.
func (h *ManagedHSM) Activated() bool { return h.settings.Load().hsm.Activated }

// SetRBAC replaces all role assignments and custom roles, whoever has been given which by requests. With Options.Lag,
// changed roles count when the lag is over. An assignment without an id gets one. Errors: a 400 for a role or scope that does
// not exist, for an id that two assignments have (errs.RoleAssignmentExists), and for Denials, which a Managed HSM does not
// have; the context's error, or the store's.
func (h *ManagedHSM) SetRBAC(ctx context.Context, r RBAC) error {
	return h.change(ctx, func(s *settings) error {
		s.RBAC = &RBAC{Roles: r.Roles, Denials: r.Denials}
		return s.RBAC.add(r.Assignments)
	})
}

// hsmState is what a Managed HSM keeps besides keys and roles.
type hsmState struct {
	Activated bool              `json:"activated,omitempty"`
	Settings  map[string]string `json:"settings,omitempty"`
}

// administration is what goes on in a Managed HSM.
type administration struct {
	ceremony ceremony
	jobs     jobs
}
