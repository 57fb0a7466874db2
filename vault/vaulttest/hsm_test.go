package vaulttest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/vaulttest"
)

// A fault that names a container happens there alone, and is not used up elsewhere.
func TestAFaultInOneContainer(t *testing.T) {
	env := vaulttest.New(t, nil)
	h := env.CreateManagedHSM("contoso", nil) // a Managed HSM may have the name of a vault
	env.CreateKey("k", vault.EC(vault.P256))
	if _, err := h.As(vault.Owner()).CreateKey(t.Context(), "k", vault.EC(vault.P256), nil); err != nil {
		t.Fatal(err)
	}
	env.Fail(vault.OpKeySign, errs.HardwareOffline).In(h).Times(1)
	sign := func(c *vault.Client) error {
		_, err := c.Sign(t.Context(), "k", vault.ES256, make([]byte, 32))
		return err
	}
	if err := sign(env.Owner()); err != nil {
		t.Errorf("the vault: %v", err)
	}
	if err := sign(h.As(vault.Owner())); !errors.Is(err, errs.HardwareOffline) {
		t.Errorf("the Managed HSM: %v", err)
	}
	if err := sign(h.As(vault.Owner())); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// A full backup needs no preparation: its storage is in memory.
func TestStorageIsInMemory(t *testing.T) {
	env := vaulttest.New(t, nil)
	owner := env.CreateManagedHSM("fortress", nil).As(vault.Owner())
	if _, err := owner.CreateKey(t.Context(), "k", vault.Oct(256), nil); err != nil {
		t.Fatal(err)
	}
	where := vault.BackupStorage{URI: "https://contoso.blob.core.windows.net/backups", ManagedIdentity: true}
	job, err := owner.StartBackup(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	if job, err = owner.GetBackupStatus(t.Context(), job.ID); err != nil || job.Status != vault.JobSucceeded {
		t.Fatalf("%+v %v", job, err)
	}
	elsewhere := where
	elsewhere.URI += "2"
	if _, err := owner.StartRestore(t.Context(), elsewhere, job.Folder()); errs.StatusOf(err) != 400 {
		t.Errorf("restored from another address: %v", err)
	}
	if _, err := owner.StartRestore(t.Context(), where, job.Folder()); err != nil {
		t.Error(err)
	}
}

// Random bytes are random in tests as well.
func TestRandomBytesOfAManagedHSM(t *testing.T) {
	owner := vaulttest.New(t, nil).CreateManagedHSM("fortress", nil).As(vault.Owner())
	seen := map[string]bool{string(make([]byte, 16)): true}
	for range 3 {
		b, err := owner.GetRandomBytes(t.Context(), 16)
		if err != nil || len(b) != 16 || seen[string(b)] {
			t.Errorf("%x, %v", b, err)
		}
		seen[string(b)] = true
	}
}

// A program that is told where the environment is finds a Managed HSM that it may use.
func TestProgramsFindTheManagedHSM(t *testing.T) {
	env := vaulttest.New(t, nil)
	before := env.CreateManagedHSM("before", nil)
	app := vault.Principal(env.Application().ObjectID())
	after := env.CreateManagedHSM("after", nil)
	for _, h := range []*vault.ManagedHSM{before, after} {
		if _, err := h.As(app).CreateKey(t.Context(), "k", vault.Oct(128), nil); err != nil {
			t.Errorf("%s: %v", h.Name(), err)
		}
	}
	if !slices.Contains(env.Serve(t).Environ(), "AZURE_MANAGEDHSM_URL=https://before.managedhsm.azure.net") {
		t.Error("the address of the Managed HSM is not told")
	}
}

// What a failing test prints names the container of each request.
func TestRefusalsNameTheContainer(t *testing.T) {
	r := &recorder{TB: t}
	env := vaulttest.New(r, nil)
	h := env.CreateManagedHSM("fortress", nil)
	env.GrantRole(h, "app", policy.ManagedHSMCryptoUser, "/keys/orders")
	if _, err := h.As(vault.Principal("app")).GetKey(t.Context(), "others"); !errors.Is(err, errs.Forbidden) {
		t.Errorf("%v", err)
	}
	if _, err := env.Owner().GetKey(t.Context(), "none"); !errors.Is(err, errs.KeyNotFound) {
		t.Errorf("%v", err)
	}
	r.failed = true
	text := r.end()
	for _, want := range []string{"Managed HSM fortress KeyGet others: 403 denied by", "contoso KeyGet none: 404 KeyNotFound"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// The application has its roles in a new Managed HSM from the start, however many requests a second there may be and however
// long a change of roles takes.
func TestTheApplicationsRolesAreThereFromTheStart(t *testing.T) {
	for name, o := range map[string]*vaulttest.Options{
		"no limits": nil,
		"limits":    {Limits: new(limiter.Documented2019())},
		"lag":       {Lag: time.Minute},
		"both":      {Limits: new(limiter.Documented2019()), Lag: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			env := vaulttest.New(t, o)
			app := vault.Principal(env.Application().ObjectID())
			h := env.CreateManagedHSM("fortress", nil)
			if _, err := h.As(app).CreateKey(t.Context(), "k", vault.Oct(128), nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// The first call of Application is like other changes of roles where Managed HSMs are there before it.
func TestTheApplicationComesLater(t *testing.T) {
	env := vaulttest.New(t, &vaulttest.Options{Limits: new(limiter.Documented2019()), Lag: time.Minute})
	h := env.CreateManagedHSM("fortress", nil)
	app := h.As(vault.Principal(env.Application().ObjectID()))
	if _, err := app.CreateKey(t.Context(), "k", vault.Oct(128), nil); !errors.Is(err, errs.Forbidden) {
		t.Errorf("before the lag is over: %v", err)
	}
	env.Advance(time.Minute)
	if _, err := app.CreateKey(t.Context(), "k", vault.Oct(128), nil); err != nil {
		t.Error(err)
	}
}

// A role is given besides those that there are, however many are given in a second.
func TestGrantRole(t *testing.T) {
	env := vaulttest.New(t, &vaulttest.Options{Limits: new(limiter.Documented2019())})
	app := vault.Principal(env.Application().ObjectID())
	h := env.CreateManagedHSM("fortress", &vault.ManagedHSMOptions{Administrators: []string{"admin"}})
	owner := h.As(vault.Owner())
	if _, err := owner.CreateKey(t.Context(), "orders", vault.Oct(256), nil); err != nil {
		t.Fatal(err)
	}
	before := len(h.Options().Assignments)
	for i := range 10 {
		env.GrantRole(h, fmt.Sprint("app-", i), policy.ManagedHSMCryptoUser, "/keys/orders")
	}
	if o := h.Options(); len(o.Assignments) != before+10 || !slices.Contains(o.Administrators, "admin") {
		t.Errorf("%+v", o)
	}
	if _, err := h.As(vault.Principal("app-7")).Encrypt(t.Context(), "orders", vault.A256GCM, []byte("x"), nil); err != nil {
		t.Error(err)
	}
	if _, err := h.As(app).GetKey(t.Context(), "orders"); err != nil {
		t.Errorf("the application: %v", err)
	}
	if _, err := owner.CreateRoleAssignment(t.Context(), policy.RoleAssignment{Role: policy.ManagedHSMCryptoUser, PrincipalID: "app-10", Scope: "/keys/orders"}); errs.StatusOf(err) != 400 {
		t.Errorf("a request makes the 11th assignment of a key: %v", err)
	}
	for _, wrong := range [][3]string{
		{"app", "Managed HSM Cook", "/"}, {"app", policy.ManagedHSMCryptoUser, "/subscriptions/s"}, {"", policy.ManagedHSMCryptoUser, "/"},
	} {
		if why := fatal(t, func(tb testing.TB) {
			env := vaulttest.New(tb, nil)
			env.GrantRole(env.CreateManagedHSM("fortress", nil), wrong[0], wrong[1], wrong[2])
		}); !strings.Contains(why, "roleAssignments") {
			t.Errorf("%q: %q", wrong, why)
		}
	}
}

// What a Managed HSM has at first counts at once, and can be read and used again.
func TestRolesAtFirst(t *testing.T) {
	env := vaulttest.New(t, &vaulttest.Options{Lag: time.Minute})
	const reader = "11111111-2222-4333-8444-555555555555"
	o := vault.ManagedHSMOptions{
		Administrators: []string{"admin"},
		Roles:          []policy.RoleDefinition{{ID: reader, Name: "Reader", Permissions: readKeys()}},
		Assignments:    []policy.RoleAssignment{{Role: reader, PrincipalID: "app", Scope: "/keys/k"}},
	}
	first := env.CreateManagedHSM("first", &o)
	if o.Assignments[0].ID != "" {
		t.Error("what the program holds was changed")
	}
	again := first.Options()
	again.Module = nil
	second := env.CreateManagedHSM("second", &again)
	for _, h := range []*vault.ManagedHSM{first, second} {
		if _, err := h.As(vault.Principal("app")).GetKey(t.Context(), "k"); !errors.Is(err, errs.KeyNotFound) {
			t.Errorf("%s: %v", h.Name(), err)
		}
		got := h.Options()
		if len(got.Assignments) != 1 || got.Assignments[0].ID == "" || len(got.Roles) != 1 || !slices.Equal(got.Administrators, o.Administrators) {
			t.Errorf("%s: %+v", h.Name(), got)
		}
	}
	for name, wrong := range map[string]policy.RoleAssignment{
		"role":  {Role: "none", PrincipalID: "app", Scope: "/"},
		"scope": {Role: policy.ManagedHSMCryptoUser, PrincipalID: "app", Scope: "/secrets/s"},
	} {
		_, err := env.Service().CreateManagedHSM(t.Context(), "third", &vault.ManagedHSMOptions{Assignments: []policy.RoleAssignment{wrong}})
		if errs.StatusOf(err) != 400 || env.Service().LookupManagedHSM("third") != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func readKeys() []policy.Permission {
	return []policy.Permission{{DataActions: []string{policy.KeysGet.HSMAction()}}}
}

// Assignments are added all or none, under ids of their own, and none that is added meanwhile is lost.
func TestAddRoles(t *testing.T) {
	env := vaulttest.New(t, nil)
	h := env.CreateManagedHSM("fortress", nil)
	to := func(id, who string) policy.RoleAssignment {
		return policy.RoleAssignment{ID: id, Role: policy.ManagedHSMCryptoUser, PrincipalID: who, Scope: "/"}
	}
	const id = "11111111-2222-4333-8444-555555555555"
	if err := h.AddRoleAssignments(t.Context(), to("", "a"), to(id, "b"), to(id, "c")); !errors.Is(err, errs.RoleAssignmentExists) {
		t.Errorf("an id twice: %v", err)
	}
	if got := h.Options().Assignments; len(got) != 0 {
		t.Errorf("half of it was done: %+v", got)
	}
	if err := h.AddRoleAssignments(t.Context(), to(id, "a")); err != nil {
		t.Fatal(err)
	}
	if err := h.AddRoleAssignments(t.Context(), to(id, "a")); !errors.Is(err, errs.RoleAssignmentExists) {
		t.Errorf("an id again: %v", err)
	}
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() { env.GrantRole(h, fmt.Sprint("p", i), policy.ManagedHSMCryptoUser, "/") })
		all.Go(func() {
			if _, err := h.As(vault.Owner()).CreateRoleAssignment(t.Context(), to("", fmt.Sprint("q", i))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := len(h.Options().Assignments); got != 21 {
		t.Errorf("%d assignments", got)
	}
}

// However the application and a Managed HSM come into being at once, it has its roles, once.
func TestTheApplicationComesMeanwhile(t *testing.T) {
	for range 20 {
		env := vaulttest.New(t, nil)
		var both sync.WaitGroup
		both.Go(func() { env.Application() })
		both.Go(func() { env.CreateManagedHSM("fortress", nil) })
		both.Go(func() { env.Application() })
		both.Wait()
		o := env.Service().LookupManagedHSM("fortress").Options()
		if len(o.Assignments)+len(o.Administrators) != len(policy.HSMRoles()) {
			t.Fatalf("%+v", o)
		}
	}
}

// A vault in which roles decide gives them one by one as well; one of access policies does not.
func TestGrantRoleInAVault(t *testing.T) {
	env := vaulttest.New(t, nil)
	app := env.As(vault.Principal("app"))
	if err := env.Vault().AddRoleAssignments(t.Context(), policy.RoleAssignment{Role: policy.KeyVaultReader, PrincipalID: "app", Scope: env.Vault().Resource()}); !errors.Is(err, errs.BadParameter) {
		t.Errorf("where access policies decide: %v", err)
	}
	if err := env.Vault().SetRBAC(t.Context(), new(vault.RBAC)); err != nil {
		t.Fatal(err)
	}
	env.SetSecret("db", "hunter2")
	env.GrantRole(env.Vault(), "app", policy.KeyVaultReader, env.Vault().Resource())
	env.GrantRole(env.Vault(), "app", "Key Vault Secrets User", env.Vault().Resource()+"/secrets/db")
	if s, err := app.GetSecret(t.Context(), "db"); err != nil || s.Value.Reveal() != "hunter2" {
		t.Errorf("with its role: %v", err)
	}
	if got := env.Vault().Options().RBAC.Assignments; len(got) != 2 || got[0].ID == "" || got[0].ID == got[1].ID {
		t.Errorf("%+v", got)
	}
}
