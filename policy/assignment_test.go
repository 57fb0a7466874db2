package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/policy"
)

// assign compiles assignments written as "principal role scope", roles being custom ones or ids, in the vault of the
// benchmarks.
func assign(t testing.TB, custom []policy.RoleDefinition, denies []policy.DenyAssignment, texts ...string) *policy.Assignments {
	t.Helper()
	var list []policy.RoleAssignment
	for i, text := range texts {
		words := strings.Fields(text)
		list = append(list, policy.RoleAssignment{ID: fmt.Sprint("ra", i), PrincipalID: words[0], Role: words[1], Scope: words[2]})
	}
	roles, err := policy.CompileAssignments(vaultID, custom, list, denies)
	if err != nil {
		t.Fatal(err)
	}
	return roles
}

// custom returns a role of one permission: data actions, then not-data-actions marked with "-", all short of the
// provider.
func custom(name string, actions ...string) policy.RoleDefinition {
	return policy.RoleDefinition{Name: name, Permissions: []policy.Permission{permission(actions...)}}
}

func permission(actions ...string) policy.Permission {
	var p policy.Permission
	for _, action := range actions {
		if not, ok := strings.CutPrefix(action, "-"); ok {
			p.NotDataActions = append(p.NotDataActions, full(not))
		} else {
			p.DataActions = append(p.DataActions, full(action))
		}
	}
	return p
}

func full(action string) string {
	if strings.HasPrefix(action, "*") {
		return action
	}
	return "Microsoft.KeyVault/vaults/" + action
}

func TestScopes(t *testing.T) {
	const other = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/app2"
	for _, test := range []struct {
		scope  string
		object string
		allow  bool
	}{
		{"/", "secrets/db", true},
		{"/subscriptions/s", "secrets/db", true},
		{"/SUBSCRIPTIONS/S/", "secrets/db", true},
		{"/subscriptions/s2", "secrets/db", false},
		{"/subscriptions/s/resourcegroups/RG", "secrets/db", true},
		{"/subscriptions/s/resourceGroups/r", "secrets/db", false},
		{vaultID, "secrets/db", true},
		{strings.ToUpper(vaultID), "secrets/db", true},
		{vaultID, "", true},
		{other, "secrets/db", false},
		{other + "/secrets/db", "secrets/db", false},
		{vaultID + "/secrets/db", "secrets/db", true},
		{vaultID + "/secrets/DB", "secrets/db", true},
		{vaultID + "/secrets/db", "SECRETS/Db", true},
		{vaultID + "/secrets/db", "secrets/db2", false},
		{vaultID + "/secrets/db", "secrets/d", false},
		{vaultID + "/secrets/db", "keys/db", false},
		{vaultID + "/secrets/db", "", false},
		{"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/app", "secrets/db", false},
	} {
		roles := assign(t, nil, nil, "alice "+policy.KeyVaultSecretsUser+" "+test.scope)
		if got := roles.Allows(who("alice"), policy.SecretsGet, test.object); got != test.allow {
			t.Errorf("assigned at %s, asked about %q: %v, want %v", test.scope, test.object, got, test.allow)
		}
		if roles.Allows(who("bob"), policy.SecretsGet, test.object) || roles.Allows(who("alice"), policy.SecretsSet, test.object) {
			t.Errorf("assigned at %s: too much is allowed", test.scope)
		}
	}
}

// TestManyObjects: of a thousand secrets each has its own grant, in a table where their places must collide.
func TestManyObjects(t *testing.T) {
	const n = 1000
	grants := make([]string, n)
	for i := range grants {
		role := policy.KeyVaultSecretsUser
		if i%3 == 0 {
			role = policy.KeyVaultSecretsOfficer
		}
		grants[i] = fmt.Sprintf("alice %s %s/secrets/s%d", role, vaultID, i)
	}
	roles := assign(t, nil, nil, grants...)
	for i := range n + 100 {
		object := fmt.Sprintf("secrets/S%d", i)
		if got := roles.Allows(who("alice"), policy.SecretsGet, object); got != (i < n) {
			t.Errorf("get %s: %v", object, got)
		}
		if got := roles.Allows(who("alice"), policy.SecretsSet, object); got != (i < n && i%3 == 0) {
			t.Errorf("set %s: %v", object, got)
		}
	}
}

func TestLocalScopes(t *testing.T) {
	for _, test := range []struct {
		scope  string
		object string
		allow  bool
	}{
		{"/", "keys/app", true},
		{"/", "", true},
		{"/keys", "keys/app", true},
		{"/keys/", "", true},
		{"/keys/app", "keys/app", true},
		{"/Keys/APP", "keys/app", true},
		{"/keys/app", "keys/app2", false},
		{"/keys/app", "", false},
	} {
		roles, err := policy.CompileLocalAssignments(nil, []policy.RoleAssignment{
			{PrincipalID: "alice", Role: policy.ManagedHSMCryptoUser, Scope: test.scope},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := roles.Allows(who("alice"), policy.KeysSign, test.object); got != test.allow {
			t.Errorf("assigned at %s, asked about %q: %v, want %v", test.scope, test.object, got, test.allow)
		}
		if d := roles.Explain(who("alice"), policy.KeysSign, test.object); d.Allowed != test.allow || d.Gate != policy.GateLocalRBAC {
			t.Errorf("assigned at %s: explained as %v", test.scope, d)
		}
	}
}

func TestWildcards(t *testing.T) {
	for _, test := range []struct {
		actions []string
		allow   []policy.Right
		refuse  []policy.Right
	}{
		{[]string{"*"}, []policy.Right{policy.KeysGet, policy.SecretsPurge, policy.StorageSetSAS}, []policy.Right{policy.Rng}},
		{[]string{"*/read"}, []policy.Right{policy.KeysGet, policy.CertificatesGetIssuers, policy.StorageGetSAS}, []policy.Right{policy.SecretsGet, policy.SecretsList, policy.KeysSign}},
		{[]string{"secrets/*"}, []policy.Right{policy.SecretsGet, policy.SecretsPurge}, []policy.Right{policy.KeysGet}},
		{[]string{"Secrets/GETSECRET/Action"}, []policy.Right{policy.SecretsGet}, []policy.Right{policy.SecretsSet}},
		{[]string{"keys/*/action"}, []policy.Right{policy.KeysSign, policy.KeysPurge}, []policy.Right{policy.KeysGet, policy.KeysDelete}},
		{[]string{"*s/*d*/*t*n"}, []policy.Right{policy.KeysDecrypt, policy.SecretsUpdate}, []policy.Right{policy.KeysDelete}},
		{[]string{"keys/*", "-keys/purge/action"}, []policy.Right{policy.KeysGet, policy.KeysSign}, []policy.Right{policy.KeysPurge}},
		{[]string{"*", "-*/delete", "-*/purge/action"}, []policy.Right{policy.KeysGet}, []policy.Right{policy.KeysDelete, policy.StoragePurge}},
		{[]string{"keys/read", "-*"}, nil, []policy.Right{policy.KeysGet}},
		{[]string{"-keys/read"}, nil, []policy.Right{policy.KeysGet}},
	} {
		def := custom("custom", test.actions...)
		roles := assign(t, []policy.RoleDefinition{def}, nil, "alice custom "+vaultID)
		for _, r := range test.allow {
			if !roles.Allows(who("alice"), r, "") || !def.VaultRights().Has(r) {
				t.Errorf("%v does not give %v", test.actions, r)
			}
		}
		for _, r := range test.refuse {
			if roles.Allows(who("alice"), r, "") || def.VaultRights().Has(r) {
				t.Errorf("%v gives %v", test.actions, r)
			}
		}
	}
}

// TestNotActionsDoNotDeny: what one role or permission leaves out, another may give.
func TestNotActionsDoNotDeny(t *testing.T) {
	careful := custom("careful", "keys/*", "-keys/purge/action")
	both := policy.RoleDefinition{Name: "both", Permissions: []policy.Permission{
		permission("keys/*", "-keys/purge/action"), permission("keys/purge/action"),
	}}
	roles := assign(t, []policy.RoleDefinition{careful, both, custom("purger", "keys/purge/action")}, nil,
		"alice careful "+vaultID, "bob both "+vaultID, "carol careful "+vaultID, "red purger "+vaultID)
	for name, test := range map[string]struct {
		p     *policy.Principal
		allow bool
	}{
		"one role":               {who("alice"), false},
		"two permissions":        {who("bob"), true},
		"a second role by group": {who("carol", "group:red"), true},
	} {
		if got := roles.Allows(test.p, policy.KeysPurge, "keys/app"); got != test.allow {
			t.Errorf("%s: %v, want %v", name, got, test.allow)
		}
	}
}

func TestDenyAssignments(t *testing.T) {
	purge := []policy.Permission{permission("*/purge/action")}
	for _, test := range []struct {
		name   string
		deny   policy.DenyAssignment
		p      *policy.Principal
		object string
		allow  bool
	}{
		{"the principal", policy.DenyAssignment{Scope: vaultID, Principals: []string{"alice"}}, who("alice"), "keys/app", false},
		{"another principal", policy.DenyAssignment{Scope: vaultID, Principals: []string{"bob"}}, who("alice"), "keys/app", true},
		{"its group", policy.DenyAssignment{Scope: "/", Principals: []string{"red"}}, who("alice", "group:red"), "keys/app", false},
		{"everybody", policy.DenyAssignment{Scope: "/subscriptions/s", Principals: []string{policy.AllPrincipals}}, who("alice"), "keys/app", false},
		{"everybody but the principal", policy.DenyAssignment{Scope: "/", Principals: []string{policy.AllPrincipals}, ExcludePrincipals: []string{"ALICE"}}, who("alice"), "keys/app", true},
		{"everybody but its group", policy.DenyAssignment{Scope: "/", Principals: []string{policy.AllPrincipals}, ExcludePrincipals: []string{"red"}}, who("alice", "group:red"), "keys/app", true},
		{"the group but not the member", policy.DenyAssignment{Scope: "/", Principals: []string{"red"}, ExcludePrincipals: []string{"alice"}}, who("alice", "group:red"), "keys/app", true},
		{"the object", policy.DenyAssignment{Scope: vaultID + "/keys/APP", Principals: []string{"alice"}}, who("alice"), "Keys/app", false},
		{"another object", policy.DenyAssignment{Scope: vaultID + "/keys/app", Principals: []string{"alice"}}, who("alice"), "keys/api", true},
		{"an object of another vault", policy.DenyAssignment{Scope: vaultID + "2/keys/app", Principals: []string{"alice"}}, who("alice"), "keys/app", true},
		{"the vault without its objects, an object", policy.DenyAssignment{Scope: vaultID, DoNotApplyToChildScopes: true, Principals: []string{"alice"}}, who("alice"), "keys/app", true},
		{"the vault without its objects, the vault", policy.DenyAssignment{Scope: vaultID, DoNotApplyToChildScopes: true, Principals: []string{"alice"}}, who("alice"), "", false},
		{"the subscription without what is in it", policy.DenyAssignment{Scope: "/subscriptions/s", DoNotApplyToChildScopes: true, Principals: []string{"alice"}}, who("alice"), "", true},
		{"the object itself only", policy.DenyAssignment{Scope: vaultID + "/keys/app", DoNotApplyToChildScopes: true, Principals: []string{"alice"}}, who("alice"), "keys/app", false},
		{"another action", policy.DenyAssignment{Scope: "/", Principals: []string{"alice"}, Permissions: []policy.Permission{permission("*/read")}}, who("alice"), "keys/app", true},
		{"all but this action", policy.DenyAssignment{Scope: "/", Principals: []string{"alice"}, Permissions: []policy.Permission{permission("*", "-keys/purge/action")}}, who("alice"), "keys/app", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.deny.Permissions == nil {
				test.deny.Permissions = purge
			}
			test.deny.ID = "deny1"
			// A second denial, of something else, must not hide the one under test.
			roles := assign(t, nil, []policy.DenyAssignment{
				{ID: "deny0", Scope: "/", Principals: test.deny.Principals, Permissions: []policy.Permission{permission("secrets/delete")}}, test.deny,
			}, "alice "+policy.KeyVaultAdministrator+" /")
			if got := roles.Allows(test.p, policy.KeysPurge, test.object); got != test.allow {
				t.Errorf("Allows is %v, want %v", got, test.allow)
			}
			d := roles.Explain(test.p, policy.KeysPurge, test.object)
			if d.Allowed != test.allow {
				t.Errorf("Explain is %v", d)
			}
			if !test.allow && (d.Reason != policy.DeniedByAssignment || d.Rule != "deny1" || d.Smallest != "") {
				t.Errorf("explained as %v", d)
			}
		})
	}
}

func TestCompileAssignmentsRefuses(t *testing.T) {
	good := policy.RoleAssignment{PrincipalID: "alice", Role: policy.KeyVaultReader, Scope: vaultID}
	at := func(scope string) policy.RoleAssignment { a := good; a.Scope = scope; return a }
	withRole := func(role string) policy.RoleAssignment { a := good; a.Role = role; return a }
	narrow := custom("narrow", "keys/read")
	narrow.AssignableScopes = []string{"/subscriptions/other", vaultID + "/keys/app"}
	for _, test := range []struct {
		name   string
		custom []policy.RoleDefinition
		list   []policy.RoleAssignment
		denies []policy.DenyAssignment
	}{
		{name: "a role nobody knows", list: []policy.RoleAssignment{withRole("Key Vault King")}},
		{name: "a role of a Managed HSM", list: []policy.RoleAssignment{withRole(policy.ManagedHSMCryptoUser)}},
		{name: "no role", list: []policy.RoleAssignment{withRole("")}},
		{name: "no principal", list: []policy.RoleAssignment{{Role: policy.KeyVaultReader, Scope: "/"}}},
		{name: "an empty scope", list: []policy.RoleAssignment{at("")}},
		{name: "a scope without slash", list: []policy.RoleAssignment{at("subscriptions/s")}},
		{name: "a scope with a hole", list: []policy.RoleAssignment{at("/subscriptions//resourceGroups/rg")}},
		{name: "half a subscription", list: []policy.RoleAssignment{at("/subscriptions")}},
		{name: "no resource group", list: []policy.RoleAssignment{at("/subscriptions/s/groups/rg")}},
		{name: "half a resource", list: []policy.RoleAssignment{at("/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault")}},
		{name: "a management group", list: []policy.RoleAssignment{at("/providers/Microsoft.Management/managementGroups/m")}},
		{name: "a collection", list: []policy.RoleAssignment{at(vaultID + "/secrets")}},
		{name: "no collection", list: []policy.RoleAssignment{at(vaultID + "/things/db")}},
		{name: "a version", list: []policy.RoleAssignment{at(vaultID + "/secrets/db/0123")}},
		{name: "a version in pairs", list: []policy.RoleAssignment{at(vaultID + "/secrets/db/versions/0123")}},
		{name: "where the role may not be assigned", custom: []policy.RoleDefinition{narrow}, list: []policy.RoleAssignment{withRole("narrow")}},
		{name: "a misspelt action", custom: []policy.RoleDefinition{custom("c", "keys/reed")}},
		{name: "a misspelt not-action", custom: []policy.RoleDefinition{custom("c", "keys/*", "-keys/purge")}},
		{name: "an action of a Managed HSM", custom: []policy.RoleDefinition{{Name: "c", Permissions: []policy.Permission{{DataActions: []string{"Microsoft.KeyVault/managedHsm/keys/create"}}}}}},
		{name: "a role without a name", custom: []policy.RoleDefinition{{}}},
		{name: "two roles of one name", custom: []policy.RoleDefinition{{Name: "c"}, {Name: "C"}}},
		{name: "a built-in role's name", custom: []policy.RoleDefinition{{Name: "Key Vault Reader"}}},
		{name: "a built-in role's id", custom: []policy.RoleDefinition{{Name: "c", ID: strings.ToUpper(policy.KeyVaultReader)}}},
		{name: "an assignable scope that is none", custom: []policy.RoleDefinition{{Name: "c", AssignableScopes: []string{"everywhere"}}}},
		{name: "too many", list: make([]policy.RoleAssignment, policy.MaxRoleAssignments+1)},
		{name: "a denial at no scope", denies: []policy.DenyAssignment{{}}},
		{name: "a denial at a collection", denies: []policy.DenyAssignment{{Scope: vaultID + "/keys"}}},
		{name: "a denial of nobody", denies: []policy.DenyAssignment{{Scope: "/", Principals: []string{""}}}},
		{name: "a denial of a misspelt action", denies: []policy.DenyAssignment{{Scope: "/", Permissions: []policy.Permission{permission("keys/reed")}}}},
		{name: "a denial of too many", denies: []policy.DenyAssignment{{Scope: "/", Principals: make([]string, policy.MaxRoleAssignments+1)}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if roles, err := policy.CompileAssignments(vaultID, test.custom, test.list, test.denies); err == nil || roles != nil {
				t.Errorf("got %v, %v", roles, err)
			}
		})
	}
}

func TestCompileAssignmentsNeedsAVault(t *testing.T) {
	for _, scope := range []string{
		"", "/", "/subscriptions/s/resourceGroups/rg", vaultID + "/keys/app",
		"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/app",
	} {
		if roles, err := policy.CompileAssignments(scope, nil, nil, nil); err == nil || roles != nil {
			t.Errorf("%q: got %v, %v", scope, roles, err)
		}
	}
}

func TestCompileAssignmentsAccepts(t *testing.T) {
	narrow := custom("narrow", "keys/read")
	narrow.ID = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/" + guid
	narrow.AssignableScopes = []string{"/subscriptions/s"}
	foreign := policy.RoleDefinition{Name: "blobs", Permissions: []policy.Permission{{DataActions: []string{"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"}}}}
	for _, role := range []string{guid, strings.ToUpper(guid), narrow.ID, "NARROW"} {
		roles := assign(t, []policy.RoleDefinition{narrow, foreign}, nil, "alice "+role+" "+vaultID, "alice blobs /")
		if !roles.Allows(who("alice"), policy.KeysGet, "keys/app") {
			t.Errorf("called %s, the role gives nothing", role)
		}
	}
}

func TestCompileLocalAssignmentsRefuses(t *testing.T) {
	for name, a := range map[string]policy.RoleAssignment{
		"a vault's role":      {PrincipalID: "alice", Role: policy.KeyVaultReader, Scope: "/"},
		"an empty scope":      {PrincipalID: "alice", Role: policy.ManagedHSMBackup},
		"another collection":  {PrincipalID: "alice", Role: policy.ManagedHSMBackup, Scope: "/secrets/db"},
		"a version":           {PrincipalID: "alice", Role: policy.ManagedHSMBackup, Scope: "/keys/app/0123"},
		"a resource of Azure": {PrincipalID: "alice", Role: policy.ManagedHSMBackup, Scope: vaultID},
	} {
		if roles, err := policy.CompileLocalAssignments(nil, []policy.RoleAssignment{a}); err == nil || roles != nil {
			t.Errorf("%s: got %v, %v", name, roles, err)
		}
	}
	misspelt := policy.RoleDefinition{Name: "c", Permissions: []policy.Permission{{DataActions: []string{"Microsoft.KeyVault/managedHsm/keys/create/action"}}}}
	if roles, err := policy.CompileLocalAssignments([]policy.RoleDefinition{misspelt}, nil); err == nil || roles != nil {
		t.Errorf("a misspelt action: got %v, %v", roles, err)
	}
	export := policy.RoleDefinition{Name: "exporter", Permissions: []policy.Permission{{DataActions: []string{"Microsoft.KeyVault/managedHsm/keys/export/action"}}}}
	if _, err := policy.CompileLocalAssignments([]policy.RoleDefinition{export}, nil); err != nil {
		t.Errorf("an action that exists but has no operation: %v", err)
	}
}

// TestNoAssignments: neither nil nor the zero value nor an empty RBAC allows anything.
func TestNoAssignments(t *testing.T) {
	for _, roles := range []*policy.Assignments{nil, {}, assign(t, nil, nil)} {
		if roles.Allows(who("alice"), policy.KeysGet, "") || roles.Explain(who("alice"), policy.KeysGet, "").Allowed {
			t.Error("allowed")
		}
	}
	roles := assign(t, nil, nil, "alice "+policy.KeyVaultAdministrator+" /")
	for _, p := range []*policy.Principal{nil, who("")} {
		if roles.Allows(p, policy.KeysGet, "") || roles.Explain(p, policy.KeysGet, "").Allowed {
			t.Error("allowed for nobody")
		}
	}
}

// TestBuiltInRolesAreNobodysToChange: the roles handed out are copies.
func TestBuiltInRolesAreNobodysToChange(t *testing.T) {
	for _, list := range []func() []policy.RoleDefinition{policy.VaultRoles, policy.HSMRoles} {
		defs := list()
		name, action := defs[0].Name, defs[0].Permissions[0].DataActions[0]
		defs[0].Name, defs[0].Permissions[0].DataActions[0], defs[0].AssignableScopes[0] = "x", "x", "x"
		again := list()
		if again[0].Name != name || again[0].Permissions[0].DataActions[0] != action || again[0].AssignableScopes[0] != "/" {
			t.Error("a change to the copy reached the table")
		}
	}
}

// TestAssignmentsAreCompiled: what happens to the inputs afterwards changes nothing.
func TestAssignmentsAreCompiled(t *testing.T) {
	def := custom("custom", "keys/read")
	deny := policy.DenyAssignment{Scope: "/", Principals: []string{"alice"}, Permissions: []policy.Permission{permission("keys/purge/action")}}
	def.Permissions[0].Actions = []string{full("secrets/*")}
	roles := assign(t, []policy.RoleDefinition{def}, []policy.DenyAssignment{deny}, "alice custom /")
	before := roles.Explain(who("alice"), policy.SecretsGet, "").Error()
	def.Permissions[0].Actions[0] = "*/nothing"
	def.Permissions[0].DataActions[0] = full("keys/*")
	deny.Permissions[0].DataActions[0], deny.Principals[0] = full("*"), policy.AllPrincipals
	if !roles.Allows(who("alice"), policy.KeysGet, "") || roles.Allows(who("alice"), policy.KeysSign, "") {
		t.Error("the assignments changed with their input")
	}
	if after := roles.Explain(who("alice"), policy.SecretsGet, "").Error(); after != before {
		t.Errorf("the explanation changed from\n%s\nto\n%s", before, after)
	}
}
