package vault_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

// probe is a request that tells whether a caller has a data action. That which names no key is about the whole Managed HSM.
type probe struct {
	action string
	keyed  bool
	roles  []string // the built-in roles that have the action, as they are documented
	do     func(context.Context, *vault.Client, string) error
}

var (
	adm, officer, user = policy.ManagedHSMAdministrator, policy.ManagedHSMCryptoOfficer, policy.ManagedHSMCryptoUser
	policies, auditor  = policy.ManagedHSMPolicyAdministrator, policy.ManagedHSMCryptoAuditor
	wrapper, backups   = policy.ManagedHSMCryptoServiceEncryptionUser, policy.ManagedHSMBackup
)

// What a request answers besides the 403 of the roles does not matter: none of them changes anything.
var probes = []probe{
	{"keys/read/action", true, []string{user, wrapper, auditor}, func(ctx context.Context, c *vault.Client, key string) error {
		_, err := c.GetKey(ctx, vault.Ref(key))
		return err
	}},
	{"keys/sign/action", true, []string{user}, func(ctx context.Context, c *vault.Client, key string) error {
		_, err := c.Sign(ctx, vault.Ref(key), vault.ES256, make([]byte, 32))
		return err
	}},
	{"keys/wrap/action", true, []string{user, wrapper}, func(ctx context.Context, c *vault.Client, key string) error {
		_, err := c.WrapKey(ctx, vault.Ref(key), crypto.RSAOAEP256, make([]byte, 32))
		return err
	}},
	{"keys/backup/action", true, []string{user, backups}, func(ctx context.Context, c *vault.Client, key string) error {
		_, err := c.BackupKey(ctx, key)
		return err
	}},
	{"keys/deletedKeys/recover/action", true, []string{officer}, func(ctx context.Context, c *vault.Client, key string) error {
		_, err := c.RecoverDeletedKey(ctx, key)
		return err
	}},
	{"keys/read/action", false, []string{user, wrapper, auditor}, func(ctx context.Context, c *vault.Client, _ string) error {
		return beginning(c.ListKeys(ctx, nil))
	}},
	{"keys/deletedKeys/read/action", false, []string{officer}, func(ctx context.Context, c *vault.Client, _ string) error {
		return beginning(c.ListDeletedKeys(ctx, nil))
	}},
	{"rng/action", false, []string{user}, func(ctx context.Context, c *vault.Client, _ string) error {
		_, err := c.GetRandomBytes(ctx, 1)
		return err
	}},
	{"settings/read/action", false, []string{adm}, func(ctx context.Context, c *vault.Client, _ string) error {
		_, err := c.ListSettings(ctx)
		return err
	}},
	{"roleDefinitions/read/action", false, []string{adm, officer, user, policies, auditor}, func(ctx context.Context, c *vault.Client, _ string) error {
		return beginning(c.ListRoleDefinitions(ctx, "/", nil))
	}},
	{"roleAssignments/delete/action", false, []string{adm, officer, policies}, func(ctx context.Context, c *vault.Client, _ string) error {
		_, err := c.DeleteRoleAssignment(ctx, "/", guid(999))
		return err
	}},
}

// beginning is the error with which a sequence begins.
func beginning[T any](seq func(func(T, error) bool)) (err error) {
	for _, err = range seq {
		break
	}
	return err
}

// naiveRoles is who may do what, looked up in lists.
type naiveRoles struct {
	custom   map[string][]string // :: role → data actions
	assigned map[string]policy.RoleAssignment
	groups   map[string][]string // :: principal → groups
}

func (n *naiveRoles) has(role string, p probe) bool {
	return slices.Contains(p.roles, role) || slices.Contains(n.custom[role], p.action)
}

func (n *naiveRoles) allows(principal string, p probe, key string) bool {
	for _, a := range n.assigned {
		holds := a.PrincipalID == principal || slices.Contains(n.groups[principal], a.PrincipalID)
		reaches := a.Scope == "/" || a.Scope == "/keys" || p.keyed && a.Scope == "/keys/"+key
		if holds && reaches && n.has(a.Role, p) {
			return true
		}
	}
	return false
}

// roleMachine makes roles by requests, and the same in the naive lists.
type roleMachine struct {
	*naiveRoles
	hsm   *vault.ManagedHSM
	owner *vault.Client
	made  int
}

func (m *roleMachine) setRole(t *rapid.T) {
	id := guid(rapid.IntRange(0, 4).Draw(t, "role"))
	var actions []string
	for _, p := range probes {
		actions = append(actions, p.action)
	}
	given := rapid.SliceOfDistinct(rapid.SampledFrom(actions), rapid.ID).Draw(t, "actions")
	taken := rapid.SliceOfDistinct(rapid.SampledFrom(actions), rapid.ID).Draw(t, "taken")
	d := role(id, "", given...)
	d.Permissions[0].NotDataActions = role("", "", taken...).Permissions[0].DataActions
	got(m.owner.SetRoleDefinition(t.Context(), d))(t)
	m.custom[id] = slices.DeleteFunc(given, func(a string) bool { return slices.Contains(taken, a) })
}

func (m *roleMachine) deleteRole(t *rapid.T) {
	id := guid(rapid.IntRange(0, 4).Draw(t, "role"))
	_, there := m.custom[id]
	used := slices.ContainsFunc(slices.Collect(maps.Values(m.assigned)), func(a policy.RoleAssignment) bool { return a.Role == id })
	want := map[bool]string{false: "RoleDefinitionNotFound", true: map[bool]string{true: "BadParameter"}[used]}[there]
	if _, err := m.owner.DeleteRoleDefinition(t.Context(), id); codes(err) != want {
		t.Fatalf("deleting %s: %v, want %q", id, err, want)
	}
	if there && !used {
		delete(m.custom, id)
	}
}

func (m *roleMachine) assign(t *rapid.T) {
	roles := append(slices.Sorted(maps.Keys(m.custom)), adm, officer, user, policies, auditor, wrapper, backups)
	m.made++
	a := policy.RoleAssignment{
		ID: guid(1000 + m.made), Role: rapid.SampledFrom(roles).Draw(t, "role"),
		PrincipalID: rapid.SampledFrom([]string{"ann", "ben", "cat", "red", "blue"}).Draw(t, "principal"),
		Scope:       rapid.SampledFrom([]string{"/", "/keys", "/keys/k1", "/keys/k2"}).Draw(t, "scope"),
	}
	asked := a
	if rapid.Bool().Draw(t, "long") {
		asked.Role = definitions + strings.ToUpper(a.Role)
	}
	made, err := m.owner.CreateRoleAssignment(t.Context(), asked)
	if m.full(a.Scope) {
		if codes(err) != "BadParameter" {
			t.Fatalf("one too many at %s: %v", a.Scope, err)
		}
		return
	}
	if err != nil || made != a {
		t.Fatalf("made %+v, %v, want %+v", made, err, a)
	}
	m.assigned[a.ID] = a
}

// full tells whether a key has ten assignments, or the whole HSM fifty.
func (m *roleMachine) full(scope string) bool {
	most := map[string]int{"/": 50, "/keys": 50}
	count := 0
	for _, a := range m.assigned {
		if a.Scope == scope || most[a.Scope] != 0 && most[scope] != 0 { // "/" and "/keys" are one place
			count++
		}
	}
	return count >= cmp.Or(most[scope], 10)
}

func (m *roleMachine) unassign(t *rapid.T) {
	if len(m.assigned) == 0 {
		t.Skip("nobody has a role")
	}
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(m.assigned))).Draw(t, "assignment")
	if gone := got(m.owner.DeleteRoleAssignment(t.Context(), m.assigned[id].Scope, id))(t); gone != m.assigned[id] {
		t.Fatalf("deleted %+v, want %+v", gone, m.assigned[id])
	}
	delete(m.assigned, id)
}

// check makes every request as everybody.
func (m *roleMachine) check(t *rapid.T) {
	for principal, groups := range m.groups {
		c := m.hsm.As(vault.Principal(principal, groups...))
		for _, p := range probes {
			for _, key := range []string{"k1", "k2"} {
				err := p.do(t.Context(), c, key)
				if allowed := !errors.Is(err, errs.AccessDenied); allowed != m.allows(principal, p, key) {
					t.Fatalf("%s on %s by %s: %v; the assignments are %v", p.action, key, principal, err, m.assigned)
				}
			}
		}
	}
	var count int
	for _, scope := range []string{"/", "/keys/k1", "/keys/k2"} {
		count += len(listed(t, m.owner.ListRoleAssignments(t.Context(), scope, nil)))
	}
	if count != len(m.assigned) {
		t.Fatalf("%d assignments are listed, want %d", count, len(m.assigned))
	}
}

// Whatever roles are made and assigned by requests, everybody may do what the lists say, and nothing else.
func TestRolesAreWhatTheyWereMade(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		_, h, c := activeHSM(t, nil, nil)
		for i := range 2 {
			got(c.CreateKey(t.Context(), fmt.Sprint("k", i+1), vault.EC(vault.P256), nil))(t)
		}
		m := &roleMachine{hsm: h, owner: c, naiveRoles: &naiveRoles{
			custom: map[string][]string{}, assigned: map[string]policy.RoleAssignment{},
			groups: map[string][]string{"ann": nil, "ben": {"red"}, "cat": {"red", "blue"}},
		}}
		t.Repeat(map[string]func(*rapid.T){
			"set": m.setRole, "delete": m.deleteRole, "assign": m.assign, "assign again": m.assign, "unassign": m.unassign, "": m.check,
		})
	})
}
