package policy_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/policy"
)

// who builds a principal in words: an object id, then "tenant:t", "app:a", "group:g".
func who(oid string, words ...string) *policy.Principal {
	info := policy.PrincipalInfo{ObjectID: oid}
	for _, word := range words {
		switch kind, id, _ := strings.Cut(word, ":"); kind {
		case "tenant":
			info.TenantID = id
		case "app":
			info.AppID = id
		case "group":
			info.Groups = append(info.Groups, id)
		default:
			panic("unknown word " + word)
		}
	}
	return policy.NewPrincipal(info)
}

func TestAccessPolicies(t *testing.T) {
	get := []string{"get"}
	access, err := policy.CompileAccessPolicies([]policy.AccessPolicy{
		{ObjectID: "alice", TenantID: "home", Keys: []string{"Get", "wrapKEY"}},
		{ObjectID: "alice", TenantID: "home", Secrets: get},
		{ObjectID: "alice", TenantID: "away", Certificates: get},
		{ObjectID: "team", TenantID: "home", Storage: get},
		{ObjectID: "bob", TenantID: "home", ApplicationID: "portal", Secrets: []string{"all"}},
		{ObjectID: "bob", TenantID: "home", Secrets: []string{"list"}},
		{ObjectID: "carol", Secrets: get},
		{ObjectID: "dave", TenantID: "home"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		p      *policy.Principal
		right  policy.Right
		allow  bool
		reason policy.Reason
	}{
		{"has the permission", who("alice", "tenant:home"), policy.KeysGet, true, policy.Granted},
		{"permissions have no case", who("alice", "tenant:home"), policy.KeysWrapKey, true, policy.Granted},
		{"object ids have no case", who("ALICE", "tenant:HOME"), policy.KeysGet, true, policy.Granted},
		{"lacks the permission", who("alice", "tenant:home"), policy.KeysSign, false, policy.EntryLacksPermission},
		{"entries add up", who("alice", "tenant:home"), policy.SecretsGet, true, policy.Granted},
		{"an entry of another tenant", who("alice", "tenant:home"), policy.CertificatesGet, false, policy.EntryLacksPermission},
		{"the other tenant itself", who("alice", "tenant:away"), policy.CertificatesGet, true, policy.Granted},
		{"the first tenant's entry from the other", who("alice", "tenant:away"), policy.KeysGet, false, policy.EntryLacksPermission},
		{"a third tenant", who("alice", "tenant:third"), policy.KeysGet, false, policy.NoEntry},
		{"a principal of the vault's own tenant", who("alice"), policy.KeysGet, true, policy.Granted},
		{"an entry for the vault's own tenant", who("carol", "tenant:home"), policy.SecretsGet, true, policy.Granted},
		{"by its group", who("erin", "tenant:home", "group:x", "group:team"), policy.StorageGet, true, policy.Granted},
		{"by its group, in another tenant", who("erin", "tenant:away", "group:team"), policy.StorageGet, false, policy.NoEntry},
		{"through the application", who("bob", "tenant:home", "app:portal"), policy.SecretsGet, true, policy.Granted},
		{"through another application", who("bob", "tenant:home", "app:script"), policy.SecretsGet, false, policy.EntryLacksPermission},
		{"through none", who("bob", "tenant:home"), policy.SecretsGet, false, policy.EntryLacksPermission},
		{"an entry without application counts with any", who("bob", "tenant:home", "app:portal"), policy.SecretsList, true, policy.Granted},
		{"the application on its own", who("portal", "tenant:home", "app:portal"), policy.SecretsGet, false, policy.NoEntry},
		{"an entry without permissions", who("dave", "tenant:home"), policy.KeysGet, false, policy.EntryLacksPermission},
		{"nobody has an entry", who("mallory", "tenant:home"), policy.KeysGet, false, policy.NoEntry},
		{"a principal without id", who("", "tenant:home"), policy.KeysGet, false, policy.NoEntry},
		{"no principal", nil, policy.KeysGet, false, policy.NoEntry},
		{"no right", who("alice", "tenant:home"), 0, false, policy.NotGrantable},
		{"a right of a Managed HSM", who("alice", "tenant:home"), policy.Rng, false, policy.NotGrantable},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := access.Allows(test.p, test.right); got != test.allow {
				t.Errorf("Allows is %v, want %v", got, test.allow)
			}
			d := access.Explain(test.p, test.right)
			if d.Allowed != test.allow || d.Reason != test.reason || d.Gate != policy.GateAccessPolicy {
				t.Errorf("Explain is %v by %v, %v; want %v, %v", d.Allowed, d.Gate, d.Reason, test.allow, test.reason)
			}
		})
	}
}

// TestNoAccessPolicies: neither nil nor the zero value nor an empty policy allows anything.
func TestNoAccessPolicies(t *testing.T) {
	empty, err := policy.CompileAccessPolicies(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, access := range []*policy.AccessPolicies{nil, {}, empty} {
		if access.Allows(who("alice"), policy.KeysGet) {
			t.Error("allowed")
		}
		if d := access.Explain(who("alice"), policy.KeysGet); d.Allowed || d.Reason != policy.NoEntry {
			t.Errorf("explained as %v", d)
		}
	}
}

func TestCompileAccessPoliciesRefuses(t *testing.T) {
	many := make([]policy.AccessPolicy, policy.MaxAccessPolicies+1)
	for i := range many {
		many[i].ObjectID = "alice"
	}
	for _, test := range []struct {
		name    string
		entries []policy.AccessPolicy
	}{
		{"an unknown permission", []policy.AccessPolicy{entry("alice", "keys", "get", "fly")}},
		{"a permission of another collection", []policy.AccessPolicy{entry("alice", "secrets", "sign")}},
		{"an empty permission", []policy.AccessPolicy{entry("alice", "storage", "")}},
		{"no object id", []policy.AccessPolicy{entry("", "keys", "get")}},
		{"an object id of zeros", []policy.AccessPolicy{entry(policy.AllPrincipals, "keys", "get")}},
		{"an application id of zeros", []policy.AccessPolicy{{ObjectID: "alice", ApplicationID: policy.AllPrincipals}}},
		{"too many entries", many},
	} {
		if access, err := policy.CompileAccessPolicies(test.entries); err == nil || access != nil {
			t.Errorf("%s: got %v, %v", test.name, access, err)
		}
	}
	if _, err := policy.CompileAccessPolicies(many[1:]); err != nil {
		t.Errorf("as many as allowed: %v", err)
	}
}

// TestAccessPoliciesAreCompiled: what happens to the entries afterwards changes nothing.
func TestAccessPoliciesAreCompiled(t *testing.T) {
	entries := []policy.AccessPolicy{entry("alice", "keys", "get")}
	access, err := policy.CompileAccessPolicies(entries)
	if err != nil {
		t.Fatal(err)
	}
	before := access.Explain(who("alice"), policy.KeysSign).Error()
	entries[0].Keys[0] = "sign"
	entries[0].ObjectID = "bob"
	if access.Allows(who("alice"), policy.KeysSign) || !access.Allows(who("alice"), policy.KeysGet) || access.Allows(who("bob"), policy.KeysGet) {
		t.Error("the policy changed with its input")
	}
	if after := access.Explain(who("alice"), policy.KeysSign).Error(); after != before {
		t.Errorf("the explanation changed from\n%s\nto\n%s", before, after)
	}
}

// drawn are the few names that generated policies and callers share, so that they often meet.
var (
	drawnIDs     = rapid.SampledFrom([]string{"alice", "bob", "carol", "red", "green", "blue"})
	drawnTenants = rapid.SampledFrom([]string{"", "home", "away"})
	drawnApps    = rapid.SampledFrom([]string{"", "portal", "script"})
)

func drawPrincipal(t *rapid.T) policy.PrincipalInfo {
	return policy.PrincipalInfo{
		ObjectID: drawnIDs.Draw(t, "oid"),
		TenantID: drawnTenants.Draw(t, "tenant"),
		AppID:    drawnApps.Draw(t, "app"),
		Groups:   rapid.SliceOfN(drawnIDs, 0, 3).Draw(t, "groups"),
	}
}

// TestAccessPoliciesAgainstModel compares the compiled policy with a reading of the entries one by one, and Explain
// with Allows.
func TestAccessPoliciesAgainstModel(t *testing.T) {
	permissions := rapid.SliceOfN(rapid.SampledFrom([]string{"get", "list", "backup", "purge", "all"}), 0, 2)
	draw := rapid.Custom(func(t *rapid.T) policy.AccessPolicy {
		return policy.AccessPolicy{
			TenantID:      drawnTenants.Draw(t, "tenant"),
			ObjectID:      drawnIDs.Draw(t, "oid"),
			ApplicationID: drawnApps.Draw(t, "application"),
			Keys:          permissions.Draw(t, "keys"),
			Secrets:       permissions.Draw(t, "secrets"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOfN(draw, 0, 12).Draw(t, "entries")
		info := drawPrincipal(t)
		access, err := policy.CompileAccessPolicies(entries)
		if err != nil {
			t.Fatal(err)
		}
		p := policy.NewPrincipal(info)
		for _, r := range []policy.Right{policy.KeysGet, policy.KeysListDeleted, policy.KeysSign, policy.SecretsPurge, policy.StorageGet} {
			want := naiveAccess(entries, info, r)
			if got := access.Allows(p, r); got != want {
				t.Fatalf("%v: Allows is %v, want %v", r, got, want)
			}
			if d := access.Explain(p, r); d.Allowed != want || (d.Reason == policy.Granted) != want {
				t.Fatalf("%v: Explain differs: %v", r, d)
			}
		}
	})
}

func naiveAccess(entries []policy.AccessPolicy, info policy.PrincipalInfo, r policy.Right) bool {
	for _, e := range entries {
		lists := map[string][]string{"keys": e.Keys, "secrets": e.Secrets}
		if (e.ObjectID == info.ObjectID || slices.Contains(info.Groups, e.ObjectID)) &&
			(e.TenantID == "" || info.TenantID == "" || e.TenantID == info.TenantID) &&
			(e.ApplicationID == "" || e.ApplicationID == info.AppID) &&
			(slices.Contains(lists[r.Collection()], r.Permission()) || slices.Contains(lists[r.Collection()], "all")) {
			return true
		}
	}
	return false
}
