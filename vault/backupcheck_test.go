package vault_test

import (
	"errors"
	"testing"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault"
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
