package vault

import (
	"context"

	"github.com/embedvault/embedvault/crypto"
)

// GetKeyAttestation returns a version of a key, the newest if the reference names none, with what its module states about
// it: where the key comes from and whether it can leave. hsm.Verify checks that. Disabled keys and those outside their
// validity are attested too. An absent key is 404 (errs.KeyNotFound), one in software 400 (errs.BadParameter).
func (c *Client) GetKeyAttestation(ctx context.Context, key Ref) (AttestedKey, error) {
	return run(c.ref(ctx, key), keyAttestation, nothing{}, nil)
}

// SecureWrapKey has the container make an AES key of 256 bits and returns it wrapped, with the algorithms of WrapKey; nobody
// sees it in the clear. SecureUnwrapKey takes it to an environment that may have it. Errors are those of WrapKey.
func (c *Client) SecureWrapKey(ctx context.Context, key Ref, alg crypto.Algorithm) (KeyResult, error) {
	fresh, err := run(c.ref(ctx, key), keySecureWrap, secureWrap{alg}, nil)
	return fresh.KeyResult, err
}
