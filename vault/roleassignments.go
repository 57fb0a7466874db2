package vault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
)

// How many role assignments there are at most.
const (
	maxAssignments    = 50 // at "/" and "/keys" together
	maxKeyAssignments = 10 // of one key
)

// roleAssignment is what requests see of an assignment: id and role are GUIDs, the scope is in the spelling of answers.
type roleAssignment struct{ policy.RoleAssignment }

// assignmentGUID is the GUID by which requests know an assignment.
func assignmentGUID(a policy.RoleAssignment) string {
	return guidOf(cmp.Or(a.ID, a.Role+" for "+a.PrincipalID+" at "+strings.ReplaceAll(a.Scope, "/", " ")))
}

// errNoRoles refuses role assignments where they would not count.
var errNoRoles = errors.New("access policies decide in this vault: SetRBAC lets roles decide")

// AddRoleAssignments adds role assignments to those there are, all or none. One without an id gets one. With Options.Lag,
// they count when the lag is over. Errors: a 400 for a role or scope that does not exist, for an id that another assignment
// has (errs.RoleAssignmentExists), and in a vault whose access policies decide (errs.BadParameter); the context's error, or
// the store's.
func (v *container) AddRoleAssignments(ctx context.Context, assignments ...policy.RoleAssignment) error {
	return v.change(ctx, func(s *settings) error {
		if s.RBAC == nil {
			return invalid("roleAssignments", errNoRoles)
		}
		roles := *s.RBAC
		s.RBAC = &roles
		return roles.add(assignments)
	})
}

// add adds assignments, each of which gets an id unless it has one that no other has.
func (r *RBAC) add(assignments []policy.RoleAssignment) error {
	taken := make(map[string]bool, len(r.Assignments)+len(assignments))
	for _, a := range r.Assignments {
		taken[assignmentGUID(a)] = true
	}
	r.Assignments = slices.Clip(r.Assignments)
	for _, a := range assignments {
		a.ID = cmp.Or(a.ID, newGUID())
		guid := assignmentGUID(a)
		if taken[guid] {
			return errs.NewRoleAssignmentExists()
		}
		taken[guid] = true
		r.Assignments = append(r.Assignments, a)
	}
	return nil
}

// shownAssignment is an assignment as requests see it.
func (r *RBAC) shownAssignment(a policy.RoleAssignment) roleAssignment {
	a.ID, a.Role, a.Scope = assignmentGUID(a), r.roleOf(a), parseRoleScope(a.Scope).String()
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

// indexOf is the index of the assignment of a GUID at a scope, -1 if there is none.
func (r *RBAC) indexOf(guid string, scope roleScope) int {
	return slices.IndexFunc(r.Assignments, func(a policy.RoleAssignment) bool {
		return assignmentGUID(a) == guid && scope.has(a)
	})
}

// assignmentQuery is the input of RoleAssignmentList. What is empty selects nothing.
type assignmentQuery ListRoleAssignmentsOptions

func (assignmentQuery) validate(*settings) error { return nil }

// listRoleAssignments answers the assignments at the scope that the query selects, in the order in which they were made: not
// those above it nor, at the whole Managed HSM, those of its keys.
func listRoleAssignments(c call, q assignmentQuery) (all roleList[roleAssignment], _ error) {
	for _, a := range c.set.RBAC.Assignments {
		if c.scope().has(a) && (q.PrincipalID == "" || policy.ParseID(q.PrincipalID) == policy.ParseID(a.PrincipalID)) {
			all = append(all, c.set.RBAC.shownAssignment(a))
		}
	}
	return all, nil
}

// getRoleAssignment answers the assignment that the path names.
func getRoleAssignment(c call, _ nothing) (roleAssignment, error) {
	i := c.set.RBAC.indexOf(guidOf(c.name), c.scope())
	if i < 0 {
		return roleAssignment{}, errs.NewRoleAssignmentNotFound()
	}
	return c.set.RBAC.shownAssignment(c.set.RBAC.Assignments[i]), nil
}

// assignmentInput is the input of RoleAssignmentCreate. Its id and scope are not used: those of the path count.
type assignmentInput struct{ policy.RoleAssignment }

func (in assignmentInput) validate(*settings) error {
	switch {
	case in.PrincipalID == "":
		return errs.NewInvalidRole("the role assignment has no principal")
	case !isGUID(lastSegment(in.Role)):
		return errs.NewInvalidRole(fmt.Sprintf("there is no role %q", in.Role))
	}
	return nil
}

// createRoleAssignment makes the assignment that the path names. There is one of a name in the whole Managed HSM.
func createRoleAssignment(c call, in assignmentInput) (roleAssignment, error) {
	if !isGUID(c.name) {
		return roleAssignment{}, errs.NewInvalidRole("the name of a role assignment must be a GUID")
	}
	made := policy.RoleAssignment{ID: guidOf(c.name), Role: guidOf(in.Role), PrincipalID: in.PrincipalID, Scope: c.scope().String()}
	err := c.changeRoles(func(r *RBAC) error {
		if slices.ContainsFunc(r.Assignments, func(a policy.RoleAssignment) bool { return assignmentGUID(a) == made.ID }) {
			return errs.NewRoleAssignmentExists()
		}
		if err := r.roomAt(c.scope()); err != nil {
			return err
		}
		kept := made
		if i := r.indexOfCustom(kept.Role); i >= 0 {
			kept.Role = cmp.Or(r.Roles[i].ID, r.Roles[i].Name)
		}
		r.Assignments = append(r.Assignments, kept)
		return nil
	})
	return roleAssignment{made}, err
}

// roomAt refuses one more assignment at a scope that has as many as it can have.
func (r *RBAC) roomAt(scope roleScope) error {
	limit, where := maxAssignments, "/"
	if scope.key != "" {
		limit, where = maxKeyAssignments, scope.String()
	}
	count := 0
	for _, a := range r.Assignments {
		if scope.has(a) {
			count++
		}
	}
	if count >= limit {
		return errs.NewTooManyRoles("role assignments at the scope "+where, limit)
	}
	return nil
}

// deleteRoleAssignment deletes the assignment that the path names and answers it.
func deleteRoleAssignment(c call, _ nothing) (gone roleAssignment, err error) {
	err = c.changeRoles(func(r *RBAC) error {
		i := r.indexOf(guidOf(c.name), c.scope())
		if i < 0 {
			return errs.NewRoleAssignmentNotFound()
		}
		gone = r.shownAssignment(r.Assignments[i])
		r.Assignments = slices.Delete(r.Assignments, i, i+1)
		return nil
	})
	return gone, err
}
