package vault_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// storedWorld is a world whose vault is kept in a store.
func storedWorld(t *testing.T, o *vault.VaultOptions) (*world, *store.Memory) {
	t.Helper()
	s := store.NewMemory()
	return newWorld(t, &vault.Options{Store: s}, o), s
}

// A service made with the same store has the same vaults with the same settings, and goes by them.
func TestSettingsAreThereAgain(t *testing.T) {
	t.Parallel()
	w, _ := storedWorld(t, &vault.VaultOptions{
		SKU: vault.Standard, RetentionDays: 12,
		AccessPolicies: []policy.AccessPolicy{
			{TenantID: tenantID, ObjectID: "reader", ApplicationID: "portal", Secrets: []string{"get", "list"}},
			{ObjectID: "officer", Keys: []string{"all"}, Certificates: []string{"get"}, Storage: []string{"getsas"}},
		},
		Network: policy.NetworkRules{
			DefaultAction: policy.Deny, Bypass: policy.BypassNone, PublicNetworkAccess: policy.PublicEnabled,
			IPRules: []string{"198.51.100.0/24"}, VirtualNetworkRules: []string{"/subscriptions/s/subnets/a"},
			PrivateEndpoints: []string{"pe-1"},
		},
	})
	other := got(w.svc.CreateVault(t.Context(), "Fabrikam-2", &vault.VaultOptions{RBAC: &vault.RBAC{
		Assignments: []policy.RoleAssignment{{ID: "a1", Role: "signer", PrincipalID: "app", Scope: "/"}},
		Roles: []policy.RoleDefinition{{
			ID: "0a4b1c2d-0000-4000-8000-00000000000e", Name: "signer", Description: "signs", Type: policy.CustomRole, AssignableScopes: []string{"/"},
			Permissions: []policy.Permission{{
				DataActions:    []string{"Microsoft.KeyVault/vaults/keys/*"},
				NotDataActions: []string{"Microsoft.KeyVault/vaults/keys/delete"},
				Actions:        []string{"Microsoft.KeyVault/vaults/read"},
			}},
		}},
		Denials: []policy.DenyAssignment{{
			ID: "d1", Name: "no purge", Scope: "/", Principals: []string{policy.AllPrincipals}, ExcludePrincipals: []string{"boss"},
			Permissions: []policy.Permission{{DataActions: []string{"Microsoft.KeyVault/vaults/keys/purge/action"}}},
		}},
	}}))(t)
	fine(t, w.vault.EnablePurgeProtection(t.Context()))
	mine, theirs := w.vault.Options(), other.Options()

	w.reopen(t)
	if diff := cmp.Diff(mine, w.vault.Options(), cmpopts.EquateEmpty()); diff != "" || !w.vault.Options().PurgeProtection {
		t.Errorf("the settings changed: %s", diff)
	}
	again := w.svc.Lookup("fabrikam-2")
	if again == nil {
		t.Fatal("the second vault is gone")
	}
	if diff := cmp.Diff(theirs, again.Options(), cmpopts.EquateEmpty()); diff != "" || again.Name() != "Fabrikam-2" || again.Resource() != other.Resource() {
		t.Errorf("%s, %s: the settings changed: %s", again.Name(), again.Resource(), diff)
	}

	app := again.As(vault.Principal("app"))
	got(app.CreateKey(t.Context(), "key", vault.EC(vault.P256), nil))(t)
	if _, err := app.DeleteKey(t.Context(), "key"); codes(err) != "Forbidden/ForbiddenByRbac" {
		t.Errorf("the role gives what it does not have: %v", err)
	}
	if err := app.PurgeDeletedKey(t.Context(), "key"); codes(err) != "Forbidden/ForbiddenByRbac" || !strings.Contains(err.Error(), "'d1'") {
		t.Errorf("the denial is gone: %v", err)
	}
	if _, err := w.vault.As(vault.Principal("reader").From(outside.Addr)).GetSecret(t.Context(), "s"); codes(err) != "Forbidden/ForbiddenByFirewall" {
		t.Errorf("the firewall is gone: %v", err)
	}
	if _, err := w.svc.CreateVault(t.Context(), "CONTOSO", nil); codes(err) != "VaultAlreadyExists" {
		t.Errorf("the name is free: %v", err)
	}
}

// Keys come back whole: what they signed and wrapped before is good, and they speak of themselves as before.
func TestKeysAreThereAgain(t *testing.T) {
	t.Parallel()
	w, _ := storedWorld(t, nil)
	ctx, digest := t.Context(), make([]byte, 32)
	for name, spec := range map[string]crypto.Spec{
		"rsa": vault.RSA(2048), "p256": vault.EC(vault.P256), "p384": vault.EC(vault.P384), "p521": vault.EC(vault.P521),
		"p256k": vault.EC(vault.P256K),
	} {
		got(w.owner.CreateKey(ctx, name, spec, nil))(t)
	}
	fine(t, second(w.owner.UpdateKey(ctx, "rsa", &vault.UpdateKeyOptions{Operations: []crypto.Operation{crypto.OpSign, crypto.OpUnwrapKey, crypto.OpWrapKey}})))
	got(w.owner.SetRotationPolicy(ctx, "p256", vault.RotationPolicy{
		ExpiryTime: "P90D", Actions: []vault.LifetimeAction{{Action: vault.Rotate, After: "P60D"}},
	}))(t)
	signature := got(w.owner.Sign(ctx, "p256k", vault.ES256K, digest))(t)
	wrapped := got(w.owner.WrapKey(ctx, "rsa", vault.RSAOAEP256, digest))(t)
	blob := got(w.owner.BackupKey(ctx, "p384"))(t)
	policyBefore := got(w.owner.GetRotationPolicy(ctx, "p256"))(t)
	before := got(w.owner.GetKey(ctx, "rsa"))(t)
	w.clock.Advance(time.Minute)

	w.reopen(t)
	if ok, err := w.owner.Verify(ctx, signature.ID.Ref(), vault.ES256K, digest, signature.Value); !ok {
		t.Errorf("a signature from before: %v, %v", ok, err)
	}
	if opened := got(w.owner.UnwrapKey(ctx, "rsa", vault.RSAOAEP256, wrapped.Value))(t); !bytes.Equal(opened.Value, digest) {
		t.Errorf("what was wrapped before opens as %x", opened.Value)
	}
	if diff := cmp.Diff(text(before), text(got(w.owner.GetKey(ctx, "rsa"))(t))); diff != "" {
		t.Errorf("the key changed: %s", diff)
	}
	if diff := cmp.Diff(policyBefore, got(w.owner.GetRotationPolicy(ctx, "p256"))(t)); diff != "" {
		t.Errorf("the rotation policy changed: %s", diff)
	}
	got(w.owner.DeleteKey(ctx, "p384"))(t)
	fine(t, w.owner.PurgeDeletedKey(ctx, "p384"))
	if back := got(w.owner.RestoreKey(ctx, blob))(t); back.ID.Name != "p384" {
		t.Errorf("restored %v", back.ID)
	}
}

func second[T any](_ T, err error) error { return err }

// An error names a key as it was named first, whoever wrote the name how, and before and after.
func TestAKeyNamesItselfTheSameAfterReopening(t *testing.T) {
	t.Parallel()
	w, _ := storedWorld(t, nil)
	got(w.owner.CreateKey(t.Context(), "App", vault.EC(vault.P256), nil))(t)
	key := got(w.owner.CreateKey(t.Context(), "APP", vault.EC(vault.P256), nil))(t)
	if key.ID.Name != "App" {
		t.Errorf("the second version is of %s", key.ID.Name)
	}
	check := func(when string) {
		_, err := w.owner.Sign(t.Context(), "app", vault.ES384, make([]byte, 48))
		if err == nil || !strings.Contains(err.Error(), key.ID.String()) {
			t.Errorf("%s: %v does not name %v", when, err, key.ID)
		}
	}
	check("before")
	w.reopen(t)
	check("afterwards")
}

// A value comes back as it was, whatever bytes it has.
func TestValuesAreThereAgain(t *testing.T) {
	t.Parallel()
	w, _ := storedWorld(t, nil)
	values := map[string]string{
		"empty": "", "text": "naïve \U0001f511", "control": "\x00\x01\x7f\r\n", "markup": "<&>\"'\\u0041\u2028",
		"bytes": "\xff\xfe\x80", "long": strings.Repeat("é", 12800),
	}
	for name, value := range values {
		_, err := w.owner.SetSecret(t.Context(), name, value, &vault.SetSecretOptions{ContentType: "text/plain", Tags: map[string]string{"<&>": "é"}})
		if codes(err) == "BadParameter" && name == "bytes" {
			delete(values, name) // a door may refuse what is no text; it must not change it
			continue
		}
		fine(t, err)
	}
	w.reopen(t)
	for name, value := range values {
		if s := got(w.owner.GetSecret(t.Context(), vault.Ref(name)))(t); s.Value.Reveal() != value {
			t.Errorf("%s: %.40q came back as %.40q", name, value, s.Value.Reveal())
		}
	}
}

// What is purged is not in the store any more, whether by a request or by the time.
func TestTheStoreForgetsWhatIsPurged(t *testing.T) {
	t.Parallel()
	for how, purge := range map[string]func(*testing.T, *world){
		"by request": func(t *testing.T, w *world) { fine(t, w.owner.PurgeDeletedSecret(t.Context(), "s")) },
		"by the time, when the name is used again": func(t *testing.T, w *world) {
			w.clock.Advance(91 * 24 * time.Hour)
			got(w.owner.SetSecret(t.Context(), "s", "next", nil))(t)
		},
	} {
		t.Run(how, func(t *testing.T) {
			w, s := storedWorld(t, nil)
			for _, value := range []string{hidden, hidden + "2"} {
				got(w.owner.SetSecret(t.Context(), "s", value, nil))(t)
			}
			got(w.owner.DeleteSecret(t.Context(), "s"))(t)
			if !strings.Contains(content(t, s), hidden) {
				t.Fatal("a deleted secret is not in the store")
			}
			purge(t, w)
			if strings.Contains(content(t, s), hidden) {
				t.Error("a purged value is still in the store")
			}
			w.reopen(t)
		})
	}
}

// content is all that a store holds.
func content(tb failer, s store.Store) string {
	tb.Helper()
	var b strings.Builder
	for r, err := range s.Records(tb.Context()) {
		fine(tb, err)
		fmt.Fprintf(&b, "%s\n", r.Value)
		var of struct{ Data struct{ Value []byte } }
		if json.Unmarshal(r.Value, &of) == nil { // the version of a secret
			fmt.Fprintf(&b, "%s\n", of.Data.Value)
		}
	}
	return b.String()
}

// Every change of something that is there. Each is made in a vault with a live and a deleted object of both kinds.
var changes = map[string]func(context.Context, *vault.Client, collection) error{
	"set new": func(_ context.Context, _ *vault.Client, of collection) error {
		return second(of.set("new", "v", vault.Validity{}, nil))
	},
	"set again": func(_ context.Context, _ *vault.Client, of collection) error {
		return second(of.set("live", "v", vault.Validity{}, nil))
	},
	"update": func(_ context.Context, _ *vault.Client, of collection) error {
		return second(of.update("live", vault.AttributesUpdate{Enabled: new(false)}, nil))
	},
	"delete":  func(_ context.Context, _ *vault.Client, of collection) error { return second(of.delete("live")) },
	"recover": func(_ context.Context, _ *vault.Client, of collection) error { return second(of.recover("deleted")) },
	"purge":   func(_ context.Context, _ *vault.Client, of collection) error { return of.purge("deleted") },
	"rotate": func(ctx context.Context, c *vault.Client, _ collection) error {
		return second(c.RotateKey(ctx, "live"))
	},
	"set rotation policy": func(ctx context.Context, c *vault.Client, _ collection) error {
		return second(c.SetRotationPolicy(ctx, "live", vault.RotationPolicy{ExpiryTime: "P90D"}))
	},
	"settings": func(ctx context.Context, c *vault.Client, _ collection) error {
		v := c.Container().(*vault.Vault)
		return errors.Join(v.EnablePurgeProtection(ctx), v.SetRBAC(ctx, new(vault.RBAC)),
			v.SetNetwork(ctx, policy.NetworkRules{DefaultAction: policy.Deny}), v.SetAccessPolicies(ctx))
	},
}

// broken is a store that can be told to fail.
type broken struct {
	*store.Memory
	fails bool
}

func (b *broken) Commit(ctx context.Context, batch store.Batch) error {
	if b.fails {
		return errDisk
	}
	return b.Memory.Commit(ctx, batch)
}

// A change that the store did not take is a failure that the caller hears of, and leaves everything as it was.
func TestAFailedCommitChangesNothing(t *testing.T) {
	t.Parallel()
	for name, change := range changes {
		for kind, of := range map[string]func(*vault.Client) collection{"secrets": secretsOf, "keys": keysOf} {
			t.Run(name+" "+kind, func(t *testing.T) {
				s := &broken{Memory: store.NewMemory()}
				unlimited := limiter.Unlimited()
				w := newWorld(t, &vault.Options{Store: s, Limits: &unlimited}, nil)
				for _, both := range []collection{secretsOf(w.owner), keysOf(w.owner)} {
					got(both.set("live", "one", vault.Validity{}, nil))(t)
					got(both.set("deleted", "two", vault.Validity{}, nil))(t)
					got(both.delete("deleted"))(t)
				}
				before, options, moment := inventory(t, w.owner), w.vault.Options(), vault.Moment(w.vault)

				s.fails = true
				err := change(t.Context(), w.owner, of(w.owner))
				if !errors.Is(err, errDisk) || strings.Contains(err.Error(), "disk") && name != "settings" {
					t.Errorf("the answer is %v", err)
				}
				if after := inventory(t, w.owner); after != before || vault.Moment(w.vault) != moment {
					t.Errorf("before\n%safterwards\n%s", before, after)
				}
				if diff := cmp.Diff(options, w.vault.Options()); diff != "" {
					t.Errorf("the settings changed: %s", diff)
				}
				s.fails = false
				w.reopen(t)
				if after := inventory(t, w.owner); after != before {
					t.Errorf("before\n%sreopened\n%s", before, after)
				}
				fine(t, change(t.Context(), w.owner, of(w.owner)))
				if name != "settings" && inventory(t, w.owner) == before && name != "set rotation policy" {
					t.Error("the change itself changes nothing")
				}
			})
		}
	}
}

// tampered changes one record of a store that holds a vault with a secret and a key.
func tampered(t *testing.T, change func(store.Record) store.Batch) *store.Memory {
	t.Helper()
	w, s := storedWorld(t, nil)
	got(w.owner.SetSecret(t.Context(), "s", "value", nil))(t)
	got(w.owner.CreateKey(t.Context(), "k", vault.EC(vault.P256), nil))(t)
	for r, err := range s.Records(t.Context()) {
		fine(t, err)
		fine(t, s.Commit(t.Context(), change(r)))
	}
	return s
}

// replaced changes the records that hold a word.
func replaced(word string, old, with string) func(store.Record) store.Batch {
	return func(r store.Record) store.Batch {
		if !bytes.Contains(r.Value, []byte(word)) {
			return store.Batch{}
		}
		return store.Batch{Put: []store.Record{{Key: r.Key, Value: bytes.Replace(r.Value, []byte(old), []byte(with), 1)}}}
	}
}

// A store that holds anything else than a service wrote is refused: nothing is dropped or guessed in silence.
func TestAStoreThatHoldsSomethingElseIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(store.Record) store.Batch{
		"no JSON": func(r store.Record) store.Batch {
			return store.Batch{Put: []store.Record{{Key: r.Key, Value: []byte("{")}}}
		},
		"a record in another's place": func(r store.Record) store.Batch {
			return store.Batch{Put: []store.Record{{Key: store.Key{1}, Value: r.Value}}}
		},
		"a sort that there is not": replaced(`"sort":"vault"`, `"sort":"vault"`, `"sort":"shelf"`),
		"a version without its object's record of it": func(r store.Record) store.Batch {
			if !bytes.Contains(r.Value, []byte(`"sort":"version"`)) {
				return store.Batch{}
			}
			return store.Batch{Delete: []store.Key{r.Key}}
		},
		"an object without its vault": func(r store.Record) store.Batch {
			if !bytes.Contains(r.Value, []byte(`"sort":"vault"`)) {
				return store.Batch{}
			}
			return store.Batch{Delete: []store.Key{r.Key}}
		},
		"an object without its record": func(r store.Record) store.Batch {
			if !bytes.Contains(r.Value, []byte(`"sort":"object"`)) || !bytes.Contains(r.Value, []byte(`"name":"s"`)) {
				return store.Batch{}
			}
			return store.Batch{Delete: []store.Key{r.Key}}
		},
		"a key that is none":       replaced(`"material"`, `"material":"`, `"material":"AAAA`),
		"settings that are none":   replaced(`"sort":"vault"`, `"retentionDays":90`, `"retentionDays":3`),
		"an object of no versions": replaced(`"sort":"object"`, `"versions":[`, `"was":[`),
	} {
		t.Run(name, func(t *testing.T) {
			svc, err := vault.New(&vault.Options{Store: tampered(t, change)})
			if err == nil || svc != nil {
				t.Errorf("opened %v, %v", svc, err)
			}
		})
	}
}

// A store without the secret of its service cannot be told from one that lost it: a new secret would make every backup
// worthless. Nothing is written by a service that does not open.
func TestAStoreThatLostASecretIsRefused(t *testing.T) {
	t.Parallel()
	lost := func(sort string) func(store.Record) store.Batch {
		return func(r store.Record) store.Batch {
			if !bytes.Contains(r.Value, []byte(`"sort":"`+sort+`"`)) {
				return store.Batch{}
			}
			return store.Batch{Delete: []store.Key{r.Key}}
		}
	}
	for name, change := range map[string]func(store.Record) store.Batch{
		"the root key":                 lost("service"),
		"the vault of what it keeps":   lost("vault"),
		"the module, and a vault's":    func(r store.Record) store.Batch { return both(lost("module")(r), lost("vault")(r)) },
		"the root key, though it says": replaced(`"sort":"service"`, `"data":"`, `"date":"`),
	} {
		s := tampered(t, change)
		before := records(t, s)
		if _, err := vault.New(&vault.Options{Store: s}); !errors.Is(err, vault.ErrBadRecord) {
			t.Errorf("without %s: %v", name, err)
		}
		if records(t, s) != before {
			t.Errorf("without %s: a service that did not open wrote", name)
		}
	}
}

func both(a, b store.Batch) store.Batch {
	return store.Batch{Put: append(a.Put, b.Put...), Delete: append(a.Delete, b.Delete...)}
}

func records(t *testing.T, s *store.Memory) int {
	t.Helper()
	n := 0
	for _, err := range s.Records(t.Context()) {
		fine(t, err)
		n++
	}
	return n
}

func TestAStoreThatDoesNotAnswerIsRefused(t *testing.T) {
	t.Parallel()
	closed := store.NewMemory()
	fine(t, closed.Close())
	if _, err := vault.New(&vault.Options{Store: closed}); !errors.Is(err, store.ErrClosed) {
		t.Errorf("a closed store: %v", err)
	}
	if _, err := vault.New(&vault.Options{Store: unreadable{store.NewMemory()}}); !errors.Is(err, errDisk) {
		t.Errorf("a store that cannot be read: %v", err)
	}
}

// unreadable is a store that cannot be read.
type unreadable struct{ *store.Memory }

func (unreadable) Records(context.Context) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) { yield(store.Record{}, errDisk) }
}

func TestCloseEndsTheService(t *testing.T) {
	t.Parallel()
	w, s := storedWorld(t, nil)
	fine(t, w.svc.Close())
	fine(t, w.svc.Close())
	if _, err := w.svc.CreateVault(t.Context(), "another", nil); !errors.Is(err, store.ErrClosed) {
		t.Errorf("a vault of a closed service: %v", err)
	}
	if _, err := w.svc.Vault(t.Context(), w.vault.Name()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("a vault that was there: %v", err)
	}
	if v := w.svc.Lookup(w.vault.Name()); v != nil {
		t.Errorf("looked up: %v", v.Name())
	}
	if err := s.Commit(t.Context(), store.Batch{}); err != nil {
		t.Errorf("the store, which is the program's, was closed: %v", err)
	}
}
