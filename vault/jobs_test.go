package vault_test

import (
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/vault"
)

// A job is in progress for as long as the lag. While it restores nothing is answered but how far it is.
func TestAJobTakesItsTime(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{Lag: 10 * time.Second})
	ctx := t.Context()
	got(f.owner.CreateKey(ctx, "k", vault.EC(vault.P256), nil))(t)
	f.clock.Advance(time.Minute)
	j := got(f.owner.StartBackup(ctx, toStorage))(t)
	if now := got(f.owner.GetBackupStatus(ctx, j.ID))(t); now != j || now.Status != vault.JobInProgress || !now.Ended.IsZero() || now.Folder() != "" {
		t.Errorf("in progress it is %+v, at first %+v", now, j)
	}
	got(f.owner.GetKey(ctx, "k"))(t) // a backup is in nobody's way
	for doing, do := range starting(f.owner, toStorage) {
		if _, err := do(ctx); codes(err) != "Conflict" || !strings.Contains(err.Error(), "Another backup or restore is in progress") {
			t.Errorf("%s beside a backup: %v", doing, err)
		}
	}
	f.clock.Advance(10 * time.Second)
	done := got(f.owner.GetBackupStatus(ctx, j.ID))(t)
	if done.Status != vault.JobSucceeded || done.URI != containerURI+"/mhsm-fortress-20260314092753" || done.Ended.Sub(done.Started) != 10*time.Second {
		t.Errorf("it ended as %+v", done)
	}
	if _, err := f.owner.GetRestoreStatus(ctx, j.ID); codes(err) != "NotFound" {
		t.Errorf("a backup is among the restores: %v", err)
	}

	check := got(f.owner.CheckRestore(ctx, toStorage, done.Folder()))(t)
	got(f.owner.GetKey(ctx, "k"))(t)
	f.clock.Advance(10 * time.Second)
	if now := got(f.owner.GetRestoreStatus(ctx, check.ID))(t); now.Status != vault.JobSucceeded || now.URI != "" {
		t.Errorf("the check is %+v", now)
	}
	for doing, do := range map[string]func() (vault.BackupJob, error){
		"restore": func() (vault.BackupJob, error) { return f.owner.StartRestore(ctx, toStorage, done.Folder()) },
		"restore of a key": func() (vault.BackupJob, error) {
			got(f.owner.DeleteKey(ctx, "k"))(t)
			f.clock.Advance(10 * time.Second)
			fine(t, f.owner.PurgeDeletedKey(ctx, "k"))
			f.clock.Advance(10 * time.Second)
			return f.owner.StartKeyRestore(ctx, "k", toStorage, done.Folder())
		},
	} {
		j := got(do())(t)
		f.clock.Advance(9 * time.Second)
		f.trail.take()
		_, err := f.owner.GetKey(ctx, "k")
		want := "User triggered Restore operation is in progress. Retry after the restore operation (Activity ID: " + f.trail.take()[0].RequestID.String() + ")"
		if errs.StatusOf(err) != 409 || codes(err) != "Conflict" || errs.From(err).Message != want {
			t.Errorf("%s: a key answers %v", doing, err)
		}
		for what, err := range map[string]error{
			"settings": second(f.owner.ListSettings(ctx)), "backup status": second(f.owner.GetBackupStatus(ctx, done.ID)),
			"backup": second(f.owner.StartBackup(ctx, toStorage)), "random": second(f.owner.GetRandomBytes(ctx, 1)),
		} {
			if codes(err) != "Conflict" {
				t.Errorf("%s: %s answers %v", doing, what, err)
			}
		}
		if now := got(f.owner.GetRestoreStatus(ctx, j.ID))(t); now.Status != vault.JobInProgress {
			t.Errorf("%s: it is %+v", doing, now)
		}
		f.clock.Advance(time.Second)
		f.restored(t)(j, nil)
		got(f.owner.GetKey(ctx, "k"))(t)
	}
}

// The newest 64 jobs are remembered, and every backup has a folder of its own.
func TestJobsAreForgotten(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{Limits: new(limiter.Unlimited())})
	first := got(f.owner.StartBackup(t.Context(), toStorage))(t)
	for range 63 {
		f.backup(t)
	}
	got(f.owner.GetBackupStatus(t.Context(), first.ID))(t)
	f.backup(t)
	for _, id := range []string{first.ID, "", "unknown"} {
		if _, err := f.owner.GetBackupStatus(t.Context(), id); codes(err) != "NotFound" || errs.StatusOf(err) != 404 {
			t.Errorf("the status of %q: %v", id, err)
		}
	}
	if n := len(f.blobs.blobs); n != 65 {
		t.Errorf("%d folders of 65 backups", n)
	}
}
