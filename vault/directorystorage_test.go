package vault_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/vault"
)

// Every storage container has a folder of its own, whose name tells which it is.
func TestDirectoryStorageHasAFolderForEachContainer(t *testing.T) {
	t.Parallel()
	for uri, folder := range map[string]string{
		"https://account.blob.core.windows.net/backups":  "account.blob.core.windows.net/backups",
		"https://account.blob.core.windows.net/backups/": "account.blob.core.windows.net/backups",
		"HTTPS://Account.Blob.Core.Windows.Net/backups":  "account.blob.core.windows.net/backups",
		"https://other.blob.core.windows.net/backups":    "other.blob.core.windows.net/backups",
		"https://account.blob.core.windows.net/b-2":      "account.blob.core.windows.net/b-2",
		"http://127.0.0.1:10000/account/backups":         "127.0.0.1_10000/account/backups",
		"https://account.example:443/backups":            "account.example_443/backups",
		"https://a/" + strings.Repeat("b", 63):           "a/" + strings.Repeat("b", 63),
	} {
		dir := t.TempDir()
		blobs := got(vault.DirectoryStorage(dir)(t.Context(), uri, vault.NewValue("se=2026")))(t)
		fine(t, blobs.Put(t.Context(), blobName, []byte(uri)))
		if data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(folder), blobName)); string(data) != uri {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// awkward are URIs that no storage container has.
var awkward = []string{
	"", "backups", "/backups", "file:///backups", "https:///backups", "https://account", "https://account/", "//account/backups",
	"https://../backups", "https://a..b/backups", "https://./backups", "https://account/..", "https://account/../..", "https://account/.",
	"https://account/%2e%2e", "https://account/%2e%2e%2f%2e%2e", "https://account/a%2fb", `https://account/..\..`, `https://account/a\b`,
	"https://account/a//b", "https://account/a/b/c", "https://account/Backups", "https://account/back_ups", "https://account/$root",
	"https://user@account/backups", "https://account/backups?sv=1", "https://account/backups#x", "https://account/ba\x00ckups",
	"https://[::1]/backups", "https://account:/../backups", "https://account:x/backups", "https://аccount/backups", "https://account/ä",
	"https://a/" + strings.Repeat("b", 64), "https://" + strings.Repeat("a.", 200) + "net/backups", "https://account/" + strings.Repeat("/", 2048) + "b",
}

// What is no storage container is not there, and nothing is made for it.
func TestDirectoryStorageKnowsContainersAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, uri := range awkward {
		if _, err := vault.DirectoryStorage(dir)(t.Context(), uri, vault.Value{}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", uri, err)
		}
	}
	if entries := got(os.ReadDir(dir))(t); len(entries) != 0 {
		t.Errorf("there are %v", entries)
	}
}

// A Managed HSM is backed up to a directory and restored from it, and finds nothing under another address.
func TestABackupInADirectoryStorage(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{Storage: vault.DirectoryStorage(t.TempDir())})
	furnish(t, f)
	before, folder := holding(t, f.hsm), f.backup(t)
	upset(t, f)
	f.restored(t)(f.owner.StartRestore(t.Context(), toStorage, folder))
	if after := holding(t, f.hsm); after != before {
		t.Errorf("before\n%s\nafterwards\n%s", before, after)
	}
	for _, uri := range []string{containerURI + "2", containerURI + "/a/b", "https://account.blob.core.windows.net/../backups"} {
		if _, err := f.owner.CheckRestore(t.Context(), vault.BackupStorage{URI: uri, ManagedIdentity: true}, folder); codes(err) != "BadRequest" {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// Whatever the URI, what is kept is kept below the directory, at most three folders deep.
func FuzzDirectoryStorage(f *testing.F) {
	for _, uri := range append(awkward, containerURI, "http://127.0.0.1:10000/account/backups") {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		outside := t.TempDir()
		dir := filepath.Join(outside, "1", "2", "3", "storage")
		blobs, err := vault.DirectoryStorage(dir)(t.Context(), uri, vault.Value{})
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) || blobs != nil {
				t.Errorf("%v, %v", blobs, err)
			}
			return
		}
		fine(t, blobs.Put(t.Context(), "folder/blob", []byte(uri)))
		fine(t, filepath.WalkDir(outside, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if below, ok := strings.CutPrefix(path, dir+string(filepath.Separator)); !ok || strings.Count(filepath.ToSlash(below), "/") > 4 {
				t.Errorf("%q is kept at %s", uri, path)
			}
			return nil
		}))
		again, err := vault.DirectoryStorage(dir)(t.Context(), uri, vault.Value{})
		fine(t, err)
		if data, err := again.Get(t.Context(), "folder/blob"); string(data) != uri {
			t.Errorf("%q came back as %q, %v", uri, data, err)
		}
	})
}
