package vault

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/embedvault/embedvault/errs"
)

// BackupStorage is where a full backup is written to or read from.
type BackupStorage struct {
	// URI is the address of the storage container, such as https://account.blob.core.windows.net/backups.
	URI string
	// SAS is the token that opens the container, without a question mark. It must have an expiry.
	SAS Value
	// ManagedIdentity opens the container instead of a token, which is then ignored.
	ManagedIdentity bool
}

// maxStorageURI is the length of the address of a storage container, in bytes.
const maxStorageURI = 2048

// validate refuses an address that holds more than an address: the status of a job repeats it.
func (b BackupStorage) validate(*settings) error {
	if _, err := parseStorageURI(b.URI); err != nil {
		return err
	}
	if !b.opens() {
		return errs.NewBackupSAS()
	}
	return nil
}

// opens tells whether what opens the container can.
func (b BackupStorage) opens() bool { return b.ManagedIdentity || expires(b.SAS.Reveal()) }

// parseStorageURI reads the address of a storage container: a host and a path. The error says what is wrong with it and does
// not repeat it.
func parseStorageURI(uri string) (*url.URL, error) {
	if len(uri) > maxStorageURI {
		return nil, errs.NewBackupStorage(fmt.Sprintf("its address must have at most %d bytes", maxStorageURI))
	}
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return nil, errs.NewBackupStorage("its address must be a URL of http or https")
	case u.User != nil || strings.ContainsAny(uri, "?#"):
		return nil, errs.NewBackupStorage("its address must be a URL without user, query and fragment")
	case strings.Trim(u.Path, "/") == "":
		return nil, errs.NewBackupStorage("its address must name a container after the host")
	}
	return u, nil
}

// expires tells whether a SAS token has an expiry.
func expires(token string) bool {
	for name, value := range members(token) {
		if name == "se" && value != "" {
			return true
		}
	}
	return false
}
