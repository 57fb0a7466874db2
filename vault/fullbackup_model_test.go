package vault_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/hook"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// Whatever happens before and after a backup, a restore brings back what there was, in memory and in the store.
func TestARestoreIsTheSnapshot(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		points := new(hook.Points)
		f := newStronghold(rt, vault.Options{Limits: new(limiter.Unlimited()), Store: store.NewMemory(), Hook: points})
		history(rt, f)
		before, folder := holding(rt, f.hsm), f.backup(rt)
		history(rt, f)
		f.restored(rt)(f.owner.StartRestore(rt.Context(), toStorage, folder))
		if after := holding(rt, f.hsm); after != before {
			rt.Fatalf("before\n%s\nafterwards\n%s", before, after)
		}
		fine(rt, points.Invariants())
		f.reopen(rt)
		if after := holding(rt, f.svc.LookupManagedHSM("fortress")); after != before {
			rt.Fatalf("before\n%s\nreopened\n%s", before, after)
		}
	})
}

// A backup holds what there was when it was asked for, keys and roles, whatever comes while it is made.
func TestABackupIsOfOneMoment(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{})
	furnish(t, f)
	before := holding(t, f.hsm)
	f.blobs.way = func(string) error {
		f.blobs.way = nil
		upset(t, f)
		return nil
	}
	folder := f.backup(t)
	if holding(t, f.hsm) == before {
		t.Fatal("nothing came while it was made")
	}
	f.restored(t)(f.owner.StartRestore(t.Context(), toStorage, folder))
	if after := holding(t, f.hsm); after != before {
		t.Errorf("before\n%s\nafterwards\n%s", before, after)
	}
}

// What was deleted is in a backup until it is over, and does not come back when it is over by then.
func TestARestoreLeavesOutWhatIsOver(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{})
	ctx := t.Context()
	furnish(t, f)
	folder := f.backup(t)
	held := func() []string {
		names := got(vault.ReadFullBackup(ctx, f.hsm, got(vault.FullBackupPlain(ctx, f.hsm))(t)))(t)
		slices.Sort(names)
		return names
	}
	purge := got(f.owner.GetDeletedKey(ctx, "gone"))(t).ScheduledPurge.Sub(f.clock.Now())
	f.clock.Advance(purge - time.Second)
	if all := held(); !slices.Equal(all, []string{"Wraps", "gone", "signs"}) {
		t.Errorf("a second before, a backup holds %q", all)
	}
	if _, err := f.owner.StartKeyRestore(ctx, "gone", toStorage, folder); codes(err) != "Conflict" {
		t.Errorf("a second before: %v", err)
	}
	f.clock.Advance(time.Second)
	if all := held(); !slices.Equal(all, []string{"Wraps", "signs"}) {
		t.Errorf("then a backup holds %q", all)
	}
	if _, err := f.owner.StartKeyRestore(ctx, "gone", toStorage, folder); codes(err) != "KeyNotFound" || errs.StatusOf(err) != 404 {
		t.Errorf("then: %v", err)
	}
	f.restored(t)(f.owner.StartRestore(ctx, toStorage, folder))
	if _, err := f.owner.GetDeletedKey(ctx, "gone"); codes(err) != "KeyNotFound" {
		t.Errorf("the deleted key: %v", err)
	}
	got(f.owner.CreateKey(ctx, "gone", vault.EC(vault.P256), nil))(t) // its name is free
}

// A backup that was let in before a restore, and begins after it, holds what was restored.
func TestABackupBeginsAfterARestore(t *testing.T) {
	t.Parallel()
	meanwhile := func() {}
	f := newStronghold(t, vault.Options{Hook: &hook.Points{Before: func(_ context.Context, _, operation string) error {
		if operation == string(vault.OpBackupStart) {
			meanwhile()
		}
		return nil
	}}})
	furnish(t, f)
	before, folder := holding(t, f.hsm), f.backup(t)
	upset(t, f)
	meanwhile = func() {
		meanwhile = func() {}
		f.restored(t)(f.owner.StartRestore(t.Context(), toStorage, folder))
	}
	late := f.backup(t)
	upset(t, f)
	f.restored(t)(f.owner.StartRestore(t.Context(), toStorage, late))
	if after := holding(t, f.hsm); after != before {
		t.Errorf("before\n%s\nafterwards\n%s", before, after)
	}
}

// history lets some requests about a few keys and roles happen. Those that do not fit are refused.
func history(rt *rapid.T, f *stronghold) {
	ctx, c := rt.Context(), f.owner
	on := rapid.Bool()
	for range rapid.IntRange(0, 12).Draw(rt, "requests") {
		name := rapid.SampledFrom([]string{"a", "A", "b", "c"}).Draw(rt, "name")
		switch rapid.IntRange(0, 7).Draw(rt, "request") {
		case 0, 1:
			_, _ = c.CreateKey(ctx, name, vault.EC(vault.P256), &vault.CreateKeyOptions{Tags: map[string]string{"n": name}})
		case 2:
			_, _ = c.UpdateKey(ctx, vault.Ref(name), &vault.UpdateKeyOptions{Attributes: vault.AttributesUpdate{Enabled: new(on.Draw(rt, "enabled"))}})
		case 3:
			_, _ = c.SetRotationPolicy(ctx, name, vault.RotationPolicy{ExpiryTime: "P90D"})
		case 4:
			_, _ = c.DeleteKey(ctx, name)
		case 5:
			_, _ = c.RecoverDeletedKey(ctx, name)
		case 6:
			_ = c.PurgeDeletedKey(ctx, name)
		case 7:
			n := rapid.IntRange(0, 3).Draw(rt, "roles")
			var roles []policy.RoleAssignment
			for i := range n {
				roles = append(roles, policy.RoleAssignment{ID: newID(i), Role: policy.ManagedHSMBackup, PrincipalID: fmt.Sprint(i), Scope: "/keys"})
			}
			fine(rt, f.hsm.SetRBAC(ctx, vault.RBAC{Assignments: roles}))
		}
		f.clock.Advance(time.Duration(rapid.IntRange(0, 3).Draw(rt, "hours")) * time.Hour)
	}
}

// What a full backup seals is read without harm, whatever it is.
func FuzzFullBackup(f *testing.F) {
	full := newStronghold(f, vault.Options{})
	furnish(f, full)
	plain := got(vault.FullBackupPlain(f.Context(), full.hsm))(f)
	f.Add(plain)
	for _, seed := range []string{`{}`, `{"keys":[{}]}`, `{"keys":[null],"roles":{"assignments":[{"Role":"x"}]}}`, `{"keys":[{"object":{"name":"a"},"versions":[{}]}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		names, err := vault.ReadFullBackup(t.Context(), full.hsm, data)
		if err != nil {
			return
		}
		for _, name := range names {
			if name == "" || len(name) > 127 {
				t.Errorf("a key of the name %q", name)
			}
		}
	})
}
