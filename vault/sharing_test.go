package vault_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/soft"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// What a caller gives to a vault, or gets from it, is the caller's own: writing to it changes no right.
func TestSettingsShareNothingWithTheCaller(t *testing.T) {
	given := vault.VaultOptions{
		AccessPolicies: []policy.AccessPolicy{{ObjectID: "app", Secrets: []string{"get"}}},
		Network:        policy.NetworkRules{IPRules: []string{"198.51.100.0/24"}},
	}
	w := newWorld(t, nil, &given)
	got(w.owner.SetSecret(t.Context(), "s", "v", nil))(t)
	given.AccessPolicies[0].Secrets[0] = "purge"
	o := w.vault.Options()
	o.AccessPolicies[0].Secrets[0] = "purge"
	o.Network.IPRules[0] = "0.0.0.0/0"
	fine(t, w.vault.EnablePurgeProtection(t.Context())) // compiles the policies anew
	if _, err := w.vault.As(vault.Principal("app")).GetSecret(t.Context(), "s"); err != nil {
		t.Errorf("the right was changed from outside: %v", err)
	}
	if rule := w.vault.Options().Network.IPRules[0]; rule != "198.51.100.0/24" {
		t.Errorf("the firewall was changed from outside: %s", rule)
	}
	w.trail.take()
}

// slow is a driver that lets something happen while it makes a key.
type slow struct {
	soft.Driver
	meanwhile func()
}

func (s *slow) Generate(ctx context.Context, spec crypto.Spec) (crypto.Private, error) {
	if s.meanwhile != nil {
		s.meanwhile()
	}
	return s.Driver.Generate(ctx, spec)
}

func TestRotationDoesNotBringBackAPurgedKey(t *testing.T) {
	w := newWorld(t, nil, nil)
	driver := new(slow)
	vault.WithDriver(w.svc, driver)
	got(w.owner.CreateKey(t.Context(), "k", vault.EC(vault.P256), nil))(t)
	driver.meanwhile = func() {
		got(w.owner.DeleteKey(t.Context(), "k"))(t)
		fine(t, w.owner.PurgeDeletedKey(t.Context(), "k"))
	}
	if _, err := w.owner.RotateKey(t.Context(), "k"); !errors.Is(err, errs.KeyNotFound) {
		t.Errorf("rotated what was purged meanwhile: %v", err)
	}
}

// The newest version is the one made last, and says so, though its request came first.
func TestTheNewestVersionWasCreatedLast(t *testing.T) {
	w := newWorld(t, nil, nil)
	driver := new(slow)
	vault.WithDriver(w.svc, driver)
	driver.meanwhile = func() {
		driver.meanwhile = nil
		w.clock.Advance(5 * time.Second)
		got(w.owner.CreateKey(t.Context(), "k", vault.EC(vault.P384), nil))(t)
	}
	slow := got(w.owner.CreateKey(t.Context(), "k", vault.EC(vault.P256), nil))(t)
	newest := got(w.owner.GetKey(t.Context(), "k"))(t)
	if newest.ID != slow.ID || newest.Attributes.Created.Before(start.Add(5*time.Second)) {
		t.Errorf("the newest is %v, created %v", newest.ID, newest.Attributes.Created)
	}
}

// Only a change of roles has to spread; another change of the settings neither delays nor hastens it.
func TestRolesSpreadOnce(t *testing.T) {
	w := newWorld(t, &vault.Options{Lag: 10 * time.Second}, &vault.VaultOptions{RBAC: new(vault.RBAC)})
	got(w.owner.SetSecret(t.Context(), "s", "v", nil))(t)
	get := func() int {
		_, err := w.vault.As(vault.Principal("app")).GetSecret(t.Context(), "s")
		return errs.StatusOf(err)
	}
	fine(t, w.vault.SetRBAC(t.Context(), &vault.RBAC{Assignments: []policy.RoleAssignment{
		{Role: policy.KeyVaultSecretsUser, PrincipalID: "app", Scope: w.vault.Resource()},
	}}))
	for second, want := range []int{403, 403, 200} {
		if status := get(); status != want {
			t.Errorf("after %d s: %d, want %d", 5*second, status, want)
		}
		fine(t, w.vault.SetNetwork(t.Context(), policy.NetworkRules{}))
		w.clock.Advance(5 * time.Second)
	}
}

func TestRegionsOfOneSpellingShareALimit(t *testing.T) {
	w := newWorld(t, nil, nil)
	made := 0
	for i, region := range []string{"westus", "West US", "WestUS", "westus", "West us", "westus"} {
		v := got(w.svc.CreateVault(t.Context(), "vault-"+string(rune('a'+i)), &vault.VaultOptions{Region: region}))(t)
		for range 10 {
			if _, err := v.As(vault.Owner()).CreateKey(t.Context(), "k", vault.EC(vault.P256), nil); err == nil {
				made++
			}
		}
	}
	if want := limiter.Documented2019().SubscriptionLimit(limiter.KeyCreate); made != want {
		t.Errorf("%d keys in one subscription and region, want %d", made, want)
	}
}

// The zone of an address is no business of a firewall, and nothing a caller could write into a log with.
func TestAddressesHaveNoZone(t *testing.T) {
	w := newWorld(t, nil, &vault.VaultOptions{Network: policy.NetworkRules{DefaultAction: policy.Deny}})
	evil := vault.Principal("app").From(netip.MustParseAddr(`fe80::1%","correlationId":"forged`))
	_, err := w.vault.As(evil).GetSecret(t.Context(), "s")
	if !strings.Contains(err.Error(), "Client address: fe80::1\r\n") {
		t.Errorf("%v", err)
	}
	var line strings.Builder
	vault.NewAuditLog(&line).Record(w.trail.take()[0])
	if strings.Contains(line.String(), "forged") {
		t.Error(line.String())
	}
	_, err = w.vault.As(vault.Principal("app")).GetSecret(t.Context(), "s")
	if !strings.Contains(err.Error(), "Client address: unknown\r\n") {
		t.Errorf("a caller without an address: %v", err)
	}
}

// The firewall names the resource of a managed identity, as seen in reports.
func TestTheFirewallNamesAManagedIdentity(t *testing.T) {
	w := newWorld(t, nil, &vault.VaultOptions{Network: policy.NetworkRules{DefaultAction: policy.Deny}})
	vm := policy.NewPrincipal(policy.PrincipalInfo{ObjectID: appObject, AppID: appClient, ResourceID: "/subscriptions/s/vm"})
	_, err := w.vault.As(vault.PrincipalOf(vm)).GetSecret(t.Context(), "s")
	if !strings.Contains(err.Error(), "/;xms_mirid=/subscriptions/s/vm;xms_az_rid=/subscriptions/s/vm\r\nVault: contoso") {
		t.Errorf("%v", err)
	}
}

// Text that JSON spells at length does not make a backup too large to be restored.
func TestABackupOfAwkwardTextComesBack(t *testing.T) {
	unlimited := limiter.Unlimited()
	w := newWorld(t, &vault.Options{Limits: &unlimited}, nil)
	value := strings.Repeat("<\x01", 12800)
	for range 500 {
		got(w.owner.SetSecret(t.Context(), "s", value, nil))(t)
	}
	blob := got(w.owner.BackupSecret(t.Context(), "s"))(t)
	got(w.owner.DeleteSecret(t.Context(), "s"))(t)
	fine(t, w.owner.PurgeDeletedSecret(t.Context(), "s"))
	got(w.owner.RestoreSecret(t.Context(), blob))(t)
	if s := got(w.owner.GetSecret(t.Context(), "s"))(t); s.Value.Reveal() != value {
		t.Error("it came back changed")
	}
}

// A store with a record of a newer format is not opened.
func TestANewerFormatIsRefused(t *testing.T) {
	s := store.NewMemory()
	got(got(vault.New(&vault.Options{Store: s}))(t).Vault(t.Context(), "contoso"))(t)
	for r, err := range s.Records(t.Context()) {
		fine(t, err)
		newer := strings.Replace(string(r.Value), `"schema":1`, `"schema":2`, 1)
		fine(t, s.Commit(t.Context(), store.Batch{Put: []store.Record{{Key: r.Key, Value: []byte(newer)}}}))
	}
	if _, err := vault.New(&vault.Options{Store: s}); !errors.Is(err, vault.ErrBadRecord) {
		t.Errorf("%v", err)
	}
}
