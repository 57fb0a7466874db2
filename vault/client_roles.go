package vault

import (
	"cmp"
	"context"
	"iter"

	"github.com/embedvault/embedvault/policy"
)

// The methods below say who may do what in a Managed HSM. A scope is "/" or "/keys", which both mean the whole of it, or
// "/keys/{name}"; "" is "/". Another one is 400 (errs.BadParameter). Ids and roles are GUIDs, or resource ids that end in
// one; answers have the GUID alone.

// at makes the call of a request about roles at a scope, and about the one of an id or "".
func (c *Client) at(ctx context.Context, scope, id string) call {
	request := c.on(ctx, id, "")
	request.scope = roleScope(scope)
	return request
}

// RoleDefinitionListOptions select role definitions.
type RoleDefinitionListOptions struct {
	Name string          // what the role is called, compared without case; "": any
	Type policy.RoleType // policy.AKVBuiltInRole or policy.CustomRole; "": both
}

// ListRoleDefinitions goes through the role definitions, the built-in ones first. All can be assigned at every scope.
// nil options select all.
func (c *Client) ListRoleDefinitions(ctx context.Context, scope string, o *RoleDefinitionListOptions) iter.Seq2[policy.RoleDefinition, error] {
	q := definitionQuery{roleScope: roleScope(scope)}
	if o != nil {
		q.RoleDefinitionListOptions = *o
	}
	return pages(nil, func(cursor) (p page[policy.RoleDefinition], err error) {
		list, err := run(c.at(ctx, scope, ""), definitionList, q, nil)
		for _, d := range list {
			p.items = append(p.items, d.RoleDefinition)
		}
		return p, err
	})
}

// GetRoleDefinition returns the role definition of a GUID. An absent one is 404 (errs.RoleDefinitionNotFound).
func (c *Client) GetRoleDefinition(ctx context.Context, scope, id string) (policy.RoleDefinition, error) {
	d, err := run(c.at(ctx, scope, lastSegment(id)), definitionGet, roleScope(scope), nil)
	return d.RoleDefinition, err
}

// SetRoleDefinition makes the custom role of the definition's id, or replaces it, and answers it. Without an id it makes one
// of a new id. The scope is "/". A built-in role, its name, a data action that there is not, and the 51st custom role are
// 400 (errs.BadParameter).
func (c *Client) SetRoleDefinition(ctx context.Context, scope string, d policy.RoleDefinition) (policy.RoleDefinition, error) {
	id := lastSegment(cmp.Or(d.ID, newGUID()))
	set, err := run(c.at(ctx, scope, id), definitionSet, definitionInput{roleScope(scope), d}, nil)
	return set.RoleDefinition, err
}

// DeleteRoleDefinition deletes a custom role and answers it. An absent one is 404 (errs.RoleDefinitionNotFound); a built-in
// one, and one that is assigned, is 400 (errs.BadParameter).
func (c *Client) DeleteRoleDefinition(ctx context.Context, scope, id string) (policy.RoleDefinition, error) {
	d, err := run(c.at(ctx, scope, lastSegment(id)), definitionDelete, roleScope(scope), nil)
	return d.RoleDefinition, err
}

// RoleAssignmentListOptions select role assignments.
type RoleAssignmentListOptions struct {
	PrincipalID string // whose they are; "": anybody's
}

// ListRoleAssignments goes through the role assignments at a scope: at "/" and "/keys" those of the whole Managed HSM, at
// a key those of the key alone. nil options select all.
func (c *Client) ListRoleAssignments(ctx context.Context, scope string, o *RoleAssignmentListOptions) iter.Seq2[policy.RoleAssignment, error] {
	q := assignmentQuery{roleScope: roleScope(scope)}
	if o != nil {
		q.RoleAssignmentListOptions = *o
	}
	return pages(nil, func(cursor) (p page[policy.RoleAssignment], err error) {
		list, err := run(c.at(ctx, scope, ""), assignmentList, q, nil)
		for _, a := range list {
			p.items = append(p.items, a.RoleAssignment)
		}
		return p, err
	})
}

// GetRoleAssignment returns the role assignment of a GUID at a scope. An absent one is 404 (errs.RoleAssignmentNotFound).
func (c *Client) GetRoleAssignment(ctx context.Context, scope, id string) (policy.RoleAssignment, error) {
	a, err := run(c.at(ctx, scope, lastSegment(id)), assignmentGet, roleScope(scope), nil)
	return a.RoleAssignment, err
}

// CreateRoleAssignment gives a role to a principal and answers the assignment. The scope is that of the assignment if it is
// "" here; without an id it has a new one. One of the same id is 400 (errs.RoleAssignmentExists); a role that there is not,
// the 51st assignment of the whole Managed HSM, and the 11th of a key are 400 (errs.BadParameter).
func (c *Client) CreateRoleAssignment(ctx context.Context, scope string, a policy.RoleAssignment) (policy.RoleAssignment, error) {
	id := lastSegment(cmp.Or(a.ID, newGUID()))
	scope = cmp.Or(scope, a.Scope)
	made, err := run(c.at(ctx, scope, id), assignmentCreate, assignmentInput{roleScope(scope), a}, nil)
	return made.RoleAssignment, err
}

// DeleteRoleAssignment deletes a role assignment and answers it. An absent one is 404 (errs.RoleAssignmentNotFound).
func (c *Client) DeleteRoleAssignment(ctx context.Context, scope, id string) (policy.RoleAssignment, error) {
	a, err := run(c.at(ctx, scope, lastSegment(id)), assignmentDelete, roleScope(scope), nil)
	return a.RoleAssignment, err
}
