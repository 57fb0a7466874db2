package vault

import (
	"context"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
)

// ReleaseKeyOptions belong to the release of a key.
type ReleaseKeyOptions struct {
	// Nonce comes back in the answer, at most 1024 bytes of text. "": none.
	Nonce string
	// Encryption is how the key is wrapped. "": hsm.CKMRSAAESKeyWrap.
	Encryption hsm.Encryption
}

// ReleaseKey releases an exportable key to an environment: target is what an authority attests of it, a JSON Web Token that
// names the environment's own RSA key. The answer is a JSON Web Signature, compact and by RS256, that
// [Service.ReleaseCertificate] verifies. In its payload the released key stands wrapped to the environment's key: the member
// response.key.key.key_hsm is, in base64url, what hsm.ParseWrapped reads, and its Open opens. nil options are the zero options.
//
// An absent key is 404 (errs.KeyNotFound). A target that does not verify, or does not meet the key's release policy, is 403
// (errs.AccessDenied), with a policy.ReleaseDecision or an identity.Failure as its cause; so is a key without a policy
// (errs.KeyOperationForbidden) and a disabled one (errs.KeyDisabled). One outside its validity is released. An empty target,
// a nonce that is too long or no UTF-8, and an encryption that does not exist are 400 (errs.BadParameter).
func (c *Client) ReleaseKey(ctx context.Context, key Ref, target string, o *ReleaseKeyOptions) (string, error) {
	in := releaseInput{target: target}
	if o != nil {
		in.nonce, in.encryption = o.Nonce, o.Encryption
	}
	text, err := run(c.ref(ctx, key), keyRelease, in, nil)
	return string(text), err
}

// SecureUnwrapKey opens a symmetric key that was wrapped with an exportable key, such as one of SecureWrapKey, and wraps it to
// the environment that target attests, if the release policy of the exportable key lets it go there. The answer is that of
// ReleaseKey; nobody but the environment sees the key in the clear. Errors are those of UnwrapKey and of ReleaseKey; what is
// opened and is no AES key of 128, 192 or 256 bits is 400 (errs.BadParameter) too.
func (c *Client) SecureUnwrapKey(ctx context.Context, key Ref, alg crypto.Algorithm, wrapped []byte, target string) (string, error) {
	in := secureUnwrapInput{keyOperation{alg: alg, value: wrapped}, target}
	text, err := run(c.ref(ctx, key), keySecureUnwrap, in, nil)
	return string(text), err
}
