package vault_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// A storage that fails, or panics, fails the job; what it says stays with it.
func TestAStorageThatFailsFailsTheJob(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{})
	furnish(t, f)
	folder, before := f.backup(t), holding(t, f.hsm)
	for how, fail := range map[string]func() error{
		"fails":  func() error { return errors.New("refused " + toStorage.SAS.Reveal()) },
		"panics": func() error { panic(toStorage.SAS.Reveal()) },
	} {
		for _, at := range []string{"open", "get", "put"} {
			f.blobs.way = func(doing string) error {
				if doing == at {
					return fail()
				}
				return nil
			}
			status := f.owner.GetRestoreStatus
			requests := restoring(f.owner, toStorage, folder, "unheard-of")
			if at == "put" {
				status = f.owner.GetBackupStatus
				requests = map[string]func(context.Context) (vault.Job, error){"backup": starting(f.owner, toStorage)["backup"]}
			}
			for doing, do := range requests {
				j := got(do(t.Context()))(t)
				done := got(status(t.Context(), j.ID))(t)
				if done.Status != vault.JobFailed || done.Error == nil || done.Error.Code != errs.BadRequest || done.Details != "Invalid Request" || done.URI != "" {
					t.Errorf("%s that %s at %s: %+v", doing, how, at, done)
				}
				if said := fmt.Sprintf("%v %+v %#v %s", done, done, done.Error, errors.Unwrap(done.Error)); strings.Contains(said, signatureSAS) {
					t.Errorf("%s that %s at %s tells the token: %s", doing, how, at, said)
				}
				done.Error.Message = "changed by who asked"
				if again := got(status(t.Context(), j.ID))(t); again.Error.Message == done.Error.Message {
					t.Errorf("%s that %s at %s shares its error", doing, how, at)
				}
			}
		}
	}
	f.blobs.way = nil
	if after := holding(t, f.hsm); after != before {
		t.Errorf("before\n%s\nafterwards\n%s", before, after)
	}
}

// Every bit of a blob counts, and so does its folder.
func TestATamperedBackupIsRefused(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{})
	furnish(t, f)
	folder, other := f.backup(t), f.backup(t)
	before, sealed := holding(t, f.hsm), f.blobs.blobs[folder+"/backup.sealed"]
	for i := 0; i < len(sealed); i += max(1, len(sealed)/37) {
		flipped := bytes.Clone(sealed)
		flipped[i] ^= 1
		refusedBlob(t, f, folder, flipped, fmt.Sprintf("bit of byte %d", i))
	}
	for n, name := range map[int]string{0: "nothing", 1: "its version", 28: "no tag", len(sealed) - 1: "one byte too few"} {
		refusedBlob(t, f, folder, sealed[:n], name)
	}
	refusedBlob(t, f, folder, append(bytes.Clone(sealed), 0), "one byte too many")
	refusedBlob(t, f, folder, f.blobs.blobs[other+"/backup.sealed"], "the blob of another folder")
	refusedBlob(t, f, folder, got(f.owner.BackupKey(t.Context(), "signs"))(t), "the backup of a key")
	if _, err := f.owner.RestoreKey(t.Context(), sealed); codes(err) != "MalformedBackupBlob" {
		t.Errorf("as the backup of a key: %v", err)
	}
	if after := holding(t, f.hsm); after != before {
		t.Errorf("before\n%s\nafterwards\n%s", before, after)
	}
}

func refusedBlob(t *testing.T, f *stronghold, folder string, blob []byte, what string) {
	t.Helper()
	f.blobs.blobs[folder+"/backup.sealed"] = blob
	for doing, do := range restoring(f.owner, toStorage, folder, "signs") {
		if _, err := do(t.Context()); codes(err) != "MalformedBackupBlob" || errs.StatusOf(err) != 400 {
			t.Errorf("%s, %s: %v", what, doing, err)
		}
	}
}

// A store that takes no keys leaves all as it was.
func TestARestoreThatIsNotCommittedChangesNothing(t *testing.T) {
	t.Parallel()
	s := &broken{Memory: store.NewMemory()}
	f := newStronghold(t, vault.Options{Store: s})
	furnish(t, f)
	folder := f.backup(t)
	upset(t, f)
	before := holding(t, f.hsm)
	s.fails = true
	for doing, do := range restoring(f.owner, toStorage, folder, "wraps") {
		if _, err := do(t.Context()); doing != "check" && (!errors.Is(err, errDisk) || errs.StatusOf(err) != 500) {
			t.Errorf("%s: %v", doing, err)
		}
	}
	s.fails = false
	if after := holding(t, f.hsm); after != before {
		t.Errorf("before\n%s\nafterwards\n%s", before, after)
	}
	f.reopen(t)
	if after := holding(t, f.svc.LookupManagedHSM("fortress")); after != before {
		t.Errorf("before\n%s\nreopened\n%s", before, after)
	}
}

// onlyFirst is a store that takes as many commits as it is told.
type onlyFirst struct {
	*store.Memory
	left int
}

func (o *onlyFirst) Commit(ctx context.Context, b store.Batch) error {
	if o.left--; o.left < 0 {
		return errDisk
	}
	return o.Memory.Commit(ctx, b)
}

// A store that takes the keys and not the roles fails the job, which says so.
func TestARestoreWithoutItsRolesFails(t *testing.T) {
	t.Parallel()
	s := &onlyFirst{store.NewMemory(), 1 << 20}
	f := newStronghold(t, vault.Options{Store: s})
	furnish(t, f)
	folder := f.backup(t)
	upset(t, f)
	s.left = 1
	j := got(f.owner.StartRestore(t.Context(), toStorage, folder))(t)
	done := got(f.owner.GetRestoreStatus(t.Context(), j.ID))(t)
	if done.Status != vault.JobFailed || done.Details != "The keys were restored, the roles were not" || done.Error.Code != errs.UnknownError || !errors.Is(done.Error, errDisk) {
		t.Errorf("it ended as %+v", done)
	}
	got(f.owner.GetKey(t.Context(), "wraps"))(t)
	if roles := vault.RolesOf(f.hsm); len(roles.Assignments) != 0 {
		t.Errorf("the roles are %+v", roles)
	}
}

// impatient is a store whose caller gives up when it has taken a batch.
type impatient struct {
	*store.Memory
	giveUp func()
}

func (i *impatient) Commit(ctx context.Context, b store.Batch) error {
	defer i.giveUp()
	return i.Memory.Commit(ctx, b)
}

// A caller who gives up when the keys are restored gets the roles all the same: keys of one time and roles of another would
// be worse than either.
func TestARestoreIsNotGivenUpHalfway(t *testing.T) {
	t.Parallel()
	s := &impatient{store.NewMemory(), func() {}}
	f := newStronghold(t, vault.Options{Store: s})
	furnish(t, f)
	before, folder := holding(t, f.hsm), f.backup(t)
	upset(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	s.giveUp = cancel
	f.restored(t)(f.owner.StartRestore(ctx, toStorage, folder))
	if ctx.Err() == nil {
		t.Error("nobody gave up")
	}
	if after := holding(t, f.hsm); after != before {
		t.Errorf("before\n%s\nafterwards\n%s", before, after)
	}
	f.reopen(t)
	if after := holding(t, f.svc.LookupManagedHSM("fortress")); after != before {
		t.Errorf("before\n%s\nreopened\n%s", before, after)
	}
}

// A module that is out of order neither seals nor opens anything.
func TestABackupNeedsTheModule(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{})
	furnish(t, f)
	folder := f.backup(t)
	f.hsm.Module().Offline()
	requests := restoring(f.owner, toStorage, folder, "signs")
	for doing, do := range starting(f.owner, toStorage) {
		requests[doing] = do
	}
	for doing, do := range requests {
		if _, err := do(t.Context()); !errors.Is(err, errs.HardwareOffline) {
			t.Errorf("%s: %v", doing, err)
		}
	}
	f.hsm.Module().Online()
	f.hsm.Module().Busy(1)
	if _, err := f.owner.CheckRestore(t.Context(), toStorage, folder); !errors.Is(err, errs.HardwareBusy) {
		t.Errorf("a busy module: %v", err)
	}
	f.restored(t)(f.owner.StartRestore(t.Context(), toStorage, folder))
}

// A caller who gives up while the storage is at work leaves no job behind, and changes nothing.
func TestAStorageOfSomebodyWhoGaveUp(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{})
	furnish(t, f)
	folder := f.backup(t)
	upset(t, f)
	before := holding(t, f.hsm)
	for _, at := range []string{"open", "get"} {
		for how, end := range map[string]func(context.Context) error{
			"fails": context.Context.Err, "goes on": func(context.Context) error { return nil },
		} {
			for doing, do := range restoring(f.owner, toStorage, folder, "wraps") {
				ctx, cancel := context.WithCancel(t.Context())
				f.blobs.way = func(doing string) error {
					if doing != at {
						return nil
					}
					cancel()
					return end(ctx)
				}
				if _, err := do(ctx); !errors.Is(err, context.Canceled) {
					t.Errorf("%s, where a storage %s at %s: %v", doing, how, at, err)
				}
			}
		}
	}
	f.blobs.way = nil
	if after := holding(t, f.hsm); after != before {
		t.Errorf("before\n%s\nafterwards\n%s", before, after)
	}
	f.backup(t)
}

// Of those who begin at once one is let in at a time, and all that was begun ends.
func TestOneJobAtATime(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{Limits: new(limiter.Unlimited())})
	signature := furnish(t, f)
	folder := f.backup(t)
	var inside atomic.Int32
	f.blobs.way = func(string) error {
		defer inside.Add(-1)
		if n := inside.Add(1); n != 1 {
			t.Errorf("%d jobs are at the storage", n)
		}
		runtime.Gosched() // to whoever would come in as well
		return nil
	}
	verify := func() (bool, error) {
		return f.owner.Verify(t.Context(), "signs", vault.ES256, make([]byte, 32), signature)
	}
	var wg sync.WaitGroup
	for range 4 {
		for doing, do := range jobsOf(f.owner, folder, "signs") {
			wg.Go(func() {
				j, err := do(t.Context())
				if err == nil && strings.Contains(doing, "backup") {
					_, err = f.owner.GetBackupStatus(t.Context(), j.ID)
				} else if err == nil {
					_, err = f.owner.GetRestoreStatus(t.Context(), j.ID)
				}
				if err != nil && codes(err) != "Conflict" {
					t.Errorf("%s: %v", doing, err)
				}
			})
		}
		wg.Go(func() {
			if ok, err := verify(); !ok && codes(err) != "Conflict" {
				t.Errorf("verify: %v, %v", ok, err)
			}
		})
	}
	wg.Wait()
	f.blobs.way = nil
	f.restored(t)(f.owner.StartRestore(t.Context(), toStorage, folder))
	if !got(verify())(t) {
		t.Error("the key is another one")
	}
}

// Who may back up need not be allowed to restore, and the other way round.
func TestRightsOfABackup(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{})
	folder := f.backup(t)
	fine(t, f.hsm.SetRBAC(t.Context(), vault.RBAC{Assignments: []policy.RoleAssignment{
		{ID: newID(1), Role: policy.ManagedHSMBackup, PrincipalID: "saver", Scope: "/"},
		{ID: newID(2), Role: policy.ManagedHSMRestore, PrincipalID: "restorer", Scope: "/"},
	}}))
	saver, restorer := f.hsm.As(vault.Principal("saver")), f.hsm.As(vault.Principal("restorer"))
	j := got(saver.StartBackup(t.Context(), toStorage))(t)
	got(saver.GetBackupStatus(t.Context(), j.ID))(t)
	for doing, do := range restoring(saver, toStorage, folder, "signs") {
		if _, err := do(t.Context()); !errors.Is(err, errs.AccessDenied) {
			t.Errorf("%s by who may back up: %v", doing, err)
		}
	}
	for doing, do := range starting(restorer, toStorage) {
		if _, err := do(t.Context()); !errors.Is(err, errs.AccessDenied) {
			t.Errorf("%s by who may restore: %v", doing, err)
		}
	}
	j = got(restorer.CheckRestore(t.Context(), toStorage, folder))(t)
	got(restorer.GetRestoreStatus(t.Context(), j.ID))(t)
}

// The token is in nothing that anybody is told.
func TestTheTokenIsNowhere(t *testing.T) {
	t.Parallel()
	s := store.NewMemory()
	f := newStronghold(t, vault.Options{Store: s})
	furnish(t, f)
	folder := f.backup(t)
	for _, do := range restoring(f.owner, toStorage, folder, "signs") {
		_, err := do(t.Context())
		if said := fmt.Sprintf("%v %+v", err, err); strings.Contains(said, signatureSAS) {
			t.Errorf("an error tells it: %s", said)
		}
	}
	said := fmt.Sprintf("%v %+v %#v", toStorage, toStorage, toStorage)
	events := f.trail.take()
	if len(events) == 0 {
		t.Error("nobody was told anything")
	}
	for _, e := range events {
		said += fmt.Sprintf("%v %+v", e, e.Request())
	}
	for _, blob := range f.blobs.blobs {
		said += string(blob)
	}
	if strings.Contains(said+content(t, s), signatureSAS) {
		t.Error("the token is told")
	}
}

// What a full backup seals holds no key in the clear: nobody needs to overwrite it.
func TestAFullBackupHoldsSealedKeys(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{})
	keys := map[string]crypto.JWK{"ec": cryptotest.JWK(t, crypto.EC(crypto.P256)), "rsa": cryptotest.JWK(t, crypto.RSA(2048)), "oct": cryptotest.JWK(t, crypto.Oct(256))}
	for name, j := range keys {
		got(f.owner.ImportKey(t.Context(), name, j, nil))(t)
	}
	var texts []byte // of all that is encoded in the backup
	for _, text := range regexp.MustCompile(`[A-Za-z0-9+/]{16,}={0,2}`).FindAll(got(vault.FullBackupPlain(t.Context(), f.hsm))(t), -1) {
		decoded, _ := base64.StdEncoding.AppendDecode(nil, text)
		texts = append(texts, decoded...)
	}
	for name, j := range keys {
		for _, part := range [][]byte{j.X, j.N} {
			if !bytes.Contains(texts, part) {
				t.Errorf("the public part of %s is not there", name)
			}
		}
		for _, part := range [][]byte{j.D, j.P, j.Q, j.DP, j.DQ, j.QI, j.K} {
			if len(part) > 0 && bytes.Contains(texts, part) {
				t.Errorf("a private part of %s is there", name)
			}
		}
	}
}
