package vault

import (
	"context"

	"github.com/embedvault/embedvault/crypto"
)

// Sign returns the signature of a digest, by the version of a key that the reference names, or the newest. The digest has
// the length of the algorithm's hash; with crypto.RSNULL it is at most 11 bytes shorter than the modulus, and with HS256,
// HS384 and HS512, which return a MAC, of any length. ECDSA signatures are r and s, each as wide as the curve.
//
// An absent key is 404 (errs.KeyNotFound). One that is disabled or outside its validity is 403 (errs.KeyDisabled,
// errs.KeyNotYetValid, errs.KeyExpired), and so is one whose key_ops do not have sign (errs.KeyOperationForbidden). An
// algorithm or a length that does not go with the key is 400 (errs.BadParameter).
func (c *Client) Sign(ctx context.Context, key Ref, alg crypto.Algorithm, digest []byte) (KeyResult, error) {
	return run(c.ref(ctx, key), keySign, keyOperation{alg: alg, value: digest}, nil)
}

// Verify tells whether a signature, or a MAC, belongs to a digest, by the version of a key that the reference names, or the
// newest. One that does not, of whatever length, is false without error. The digest is that of Sign.
//
// A key verifies whether or not it is enabled and valid. An absent one is 404 (errs.KeyNotFound), one whose key_ops do not
// have verify 403 (errs.KeyOperationForbidden), and an algorithm or a length that does not go with the key 400
// (errs.BadParameter).
func (c *Client) Verify(ctx context.Context, key Ref, alg crypto.Algorithm, digest, signature []byte) (bool, error) {
	ok, err := run(c.ref(ctx, key), keyVerify, verification{keyOperation{alg: alg, value: digest}, signature}, nil)
	return bool(ok), err
}

// EncryptOptions belong to symmetric encryption.
type EncryptOptions struct {
	// IV is 16 bytes for AES-CBC. For AES-GCM the vault makes it, of 12 bytes, and takes none. nil: none.
	IV []byte
	// AAD is authenticated with the plaintext by AES-GCM; the other algorithms take none. nil: nothing.
	AAD []byte
}

// Encrypt returns the ciphertext of a plaintext, by the version of a key that the reference names, or the newest. With RSA the
// plaintext is shorter than the modulus, by 11 bytes for RSA1_5, 42 for RSA-OAEP and 66 for RSA-OAEP-256; AES-CBC without
// padding takes whole blocks of 16 bytes. nil options are the zero options.
//
// An absent key is 404 (errs.KeyNotFound). One outside its validity is 403 (errs.KeyNotYetValid, errs.KeyExpired), and so is
// one whose key_ops do not have encrypt (errs.KeyOperationForbidden); a disabled one encrypts. An algorithm, a length or an
// option that does not go with the key is 400 (errs.BadParameter).
func (c *Client) Encrypt(ctx context.Context, key Ref, alg crypto.Algorithm, plaintext []byte, o *EncryptOptions) (KeyResult, error) {
	in := keyOperation{alg: alg, value: plaintext}
	if o != nil {
		in.params = crypto.Params{IV: o.IV, AAD: o.AAD}
	}
	return run(c.ref(ctx, key), keyEncrypt, in, nil)
}

// DecryptOptions belong to symmetric encryption.
type DecryptOptions struct {
	// IV is what Encrypt was given or made, as KeyResult.IV says.
	IV []byte
	// AAD is what Encrypt was given.
	AAD []byte
	// Tag is what Encrypt made with AES-GCM, 16 bytes.
	Tag []byte
}

// Decrypt returns the plaintext of a ciphertext, by the version of a key that the reference names, or the newest. nil options
// are the zero options.
//
// An absent key is 404 (errs.KeyNotFound). A disabled one is 403 (errs.KeyDisabled), and so is one whose key_ops do not have
// decrypt (errs.KeyOperationForbidden); one outside its validity decrypts. An algorithm that does not go with the key is 400
// (errs.BadParameter), and so is everything that does not open, whatever is wrong with it.
func (c *Client) Decrypt(ctx context.Context, key Ref, alg crypto.Algorithm, ciphertext []byte, o *DecryptOptions) (KeyResult, error) {
	in := keyOperation{alg: alg, value: ciphertext}
	if o != nil {
		in.params = crypto.Params{IV: o.IV, AAD: o.AAD, Tag: o.Tag}
	}
	return run(c.ref(ctx, key), keyDecrypt, in, nil)
}

// WrapKey returns a symmetric key, wrapped by the version of a key that the reference names, or the newest: by RSA as Encrypt
// does, or by AES with an algorithm of its own, such as A256KW, which takes 16 bytes or more in steps of 8. Errors are those
// of Encrypt; the operation in key_ops is wrapKey.
func (c *Client) WrapKey(ctx context.Context, key Ref, alg crypto.Algorithm, target []byte) (KeyResult, error) {
	return run(c.ref(ctx, key), keyWrap, keyOperation{alg: alg, value: target}, nil)
}

// UnwrapKey returns a key that WrapKey wrapped. Errors are those of Decrypt; the operation in key_ops is unwrapKey.
func (c *Client) UnwrapKey(ctx context.Context, key Ref, alg crypto.Algorithm, wrapped []byte) (KeyResult, error) {
	return run(c.ref(ctx, key), keyUnwrap, keyOperation{alg: alg, value: wrapped}, nil)
}
