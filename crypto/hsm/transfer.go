package hsm

import (
	"context"
	"crypto/rsa"
	"errors"
	"slices"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/primitive"
)

// CheckImportOperation holds the rule of key exchange keys, to which keys are
// wrapped that are brought to a module: the operation import belongs to keys of
// the type RSA-HSM that have no other. Operations without import pass.
// Breaking the rule is errs.BadParameter.
func CheckImportOperation(t crypto.KeyType, ops []crypto.Operation) error {
	if !slices.Contains(ops, crypto.OpImport) {
		return nil
	}
	if t != crypto.KeyTypeRSAHSM {
		return errs.NewInvalidProperty("key_ops", "Only a key of type RSA-HSM can have the operation import")
	}
	if len(ops) != 1 {
		return errs.NewInvalidProperty("key_ops", "The operation import cannot be combined with others")
	}
	return nil
}

// ImportTransfer takes in a key that somebody else wrapped to a key exchange
// key (KEK) of this module, which the caller has found by w.KID. j says what
// key it is: kty and, for an EC key, crv; its other members do not count.
//
// A KEK without the operation import is errs.KeyOperationForbidden, one that
// breaks its rule, is nil or not in this module errs.BadParameter. What does not
// open, is no sound key or another than j says is errs.BadParameter too: one
// answer for every reason, so that it tells nothing about the key. A module in
// trouble answers as the package comment says.
func (d Driver) ImportTransfer(ctx context.Context, kek *crypto.Key, w Wrapped, j crypto.JWK) (crypto.Private, error) {
	if kek == nil {
		return nil, errs.NewInvalidProperty("key", "There is no key exchange key")
	}
	if !slices.Contains(kek.Operations(), crypto.OpImport) {
		return nil, errs.NewKeyOperationForbidden(string(crypto.OpImport))
	}
	if err := CheckImportOperation(kek.Spec().Type, kek.Operations()); err != nil {
		return nil, err
	}
	k, err := d.module.own(kek.Private())
	if err != nil {
		return nil, err
	}
	if w.Encryption != CKMRSAAESKeyWrap || !j.Kty.HSM() {
		return nil, errs.NewInvalidJWK()
	}
	s, err := d.module.use(ctx, WorkCreate, k)
	if err != nil {
		return nil, err
	}
	defer d.module.done(s)
	m, err := open(s.material, w, j)
	if err != nil {
		return nil, errs.NewInvalidJWK().Because(errTransfer)
	}
	return d.take(m, Transferred)
}

// errTransfer is why a key that was brought wrapped is refused. It is the same for every reason.
var errTransfer = errors.New("hsm: the wrapped key does not open with the key exchange key, or is not the key that the JWK says")

// open returns the key that is wrapped to kek, which must be of the type and
// curve that j says.
func open(kek material, w Wrapped, j crypto.JWK) (material, error) {
	with, ok := kek.(*rsa.PrivateKey)
	if !ok {
		return nil, errMaterial
	}
	portable, err := unwrap(with, w.Encryption, w.Ciphertext)
	if err != nil {
		return nil, err
	}
	defer clear(portable)
	if j.Kty == crypto.KeyTypeOctHSM {
		return primitive.NewAES(portable)
	}
	m, err := parsePKCS8(portable)
	if err != nil {
		return nil, err
	}
	if s, _ := describe(m); s.Type != j.Kty || s.Type == crypto.KeyTypeECHSM && s.Curve != j.Crv {
		wipe(m)
		return nil, primitive.ErrKey
	}
	return m, nil
}

// WrapTransfer wraps a key to a key exchange key (KEK), for a module to take in:
// the half of a transfer that is done where the key was made. kid is the URL of
// the KEK in its container; kek is its public part, as JWK.PublicKey gives it.
// key is a private or symmetric JWK, of a software or -HSM type, such as
// crypto.NewJWK makes. generator names the program that wraps, "" nobody.
//
// A key that is no sound private one is errs.BadParameter, and so is a KEK of
// less than 2048 bits or more than 16384.
func WrapTransfer(kek *rsa.PublicKey, kid string, key crypto.JWK, generator string) (Wrapped, error) {
	m, err := fromJWK(key)
	if err != nil {
		return Wrapped{}, errs.NewInvalidJWK().Because(err)
	}
	defer wipe(m)
	portable, err := marshalPortable(m)
	if err != nil {
		return Wrapped{}, err
	}
	w, err := wrapped(kek, kid, CKMRSAAESKeyWrap, portable)
	if err != nil {
		return Wrapped{}, err
	}
	w.Generator = generator
	return w, nil
}
