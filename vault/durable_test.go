package vault_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// diary is a store that notes of which sorts the records are that it is given.
type diary struct {
	*store.Memory
	sorts []string
}

func (d *diary) Commit(ctx context.Context, b store.Batch) error {
	for _, r := range b.Put {
		var of struct{ Sort string }
		if err := json.Unmarshal(r.Value, &of); err != nil {
			return err
		}
		d.sorts = append(d.sorts, of.Sort)
	}
	return d.Memory.Commit(ctx, b)
}

// take returns the sorts since the last take, in order.
func (d *diary) take() []string {
	sorts := d.sorts
	d.sorts = nil
	slices.Sort(sorts)
	return sorts
}

// The domain of a module is written when it may be another than the store's, and not with every setting.
func TestTheDomainIsWrittenWhenItChanges(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := &diary{Memory: store.NewMemory()}
	_, h, c := hsmWorld(t, d, 0)
	holders, certificates := shareholders(t, 3)
	var download []byte
	if got := d.take(); !slices.Equal(got, []string{"module", "module", "service", "vault", "vault"}) { // of the service, a vault and the HSM
		t.Errorf("creation wrote %v", got)
	}
	with, without := []string{"module", "vault"}, []string{"vault"}
	for _, step := range []struct {
		name string
		do   func() error
		want []string
	}{
		{"the firewall before activation", func() error { return h.SetNetwork(ctx, policy.NetworkRules{}) }, without},
		{"the first download", func() (err error) { download, err = c.DownloadSecurityDomain(ctx, certificates, 2); return err }, with},
		{"another download", func() error { return second(c.DownloadSecurityDomain(ctx, certificates, 3)) }, nil},
		{"the firewall", func() error { return h.SetNetwork(ctx, policy.NetworkRules{}) }, without},
		{"purge protection", func() error { return h.EnablePurgeProtection(ctx) }, without},
		{"all roles", func() error { return h.SetRBAC(ctx, vault.RBAC{}) }, without},
		{"a role", func() error {
			return second(c.CreateRoleAssignment(ctx, policy.RoleAssignment{Role: policy.ManagedHSMAdministrator, PrincipalID: "p", Scope: "/"}))
		}, without},
		{"a setting", func() error {
			return second(c.UpdateSetting(ctx, vault.AllowKeyManagementOperationsThroughARM, "true"))
		}, without},
		{"a setting of a module that was tampered with", func() error {
			h.Module().Tamper()
			return second(c.UpdateSetting(ctx, vault.AllowKeyManagementOperationsThroughARM, "false"))
		}, without},
		{"an upload", func() error { return c.UploadSecurityDomain(ctx, rewrapped(t, c, download, holders)) }, with},
	} {
		fine(t, step.do())
		if got := d.take(); !slices.Equal(got, step.want) {
			t.Errorf("%s wrote %v, not %v", step.name, got, step.want)
		}
	}
}

// A program may give the module of a Managed HSM a domain of its own choice before that is activated.
func TestADomainFromBeforeTheActivation(t *testing.T) {
	t.Parallel()
	w, h, _ := hsmWorld(t, store.NewMemory(), 0)
	chosen := bytes.Repeat([]byte{7}, hsm.DomainSize)
	fine(t, h.Module().RestoreDomain(chosen))
	fine(t, h.Activate(t.Context()))
	got(h.As(vault.Owner()).CreateKey(t.Context(), "k", vault.EC(vault.P256), nil))(t)
	w.reopen(t)
	h = w.svc.LookupManagedHSM("fortress")
	fine(t, signs(t, h.As(vault.Owner())))
	if !bytes.Equal(vault.DomainOf(h), chosen) {
		t.Error("the domain is another")
	}
}

// A module that was tampered with has no domain to begin with.
func TestAManagedHSMOfATamperedModule(t *testing.T) {
	t.Parallel()
	m := got(hsm.New(nil))(t)
	m.Tamper()
	w, _ := storedWorld(t, nil)
	if _, err := w.svc.CreateManagedHSM(t.Context(), "fortress", &vault.ManagedHSMOptions{Module: m}); !errors.Is(err, errs.HardwareTampered) {
		t.Errorf("created: %v", err)
	}
	w.reopen(t)
	if h := w.svc.LookupManagedHSM("fortress"); h != nil {
		t.Error("it is in the store")
	}
}
