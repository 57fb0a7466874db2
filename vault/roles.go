package vault

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
)

// Limits of the roles of a Managed HSM.
const (
	maxCustomRoles    = 50
	maxAssignments    = 50 // at "/" and "/keys" together
	maxKeyAssignments = 10 // of one key
)

// roleDefinition and roleAssignment are what requests see of the roles: ids and roles are GUIDs, scopes in one spelling.
type (
	roleDefinition struct{ policy.RoleDefinition }
	roleAssignment struct{ policy.RoleAssignment }
)

// guidOf is the GUID that a reference to a role or an assignment ends in. Any other text, which requests never leave
// behind, has the GUID that stands for it.
func guidOf(ref string) string { return policy.ParseID(lastSegment(ref)).String() }

func lastSegment(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

func isGUID(s string) bool { return strings.EqualFold(policy.ParseID(s).String(), s) }

// definitionGUID is the name under which requests know a definition.
func definitionGUID(d policy.RoleDefinition) string { return guidOf(cmp.Or(d.ID, d.Name)) }

// assignmentGUID is the name under which requests know an assignment.
func assignmentGUID(a policy.RoleAssignment) string {
	return guidOf(cmp.Or(a.ID, a.Role+" for "+a.PrincipalID+" at "+strings.ReplaceAll(a.Scope, "/", " ")))
}

// shown is a definition as requests see it, which shares nothing with d. One without a name is called by its GUID.
func shown(d policy.RoleDefinition) roleDefinition {
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
		all = append(all, shown(d))
	}
	return all
}

// shown is an assignment as requests see it.
func (r *RBAC) shown(a policy.RoleAssignment) roleAssignment {
	a.ID, a.Role, a.Scope = assignmentGUID(a), r.roleOf(a), string(scopeOf(a))
	return roleAssignment{a}
}

// roleOf is the GUID of the role that an assignment gives. An assignment that no request made may call it by its name.
func (r *RBAC) roleOf(a policy.RoleAssignment) string {
	if !isGUID(lastSegment(a.Role)) {
		for _, d := range r.definitions() {
			if strings.EqualFold(d.Name, a.Role) {
				return d.ID
			}
		}
	}
	return guidOf(a.Role)
}

// roleScope is where roles are: "/" and "/keys", which are both the whole Managed HSM, or "/keys/{name}". It is the input
// of the operations whose request says nothing else. The empty one is "/".
type roleScope string

func (s roleScope) validate(*settings) error {
	_, err := s.canonical()
	return err
}

// canonical returns the scope in one spelling, but for the name of a key, which is left as it is.
func (s roleScope) canonical() (roleScope, error) {
	trimmed := strings.TrimRight(string(s), "/")
	segments := strings.Split(trimmed, "/")
	switch {
	case len(segments) == 1 && segments[0] == "":
		return "/", nil
	case segments[0] != "" || len(segments) > 3 || !strings.EqualFold(segments[1], "keys"):
	case len(segments) == 2:
		return "/keys", nil
	case validName(segments[2]) == nil:
		return roleScope("/keys/" + segments[2]), nil
	}
	return roleScope(trimmed), errs.NewInvalidRole(fmt.Sprintf("%q is no scope of a Managed HSM: /, /keys or /keys/{name}", string(s)))
}

// scopeOf is the scope of an assignment.
func scopeOf(a policy.RoleAssignment) roleScope {
	scope, _ := roleScope(a.Scope).canonical() // one that compiles, but that no request leaves behind, stays as it is
	return scope
}

// key is the name of the key, in lower case; "" for the whole Managed HSM.
func (s roleScope) key() string {
	if s, _ = s.canonical(); s == "/" || s == "/keys" {
		return ""
	}
	return strings.ToLower(lastSegment(string(s)))
}

// object is the path of the key below the Managed HSM, "" for all of it.
func (s roleScope) object() string {
	if key := s.key(); key != "" {
		return "keys/" + key
	}
	return ""
}

// global refuses every scope at which there are no definitions: all but "/".
func (s roleScope) global() error {
	if scope, err := s.canonical(); err != nil || scope != "/" {
		return errs.NewInvalidRole("role definitions are made and deleted at the scope / only")
	}
	return nil
}

// changeRoles edits a copy of the roles, and keeps it if it compiles.
func (c call) changeRoles(edit func(*RBAC) error) error {
	return c.container.change(c.ctx, func(next *settings) error {
		roles := RBAC{Assignments: slices.Clone(next.RBAC.Assignments), Roles: slices.Clone(next.RBAC.Roles)}
		if err := edit(&roles); err != nil {
			return err
		}
		if _, err := policy.CompileLocalAssignments(roles.Roles, roles.Assignments); err != nil {
			return errs.NewInvalidRole(strings.TrimPrefix(err.Error(), "policy: "))
		}
		next.RBAC = &roles
		return nil
	})
}

// custom is the index of the custom role of a GUID, -1 if there is none.
func (r *RBAC) custom(guid string) int {
	return slices.IndexFunc(r.Roles, func(d policy.RoleDefinition) bool { return definitionGUID(d) == guid })
}

// isBuiltIn tells whether a built-in role has a GUID, or a name.
func isBuiltIn(guid, name string) bool {
	return slices.ContainsFunc(policy.HSMRoles(), func(d policy.RoleDefinition) bool {
		return d.ID == guid || strings.EqualFold(d.Name, name)
	})
}

// definitionQuery is the input of RoleDefinitionList. What is empty selects nothing.
type definitionQuery struct {
	roleScope
	RoleDefinitionListOptions
}

// listRoleDefinitions answers every definition that the query selects. All of them can be assigned at every scope.
func listRoleDefinitions(c call, q definitionQuery) (roleList[roleDefinition], error) {
	return slices.DeleteFunc(c.set.RBAC.definitions(), func(d roleDefinition) bool {
		return q.Name != "" && !strings.EqualFold(q.Name, d.Name) || q.Type != "" && !strings.EqualFold(string(q.Type), string(d.Type))
	}), nil
}

// getRoleDefinition answers the definition that the path names.
func getRoleDefinition(c call, _ roleScope) (roleDefinition, error) {
	all, guid := c.set.RBAC.definitions(), guidOf(c.name)
	if i := slices.IndexFunc(all, func(d roleDefinition) bool { return d.ID == guid }); i >= 0 {
		return all[i], nil
	}
	return roleDefinition{}, errs.NewRoleDefinitionNotFound()
}

// definitionInput is the input of RoleDefinitionSet.
type definitionInput struct {
	roleScope
	policy.RoleDefinition
}

func (in definitionInput) validate(s *settings) error {
	if err := in.roleScope.validate(s); err != nil {
		return err
	}
	if in.Type != "" && in.Type != policy.CustomRole {
		return errs.NewInvalidRole(fmt.Sprintf("the type of a role is %s, not %q", policy.CustomRole, string(in.Type)))
	}
	for _, scope := range in.AssignableScopes {
		if wide, err := roleScope(scope).canonical(); scope == "" || err != nil || wide.key() != "" {
			return errs.NewInvalidRole(fmt.Sprintf("the assignable scope of a role is /, not %q", scope))
		}
	}
	return nil
}

// setRoleDefinition makes or replaces the custom role that the path names.
func setRoleDefinition(c call, in definitionInput) (roleDefinition, error) {
	if err := in.global(); err != nil {
		return roleDefinition{}, err
	}
	if !isGUID(c.name) {
		return roleDefinition{}, errs.NewRoleDefinitionName()
	}
	d := in.RoleDefinition
	d.ID, d.Type, d.AssignableScopes = guidOf(c.name), policy.CustomRole, []string{"/"}
	if isBuiltIn(d.ID, d.Name) {
		return roleDefinition{}, errs.NewRoleDefinitionBuiltIn()
	}
	switch called := lastSegment(strings.TrimRight(d.Name, "/")); {
	case strings.EqualFold(d.Name, d.ID):
		d.Name = "" // which is how it is then called, and policy knows a role once by its id
	case isGUID(called):
		return roleDefinition{}, errs.NewInvalidRole("the name of a role is the id of another")
	}
	err := c.changeRoles(func(r *RBAC) error {
		if i := r.custom(d.ID); i >= 0 {
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
	return shown(d), err
}

// deleteRoleDefinition deletes the custom role that the path names and answers it. One that is assigned stays.
func deleteRoleDefinition(c call, in roleScope) (gone roleDefinition, err error) {
	if err := in.global(); err != nil {
		return gone, err
	}
	guid := guidOf(c.name)
	if isBuiltIn(guid, "") {
		return gone, errs.NewRoleDefinitionBuiltIn()
	}
	err = c.changeRoles(func(r *RBAC) error {
		i := r.custom(guid)
		if i < 0 {
			return errs.NewRoleDefinitionNotFound()
		}
		if slices.ContainsFunc(r.Assignments, func(a policy.RoleAssignment) bool { return r.roleOf(a) == guid }) {
			return errs.NewInvalidRole("the role definition is assigned")
		}
		gone = shown(r.Roles[i])
		r.Roles = slices.Delete(r.Roles, i, i+1)
		return nil
	})
	return gone, err
}

// assignmentQuery is the input of RoleAssignmentList. What is empty selects nothing.
type assignmentQuery struct {
	roleScope
	RoleAssignmentListOptions
}

// listRoleAssignments answers the assignments at the scope that the query selects: not those above it nor, at the whole
// Managed HSM, those of its keys.
func listRoleAssignments(c call, q assignmentQuery) (all roleList[roleAssignment], _ error) {
	for _, a := range c.set.RBAC.Assignments {
		if scopeOf(a).key() == q.key() && (q.PrincipalID == "" || policy.ParseID(q.PrincipalID) == policy.ParseID(a.PrincipalID)) {
			all = append(all, c.set.RBAC.shown(a))
		}
	}
	return all, nil
}

// getRoleAssignment answers the assignment that the path names.
func getRoleAssignment(c call, scope roleScope) (roleAssignment, error) {
	i := c.set.RBAC.assignment(guidOf(c.name), scope)
	if i < 0 {
		return roleAssignment{}, errs.NewRoleAssignmentNotFound()
	}
	return c.set.RBAC.shown(c.set.RBAC.Assignments[i]), nil
}

// assignment is the index of the assignment of a GUID at a scope, -1 if there is none.
func (r *RBAC) assignment(guid string, scope roleScope) int {
	return slices.IndexFunc(r.Assignments, func(a policy.RoleAssignment) bool {
		return assignmentGUID(a) == guid && scopeOf(a).key() == scope.key()
	})
}

// assignmentInput is the input of RoleAssignmentCreate.
type assignmentInput struct {
	roleScope
	policy.RoleAssignment
}

func (in assignmentInput) validate(s *settings) error {
	switch {
	case in.roleScope == "":
		return errs.NewInvalidRole("the role assignment has no scope")
	case in.PrincipalID == "":
		return errs.NewInvalidRole("the role assignment has no principal")
	case !isGUID(lastSegment(in.Role)):
		return errs.NewInvalidRole(fmt.Sprintf("there is no role %q", in.Role))
	}
	return in.roleScope.validate(s)
}

// createRoleAssignment makes the assignment that the path names. There is one of a name in the whole Managed HSM.
func createRoleAssignment(c call, in assignmentInput) (roleAssignment, error) {
	if !isGUID(c.name) {
		return roleAssignment{}, errs.NewInvalidRole("the name of a role assignment must be a GUID")
	}
	scope, err := in.canonical()
	if err != nil {
		return roleAssignment{}, err
	}
	made := policy.RoleAssignment{ID: guidOf(c.name), Role: guidOf(in.Role), PrincipalID: in.PrincipalID, Scope: string(scope)}
	err = c.changeRoles(func(r *RBAC) error {
		if slices.ContainsFunc(r.Assignments, func(a policy.RoleAssignment) bool { return assignmentGUID(a) == made.ID }) {
			return errs.NewRoleAssignmentExists()
		}
		if err := r.room(scope); err != nil {
			return err
		}
		a := made
		if i := r.custom(a.Role); i >= 0 {
			a.Role = cmp.Or(r.Roles[i].ID, r.Roles[i].Name)
		}
		r.Assignments = append(r.Assignments, a)
		return nil
	})
	return roleAssignment{made}, err
}

// room tells whether there can be one more assignment at a scope.
func (r *RBAC) room(scope roleScope) error {
	limit, where := maxAssignments, "/"
	if scope.key() != "" {
		limit, where = maxKeyAssignments, string(scope)
	}
	count := 0
	for _, a := range r.Assignments {
		if scopeOf(a).key() == scope.key() {
			count++
		}
	}
	if count >= limit {
		return errs.NewTooManyRoles("role assignments at the scope "+where, limit)
	}
	return nil
}

// deleteRoleAssignment deletes the assignment that the path names and answers it.
func deleteRoleAssignment(c call, scope roleScope) (gone roleAssignment, err error) {
	err = c.changeRoles(func(r *RBAC) error {
		i := r.assignment(guidOf(c.name), scope)
		if i < 0 {
			return errs.NewRoleAssignmentNotFound()
		}
		gone = r.shown(r.Assignments[i])
		r.Assignments = slices.Delete(r.Assignments, i, i+1)
		return nil
	})
	return gone, err
}
