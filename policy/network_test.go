package policy_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/policy"
)

const (
	subnet   = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/net/subnets/app"
	endpoint = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/app/privateEndpointConnections/pe"
	service  = "Azure Backup"
)

func compileNetwork(t testing.TB, rules policy.NetworkRules) *policy.Network {
	t.Helper()
	n, err := policy.CompileNetwork(rules)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestNetwork reads as the service's documentation of its firewall does.
func TestNetwork(t *testing.T) {
	closed := policy.NetworkRules{
		DefaultAction: policy.Deny, IPRules: []string{"203.0.113.7", "198.51.100.0/24"},
		VirtualNetworkRules: []string{subnet}, PrivateEndpoints: []string{endpoint},
	}
	with := func(change func(*policy.NetworkRules)) policy.NetworkRules { r := closed; change(&r); return r }
	strict := with(func(r *policy.NetworkRules) { r.Bypass = policy.BypassNone })
	private := with(func(r *policy.NetworkRules) { r.PublicNetworkAccess = policy.PublicDisabled })
	sealed := with(func(r *policy.NetworkRules) { r.PublicNetworkAccess, r.Bypass = "disabled", "none" })
	secured := with(func(r *policy.NetworkRules) { r.PublicNetworkAccess = "securedByPerimeter" })
	open := with(func(r *policy.NetworkRules) { r.DefaultAction = policy.Allow })

	addr := func(s string) policy.Source { return policy.Source{Addr: netip.MustParseAddr(s)} }
	for _, test := range []struct {
		name   string
		rules  policy.NetworkRules
		from   policy.Source
		allow  bool
		reason policy.Reason
		rule   string
	}{
		{"no rules", policy.NetworkRules{}, policy.Source{}, true, policy.Granted, "default action Allow"},
		{"by default, with rules for others", open, addr("192.0.2.1"), true, policy.Granted, "default action Allow"},
		{"an address in a rule", closed, addr("203.0.113.7"), true, policy.Granted, "IP rule 203.0.113.7"},
		{"the address in IPv6 form", closed, addr("::ffff:203.0.113.7"), true, policy.Granted, "IP rule 203.0.113.7"},
		{"the next address", closed, addr("203.0.113.8"), false, policy.AddressNotAllowed, ""},
		{"the first address of a range", closed, addr("198.51.100.0"), true, policy.Granted, "IP rule 198.51.100.0/24"},
		{"the last address of a range", closed, addr("198.51.100.255"), true, policy.Granted, "IP rule 198.51.100.0/24"},
		{"the address before a range", closed, addr("198.51.99.255"), false, policy.AddressNotAllowed, ""},
		{"the address after a range", closed, addr("198.51.101.0"), false, policy.AddressNotAllowed, ""},
		{"an IPv6 address", closed, addr("2001:db8::1"), false, policy.AddressNotAllowed, ""},
		{"an unknown source", closed, policy.Source{}, false, policy.AddressNotAllowed, ""},
		{"an address, bypass None", strict, addr("192.0.2.1"), false, policy.AddressNotAllowedNoBypass, ""},
		{"a subnet in a rule", closed, policy.Source{Subnet: strings.ToUpper(subnet)}, true, policy.Granted, "virtual network rule " + strings.ToUpper(subnet)},
		{"another subnet", closed, policy.Source{Subnet: subnet + "2"}, false, policy.UnknownSubnet, ""},
		{"another subnet, bypass None", strict, policy.Source{Subnet: subnet + "2"}, false, policy.UnknownSubnetNoBypass, ""},
		{"another subnet from an address in a rule", closed, policy.Source{Subnet: subnet + "2", Addr: netip.MustParseAddr("203.0.113.7")}, true, policy.Granted, "IP rule 203.0.113.7"},
		{"an approved endpoint", closed, policy.Source{PrivateEndpoint: endpoint}, true, policy.Granted, "approved private endpoint " + endpoint},
		{"an approved endpoint, bypass None", strict, policy.Source{PrivateEndpoint: strings.ToLower(endpoint)}, true, policy.Granted, "approved private endpoint " + strings.ToLower(endpoint)},
		{"an approved endpoint, public access off", sealed, policy.Source{PrivateEndpoint: endpoint}, true, policy.Granted, "approved private endpoint " + endpoint},
		{"an endpoint that is not approved", closed, policy.Source{PrivateEndpoint: endpoint + "2"}, false, policy.AddressNotAllowed, ""},
		{"an endpoint that is not approved, public access off", private, policy.Source{PrivateEndpoint: endpoint + "2"}, false, policy.PublicAccessDisabled, ""},
		{"a trusted service", closed, policy.Source{Service: "azure BACKUP"}, true, policy.Granted, "trusted service azure BACKUP"},
		{"a trusted service, public access off", private, policy.Source{Service: service}, true, policy.Granted, "trusted service " + service},
		{"a trusted service, bypass None", strict, policy.Source{Service: service}, false, policy.AddressNotAllowedNoBypass, ""},
		{"a trusted service, bypass None, public access off", sealed, policy.Source{Service: service}, false, policy.PublicAccessDisabledNoBypass, ""},
		{"App Service, deploying a certificate", closed, policy.Source{Service: "Azure App Service"}, true, policy.Granted, "trusted service Azure App Service"},
		{"a web app of App Service, calling for itself", closed, policy.Source{Service: "Azure Web Apps"}, false, policy.AddressNotAllowed, ""},
		{"a pipeline", closed, policy.Source{Service: "Azure DevOps"}, false, policy.AddressNotAllowed, ""},
		{"an address in a rule, public access off", private, addr("203.0.113.7"), false, policy.PublicAccessDisabled, ""},
		{"an address in a rule, public access and bypass off", sealed, addr("203.0.113.7"), false, policy.PublicAccessDisabledNoBypass, ""},
		{"a subnet in a rule, public access off", private, policy.Source{Subnet: subnet}, false, policy.PublicAccessDisabled, ""},
		{"an approved endpoint into a perimeter", secured, policy.Source{PrivateEndpoint: endpoint}, true, policy.Granted, "approved private endpoint " + endpoint},
		{"an address in a rule, but a perimeter", secured, addr("203.0.113.7"), false, policy.OutsidePerimeter, ""},
		{"a trusted service, but a perimeter", secured, policy.Source{Service: service}, false, policy.OutsidePerimeter, ""},
		{"by default, public access off", policy.NetworkRules{PublicNetworkAccess: policy.PublicDisabled}, addr("192.0.2.1"), false, policy.PublicAccessDisabled, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := compileNetwork(t, test.rules)
			if got := n.Allows(test.from); got != test.allow {
				t.Errorf("Allows is %v, want %v", got, test.allow)
			}
			d := n.Explain(test.from)
			if d.Allowed != test.allow || d.Reason != test.reason || d.Rule != test.rule || d.Gate != policy.GateNetwork {
				t.Errorf("explained as %v", d)
			}
		})
	}
}

// TestNetworkTruthTable goes through every combination of the settings with every combination of sources.
func TestNetworkTruthTable(t *testing.T) {
	in, out := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("192.0.2.1")
	cases := 0
	for setting := range 12 {
		rules := policy.NetworkRules{
			DefaultAction: policy.Deny, Bypass: policy.BypassNone, PublicNetworkAccess: policy.PublicDisabled,
			IPRules: []string{"203.0.113.0/28"}, VirtualNetworkRules: []string{subnet}, PrivateEndpoints: []string{endpoint},
		}
		allow, bypass, public, perimeter := setting&1 != 0, setting&2 != 0, setting&4 != 0, setting&8 != 0
		if allow {
			rules.DefaultAction = policy.Allow
		}
		if bypass {
			rules.Bypass = policy.BypassAzureServices
		}
		if public {
			rules.PublicNetworkAccess = policy.PublicEnabled
		}
		if perimeter {
			rules.PublicNetworkAccess = policy.SecuredByPerimeter
		}
		n := compileNetwork(t, rules)
		for _, addr := range []netip.Addr{{}, in, out} {
			for _, via := range []string{"", subnet, subnet + "2"} {
				for _, through := range []string{"", endpoint, endpoint + "2"} {
					for _, as := range []string{"", service, "Azure Web Apps"} {
						src := policy.Source{Addr: addr, Subnet: via, PrivateEndpoint: through, Service: as}
						matched := addr == in || via == subnet
						want := through == endpoint || as == service && bypass && !perimeter || public && (matched || allow)
						if got, d := n.Allows(src), n.Explain(src); got != want || d.Allowed != want || (d.Reason == policy.Granted) != want {
							t.Errorf("%+v from %v: %v, want %v; %v", rules, src, got, want, d)
						}
						cases++
					}
				}
			}
		}
	}
	if cases != 12*3*3*3*3 {
		t.Errorf("only %d cases", cases)
	}
}

// TestIPRulesAgainstModel compares the merged ranges with the rules one by one, at and around their edges.
func TestIPRulesAgainstModel(t *testing.T) {
	prefix := rapid.Custom(func(t *rapid.T) netip.Prefix {
		// Few addresses, so that ranges overlap and touch; the top of public space, so that arithmetic may overflow.
		base := rapid.SampledFrom([]uint32{0, 20 << 24, 223<<24 | 0xffff00}).Draw(t, "base")
		a := base + rapid.Uint32Range(0, 255).Draw(t, "offset")
		return netip.PrefixFrom(address(a), rapid.IntRange(24, 32).Draw(t, "bits")).Masked()
	})
	rapid.Check(t, func(t *rapid.T) {
		prefixes := rapid.SliceOfN(prefix, 0, 12).Draw(t, "prefixes")
		rules := policy.NetworkRules{DefaultAction: policy.Deny}
		for _, p := range prefixes {
			rules.IPRules = append(rules.IPRules, p.String())
		}
		n, err := policy.CompileNetwork(rules)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range prefixes {
			first := p.Addr()
			for _, a := range []netip.Addr{first, first.Prev(), last(p), last(p).Next()} {
				want := false
				for _, other := range prefixes {
					want = want || other.Contains(a)
				}
				src := policy.Source{Addr: a}
				if n.Allows(src) != want || n.Explain(src).Allowed != want {
					t.Fatalf("%v in %v: want %v", a, prefixes, want)
				}
			}
		}
	})
}

func address(a uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a)})
}

func last(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	a := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	return address(a + 1<<(32-p.Bits()) - 1)
}

func TestWholeInternet(t *testing.T) {
	n := compileNetwork(t, policy.NetworkRules{DefaultAction: policy.Deny, IPRules: []string{"0.0.0.0/0", "255.0.0.0/0", "1.2.3.4"}})
	for _, a := range []string{"0.0.0.0", "1.2.3.4", "255.255.255.255"} {
		if !n.Allows(policy.Source{Addr: netip.MustParseAddr(a)}) {
			t.Errorf("%s is refused", a)
		}
	}
}

func TestCompileNetworkRefuses(t *testing.T) {
	many := func(n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf("20.0.%d.%d", i/256, i%256)
		}
		return list
	}
	type rules = policy.NetworkRules
	for _, test := range []rules{
		{DefaultAction: "Maybe"}, {Bypass: "Everybody"}, {PublicNetworkAccess: "Sometimes"},
		{IPRules: []string{""}}, {IPRules: []string{"host"}}, {IPRules: []string{"1.2.3"}}, {IPRules: []string{"1.2.3.4/33"}},
		{IPRules: []string{"1.2.3.4-1.2.3.9"}}, {IPRules: []string{"01.2.3.4"}}, {IPRules: []string{"1.2.3.4/"}},
		{IPRules: []string{"2001:db8::1"}}, {IPRules: []string{"2001:db8::/32"}}, {IPRules: []string{"::ffff:1.2.3.4"}},
		{IPRules: []string{"10.1.2.3"}}, {IPRules: []string{"172.31.0.0/16"}}, {IPRules: []string{"192.168.0.0/16"}},
		{IPRules: []string{"127.0.0.1"}}, {IPRules: []string{"169.254.169.254"}}, {IPRules: []string{"224.0.0.1"}},
		{IPRules: []string{"255.255.255.255"}},
		{IPRules: many(policy.MaxIPRules + 1)}, {VirtualNetworkRules: many(policy.MaxVirtualNetworkRules + 1)},
		{PrivateEndpoints: many(policy.MaxPrivateEndpoints + 1)},
	} {
		if n, err := policy.CompileNetwork(test); err == nil || n != nil {
			t.Errorf("%.80v: got %v, %v", test, n, err)
		}
	}
	for _, test := range []rules{{IPRules: many(policy.MaxHSMIPRules + 1)}, {VirtualNetworkRules: []string{subnet}}} {
		if n, err := policy.CompileHSMNetwork(test); err == nil || n != nil {
			t.Errorf("Managed HSM, %.80v: got %v, %v", test, n, err)
		}
	}
	full := rules{IPRules: many(policy.MaxIPRules), VirtualNetworkRules: many(policy.MaxVirtualNetworkRules), PrivateEndpoints: many(policy.MaxPrivateEndpoints)}
	if _, err := policy.CompileNetwork(full); err != nil {
		t.Errorf("as many as allowed: %v", err)
	}
	if _, err := policy.CompileHSMNetwork(rules{IPRules: many(policy.MaxHSMIPRules)}); err != nil {
		t.Errorf("as many as allowed in a Managed HSM: %v", err)
	}
}

func TestNoNetwork(t *testing.T) {
	var none *policy.Network
	if !none.Allows(policy.Source{}) || none.Explain(policy.Source{}).Rule != "no network rules" {
		t.Error("a nil Network refuses")
	}
	if new(policy.Network).Allows(policy.Source{}) {
		t.Error("a Network that was never compiled allows")
	}
}

// TestTrustedServices: every name on the list passes, and nothing that merely looks like one.
func TestTrustedServices(t *testing.T) {
	n := compileNetwork(t, policy.NetworkRules{DefaultAction: policy.Deny})
	names := policy.TrustedServices()
	if len(names) < 30 {
		t.Errorf("only %d trusted services", len(names))
	}
	for _, name := range names {
		if !n.Allows(policy.Source{Service: name}) {
			t.Errorf("%s is refused", name)
		}
		if n.Allows(policy.Source{Service: name + " "}) || n.Allows(policy.Source{Service: name[1:]}) {
			t.Errorf("a name like %s passes", name)
		}
	}
	names[0] = "Azure Web Apps"
	if n.Allows(policy.Source{Service: "Azure Web Apps"}) || policy.TrustedServices()[0] == names[0] {
		t.Error("the list handed out is the list itself")
	}
}

// FuzzIPRule: a rule is refused, or is a range that contains its own address and no IPv6.
func FuzzIPRule(f *testing.F) {
	for _, seed := range []string{"1.2.3.4", "1.2.3.4/24", "0.0.0.0/0", "10.0.0.0/7", "::1", "1.2.3.4%eth0", "1.2.3.4/024"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, rule string) {
		n, err := policy.CompileNetwork(policy.NetworkRules{DefaultAction: policy.Deny, IPRules: []string{rule}})
		if err != nil {
			return
		}
		own, _, _ := strings.Cut(rule, "/")
		if !n.Allows(policy.Source{Addr: netip.MustParseAddr(own)}) {
			t.Fatalf("%q does not contain its own address", rule)
		}
		if n.Allows(policy.Source{}) || n.Allows(policy.Source{Addr: netip.MustParseAddr("2001:db8::1")}) {
			t.Fatalf("%q contains too much", rule)
		}
	})
}
