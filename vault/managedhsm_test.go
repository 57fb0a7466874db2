package vault_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// newHSM makes a Managed HSM in a world, and the client of its owner.
func newHSM(tb failer, w *world, o *vault.ManagedHSMOptions) (*vault.ManagedHSM, *vault.Client) {
	tb.Helper()
	h := got(w.svc.CreateManagedHSM(tb.Context(), "fortress", o))(tb)
	return h, h.As(vault.Owner())
}

// Before it is activated a Managed HSM answers only about its security domain.
func TestAManagedHSMIsActivatedFirst(t *testing.T) {
	t.Parallel()
	_, c := newHSM(t, newWorld(t, nil, nil), nil)
	if _, err := c.CreateKey(t.Context(), "k", vault.RSA(2048), nil); !errors.Is(err, errs.NotActivated) || errs.StatusOf(err) != 403 {
		t.Errorf("created a key: %v", err)
	}
}

// What only the other product has is not found, with every right and without any.
func TestProductsHaveTheirOwnOperations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	h, c := newHSM(t, w, nil)
	for who, c := range map[string]*vault.Client{"owner": c, "nobody in particular": h.As(vault.Principal("p"))} {
		if _, err := c.GetSecret(t.Context(), "s"); !errors.Is(err, errs.NotFound) {
			t.Errorf("%s got a secret of a Managed HSM: %v", who, err)
		}
	}
	if _, err := w.owner.GetRandomBytes(t.Context(), 1); !errors.Is(err, errs.NotFound) {
		t.Errorf("a vault gave random bytes: %v", err)
	}
	if _, err := h.As(vault.Principal("p")).CreateKey(t.Context(), "k", crypto.EC(crypto.P256), nil); !errors.Is(err, errs.AccessDenied) {
		t.Errorf("without a role: %v", err)
	} else if d, ok := errors.AsType[policy.Decision](err); !ok || d.Gate != policy.GateLocalRBAC {
		t.Errorf("the decision is %v", d)
	}
}

// The firewall of a Managed HSM knows ten addresses and no virtual networks.
func TestTheFirewallOfAManagedHSM(t *testing.T) {
	t.Parallel()
	for want, rules := range map[string]policy.NetworkRules{
		"there can be at most 10 addresses":          {IPRules: strings.Split("20.1.2.3"+strings.Repeat(",20.1.2.0/24", 10), ",")},
		"a managed hsm has no virtual network rules": {VirtualNetworkRules: []string{"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/n/subnets/s"}},
	} {
		_, err := newWorld(t, nil, nil).svc.CreateManagedHSM(t.Context(), "fortress", &vault.ManagedHSMOptions{Network: rules})
		if codes(err) != "BadParameter" || !strings.Contains(strings.ToLower(err.Error()), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// rewritten is a store with what another one holds, after an edit of the records of a sort.
func rewritten(t *testing.T, from store.Store, edit func(r map[string]any) bool) store.Store {
	t.Helper()
	to := store.NewMemory()
	for r, err := range from.Records(t.Context()) {
		fine(t, err)
		var m map[string]any
		fine(t, json.Unmarshal(r.Value, &m))
		if edit(m) {
			r.Value = got(json.Marshal(m))(t)
		}
		fine(t, to.Commit(t.Context(), store.Batch{Put: []store.Record{r}}))
	}
	return to
}

// A record of a Managed HSM that is torn, or of another one, is a bad record.
func TestTornRecordsOfAManagedHSM(t *testing.T) {
	t.Parallel()
	w, s := storedWorld(t, nil)
	h, _ := newHSM(t, w, nil)
	fine(t, h.Activate(t.Context()))
	got(h.As(vault.Owner()).CreateKey(t.Context(), "k", vault.EC(vault.P256), nil))(t)
	for what, edit := range map[string]func(map[string]any){
		"without roles":     func(r map[string]any) { delete(r["settings"].(map[string]any), "rbac") },
		"roles are null":    func(r map[string]any) { r["settings"].(map[string]any)["rbac"] = nil },
		"of another name":   func(r map[string]any) { r["hsm"].(map[string]any)["name"] = "castle" },
		"without a name":    func(r map[string]any) { delete(r["hsm"].(map[string]any), "name") },
		"without its state": func(r map[string]any) { delete(r, "hsm") },
		"without settings":  func(r map[string]any) { delete(r, "settings") },
	} {
		t.Run(what, func(t *testing.T) {
			torn := rewritten(t, s, func(r map[string]any) bool {
				if r["sort"] != "vault" || r["hsm"] == nil {
					return false
				}
				edit(r)
				return true
			})
			o := w.options
			o.Store = torn
			if _, err := vault.New(&o); !errors.Is(err, vault.ErrBadRecord) {
				t.Errorf("New: %v", err)
			}
		})
	}
	t.Run("a short domain", func(t *testing.T) {
		o := w.options
		o.Store = rewritten(t, s, func(r map[string]any) bool {
			if r["sort"] != "module" || r["vault"] == "" {
				return false
			}
			r["data"] = "AAAA"
			return true
		})
		if _, err := vault.New(&o); !errors.Is(err, vault.ErrBadRecord) {
			t.Errorf("New: %v", err)
		}
	})
	t.Run("a software key", func(t *testing.T) {
		got(w.owner.CreateKey(t.Context(), "soft", vault.EC(vault.P256), nil))(t)
		var data any
		rewritten(t, s, func(r map[string]any) bool {
			if r["sort"] == "version" && r["vault"] == "contoso" {
				data = r["data"]
			}
			return false
		})
		o := w.options
		o.Store = rewritten(t, s, func(r map[string]any) bool {
			if r["sort"] == "version" && r["vault"] == "fortress.managedhsm" {
				r["data"] = data
				return true
			}
			return false
		})
		if _, err := vault.New(&o); !errors.Is(err, vault.ErrBadRecord) {
			t.Errorf("New: %v", err)
		}
	})
}

// No name of a vault finds a Managed HSM.
func TestFindKeepsProductsApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	newHSM(t, w, nil)
	if c := w.svc.Find(vault.ProductKeyVault, "fortress.managedhsm"); c != nil {
		t.Errorf("found a %T", c)
	}
}

// A module without its domain does not keep anybody from changing firewall and roles.
func TestSettingsOfATamperedManagedHSM(t *testing.T) {
	t.Parallel()
	w, _ := storedWorld(t, nil)
	h, _ := newHSM(t, w, nil)
	fine(t, h.Activate(t.Context()))
	got(h.As(vault.Owner()).CreateKey(t.Context(), "k", vault.EC(vault.P256), nil))(t)
	h.Module().Tamper()
	if err := h.SetNetwork(t.Context(), policy.NetworkRules{DefaultAction: policy.Deny}); err != nil {
		t.Errorf("firewall: %v", err)
	}
	if err := h.SetRBAC(t.Context(), vault.RBAC{}); err != nil {
		t.Errorf("roles: %v", err)
	}
	w.reopen(t)
	h = w.svc.LookupManagedHSM("fortress")
	if h.Options().Network.DefaultAction != policy.Deny || !h.Activated() {
		t.Errorf("came back as %+v", h.Options())
	}
	got(h.As(vault.Owner()).Sign(t.Context(), "k", vault.ES256, make([]byte, 32)))(t)
}

// What backs a key up elsewhere does not open.
func TestBackupsOfTheProductsStayApart(t *testing.T) {
	t.Parallel()
	w, _ := storedWorld(t, nil)
	ctx := t.Context()
	h, c := newHSM(t, w, nil)
	fine(t, h.Activate(ctx))
	v := got(w.svc.CreateVault(ctx, "fortress", nil))(t)
	o := v.As(vault.Owner())
	got(o.CreateKey(ctx, "k", vault.EC(vault.P256).HSM(), nil))(t)
	if _, err := c.GetKey(ctx, "k"); errs.StatusOf(err) != 404 {
		t.Errorf("%v", err)
	}
	bl := got(o.BackupKey(ctx, "k"))(t)
	if _, err := c.RestoreKey(ctx, bl); errs.StatusOf(err) != 400 {
		t.Errorf("%v", err)
	}
	got(c.CreateKey(ctx, "h", vault.EC(vault.P256), nil))(t)
	bl = got(c.BackupKey(ctx, "h"))(t)
	if _, err := o.RestoreKey(ctx, bl); errs.StatusOf(err) != 400 {
		t.Errorf("%v", err)
	}
	w.reopen(t)
	got(w.svc.LookupManagedHSM("fortress").As(vault.Owner()).GetKey(ctx, "h"))(t)
	got(w.svc.Lookup("fortress").As(vault.Owner()).GetKey(ctx, "k"))(t)
}

// Every role assignment has an id of its own, whoever makes it.
func TestAssignmentsHaveIDsOfTheirOwn(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	twice := []policy.RoleAssignment{
		{ID: "0a4b1c2d-0000-4000-8000-00000000000a", Role: policy.ManagedHSMCryptoUser, PrincipalID: "a", Scope: "/"},
		{ID: "0A4B1C2D-0000-4000-8000-00000000000A", Role: policy.ManagedHSMCryptoUser, PrincipalID: "b", Scope: "/keys/k"},
	}
	w := newWorld(t, nil, nil)
	if _, err := w.svc.CreateManagedHSM(ctx, "twice", &vault.ManagedHSMOptions{Assignments: twice}); !errors.Is(err, errs.RoleAssignmentExists) {
		t.Errorf("at first: %v", err)
	}
	h, c := newHSM(t, w, nil)
	fine(t, h.Activate(ctx))
	if err := h.SetRBAC(ctx, vault.RBAC{Assignments: twice}); !errors.Is(err, errs.RoleAssignmentExists) {
		t.Errorf("all: %v", err)
	}
	if err := h.AddRoleAssignments(ctx, twice...); !errors.Is(err, errs.RoleAssignmentExists) {
		t.Errorf("more: %v", err)
	}
	nameless := []policy.RoleAssignment{{Role: policy.ManagedHSMCryptoUser, PrincipalID: "a", Scope: "/"}}
	fine(t, h.SetRBAC(ctx, vault.RBAC{Assignments: nameless}))
	if all := listed(t, c.ListRoleAssignments(ctx, "/", nil)); len(all) != 1 || all[0].ID == "" || nameless[0].ID != "" {
		t.Errorf("%+v of %+v", all, nameless)
	}
}

// What a Managed HSM is can be made again of its options, with however many administrators.
func TestAManagedHSMIsMadeAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t, nil, nil)
	h, _ := newHSM(t, w, nil)
	var many []policy.RoleAssignment
	for i := range 30 {
		many = append(many, policy.RoleAssignment{Role: policy.ManagedHSMAdministrator, PrincipalID: fmt.Sprint("admin-", i), Scope: "/"})
	}
	fine(t, h.AddRoleAssignments(ctx, many...))
	o := h.Options()
	o.Module = nil
	again := got(w.svc.CreateManagedHSM(ctx, "again", &o))(t).Options()
	if len(again.Administrators) != 20 || len(again.Assignments) != 10 {
		t.Errorf("%d administrators, %d assignments", len(again.Administrators), len(again.Assignments))
	}
}

// Random bytes are as many as were asked for, and others each time.
func TestRandomBytesAreRandom(t *testing.T) {
	t.Parallel()
	h, c := newHSM(t, newWorld(t, nil, nil), nil)
	fine(t, h.Activate(t.Context()))
	for _, n := range []int{16, 128} {
		first, second := got(c.GetRandomBytes(t.Context(), n))(t), got(c.GetRandomBytes(t.Context(), n))(t)
		if len(first) != n || len(second) != n || bytes.Equal(first, second) || bytes.Count(first, []byte{0}) > n/2 {
			t.Errorf("of %d: %x, then %x", n, first, second)
		}
	}
	for _, n := range []int{-1, 0, 129} {
		if some, err := c.GetRandomBytes(t.Context(), n); codes(err) != "BadParameter" || some != nil {
			t.Errorf("of %d: %x, %v", n, some, err)
		}
	}
}

// A setting is found by its name in any case, and shows the name as it is. It is one for all spellings.
func TestSettingsAreNamedInAnyCase(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w, _ := storedWorld(t, nil)
	h, c := newHSM(t, w, nil)
	fine(t, h.Activate(ctx))
	const name = vault.AllowKeyManagementOperationsThroughARM
	for i, spelt := range []string{strings.ToLower(name), strings.ToUpper(name), name} {
		want := vault.Setting{Name: name, Value: []string{"true", "false"}[i%2], Type: "boolean"}
		if s, err := c.UpdateSetting(ctx, spelt, want.Value); err != nil || s != want {
			t.Errorf("%s became %+v, %v", spelt, s, err)
		}
		for _, asked := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
			if s, err := c.GetSetting(ctx, asked); err != nil || s != want {
				t.Errorf("after %s, %s is %+v, %v", spelt, asked, s, err)
			}
		}
		if all := got(c.ListSettings(ctx))(t); len(all) != 1 || all[0] != want {
			t.Errorf("after %s they are %+v", spelt, all)
		}
	}
	w.reopen(t)
	if s := got(w.svc.LookupManagedHSM("fortress").As(vault.Owner()).GetSetting(ctx, strings.ToLower(name)))(t); s.Value != "true" || s.Name != name {
		t.Errorf("came back as %+v", s)
	}
	for _, none := range []string{"", name + "s", name[1:]} {
		if _, err := c.GetSetting(ctx, none); codes(err) != "InvalidSetting" {
			t.Errorf("%q: %v", none, err)
		}
	}
}
