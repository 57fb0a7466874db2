package vault_test

import (
	"errors"
	"fmt"
	"iter"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

const (
	aGUID       = "b36b00af-89c6-435f-a43d-9a3087015c27"
	anotherGUID = "e65117e2-b335-4793-ac6a-b439ce7810d6"
	definitions = "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/"
	hsmAction   = "Microsoft.KeyVault/managedHsm/"
)

// activeHSM is a Managed HSM that can be used, without limits of requests.
func activeHSM(tb failer, o *vault.Options, ho *vault.ManagedHSMOptions) (*world, *vault.ManagedHSM, *vault.Client) {
	tb.Helper()
	unlimited := limiter.Unlimited()
	if o == nil {
		o = new(vault.Options)
	}
	o.Limits = &unlimited
	w := newWorld(tb, o, nil)
	h, c := newHSM(tb, w, ho)
	fine(tb, h.Activate(tb.Context()))
	return w, h, c
}

// guid is a GUID of a number.
func guid(n int) string { return fmt.Sprintf("0a4b1c2d-0000-4000-9000-%012d", n) }

// role is a custom role of data actions.
func role(id, name string, actions ...string) policy.RoleDefinition {
	d := policy.RoleDefinition{ID: id, Name: name, Permissions: []policy.Permission{{}}}
	for _, a := range actions {
		d.Permissions[0].DataActions = append(d.Permissions[0].DataActions, hsmAction+a)
	}
	return d
}

// listed is what a sequence yields.
func listed[T any](tb failer, seq iter.Seq2[T, error]) (list []T) {
	tb.Helper()
	for item, err := range seq {
		fine(tb, err)
		list = append(list, item)
	}
	return list
}

var activity = regexp.MustCompile(` \(Activity ID: [0-9a-f-]{36}\)$`)

// roleRequest is a request about roles as a protocol brings it.
type roleRequest struct {
	operation         vault.Operation
	scope, name, body string
	filter            string
}

// serve makes the request and answers the body, or the error as its status, code and text.
func (q roleRequest) serve(t *testing.T, h *vault.ManagedHSM) string {
	t.Helper()
	x := vault.Exchange{
		Caller: vault.Owner(), Host: "fortress.managedhsm.azure.net", Scope: q.scope, Name: q.name,
		Query: "api-version=7.4", Body: strings.NewReader(q.body), Length: int64(len(q.body)),
	}
	if q.filter != "" {
		x.Query += "&$filter=" + url.QueryEscape(q.filter)
	}
	answer, err := endpoint(q.operation).Serve(t.Context(), h, &x, nil)
	if err != nil {
		e := errs.From(err)
		if !activity.MatchString(e.Message) {
			t.Errorf("%s %s: the text has no activity: %s", q.operation, q.name, e.Message)
		}
		return fmt.Sprintf("%d %s: %s", e.Status, e.Code, activity.ReplaceAllString(e.Message, ""))
	}
	return string(answer)
}

// A role without a name is called by its GUID, as one is that has it for its name.
func TestARoleIsCalledByItsGUID(t *testing.T) {
	t.Parallel()
	_, _, c := activeHSM(t, nil, nil)
	ctx := t.Context()
	for _, name := range []string{"", aGUID} {
		d := got(c.SetRoleDefinition(ctx, policy.RoleDefinition{ID: definitions + aGUID, Name: name}))(t)
		want := policy.RoleDefinition{ID: aGUID, Name: aGUID, Type: policy.CustomRole, AssignableScopes: []string{"/"}}
		if diff := cmp.Diff(want, d); diff != "" {
			t.Errorf("the role called %q:\n%s", name, diff)
		}
	}
	made := got(c.CreateRoleAssignment(ctx, policy.RoleAssignment{Role: aGUID, PrincipalID: "p", Scope: "/keys"}))(t)
	if same := got(c.GetRoleAssignment(ctx, "/", made.ID))(t); same != made || made.Scope != "/keys" || made.Role != aGUID {
		t.Errorf("made %+v, got %+v", made, same)
	}
}

// Requests find what the program has put there, whatever it called it.
func TestRequestsFindTheRolesOfTheProgram(t *testing.T) {
	t.Parallel()
	_, h, c := activeHSM(t, nil, nil)
	ctx := t.Context()
	fine(t, h.SetRBAC(ctx, vault.RBAC{Assignments: []policy.RoleAssignment{
		{Role: "signer", PrincipalID: "alice", Scope: "/"},
		{ID: "bob's", Role: "managed hsm crypto user", PrincipalID: "bob", Scope: "/keys/"},
	}, Roles: []policy.RoleDefinition{role("", "signer", "keys/sign/action")}}))
	custom := listed(t, c.ListRoleDefinitions(ctx, "", &vault.ListRoleDefinitionsOptions{Type: policy.CustomRole}))
	assigned := listed(t, c.ListRoleAssignments(ctx, "", nil))
	if len(custom) != 1 || len(assigned) != 2 || assigned[0].Role != custom[0].ID || assigned[1].Role != policy.ManagedHSMCryptoUser {
		t.Fatalf("custom roles %+v, assignments %+v", custom, assigned)
	}
	got(c.CreateRoleAssignment(ctx, policy.RoleAssignment{Role: custom[0].ID, PrincipalID: "carol", Scope: "/keys/k"}))(t)
	replaced := custom[0]
	replaced.Description = "signs"
	if d := got(c.SetRoleDefinition(ctx, replaced))(t); d.ID != custom[0].ID {
		t.Errorf("replaced %s, which is now %s", custom[0].ID, d.ID)
	}
	for _, a := range assigned {
		if d := got(c.DeleteRoleAssignment(ctx, a.Scope, a.ID))(t); d != a {
			t.Errorf("deleted %+v, want %+v", d, a)
		}
	}
}

// What is refused changes nothing.
func TestRoleRefusals(t *testing.T) {
	t.Parallel()
	_, h, c := activeHSM(t, nil, &vault.ManagedHSMOptions{Administrators: []string{"boss"}})
	ctx := t.Context()
	got(c.SetRoleDefinition(ctx, role(aGUID, "operator", "backup/start/action")))(t)
	got(c.CreateRoleAssignment(ctx, policy.RoleAssignment{ID: aGUID, Role: aGUID, PrincipalID: "p", Scope: "/keys/k"}))(t)
	before := listed(t, c.ListRoleDefinitions(ctx, "/", nil))
	const (
		invalid   = "400 BadParameter: The role definition or role assignment is not valid: "
		builtIn   = "400 BadParameter: Cannot re-use the name/GUID matching that of a built-in role. Please use a unique role ID."
		notFound  = "404 RoleDefinitionNotFound: Requested role definition not found"
		noAssign  = "404 RoleAssignmentNotFound: Requested role assignment not found"
		malformed = "400 BadParameter: "
		badFilter = "400 BadArgument: "
		set       = vault.OpRoleDefinitionSet
		create    = vault.OpRoleAssignmentCreate
	)
	assign := func(role string) string {
		return `{"properties":{"roleDefinitionId":"` + role + `","principalId":"p"}}`
	}
	good := assign(definitions + aGUID)
	for _, r := range []struct {
		roleRequest
		want string
	}{
		{roleRequest{operation: set, name: "my-role", body: `{"properties":{}}`}, "400 BadParameter: Role definition name must be a GUID"},
		{roleRequest{operation: set, name: policy.ManagedHSMBackup, body: `{"properties":{}}`}, builtIn},
		{roleRequest{operation: set, name: anotherGUID, body: `{"properties":{"roleName":"managed hsm Administrator"}}`}, builtIn},
		{roleRequest{operation: set, scope: "/keys", name: anotherGUID, body: `{"properties":{}}`},
			invalid + "role definitions are made and deleted at the scope / only."},
		{roleRequest{operation: set, name: anotherGUID, body: `{"properties":{"roleName":"Operator"}}`},
			invalid + `two role definitions are called "Operator".`},
		{roleRequest{operation: set, name: anotherGUID, body: `{"properties":{"type":"AKVBuiltInRole"}}`},
			invalid + `the type of a role is CustomRole, not "AKVBuiltInRole".`},
		{roleRequest{operation: set, name: anotherGUID, body: `{"properties":{"assignableScopes":["/keys/k"]}}`},
			invalid + `the assignable scope of a role is /, not "/keys/k".`},
		{roleRequest{operation: set, name: anotherGUID, body: `{"properties":{"permissions":[{"dataActions":["Microsoft.KeyVault/managedHsm/keys/lend"]}]}}`},
			invalid + `data action "Microsoft.KeyVault/managedHsm/keys/lend" covers no action of a Managed HSM.`},
		{roleRequest{operation: set, name: anotherGUID, body: `{"roleName":"r"}`}, invalid + "there are no properties."},
		{roleRequest{operation: set, name: anotherGUID}, malformed},
		{roleRequest{operation: set, name: anotherGUID, body: `{"properties":{"roleName":1}}`}, malformed},
		{roleRequest{operation: set, name: anotherGUID, body: `{"properties":{"roleName":"` + strings.Repeat("r", 16<<10) + `"}}`}, "413 "},
		{roleRequest{operation: vault.OpRoleDefinitionDelete, name: policy.ManagedHSMBackup}, builtIn},
		{roleRequest{operation: vault.OpRoleDefinitionDelete, name: anotherGUID}, notFound},
		{roleRequest{operation: vault.OpRoleDefinitionDelete, scope: "/keys/k", name: aGUID},
			invalid + "role definitions are made and deleted at the scope / only."},
		{roleRequest{operation: vault.OpRoleDefinitionDelete, name: aGUID}, invalid + "the role definition is assigned."},
		{roleRequest{operation: vault.OpRoleDefinitionGet, name: "my-role"}, notFound},
		{roleRequest{operation: vault.OpRoleDefinitionGet, scope: "/secrets/s", name: aGUID},
			invalid + `"/secrets/s" is no scope of a Managed HSM: /, /keys or /keys/{name}.`},
		{roleRequest{operation: vault.OpRoleDefinitionList, filter: "roleName eq"}, badFilter},
		{roleRequest{operation: vault.OpRoleDefinitionList, filter: "atScope()"}, badFilter},
		{roleRequest{operation: vault.OpRoleDefinitionList, filter: "roleName eq 'a' or type eq 'b'"}, badFilter},
		{roleRequest{operation: vault.OpRoleAssignmentList, filter: "principalId()"}, badFilter},
		{roleRequest{operation: vault.OpRoleAssignmentList, filter: "roleName eq 'a'"}, badFilter},
		{roleRequest{operation: vault.OpRoleAssignmentList, filter: "principalId eq p or principalId eq q"}, badFilter},
		{roleRequest{operation: vault.OpRoleAssignmentList, filter: "principalId eq 'p' and atScope()"}, badFilter},
		{roleRequest{operation: vault.OpRoleAssignmentList, filter: "principalId eq p'"}, badFilter},
		{roleRequest{operation: vault.OpRoleDefinitionList, filter: "roleName eq Managed HSM Backup"}, badFilter},
		{roleRequest{operation: vault.OpRoleAssignmentList, scope: "/keys/k/v"},
			invalid + `"/keys/k/v" is no scope of a Managed HSM: /, /keys or /keys/{name}.`},
		{roleRequest{operation: create, name: "mine", body: good}, invalid + "the name of a role assignment must be a GUID."},
		{roleRequest{operation: create, name: aGUID, body: good}, "400 RoleAssignmentExists: The role assignment already exists."},
		{roleRequest{operation: create, scope: "/keys/other", name: aGUID, body: good}, "400 RoleAssignmentExists: The role assignment already exists."},
		{roleRequest{operation: create, scope: "/keys/a_b", name: anotherGUID, body: good},
			invalid + `"/keys/a_b" is no scope of a Managed HSM: /, /keys or /keys/{name}.`},
		{roleRequest{operation: create, name: anotherGUID, body: assign(definitions + anotherGUID)},
			invalid + `role assignment "` + anotherGUID + `": there is no role "` + anotherGUID + `".`},
		{roleRequest{operation: create, name: anotherGUID, body: assign("operator")}, invalid + `there is no role "operator".`},
		{roleRequest{operation: create, name: anotherGUID, body: `{"properties":{"roleDefinitionId":"` + aGUID + `"}}`},
			invalid + "the role assignment has no principal."},
		{roleRequest{operation: vault.OpRoleAssignmentGet, scope: "/", name: aGUID}, noAssign},
		{roleRequest{operation: vault.OpRoleAssignmentDelete, scope: "/keys/other", name: aGUID}, noAssign},
		{roleRequest{operation: vault.OpRoleAssignmentDelete, scope: "/keys/k", name: anotherGUID}, noAssign},
	} {
		if have := r.serve(t, h); have != r.want && (strings.HasSuffix(r.want, ".") || !strings.HasPrefix(have, r.want)) {
			t.Errorf("%s %s %s %s %.80s:\n%s\nwant\n%s", r.operation, r.scope, r.name, r.filter, r.body, have, r.want)
		}
	}
	if diff := cmp.Diff(before, listed(t, c.ListRoleDefinitions(ctx, "/", nil))); diff != "" {
		t.Errorf("the definitions have changed:\n%s", diff)
	}
	if n := len(listed(t, c.ListRoleAssignments(ctx, "/", nil))); n != 1 || len(h.Options().Administrators) != 1 {
		t.Errorf("%d assignments of the whole Managed HSM, want that of the administrator", n)
	}
}

// Nobody changes roles before the Managed HSM is activated, without a role that lets them, or faster than five times a
// second.
func TestWhoChangesRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	h, owner := newHSM(t, w, &vault.ManagedHSMOptions{Administrators: []string{"boss"}})
	give := func(c *vault.Client) error {
		_, err := c.CreateRoleAssignment(t.Context(), policy.RoleAssignment{Role: policy.ManagedHSMCryptoAuditor, PrincipalID: "p", Scope: "/keys"})
		return err
	}
	if err := give(owner); !errors.Is(err, errs.NotActivated) {
		t.Errorf("before it is activated: %v", err)
	}
	fine(t, h.Activate(t.Context()))
	w.clock.Advance(time.Second)
	fine(t, give(h.As(vault.Principal("boss"))))
	if err := give(h.As(vault.Principal("p"))); !errors.Is(err, errs.AccessDenied) {
		t.Errorf("an auditor: %v", err)
	}
	if list := listed(t, h.As(vault.Principal("p")).ListRoleAssignments(t.Context(), "/", nil)); len(list) != 2 {
		t.Errorf("an auditor sees %v", list)
	}
	w.clock.Advance(time.Second)
	for i := range 6 {
		if err := give(owner); errors.Is(err, errs.Throttled) != (i == 5) {
			t.Errorf("request %d of a second: %v", i+1, err)
		}
	}
}

// There are 50 custom roles, 50 assignments of the whole Managed HSM, and 10 of each key.
func TestRoleLimits(t *testing.T) {
	t.Parallel()
	_, _, c := activeHSM(t, nil, &vault.ManagedHSMOptions{Administrators: []string{"boss"}})
	ctx := t.Context()
	refused := func(what string, err error, text string) {
		t.Helper()
		if err == nil || errs.From(err).Status != 400 || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for i := range 50 {
		got(c.SetRoleDefinition(ctx, role(guid(i), fmt.Sprint("role ", i), "keys/read/action")))(t)
	}
	_, err := c.SetRoleDefinition(ctx, role(guid(50), "role 50"))
	refused("role 51", err, "There are 50 custom role definitions, which is the most")
	got(c.SetRoleDefinition(ctx, role(guid(7), "role 7, changed")))(t)

	for scope, room := range map[string]int{"/": 30, "/keys": 19, "/keys/a": 10, "/keys/b": 10} {
		for range room {
			got(c.CreateRoleAssignment(ctx, policy.RoleAssignment{Role: guid(1), PrincipalID: "p", Scope: scope}))(t)
		}
	}
	for scope, text := range map[string]string{
		"/":       "There are 50 role assignments at the scope /, which",
		"/keys":   "There are 50 role assignments at the scope /, which",
		"/keys/A": "There are 10 role assignments at the scope /keys/A, which",
	} {
		_, err := c.CreateRoleAssignment(ctx, policy.RoleAssignment{Role: guid(1), PrincipalID: "p", Scope: scope})
		refused("one more at "+scope, err, text)
	}
	first := listed(t, c.ListRoleAssignments(ctx, "/keys/a", nil))[0]
	got(c.DeleteRoleAssignment(ctx, "/keys/a", first.ID))(t)
	got(c.CreateRoleAssignment(ctx, first))(t)
}

// A changed role counts when it has arrived everywhere, and is seen at once.
func TestRolesArriveLate(t *testing.T) {
	t.Parallel()
	w, h, c := activeHSM(t, &vault.Options{Lag: 3 * time.Second}, nil)
	ctx := t.Context()
	user := h.As(vault.Principal("user"))
	random := func() bool { _, err := user.GetRandomBytes(ctx, 1); return err == nil }
	a := got(c.CreateRoleAssignment(ctx, policy.RoleAssignment{Role: policy.ManagedHSMCryptoUser, PrincipalID: "user", Scope: "/"}))(t)
	for i, change := range []func(){
		func() {},
		func() { got(c.DeleteRoleAssignment(ctx, "/", a.ID))(t) },
	} {
		change()
		if n := len(listed(t, c.ListRoleAssignments(ctx, "/", nil))); n != 1-i {
			t.Errorf("%d assignments after change %d", n, i)
		}
		w.clock.Advance(3*time.Second - 1)
		if random() != (i == 1) {
			t.Errorf("change %d was there too soon", i)
		}
		w.clock.Advance(1)
		if random() != (i == 0) {
			t.Errorf("change %d was not there in time", i)
		}
	}
}

// A service made with the same store has the same roles.
func TestRolesAreThereAgain(t *testing.T) {
	t.Parallel()
	w, _, c := activeHSM(t, &vault.Options{Store: store.NewMemory()}, &vault.ManagedHSMOptions{Administrators: []string{"boss"}})
	ctx := t.Context()
	got(c.SetRoleDefinition(ctx, role(aGUID, "signer", "keys/sign/action")))(t)
	got(c.SetRoleDefinition(ctx, policy.RoleDefinition{ID: anotherGUID}))(t)
	got(c.CreateRoleAssignment(ctx, policy.RoleAssignment{Role: aGUID, PrincipalID: "app", Scope: "/keys/Signer"}))(t)
	state := func(c *vault.Client) []any {
		return []any{
			listed(t, c.ListRoleDefinitions(ctx, "/", nil)), listed(t, c.ListRoleAssignments(ctx, "/", nil)),
			listed(t, c.ListRoleAssignments(ctx, "/keys/signer", nil)),
		}
	}
	before := state(c)
	w.reopen(t)
	if diff := cmp.Diff(before, state(w.svc.LookupManagedHSM("fortress").As(vault.Owner())), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the roles have changed:\n%s", diff)
	}
}

// What is made at one time is all there, and of one name there is one.
func TestRolesMadeAtOneTime(t *testing.T) {
	t.Parallel()
	_, _, c := activeHSM(t, nil, nil)
	ctx := t.Context()
	const makers = 8
	var wg sync.WaitGroup
	won := make([]bool, makers)
	for i := range makers {
		wg.Go(func() {
			got(c.SetRoleDefinition(ctx, role(guid(i), fmt.Sprint("role ", i), "keys/read/action")))(t)
			got(c.CreateRoleAssignment(ctx, policy.RoleAssignment{ID: guid(i), Role: guid(i), PrincipalID: "p", Scope: "/"}))(t)
			_, err := c.CreateRoleAssignment(ctx, policy.RoleAssignment{ID: aGUID, Role: guid(i), PrincipalID: "p", Scope: "/keys/k"})
			won[i] = err == nil
		})
	}
	wg.Wait()
	custom := listed(t, c.ListRoleDefinitions(ctx, "/", &vault.ListRoleDefinitionsOptions{Type: policy.CustomRole}))
	assigned := listed(t, c.ListRoleAssignments(ctx, "/", nil))
	winners := slices.DeleteFunc(won, func(w bool) bool { return !w })
	if len(custom) != makers || len(assigned) != makers || len(winners) != 1 {
		t.Errorf("%d roles, %d assignments, %d of one name", len(custom), len(assigned), len(winners))
	}
}

// The audit knows a role assignment by its path.
func TestTheAuditOfRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	h, c := newHSM(t, w, nil)
	fine(t, h.Activate(t.Context()))
	w.trail.take()
	a := got(c.CreateRoleAssignment(t.Context(), policy.RoleAssignment{Role: policy.ManagedHSMCryptoUser, PrincipalID: "p", Scope: "/"}))(t)
	events := w.trail.take()
	if id := events[0].ObjectID(); id != "https://fortress.managedhsm.azure.net/providers/Microsoft.Authorization/roleAssignments/"+a.ID {
		t.Errorf("audited as %s", id)
	}
	if events[0].Product != vault.ProductManagedHSM || events[0].Product.String() != "Managed HSM" {
		t.Errorf("of a %v", events[0].Product)
	}
}

// A policy administrator of one key gives roles at that key, and nowhere else.
func TestAnAdministratorOfOneKey(t *testing.T) {
	t.Parallel()
	unlimited := limiter.Unlimited()
	h, _ := newHSM(t, newWorld(t, &vault.Options{Limits: &unlimited}, nil), nil)
	ctx := t.Context()
	fine(t, h.Activate(ctx))
	fine(t, h.SetRBAC(ctx, vault.RBAC{Assignments: []policy.RoleAssignment{{Role: policy.ManagedHSMPolicyAdministrator, PrincipalID: "team", Scope: "/keys/ours"}}}))
	team := h.As(vault.Principal("team"))
	give := func(scope string) error {
		_, err := team.CreateRoleAssignment(ctx, policy.RoleAssignment{Role: policy.ManagedHSMCryptoUser, PrincipalID: "p", Scope: scope})
		return err
	}
	fine(t, give("/keys/OURS"))
	for _, scope := range append([]string{"/", "/keys", "/keys/theirs", "/keys/ours2", "/keys/", ""}, noScopes...) {
		if err := give(scope); !errors.Is(err, errs.AccessDenied) {
			t.Errorf("gave a role at %q: %v", scope, err)
		}
	}
	if err := give("/"); !errors.Is(err, errs.AccessDenied) || !strings.HasPrefix(errs.From(err).Message, "Not authorized to access Microsoft.KeyVault/managedHsm/roleAssignments/write/action on / (") {
		t.Errorf("at /: %v", err)
	}
	n := 0
	for _, err := range team.ListRoleAssignments(ctx, "/keys/ours", nil) {
		fine(t, err)
		n++
	}
	if n != 2 {
		t.Errorf("%d assignments at the key", n)
	}
	if _, err := h.As(vault.Principal("p")).ListSettings(ctx); !errors.Is(err, errs.AccessDenied) {
		t.Errorf("a user of one key lists settings: %v", err)
	}
}

// An administrator of one key is none of the Managed HSM, and makes nobody one, not even themself.
func TestAnAdministratorOfOneKeyIsNoneOfTheManagedHSM(t *testing.T) {
	t.Parallel()
	_, h, _ := activeHSM(t, nil, nil)
	ctx := t.Context()
	fine(t, h.SetRBAC(ctx, vault.RBAC{Assignments: []policy.RoleAssignment{{Role: policy.ManagedHSMAdministrator, PrincipalID: "small", Scope: "/keys/k"}}}))
	small := h.As(vault.Principal("small"))
	for scope, want := range map[string]string{"/keys/k": "", "/": "AccessDenied", "/keys": "AccessDenied"} {
		_, err := small.CreateRoleAssignment(ctx, policy.RoleAssignment{Role: policy.ManagedHSMAdministrator, PrincipalID: "small", Scope: scope})
		if codes(err) != want {
			t.Errorf("an administrator at %s: %v", scope, err)
		}
	}
	if _, err := small.DownloadSecurityDomain(ctx, nil, 2); codes(err) != "AccessDenied" {
		t.Errorf("the security domain: %v", err)
	}
}

// A filter without a name is not taken for none.
func TestAFilterWithoutAName(t *testing.T) {
	t.Parallel()
	_, h, _ := activeHSM(t, nil, nil)
	for _, o := range []vault.Operation{vault.OpRoleAssignmentList, vault.OpRoleDefinitionList} {
		for _, filter := range []string{"()", "eq 'x'"} {
			if have := (roleRequest{operation: o, filter: filter}).serve(t, h); !strings.HasPrefix(have, "400 BadArgument: ") {
				t.Errorf("%s with the filter %s: %s", o, filter, have)
			}
		}
	}
}
