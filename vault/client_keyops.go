package vault

import (
	"context"

	"github.com/embedvault/embedvault/crypto"
)

// The methods below use a key: the version that the reference names, or the newest. They share these errors: an absent
// key is 404 (errs.KeyNotFound); an operation that is not in the key's key_ops is 403 (errs.KeyOperationForbidden); a
// disabled key refuses to decrypt, sign and unwrap with 403 (errs.KeyDisabled); a key outside its validity refuses to
// encrypt, sign and wrap with 403 (errs.KeyNotYetValid, errs.KeyExpired); an algorithm or a length that does not go with
// the key is 400 (errs.BadParameter), as is everything that does not open.

// Sign returns the signature of a digest. The digest has the length of the algorithm's hash; ECDSA signatures are r and
// s, each as wide as the curve. Besides errs.KeyNotFound, KeyOperationForbidden and BadParameter: a key that is disabled or
// outside its validity does not sign (errs.KeyDisabled, KeyExpired, KeyNotYetValid).
func (c *Client) Sign(ctx context.Context, key Ref, alg crypto.Algorithm, digest []byte) (KeyResult, error) {
	return run(c.ref(ctx, key), keySign, keyOperation{alg: alg, value: digest}, nil)
}

// Verify tells whether a signature belongs to a digest. A signature that does not is false without error. A key
// verifies whether or not it is enabled and valid; errors are errs.KeyNotFound, KeyOperationForbidden and BadParameter.
func (c *Client) Verify(ctx context.Context, key Ref, alg crypto.Algorithm, digest, signature []byte) (bool, error) {
	ok, err := run(c.ref(ctx, key), keyVerify, verification{keyOperation{alg: alg, value: digest}, signature}, nil)
	return bool(ok), err
}

// EncryptOptions belong to symmetric encryption.
type EncryptOptions struct {
	// IV is 16 bytes for AES-CBC. For AES-GCM the vault makes it.
	IV []byte
	// AAD is authenticated with the plaintext by AES-GCM. nil: nothing.
	AAD []byte
}

// Encrypt returns the ciphertext of a plaintext, which is at most as long as the algorithm allows. nil options are valid.
// Besides errs.KeyNotFound, KeyOperationForbidden and BadParameter: a key outside its validity does not encrypt
// (errs.KeyExpired, KeyNotYetValid).
func (c *Client) Encrypt(ctx context.Context, key Ref, alg crypto.Algorithm, plaintext []byte, o *EncryptOptions) (KeyResult, error) {
	in := keyOperation{alg: alg, value: plaintext}
	if o != nil {
		in.params = crypto.Params{IV: o.IV, AAD: o.AAD}
	}
	return run(c.ref(ctx, key), keyEncrypt, in, nil)
}

// DecryptOptions belong to symmetric encryption.
type DecryptOptions struct {
	// IV is what Encrypt was given or made.
	IV []byte
	// AAD is what Encrypt was given.
	AAD []byte
	// Tag is what Encrypt made, 16 bytes, for AES-GCM.
	Tag []byte
}

// Decrypt returns the plaintext of a ciphertext. nil options are valid. What does not open is errs.BadParameter, whatever is
// wrong with it; a disabled key does not decrypt (errs.KeyDisabled), an expired one does. Others are errs.KeyNotFound and
// KeyOperationForbidden.
func (c *Client) Decrypt(ctx context.Context, key Ref, alg crypto.Algorithm, ciphertext []byte, o *DecryptOptions) (KeyResult, error) {
	in := keyOperation{alg: alg, value: ciphertext}
	if o != nil {
		in.params = crypto.Params{IV: o.IV, AAD: o.AAD, Tag: o.Tag}
	}
	return run(c.ref(ctx, key), keyDecrypt, in, nil)
}

// WrapKey returns a symmetric key, wrapped. Errors are those of Encrypt.
func (c *Client) WrapKey(ctx context.Context, key Ref, alg crypto.Algorithm, target []byte) (KeyResult, error) {
	return run(c.ref(ctx, key), keyWrap, keyOperation{alg: alg, value: target}, nil)
}

// UnwrapKey returns a key that WrapKey wrapped. Errors are those of Decrypt.
func (c *Client) UnwrapKey(ctx context.Context, key Ref, alg crypto.Algorithm, wrapped []byte) (KeyResult, error) {
	return run(c.ref(ctx, key), keyUnwrap, keyOperation{alg: alg, value: wrapped}, nil)
}
