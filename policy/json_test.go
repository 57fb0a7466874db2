package policy_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/policy"
)

// template is what the file arm.json holds: one of each input in the form of Azure Resource Manager.
type template struct {
	AccessPolicies    []policy.AccessPolicy
	RoleDefinitions   []policy.RoleDefinition
	RoleAssignments   []policy.RoleAssignment
	DenyAssignments   []policy.DenyAssignment
	NetworkProperties policy.NetworkRules
}

// TestJSON reads a template as people write them, and writes it back.
func TestJSON(t *testing.T) {
	path := filepath.Join("testdata", "arm.json")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got template
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	want := template{
		AccessPolicies: []policy.AccessPolicy{
			{TenantID: "home", ObjectID: "alice", ApplicationID: "portal", Keys: []string{"get", "wrapKey"}, Secrets: []string{}, Certificates: []string{"all"}, Storage: []string{"getsas"}},
			{TenantID: "home", ObjectID: "bob", Keys: []string{"list"}},
		},
		RoleDefinitions: []policy.RoleDefinition{{
			ID: "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/" + guid, Name: "Signer", Description: "Signs.", Type: policy.CustomRole,
			Permissions: []policy.Permission{{
				Actions: []string{"Microsoft.KeyVault/vaults/read"}, NotActions: []string{},
				DataActions: []string{"Microsoft.KeyVault/vaults/keys/*"}, NotDataActions: []string{"Microsoft.KeyVault/vaults/keys/purge/action"},
			}},
			AssignableScopes: []string{"/subscriptions/s"},
		}},
		RoleAssignments: []policy.RoleAssignment{{ID: "/subscriptions/s/providers/Microsoft.Authorization/roleAssignments/ra", Role: guid, PrincipalID: "alice", Scope: "/subscriptions/s"}},
		DenyAssignments: []policy.DenyAssignment{{
			ID: "/subscriptions/s/providers/Microsoft.Authorization/denyAssignments/da", Name: "no purge", Scope: "/subscriptions/s", DoNotApplyToChildScopes: true,
			Permissions: []policy.Permission{{Actions: []string{}, NotActions: []string{}, DataActions: []string{"*/purge/action"}, NotDataActions: []string{}}},
			Principals:  []string{policy.AllPrincipals}, ExcludePrincipals: []string{"alice"},
		}},
		NetworkProperties: policy.NetworkRules{
			DefaultAction: policy.Deny, Bypass: policy.BypassNone, PublicNetworkAccess: policy.PublicEnabled,
			IPRules: []string{"203.0.113.7"}, VirtualNetworkRules: []string{subnet}, PrivateEndpoints: []string{endpoint},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read as\n%+v\nwant\n%+v", got, want)
	}
	written, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if written = append(written, '\n'); *update {
		if err := os.WriteFile(path, written, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(written, data) {
		t.Errorf("written as\n%s", written)
	}
}

// TestJSONLeavesOut: what was never approved is no endpoint, and unknown members do no harm.
func TestJSONLeavesOut(t *testing.T) {
	var rules policy.NetworkRules
	const text = `{"sku": {"name": "premium"}, "networkAcls": {"virtualNetworkRules": [{"id": "s", "ignoreMissingVnetServiceEndpoint": true}]},
		"privateEndpointConnections": [
			{"id": "p", "properties": {"privateLinkServiceConnectionState": {"status": "Pending"}}}, {"id": "q"},
			{"id": "r", "properties": {"privateLinkServiceConnectionState": {"status": "approved"}}}]}`
	if err := json.Unmarshal([]byte(text), &rules); err != nil {
		t.Fatal(err)
	}
	want := policy.NetworkRules{VirtualNetworkRules: []string{"s"}, PrivateEndpoints: []string{"r"}}
	if !reflect.DeepEqual(rules, want) {
		t.Errorf("read as %+v", rules)
	}
	var a policy.RoleAssignment
	if err := json.Unmarshal([]byte(`{"name": "ra", "properties": {"principalId": "alice"}}`), &a); err != nil || a.ID != "ra" || a.PrincipalID != "alice" {
		t.Errorf("read as %+v, %v", a, err)
	}
}

func TestEmptyJSON(t *testing.T) {
	for want, value := range map[string]any{
		`{}`:                               policy.NetworkRules{},
		`{"objectId":"","permissions":{}}`: policy.AccessPolicy{},
		`{"type":"Microsoft.Authorization/roleDefinitions","properties":{"roleName":"","description":"","type":"CustomRole","permissions":[],"assignableScopes":[]}}`: policy.RoleDefinition{},
		`{"actions":[],"notActions":[],"dataActions":[],"notDataActions":[]}`:                                                                                         policy.Permission{},
	} {
		if got, err := json.Marshal(value); err != nil || string(got) != want {
			t.Errorf("%T is %s, %v; want %s", value, got, err, want)
		}
	}
}

func TestJSONRefuses(t *testing.T) {
	for _, into := range []any{
		new(policy.AccessPolicy), new(policy.RoleDefinition), new(policy.RoleAssignment), new(policy.DenyAssignment),
		new(policy.NetworkRules), new(policy.Permission),
	} {
		if err := json.Unmarshal([]byte(`[1]`), into); err == nil {
			t.Errorf("%T reads a list", into)
		}
	}
}

// TestJSONKeepsTheMeaning: rules that went through JSON decide as before.
func TestJSONKeepsTheMeaning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		var again world
		for _, pair := range [][2]any{{w.roles, &again.roles}, {w.assignments, &again.assignments}, {w.denies, &again.denies}} {
			data, err := json.Marshal(pair[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(data, pair[1]); err != nil {
				t.Fatal(err)
			}
		}
		a, errA := policy.CompileAssignments(vaultID, w.roles, w.assignments, w.denies)
		b, errB := policy.CompileAssignments(vaultID, again.roles, again.assignments, again.denies)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		p := policy.NewPrincipal(drawPrincipal(t))
		for r := range policy.Rights() {
			if a.Allows(p, r, "keys/a") != b.Allows(p, r, "keys/a") {
				t.Fatalf("%v differs after JSON", r)
			}
		}
	})
}

// FuzzJSON: what is read can be written, and read again to the same.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"objectId":"a","permissions":{"keys":["get"]},"properties":{"roleName":"r","principals":[{"id":"x"}]},"networkAcls":{"ipRules":[{"value":"1.2.3.4"}]}}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		check[policy.AccessPolicy](t, data)
		check[policy.RoleDefinition](t, data)
		check[policy.RoleAssignment](t, data)
		check[policy.DenyAssignment](t, data)
		check[policy.NetworkRules](t, data)
	})
}

func check[T any](t *testing.T, data []byte) {
	var first, second T
	if json.Unmarshal(data, &first) != nil {
		return
	}
	once, err := json.Marshal(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(once, &second); err != nil {
		t.Fatal(err)
	}
	if twice, err := json.Marshal(second); err != nil || !bytes.Equal(once, twice) {
		t.Fatalf("%s became %s, %v", once, twice, err)
	}
}
