package vault

import (
	"fmt"
	"strings"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
)

// roleScope is where roles are: in the whole Managed HSM, which is called "/" or "/keys", or at one key. It is parsed once,
// where a request comes in. The zero roleScope is "/".
type roleScope struct {
	key     string // the name of the key as it was written; "" is the whole Managed HSM
	keys    bool   // whether the whole Managed HSM is called "/keys"
	invalid error  // why the text is no scope; the rest is then that of "/", so that no right to a key suffices
}

// parseRoleScope reads a scope. "" is "/", and slashes at the end do not count.
func parseRoleScope(text string) roleScope {
	path := strings.TrimRight(text, "/")
	if path == "" {
		return roleScope{}
	}
	collection, key, named := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch {
	case path[0] != '/' || len(collection) != len("keys") || !strings.EqualFold(collection, "keys"): // in ASCII
	case !named:
		return roleScope{keys: true}
	case validName(key) == nil:
		return roleScope{key: key}
	}
	return roleScope{invalid: errs.NewInvalidRole(fmt.Sprintf("%q is no scope of a Managed HSM: /, /keys or /keys/{name}", text))}
}

// String returns the scope as answers show it.
func (s roleScope) String() string {
	switch {
	case s.key != "":
		return "/keys/" + s.key
	case s.keys:
		return "/keys"
	}
	return "/"
}

// object is the path of the key below the Managed HSM, "" for all of it.
func (s roleScope) object() string {
	if s.key == "" {
		return ""
	}
	return "keys/" + s.key
}

// has tells whether an assignment is at the scope: neither above nor below it. "/" and "/keys" are one place. One that the
// program has made for a name that no key can have is at no scope of a request.
func (s roleScope) has(a policy.RoleAssignment) bool {
	at := parseRoleScope(a.Scope)
	return at.invalid == nil && strings.EqualFold(at.key, s.key)
}

// scope is where the roles are that the request is about.
func (c *call) scope() roleScope {
	if c.roleScope == nil {
		return roleScope{}
	}
	return *c.roleScope
}

// isOfRoles tells whether a right is one to see or change roles, which is looked for at their scope.
func isOfRoles(right policy.Right) bool {
	switch right {
	case policy.RoleAssignmentsRead, policy.RoleAssignmentsWrite, policy.RoleAssignmentsDelete,
		policy.RoleDefinitionsRead, policy.RoleDefinitionsWrite, policy.RoleDefinitionsDelete:
		return true
	}
	return false
}
