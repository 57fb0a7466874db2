package vault

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// DirectoryStorage returns what Options.Storage can be: storage in which every container is a folder below a directory, kept
// as [DirectoryBlobs] keeps it. The container https://account.blob.core.windows.net/backups is the folder
// account.blob.core.windows.net/backups, and http://127.0.0.1:10000/account/backups, as emulators of a storage account have
// it, is 127.0.0.1_10000/account/backups. Every container exists. SAS tokens are not looked at: whoever has the right to make
// or restore backups reaches all of them.
//
// The files outlive the process, but open only with the security domain of the Managed HSM that wrote them: download that
// before it is gone, and upload it to the one that restores. One that [ManagedHSM.Activate] has activated takes no other.
//
// A URI that is not of this form, with names of at most 63 lower-case letters, digits and hyphens, is fs.ErrNotExist. None
// leads out of the directory.
func DirectoryStorage(dir string) func(ctx context.Context, uri string, sas Value) (BlobContainer, error) {
	return func(_ context.Context, uri string, _ Value) (BlobContainer, error) {
		folder, ok := containerFolder(uri)
		if !ok {
			return nil, fmt.Errorf("vault: the URI is not that of a storage container: %w", fs.ErrNotExist)
		}
		return DirectoryBlobs(filepath.Join(dir, folder)), nil
	}
}

// containerFolder is the folder of a storage container below that of all: its host and path. Hosts compare without case.
func containerFolder(uri string) (string, bool) {
	u, err := parseStorageURI(uri)
	if err != nil {
		return "", false
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	names := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	for _, name := range append(strings.Split(host, "."), names...) {
		if !isStorageName(name) {
			return "", false
		}
	}
	if port != "" {
		host += "_" + port
	}
	folder := filepath.Join(append([]string{host}, names...)...)
	return folder, len(host) <= 255 && len(names) <= 2 && filepath.IsLocal(folder)
}

// isStorageName tells whether a word can be the name of an account or a container, or a label of a host: lower-case letters,
// digits and hyphens.
func isStorageName(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
		default:
			return false
		}
	}
	return name != "" && len(name) <= 63
}
