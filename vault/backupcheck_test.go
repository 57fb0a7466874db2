package vault_test

import (
	"errors"
	"testing"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// A check before a backup fails where the backup would: it seals what it writes nowhere.
func TestACheckBeforeABackupSeals(t *testing.T) {
	t.Parallel()
	for _, doing := range []string{"backup", "check of backup"} {
		f := newStronghold(t, vault.Options{})
		furnish(t, f)
		f.blobs.way = func(string) error { f.hsm.Module().Tamper(); return nil } // between the first look at the module and the sealing
		if _, err := starting(f.owner, toStorage)[doing](t.Context()); !errors.Is(err, errs.HardwareTampered) {
			t.Errorf("%s: %v", doing, err)
		}
		if len(f.blobs.blobs) != 0 {
			t.Errorf("%s: %d blobs", doing, len(f.blobs.blobs))
		}
	}
}

// A token without expiry refuses a backup and a restore; a check of one begins, and fails.
func TestACheckFindsOutThatATokenOpensNothing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	f := newStronghold(t, vault.Options{})
	folder := f.backup(t)
	at := vault.BackupStorage{URI: toStorage.URI, SAS: vault.NewValue("sv=1&sig=" + signatureSAS)}
	ofBackup := got(f.owner.CheckBackup(ctx, at))(t)
	ofRestore := got(f.owner.CheckRestore(ctx, at, folder))(t)
	for name, j := range map[string]vault.Job{
		"backup":  got(f.owner.GetBackupStatus(ctx, ofBackup.ID))(t),
		"restore": got(f.owner.GetRestoreStatus(ctx, ofRestore.ID))(t),
	} {
		if j.Status != vault.JobFailed || j.Details != "Invalid Request" || j.Error == nil || j.Error.Code != errs.BadRequest ||
			j.Error.Message != "The customer provided SAS token is malformed. The SAS token does not contain the expiry field" {
			t.Errorf("the check of a %s ended as %+v", name, j)
		}
	}
}

// No backup takes the place of another one, though the clock stands still and the service does not know what it made before.
func TestABackupTakesNobodysPlace(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	f := newStronghold(t, vault.Options{Store: store.NewMemory()})
	furnish(t, f)
	folders := map[string]bool{f.backup(t): true}
	for range 2 {
		f.reopen(t)
		f.hsm = f.svc.LookupManagedHSM("fortress")
		f.owner = f.hsm.As(vault.Owner())
		folders[f.backup(t)] = true
	}
	if len(folders) != 3 || len(f.blobs.blobs) != 3 {
		t.Errorf("three backups are %d folders and %d blobs", len(folders), len(f.blobs.blobs))
	}
	for folder := range folders {
		j := got(f.owner.StartRestore(ctx, toStorage, folder))(t)
		if j = got(f.owner.GetRestoreStatus(ctx, j.ID))(t); j.Status != vault.JobSucceeded {
			t.Errorf("%s: %+v", folder, j)
		}
	}
}

// Whoever is at the jobs of a Managed HSM keeps no other request waiting.
func TestRequestsDoNotWaitForTheJobs(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{})
	furnish(t, f)
	release := vault.HoldJobs(f.hsm)
	defer release()
	answered := make(chan error, 1)
	go func() {
		_, err := f.owner.GetKey(t.Context(), "signs")
		answered <- err
	}()
	select {
	case err := <-answered:
		fine(t, err)
	case <-time.After(time.Minute): // only of a failure
		t.Error("a request waits for the jobs")
	}
}

// However many backups there are of a time, and whatever of them can be read, another one finds a place.
func TestABackupFindsAFolder(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{})
	furnish(t, f)
	at := f.clock.Now()
	for i := range 200 {
		f.blobs.blobs["mhsm-fortress-"+at.Add(time.Duration(i)*time.Second).Format("20060102150405")+"/backup.sealed"] = []byte("another's")
	}
	folder := f.backup(t)
	if len(f.blobs.blobs) != 201 || string(f.blobs.blobs[folder+"/backup.sealed"]) == "another's" {
		t.Errorf("%d blobs, the backup is in %s", len(f.blobs.blobs), folder)
	}
	f.blobs.way = func(what string) error {
		if what == "get" {
			return errors.New("write only")
		}
		return nil
	}
	f.clock.Advance(time.Hour)
	f.backup(t)
	if len(f.blobs.blobs) != 202 {
		t.Errorf("%d blobs", len(f.blobs.blobs))
	}
}
