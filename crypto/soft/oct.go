package soft

import (
	"bytes"
	"context"
	"fmt"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/internal/primitive"
)

// octKey is a symmetric key: AES, and HMAC under the same bytes.
type octKey struct{ key *primitive.AES }

func (k octKey) Spec() crypto.Spec {
	return crypto.Spec{Type: crypto.KeyTypeOct, Size: k.key.Bits()}
}

func (k octKey) Public() crypto.JWK { return crypto.JWK{Kty: crypto.KeyTypeOct} }

func (k octKey) Blob() []byte { return k.key.Marshal() }

// row finds the row of an algorithm that a key of this size computes.
func (k octKey) row(a crypto.Algorithm) (crypto.Info, error) {
	row, ok := crypto.Lookup(a)
	if !ok || row.Type != crypto.KeyTypeOct || row.Size != 0 && row.Size != k.key.Bits() {
		return row, unsupported(a, crypto.KeyTypeOct)
	}
	return row, nil
}

func (k octKey) Sign(_ context.Context, a crypto.Algorithm, value []byte) ([]byte, error) {
	row, err := k.row(a)
	if err != nil {
		return nil, err
	}
	if row.Mechanism != crypto.HMAC {
		return nil, unsupported(a, crypto.KeyTypeOct)
	}
	return k.key.MAC(row.Hash, value), nil
}

func (k octKey) Encrypt(_ context.Context, a crypto.Algorithm, plaintext []byte, p crypto.Params) (r crypto.Result, err error) {
	row, err := k.row(a)
	if err != nil {
		return crypto.Result{}, err
	}
	switch row.Mechanism {
	case crypto.AESGCM:
		r.AAD = p.AAD
		r.IV, r.Value, r.Tag = k.key.Seal(plaintext, p.AAD)
	case crypto.AESCBC:
		r.IV = bytes.Clone(p.IV)
		r.Value, err = k.key.EncryptCBC(p.IV, plaintext)
	case crypto.AESCBCPad:
		r.IV = bytes.Clone(p.IV)
		r.Value, err = k.key.EncryptCBCPad(p.IV, plaintext)
	case crypto.AESKeyWrap:
		r.Value, err = k.key.Wrap(plaintext)
	case crypto.AESKeyWrapPad:
		r.Value, err = k.key.WrapPad(plaintext)
	default:
		err = unsupported(a, crypto.KeyTypeOct)
	}
	if err != nil {
		return crypto.Result{}, err
	}
	return r, nil
}

func (k octKey) Decrypt(_ context.Context, a crypto.Algorithm, ciphertext []byte, p crypto.Params) ([]byte, error) {
	row, err := k.row(a)
	if err != nil {
		return nil, err
	}
	switch row.Mechanism {
	case crypto.AESGCM:
		return answer(k.key.Open(p.IV, ciphertext, p.Tag, p.AAD))
	case crypto.AESCBC:
		return answer(k.key.DecryptCBC(p.IV, ciphertext))
	case crypto.AESCBCPad:
		return answer(k.key.DecryptCBCPad(p.IV, ciphertext))
	case crypto.AESKeyWrap:
		return answer(k.key.Unwrap(ciphertext))
	case crypto.AESKeyWrapPad:
		return answer(k.key.UnwrapPad(ciphertext))
	}
	return nil, unsupported(a, crypto.KeyTypeOct)
}

// Format writes what key this is and nothing of it, for every verb.
func (k octKey) Format(f fmt.State, _ rune) { format(f, k) }
