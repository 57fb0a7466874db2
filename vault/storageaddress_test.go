package vault_test

import (
	"strings"
	"testing"

	"github.com/embedvault/embedvault/vault"
)

// An address that is none of a storage container is refused with what is wrong with it, and is not repeated.
func TestWhatIsWrongWithAStorageAddress(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{})
	for uri, want := range map[string]string{
		"":                                       "http or https",
		"/backups":                               "http or https",
		"ftp://account/backups":                  "http or https",
		"https:///backups":                       "http or https",
		"https://account/ba\x00ckups":            "http or https",
		"https://account":                        "name a container after the host",
		"https://account/":                       "name a container after the host",
		"https://me:secret@account/b":            "without user, query and fragment",
		"https://account/b?sig=secret":           "without user, query and fragment",
		"https://account/b#secret":               "without user, query and fragment",
		"https://account/?":                      "without user, query and fragment",
		"https://a/" + strings.Repeat("b", 2039): "at most 2048 bytes",
	} {
		for doing, do := range starting(f.owner, vault.BackupStorage{URI: uri, ManagedIdentity: true}) {
			_, err := do(t.Context())
			if codes(err) != "BadRequest" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s to %.40q: %v, want %s", doing, uri, err, want)
			}
		}
	}
}
