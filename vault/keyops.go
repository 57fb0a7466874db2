package vault

import (
	"slices"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/shelf"
	"github.com/embedvault/embedvault/limiter"
)

// KeyResult is the answer of an operation with a key.
type KeyResult struct {
	ID        ID // the version that was used
	Algorithm crypto.Algorithm
	Value     []byte // signature, ciphertext, wrapped key, or what was opened
	// IV, Tag and AAD belong to authenticated and chained encryption; nil elsewhere.
	IV, Tag, AAD []byte
}

// keyOperation is the input of every operation with a key but KeyVerify.
type keyOperation struct {
	alg    crypto.Algorithm
	value  []byte // digest, plaintext, ciphertext, or key
	params crypto.Params
}

// verification is the input of KeyVerify.
type verification struct {
	keyOperation
	signature []byte
}

func (in keyOperation) validate(*settings) error {
	if !crypto.KnownAlgorithm(in.alg) {
		return errs.NewInvalidValue()
	}
	return nil
}

// keyFound is a version of a live key; the zero keyFound is none.
type keyFound struct {
	object  *keyObject
	version *keyRecord
}

func findKey(r *shelf.Root, name, version string, now int64) keyFound {
	o, v := keys.Look(r, name, version, now)
	return keyFound{o, v}
}

// prices are what work of a class costs for a size of key, in units.
type prices [limiter.NumClasses][limiter.NumKeySizes]int

func newPrices(l limiter.Limits) *prices {
	p := new(prices)
	for class := range p {
		for size := range p[class] {
			p[class][size] = l.Units(limiter.Class(class), limiter.KeySize(size))
		}
	}
	return p
}

// cost is what work of a class with the key costs, by its type and size. A key that is not there costs one unit.
func (k keyFound) cost(class limiter.Class, p *prices) (limiter.Class, int) {
	if k.version == nil {
		return class, 1
	}
	spec := k.version.Data.key.Spec()
	return p.charged(class, spec, spec.Type.HSM())
}

// keySize is how the published limits tell keys apart.
func keySize(spec crypto.Spec) limiter.KeySize {
	if spec.Type.Base() != crypto.KeyTypeRSA {
		return limiter.OtherKey
	}
	return limiter.RSASize(spec.Size)
}

// Which operations an attribute forbids. A disabled key still does what needs its public half alone; so does a key
// outside its validity, which may also still open what it closed before.
var (
	refusedDisabled = []crypto.Operation{crypto.OpDecrypt, crypto.OpSign, crypto.OpUnwrapKey}
	refusedOutside  = []crypto.Operation{crypto.OpEncrypt, crypto.OpSign, crypto.OpWrapKey}
)

// usable returns the key that the path names, if its attributes permit an operation now.
func usable(c call, want crypto.Operation) (*crypto.Key, ID, error) {
	o, v := c.key.object, c.key.version
	if v == nil {
		return nil, ID{}, keys.Absent(c.name, c.version)
	}
	if err := permitted(v.Attributes, want, c.unix()); err != nil {
		return nil, ID{}, err
	}
	return v.Data.key, keyLife.id(c.container, o, v), nil
}

func permitted(a shelf.Attributes, want crypto.Operation, now int64) error {
	if !a.Enabled && slices.Contains(refusedDisabled, want) {
		return errs.NewKeyDisabled(string(want))
	}
	if !slices.Contains(refusedOutside, want) {
		return nil
	}
	if a.NotBefore > now {
		return errs.NewKeyNotYetValid(string(want))
	}
	if a.Expires != 0 && a.Expires <= now {
		return errs.NewKeyExpired(string(want))
	}
	return nil
}

// sign answers the signature of a digest.
func sign(c call, in keyOperation) (KeyResult, error) {
	key, id, err := usable(c, crypto.OpSign)
	if err != nil {
		return KeyResult{}, err
	}
	signature, err := key.Sign(c.ctx, in.alg, in.value)
	return KeyResult{ID: id, Algorithm: in.alg, Value: signature}, err
}

// verify answers whether a signature belongs to a digest. A wrong signature is an answer, not an error.
func verify(c call, in verification) (verdict, error) {
	key, _, err := usable(c, crypto.OpVerify)
	if err != nil {
		return false, err
	}
	ok, err := key.Verify(c.ctx, in.alg, in.value, in.signature)
	return verdict(ok), err
}

// encrypt answers the ciphertext of a plaintext.
func encrypt(c call, in keyOperation) (KeyResult, error) {
	key, id, err := usable(c, crypto.OpEncrypt)
	if err != nil {
		return KeyResult{}, err
	}
	r, err := key.Encrypt(c.ctx, in.alg, in.value, in.params)
	return KeyResult{ID: id, Algorithm: in.alg, Value: r.Value, IV: r.IV, Tag: r.Tag, AAD: r.AAD}, err
}

// decrypt answers the plaintext of a ciphertext.
func decrypt(c call, in keyOperation) (KeyResult, error) {
	key, id, err := usable(c, crypto.OpDecrypt)
	if err != nil {
		return KeyResult{}, err
	}
	plaintext, err := key.Decrypt(c.ctx, in.alg, in.value, in.params)
	return KeyResult{ID: id, Algorithm: in.alg, Value: plaintext}, err
}

// wrapKey answers a key, wrapped.
func wrapKey(c call, in keyOperation) (KeyResult, error) {
	key, id, err := usable(c, crypto.OpWrapKey)
	if err != nil {
		return KeyResult{}, err
	}
	wrapped, err := key.WrapKey(c.ctx, in.alg, in.value)
	return KeyResult{ID: id, Algorithm: in.alg, Value: wrapped}, err
}

// unwrapKey answers a wrapped key, opened.
func unwrapKey(c call, in keyOperation) (KeyResult, error) {
	key, id, err := usable(c, crypto.OpUnwrapKey)
	if err != nil {
		return KeyResult{}, err
	}
	target, err := key.UnwrapKey(c.ctx, in.alg, in.value)
	return KeyResult{ID: id, Algorithm: in.alg, Value: target}, err
}
