package soft

import (
	"context"
	"crypto/rsa"
	"fmt"
	"math/big"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/internal/primitive"
)

// rsaKey is an RSA key.
type rsaKey struct{ key *rsa.PrivateKey }

func (k rsaKey) Spec() crypto.Spec {
	return crypto.Spec{Type: crypto.KeyTypeRSA, Size: k.key.N.BitLen(), PublicExponent: k.key.E}
}

func (k rsaKey) Public() crypto.JWK {
	return crypto.JWK{Kty: crypto.KeyTypeRSA, N: k.key.N.Bytes(), E: big.NewInt(int64(k.key.E)).Bytes()}
}

func (k rsaKey) Blob() []byte { return primitive.MarshalRSA(k.key) }

func (k rsaKey) Sign(_ context.Context, a crypto.Algorithm, digest []byte) ([]byte, error) {
	row, _ := crypto.Lookup(a)
	switch row.Mechanism {
	case crypto.PKCS1v15Signature:
		return rsa.SignPKCS1v15(nil, k.key, row.Hash, digest)
	case crypto.PSS:
		return primitive.SignPSS(k.key, row.Hash, digest)
	}
	return nil, unsupported(a, crypto.KeyTypeRSA)
}

func (k rsaKey) Encrypt(_ context.Context, a crypto.Algorithm, _ []byte, _ crypto.Params) (crypto.Result, error) {
	return crypto.Result{}, unsupported(a, crypto.KeyTypeRSA)
}

func (k rsaKey) Decrypt(_ context.Context, a crypto.Algorithm, ciphertext []byte, _ crypto.Params) ([]byte, error) {
	row, _ := crypto.Lookup(a)
	switch row.Mechanism {
	case crypto.PKCS1v15:
		return answer(primitive.DecryptPKCS1v15(k.key, ciphertext))
	case crypto.OAEP:
		return answer(primitive.DecryptOAEP(k.key, row.Hash, ciphertext))
	}
	return nil, unsupported(a, crypto.KeyTypeRSA)
}

// Format writes what key this is and nothing of it, for every verb.
func (k rsaKey) Format(f fmt.State, _ rune) { format(f, k) }
