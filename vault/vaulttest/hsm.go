package vaulttest

import (
	"slices"

	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

// CreateManagedHSM makes a Managed HSM in the service, activated. nil options are the zero ManagedHSMOptions. Give a principal
// roles in it with [Env.GrantRole], or name administrators who do:
//
//	h := env.CreateManagedHSM("fortress", nil)
//	env.GrantRole(h, "app", policy.ManagedHSMCryptoUser, "/keys/orders")
//	key, err := h.As(vault.Owner()).CreateKey(ctx, "orders", vault.Oct(256), nil)
//	sealed, err := h.As(vault.Principal("app")).Encrypt(ctx, "orders", vault.A256GCM, plaintext, nil)
//
// Managed HSMs of environments that are [Served] at the same time need different names.
//
// Its trouble is made with [vault.ManagedHSM.Module], that of vaults with [Env.Service] and its Module.
func (e *Env) CreateManagedHSM(name string, o *vault.ManagedHSMOptions) *vault.ManagedHSM {
	e.tb.Helper()
	var is vault.ManagedHSMOptions
	if o != nil {
		is = *o
	}
	e.making.Lock()
	defer e.making.Unlock()
	if _, there := e.tenant.Lookup(clientID); there {
		is.Assignments = append(slices.Clip(is.Assignments), everyRole()...)
	}
	h, err := e.svc.CreateManagedHSM(e.ctx(), name, &is)
	e.must(err)
	e.must(h.Activate(e.ctx()))
	e.hsms = append(e.hsms, h)
	return h
}

// everyRole is what the application has in a Managed HSM.
func everyRole() (all []policy.RoleAssignment) {
	for _, role := range policy.HSMRoles() {
		all = append(all, policy.RoleAssignment{Role: role.ID, PrincipalID: objectID, Scope: "/"})
	}
	return all
}

// GrantRole gives the principal with an object id a role, built-in or custom, by its id or name: in a Managed HSM at the
// scope "/" or "/keys/{name}", in a vault in which roles decide at its Resource or below. All other assignments stay, which
// SetRBAC replaces, those of [Env.Application] too. With Options.Lag, it counts when the lag is over.
func (e *Env) GrantRole(in vault.Container, objectID, role, scope string) {
	e.tb.Helper()
	e.must(in.AddRoleAssignments(e.ctx(), policy.RoleAssignment{Role: role, PrincipalID: objectID, Scope: scope}))
}
