package vault

import "github.com/embedvault/embedvault/errs"

// noConnection answers whatever needs a connection to an external key manager: there is none.
func noConnection(call, nothing) (nothing, error) { return nothing{}, errs.NewEKMNotFound() }

// noExternalKeys refuses to make such a connection.
func noExternalKeys(call, nothing) (nothing, error) {
	return nothing{}, errs.NewExternalKeysNotOffered()
}
