package vault

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
)

// maxCustomRoles is how many custom roles a Managed HSM has at most.
const maxCustomRoles = 50

// roleDefinition is what requests see of a definition: its id is a GUID.
type roleDefinition struct{ policy.RoleDefinition }

// definitionGUID is the GUID by which requests know a definition.
func definitionGUID(d policy.RoleDefinition) string { return guidOf(cmp.Or(d.ID, d.Name)) }

// shownDefinition is a definition as requests see it, which shares nothing with d. One without a name is called by its GUID.
func shownDefinition(d policy.RoleDefinition) roleDefinition {
	d = d.Clone()
	d.ID = definitionGUID(d)
	d.Name = cmp.Or(d.Name, d.ID)
	d.Type = cmp.Or(d.Type, policy.CustomRole)
	if len(d.AssignableScopes) == 0 {
		d.AssignableScopes = []string{"/"}
	}
	return roleDefinition{d}
}

// definitions lists the built-in definitions, then the custom ones in the order in which they were made.
func (r *RBAC) definitions() (all []roleDefinition) {
	for _, d := range slices.Concat(policy.HSMRoles(), r.Roles) {
		all = append(all, shownDefinition(d))
	}
	return all
}

// indexOfCustom is the index of the custom role of a GUID, -1 if there is none.
func (r *RBAC) indexOfCustom(guid string) int {
	return slices.IndexFunc(r.Roles, func(d policy.RoleDefinition) bool { return definitionGUID(d) == guid })
}

// isBuiltIn tells whether a built-in role has a GUID, or a name.
func isBuiltIn(guid, name string) bool {
	return slices.ContainsFunc(policy.HSMRoles(), func(d policy.RoleDefinition) bool {
		return d.ID == guid || strings.EqualFold(d.Name, name)
	})
}

// definitionQuery is the input of RoleDefinitionList. What is empty selects nothing.
type definitionQuery ListRoleDefinitionsOptions

func (definitionQuery) validate(*settings) error { return nil }

// listRoleDefinitions answers every definition that the query selects. All of them can be assigned at every scope.
func listRoleDefinitions(c call, q definitionQuery) (roleList[roleDefinition], error) {
	return slices.DeleteFunc(c.set.RBAC.definitions(), func(d roleDefinition) bool {
		return q.Name != "" && !strings.EqualFold(q.Name, d.Name) || q.Type != "" && !strings.EqualFold(string(q.Type), string(d.Type))
	}), nil
}

// getRoleDefinition answers the definition that the path names.
func getRoleDefinition(c call, _ nothing) (roleDefinition, error) {
	all, guid := c.set.RBAC.definitions(), guidOf(c.name)
	if i := slices.IndexFunc(all, func(d roleDefinition) bool { return d.ID == guid }); i >= 0 {
		return all[i], nil
	}
	return roleDefinition{}, errs.NewRoleDefinitionNotFound()
}

// definitionInput is the input of RoleDefinitionSet.
type definitionInput struct{ policy.RoleDefinition }

func (in definitionInput) validate(*settings) error {
	if in.Type != "" && in.Type != policy.CustomRole {
		return errs.NewInvalidRole(fmt.Sprintf("the type of a role is %s, not %q", policy.CustomRole, string(in.Type)))
	}
	for _, text := range in.AssignableScopes {
		if scope := parseRoleScope(text); text == "" || scope.invalid != nil || scope.key != "" {
			return errs.NewInvalidRole(fmt.Sprintf("the assignable scope of a role is /, not %q", text))
		}
	}
	return nil
}

// mustBeRoot refuses every scope but "/", the only one at which definitions are made and deleted.
func (s roleScope) mustBeRoot() error {
	if s.keys || s.key != "" {
		return errs.NewInvalidRole("role definitions are made and deleted at the scope / only")
	}
	return nil
}

// setRoleDefinition makes or replaces the custom role that the path names.
func setRoleDefinition(c call, in definitionInput) (roleDefinition, error) {
	d, err := c.customRole(in.RoleDefinition)
	if err != nil {
		return roleDefinition{}, err
	}
	err = c.changeRoles(func(r *RBAC) error {
		if i := r.indexOfCustom(d.ID); i >= 0 {
			replaced := d
			replaced.ID = cmp.Or(r.Roles[i].ID, d.ID) // by which assignments know it
			r.Roles[i] = replaced
			return nil
		}
		if len(r.Roles) >= maxCustomRoles {
			return errs.NewTooManyRoles("custom role definitions", maxCustomRoles)
		}
		r.Roles = append(r.Roles, d)
		return nil
	})
	return shownDefinition(d), err
}

// customRole is a definition as it is kept under the GUID in the path.
func (c call) customRole(d policy.RoleDefinition) (policy.RoleDefinition, error) {
	if err := c.scope().mustBeRoot(); err != nil {
		return d, err
	}
	if !isGUID(c.name) {
		return d, errs.NewRoleDefinitionName()
	}
	d.ID, d.Type, d.AssignableScopes = guidOf(c.name), policy.CustomRole, []string{"/"}
	if isBuiltIn(d.ID, d.Name) {
		return d, errs.NewRoleDefinitionBuiltIn()
	}
	switch called := lastSegment(strings.TrimRight(d.Name, "/")); {
	case strings.EqualFold(d.Name, d.ID):
		d.Name = "" // which is how it is then called, and policy knows a role once by its id
	case isGUID(called):
		return d, errs.NewInvalidRole("the name of a role is the id of another")
	}
	return d, nil
}

// deleteRoleDefinition deletes the custom role that the path names and answers it. One that is assigned stays.
func deleteRoleDefinition(c call, _ nothing) (gone roleDefinition, err error) {
	if err := c.scope().mustBeRoot(); err != nil {
		return gone, err
	}
	guid := guidOf(c.name)
	if isBuiltIn(guid, "") {
		return gone, errs.NewRoleDefinitionBuiltIn()
	}
	err = c.changeRoles(func(r *RBAC) error {
		i := r.indexOfCustom(guid)
		if i < 0 {
			return errs.NewRoleDefinitionNotFound()
		}
		if slices.ContainsFunc(r.Assignments, func(a policy.RoleAssignment) bool { return r.roleOf(a) == guid }) {
			return errs.NewInvalidRole("the role definition is assigned")
		}
		gone = shownDefinition(r.Roles[i])
		r.Roles = slices.Delete(r.Roles, i, i+1)
		return nil
	})
	return gone, err
}
