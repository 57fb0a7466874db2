package vault

import (
	"slices"
	"strings"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
)

// guidOf is the GUID that a reference to a role or an assignment ends in. Any other text, which requests never leave
// behind, has the GUID that stands for it.
func guidOf(ref string) string { return policy.ParseID(lastSegment(ref)).String() }

func lastSegment(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

func isGUID(s string) bool { return strings.EqualFold(policy.ParseID(s).String(), s) }

// changeRoles edits a copy of the roles, and keeps it if it compiles.
func (c call) changeRoles(edit func(*RBAC) error) error {
	return c.container.change(c.ctx, func(next *settings) error {
		roles := RBAC{Assignments: slices.Clone(next.RBAC.Assignments), Roles: slices.Clone(next.RBAC.Roles)}
		if err := edit(&roles); err != nil {
			return err
		}
		if _, err := policy.CompileLocalAssignments(roles.Roles, roles.Assignments); err != nil {
			return errs.NewInvalidRole(sentence(err))
		}
		next.RBAC = &roles
		return nil
	})
}
