package policy

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Source is where a request comes from, as the vault's network sees it. The zero Source is known by nothing and
// matches no rule; it passes only where the default is to allow.
type Source struct {
	// Addr is the public address of the client. An IPv4 address in IPv6 form is taken as IPv4.
	Addr netip.Addr
	// Subnet is the resource id of the virtual network's subnet, if the request came over a service endpoint.
	Subnet string
	// PrivateEndpoint is the id of the private endpoint connection that the request came through.
	PrivateEndpoint string
	// Service is the platform service that makes the request on its own behalf, by one of the names in
	// [TrustedServices]; empty for everything else. A web app, a function or a virtual machine that calls a vault is not
	// such a service, whoever runs it.
	Service string
}

// DefaultAction is what becomes of a request that no rule is for. Empty means Allow.
type DefaultAction string

// The default actions.
const (
	Allow DefaultAction = "Allow"
	Deny  DefaultAction = "Deny"
)

// Bypass says whether trusted services get past the rules. Empty means AzureServices.
type Bypass string

// The values of bypass.
const (
	BypassAzureServices Bypass = "AzureServices"
	BypassNone          Bypass = "None"
)

// PublicAccess says whether a vault answers on its public address at all. Empty means Enabled.
type PublicAccess string

// The values of public network access.
const (
	PublicEnabled  PublicAccess = "Enabled"
	PublicDisabled PublicAccess = "Disabled"
	// SecuredByPerimeter leaves it to a network security perimeter, which overrides the rules and the bypass alike. No
	// perimeter is modelled: every caller is outside, and only private endpoints get through.
	SecuredByPerimeter PublicAccess = "SecuredByPerimeter"
)

// The bounds of a vault's network rules, and the one of a Managed HSM, which knows no virtual networks.
const (
	MaxIPRules             = 1000
	MaxVirtualNetworkRules = 200
	MaxPrivateEndpoints    = 64
	MaxHSMIPRules          = 10
)

// NetworkRules is the firewall of a vault. The zero NetworkRules allow everything. The values of its first three fields
// compare without regard to case. Its JSON is the part of a vault's properties in Azure Resource Manager that concerns
// the network: networkAcls, publicNetworkAccess and privateEndpointConnections.
type NetworkRules struct {
	// DefaultAction counts for a request that neither IPRules nor VirtualNetworkRules are for.
	DefaultAction DefaultAction
	// Bypass counts before the rules and the default action.
	Bypass Bypass
	// PublicNetworkAccess, when Disabled, overrides the rules: only approved private endpoints and, if Bypass lets them,
	// trusted services get through.
	PublicNetworkAccess PublicAccess
	// IPRules are public IPv4 addresses and CIDR ranges that get through.
	IPRules []string
	// VirtualNetworkRules are the resource ids of subnets whose service endpoints get through.
	VirtualNetworkRules []string
	// PrivateEndpoints are the ids of the approved private endpoint connections, which always get through.
	PrivateEndpoints []string
}

// Clone returns rules that share no slice with r.
func (r NetworkRules) Clone() NetworkRules {
	r.IPRules = slices.Clone(r.IPRules)
	r.VirtualNetworkRules = slices.Clone(r.VirtualNetworkRules)
	r.PrivateEndpoints = slices.Clone(r.PrivateEndpoints)
	return r
}

// Network is the firewall of a vault or Managed HSM, compiled. It never changes. nil allows everything, as do the zero
// NetworkRules.
type Network struct {
	public    bool
	allow     bool
	bypass    bool
	perimeter bool           // for Explain; neither public nor bypass is then set
	ranges    []addressRange // ascending, none overlapping another
	subnets   map[string]struct{}
	endpoints map[string]struct{}
	rules     []ipRule // as written, for Explain
}

// addressRange is a closed interval of IPv4 addresses.
type addressRange struct{ first, last uint32 }

type ipRule struct {
	source string
	prefix netip.Prefix
}

// CompileNetwork compiles the rules of a vault. It fails on an unknown value, a rule that is no IPv4 address or range or
// lies in a range that is not public, and on more rules than the service allows.
func CompileNetwork(rules NetworkRules) (*Network, error) {
	return compileNetwork(rules, MaxIPRules, MaxVirtualNetworkRules)
}

// CompileHSMNetwork compiles the rules of a Managed HSM, which has fewer IP rules and no virtual network rules. It
// fails as [CompileNetwork] does.
func CompileHSMNetwork(rules NetworkRules) (*Network, error) {
	return compileNetwork(rules, MaxHSMIPRules, 0)
}

func compileNetwork(rules NetworkRules, maxIP, maxVirtual int) (*Network, error) {
	if err := checkCounts(rules, maxIP, maxVirtual); err != nil {
		return nil, err
	}
	n := &Network{subnets: lowerSet(rules.VirtualNetworkRules), endpoints: lowerSet(rules.PrivateEndpoints)}
	if n.perimeter = equalFold(string(rules.PublicNetworkAccess), string(SecuredByPerimeter)); n.perimeter {
		rules.PublicNetworkAccess = PublicDisabled
	}
	err := errors.Join(
		choose(&n.allow, "defaultAction", rules.DefaultAction, Allow, Deny),
		choose(&n.bypass, "bypass", rules.Bypass, BypassAzureServices, BypassNone),
		choose(&n.public, "publicNetworkAccess", rules.PublicNetworkAccess, PublicEnabled, PublicDisabled),
	)
	if err != nil {
		return nil, err
	}
	n.bypass = n.bypass && !n.perimeter
	for _, source := range rules.IPRules {
		prefix, err := parseIPRule(source)
		if err != nil {
			return nil, err
		}
		n.rules = append(n.rules, ipRule{source, prefix})
	}
	n.ranges = mergeRanges(n.rules)
	return n, nil
}

// choose sets a switch by a value that is empty, yes or no; empty is yes.
func choose[T ~string](set *bool, field string, value, yes, no T) error {
	*set = value == "" || equalFold(string(value), string(yes))
	if !*set && !equalFold(string(value), string(no)) {
		return fmt.Errorf("policy: %s is %q, neither %s nor %s", field, value, yes, no)
	}
	return nil
}

func checkCounts(rules NetworkRules, maxIP, maxVirtual int) error {
	for _, count := range [...]struct {
		what     string
		got, max int
	}{
		{"IP rules", len(rules.IPRules), maxIP},
		{"virtual network rules", len(rules.VirtualNetworkRules), maxVirtual},
		{"private endpoints", len(rules.PrivateEndpoints), MaxPrivateEndpoints},
	} {
		if count.got > count.max {
			return fmt.Errorf("policy: %d %s, at most %d are allowed", count.got, count.what, count.max)
		}
	}
	return nil
}

// parseIPRule reads an IPv4 address or range. Bits beyond the length of a range are ignored.
func parseIPRule(s string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(s)
	if !strings.Contains(s, "/") {
		var addr netip.Addr
		addr, err = netip.ParseAddr(s)
		prefix = netip.PrefixFrom(addr, 32)
	}
	if err != nil || !prefix.Addr().Is4() {
		return netip.Prefix{}, fmt.Errorf("policy: IP rule %q is no IPv4 address or range", s)
	}
	prefix = prefix.Masked()
	for _, reserved := range notPublic {
		if prefix.Bits() >= reserved.Bits() && reserved.Contains(prefix.Addr()) {
			return netip.Prefix{}, fmt.Errorf("policy: IP rule %q lies in %v, which is not public", s, reserved)
		}
	}
	return prefix, nil
}

// notPublic are the ranges no IP rule may lie in: private (RFC 1918), loopback, link-local, multicast and above.
var notPublic = []netip.Prefix{
	netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, 0}), 8),
	netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 16, 0, 0}), 12),
	netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 168, 0, 0}), 16),
	netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 0, 0, 0}), 8),
	netip.PrefixFrom(netip.AddrFrom4([4]byte{169, 254, 0, 0}), 16),
	netip.PrefixFrom(netip.AddrFrom4([4]byte{224, 0, 0, 0}), 3),
}

// mergeRanges returns the addresses that rules cover as ranges in order, none overlapping the next.
func mergeRanges(rules []ipRule) []addressRange {
	ranges := make([]addressRange, 0, len(rules))
	for _, rule := range rules {
		first := number(rule.prefix.Addr())
		ranges = append(ranges, addressRange{first, first | uint32(1<<(32-rule.prefix.Bits())-1)})
	}
	slices.SortFunc(ranges, func(a, b addressRange) int { return cmp.Compare(a.first, b.first) })
	merged := ranges[:0]
	for _, r := range ranges {
		if last := len(merged) - 1; last >= 0 && r.first <= merged[last].last {
			merged[last].last = max(merged[last].last, r.last)
		} else {
			merged = append(merged, r)
		}
	}
	return merged
}

func number(addr netip.Addr) uint32 {
	b := addr.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func lowerSet(list []string) map[string]struct{} {
	set := make(map[string]struct{}, len(list))
	for _, s := range list {
		if s != "" {
			set[lower(s)] = struct{}{}
		}
	}
	return set
}

// Allows reports whether a request from src may reach the vault. It takes no lock and does not allocate.
//
// The order is the service's: a private endpoint passes, then a trusted service if bypass lets it, and only then do
// public access, the default action and the rules count.
func (n *Network) Allows(src Source) bool {
	switch {
	case n == nil, contains(n.endpoints, src.PrivateEndpoint):
		return true
	case n.bypass && src.Service != "" && isTrusted(src.Service):
		return true
	case !n.public:
		return false
	}
	return n.allow || n.containsAddr(src.Addr) || contains(n.subnets, src.Subnet)
}

// contains looks up a resource id, which has no case.
func contains(set map[string]struct{}, id string) bool {
	if id == "" || len(set) == 0 {
		return false
	}
	var buf [512]byte
	_, ok := set[string(appendLower(buf[:0], id))]
	return ok
}

// containsAddr finds the last range that begins at or before addr.
func (n *Network) containsAddr(addr netip.Addr) bool {
	addr = addr.Unmap()
	if !addr.Is4() {
		return false
	}
	a := number(addr)
	low, high := 0, len(n.ranges)
	for low < high {
		mid := int(uint(low+high) >> 1)
		if n.ranges[mid].first <= a {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low > 0 && a <= n.ranges[low-1].last
}
