package policy

import (
	"fmt"
	"slices"
	"strings"
)

// RoleDefinition is a named set of actions that can be assigned. Its JSON is that of Azure Resource Manager, which the
// local RBAC of a Managed HSM shares.
type RoleDefinition struct {
	// ID is a GUID, or a resource id that ends in one. A role that has none is known by its name.
	ID string
	// Name is what people call the role, such as "Key Vault Reader".
	Name        string
	Description string
	// Type tells who made the role. Empty means CustomRole.
	Type RoleType
	// Permissions add up: the role has what any one of them gives.
	Permissions []Permission
	// AssignableScopes are the scopes at and below which the role may be assigned. Empty means everywhere.
	AssignableScopes []string
}

// RoleType tells who made a role.
type RoleType string

// The types of roles: the first two are the service's own, in Azure RBAC and in a Managed HSM, and cannot be changed.
const (
	BuiltInRole    RoleType = "BuiltInRole"
	AKVBuiltInRole RoleType = "AKVBuiltInRole"
	CustomRole     RoleType = "CustomRole"
)

// Permission is part of a role: actions, less not-actions.
//
// The entries of all four lists are patterns in which a star stands for any text, such as
// "Microsoft.KeyVault/vaults/*/read". Only the data actions reach what is in a vault or a Managed HSM; the others
// manage the container itself and are kept for the JSON and to explain a refusal. Not-actions are no denial: they take
// away from their own permission only.
type Permission struct {
	Actions        []string
	NotActions     []string
	DataActions    []string
	NotDataActions []string
}

func (p Permission) clone() Permission {
	return Permission{
		slices.Clone(p.Actions), slices.Clone(p.NotActions), slices.Clone(p.DataActions), slices.Clone(p.NotDataActions),
	}
}

// Clone returns a definition that shares no slice with d.
func (d RoleDefinition) Clone() RoleDefinition {
	d.AssignableScopes = slices.Clone(d.AssignableScopes)
	d.Permissions = clonePermissions(d.Permissions)
	return d
}

func clonePermissions(permissions []Permission) []Permission {
	permissions = slices.Clone(permissions)
	for i, p := range permissions {
		permissions[i] = p.clone()
	}
	return permissions
}

// VaultRights returns the rights that the role gives in a vault.
func (d RoleDefinition) VaultRights() RightSet { return GateRBAC.dataRights(d.Permissions) }

// HSMRights returns the rights that the role gives in a Managed HSM.
func (d RoleDefinition) HSMRights() RightSet { return GateLocalRBAC.dataRights(d.Permissions) }

// role is a definition ready for assignment.
type role struct {
	def    RoleDefinition
	rights RightSet
	scopes []string // parsed assignable scopes
}

// roleBook finds roles by what an assignment may call them: GUID, resource id, or name.
type roleBook map[string]*role

// roleKey returns the form under which a role is found: the GUID at the end of a resource id, or the whole text, in
// lower case.
func roleKey(ref string) string {
	key := strings.TrimRight(lower(ref), "/")
	if strings.HasPrefix(key, "/") || strings.HasPrefix(key, provider) {
		key = key[strings.LastIndexByte(key, '/')+1:]
	}
	return key
}

func (b roleBook) add(r *role) error {
	if r.def.ID == "" && r.def.Name == "" {
		return fmt.Errorf("policy: a role definition has neither id nor name")
	}
	for _, ref := range [...]string{r.def.ID, r.def.Name} {
		if ref == "" {
			continue
		}
		if other := b[roleKey(ref)]; other != nil && other != r {
			return fmt.Errorf("policy: two role definitions are called %q", ref)
		}
		b[roleKey(ref)] = r
	}
	return nil
}

// rolesOf returns the built-in roles of a gate together with custom ones.
func (g Gate) rolesOf(custom []RoleDefinition) (roleBook, error) {
	book := make(roleBook, 2*(len(g.builtin())+len(custom)))
	for _, r := range g.builtin() {
		if err := book.add(r); err != nil {
			return nil, err
		}
	}
	for _, def := range custom {
		if err := g.checkActions(def.Permissions); err != nil {
			return nil, err
		}
		r := &role{def: def.Clone(), rights: g.dataRights(def.Permissions)}
		for _, s := range def.AssignableScopes {
			scope, err := g.parseScope(s)
			if err != nil {
				return nil, err
			}
			r.scopes = append(r.scopes, scope)
		}
		if err := book.add(r); err != nil {
			return nil, err
		}
	}
	return book, nil
}

func (g Gate) parseScope(s string) (string, error) {
	if g == GateLocalRBAC {
		return parseLocalScope(s)
	}
	return parseScope(s)
}

// assignableAt reports whether the role may be assigned at a parsed scope.
func (r *role) assignableAt(scope string) bool {
	for _, s := range r.scopes {
		if covers(s, scope) {
			return true
		}
	}
	return len(r.scopes) == 0
}
