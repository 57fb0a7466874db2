package vault_test

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

const (
	containerURI = "https://account.blob.core.windows.net/backups"
	signatureSAS = "c2lnbmF0dXJlLW9mLXRoZS1TQVM"
)

// toStorage is where the tests back up to.
var toStorage = vault.BackupStorage{
	URI: containerURI, SAS: vault.NewValue("sv=2022-11-02&sr=c&sp=crdw&se=2027-01-01T00%3A00Z&sig=" + signatureSAS),
}

// shelfOfBlobs is a storage container in memory, in whose way a test puts what it likes.
type shelfOfBlobs struct {
	mu    sync.Mutex
	blobs map[string][]byte
	way   func(doing string) error // nil: nothing is in the way
}

func (s *shelfOfBlobs) stopped(doing string) error {
	if s.way == nil {
		return nil
	}
	return s.way(doing)
}

func (s *shelfOfBlobs) Put(_ context.Context, name string, data []byte) error {
	if err := s.stopped("put"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[name] = slices.Clone(data)
	return nil
}

func (s *shelfOfBlobs) Get(_ context.Context, name string) ([]byte, error) {
	if err := s.stopped("get"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.blobs[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return slices.Clone(data), nil
}

// stronghold is a world with an activated Managed HSM and its storage.
type stronghold struct {
	*world
	hsm   *vault.ManagedHSM
	owner *vault.Client
	blobs *shelfOfBlobs
}

func newStronghold(tb failer, o vault.Options) *stronghold {
	tb.Helper()
	f := &stronghold{blobs: &shelfOfBlobs{blobs: map[string][]byte{}}}
	if o.Storage == nil {
		o.Storage = func(_ context.Context, uri string, sas vault.Value) (vault.BlobContainer, error) {
			if err := f.blobs.stopped("open"); err != nil {
				return nil, err
			}
			if uri != containerURI || sas.Reveal() != "" && !sas.Equal(toStorage.SAS) {
				return nil, fs.ErrNotExist
			}
			return f.blobs, nil
		}
	}
	f.world = newWorld(tb, &o, nil)
	f.hsm, f.owner = newHSM(tb, f.world, &vault.ManagedHSMOptions{Administrators: []string{"boss"}})
	fine(tb, f.hsm.Activate(tb.Context()))
	return f
}

// backup makes a backup and returns its folder.
func (f *stronghold) backup(tb failer) string {
	tb.Helper()
	j := got(f.owner.StartBackup(tb.Context(), toStorage))(tb)
	done := got(f.owner.GetBackupStatus(tb.Context(), j.ID))(tb)
	if j.Status != vault.JobInProgress || done.Status != vault.JobSucceeded {
		tb.Fatalf("the backup is %+v, then %+v", j, done)
	}
	return done.Folder()
}

// restored takes a restore that was started and must have succeeded.
func (f *stronghold) restored(tb failer) func(vault.Job, error) vault.Job {
	return func(j vault.Job, err error) vault.Job {
		tb.Helper()
		fine(tb, err)
		done := got(f.owner.GetRestoreStatus(tb.Context(), j.ID))(tb)
		if done.Status != vault.JobSucceeded {
			tb.Fatalf("the restore is %+v", done)
		}
		return done
	}
}

// holding is all that a Managed HSM holds.
func holding(tb failer, h *vault.ManagedHSM) string {
	tb.Helper()
	var b strings.Builder
	c, ctx := h.As(vault.Owner()), tb.Context()
	for k, err := range c.ListKeys(ctx, nil) {
		fine(tb, err)
		for v, err := range c.ListKeyVersions(ctx, k.ID.Name, nil) {
			fine(tb, err)
			fmt.Fprintf(&b, "%+v\n", got(c.GetKey(ctx, v.ID.Ref()))(tb))
		}
		fmt.Fprintf(&b, "%+v\n", got(c.GetRotationPolicy(ctx, k.ID.Name))(tb))
	}
	for k, err := range c.ListDeletedKeys(ctx, nil) {
		fine(tb, err)
		fmt.Fprintf(&b, "deleted %+v\n", got(c.GetDeletedKey(ctx, k.Object.ID.Name))(tb))
	}
	fmt.Fprintf(&b, "%+v\n", vault.RolesOf(h))
	return b.String()
}

var inspector = policy.RoleDefinition{
	ID: "0a4b1c2d-0000-4000-8000-00000000000e", Name: "inspector", Type: policy.CustomRole, AssignableScopes: []string{"/"},
	Permissions: []policy.Permission{{DataActions: []string{"Microsoft.KeyVault/managedHsm/keys/read/action"}}},
}

// furnish puts into a Managed HSM some of everything that there can be. It returns a signature by the key "signs".
func furnish(tb failer, f *stronghold) []byte {
	tb.Helper()
	ctx := tb.Context()
	got(f.owner.CreateKey(ctx, "signs", vault.EC(vault.P256), &vault.CreateKeyOptions{Tags: map[string]string{"of": "shop"}}))(tb)
	signature := got(f.owner.Sign(ctx, "signs", vault.ES256, make([]byte, 32)))(tb).Value
	f.clock.Advance(time.Hour)
	off := false
	got(f.owner.CreateKey(ctx, "Wraps", crypto.Spec{Type: crypto.KeyTypeOctHSM, Size: 256}, nil))(tb)
	got(f.owner.CreateKey(ctx, "wraps", crypto.Spec{Type: crypto.KeyTypeOctHSM, Size: 128}, &vault.CreateKeyOptions{
		Operations: []crypto.Operation{crypto.OpWrapKey}, Validity: vault.Validity{NotBefore: start, Expires: start.AddDate(1, 0, 0)},
	}))(tb)
	got(f.owner.UpdateKey(ctx, "wraps", &vault.UpdateKeyOptions{Attributes: vault.AttributesUpdate{Enabled: &off}, Tags: map[string]string{"b": "2"}}))(tb)
	got(f.owner.SetRotationPolicy(ctx, "signs", vault.RotationPolicy{
		ExpiryTime: "P90D", Actions: []vault.LifetimeAction{{Action: vault.Rotate, After: "P60D"}},
	}))(tb)
	got(f.owner.CreateKey(ctx, "gone", vault.EC(vault.P384), nil))(tb)
	got(f.owner.DeleteKey(ctx, "gone"))(tb)
	fine(tb, f.hsm.SetRBAC(ctx, vault.RBAC{Assignments: []policy.RoleAssignment{
		{ID: newID(1), Role: inspector.ID, PrincipalID: "reader", Scope: "/"},
		{ID: newID(2), Role: policy.ManagedHSMAdministrator, PrincipalID: "boss", Scope: "/"},
	}, Roles: []policy.RoleDefinition{inspector}}))
	return signature
}

func newID(n int) string { return fmt.Sprintf("0a4b1c2d-0000-4000-8000-%012d", n) }

// upset changes all that there is.
func upset(tb failer, f *stronghold) {
	tb.Helper()
	ctx := tb.Context()
	got(f.owner.CreateKey(ctx, "signs", vault.EC(vault.P256), nil))(tb)
	got(f.owner.DeleteKey(ctx, "wraps"))(tb)
	fine(tb, f.owner.PurgeDeletedKey(ctx, "wraps"))
	got(f.owner.RecoverDeletedKey(ctx, "gone"))(tb)
	got(f.owner.CreateKey(ctx, "newcomer", vault.EC(vault.P521), nil))(tb)
	fine(tb, f.hsm.SetRBAC(ctx, vault.RBAC{}))
	f.clock.Advance(time.Hour)
}

// A restore brings back all that the backup holds and nothing else: also from the store.
func TestARestoreBringsAllBack(t *testing.T) {
	t.Parallel()
	s := store.NewMemory()
	f := newStronghold(t, vault.Options{Store: s})
	ctx := t.Context()
	signature := furnish(t, f)
	before := holding(t, f.hsm)
	folder := f.backup(t)
	upset(t, f)
	f.restored(t)(f.owner.StartRestore(ctx, toStorage, folder))
	if after := holding(t, f.hsm); after != before {
		t.Errorf("before\n%s\nafterwards\n%s", before, after)
	}
	if ok, err := f.owner.Verify(ctx, "signs", vault.ES256, make([]byte, 32), signature); !ok {
		t.Errorf("a signature from before the backup: %v, %v", ok, err)
	}
	again := got(f.owner.Sign(ctx, "signs", vault.ES256, make([]byte, 32)))(t)
	if ok := got(f.owner.Verify(ctx, "signs", vault.ES256, make([]byte, 32), again.Value))(t); !ok {
		t.Error("a new signature does not verify")
	}
	got(f.hsm.As(vault.Principal("reader")).GetKey(ctx, "signs"))(t)

	f.reopen(t)
	if after := holding(t, f.svc.LookupManagedHSM("fortress")); after != before {
		t.Errorf("before\n%s\nreopened\n%s", before, after)
	}
	if n := strings.Count(content(t, s), `"newcomer"`); n != 0 {
		t.Errorf("what the backup does not hold is in %d records", n)
	}
}

// Another Managed HSM of the same security domain takes the backup, one of another domain does not, and tells so before it
// changes anything.
func TestABackupBelongsToItsDomain(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{})
	furnish(t, f)
	folder, before := f.backup(t), holding(t, f.hsm)
	for name, same := range map[string]bool{"twin": true, "stranger": false} {
		other := got(f.svc.CreateManagedHSM(t.Context(), name, nil))(t)
		fine(t, other.Activate(t.Context()))
		if same {
			fine(t, f.hsm.Module().ExportDomain(other.Module().RestoreDomain))
		}
		c := other.As(vault.Owner())
		own := got(c.CreateKey(t.Context(), "own", vault.EC(vault.P256), nil))(t)
		for doing, do := range restoring(c, toStorage, folder, "signs") {
			if same && doing != "restore" {
				continue
			}
			_, err := do(t.Context())
			if want := map[bool]string{false: "MalformedBackupBlob"}[same]; codes(err) != want {
				t.Errorf("%s of %s: %v", doing, name, err)
			}
		}
		after := strings.ReplaceAll(holding(t, other), name, "fortress")
		if same && after != before {
			t.Errorf("before\n%s\nafterwards\n%s", before, after)
		} else if !same && !strings.Contains(after, own.ID.Version()) {
			t.Errorf("the refused restore left %s", after)
		}
	}
}

// restoring are all requests that read a backup.
func restoring(c *vault.Client, from vault.BackupStorage, folder, key string) map[string]func(context.Context) (vault.Job, error) {
	return map[string]func(context.Context) (vault.Job, error){
		"restore":          func(ctx context.Context) (vault.Job, error) { return c.StartRestore(ctx, from, folder) },
		"check":            func(ctx context.Context) (vault.Job, error) { return c.CheckRestore(ctx, from, folder) },
		"restore of a key": func(ctx context.Context) (vault.Job, error) { return c.StartKeyRestore(ctx, key, from, folder) },
	}
}

// starting are those that write one.
func starting(c *vault.Client, to vault.BackupStorage) map[string]func(context.Context) (vault.Job, error) {
	return map[string]func(context.Context) (vault.Job, error){
		"backup":          func(ctx context.Context) (vault.Job, error) { return c.StartBackup(ctx, to) },
		"check of backup": func(ctx context.Context) (vault.Job, error) { return c.CheckBackup(ctx, to) },
	}
}

// A key comes back alone when its name is free.
func TestARestoreOfOneKey(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{})
	ctx := t.Context()
	signature := furnish(t, f)
	before, folder := got(f.owner.GetKey(ctx, "signs"))(t), f.backup(t)
	restore := func(name string) error { return second(f.owner.StartKeyRestore(ctx, name, toStorage, folder)) }
	if err := restore("signs"); codes(err) != "Conflict" || errs.StatusOf(err) != 409 {
		t.Errorf("while it is there: %v", err)
	}
	got(f.owner.DeleteKey(ctx, "signs"))(t)
	if err := restore("signs"); codes(err) != "Conflict" {
		t.Errorf("while it is deleted: %v", err)
	}
	fine(t, f.owner.PurgeDeletedKey(ctx, "signs"))
	if err := restore("unheard-of"); codes(err) != "KeyNotFound" {
		t.Errorf("a key that the backup does not hold: %v", err)
	}
	if err := restore("no_name"); codes(err) != "BadParameter" {
		t.Errorf("a name that no key can have: %v", err)
	}
	got(f.owner.CreateKey(ctx, "newcomer", vault.EC(vault.P521), nil))(t)
	if j := f.restored(t)(f.owner.StartKeyRestore(ctx, "SIGNS", toStorage, folder)); j.Details != "Number of successful key versions restored: 1, Number of key versions could not overwrite: 0" {
		t.Errorf("the job says %q", j.Details)
	}
	if after := got(f.owner.GetKey(ctx, "signs"))(t); text(after) != text(before) {
		t.Errorf("before %+v, afterwards %+v", before, after)
	}
	if ok, err := f.owner.Verify(ctx, "signs", vault.ES256, make([]byte, 32), signature); !ok {
		t.Errorf("a signature from before: %v, %v", ok, err)
	}
	got(f.owner.GetKey(ctx, "newcomer"))(t)
}

func TestWhatIsNoStorageIsRefused(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{})
	folder := f.backup(t)
	without := newHSMWithoutStorage(t)
	for name, c := range map[string]struct {
		client *vault.Client
		change func(*vault.BackupStorage)
		folder string
		want   string // of what reads; what writes does not know the folder
	}{
		"no storage":               {client: without, want: "no storage is configured"},
		"no address":               {change: func(s *vault.BackupStorage) { s.URI = "" }, want: "its address"},
		"a relative address":       {change: func(s *vault.BackupStorage) { s.URI = "/backups" }, want: "its address"},
		"no address of the web":    {change: func(s *vault.BackupStorage) { s.URI = "file:///backups" }, want: "its address"},
		"an account":               {change: func(s *vault.BackupStorage) { s.URI = "https://account.blob.core.windows.net/" }, want: "its address"},
		"a token in the address":   {change: func(s *vault.BackupStorage) { s.URI += "?sig=" + signatureSAS }, want: "its address"},
		"a password":               {change: func(s *vault.BackupStorage) { s.URI = "https://u:" + signatureSAS + "@host/c" }, want: "its address"},
		"a long address":           {change: func(s *vault.BackupStorage) { s.URI += strings.Repeat("x", 2048) }, want: "its address"},
		"another container":        {change: func(s *vault.BackupStorage) { s.URI += "2" }, want: "no such container"},
		"no token":                 {change: func(s *vault.BackupStorage) { s.SAS = vault.Value{} }, want: "does not contain the expiry"},
		"a token without expiry":   {change: func(s *vault.BackupStorage) { s.SAS = vault.NewValue("sv=1&sig=" + signatureSAS) }, want: "does not contain the expiry"},
		"a token with empty one":   {change: func(s *vault.BackupStorage) { s.SAS = vault.NewValue("se=&sig=" + signatureSAS) }, want: "does not contain the expiry"},
		"another folder":           {folder: "mhsm-fortress-20010101000000", want: "holds no backup"},
		"no folder":                {folder: "-", want: "holds no backup"},
		"a folder outside":         {folder: "../" + folder, want: "the folder"},
		"a folder without a name":  {folder: "folder ", want: "the folder"},
		"a folder with characters": {folder: folder + "/..", want: "the folder"},
	} {
		t.Run(name, func(t *testing.T) {
			at, client := toStorage, cmp.Or(c.client, f.owner)
			if c.change != nil {
				c.change(&at)
			}
			requests := restoring(client, at, cmp.Or(c.folder, folder), "signs")
			if c.folder == "" {
				for doing, do := range starting(client, at) {
					requests[doing] = do
				}
			}
			for doing, do := range requests {
				if strings.Contains(c.want, "expiry") && strings.HasPrefix(doing, "check") {
					continue // TestACheckFindsOutThatATokenOpensNothing
				}
				_, err := do(t.Context())
				if codes(err) != "BadRequest" || errs.StatusOf(err) != 400 || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), signatureSAS) {
					t.Errorf("%s: %v, want %s", doing, err, c.want)
				}
			}
		})
	}
	f.backup(t) // what was refused is not in progress
}

func newHSMWithoutStorage(tb failer) *vault.Client {
	h, c := newHSM(tb, newWorld(tb, nil, nil), nil)
	fine(tb, h.Activate(tb.Context()))
	return c
}

// A managed identity needs no token, and a token beside it goes nowhere.
func TestABackupByManagedIdentity(t *testing.T) {
	t.Parallel()
	var seen []string
	blobs := &shelfOfBlobs{blobs: map[string][]byte{}}
	f := newStronghold(t, vault.Options{Storage: func(_ context.Context, _ string, sas vault.Value) (vault.BlobContainer, error) {
		seen = append(seen, sas.Reveal())
		return blobs, nil
	}})
	for _, sas := range []vault.Value{{}, vault.NewValue("no token")} {
		got(f.owner.StartBackup(t.Context(), vault.BackupStorage{URI: containerURI, SAS: sas, ManagedIdentity: true}))(t)
	}
	if !slices.Equal(seen, []string{"", ""}) || len(blobs.blobs) != 2 {
		t.Errorf("the storage saw %q and took %d blobs", seen, len(blobs.blobs))
	}
}
