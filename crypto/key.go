package crypto

import (
	stdcrypto "crypto"
	"errors"
	"fmt"
	"slices"
)

// Key is a key that answers requests: what it may do, its public part, and the
// Private that does what the public part cannot. It is immutable and safe for
// concurrent use.
type Key struct {
	id      string
	private Private
	spec    Spec
	public  JWK // no kid, no key_ops; never handed out, only copied
	keys    publicKey
	ops     []Operation
	allowed opSet
}

// NewKey makes a Key of a driver's private key. The id is the key's canonical
// URL; one error text names it. The operations are what the key may do, kept
// as given; nil allows nothing. A nil private key, an operation that does not
// exist and a public part that contradicts its spec are errors of the program,
// not of a request.
func NewKey(id string, p Private, ops []Operation) (*Key, error) {
	if p == nil {
		return nil, errors.New("crypto: a key needs a private key")
	}
	if i := slices.IndexFunc(ops, func(op Operation) bool { return !KnownOperation(op) }); i >= 0 {
		return nil, fmt.Errorf("crypto: %q is not a key operation", ops[i])
	}
	public := p.Public().clonePublic()
	public.KID, public.KeyOps = "", nil
	keys, err := parsePublic(p.Spec(), public)
	if err != nil {
		return nil, err
	}
	return (&Key{id: id, private: p, spec: p.Spec(), public: public, keys: keys}).WithOperations(ops), nil
}

// WithOperations returns k with other operations. The two share everything
// else. Operations that do not exist are kept and allow nothing.
func (k *Key) WithOperations(ops []Operation) *Key {
	c := *k
	c.ops, c.allowed = slices.Clone(ops), setOf(ops...)
	return &c
}

// ID returns the id given to NewKey.
func (k *Key) ID() string { return k.id }

// Spec returns type, size or curve, and exponent of the key.
func (k *Key) Spec() Spec { return k.spec }

// JWK returns the public part with key_ops and without kid. The caller owns it.
func (k *Key) JWK() JWK {
	j := k.public.clonePublic()
	j.KeyOps = slices.Clone(k.ops)
	return j
}

// PublicKey returns the public part as an *rsa.PublicKey, an *ecdsa.PublicKey
// or, for P-256K, an *secp256k1.PublicKey of
// github.com/decred/dcrd/dcrec/secp256k1/v4; nil for a symmetric key. The
// caller owns it.
func (k *Key) PublicKey() stdcrypto.PublicKey {
	fresh, _ := parsePublic(k.spec, k.public) // parsed before
	switch {
	case fresh.rsa != nil:
		return fresh.rsa
	case fresh.nist != nil:
		return fresh.nist
	case fresh.k1 != nil:
		return fresh.k1
	}
	return nil
}

// Operations returns what the key may do, in the order given.
func (k *Key) Operations() []Operation { return slices.Clone(k.ops) }

// Private returns the driver's half of the key.
func (k *Key) Private() Private { return k.private }

// String names type and size or curve, and nothing of the key itself.
func (k *Key) String() string { return k.spec.String() + " key " + k.id }

// Format writes String for every verb: no verb shows what the key holds.
func (k *Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(k.String())) }
