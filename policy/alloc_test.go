package policy_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/policy"
)

// TestAllowsDoesNotAllocate: the fast answers cost no memory, whichever way they go and however they are spelt.
func TestAllowsDoesNotAllocate(t *testing.T) {
	list := callers(100)
	access := accessOf(t, list)
	denial := policy.DenyAssignment{
		Scope: vaultID + "/keys/app", Principals: []string{"red", policy.AllPrincipals}, ExcludePrincipals: []string{"alice"},
		Permissions: []policy.Permission{permission("*")},
	}
	roles := rolesOf(t, list, denial)
	grouped := who("alice", "group:red", "group:"+list[3].ObjectID())
	network := compileNetwork(t, policy.NetworkRules{
		DefaultAction: policy.Deny, IPRules: []string{"203.0.113.0/24"}, VirtualNetworkRules: []string{subnet}, PrivateEndpoints: []string{endpoint},
	})
	sources := []policy.Source{
		{Addr: netip.MustParseAddr("203.0.113.7")},
		{Addr: netip.MustParseAddr("::ffff:203.0.113.7")},
		{Addr: netip.MustParseAddr("192.0.2.1"), Subnet: strings.ToUpper(subnet)},
		{PrivateEndpoint: strings.ToUpper(endpoint)},
		{Service: "AZURE BACKUP"},
		{Service: "Azure Web Apps", Subnet: subnet + "2", PrivateEndpoint: endpoint + "2"},
	}
	allowed := 0
	count := func(ok bool) {
		if ok {
			allowed++
		}
	}
	allocs := testing.AllocsPerRun(100, func() {
		for _, p := range []*policy.Principal{list[3], grouped, nil} {
			for _, r := range []policy.Right{policy.SecretsGet, policy.SecretsSet, policy.Rng, 0} {
				count(access.Allows(p, r))
				count(roles.Allows(p, r, ""))
				count(roles.Allows(p, r, "secrets/DB"))
				count(roles.Allows(p, r, "Keys/App"))
			}
		}
		for _, src := range sources {
			count(network.Allows(src))
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	if allowed == 0 {
		t.Error("nothing was ever allowed")
	}
}
