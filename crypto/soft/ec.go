package soft

import (
	"context"
	"fmt"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/internal/primitive"
)

// ecKey is an EC key. It signs and does nothing else.
type ecKey struct{ key *primitive.EC }

func (k ecKey) Spec() crypto.Spec {
	return crypto.Spec{Type: crypto.KeyTypeEC, Curve: crypto.Curve(k.key.Curve())}
}

func (k ecKey) Public() crypto.JWK {
	x, y := k.key.Point()
	return crypto.JWK{Kty: crypto.KeyTypeEC, Crv: crypto.Curve(k.key.Curve()), X: x, Y: y}
}

func (k ecKey) Blob() []byte { return k.key.Marshal() }

func (k ecKey) Sign(_ context.Context, a crypto.Algorithm, digest []byte) ([]byte, error) {
	if row, _ := crypto.Lookup(a); row.Mechanism != crypto.ECDSA || string(row.Curve) != string(k.key.Curve()) {
		return nil, unsupported(a, crypto.KeyTypeEC)
	}
	return k.key.Sign(digest)
}

func (k ecKey) Encrypt(_ context.Context, a crypto.Algorithm, _ []byte, _ crypto.Params) (crypto.Result, error) {
	return crypto.Result{}, unsupported(a, crypto.KeyTypeEC)
}

func (k ecKey) Decrypt(_ context.Context, a crypto.Algorithm, _ []byte, _ crypto.Params) ([]byte, error) {
	return nil, unsupported(a, crypto.KeyTypeEC)
}

// Format writes what key this is and nothing of it, for every verb.
func (k ecKey) Format(f fmt.State, _ rune) { format(f, k) }
