package vault_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

func TestUpdatedMovesOnlyWithAnUpdate(t *testing.T) {
	w := newWorld(t, nil, nil)
	ctx, c := t.Context(), w.owner
	set := got(c.SetSecret(ctx, "s", "v", nil))(t)
	w.clock.Advance(time.Hour)
	if got := got(c.GetSecret(ctx, "s"))(t); got.Attributes != set.Attributes {
		t.Errorf("a get moved the attributes: %+v", got.Attributes)
	}
	gone := got(c.DeleteSecret(ctx, "s"))(t)
	w.clock.Advance(time.Hour)
	if held := got(c.GetDeletedSecret(ctx, "s"))(t); cmp.Diff(gone, held, exportAll) != "" {
		t.Errorf("the replies to delete and to get deleted differ:\n%s", cmp.Diff(gone, held, exportAll))
	}
	back := got(c.RecoverDeletedSecret(ctx, "s"))(t)
	if back.Attributes != set.Attributes {
		t.Errorf("deletion and recovery moved the attributes: %+v", back.Attributes)
	}
	patched := got(c.UpdateSecret(ctx, "s", nil))(t)
	if want := start.Add(2 * time.Hour); !patched.Attributes.Updated.Equal(want) || !patched.Attributes.Created.Equal(start) {
		t.Errorf("after an update: %+v", patched.Attributes)
	}
}

func TestUpdateLeavesAbsentMembersAlone(t *testing.T) {
	w := newWorld(t, nil, nil)
	ctx, c := t.Context(), w.owner
	expires := start.Add(time.Hour)
	first := got(c.SetSecret(ctx, "s", "v", &vault.SetSecretOptions{
		ContentType: "text", Validity: vault.Validity{Disabled: true, Expires: expires}, Tags: map[string]string{"a": "1"},
	}))(t)
	steps := []struct {
		name string
		o    *vault.UpdateSecretOptions
		want string
	}{
		{"nothing", nil, "text false 15:26 map[a:1]"},
		{"enabled", &vault.UpdateSecretOptions{Attributes: vault.AttributesUpdate{Enabled: new(true)}}, "text true 15:26 map[a:1]"},
		{"tags", &vault.UpdateSecretOptions{Tags: map[string]string{"b": "2"}}, "text true 15:26 map[b:2]"},
		{"no tags", &vault.UpdateSecretOptions{Tags: map[string]string{}}, "text true 15:26 map[]"},
		{"content type", &vault.UpdateSecretOptions{ContentType: new("json")}, "json true 15:26 map[]"},
		{"no expiry", &vault.UpdateSecretOptions{Attributes: vault.AttributesUpdate{Expires: new(time.Time{})}}, "json true none map[]"},
	}
	for _, s := range steps {
		got := got(c.UpdateSecret(ctx, "s", s.o))(t)
		expiry := "none"
		if e := got.Attributes.Expires; !e.IsZero() {
			expiry = "15:26"
			if !e.Equal(expires) {
				t.Errorf("%s: expires %v", s.name, e)
			}
		}
		if is := fmt.Sprint(got.ContentType, " ", got.Attributes.Enabled, " ", expiry, " ", got.Tags); is != s.want {
			t.Errorf("%s: %s, want %s", s.name, is, s.want)
		}
		if got.ID != first.ID || got.Value.Reveal() != "" {
			t.Errorf("%s: another version, or a value: %v", s.name, got.ID)
		}
	}
}

func TestAnOlderVersionIsUpdatedInItsPlace(t *testing.T) {
	w := newWorld(t, nil, nil)
	ctx, c := t.Context(), w.owner
	old := got(c.CreateKey(ctx, "k", vault.EC(vault.P256), nil))(t)
	newest := got(c.CreateKey(ctx, "k", vault.EC(vault.P384), nil))(t)
	patched := got(c.UpdateKey(ctx, old.ID.Ref(), &vault.UpdateKeyOptions{
		Operations: []crypto.Operation{crypto.OpVerify}, Attributes: vault.AttributesUpdate{Enabled: new(false)},
	}))(t)
	if patched.ID != old.ID || len(patched.JWK.KeyOps) != 1 || patched.Attributes.Enabled {
		t.Errorf("patched: %+v", patched)
	}
	if now := got(c.GetKey(ctx, "k"))(t); now.ID != newest.ID || !now.Attributes.Enabled || len(now.JWK.KeyOps) != 2 {
		t.Errorf("the newest version changed: %+v", now)
	}
	digest := make([]byte, 32)
	if _, err := c.Sign(ctx, old.ID.Ref(), vault.ES256, digest); !errors.Is(err, errs.KeyDisabled) {
		t.Errorf("the old version signs: %v", err)
	}
}

func TestADisabledNewestVersionIsNotSkipped(t *testing.T) {
	w := newWorld(t, nil, nil)
	ctx, c := t.Context(), w.owner
	first := got(c.SetSecret(ctx, "s", "one", nil))(t)
	got(c.SetSecret(ctx, "s", "two", &vault.SetSecretOptions{Validity: vault.Validity{Disabled: true}}))(t)
	if _, err := c.GetSecret(ctx, "s"); !errors.Is(err, errs.SecretDisabled) {
		t.Errorf("get: %v", err)
	}
	if s := got(c.GetSecret(ctx, first.ID.Ref()))(t); s.Value.Reveal() != "one" {
		t.Error("the version before it is not there")
	}
}

func TestConditionalSetAndGet(t *testing.T) {
	w := newWorld(t, nil, nil)
	ctx, c := t.Context(), w.owner
	first := got(c.SetSecret(ctx, "s", "one", &vault.SetSecretOptions{IfVersion: vault.NoVersion}))(t)
	if _, newer, err := c.GetSecretIfNewer(ctx, "s", first.ID.Version()); newer || err != nil {
		t.Errorf("newer than itself: %t %v", newer, err)
	}
	second := got(c.SetSecret(ctx, "s", "two", &vault.SetSecretOptions{IfVersion: first.ID.Version()}))(t)
	if _, err := c.SetSecret(ctx, "s", "three", &vault.SetSecretOptions{IfVersion: first.ID.Version()}); !errors.Is(err, errs.WriterConflict) {
		t.Errorf("a set on what is no longer the newest: %v", err)
	}
	s, newer, err := c.GetSecretIfNewer(ctx, "s", first.ID.Version())
	if err != nil || !newer || s.ID != second.ID || s.Value.Reveal() != "two" {
		t.Errorf("got %v %t %v", s.ID, newer, err)
	}
}

func TestAListGoesOnWhileOthersDelete(t *testing.T) {
	w := newWorld(t, nil, nil)
	ctx, c := t.Context(), w.owner
	for i := range 60 {
		got(c.SetSecret(ctx, fmt.Sprintf("s%02d", i), "v", nil))(t)
	}
	var seen []string
	for item, err := range c.ListSecrets(ctx, &vault.ListOptions{PageSize: 10}) {
		fine(t, err)
		seen = append(seen, item.ID.Name)
		if len(seen) == 10 { // what was shown goes, and half of what was not
			for i := 0; i < 60; i++ {
				if i < 10 || i%2 == 1 {
					got(c.DeleteSecret(ctx, fmt.Sprintf("s%02d", i)))(t)
				}
			}
		}
		if v := item.ID.Version(); v != "" {
			t.Errorf("a list of secrets shows the version %s", v)
		}
	}
	var want []string
	for i := range 60 {
		if i < 10 || i%2 == 0 {
			want = append(want, fmt.Sprintf("s%02d", i))
		}
	}
	if d := cmp.Diff(want, seen); d != "" {
		t.Error(d)
	}
	w.trail.take()
	for _, err := range c.ListDeletedSecrets(ctx, nil) {
		fine(t, err)
	}
	if n := len(w.trail.take()); n != 2 {
		t.Errorf("35 deleted secrets took %d requests, want 2", n)
	}
}

func TestBackupBringsEverythingBack(t *testing.T) {
	w := newWorld(t, nil, nil)
	ctx, c := t.Context(), w.owner
	digest := make([]byte, 32)
	first := got(c.CreateKey(ctx, "Key", vault.EC(vault.P256), &vault.CreateKeyOptions{Tags: map[string]string{"a": "1"}}))(t)
	signature := got(c.Sign(ctx, "key", vault.ES256, digest))(t)
	got(c.SetRotationPolicy(ctx, "key", vault.RotationPolicy{ExpiryTime: "P90D"}))(t)
	w.clock.Advance(time.Hour)
	got(c.RotateKey(ctx, "key"))(t)
	versions := collect(t, c.ListKeyVersions(ctx, "key", nil))
	policy := got(c.GetRotationPolicy(ctx, "key"))(t)
	blob := got(c.BackupKey(ctx, "key"))(t)
	if strings.Contains(string(blob), "key") {
		t.Error("a name is legible in the blob")
	}

	if _, err := c.RestoreKey(ctx, blob); !errors.Is(err, errs.Conflict) {
		t.Errorf("restored over a live key: %v", err)
	}
	got(c.DeleteKey(ctx, "key"))(t)
	if _, err := c.RestoreKey(ctx, blob); !errors.Is(err, errs.Conflict) {
		t.Errorf("restored over a deleted key: %v", err)
	}
	fine(t, c.PurgeDeletedKey(ctx, "key"))
	got(c.RestoreKey(ctx, blob))(t)

	if d := cmp.Diff(versions, collect(t, c.ListKeyVersions(ctx, "key", nil)), exportAll); d != "" {
		t.Errorf("the versions came back changed:\n%s", d)
	}
	if d := cmp.Diff(policy, got(c.GetRotationPolicy(ctx, "key"))(t)); d != "" {
		t.Errorf("the rotation policy came back changed:\n%s", d)
	}
	if ok := got(c.Verify(ctx, first.ID.Ref(), vault.ES256, digest, signature.Value))(t); !ok {
		t.Error("the old signature no longer verifies")
	}
}

func TestABackupOpensInItsSubscriptionAndGeographyOnly(t *testing.T) {
	st := store.NewMemory()
	w := newWorld(t, &vault.Options{Store: st}, nil) // westeurope
	ctx := t.Context()
	got(w.owner.SetSecret(ctx, "s", "v", nil))(t)
	blob := got(w.owner.BackupSecret(ctx, "s"))(t)
	another := got(vault.New(nil))(t)
	reopened := got(vault.New(&vault.Options{Store: st}))(t)
	for name, c := range map[string]struct {
		svc  *vault.Service
		o    vault.VaultOptions
		want string
	}{
		"same-region":        {w.svc, vault.VaultOptions{Subscription: subscription, Region: "West Europe"}, ""},
		"same-geography":     {w.svc, vault.VaultOptions{Subscription: subscription, Region: "northeurope"}, ""},
		"reopened":           {reopened, vault.VaultOptions{Subscription: subscription, Region: "westeurope"}, ""},
		"other-geography":    {w.svc, vault.VaultOptions{Subscription: subscription, Region: "eastus"}, "Malformed backup blob"},
		"other-subscription": {w.svc, vault.VaultOptions{Region: "westeurope"}, "Malformed backup blob"},
		"other-service":      {another, vault.VaultOptions{Subscription: subscription, Region: "westeurope"}, "Malformed backup blob"},
	} {
		t.Run(name, func(t *testing.T) {
			v := got(c.svc.CreateVault(ctx, name, &c.o))(t)
			s, err := v.As(vault.Owner()).RestoreSecret(ctx, blob)
			if codes(err) != c.want {
				t.Fatalf("%v, want %q", err, c.want)
			}
			if err == nil && s.ID.String() != "https://"+name+".vault.azure.net/secrets/s/"+s.ID.Version() {
				t.Errorf("restored as %s", s.ID)
			}
		})
	}
}

func TestABackupHoldsAtMost500Versions(t *testing.T) {
	w := newWorld(t, nil, nil)
	ctx, c := t.Context(), w.owner
	for range 500 {
		got(c.SetSecret(ctx, "s", "v", nil))(t)
	}
	got(c.BackupSecret(ctx, "s"))(t)
	got(c.SetSecret(ctx, "s", "v", nil))(t)
	if _, err := c.BackupSecret(ctx, "s"); !errors.Is(err, errs.BadParameter) {
		t.Errorf("501 versions: %v", err)
	}
}

func TestRotation(t *testing.T) {
	w := newWorld(t, nil, nil)
	ctx, c := t.Context(), w.owner
	first := got(c.CreateKey(ctx, "k", vault.EC(vault.P384), &vault.CreateKeyOptions{
		Operations: []crypto.Operation{crypto.OpSign}, Tags: map[string]string{"a": "1"},
	}))(t)
	initial := got(c.GetRotationPolicy(ctx, "k"))(t)
	if want := []vault.LifetimeAction{{Action: vault.Notify, Before: "P30D"}}; !slices.Equal(initial.Actions, want) || !initial.Created.IsZero() {
		t.Errorf("the policy of a key without one: %+v", initial)
	}
	kept := got(c.SetRotationPolicy(ctx, "k", vault.RotationPolicy{
		ExpiryTime: "P2Y", Actions: []vault.LifetimeAction{{Action: "rotate", Before: "P30D"}},
	}))(t)
	if want := []vault.LifetimeAction{{Action: vault.Rotate, Before: "P30D"}, {Action: vault.Notify, Before: "P30D"}}; !slices.Equal(kept.Actions, want) {
		t.Errorf("kept as %+v, want spelt the service's way and with a Notify", kept.Actions)
	}
	w.clock.Advance(time.Hour)
	second := got(c.RotateKey(ctx, "K"))(t)
	if second.ID.Version() == first.ID.Version() || second.JWK.Crv != vault.P384 || !slices.Equal(second.JWK.KeyOps, first.JWK.KeyOps) || !maps.Equal(second.Tags, first.Tags) {
		t.Errorf("rotated to %+v", second)
	}
	if want := start.Add(time.Hour).AddDate(2, 0, 0); !second.Attributes.Expires.Equal(want) {
		t.Errorf("expires %v, want %v", second.Attributes.Expires, want)
	}
	again := got(c.SetRotationPolicy(ctx, "k", vault.RotationPolicy{}))(t)
	if !again.Created.Equal(start) || !again.Updated.Equal(start.Add(time.Hour)) {
		t.Errorf("created %v, updated %v", again.Created, again.Updated)
	}
}

func TestPeriods(t *testing.T) {
	w := newWorld(t, nil, nil)
	ctx, c := t.Context(), w.owner
	got(c.CreateKey(ctx, "k", vault.EC(vault.P256), nil))(t)
	for period, ok := range map[vault.Period]bool{
		"P28D": true, "p28d": true, "P4W": true, "P1M": true, "P1Y6M": true, "P1Y2M3W4D": true, "P9999D": true,
		"P27D": false, "P3W": false, "P0D": false, "P": false, "": true, "28D": false, "PT48H": false, "P1D1M": false,
		"P1M1M": false, "P-28D": false, "P1.5Y": false, "P99999D": false, "P28": false, "P 28D": false, "PD": false,
	} {
		if _, err := c.SetRotationPolicy(ctx, "k", vault.RotationPolicy{ExpiryTime: period}); (err == nil) != ok {
			t.Errorf("%q: %v", period, err)
		}
	}
}

func TestLag(t *testing.T) {
	w := newWorld(t, &vault.Options{Lag: 1500 * time.Millisecond}, nil) // two seconds
	ctx, c := t.Context(), w.owner
	set := func() error { _, err := c.SetSecret(ctx, "s", "v", nil); return err }
	get := func() error { _, err := c.GetSecret(ctx, "s"); return err }
	getDeleted := func() error { _, err := c.GetDeletedSecret(ctx, "s"); return err }
	recovers := func() error { _, err := c.RecoverDeletedSecret(ctx, "s"); return err }
	purge := func() error { return c.PurgeDeletedSecret(ctx, "s") }
	delete := func() error { _, err := c.DeleteSecret(ctx, "s"); return err }
	lists := func() error {
		n := len(collect(t, c.ListSecrets(ctx, nil))) + len(collect(t, c.ListDeletedSecrets(ctx, nil)))
		if n > 0 {
			return errors.New("listed")
		}
		return nil
	}
	expect := func(step string, do func() error, want string) {
		t.Helper()
		if got := codes(do()); got != want {
			t.Errorf("%s: %q, want %q", step, got, want)
		}
	}
	expect("set", set, "")
	expect("delete", delete, "")
	expect("being deleted: get", get, "SecretNotFound")
	expect("being deleted: get deleted", getDeleted, "SecretNotFound")
	expect("being deleted: set", set, "Conflict/ObjectIsBeingDeleted")
	expect("being deleted: recover", recovers, "Conflict/ObjectIsBeingDeleted")
	expect("being deleted: purge", purge, "Conflict/ObjectIsBeingDeleted")
	expect("being deleted: delete", delete, "SecretNotFound")
	expect("being deleted: lists", lists, "")
	w.clock.Advance(2 * time.Second)
	expect("deleted: get deleted", getDeleted, "")
	expect("deleted: set", set, "Conflict/ObjectIsDeletedButRecoverable")
	expect("recover", recovers, "")
	expect("being recovered: get", get, "SecretNotFound")
	expect("being recovered: get deleted", getDeleted, "SecretNotFound")
	expect("being recovered: set", set, "Conflict/ObjectIsBeingRecovered")
	expect("being recovered: lists", lists, "")
	w.clock.Advance(2 * time.Second)
	expect("recovered: get", get, "")
	expect("recovered: delete", delete, "")
	w.clock.Advance(2 * time.Second)
	expect("purge", purge, "")
	expect("being purged: set", set, "Conflict/ObjectIsBeingDeleted")
	expect("being purged: get deleted", getDeleted, "SecretNotFound")
	expect("being purged: purge", purge, "SecretNotFound")
	expect("being purged: recover", recovers, "SecretNotFound")
	w.clock.Advance(2 * time.Second)
	expect("purged: set", set, "")
}

func TestRecoveryLevels(t *testing.T) {
	w := newWorld(t, nil, nil)
	for name, c := range map[string]struct {
		o     vault.VaultOptions
		level string
		days  int
	}{
		"default":   {vault.VaultOptions{}, "Recoverable+Purgeable", 90},
		"protected": {vault.VaultOptions{PurgeProtection: true}, "Recoverable", 90},
		"week":      {vault.VaultOptions{RetentionDays: 7}, "CustomizedRecoverable+Purgeable", 7},
		"both":      {vault.VaultOptions{RetentionDays: 89, PurgeProtection: true}, "CustomizedRecoverable", 89},
	} {
		v := got(w.svc.CreateVault(t.Context(), name, &c.o))(t)
		owner := v.As(vault.Owner())
		s := got(owner.SetSecret(t.Context(), "s", "v", nil))(t)
		if s.Attributes.RecoveryLevel != c.level || s.Attributes.RecoverableDays != c.days {
			t.Errorf("%s: %s, %d days", name, s.Attributes.RecoveryLevel, s.Attributes.RecoverableDays)
		}
		gone := got(owner.DeleteSecret(t.Context(), "s"))(t)
		if got, want := gone.ScheduledPurge.Sub(gone.DeletedAt), time.Duration(c.days)*24*time.Hour; got != want {
			t.Errorf("%s: kept for %v, want %v", name, got, want)
		}
		err := owner.PurgeDeletedSecret(t.Context(), "s")
		if c.o.PurgeProtection != errors.Is(err, errs.Forbidden) {
			t.Errorf("%s: purge: %v", name, err)
		}
	}
	for _, days := range []int{6, 91, -1} {
		if _, err := w.svc.CreateVault(t.Context(), "wrong", &vault.VaultOptions{RetentionDays: days}); !errors.Is(err, errs.BadArgument) {
			t.Errorf("%d days: %v", days, err)
		}
	}
}

// exportAll lets cmp compare ids.
var exportAll = cmp.AllowUnexported(vault.ID{}, vault.Value{})

func collect[T any](t *testing.T, seq func(func(T, error) bool)) (all []T) {
	t.Helper()
	for item, err := range seq {
		fine(t, err)
		all = append(all, item)
	}
	return all
}

// An ID that names nothing, as beside an error, is no address.
func TestTheZeroIDIsEmpty(t *testing.T) {
	t.Parallel()
	if text := (vault.ID{}).String(); text != "" {
		t.Errorf("it is %q", text)
	}
}
