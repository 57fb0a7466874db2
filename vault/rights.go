package vault

import (
	"encoding/hex"

	"github.com/embedvault/embedvault/policy"
)

// allowed tells whether the caller has a right, for what the request is about.
func (c *call) allowed(right policy.Right) bool {
	if roles := c.set.roles(c.now); roles != nil {
		return roles.Allows(c.who, right, c.object(right))
	}
	return c.set.access.Allows(c.who, right)
}

// explain says why the caller has or lacks a right.
func (c *call) explain(right policy.Right) policy.Decision {
	if roles := c.set.roles(c.now); roles != nil {
		return roles.Explain(c.who, right, c.object(right))
	}
	return c.set.access.Explain(c.who, right)
}

// assignment is the id of the role assignment that gives the caller a right, in 32 hexadecimal digits; "" if none does.
func (c *call) assignment(right policy.Right) string {
	roles := c.set.roles(c.now)
	if roles == nil || right == 0 {
		return ""
	}
	granting, ok := roles.Granting(c.who, right, c.object(right))
	if !ok {
		return ""
	}
	id := policy.ParseID(granting.ID)
	return hex.EncodeToString(id[:])
}

// object is the path below the container of what a right is wanted for; "" is the container. Roles are asked about at the
// scope that they are of. In a Managed HSM nothing but a key is a scope.
func (c *call) object(right policy.Right) string {
	switch {
	case isOfRoles(right):
		return c.scope().object()
	case c.name == "", c.container.kind == ProductManagedHSM && right.Collection() != "keys":
		return ""
	}
	return right.Collection() + "/" + c.name
}
