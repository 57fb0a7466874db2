package vaulttest_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/errs"
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

// A program that is told where the environment is finds a Managed HSM that it may use.
func TestProgramsFindTheManagedHSM(t *testing.T) {
	env := vaulttest.New(t, nil)
	before := env.CreateManagedHSM("before", nil)
	app := vault.Principal(env.Application().ObjectID())
	after := env.CreateManagedHSM("after", nil)
	for _, h := range []*vault.HSM{before, after} {
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
	if err := h.SetRoles(t.Context(), []policy.RoleAssignment{{Role: policy.ManagedHSMCryptoUser, PrincipalID: "app", Scope: "/keys/orders"}}, nil); err != nil {
		t.Fatal(err)
	}
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
