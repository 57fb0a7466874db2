package vault_test

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/vault"
)

// A release policy is read when its key is loaded: a store with what is none is refused when it is opened, not when the key is
// to leave.
func TestARecordWithoutAReleasePolicyThatReads(t *testing.T) {
	t.Parallel()
	w := newEnclave(t, nil)
	got(w.owner.CreateKey(t.Context(), "k", crypto.RSA(2048).HSM(), leaving()))(t)
	for what, policy := range map[string]string{"as it was": forEnclave, "no JSON": "{", "of version 2": `{"version":"2.0.0"}`} {
		o := w.options
		o.Store = rewritten(t, w.options.Store, func(r map[string]any) bool {
			if r["sort"] != "version" {
				return false
			}
			r["data"].(map[string]any)["release"].(map[string]any)["data"] = base64.StdEncoding.EncodeToString([]byte(policy))
			return true
		})
		_, err := vault.New(&o)
		if sound := policy == forEnclave; errors.Is(err, vault.ErrBadRecord) == sound || sound && err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}
