package vault_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/embedvault/embedvault/vault"
)

const blobName = "mhsm-fortress-20260314092653/backup.sealed"

// A directory keeps blobs for their owner alone, and nothing else.
func TestADirectoryKeepsBlobs(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deep", "backups")
	blobs := vault.DirectoryBlobs(dir)
	if _, err := blobs.Get(t.Context(), blobName); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before there is a directory: %v", err)
	}
	for _, data := range []string{"one", "", "another"} {
		fine(t, blobs.Put(t.Context(), blobName, []byte(data)))
		if back := got(blobs.Get(t.Context(), blobName))(t); string(back) != data {
			t.Errorf("%q came back as %q", data, back)
		}
	}
	if _, err := blobs.Get(t.Context(), "mhsm-fortress-20260314092653/other"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("another name: %v", err)
	}
	if entries := got(os.ReadDir(filepath.Join(dir, filepath.Dir(blobName))))(t); len(entries) != 1 {
		t.Errorf("there are %v", entries)
	}
	if runtime.GOOS == "windows" {
		return
	}
	for path, want := range map[string]fs.FileMode{dir: 0o700, filepath.Join(dir, filepath.Dir(blobName)): 0o700, filepath.Join(dir, blobName): 0o600} {
		if info := got(os.Stat(path))(t); info.Mode().Perm() != want {
			t.Errorf("%s is for %v", path, info.Mode())
		}
	}
}

// No name leads out of the directory, not even through a link that lies in it.
func TestABlobStaysInItsDirectory(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	fine(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600))
	dir := t.TempDir()
	names := []string{"", ".", "..", "../secret", "a/../../secret", filepath.Join(outside, "secret"), "/secret", "a//b", "a/"}
	if os.Symlink(outside, filepath.Join(dir, "link")) == nil {
		names = append(names, "link/secret")
	}
	blobs := vault.DirectoryBlobs(dir)
	for _, name := range names {
		if data, err := blobs.Get(t.Context(), name); err == nil {
			t.Errorf("%q is %q", name, data)
		}
		if err := blobs.Put(t.Context(), name, []byte("x")); err == nil {
			t.Errorf("%q was put", name)
		}
	}
	if data := got(os.ReadFile(filepath.Join(outside, "secret")))(t); string(data) != "secret" {
		t.Errorf("the file outside is %q", data)
	}
}

// What is no blob, or larger than a backup can be, is not read.
func TestADirectoryGivesBlobsAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fine(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	large := got(os.Create(filepath.Join(dir, "large")))(t)
	fine(t, errors.Join(large.Truncate(1<<30+1), large.Close()))
	blobs := vault.DirectoryBlobs(dir)
	for _, name := range []string{"folder", "large"} {
		if data, err := blobs.Get(t.Context(), name); err == nil {
			t.Errorf("%s is %d bytes", name, len(data))
		}
	}
	if err := blobs.Put(t.Context(), "folder", []byte("x")); err == nil {
		t.Error("a folder was replaced")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := blobs.Put(ctx, "late", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("after the caller gave up: %v", err)
	}
	if entries := got(os.ReadDir(dir))(t); len(entries) != 2 {
		t.Errorf("there are %v", entries)
	}
}

// A blob is there after a power cut: its data is synced before it gets its name, then the folders that lead to it, of which
// the new ones are synced too in what they are in.
func TestABlobOutlivesAPowerCut(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	dir := filepath.Join(top, "deep", "backups")
	var synced []string
	var failAt int
	blobs := vault.SyncedBlobs(dir, func(f *os.File) error {
		what := got(filepath.Rel(top, f.Name()))(t)
		if !got(f.Stat())(t).IsDir() {
			what = "data"
		}
		if data, err := os.ReadFile(filepath.Join(dir, blobName)); err == nil {
			what += " of " + string(data)
		}
		if synced = append(synced, filepath.ToSlash(what)); len(synced) == failAt {
			return errDisk
		}
		return nil
	})
	folder := "deep/backups/" + filepath.Dir(blobName)
	for _, c := range []struct {
		data string
		want []string
	}{
		{"one", []string{"..", ".", "deep", "data", folder + " of one", "deep/backups of one"}},
		{"two", []string{"deep of one", "data of one", folder + " of two", "deep/backups of two"}},
	} {
		synced = nil
		fine(t, blobs.Put(t.Context(), blobName, []byte(c.data)))
		if !slices.Equal(synced, c.want) {
			t.Errorf("synced %q, want %q", synced, c.want)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	for failAt = range 7 {
		fine(t, os.RemoveAll(filepath.Join(top, "deep")))
		synced = nil
		if err := blobs.Put(t.Context(), blobName, []byte("three")); errors.Is(err, errDisk) != (failAt > 0) || len(synced) != cmp.Or(failAt, 6) {
			t.Errorf("after %q, the last of which failed: %v", synced, err)
		}
		before := synced
		synced, failAt = nil, 0
		fine(t, blobs.Put(t.Context(), blobName, []byte("three")))
		if failed := before[len(before)-1]; !slices.Contains(synced, failed) && failed != ".." && !strings.Contains(failed, "data") {
			t.Errorf("what was not synced, %q, is not synced later either: %q", failed, synced)
		}
	}
}

// Whoever reads while others write gets one of the blobs whole.
func TestABlobIsReplacedAtOnce(t *testing.T) {
	t.Parallel()
	blobs := vault.DirectoryBlobs(t.TempDir())
	put := func(b byte) error { return blobs.Put(t.Context(), blobName, bytes.Repeat([]byte{b}, 1<<16)) }
	fine(t, put(0))
	var wg sync.WaitGroup
	for w := range byte(4) {
		wg.Go(func() {
			for range 8 {
				if err := put(w); err != nil {
					t.Error(err)
				}
				data, err := blobs.Get(t.Context(), blobName)
				if err != nil || len(data) != 1<<16 || !bytes.Equal(data, bytes.Repeat(data[:1], 1<<16)) {
					t.Errorf("read %d bytes, %v", len(data), err)
				}
			}
		})
	}
	wg.Wait()
}

// A backup in a directory is all that the program has to say.
func TestABackupInADirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := newStronghold(t, vault.Options{Storage: func(context.Context, string, vault.Value) (vault.BlobContainer, error) {
		return vault.DirectoryBlobs(dir), nil
	}})
	furnish(t, f)
	before, folder := holding(t, f.hsm), f.backup(t)
	upset(t, f)
	f.restored(t)(f.owner.StartRestore(t.Context(), toStorage, folder))
	if after := holding(t, f.hsm); after != before {
		t.Errorf("before\n%s\nafterwards\n%s", before, after)
	}
	if _, err := f.owner.CheckRestore(t.Context(), toStorage, folder+"0"); codes(err) != "BadRequest" {
		t.Errorf("another folder: %v", err)
	}
}
