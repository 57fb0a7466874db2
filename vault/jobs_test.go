package vault_test

import (
	"context"
	"maps"
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
	for doing, do := range map[string]func() (vault.Job, error){
		"restore": func() (vault.Job, error) { return f.owner.StartRestore(ctx, toStorage, done.Folder()) },
		"restore of a key": func() (vault.Job, error) {
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

// A job ends when its work is done, and not before the lag is over. Who came before it ended has come while it ran.
func TestAJobEndsAfterItsWork(t *testing.T) {
	t.Parallel()
	const lag = 10 * time.Second
	f := newStronghold(t, vault.Options{Lag: lag})
	for work, want := range map[time.Duration]time.Duration{0: lag, 3 * time.Second: lag, lag: lag, 17 * time.Second: 17 * time.Second} {
		for how, err := range map[string]error{"succeeds": nil, "fails": errDisk} {
			f.blobs.way = func(doing string) error {
				if doing == "open" {
					f.clock.Advance(work)
					return nil
				}
				return err
			}
			j := got(f.owner.StartBackup(t.Context(), toStorage))(t)
			f.clock.Advance(max(0, lag-work))
			done := got(f.owner.GetBackupStatus(t.Context(), j.ID))(t)
			if took := done.Ended.Sub(done.Started); took != want || !done.Started.Equal(j.Started) || done.Status == vault.JobInProgress {
				t.Errorf("a job of %v that %s took %v: %+v", work, how, took, done)
			}
		}
	}
}

// While a job is at its work there is no other, and a restore lets nothing through.
func TestOthersWhileAJobWorks(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{})
	got(f.owner.CreateKey(t.Context(), "k", vault.EC(vault.P256), nil))(t)
	folder := f.backup(t)
	for doing, do := range jobsOf(f.owner, folder, "other") {
		begun := 0
		f.blobs.way = func(string) error {
			if begun++; begun > 2 { // one of the others was let in
				return errDisk
			}
			f.clock.Advance(time.Hour) // however long it takes
			for other, do := range jobsOf(f.owner, folder, "other") {
				if err := second(do(t.Context())); codes(err) != "Conflict" {
					t.Errorf("%s beside %s: %v", other, doing, err)
				}
			}
			want := ""
			if strings.HasPrefix(doing, "restore") {
				want = "Conflict"
			}
			if err := second(f.owner.GetKey(t.Context(), "k")); codes(err) != want {
				t.Errorf("a key beside %s: %v", doing, err)
			}
			if err := second(f.owner.GetRestoreStatus(t.Context(), "unknown")); codes(err) != "NotFound" {
				t.Errorf("the status of a restore beside %s: %v", doing, err)
			}
			return nil
		}
		if _, err := do(t.Context()); err != nil && codes(err) != "KeyNotFound" || begun == 0 {
			t.Errorf("%s, at the storage %d times: %v", doing, begun, err)
		}
	}
}

// jobsOf are all requests that begin a job.
func jobsOf(c *vault.Client, folder, key string) map[string]func(context.Context) (vault.Job, error) {
	all := restoring(c, toStorage, folder, key)
	maps.Copy(all, starting(c, toStorage))
	return all
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
