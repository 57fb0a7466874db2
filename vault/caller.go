package vault

import (
	"net/netip"

	"github.com/embedvault/embedvault/policy"
)

// Caller is who makes a request, and from where. The zero Caller is unauthenticated: it gets 401.
type Caller struct {
	principal *policy.Principal
	token     Value // which no print shows
	bearer    bool
	owner     bool
	source    policy.Source
}

// Owner returns the program that embeds the vault. It has every right and, unless [Caller.From] gives it an address,
// stands inside the firewall. It is throttled and audited like every other caller.
func Owner() Caller { return Caller{principal: ownerPrincipal, owner: true} }

var ownerPrincipal = policy.NewPrincipal(policy.PrincipalInfo{DisplayName: "owner"})

// Principal returns a caller with an object id of the vault's tenant, and the object ids of the groups it is a member of.
// The program vouches for it: no token is involved. An object id is a GUID; any other text is a principal of its own too.
func Principal(objectID string, groups ...string) Caller {
	return PrincipalOf(policy.NewPrincipal(policy.PrincipalInfo{ObjectID: objectID, Groups: groups}))
}

// PrincipalOf returns a caller with all that a policy can know about a principal. nil is unauthenticated.
func PrincipalOf(p *policy.Principal) Caller { return Caller{principal: p} }

// Bearer returns a caller that presents an access token, which the vault verifies at each request.
func Bearer(token string) Caller { return Caller{token: NewValue(token), bearer: true} }

// From returns the caller at an address. A caller of which no address is known matches no network rule.
func (c Caller) From(addr netip.Addr) Caller {
	c.source.Addr = addr.Unmap().WithZone("")
	return c
}

// Via returns the caller at a source: an address, a subnet with a service endpoint, a private endpoint, or a named
// service of the platform.
func (c Caller) Via(source policy.Source) Caller {
	c.source = source
	c.source.Addr = source.Addr.Unmap().WithZone("")
	return c
}

// Addr returns the address the caller is at, the zero Addr if none is known.
func (c Caller) Addr() netip.Addr { return c.source.Addr }
