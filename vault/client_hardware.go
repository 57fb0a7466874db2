package vault

import (
	"context"

	"github.com/embedvault/embedvault/crypto"
)

// GetKeyAttestation returns a version of a key, the newest if the reference names none, with what its module states about
// it. An absent one is 404 (errs.KeyNotFound), one protected by software 400 (errs.BadParameter).
func (c *Client) GetKeyAttestation(ctx context.Context, key Ref) (AttestedKey, error) {
	return run(c.ref(ctx, key), keyAttestation, nothing{}, nil)
}

// SecureWrapKey has the container make an AES key of 256 bits and returns it wrapped; nobody sees it in the clear. The key
// needs the operation wrapKey. Errors are those of WrapKey.
func (c *Client) SecureWrapKey(ctx context.Context, key Ref, alg crypto.Algorithm) (KeyResult, error) {
	fresh, err := run(c.ref(ctx, key), keySecureWrap, secureWrap{alg}, nil)
	return fresh.KeyResult, err
}
