package identity_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
)

func TestNamesakes(t *testing.T) {
	dir, clock := tenant(t)
	first, second := app(t, dir, "billing"), app(t, dir, "Billing")
	if first.ObjectID() == second.ObjectID() || first.ClientID() == second.ClientID() || first.ClientID() == first.ObjectID() {
		t.Error("ids are not unique")
	}
	named := dir.Named("BILLING")
	if !slices.Equal(named, []identity.Object{first, second}) {
		t.Errorf("named: %v", named)
	}
	p := must[*policy.Principal](t)(identity.NewVerifier(dir, "", "").Verify(token(t, dir, second), clock.Now()))
	if p.ObjectID() != second.ObjectID() || p.AppID() != second.ClientID() || p.DisplayName() != "Billing" || p.TenantID() != tenantID {
		t.Errorf("the token is of %v", p)
	}
}

// TestDenialNamesTheMistake grants to each id that people take for the right one,
// and reads why that did not help.
func TestDenialNamesTheMistake(t *testing.T) {
	dir, clock := tenant(t)
	former := app(t, dir, "billing")
	former.Delete()
	billing, namesake := app(t, dir, "billing"), app(t, dir, "billing")
	p := must[*policy.Principal](t)(identity.NewVerifier(dir, "", "").Verify(token(t, dir, billing), clock.Now()))
	for _, c := range []struct {
		granted, says string
	}{
		{billing.RegistrationID(), "app registration"},
		{namesake.ObjectID(), `another object named "billing"`},
		{former.ObjectID(), `a deleted object named "billing"`},
	} {
		policies := must[*policy.AccessPolicies](t)(policy.CompileAccessPolicies([]policy.AccessPolicy{
			{TenantID: tenantID, ObjectID: c.granted, Keys: []string{"sign"}},
		}))
		d := policies.Explain(p, policy.KeysSign)
		if d.Allowed || !strings.Contains(d.Error(), c.says) {
			t.Errorf("granted to %s: want %q in\n%v", c.granted, c.says, d.Error())
		}
	}
}

func TestLookup(t *testing.T) {
	dir, _ := tenant(t)
	a := app(t, dir, "a")
	m := must[*identity.ManagedIdentity](t)(dir.NewManagedIdentity(userAssigned, nil))
	s := must[*identity.ManagedIdentity](t)(dir.NewManagedIdentity(webApp, nil))
	u := must[*identity.User](t)(dir.NewUser("Ada", &identity.ObjectOptions{UPN: "ada@contoso.example"}))
	for id, want := range map[string]identity.Object{
		a.ObjectID(): a, a.ClientID(): a, a.RegistrationID(): a,
		m.ObjectID(): m, m.ClientID(): m, strings.ToUpper(userAssigned): m,
		u.ObjectID(): u, u.UPN(): u,
	} {
		if got, ok := dir.Lookup(id); !ok || got != want {
			t.Errorf("%s finds %v, want %v", id, got, want)
		}
	}
	if _, ok := dir.Lookup("a"); ok {
		t.Error("a display name is not an id")
	}
	if !m.UserAssigned() || s.UserAssigned() || m.DisplayName() != "web-id" || s.DisplayName() != "shop" {
		t.Errorf("resource ids are misread: %v, %v", m, s)
	}
}

func TestAddingRefused(t *testing.T) {
	dir, _ := tenant(t)
	a := app(t, dir, "a")
	add := func(name string, o *identity.ObjectOptions) error {
		_, err := dir.NewApplication(name, o)
		return err
	}
	managed := func(id string) error {
		_, err := dir.NewManagedIdentity(id, nil)
		return err
	}
	user := func(upn string) error {
		_, err := dir.NewUser("u", &identity.ObjectOptions{UPN: upn})
		return err
	}
	for _, c := range []struct {
		name      string
		got, want error
	}{
		{"no name", add("", nil), identity.ErrName},
		{"a long name", add(strings.Repeat("n", 257), nil), identity.ErrName},
		{"an object id taken", add("b", &identity.ObjectOptions{ObjectID: strings.ToUpper(a.ObjectID())}), identity.ErrTaken},
		{"a client id taken", add("b", &identity.ObjectOptions{ClientID: a.ClientID()}), identity.ErrTaken},
		{"a client id that is an object id", add("b", &identity.ObjectOptions{ClientID: a.ObjectID()}), identity.ErrTaken},
		{"one id for both", add("b", &identity.ObjectOptions{ObjectID: "x", ClientID: "X"}), identity.ErrTaken},
		{"a long id", add("b", &identity.ObjectOptions{ObjectID: strings.Repeat("x", 1025)}), identity.ErrID},
		{"a resource", managed(webApp), nil},
		{"the resource again", managed(strings.ToUpper(webApp)), identity.ErrTaken},
		{"a resource id that is none", managed("shop"), identity.ErrResourceID},
		{"a resource id without a name", managed("/subscriptions/"), identity.ErrName},
		{"a user", user("u@contoso.example"), nil},
		{"a user of the same name", user("U@contoso.example"), identity.ErrTaken},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	if n := len(dir.Named("b")); n != 0 {
		t.Errorf("refused objects stayed: %d", n)
	}
}

func TestQuotas(t *testing.T) {
	dir, _ := tenant(t)
	a := app(t, dir, "a")
	for i := range identity.MaxSecrets {
		if _, err := a.AddSecret(&identity.SecretOptions{Text: fmt.Sprint("text of secret ", i)}); err != nil {
			t.Fatal(i, err)
		}
	}
	if _, err := a.AddSecret(nil); !errors.Is(err, identity.ErrFull) {
		t.Errorf("secret %d: %v", identity.MaxSecrets+1, err)
	}
	for i := range identity.MaxObjects - 1 {
		if _, err := dir.NewGroup("g", nil); err != nil {
			t.Fatal(i, err)
		}
	}
	if _, err := dir.NewGroup("g", nil); !errors.Is(err, identity.ErrFull) {
		t.Errorf("object %d: %v", identity.MaxObjects+1, err)
	}
	a.Delete()
	a.Delete() // counts once
	app(t, dir, "in its place")
	if _, err := dir.NewGroup("g", nil); !errors.Is(err, identity.ErrFull) {
		t.Errorf("object %d: %v", identity.MaxObjects+1, err)
	}
}

func TestGroups(t *testing.T) {
	dir, clock := tenant(t)
	v := identity.NewVerifier(dir, "", "")
	newGroup := func(name string) *identity.Group {
		return must[*identity.Group](t)(dir.NewGroup(name, &identity.ObjectOptions{ObjectID: name}))
	}
	a, staff, ops, all := app(t, dir, "a"), newGroup("staff"), newGroup("ops"), newGroup("all")
	groups := func() []string {
		return must[*policy.Principal](t)(v.Verify(token(t, dir, a), clock.Now())).Groups()
	}
	early := token(t, dir, a)
	for _, step := range []struct {
		name string
		do   func() error
		want []string
	}{
		{"at first", func() error { return nil }, nil},
		{"a member", func() error { return staff.Add(a) }, []string{"staff"}},
		{"a member twice", func() error { return staff.Add(a, a) }, []string{"staff"}},
		{"groups in groups", func() error { return errors.Join(ops.Add(staff), all.Add(ops)) }, []string{"all", "ops", "staff"}},
		{"groups in a circle", func() error { return staff.Add(all) }, []string{"all", "ops", "staff"}},
		{"one group deleted", func() error { ops.Delete(); return nil }, []string{"staff"}},
		{"another directly", func() error { return all.Add(a) }, []string{"all", "staff"}},
		{"removed", func() error { staff.Remove(a, nil); return nil }, []string{"all", "staff"}}, // through all, which is in staff
		{"removed from both", func() error { all.Remove(a, a, ops); return nil }, nil},
	} {
		if err := step.do(); err != nil {
			t.Fatal(step.name, err)
		}
		if got := groups(); !slices.Equal(got, step.want) {
			t.Errorf("%s: %v, want %v", step.name, got, step.want)
		}
	}
	if p := must[*policy.Principal](t)(v.Verify(early, clock.Now())); len(p.Groups()) != 0 {
		t.Error("a token changed after it was issued")
	}
	other := app(t, identity.New(nil), "a")
	for name, err := range map[string]error{"another tenant's": staff.Add(a, other), "deleted member": staff.Add(ops), "deleted group": ops.Add(a), "nobody": staff.Add(nil)} {
		if !errors.Is(err, identity.ErrForeign) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := groups(); len(got) != 0 {
		t.Errorf("a refused Add added %v", got)
	}
}

// TestManyGroups crosses both bounds beyond which a token lists no groups; the
// vault learns them all the same.
func TestManyGroups(t *testing.T) {
	for _, c := range []struct {
		name   string
		groups int
		prefix string
		listed bool
	}{
		{"as many as a token lists", identity.MaxGroups, "", true},
		{"one more", identity.MaxGroups + 1, "", false},
		{"few with long ids", 20, strings.Repeat("x", 500), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, clock := tenant(t)
			a := app(t, dir, "a")
			for i := range c.groups {
				g := must[*identity.Group](t)(dir.NewGroup("g", &identity.ObjectOptions{ObjectID: fmt.Sprintf("%s%036d", c.prefix, i)}))
				if err := g.Add(a); err != nil {
					t.Fatal(err)
				}
			}
			text := token(t, dir, a)
			_, claims := open(t, text)
			_, listed := claims["groups"]
			_, elsewhere := claims["_claim_names"]
			if listed != c.listed || elsewhere == c.listed || len(text) > identity.MaxTokenSize {
				t.Errorf("listed %v, elsewhere %v, %d bytes", listed, elsewhere, len(text))
			}
			p := must[*policy.Principal](t)(identity.NewVerifier(dir, "", "").Verify(text, clock.Now()))
			if len(p.Groups()) != c.groups {
				t.Errorf("the vault sees %d groups of %d", len(p.Groups()), c.groups)
			}
		})
	}
}
