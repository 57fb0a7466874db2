package vault_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

// noScopes are texts that are no scope, each of which has something in it that could be taken for the key "ours".
var noScopes = []string{
	"/secrets/ours", "keys/ours", "ours", "/ours", "//keys/ours", "/keys//ours", "/keys/ours/0123", "/keys/theirs/ours", "/keys/a_b/ours",
	"/keys/../ours", "/\u212aeys/ours", "/key\u017f", "/keys/our\u017f",
}

var roleOperations = []vault.Operation{
	vault.OpRoleDefinitionList, vault.OpRoleDefinitionGet, vault.OpRoleDefinitionSet, vault.OpRoleDefinitionDelete,
	vault.OpRoleAssignmentList, vault.OpRoleAssignmentGet, vault.OpRoleAssignmentCreate, vault.OpRoleAssignmentDelete,
}

// A request at what is no scope is judged as one about the whole Managed HSM, and told so when its form is looked at: after
// the gates and the throttle.
func TestWhatIsNoScopeIsJudgedAsTheWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	h, _ := newHSM(t, w, nil)
	fine(t, h.Activate(t.Context()))
	fine(t, h.SetRBAC(t.Context(), vault.RBAC{Assignments: []policy.RoleAssignment{
		{Role: policy.ManagedHSMAdministrator, PrincipalID: "of one key", Scope: "/keys/ours"},
		{Role: policy.ManagedHSMAdministrator, PrincipalID: "of all", Scope: "/"},
	}}))
	ask := func(who vault.Caller, o vault.Operation, scope string) (let bool, err error) {
		x := vault.Exchange{
			Caller: who, Scope: scope, Query: "api-version=7.4", Length: -1,
			Body: strings.NewReader(`{"properties":{"roleDefinitionId":"` + aGUID + `","principalId":"p"}}`),
		}
		if !strings.HasSuffix(string(o), "List") {
			x.Name = aGUID
		}
		_, err = endpoint(o).Serve(t.Context(), h, &x, nil)
		return endpoint(o).Allowed(h, &x), err
	}
	for _, o := range roleOperations {
		for _, scope := range noScopes {
			w.clock.Advance(time.Second)
			if let, err := ask(vault.Caller{}, o, scope); codes(err) != "Unauthorized" || let {
				t.Errorf("%s at %q by nobody: %v", o, scope, err)
			}
			let, err := ask(vault.Principal("of one key"), o, scope)
			if !errors.Is(err, errs.AccessDenied) || let || !strings.Contains(err.Error(), "/action on / (") {
				t.Errorf("%s at %q by the administrator of a key: %v", o, scope, err)
			}
			for i := range 6 {
				let, err := ask(vault.Principal("of all"), o, scope)
				want := map[bool]string{false: "BadParameter", true: "Throttled"}[i == 5]
				if codes(err) != want || !let || i < 5 && !strings.Contains(err.Error(), "is no scope of a Managed HSM") {
					t.Errorf("%s at %q by an administrator, request %d: %v", o, scope, i+1, err)
				}
			}
		}
	}
}

// A scope counts for requests about roles alone: no other request is judged by it.
func TestAScopeLendsNothing(t *testing.T) {
	t.Parallel()
	_, h, c := activeHSM(t, nil, nil)
	got(c.CreateKey(t.Context(), "theirs", vault.EC(vault.P256), nil))(t)
	fine(t, h.SetRBAC(t.Context(), vault.RBAC{Assignments: []policy.RoleAssignment{{Role: policy.ManagedHSMCryptoUser, PrincipalID: "user", Scope: "/keys/ours"}}}))
	x := vault.Exchange{Caller: vault.Principal("user"), Name: "theirs", Scope: "/keys/ours", Query: "api-version=7.4"}
	if _, err := endpoint(vault.OpKeyGet).Serve(t.Context(), h, &x, nil); !errors.Is(err, errs.AccessDenied) {
		t.Errorf("got a key by the right to another: %v", err)
	}
}

// No scope is the whole Managed HSM, except where a role is given.
func TestNoScopeIsTheWhole(t *testing.T) {
	t.Parallel()
	_, h, c := activeHSM(t, nil, nil)
	ctx := t.Context()
	d := got(c.SetRoleDefinition(ctx, role(aGUID, "signer", "keys/sign/action")))(t)
	given := policy.RoleAssignment{ID: anotherGUID, Role: d.ID, PrincipalID: "p"}
	if _, err := c.CreateRoleAssignment(ctx, given); codes(err) != "BadParameter" || !strings.Contains(err.Error(), "has no scope") {
		t.Errorf("given nowhere: %v", err)
	}
	if _, err := h.As(vault.Principal("p")).CreateRoleAssignment(ctx, given); codes(err) != "AccessDenied" {
		t.Errorf("given nowhere by somebody who may give no roles: %v", err)
	}
	given.Scope = "/"
	got(c.CreateRoleAssignment(ctx, given))(t)
	a := got(c.GetRoleAssignment(ctx, "", anotherGUID))(t)
	all := listed(t, c.ListRoleAssignments(ctx, "", nil))
	if a.Scope != "/" || len(all) != 1 || all[0] != a || got(c.GetRoleDefinition(ctx, "", aGUID))(t).ID != aGUID {
		t.Errorf("there are %+v, got %+v", all, a)
	}
	if gone := got(c.DeleteRoleAssignment(ctx, "", anotherGUID))(t); gone != a {
		t.Errorf("deleted %+v", gone)
	}
	got(c.DeleteRoleDefinition(ctx, aGUID))(t)
	if _, err := c.GetRoleDefinition(ctx, "", aGUID); codes(err) != "RoleDefinitionNotFound" {
		t.Errorf("got what was deleted: %v", err)
	}
}

// scopeForm is what a scope is, as a pattern.
var scopeForm = regexp.MustCompile(`^/(?:[kK][eE][yY][sS](?:/([0-9a-zA-Z-]{1,127}))?)?/*$`)

// A text is a scope if it has the form of one, and a role that is given there is found at the same place in any spelling.
func TestScopesHaveOneForm(t *testing.T) {
	t.Parallel()
	_, _, c := activeHSM(t, nil, nil)
	ctx := t.Context()
	parts := rapid.SampledFrom(append([]string{"/", "/", "/", "keys", "KEYS", "/keys/", "k1", "K-2", "_", "secrets", " ", strings.Repeat("k", 127), "\u212a"}, noScopes...))
	rapid.Check(t, func(t *rapid.T) {
		scope := strings.Join(rapid.SliceOfN(parts, 1, 5).Draw(t, "parts"), "")
		form := scopeForm.FindStringSubmatch(scope)
		a, err := c.CreateRoleAssignment(ctx, policy.RoleAssignment{Role: policy.ManagedHSMBackup, PrincipalID: "p", Scope: scope})
		if form == nil {
			if codes(err) != "BadParameter" {
				t.Fatalf("at %q: %v", scope, err)
			}
			return
		}
		want := "/"
		if form[1] != "" {
			want = "/keys/" + form[1]
		} else if strings.Trim(scope, "/") != "" {
			want = "/keys"
		}
		if err != nil || a.Scope != want {
			t.Fatalf("at %q: made at %q, %v, want %q", scope, a.Scope, err, want)
		}
		if gone := got(c.DeleteRoleAssignment(ctx, strings.ToUpper(a.Scope)+"/", a.ID))(t); gone != a {
			t.Fatalf("made %+v, deleted %+v", a, gone)
		}
	})
}
