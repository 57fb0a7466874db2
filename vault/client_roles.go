package vault

import (
	"cmp"
	"context"
	"iter"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
)

// at makes the call of a request about roles at a scope, and about the one of an id or "".
func (c *Client) at(ctx context.Context, scope, id string) call {
	request := c.on(ctx, lastSegment(id), "")
	at := parseRoleScope(scope)
	request.roleScope = &at
	return request
}

// ListRoleDefinitionsOptions select role definitions.
type ListRoleDefinitionsOptions struct {
	Name string          // what the role is called, compared without case; "": any
	Type policy.RoleType // policy.AKVBuiltInRole or policy.CustomRole; "": both
}

// ListRoleDefinitions goes through the role definitions of a Managed HSM: the built-in ones first, then the custom ones in
// the order in which they were made. Their ids are GUIDs. nil options select all.
//
// The scope says where the caller needs the right to see them; the definitions are the same everywhere. It is "/" or
// "/keys" for the whole Managed HSM, or "/keys/{name}" for one key, whether there is such a key or not; "" is "/".
//
// A text that is no scope is 400 (errs.BadParameter). Requests about roles have a rate limit of their own, five in a second
// for the whole Managed HSM: beyond it they are 429 (errs.Throttled).
func (c *Client) ListRoleDefinitions(ctx context.Context, scope string, o *ListRoleDefinitionsOptions) iter.Seq2[policy.RoleDefinition, error] {
	var q definitionQuery
	if o != nil {
		q = definitionQuery(*o)
	}
	return pages(nil, func(cursor) (p page[policy.RoleDefinition], err error) {
		list, err := run(c.at(ctx, scope, ""), definitionList, q, nil)
		for _, d := range list {
			p.items = append(p.items, d.RoleDefinition)
		}
		return p, err
	})
}

// GetRoleDefinition returns the role definition of an id, which is a GUID or a resource id that ends in one. The scope is
// that of ListRoleDefinitions.
//
// Errors are those of ListRoleDefinitions, and 404 for a definition that does not exist (errs.RoleDefinitionNotFound).
func (c *Client) GetRoleDefinition(ctx context.Context, scope, id string) (policy.RoleDefinition, error) {
	d, err := run(c.at(ctx, scope, id), definitionGet, nothing{}, nil)
	return d.RoleDefinition, err
}

// SetRoleDefinition makes the custom role of the definition's ID, or replaces it, and returns it. The ID is a GUID or a
// resource id that ends in one; "" makes a role with a new one. A role without a Name is called by its GUID. Type, which is
// policy.CustomRole, and AssignableScopes, which are "/", can be left out. A Managed HSM has at most 50 custom roles. Custom
// roles are the whole Managed HSM's: the caller needs the right to set them at "/".
//
// Errors are those of ListRoleDefinitions, and 400 (errs.BadParameter) for an ID that is no GUID, the ID or
// Name of a built-in role, the Name of another custom role, another Type or assignable scope, a data action that does not
// exist, and the 51st custom role.
func (c *Client) SetRoleDefinition(ctx context.Context, d policy.RoleDefinition) (policy.RoleDefinition, error) {
	set, err := run(c.at(ctx, "/", cmp.Or(d.ID, newGUID())), definitionSet, definitionInput{d}, nil)
	return set.RoleDefinition, err
}

// DeleteRoleDefinition deletes the custom role of an id, which is a GUID or a resource id that ends in one, and returns
// it.
//
// Errors are those of ListRoleDefinitions, 404 for a definition that does not exist (errs.RoleDefinitionNotFound), and 400
// (errs.BadParameter) for a built-in role, and a role that somebody has.
func (c *Client) DeleteRoleDefinition(ctx context.Context, id string) (policy.RoleDefinition, error) {
	d, err := run(c.at(ctx, "/", id), definitionDelete, nothing{}, nil)
	return d.RoleDefinition, err
}

// ListRoleAssignmentsOptions select role assignments.
type ListRoleAssignmentsOptions struct {
	PrincipalID string // whose they are; "": anybody's
}

// ListRoleAssignments goes through the role assignments at a scope in the order in which they were made. nil options
// select all. At "/" and "/keys", which are one place, and at "", which is "/", these are the assignments for the whole
// Managed HSM without those for single keys; at "/keys/{name}" they are those for that key alone, whether there is such a
// key or not. IDs and roles are GUIDs.
//
// A text that is no scope is 400 (errs.BadParameter). Requests about roles have a rate limit of their own, five in a second
// for the whole Managed HSM: beyond it they are 429 (errs.Throttled).
func (c *Client) ListRoleAssignments(ctx context.Context, scope string, o *ListRoleAssignmentsOptions) iter.Seq2[policy.RoleAssignment, error] {
	var q assignmentQuery
	if o != nil {
		q = assignmentQuery(*o)
	}
	return pages(nil, func(cursor) (p page[policy.RoleAssignment], err error) {
		list, err := run(c.at(ctx, scope, ""), assignmentList, q, nil)
		for _, a := range list {
			p.items = append(p.items, a.RoleAssignment)
		}
		return p, err
	})
}

// GetRoleAssignment returns the role assignment of an id at a scope, where ListRoleAssignments would list it. The id is a
// GUID or a resource id that ends in one.
//
// Errors are those of ListRoleAssignments, and 404 for an assignment that does not exist at the scope
// (errs.RoleAssignmentNotFound).
func (c *Client) GetRoleAssignment(ctx context.Context, scope, id string) (policy.RoleAssignment, error) {
	a, err := run(c.at(ctx, scope, id), assignmentGet, nothing{}, nil)
	return a.RoleAssignment, err
}

// CreateRoleAssignment gives a role to a principal at a scope, and returns the assignment. The Scope is "/" or "/keys" for
// the whole Managed HSM, or "/keys/{name}" for one key, whether there is such a key or not.
//
// ID and Role are GUIDs, or resource ids that end in one; without an ID the assignment gets a new one, which no other
// assignment of the Managed HSM has. The principal is not looked up anywhere. There are at most 50 assignments for the
// whole Managed HSM and 10 for each key.
//
// Errors are those of ListRoleAssignments, 400 for an ID that another assignment has, at whatever scope
// (errs.RoleAssignmentExists), and 400 (errs.BadParameter) for an ID or Role that is no GUID, a role that does not exist,
// a missing scope or principal, the 51st assignment for the whole Managed HSM, and the 11th for a key.
func (c *Client) CreateRoleAssignment(ctx context.Context, a policy.RoleAssignment) (policy.RoleAssignment, error) {
	request := c.at(ctx, a.Scope, cmp.Or(a.ID, newGUID()))
	if a.Scope == "" {
		request.roleScope.invalid = errs.NewInvalidRole("the role assignment has no scope")
	}
	made, err := run(request, assignmentCreate, assignmentInput{a}, nil)
	return made.RoleAssignment, err
}

// DeleteRoleAssignment takes back the role assignment of an id at a scope, and returns it. The id is a GUID or a resource
// id that ends in one.
//
// Errors are those of ListRoleAssignments, and 404 for an assignment that does not exist at the scope
// (errs.RoleAssignmentNotFound).
func (c *Client) DeleteRoleAssignment(ctx context.Context, scope, id string) (policy.RoleAssignment, error) {
	a, err := run(c.at(ctx, scope, id), assignmentDelete, nothing{}, nil)
	return a.RoleAssignment, err
}
