package policy

import (
	"fmt"
	"strings"
)

// Gate is the part of a vault's protection that made a decision.
type Gate uint8

// The gates. A vault has the first and one of the next two, a Managed HSM the first and the last.
const (
	GateNetwork Gate = iota + 1
	GateAccessPolicy
	GateRBAC
	GateLocalRBAC
)

var gateNames = [...]string{"no gate", "network rules", "access policy", "Azure RBAC", "Managed HSM local RBAC"}

// String returns the gate's name in words, such as "access policy".
func (g Gate) String() string { return nameOf(gateNames[:], int(g)) }

// Reason is why a gate decided as it did.
type Reason uint8

// The reasons. The reasons of the network say in their names whether the rules also ignore trusted services, because
// the service answers differently then.
const (
	// Granted: something allows it. Decision.Rule says what.
	Granted Reason = iota + 1
	// NotGrantable: nothing in the language of this gate can give the right, such as a Managed HSM right in a vault.
	NotGrantable
	// NoEntry: no access policy entry is for this principal.
	NoEntry
	// EntryLacksPermission: entries are for this principal, and none has the permission.
	EntryLacksPermission
	// NoAssignment: no role assignment that covers the object is for this principal.
	NoAssignment
	// RoleLacksAction: assignments cover the object and the principal, and no role of theirs has the data action.
	RoleLacksAction
	// DeniedByAssignment: a deny assignment takes the action away, whatever else grants it.
	DeniedByAssignment
	// AddressNotAllowed: the default action is Deny, and no rule is for the address.
	AddressNotAllowed
	// AddressNotAllowedNoBypass is AddressNotAllowed where bypass is None.
	AddressNotAllowedNoBypass
	// UnknownSubnet: the default action is Deny, and no rule is for the subnet.
	UnknownSubnet
	// UnknownSubnetNoBypass is UnknownSubnet where bypass is None.
	UnknownSubnetNoBypass
	// PublicAccessDisabled: only approved private endpoints and trusted services get through, and this is neither.
	PublicAccessDisabled
	// PublicAccessDisabledNoBypass is PublicAccessDisabled where bypass is None: not even a trusted service gets through.
	PublicAccessDisabledNoBypass
	// OutsidePerimeter: a network security perimeter secures the vault, and this is no approved private endpoint.
	OutsidePerimeter
)

var reasonNames = [...]string{
	"no reason",
	"allowed",
	"nothing in this container can grant this right",
	"no access policy entry is for this caller",
	"the caller's access policy entries lack the permission",
	"no role assignment for this caller covers the resource",
	"the caller's roles on this resource lack the data action",
	"a deny assignment forbids it",
	"the address is in no rule and the caller is not a trusted service",
	"the address is in no rule, and trusted services are ignored as bypass is None",
	"the subnet is in no rule and the caller is not a trusted service",
	"the subnet is in no rule, and trusted services are ignored as bypass is None",
	"public network access is disabled, and this is neither an approved private endpoint nor a trusted service",
	"public network access is disabled, this is no approved private endpoint, and trusted services are ignored as bypass is None",
	"the caller is outside the network security perimeter, and this is no approved private endpoint",
}

// String returns the reason as a clause.
func (r Reason) String() string { return nameOf(reasonNames[:], int(r)) }

func nameOf(names []string, i int) string {
	if i >= len(names) {
		i = 0
	}
	return names[i]
}

// NearKind is the way in which something that did not match nearly did.
type NearKind uint8

// The kinds of near matches.
const (
	// NearApplicationID: a grant names the caller's application id where an object id belongs.
	NearApplicationID NearKind = iota + 1
	// NearOtherID: a grant names one of the caller's [PrincipalInfo] OtherIDs, such as a principal of the same name.
	NearOtherID
	// NearOtherApplication: an access policy entry for the caller wants it to come through another application.
	NearOtherApplication
	// NearOtherTenant: an access policy entry for the caller's object id is for another tenant.
	NearOtherTenant
	// NearOtherScope: an assignment would grant it on another resource.
	NearOtherScope
	// NearControlPlane: a role of the caller manages the vault but has no data action for what is in it.
	NearControlPlane
	// NearEndpoint: the request came through a private endpoint that is not approved.
	NearEndpoint
	// NearService: the request came from a service that is not trusted, or is but bypass is None.
	NearService
	// NearAddress: the address is of a sort that no rule can name, IPv6 or private.
	NearAddress
)

// Near is something that would have allowed the request but for one thing.
type Near struct {
	Kind NearKind
	// ID is what nearly matched: the object id in an entry, the id of an assignment, an endpoint, a service, an address.
	ID string
	// Text says in a sentence what kept it from matching.
	Text string
}

// maxNear bounds the near matches in one decision.
const maxNear = 8

// Decision is the outcome of a gate with its evidence. A refusal is a useful error for a test to print: it is meant for
// the people who run the vault, tells them who else has access, and must never reach the caller.
type Decision struct {
	Allowed bool
	Gate    Gate
	Reason  Reason
	// Rule names what decided: an entry, an assignment, a deny assignment, a firewall rule. Empty when nothing did.
	Rule string
	// Right is what was asked for; zero at the network gate.
	Right Right
	// Principal is who asked; nil at the network gate.
	Principal *Principal
	// Target is what it was asked about: the scope of the object in RBAC, the source at the network gate.
	Target string
	// Near lists what nearly matched, at most eight.
	Near []Near
	// Smallest is the smallest grant that would have allowed it, of roles a built-in one; empty when none would.
	Smallest string
}

// Error returns the decision as a text of several lines: the outcome, then what is known of its cause.
func (d Decision) Error() string {
	var b strings.Builder
	verdict := "denied"
	if d.Allowed {
		verdict = "allowed"
	}
	fmt.Fprintf(&b, "%s by %s", verdict, d.Gate)
	if d.Right != 0 {
		fmt.Fprintf(&b, ": %s (%s)", d.word(), d.Right)
	}
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "\n  %-9s %s", label+":", text)
		}
	}
	if d.Principal != nil {
		line("caller", d.Principal.String())
	}
	line("target", d.Target)
	line("reason", d.Reason.String())
	line("rule", d.Rule)
	for _, near := range d.Near {
		line("near", near.Text)
	}
	line("smallest", d.Smallest)
	return b.String()
}

// word returns what the gate's own language calls the right.
func (d Decision) word() string {
	var word string
	switch d.Gate {
	case GateAccessPolicy:
		if word = d.Right.Permission(); word != "" {
			word = d.Right.Collection() + " " + word
		}
	case GateRBAC:
		word = d.Right.VaultAction()
	case GateLocalRBAC:
		word = d.Right.HSMAction()
	}
	if word == "" {
		return "no such right here"
	}
	return word
}

func (d *Decision) near(kind NearKind, id, format string, args ...any) {
	if len(d.Near) < maxNear {
		d.Near = append(d.Near, Near{kind, id, fmt.Sprintf(format, args...)})
	}
}
