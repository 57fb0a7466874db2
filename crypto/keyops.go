package crypto

import (
	"context"
	"crypto/hmac"

	"github.com/embedvault/embedvault/errs"
)

// Sign signs a digest of exactly the algorithm's length. RSNULL takes at most
// 11 bytes less than the modulus and pads them as they are. HS256, HS384 and
// HS512 take any value and return its MAC: whether the service expects data or
// a digest there is not recorded, and the MAC is that of what was sent.
func (k *Key) Sign(ctx context.Context, a Algorithm, digest []byte) ([]byte, error) {
	row, err := k.row(ctx, OpSign, a)
	if err != nil {
		return nil, err
	}
	if err := row.checkDigest(k.spec, digest); err != nil {
		return nil, err
	}
	return k.private.Sign(ctx, a, digest)
}

// Verify reports whether signature is one of digest. A signature of the wrong
// length is a wrong signature; a digest of the wrong length is an error, as in
// Sign. Only HS256, HS384 and HS512 ask the driver.
func (k *Key) Verify(ctx context.Context, a Algorithm, digest, signature []byte) (bool, error) {
	row, err := k.row(ctx, OpVerify, a)
	if err != nil {
		return false, err
	}
	if err := row.checkDigest(k.spec, digest); err != nil {
		return false, err
	}
	if row.Mechanism != HMAC {
		return k.keys.verify(row, digest, signature), nil
	}
	mac, err := k.private.Sign(ctx, a, digest)
	if err != nil {
		return false, err
	}
	return hmac.Equal(mac, signature), nil
}

// Encrypt encrypts plaintext. AES-CBC needs Params.IV; AES-GCM makes its own
// and takes Params.AAD. A parameter that the algorithm has no use for is
// refused rather than dropped.
func (k *Key) Encrypt(ctx context.Context, a Algorithm, plaintext []byte, p Params) (Result, error) {
	return k.seal(ctx, OpEncrypt, a, plaintext, p)
}

// Decrypt reverses Encrypt. Everything that does not open, a wrong length of
// ciphertext, iv or tag included, is errs.BadParameter.
func (k *Key) Decrypt(ctx context.Context, a Algorithm, ciphertext []byte, p Params) ([]byte, error) {
	return k.open(ctx, OpDecrypt, a, ciphertext, p)
}

// WrapKey encrypts another key. With RSA it computes what Encrypt computes; a
// symmetric key has algorithms of its own for it.
func (k *Key) WrapKey(ctx context.Context, a Algorithm, key []byte) ([]byte, error) {
	r, err := k.seal(ctx, OpWrapKey, a, key, Params{})
	return r.Value, err
}

// UnwrapKey reverses WrapKey. Everything that does not open is
// errs.BadParameter.
func (k *Key) UnwrapKey(ctx context.Context, a Algorithm, wrapped []byte) ([]byte, error) {
	return k.open(ctx, OpUnwrapKey, a, wrapped, Params{})
}

func (k *Key) seal(ctx context.Context, op Operation, a Algorithm, plaintext []byte, p Params) (Result, error) {
	row, err := k.row(ctx, op, a)
	if err != nil {
		return Result{}, err
	}
	if err := row.checkPlaintext(k.spec, plaintext); err != nil {
		return Result{}, err
	}
	if err := row.checkSealParams(p); err != nil {
		return Result{}, err
	}
	if k.keys.rsa == nil {
		return k.private.Encrypt(ctx, a, plaintext, p)
	}
	value, err := k.keys.encrypt(row, plaintext)
	return Result{Value: value}, err
}

func (k *Key) open(ctx context.Context, op Operation, a Algorithm, ciphertext []byte, p Params) ([]byte, error) {
	row, err := k.row(ctx, op, a)
	if err != nil {
		return nil, err
	}
	if err := row.checkForeignParams(p); err != nil {
		return nil, err
	}
	return k.private.Decrypt(ctx, a, ciphertext, p)
}

// row finds the row of an algorithm and checks that this key may use it so.
func (k *Key) row(ctx context.Context, op Operation, a Algorithm) (*Info, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !k.allowed.has(op) {
		return nil, errs.NewKeyOperationForbidden(string(op))
	}
	row := rows[a]
	if row == nil || row.Type != k.spec.Type.Base() || !row.ops.has(op) || row.Size != 0 && row.Size != k.spec.Size {
		return nil, errs.NewUnsupportedAlgorithm(string(a), string(k.spec.Type))
	}
	if row.Curve != k.spec.Curve {
		return nil, errs.NewCurveMismatch(k.id, string(k.spec.Curve), string(a), string(row.Curve))
	}
	return row, nil
}
