package policy_test

import (
	"encoding/json"
	"fmt"
	"net/netip"

	"github.com/embedvault/embedvault/policy"
)

// An access policy gives permissions on everything in a vault.
func ExampleAccessPolicies() {
	access, err := policy.CompileAccessPolicies([]policy.AccessPolicy{
		{ObjectID: "alice", Keys: []string{"get", "sign"}},
		{ObjectID: "operators", Secrets: []string{"all"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	alice := policy.NewPrincipal(policy.PrincipalInfo{ObjectID: "alice", Groups: []string{"operators"}})
	fmt.Println(access.Allows(alice, policy.KeysSign))
	fmt.Println(access.Allows(alice, policy.SecretsPurge))
	fmt.Println(access.Allows(alice, policy.KeysPurge))
	// Output:
	// true
	// true
	// false
}

// A refusal explains itself. Here the portal shows two ids for an application, and somebody copied the wrong one.
func ExampleAccessPolicies_Explain() {
	access, err := policy.CompileAccessPolicies([]policy.AccessPolicy{
		{ObjectID: "6b5a1f0e-client-id", Secrets: []string{"get"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	app := policy.NewPrincipal(policy.PrincipalInfo{ObjectID: "c0ffee00-object-id", AppID: "6b5a1f0e-client-id"})
	fmt.Println(access.Explain(app, policy.SecretsGet))
	// Output:
	// denied by access policy: secrets get (SecretsGet)
	//   caller:   appid=6b5a1f0e-client-id;oid=c0ffee00-object-id
	//   reason:   no access policy entry is for this caller
	//   near:     the entry for 6b5a1f0e-client-id would grant it, but that is the caller's application (client) id; grants go to an object id
	//   smallest: permission secrets get for object id c0ffee00-object-id
}

// In Azure RBAC a role can be assigned on a single secret. That is not enough to list secrets.
func ExampleCompileAssignments() {
	const vault = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/app"
	roles, err := policy.CompileAssignments(vault, nil, []policy.RoleAssignment{
		{PrincipalID: "alice", Role: policy.KeyVaultSecretsUser, Scope: vault + "/secrets/db"},
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	alice := policy.NewPrincipal(policy.PrincipalInfo{ObjectID: "alice"})
	fmt.Println(roles.Allows(alice, policy.SecretsGet, "secrets/db"))
	fmt.Println(roles.Allows(alice, policy.SecretsGet, "secrets/api"))
	fmt.Println(roles.Allows(alice, policy.SecretsList, ""))
	// Output:
	// true
	// false
	// false
}

// In a Managed HSM the administrator decides who may use keys, and may not use them.
func ExampleCompileLocalAssignments() {
	roles, err := policy.CompileLocalAssignments(nil, []policy.RoleAssignment{
		{PrincipalID: "admin", Role: policy.ManagedHSMAdministrator, Scope: "/"},
		{PrincipalID: "alice", Role: policy.ManagedHSMCryptoUser, Scope: "/keys/app"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	admin := policy.NewPrincipal(policy.PrincipalInfo{ObjectID: "admin"})
	alice := policy.NewPrincipal(policy.PrincipalInfo{ObjectID: "alice"})
	fmt.Println(roles.Allows(admin, policy.RoleAssignmentsWrite, ""), roles.Allows(admin, policy.KeysSign, "keys/app"))
	fmt.Println(roles.Allows(alice, policy.RoleAssignmentsWrite, ""), roles.Allows(alice, policy.KeysSign, "keys/app"))
	// Output:
	// true false
	// false true
}

// A firewall lets in what a rule is for, approved private endpoints and, unless told otherwise, trusted services.
func ExampleNetwork() {
	network, err := policy.CompileNetwork(policy.NetworkRules{
		DefaultAction: policy.Deny,
		IPRules:       []string{"203.0.113.0/24"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(network.Allows(policy.Source{Addr: netip.MustParseAddr("203.0.113.7")}))
	fmt.Println(network.Allows(policy.Source{Service: "Azure Backup"}))
	fmt.Println(network.Explain(policy.Source{Addr: netip.MustParseAddr("192.0.2.1")}))
	// Output:
	// true
	// true
	// denied by network rules
	//   target:   192.0.2.1
	//   reason:   the address is in no rule and the caller is not a trusted service
	//   smallest: IP rule 192.0.2.1
}

// A right has a name in each of the service's three languages.
func ExampleRight() {
	r := policy.KeysGetDeleted
	fmt.Println(r)
	fmt.Println(r.Collection(), r.Permission())
	fmt.Println(r.VaultAction())
	fmt.Println(r.HSMAction())
	// Output:
	// KeysGetDeleted
	// keys get
	// Microsoft.KeyVault/vaults/keys/read
	// Microsoft.KeyVault/managedHsm/keys/deletedKeys/read/action
}

// A role covers rights by patterns of data actions.
func ExampleRoleDefinition() {
	role := policy.RoleDefinition{
		Name: "Careful Key Officer",
		Permissions: []policy.Permission{{
			DataActions:    []string{"Microsoft.KeyVault/vaults/keys/*"},
			NotDataActions: []string{"Microsoft.KeyVault/vaults/keys/purge/action"},
		}},
	}
	rights := role.VaultRights()
	fmt.Println(rights.Has(policy.KeysDelete), rights.Has(policy.KeysPurge))
	// Output: true false
}

// The inputs are read from the JSON of a vault's template.
func ExampleAccessPolicy_UnmarshalJSON() {
	var e policy.AccessPolicy
	err := json.Unmarshal([]byte(`{"objectId": "alice", "permissions": {"keys": ["get"]}}`), &e)
	fmt.Println(e.ObjectID, e.Keys, err)
	// Output: alice [get] <nil>
}

// Names serve as ids where no directory hands out GUIDs.
func ExampleParseID() {
	fmt.Println(policy.ParseID("alice") == policy.ParseID("Alice"))
	fmt.Println(policy.ParseID("0A1B2C3D-4E5F-4789-8ABC-DEF012345678"))
	// Output:
	// true
	// 0a1b2c3d-4e5f-4789-8abc-def012345678
}
