package identity

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// keyring holds the one key that signs, and verifies, the tokens of a cloud.
type keyring struct {
	newKey func() (*rsa.PrivateKey, error)
	chance *chance

	// mu is held while a key is made, so that a crowd of first tokens makes
	// one. Readers load current and never wait; a key is immutable.
	mu      sync.Mutex
	current atomic.Pointer[signingKey] // nil: none yet, or withdrawn
}

// signingKey is a key pair with its certificate. Its kid and x5t are both the
// certificate's SHA-1 thumbprint, as the directory has it, so they are new with
// every roll even if the key pair is not.
type signingKey struct {
	kid         string
	public      *rsa.PublicKey
	certificate []byte // DER
	signer      jose.Signer
}

// signing is the current key, made if there is none.
func (r *keyring) signing(now time.Time) (*signingKey, error) {
	if k := r.current.Load(); k != nil {
		return k, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if k := r.current.Load(); k != nil {
		return k, nil
	}
	k, err := r.make(now)
	if err != nil {
		return nil, fmt.Errorf("identity: making a signing key: %w", err)
	}
	r.current.Store(k)
	return k, nil
}

// roll forgets the key. Holding mu makes a key that is being made at this moment
// older than the roll, and so forgotten too.
func (r *keyring) roll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current.Store(nil)
}

func (r *keyring) make(now time.Time) (*signingKey, error) {
	private, err := r.newKey()
	if err != nil {
		return nil, err
	}
	now = now.UTC()
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(r.chance.bytes(15)),
		Subject:      pkix.Name{CommonName: "accounts.accesscontrol.windows.net"},
		NotBefore:    now.Add(-24 * time.Hour),
		NotAfter:     now.AddDate(5, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum(der) // the thumbprint is SHA-1 by definition; nothing trusts it
	k := &signingKey{kid: base64.RawURLEncoding.EncodeToString(sum[:]), public: &private.PublicKey, certificate: der}
	head := (&jose.SignerOptions{}).WithType("JWT").WithHeader("x5t", k.kid).WithHeader("kid", k.kid)
	k.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: private}, head)
	return k, err
}

// sign makes a token of a payload.
func (k *signingKey) sign(payload []byte) (string, error) {
	jws, err := k.signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return jws.CompactSerialize()
}
