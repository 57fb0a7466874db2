package policy_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/policy"
)

// world is everything Azure RBAC is decided from, as generated.
type world struct {
	roles       []policy.RoleDefinition
	assignments []policy.RoleAssignment
	denies      []policy.DenyAssignment
}

// TestAssignmentsAgainstModel compares the compiled RBAC with the model below in random worlds, and Explain with Allows.
func TestAssignmentsAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		compiled, err := policy.CompileAssignments(vaultID, w.roles, w.assignments, w.denies)
		if err != nil {
			t.Fatal(err)
		}
		info := drawPrincipal(t)
		p := policy.NewPrincipal(info)
		for range 8 {
			r := policy.Right(rapid.IntRange(1, policy.NumRights-1).Draw(t, "right"))
			object := rapid.SampledFrom([]string{"", "keys/a", "KEYS/A", "keys/b", "secrets/a"}).Draw(t, "object")
			want := w.allows(info, r, object)
			if got := compiled.Allows(p, r, object); got != want {
				t.Fatalf("%v on %q: Allows is %v, want %v", r, object, got, want)
			}
			if d := compiled.Explain(p, r, object); d.Allowed != want || (d.Reason == policy.Granted) != want {
				t.Fatalf("%v on %q: Explain differs: %v", r, object, d)
			}
		}
	})
}

func drawWorld(t *rapid.T) world {
	scope := rapid.SampledFrom([]string{
		"/", "/subscriptions/s", "/subscriptions/S/resourceGroups/rg/", vaultID, vaultID + "2", "/subscriptions/other",
		vaultID + "/keys/a", vaultID + "/Keys/B", vaultID + "/secrets/a", vaultID + "2/keys/a",
	})
	action := rapid.SampledFrom([]string{
		"*", "*/read", "Microsoft.KeyVault/*", "Microsoft.KeyVault/vaults/*", "Microsoft.KeyVault/vaults/*/read",
		"microsoft.keyvault/VAULTS/keys/*", "Microsoft.KeyVault/vaults/*/purge/action", "Microsoft.KeyVault/vaults/keys/sign/action",
		"Microsoft.KeyVault/vaults/secrets/getSecret/action", "*/delete", "Microsoft.KeyVault/vaults/*s/*e*/action",
		"Microsoft.Storage/storageAccounts/read",
	})
	permissions := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) policy.Permission {
		return policy.Permission{
			Actions:        rapid.SliceOfN(action, 0, 1).Draw(t, "actions"),
			DataActions:    rapid.SliceOfN(action, 0, 3).Draw(t, "dataActions"),
			NotDataActions: rapid.SliceOfN(action, 0, 2).Draw(t, "notDataActions"),
		}
	}), 0, 2)
	var w world
	names := []string{policy.KeyVaultReader, policy.KeyVaultCryptoOfficer, policy.KeyVaultContributor}
	for _, name := range []string{"one", "two"} {
		w.roles = append(w.roles, policy.RoleDefinition{Name: name, Permissions: permissions.Draw(t, name)})
		names = append(names, name)
	}
	w.assignments = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) policy.RoleAssignment {
		return policy.RoleAssignment{
			Role: rapid.SampledFrom(names).Draw(t, "role"), PrincipalID: drawnIDs.Draw(t, "principal"), Scope: scope.Draw(t, "scope"),
		}
	}), 0, 8).Draw(t, "assignments")
	denied := rapid.OneOf(drawnIDs, rapid.Just(policy.AllPrincipals))
	w.denies = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) policy.DenyAssignment {
		return policy.DenyAssignment{
			Scope: scope.Draw(t, "scope"), DoNotApplyToChildScopes: rapid.Bool().Draw(t, "shallow"),
			Permissions: permissions.Draw(t, "permissions"), Principals: rapid.SliceOfN(denied, 0, 2).Draw(t, "principals"),
			ExcludePrincipals: rapid.SliceOfN(drawnIDs, 0, 2).Draw(t, "excluded"),
		}
	}), 0, 3).Draw(t, "denies")
	return w
}

// allows decides as the documentation of Azure RBAC reads, looking at everything for every question: deny assignments
// first, then role assignments, by comparing paths segment by segment and patterns as regular expressions.
func (w world) allows(info policy.PrincipalInfo, r policy.Right, object string) bool {
	resource := vaultID
	if object != "" {
		resource += "/" + object
	}
	me := append([]string{info.ObjectID}, info.Groups...)
	among := func(list []string) bool {
		return slices.ContainsFunc(list, func(id string) bool { return slices.Contains(me, id) })
	}
	for _, d := range w.denies {
		applies := among(d.Principals) || slices.Contains(d.Principals, policy.AllPrincipals)
		covers := isWithin(resource, d.Scope) && (!d.DoNotApplyToChildScopes || isWithin(d.Scope, resource))
		if applies && !among(d.ExcludePrincipals) && covers && gives(d.Permissions, r.VaultAction()) {
			return false
		}
	}
	for _, a := range w.assignments {
		for _, role := range append(policy.VaultRoles(), w.roles...) {
			if (role.ID == a.Role || role.Name == a.Role) && slices.Contains(me, a.PrincipalID) &&
				isWithin(resource, a.Scope) && gives(role.Permissions, r.VaultAction()) {
				return true
			}
		}
	}
	return false
}

func isWithin(resource, scope string) bool {
	path := func(s string) []string { return strings.Split(strings.ToLower(strings.Trim(s, "/")), "/") }
	if scope == "/" {
		return true
	}
	have, want := path(resource), path(scope)
	return len(have) >= len(want) && slices.Equal(have[:len(want)], want)
}

func gives(permissions []policy.Permission, action string) bool {
	matches := func(pattern string) bool {
		expression := "(?i)^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$"
		return regexp.MustCompile(expression).MatchString(action)
	}
	for _, p := range permissions {
		if action != "" && slices.ContainsFunc(p.DataActions, matches) && !slices.ContainsFunc(p.NotDataActions, matches) {
			return true
		}
	}
	return false
}

// FuzzAction compares the matcher of patterns with regular expressions, for every action of a vault.
func FuzzAction(f *testing.F) {
	for _, seed := range []string{"*", "**", "*/read", "Microsoft.KeyVault/vaults/*", "M*t.K*/*/keys/*/ACTION", "keys/read", "", "*\u212aeys*", "*a*a*a*a*b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		if len(pattern) > 64 {
			return // the expressions take long
		}
		expression, err := regexp.Compile("(?is)^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$")
		if err != nil || pattern != strings.ToValidUTF8(pattern, "") || strings.ContainsAny(pattern, "\u017f\u212a") {
			return // regular expressions fold these two into s and k, the service's names do not have them
		}
		def := policy.RoleDefinition{Permissions: []policy.Permission{{DataActions: []string{pattern}}}}
		set := def.VaultRights()
		for r := range policy.Rights() {
			if want := r.VaultAction() != "" && expression.MatchString(r.VaultAction()); set.Has(r) != want {
				t.Fatalf("%q on %q: %v, want %v", pattern, r.VaultAction(), set.Has(r), want)
			}
		}
	})
}

// FuzzScope: whatever a scope is, it is refused or covers what the model says.
func FuzzScope(f *testing.F) {
	for _, seed := range []string{"/", "//", "/subscriptions/s", vaultID + "/secrets/db", vaultID + "//secrets/db", "/keys/a", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, scope string) {
		a := policy.RoleAssignment{PrincipalID: "alice", Role: policy.KeyVaultAdministrator, Scope: scope}
		roles, err := policy.CompileAssignments(vaultID, nil, []policy.RoleAssignment{a}, nil)
		if err != nil || strings.Contains(scope, "\u212a") { // the model takes the Kelvin sign for a k
			return
		}
		for _, object := range []string{"", "secrets/db", "keys/a"} {
			want := isWithin(strings.TrimSuffix(vaultID+"/"+object, "/"), scope) || strings.Trim(scope, "/") == ""
			if got := roles.Allows(who("alice"), policy.SecretsGet, object); got != want {
				t.Fatalf("at %q, %q: %v, want %v", scope, object, got, want)
			}
		}
	})
}
