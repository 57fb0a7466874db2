package vault_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// goldenRecords holds all that a service had written on whose vaults everything is set that can be: a record a line, with
// its key. It is not rewritten with the other golden files: what reads it no longer is another format, of another schema.
// Where there is none, -update writes a new one.
const goldenRecords = "testdata/records.txt"

// richVault is a vault of which all is set.
func richVault() *vault.VaultOptions {
	permissions := []policy.Permission{{
		Actions: []string{"Microsoft.KeyVault/vaults/read"}, NotActions: []string{"Microsoft.KeyVault/vaults/write"},
		DataActions: []string{"Microsoft.KeyVault/vaults/keys/*"}, NotDataActions: []string{"Microsoft.KeyVault/vaults/keys/delete"},
	}}
	return &vault.VaultOptions{
		SKU: vault.Standard, TenantID: tenantID, Subscription: subscription, ResourceGroup: "shop", Region: "westeurope",
		RetentionDays: 12, PurgeProtection: true,
		AccessPolicies: []policy.AccessPolicy{{
			TenantID: tenantID, ObjectID: "reader", ApplicationID: "portal",
			Keys: []string{"sign"}, Secrets: []string{"get", "list"}, Certificates: []string{"get"}, Storage: []string{"getsas"},
		}},
		RBAC: &vault.RBAC{
			Assignments: []policy.RoleAssignment{{ID: "a1", Role: "signer", PrincipalID: "app", Scope: "/"}},
			Roles: []policy.RoleDefinition{{
				ID: "0a4b1c2d-0000-4000-8000-00000000000e", Name: "signer", Description: "signs", Type: policy.CustomRole,
				Permissions: permissions, AssignableScopes: []string{"/"},
			}},
			Denials: []policy.DenyAssignment{{
				ID: "d1", Name: "no purge", Scope: "/", DoNotApplyToChildScopes: true, Permissions: permissions,
				Principals: []string{policy.AllPrincipals}, ExcludePrincipals: []string{"boss"},
			}},
		},
		Network: policy.NetworkRules{
			DefaultAction: policy.Deny, Bypass: policy.BypassNone, PublicNetworkAccess: policy.PublicEnabled,
			IPRules: []string{"198.51.100.0/24"}, VirtualNetworkRules: []string{"/subscriptions/s/subnets/a"},
			PrivateEndpoints: []string{"pe-1"},
		},
	}
}

// keptPolicy is a release policy with its members in the order of the vault.
const keptPolicy = `{"version":"1.0.0","anyOf":[{"authority":"https://attest.example/","allOf":[{"claim":"tee","equals":"enclave"}]}]}`

// What the versions of all objects are made with.
var (
	richTags     = map[string]string{"<team>": "böoks"}
	richValidity = vault.Validity{NotBefore: start.Add(-time.Hour), Expires: start.Add(400 * 24 * time.Hour)}
	richRelease  = vault.ReleasePolicy{ContentType: "application/json", Immutable: true, Data: []byte(keptPolicy)}
	richRotation = vault.RotationPolicy{ExpiryTime: "P90D", Actions: []vault.LifetimeAction{
		{Action: vault.Rotate, After: "P60D"}, {Action: vault.Notify, Before: "P30D"},
	}}
)

// writeRecords makes the service of the golden file in a store.
func writeRecords(t *testing.T, s store.Store) {
	t.Helper()
	ctx := t.Context()
	attestor := identity.NewAttestor(&identity.AttestorOptions{Authority: attester, NewKey: signingKey2048, Now: new(clock).Now})
	w := newWorld(t, &vault.Options{Store: s, Lag: 30 * time.Second, Attestation: attestor}, nil)
	got(w.svc.CreateVault(ctx, "Fabrikam-2", richVault()))(t)
	h, c := newHSM(t, w, &vault.ManagedHSMOptions{Administrators: []string{"admin"}})
	fine(t, h.Activate(ctx))
	got(c.UpdateSetting(ctx, vault.AllowKeyManagementOperationsThroughARM, "true"))(t)
	with := &vault.CreateKeyOptions{Tags: richTags, Validity: richValidity}
	for range 2 {
		got(w.owner.CreateKey(ctx, "App", vault.EC(vault.P256), with))(t)
	}
	got(w.owner.SetRotationPolicy(ctx, "App", richRotation))(t)
	got(w.owner.CreateKey(ctx, "hard", vault.EC(vault.P256).HSM(), with))(t)
	got(c.CreateKey(ctx, "leaves", vault.EC(vault.P256), &vault.CreateKeyOptions{Release: &richRelease}))(t)
	for _, name := range []string{"s", "deleted", "back"} {
		got(w.owner.SetSecret(ctx, name, "a <value>", &vault.SetSecretOptions{ContentType: "text/plain", Tags: richTags, Validity: richValidity}))(t)
	}
	for _, name := range []string{"deleted", "back"} {
		got(w.owner.DeleteSecret(ctx, name))(t)
	}
	w.clock.Advance(time.Minute)
	got(w.owner.RecoverDeletedSecret(ctx, "back"))(t)
}

// asLines is what a store holds, by the contents of the records.
func asLines(t *testing.T, s store.Store) string {
	t.Helper()
	lines := map[string]string{}
	for r, err := range s.Records(t.Context()) {
		fine(t, err)
		lines[string(r.Value)] = hex.EncodeToString(r.Key[:])
	}
	var b strings.Builder
	for _, value := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintf(&b, "%s %s\n", lines[value], value)
	}
	return b.String()
}

// fromGolden is a store with the records of the golden file, and its text.
func fromGolden(t *testing.T) (s *store.Memory, text string) {
	t.Helper()
	s, text = store.NewMemory(), string(got(os.ReadFile(goldenRecords))(t))
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		r := store.Record{Value: []byte(value)}
		copy(r.Key[:], got(hex.DecodeString(key))(t))
		fine(t, s.Commit(t.Context(), store.Batch{Put: []store.Record{r}}))
	}
	return s, text
}

// What is read from a store is written as it was, member for member. This runs before the others, which read the file.
func TestTheFormatOfRecords(t *testing.T) {
	if _, err := os.Stat(goldenRecords); *update && errors.Is(err, fs.ErrNotExist) {
		made := store.NewMemory()
		writeRecords(t, made)
		fine(t, os.WriteFile(goldenRecords, []byte(asLines(t, made)), 0o644))
	}
	s, want := fromGolden(t)
	set := map[string]bool{}
	for line := range strings.Lines(want) {
		_, value, _ := strings.Cut(line, " ")
		if err := vault.Members([]byte(value), set); err != nil {
			t.Errorf("%v: %s", err, value)
		}
	}
	for member, is := range set {
		if !is {
			t.Errorf("%s is in no record of %s", member, goldenRecords)
		}
	}
	again := store.NewMemory()
	fine(t, vault.WriteAll(t.Context(), got(vault.New(&vault.Options{Store: s, Now: new(clock).Now}))(t), again))
	if diff := cmp.Diff(want, asLines(t, again)); diff != "" {
		t.Errorf("written again, the records are others: %s", diff)
	}
}

// What is read is what was meant.
func TestTheRecordsOfTheGoldenFile(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, _ := fromGolden(t)
	later := new(clock)
	later.Advance(2 * time.Minute)
	svc := got(vault.New(&vault.Options{Store: s, Now: later.Now}))(t)
	if diff := cmp.Diff(*richVault(), svc.Lookup("fabrikam-2").Options()); diff != "" {
		t.Errorf("the vault: %s", diff)
	}
	h, c := svc.LookupManagedHSM("fortress"), svc.Lookup("contoso").As(vault.Owner())
	hardened := h.As(vault.Owner())
	if setting := got(hardened.GetSetting(ctx, vault.AllowKeyManagementOperationsThroughARM))(t); setting.Value != "true" || !h.Activated() ||
		!slices.Equal(h.Options().Administrators, []string{"admin"}) {
		t.Errorf("the Managed HSM: %+v, %v", h.Options(), setting)
	}
	secret := got(c.GetSecret(ctx, vault.Ref("s")))(t)
	key := got(c.GetKey(ctx, "app"))(t)
	if secret.Value.Reveal() != "a <value>" || secret.ContentType != "text/plain" || !maps.Equal(secret.Tags, richTags) || !maps.Equal(key.Tags, richTags) {
		t.Errorf("%+v, %+v", secret, key)
	}
	for name, a := range map[string]vault.Attributes{"secret": secret.Attributes, "key": key.Attributes} {
		if !a.Enabled || !a.NotBefore.Equal(richValidity.NotBefore) || !a.Expires.Equal(richValidity.Expires) || !a.Created.Equal(start) {
			t.Errorf("the %s: %+v", name, a)
		}
	}
	rotation := got(c.GetRotationPolicy(ctx, "app"))(t)
	if diff := cmp.Diff(richRotation.Actions, rotation.Actions); diff != "" || rotation.ExpiryTime != "P90D" {
		t.Errorf("the rotation policy: %s, %s", rotation.ExpiryTime, diff)
	}
	shown := richRelease
	shown.Data = []byte(`{"anyOf":[{"allOf":[{"claim":"tee","equals":"enclave"}],"authority":"https://attest.example/"}],"version":"1.0.0"}`) // sorted
	if diff := cmp.Diff(shown, *got(hardened.GetKey(ctx, "leaves"))(t).Release); diff != "" {
		t.Errorf("the release policy: %s", diff)
	}
	for name, of := range map[string]*vault.Client{"app": c, "hard": c, "leaves": hardened} {
		got(of.Sign(ctx, vault.Ref(name), vault.ES256, make([]byte, 32)))(t)
	}
	got(c.GetSecret(ctx, vault.Ref("back")))(t)
	if deleted := got(c.GetDeletedSecret(ctx, "deleted"))(t); !deleted.DeletedAt.Equal(start) {
		t.Errorf("deleted at %v", deleted.DeletedAt)
	}
}
