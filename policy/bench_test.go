package policy_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/embedvault/embedvault/policy"
)

const vaultID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/app"

var sizes = []int{1, 100, 10_000}

// callers returns n principals in an order unrelated to that of their names, so that a benchmark that asks for one
// after the other finds nothing in the nearest cache.
func callers(n int) []*policy.Principal {
	list := make([]*policy.Principal, n)
	for i := range list {
		id := policy.ParseID(fmt.Sprint("principal ", i*7919%n)).String()
		list[i] = policy.NewPrincipal(policy.PrincipalInfo{TenantID: "tenant", ObjectID: id, AppID: "app"})
	}
	return list
}

func accessOf(t testing.TB, list []*policy.Principal) *policy.AccessPolicies {
	entries := make([]policy.AccessPolicy, len(list))
	for i, p := range list {
		entries[i] = policy.AccessPolicy{TenantID: "tenant", ObjectID: p.ObjectID(), Secrets: []string{"get"}}
	}
	access, err := policy.CompileAnyAccessPolicies(entries)
	if err != nil {
		t.Fatal(err)
	}
	return access
}

// rolesOf assigns each principal a role: every fourth on one secret of its own, the others on the vault or above.
func rolesOf(t testing.TB, list []*policy.Principal, denies ...policy.DenyAssignment) *policy.Assignments {
	scopes := []string{"/", "/subscriptions/s/resourceGroups/rg", vaultID, vaultID + "/secrets/db"}
	assignments := make([]policy.RoleAssignment, len(list))
	for i, p := range list {
		assignments[i] = policy.RoleAssignment{
			Role: policy.KeyVaultSecretsUser, PrincipalID: p.ObjectID(), Scope: scopes[i%len(scopes)],
		}
	}
	roles, err := policy.CompileAssignments(vaultID, nil, assignments, denies)
	if err != nil {
		t.Fatal(err)
	}
	return roles
}

func networkOf(t testing.TB, n int) *policy.Network {
	rules := policy.NetworkRules{DefaultAction: policy.Deny}
	for i := range n {
		rules.IPRules = append(rules.IPRules, fmt.Sprintf("20.%d.%d.0/25", i/256, i%256))
	}
	network, err := policy.CompileNetwork(rules)
	if err != nil {
		t.Fatal(err)
	}
	return network
}

func BenchmarkAccessPolicies(b *testing.B) {
	for _, n := range sizes {
		list := callers(n)
		access := accessOf(b, list)
		for _, right := range []policy.Right{policy.SecretsGet, policy.SecretsSet} {
			b.Run(fmt.Sprintf("n=%d/same/%v", n, right), func(b *testing.B) {
				b.ReportAllocs()
				want := right == policy.SecretsGet
				for b.Loop() {
					if access.Allows(list[n/2], right) != want {
						b.Fatal("wrong answer")
					}
				}
			})
		}
		b.Run(fmt.Sprintf("n=%d/all", n), func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if !access.Allows(list[i], policy.SecretsGet) {
					b.Fatal("refused")
				}
				if i++; i == n {
					i = 0
				}
			}
		})
	}
}

// BenchmarkGoMap is what a gate is compared with: one look into a Go map from id to set of rights.
func BenchmarkGoMap(b *testing.B) {
	for _, n := range sizes {
		list := callers(n)
		grants := make(map[policy.ID]policy.RightSet, n)
		for _, p := range list {
			grants[p.ID()] = policy.SetOf(policy.SecretsGet)
		}
		b.Run(fmt.Sprintf("n=%d/same", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !grants[list[n/2].ID()].Has(policy.SecretsGet) {
					b.Fatal("refused")
				}
			}
		})
	}
}

func BenchmarkAssignments(b *testing.B) {
	denial := policy.DenyAssignment{
		Scope: vaultID, Principals: []string{policy.AllPrincipals}, ExcludePrincipals: []string{"breakglass"},
		Permissions: []policy.Permission{{DataActions: []string{"Microsoft.KeyVault/vaults/*/purge/action"}}},
	}
	for _, n := range sizes {
		list := callers(n)
		for name, roles := range map[string]*policy.Assignments{"plain": rolesOf(b, list), "denial": rolesOf(b, list, denial)} {
			b.Run(fmt.Sprintf("n=%d/%s/same", n, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if !roles.Allows(list[n/2], policy.SecretsGet, "secrets/DB") {
						b.Fatal("refused")
					}
				}
			})
			b.Run(fmt.Sprintf("n=%d/%s/all", n, name), func(b *testing.B) {
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					if !roles.Allows(list[i], policy.SecretsGet, "secrets/DB") {
						b.Fatal("refused")
					}
					if i++; i == n {
						i = 0
					}
				}
			})
		}
	}
}

// BenchmarkAssignmentOnObject asks for the last of ten thousand secrets that one principal has been given one by one,
// as a member of the twentieth of its groups.
func BenchmarkAssignmentOnObject(b *testing.B) {
	info := policy.PrincipalInfo{ObjectID: "alice"}
	for i := range 20 {
		info.Groups = append(info.Groups, fmt.Sprint("group ", i))
	}
	assignments := make([]policy.RoleAssignment, 10_000)
	for i := range assignments {
		assignments[i] = policy.RoleAssignment{
			Role: policy.KeyVaultSecretsUser, PrincipalID: info.Groups[19], Scope: fmt.Sprintf("%s/secrets/db-%d", vaultID, i),
		}
	}
	roles, err := policy.CompileAssignments(vaultID, nil, assignments, nil)
	if err != nil {
		b.Fatal(err)
	}
	alice := policy.NewPrincipal(info)
	b.ReportAllocs()
	for b.Loop() {
		if !roles.Allows(alice, policy.SecretsGet, "secrets/DB-9999") {
			b.Fatal("refused")
		}
	}
}

func BenchmarkNetwork(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		network := networkOf(b, n)
		in := policy.Source{Addr: netip.AddrFrom4([4]byte{20, byte((n - 1) / 256), byte((n - 1) % 256), 9})}
		out := policy.Source{Addr: netip.MustParseAddr("20.0.0.200")}
		b.Run(fmt.Sprintf("n=%d/in", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !network.Allows(in) {
					b.Fatal("refused")
				}
			}
		})
		b.Run(fmt.Sprintf("n=%d/out", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if network.Allows(out) {
					b.Fatal("allowed")
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	list := callers(1024)
	b.Run("access/1024", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			accessOf(b, list)
		}
	})
	b.Run("roles/1", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			rolesOf(b, list[:1])
		}
	})
	b.Run("roles/1024", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			rolesOf(b, list)
		}
	})
	b.Run("network/1000", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			networkOf(b, 1000)
		}
	})
}
