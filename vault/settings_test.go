package vault_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

// Access policies or roles decide, and one can take the place of the other.
func TestWhoDecidesCanBeExchanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, &vault.VaultOptions{
		AccessPolicies: []policy.AccessPolicy{{ObjectID: "by policy", Secrets: []string{"get"}}},
	})
	got(w.owner.SetSecret(t.Context(), "s", "value", nil))(t)
	may := func(who string) string {
		_, err := w.vault.As(vault.Principal(who)).GetSecret(t.Context(), "s")
		return codes(err)
	}
	check := func(when, byPolicy, byRole string) {
		t.Helper()
		if p, r := may("by policy"), may("by role"); p != byPolicy || r != byRole {
			t.Errorf("%s: by policy %q, by role %q; want %q, %q", when, p, r, byPolicy, byRole)
		}
	}
	check("at first", "", "Forbidden/AccessDenied")

	fine(t, w.vault.SetRBAC(t.Context(), &vault.RBAC{Assignments: []policy.RoleAssignment{
		{Role: policy.KeyVaultSecretsUser, PrincipalID: "by role", Scope: resource},
	}}))
	check("with RBAC", "Forbidden/ForbiddenByRbac", "")

	// Access policies can be written meanwhile; they count when they decide again.
	fine(t, w.vault.SetAccessPolicies(t.Context(),
		policy.AccessPolicy{ObjectID: "by policy", Secrets: []string{"list"}},
		policy.AccessPolicy{ObjectID: "by role", Secrets: []string{"get"}}))
	check("still with RBAC", "Forbidden/ForbiddenByRbac", "")
	fine(t, w.vault.SetRBAC(t.Context(), nil))
	check("with access policies again", "Forbidden/ForbiddenByPolicy", "")

	// What does not compile changes nothing.
	err := w.vault.SetRBAC(t.Context(), &vault.RBAC{Assignments: []policy.RoleAssignment{{Role: "no such role", PrincipalID: "x", Scope: "/"}}})
	if errs.StatusOf(err) != 400 {
		t.Errorf("a role that does not exist: %v", err)
	}
	check("after a refused change", "Forbidden/ForbiddenByPolicy", "")
}

// A change of roles counts when the lag is over. A change of anything else does not put that off.
func TestRolesLagByThemselves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &vault.Options{Lag: 10 * time.Second}, nil)
	got(w.owner.SetSecret(t.Context(), "s", "value", nil))(t)
	app := w.vault.As(vault.Principal("app"))
	may := func(when string, want bool) {
		t.Helper()
		if _, err := app.GetSecret(t.Context(), "s"); (err == nil) != want {
			t.Errorf("%s: %v", when, err)
		}
	}
	fine(t, w.vault.SetRBAC(t.Context(), new(vault.RBAC)))
	fine(t, w.vault.SetRBAC(t.Context(), &vault.RBAC{Assignments: []policy.RoleAssignment{
		{Role: policy.KeyVaultSecretsUser, PrincipalID: "app", Scope: "/"},
	}}))
	may("at once", false)
	w.clock.Advance(9 * time.Second)
	fine(t, w.vault.SetNetwork(t.Context(), policy.NetworkRules{Bypass: policy.BypassNone}))
	may("within the lag", false)
	w.clock.Advance(time.Second)
	may("when the lag is over", true)
	fine(t, w.vault.SetNetwork(t.Context(), policy.NetworkRules{}))
	may("after another change", true)
}

// Settings share nothing with who gave them or who asked for them: no right comes or goes by writing to a slice.
func TestSettingsShareNothing(t *testing.T) {
	t.Parallel()
	entries := []policy.AccessPolicy{{ObjectID: "app", Secrets: []string{"list"}}}
	rules := policy.NetworkRules{DefaultAction: policy.Deny, IPRules: []string{"198.51.100.7"}}
	w := newWorld(t, nil, &vault.VaultOptions{AccessPolicies: entries, Network: rules})
	got(w.owner.SetSecret(t.Context(), "s", "value", nil))(t)
	check := func(when string) {
		t.Helper()
		fine(t, w.vault.EnablePurgeProtection(t.Context())) // a change of something else
		_, right := w.vault.As(vault.Principal("app").From(netip.MustParseAddr("198.51.100.7"))).GetSecret(t.Context(), "s")
		if codes(right) == "" || strings.HasSuffix(codes(right), "Firewall") {
			t.Errorf("%s, the policy was asked and said %q", when, codes(right))
		}
		_, network := w.vault.As(vault.Owner().From(outside.Addr)).GetSecret(t.Context(), "s")
		if codes(network) != "Forbidden/ForbiddenByFirewall" {
			t.Errorf("%s, the firewall said %q", when, codes(network))
		}
	}
	check("at first")

	entries[0].ObjectID, entries[0].Secrets[0], rules.IPRules[0] = "other", "get", outside.Addr.String()
	check("after the giver wrote to it")
	o := w.vault.Options()
	o.AccessPolicies[0].Secrets[0], o.Network.IPRules[0] = "get", outside.Addr.String()
	check("after an asker wrote to it")

	roles := &vault.RBAC{
		Roles: []policy.RoleDefinition{{Name: "lister", Permissions: []policy.Permission{
			{DataActions: []string{"Microsoft.KeyVault/vaults/secrets/readMetadata/action"}},
		}}},
		Assignments: []policy.RoleAssignment{{Role: "lister", PrincipalID: "app", Scope: "/"}},
	}
	fine(t, w.vault.SetRBAC(t.Context(), roles))
	check("with roles")
	roles.Roles[0].Permissions[0].DataActions[0] = "*"
	roles.Assignments[0].Role = policy.KeyVaultAdministrator
	check("after the giver wrote to them")
	w.vault.Options().RBAC.Roles[0].Permissions[0].DataActions[0] = "*"
	w.vault.Options().RBAC.Assignments[0].Role = policy.KeyVaultAdministrator
	check("after an asker wrote to them")
}
