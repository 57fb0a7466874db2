package policy

import "strings"

// Explain answers as Allows does and says why.
func (n *Network) Explain(src Source) Decision {
	d := Decision{Gate: GateNetwork, Reason: Granted, Target: src.String(), Allowed: n.Allows(src)}
	if d.Allowed {
		d.Rule = n.passedBy(src)
		return d
	}
	d.Reason = n.refusal(src)
	n.explainNear(&d, src)
	d.Smallest = n.smallest(src)
	return d
}

// passedBy names what let an allowed source through.
func (n *Network) passedBy(src Source) string {
	switch {
	case n == nil:
		return "no network rules"
	case contains(n.endpoints, src.PrivateEndpoint):
		return "approved private endpoint " + src.PrivateEndpoint
	case n.bypass && isTrusted(src.Service):
		return "trusted service " + src.Service
	case n.ipRuleFor(src) != "":
		return "IP rule " + n.ipRuleFor(src)
	case contains(n.subnets, src.Subnet):
		return "virtual network rule " + src.Subnet
	}
	return "default action Allow"
}

// ipRuleFor returns the first rule that is for a source's address, or "".
func (n *Network) ipRuleFor(src Source) string {
	for _, rule := range n.rules {
		if rule.prefix.Contains(src.Addr.Unmap()) {
			return rule.source
		}
	}
	return ""
}

func (n *Network) refusal(src Source) Reason {
	reason, ignoring := AddressNotAllowed, AddressNotAllowedNoBypass
	switch {
	case n.perimeter:
		return OutsidePerimeter
	case !n.public:
		reason, ignoring = PublicAccessDisabled, PublicAccessDisabledNoBypass
	case src.Subnet != "":
		reason, ignoring = UnknownSubnet, UnknownSubnetNoBypass
	}
	if n.bypass {
		return reason
	}
	return ignoring
}

func (n *Network) explainNear(d *Decision, src Source) {
	if src.PrivateEndpoint != "" {
		d.near(NearEndpoint, src.PrivateEndpoint, "the private endpoint connection %s is not approved", src.PrivateEndpoint)
	}
	switch {
	case src.Service == "":
	case isTrusted(src.Service) && n.perimeter:
		d.near(NearService, src.Service, "%s is a trusted service, but the perimeter overrides the bypass", src.Service)
	case isTrusted(src.Service):
		d.near(NearService, src.Service, "%s is a trusted service, but bypass is None", src.Service)
	default:
		d.near(NearService, src.Service, "%s is not among the trusted services; what a web app or a pipeline asks for itself never is", src.Service)
	}
	switch addr := src.Addr.Unmap(); {
	case !addr.IsValid():
	case !addr.Is4():
		d.near(NearAddress, addr.String(), "%v is an IPv6 address; rules are IPv4 only", addr)
	case !isPublic(src):
		d.near(NearAddress, addr.String(), "%v is not a public address; it needs a virtual network rule or a private endpoint", addr)
	case !n.public && n.ipRuleFor(src) != "":
		d.near(NearAddress, addr.String(), "the IP rule %s is for %v, but rules do not count while public access is disabled", n.ipRuleFor(src), addr)
	}
}

func isPublic(src Source) bool {
	for _, reserved := range notPublic {
		if reserved.Contains(src.Addr.Unmap()) {
			return false
		}
	}
	return true
}

func (n *Network) smallest(src Source) string {
	switch addr := src.Addr.Unmap(); {
	case src.PrivateEndpoint != "":
		return "approval of the private endpoint connection " + src.PrivateEndpoint
	case isTrusted(src.Service) && !n.perimeter:
		return "bypass " + string(BypassAzureServices)
	case !n.public:
		return "an approved private endpoint"
	case src.Subnet != "":
		return "virtual network rule " + src.Subnet
	case addr.Is4() && isPublic(src):
		return "IP rule " + addr.String()
	}
	return "an approved private endpoint"
}

// String describes the source by what is known of it.
func (s Source) String() string {
	var parts []string
	if s.Addr.IsValid() {
		parts = append(parts, s.Addr.Unmap().String())
	}
	for _, part := range [...][2]string{
		{"subnet ", s.Subnet}, {"private endpoint ", s.PrivateEndpoint}, {"service ", s.Service},
	} {
		if part[1] != "" {
			parts = append(parts, part[0]+part[1])
		}
	}
	if len(parts) == 0 {
		return "an unknown source"
	}
	return strings.Join(parts, ", ")
}
