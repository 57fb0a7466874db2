package hsm

import (
	"bytes"
	"context"
	"fmt"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
)

// key is a key of a module: its blob, and what the blob's label says. It holds
// nothing secret in the clear.
type key struct {
	module *Module
	blob   []byte
	label  label
}

var _ crypto.Private = (*key)(nil)

func (k *key) Spec() crypto.Spec { return k.label.spec }

func (k *key) Public() crypto.JWK { return k.label.public(k.blob) }

// Blob returns the key sealed: it tells nobody but the module anything that
// Public does not.
func (k *key) Blob() []byte { return bytes.Clone(k.blob) }

func (k *key) Sign(ctx context.Context, a crypto.Algorithm, digest []byte) ([]byte, error) {
	row, err := k.row(a, crypto.OpSign, crypto.OpSign)
	if err != nil {
		return nil, err
	}
	s, err := k.module.use(ctx, WorkSign, k)
	if err != nil {
		return nil, err
	}
	defer k.module.done(s)
	return sign(s.material, &row, digest)
}

func (k *key) Encrypt(ctx context.Context, a crypto.Algorithm, plaintext []byte, p crypto.Params) (crypto.Result, error) {
	row, err := k.row(a, crypto.OpEncrypt, crypto.OpWrapKey)
	if err != nil {
		return crypto.Result{}, err
	}
	if row.Type != crypto.KeyTypeOct {
		return crypto.Result{}, k.unsupported(a) // the public key does it
	}
	s, err := k.module.use(ctx, either(&row, WorkEncrypt, WorkWrap), k)
	if err != nil {
		return crypto.Result{}, err
	}
	defer k.module.done(s)
	return encrypt(s.material, &row, plaintext, p)
}

func (k *key) Decrypt(ctx context.Context, a crypto.Algorithm, ciphertext []byte, p crypto.Params) ([]byte, error) {
	row, err := k.row(a, crypto.OpDecrypt, crypto.OpUnwrapKey)
	if err != nil {
		return nil, err
	}
	s, err := k.module.use(ctx, either(&row, WorkDecrypt, WorkUnwrap), k)
	if err != nil {
		return nil, err
	}
	defer k.module.done(s)
	return decrypt(s.material, &row, ciphertext, p)
}

// row returns the row of an algorithm that serves one of two operations with a
// key of this type, size and curve.
func (k *key) row(a crypto.Algorithm, one, other crypto.Operation) (row crypto.Info, err error) {
	row, ok := crypto.Lookup(a)
	s := &k.label.spec
	if ok && row.Type == s.Type.Base() && row.Curve == s.Curve && (row.Size == 0 || row.Size == s.Size) &&
		(row.Allows(one) || row.Allows(other)) {
		return row, nil
	}
	return row, k.unsupported(a)
}

// unsupported answers an algorithm that the key does not compute. crypto.Key
// refuses it before; a caller that goes round it gets the same answer.
func (k *key) unsupported(a crypto.Algorithm) error {
	return errs.NewUnsupportedAlgorithm(string(a), string(k.label.spec.Type))
}

// Format writes what key this is and nothing of it, for every verb.
func (k *key) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "%v key of %v", k.label.spec, k.module)
}
