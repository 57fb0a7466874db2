package bench_test

import (
	"fmt"
	"testing"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/cedar-policy/cedar-go"

	"github.com/embedvault/embedvault/policy"
)

const (
	vaultID  = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/app"
	secret   = "secrets/db"
	stranger = "nobody"
)

// A vault takes 1024 access policies and a subscription 4000 role assignments; ours is made for more of these.
var (
	accessSizes = []int{1, 100, policy.MaxAccessPolicies}
	roleSizes   = []int{1, 100, 10_000}
)

// policyRows ask whether a principal may read a secret, of a gate with n grants. Up to a hundred principals, from all over
// the gate, ask in turn.
func policyRows() (rows []row) {
	add := func(gate string, sizes []int, open func(testing.TB, int) judges) {
		for _, n := range sizes {
			ask := func(allow bool, who func() []string) func(testing.TB) []side {
				return func(tb testing.TB) []side { return open(tb, n).sides(tb, who(), allow) }
			}
			rows = append(rows, row{fmt.Sprintf("%s/n=%d/allow", gate, n), ask(true, func() []string { return askers(n) })})
			if n == sizes[len(sizes)-1] {
				rows = append(rows, row{fmt.Sprintf("%s/n=%d/deny", gate, n), ask(false, func() []string { return []string{stranger} })})
			}
		}
	}
	add("access", accessSizes, openAccess)
	add("rbac", roleSizes, openRoles)
	return append(rows, networkRows()...)
}

func user(i int) string { return fmt.Sprintf("user-%05d", i) }

// askers are up to a hundred of n users.
func askers(n int) (names []string) {
	count := min(n, 100)
	for i := range count {
		names = append(names, user((i*37%count)*(n/count)))
	}
	return names
}

// judges hold the same grants in three engines.
type judges struct {
	ours   func(tb testing.TB, list []*policy.Principal, allow bool, n int)
	casbin *casbin.CachedEnforcer
	cedar  cedarGate
}

// cedarGate is a fixed set of policies; grants are entities in groups.
type cedarGate struct {
	policies *cedar.PolicySet
	entities cedar.EntityMap
}

func (g cedarGate) ask(who, action, object string) cedar.Request {
	return cedar.Request{
		Principal: cedar.NewEntityUID("User", cedar.String(who)), Action: cedar.NewEntityUID("Action", cedar.String(action)),
		Resource: cedar.NewEntityUID("Object", cedar.String(object)),
	}
}

func (j judges) sides(tb testing.TB, who []string, allow bool) []side {
	list, requests := make([]*policy.Principal, len(who)), make([]cedar.Request, len(who))
	for i, name := range who {
		list[i], requests[i] = principal(name), j.cedar.ask(name, "get", secret)
		must(j.casbin.Enforce(name, secret, "get"))(tb) // from now on it is in the cache
	}
	return []side{
		{"policy", func(tb testing.TB, n int) { j.ours(tb, list, allow, n) }},
		{"casbin-cached", func(tb testing.TB, n int) {
			i := 0
			for range n {
				if ok, err := j.casbin.Enforce(who[i], secret, "get"); ok != allow || err != nil {
					tb.Fatal(ok, err)
				}
				i = next(i, len(who))
			}
		}},
		{"cedar-entities", func(tb testing.TB, n int) {
			i := 0
			for range n {
				if ok, why := cedar.Authorize(j.cedar.policies, j.cedar.entities, requests[i]); bool(ok) != allow {
					tb.Fatal(ok, why)
				}
				i = next(i, len(who))
			}
		}},
	}
}

func principal(name string) *policy.Principal {
	return policy.NewPrincipal(policy.PrincipalInfo{TenantID: "tenant", ObjectID: name, AppID: "app"})
}

// openAccess gives n users the permission to read all secrets, each by an entry of its own.
func openAccess(tb testing.TB, n int) judges {
	access := compileAccess(tb, n)
	j := judges{
		ours: func(tb testing.TB, list []*policy.Principal, allow bool, n int) {
			i := 0
			for range n {
				if access.Allows(list[i], policy.SecretsGet) != allow {
					tb.Fatal("wrong decision")
				}
				i = next(i, len(list))
			}
		},
		casbin: newCasbin(tb),
		cedar:  newCedar(tb, `permit(principal in Group::"readers", action == Action::"get", resource in Vault::"app");`),
	}
	rules := make([][]string, n)
	for i := range n {
		rules[i] = []string{user(i), "vault", "get"}
		j.cedar.join(user(i), "readers")
	}
	must(j.casbin.AddPolicies(rules))(tb)
	return j
}

func compileAccess(tb testing.TB, n int) *policy.AccessPolicies {
	entries := make([]policy.AccessPolicy, n)
	for i := range entries {
		entries[i] = policy.AccessPolicy{TenantID: "tenant", ObjectID: user(i), Secrets: []string{"get"}}
	}
	return must(policy.CompileAccessPolicies(entries))(tb)
}

// openRoles assigns n users the role that reads secrets: every fourth on one secret, the others on the vault.
func openRoles(tb testing.TB, n int) judges {
	roles := compileRoles(tb, n)
	j := judges{
		ours: func(tb testing.TB, list []*policy.Principal, allow bool, n int) {
			i := 0
			for range n {
				if roles.Allows(list[i], policy.SecretsGet, secret) != allow {
					tb.Fatal("wrong decision")
				}
				i = next(i, len(list))
			}
		},
		casbin: newCasbin(tb),
		cedar: newCedar(tb, `
			permit(principal in Group::"vault-readers", action == Action::"get", resource in Vault::"app");
			permit(principal in Group::"secret-readers", action == Action::"get", resource == Object::"secrets/db");`),
	}
	rules := make([][]string, n)
	for i := range n {
		role := "vault-readers"
		if onSecret(i) {
			role = "secret-readers"
		}
		rules[i] = []string{user(i), role}
		j.cedar.join(user(i), role)
	}
	must(j.casbin.AddPolicies([][]string{{"vault-readers", "vault", "get"}, {"secret-readers", secret, "get"}}))(tb)
	must(j.casbin.AddGroupingPolicies(rules))(tb)
	return j
}

func onSecret(i int) bool { return i%4 == 3 }

func compileRoles(tb testing.TB, n int) *policy.Assignments {
	assignments := make([]policy.RoleAssignment, n)
	for i := range assignments {
		scope := vaultID
		if onSecret(i) {
			scope += "/" + secret
		}
		assignments[i] = policy.RoleAssignment{Role: policy.KeyVaultSecretsUser, PrincipalID: user(i), Scope: scope}
	}
	return must(policy.CompileAssignments(vaultID, nil, assignments, nil))(tb)
}

// newCasbin is RBAC with roles of resources: an object is a member of the vault. Its cache remembers every decision.
func newCasbin(tb testing.TB) *casbin.CachedEnforcer {
	m := must(model.NewModelFromString(`
		[request_definition]
		r = sub, obj, act
		[policy_definition]
		p = sub, obj, act
		[role_definition]
		g = _, _
		g2 = _, _
		[policy_effect]
		e = some(where (p.eft == allow))
		[matchers]
		m = g(r.sub, p.sub) && g2(r.obj, p.obj) && r.act == p.act`))(tb)
	e := must(casbin.NewCachedEnforcer(m))(tb)
	for _, object := range objects {
		must(e.AddNamedGroupingPolicy("g2", object, "vault"))(tb)
	}
	return e
}

var objects = []string{secret, "secrets/other"}

func newCedar(tb testing.TB, policies string) cedarGate {
	g := cedarGate{must(cedar.NewPolicySetFromBytes("policies", []byte(policies)))(tb), cedar.EntityMap{}}
	for _, object := range objects {
		g.add(cedar.NewEntityUID("Object", cedar.String(object)), cedar.NewEntityUID("Vault", "app"))
	}
	return g
}

func (g cedarGate) join(name, group string) {
	g.add(cedar.NewEntityUID("User", cedar.String(name)), cedar.NewEntityUID("Group", cedar.String(group)))
}

func (g cedarGate) add(entity, parent cedar.EntityUID) {
	g.entities[entity] = cedar.Entity{UID: entity, Parents: cedar.NewEntityUIDSet(parent)}
}

// All engines decide alike about everybody, on everything.
func TestPoliciesAgree(t *testing.T) {
	const n = 20
	access, roles := compileAccess(t, n), compileRoles(t, n)
	rights := map[string]policy.Right{"get": policy.SecretsGet, "set": policy.SecretsSet}
	agree := func(j judges, who, object, action string, ours, want bool) {
		t.Helper()
		enforced := must(j.casbin.Enforce(who, object, action))(t)
		authorized, _ := cedar.Authorize(j.cedar.policies, j.cedar.entities, j.cedar.ask(who, action, object))
		if ours != want || enforced != want || bool(authorized) != want {
			t.Errorf("%s %s %s: ours %v, casbin %v, cedar %v, want %v", who, action, object, ours, enforced, authorized, want)
		}
	}
	byAccess, byRole := openAccess(t, n), openRoles(t, n)
	for i := range n + 1 {
		who, known := user(i), i < n
		for _, object := range objects {
			for action, right := range rights {
				may := known && action == "get"
				agree(byAccess, who, object, action, access.Allows(principal(who), right), may)
				may = may && (!onSecret(i) || object == secret)
				agree(byRole, who, object, action, roles.Allows(principal(who), right, object), may)
			}
		}
	}
}
