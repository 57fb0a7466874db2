package policy_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/policy"
)

// build is a caller with everything that can be mistaken for its object id.
func build() *policy.Principal {
	return policy.NewPrincipal(policy.PrincipalInfo{
		TenantID: "home", ObjectID: "build-sp", AppID: "build-app", DisplayName: "build", Groups: []string{"devs"},
		OtherIDs: []policy.OtherID{{ID: "old-build-sp", Of: "another principal named 'build'"}},
	})
}

// decisions are refusals and grants of every kind, under the name of what they show.
func decisions(t *testing.T) []struct {
	name string
	d    policy.Decision
} {
	access := func(entries ...policy.AccessPolicy) *policy.AccessPolicies {
		a, err := policy.CompileAccessPolicies(entries)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	at := func(e policy.AccessPolicy, tenant, app string) policy.AccessPolicy {
		e.TenantID, e.ApplicationID = tenant, app
		return e
	}
	local := func(role, scope string) *policy.Assignments {
		a, err := policy.CompileLocalAssignments(nil, []policy.RoleAssignment{{ID: "ra0", PrincipalID: "build-sp", Role: role, Scope: scope}})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	network := compileNetwork(t, policy.NetworkRules{DefaultAction: policy.Deny, IPRules: []string{"203.0.113.0/24"}})
	strict := compileNetwork(t, policy.NetworkRules{DefaultAction: policy.Deny, Bypass: policy.BypassNone})
	off := compileNetwork(t, policy.NetworkRules{PublicNetworkAccess: policy.PublicDisabled, IPRules: []string{"203.0.113.0/24"}})
	from := func(s string) policy.Source { return policy.Source{Addr: netip.MustParseAddr(s)} }
	get, p := policy.SecretsGet, build()
	denial := policy.DenyAssignment{
		ID: "deny0", Scope: "/", Principals: []string{policy.AllPrincipals}, Permissions: []policy.Permission{permission("secrets/*")},
	}
	wiper := policy.RoleDefinition{Name: "Wiper", Permissions: []policy.Permission{{Actions: []string{full("secrets/*")}}}}
	return []struct {
		name string
		d    policy.Decision
	}{
		{"entry grants", access(entry("devs", "secrets", "get")).Explain(p, get)},
		{"no entry", access(entry("alice", "secrets", "get")).Explain(p, get)},
		{"entry lacks the permission", access(entry("build-sp", "secrets", "list", "set")).Explain(p, get)},
		{"entry has nothing in the collection", access(entry("build-sp", "keys", "get")).Explain(p, get)},
		{"entry for the application id", access(entry("build-app", "secrets", "all")).Explain(p, get)},
		{"entry for a namesake", access(entry("old-build-sp", "secrets", "get")).Explain(p, get)},
		{"entry for another application", access(at(entry("build-sp", "secrets", "get"), "", "portal")).Explain(p, get)},
		{"entry in another tenant", access(at(entry("build-sp", "secrets", "get"), "away", "")).Explain(p, get)},
		{"no access policy can grant it", access().Explain(p, policy.Rng)},

		{"assignment grants by group", assign(t, nil, nil, "devs "+policy.KeyVaultSecretsUser+" "+vaultID+"/secrets/db").Explain(p, get, "secrets/DB")},
		{"no assignment", assign(t, nil, nil).Explain(p, get, "secrets/db")},
		{"no assignment, no built-in role", assign(t, nil, nil).Explain(policy.NewPrincipal(policy.PrincipalInfo{}), get, "secrets/db")},
		{"role lacks the action", assign(t, nil, nil, "build-sp "+policy.KeyVaultReader+" /").Explain(p, get, "secrets/db")},
		{"role only manages the vault", assign(t, nil, nil, "build-sp "+policy.KeyVaultContributor+" /").Explain(p, policy.KeysSign, "keys/app")},
		{"custom role with actions for data actions", assign(t, []policy.RoleDefinition{wiper}, nil, "build-sp Wiper /").Explain(p, get, "secrets/db")},
		{"assignment on one secret, asked to list", assign(t, nil, nil, "build-sp "+policy.KeyVaultSecretsUser+" "+vaultID+"/secrets/db").Explain(p, policy.SecretsList, "")},
		{"assignment on another vault", assign(t, nil, nil, "build-sp "+policy.KeyVaultSecretsUser+" "+vaultID+"2").Explain(p, get, "secrets/db")},
		{"assignment to the application id", assign(t, nil, nil, "build-app "+policy.KeyVaultSecretsUser+" /").Explain(p, get, "secrets/db")},
		{"role known by its id only", assign(t, []policy.RoleDefinition{{ID: guid}}, nil, "build-sp "+guid+" /").Explain(p, get, "secrets/db")},
		{"denied", assign(t, nil, []policy.DenyAssignment{denial}, "build-sp "+policy.KeyVaultAdministrator+" /").Explain(p, get, "secrets/db")},
		{"not in a vault", assign(t, nil, nil).Explain(p, policy.BackupStart, "")},

		{"local role grants", local(policy.ManagedHSMCryptoUser, "/keys/app").Explain(p, policy.KeysSign, "keys/app")},
		{"local role on another key", local(policy.ManagedHSMCryptoUser, "/keys/app").Explain(p, policy.KeysSign, "keys/api")},
		{"the administrator has no keys", local(policy.ManagedHSMAdministrator, "/").Explain(p, policy.KeysSign, "keys/app")},
		{"no secrets in a Managed HSM", local(policy.ManagedHSMAdministrator, "/").Explain(p, get, "secrets/db")},

		{"address in a rule", network.Explain(from("203.0.113.7"))},
		{"address in no rule", network.Explain(from("192.0.2.1"))},
		{"IPv6 address", network.Explain(from("2001:db8::1"))},
		{"private address", network.Explain(from("10.1.2.3"))},
		{"unknown source", network.Explain(policy.Source{})},
		{"unknown subnet", strict.Explain(policy.Source{Subnet: subnet})},
		{"endpoint not approved", off.Explain(policy.Source{PrivateEndpoint: endpoint})},
		{"address in a rule, public access off", off.Explain(from("203.0.113.7"))},
		{"trusted service, bypass None", strict.Explain(policy.Source{Service: service})},
		{"trusted service, perimeter", compileNetwork(t, policy.NetworkRules{PublicNetworkAccess: policy.SecuredByPerimeter}).Explain(policy.Source{Service: service})},
		{"web app", network.Explain(policy.Source{Service: "Azure Web Apps"})},
	}
}

// TestDecisions compares how decisions print with a golden file that a person has read.
func TestDecisions(t *testing.T) {
	var b strings.Builder
	for _, test := range decisions(t) {
		fmt.Fprintf(&b, "-- %s --\n%v\n\n", test.name, test.d)
	}
	golden(t, "decisions.golden", b.String())
}

// TestNearMatches checks what a program may look at instead of the text.
func TestNearMatches(t *testing.T) {
	want := map[string]policy.Near{
		"entry for the application id":              {Kind: policy.NearApplicationID, ID: "build-app"},
		"entry for a namesake":                      {Kind: policy.NearOtherID, ID: "old-build-sp"},
		"entry for another application":             {Kind: policy.NearOtherApplication, ID: "build-sp"},
		"entry in another tenant":                   {Kind: policy.NearOtherTenant, ID: "build-sp"},
		"role only manages the vault":               {Kind: policy.NearControlPlane, ID: "ra0"},
		"custom role with actions for data actions": {Kind: policy.NearControlPlane, ID: "ra0"},
		"assignment on one secret, asked to list":   {Kind: policy.NearOtherScope, ID: "ra0"},
		"assignment on another vault":               {Kind: policy.NearOtherScope, ID: "ra0"},
		"assignment to the application id":          {Kind: policy.NearApplicationID, ID: "build-app"},
		"local role on another key":                 {Kind: policy.NearOtherScope, ID: "ra0"},
		"IPv6 address":                              {Kind: policy.NearAddress, ID: "2001:db8::1"},
		"private address":                           {Kind: policy.NearAddress, ID: "10.1.2.3"},
		"endpoint not approved":                     {Kind: policy.NearEndpoint, ID: endpoint},
		"address in a rule, public access off":      {Kind: policy.NearAddress, ID: "203.0.113.7"},
		"trusted service, bypass None":              {Kind: policy.NearService, ID: service},
		"trusted service, perimeter":                {Kind: policy.NearService, ID: service},
		"web app":                                   {Kind: policy.NearService, ID: "Azure Web Apps"},
	}
	for _, test := range decisions(t) {
		near, expected := want[test.name]
		if len(test.d.Near) > 1 || expected != (len(test.d.Near) == 1) {
			t.Errorf("%s: near matches are %+v", test.name, test.d.Near)
		}
		if expected && len(test.d.Near) == 1 && (test.d.Near[0].Kind != near.Kind || test.d.Near[0].ID != near.ID) {
			t.Errorf("%s: near match is %+v, want %+v", test.name, test.d.Near[0], near)
		}
		delete(want, test.name)
	}
	if len(want) > 0 {
		t.Errorf("no decision is called %v", want)
	}
}

// TestNearMatchesAreBounded: however many grants nearly match, a decision lists a few.
func TestNearMatchesAreBounded(t *testing.T) {
	var entries []policy.AccessPolicy
	for i := range 100 {
		e := entry("build-sp", "secrets", "get")
		e.ApplicationID = fmt.Sprint("app", i)
		entries = append(entries, e)
	}
	access, err := policy.CompileAccessPolicies(entries)
	if err != nil {
		t.Fatal(err)
	}
	if d := access.Explain(build(), policy.SecretsGet); len(d.Near) != 8 {
		t.Errorf("%d near matches", len(d.Near))
	}
}

// TestSmallestGrantHelps: what a refusal proposes is a role that is enough, and no other has fewer rights.
func TestSmallestGrantHelps(t *testing.T) {
	inVault := func(role string) *policy.Assignments {
		if role == "" {
			return assign(t, nil, nil)
		}
		return assign(t, nil, nil, "build-sp "+role+" "+vaultID)
	}
	inHSM := func(role string) *policy.Assignments {
		list := []policy.RoleAssignment{{PrincipalID: "build-sp", Role: role, Scope: "/"}}
		a, err := policy.CompileLocalAssignments(nil, list[:min(1, len(role))])
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for r := range policy.Rights() {
		if r.VaultAction() != "" {
			checkSmallest(t, r, policy.VaultRoles(), policy.RoleDefinition.VaultRights, inVault)
		}
		if r.HSMAction() != "" {
			checkSmallest(t, r, policy.HSMRoles(), policy.RoleDefinition.HSMRights, inHSM)
		}
	}
}

func checkSmallest(t *testing.T, r policy.Right, defs []policy.RoleDefinition, rights func(policy.RoleDefinition) policy.RightSet,
	with func(role string) *policy.Assignments,
) {
	t.Helper()
	d := with("").Explain(build(), r, "")
	var named policy.RoleDefinition
	for _, def := range defs {
		if d.Smallest == "role "+def.Name+" at "+d.Target+" for object id build-sp" {
			named = def
		}
	}
	if !with(named.ID).Allows(build(), r, "") {
		t.Errorf("%v: %q does not help", r, d.Smallest)
	}
	for _, def := range defs {
		if rights(def).Has(r) && rights(def).Len() < rights(named).Len() {
			t.Errorf("%v: %q, but %s is smaller", r, d.Smallest, def.Name)
		}
	}
}

// TestDecisionIsAnError: a refusal can be the cause of an error and be found in it.
func TestDecisionIsAnError(t *testing.T) {
	var access *policy.AccessPolicies
	err := fmt.Errorf("403: %w", access.Explain(who("alice"), policy.KeysGet))
	var d policy.Decision
	if !errors.As(err, &d) || d.Reason != policy.NoEntry {
		t.Errorf("%v holds no decision", err)
	}
	if errors.Is(err, os.ErrNotExist) {
		t.Error("a decision is everything")
	}
}

// TestUnknownWords: values that mean nothing print as such.
func TestUnknownWords(t *testing.T) {
	for got, want := range map[string]string{
		policy.Gate(0).String():     "no gate",
		policy.Gate(99).String():    "no gate",
		policy.Reason(0).String():   "no reason",
		policy.Reason(200).String(): "no reason",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
