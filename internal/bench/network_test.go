package bench_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/embedvault/embedvault/policy"
)

// networkRows compare a firewall of n rules with asking one netip.Prefix after the other. The address that gets through is
// that of the last rule.
func networkRows() (rows []row) {
	for _, n := range []int{10, policy.MaxIPRules} {
		inside := netip.AddrFrom4([4]byte{20, byte((n - 1) / 256), byte((n - 1) % 256), 9})
		outside := netip.MustParseAddr("20.0.0.200")
		rows = append(rows,
			row{fmt.Sprintf("network/n=%d/in", n), func(tb testing.TB) []side { return networkSides(tb, n, inside, true) }},
			row{fmt.Sprintf("network/n=%d/out", n), func(tb testing.TB) []side { return networkSides(tb, n, outside, false) }})
	}
	return rows
}

func networkSides(tb testing.TB, n int, from netip.Addr, allow bool) []side {
	network, prefixes := openNetwork(tb, n)
	source := policy.Source{Addr: from}
	return []side{
		{"policy", func(tb testing.TB, n int) {
			for range n {
				if network.Allows(source) != allow {
					tb.Fatal("wrong decision")
				}
			}
		}},
		{"netip-scan", func(tb testing.TB, n int) {
			for range n {
				if scan(prefixes, from) != allow {
					tb.Fatal("wrong decision")
				}
			}
		}},
	}
}

// openNetwork allows the lower half of each of n ranges of 256 addresses.
func openNetwork(tb testing.TB, n int) (*policy.Network, []netip.Prefix) {
	rules := policy.NetworkRules{DefaultAction: policy.Deny}
	prefixes := make([]netip.Prefix, n)
	for i := range prefixes {
		prefixes[i] = netip.PrefixFrom(netip.AddrFrom4([4]byte{20, byte(i / 256), byte(i % 256), 0}), 25)
		rules.IPRules = append(rules.IPRules, prefixes[i].String())
	}
	return must(policy.CompileNetwork(rules))(tb), prefixes
}

func scan(prefixes []netip.Prefix, from netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(from) })
}

func TestNetworksAgree(t *testing.T) {
	network, prefixes := openNetwork(t, policy.MaxIPRules)
	random, passed := rand.New(rand.NewPCG(1, 2)), 0
	for range 10_000 {
		from := netip.AddrFrom4([4]byte{20, byte(random.IntN(5)), byte(random.IntN(256)), byte(random.IntN(256))})
		ours, theirs := network.Allows(policy.Source{Addr: from}), scan(prefixes, from)
		if ours != theirs {
			t.Fatalf("%v: %v, the scan %v", from, ours, theirs)
		}
		if ours {
			passed++
		}
	}
	if passed < 3000 || passed > 5000 {
		t.Errorf("%d of 10000 passed: the addresses prove little", passed)
	}
}
