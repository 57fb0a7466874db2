package identity

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/big"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/embedvault/embedvault/policy"
)

// The values that the zero [AttestorOptions] stands for.
const (
	// DefaultAttestationAuthority is the address of an attestor that was given none.
	DefaultAttestationAuthority = "https://attest.azurewebsites.net"
	// DefaultAttestationLifetime is how long what Azure Attestation attests is good.
	DefaultAttestationLifetime = 8 * time.Hour
)

// AttestorOptions say how an attestor is made. The zero value, or nil, is one at [DefaultAttestationAuthority].
type AttestorOptions struct {
	// Authority is its address, which begins with https://. Slashes at the end are dropped. Empty:
	// [DefaultAttestationAuthority].
	Authority string
	// Lifetime is how long every token is good from the moment it is issued. Zero or less: [DefaultAttestationLifetime].
	Lifetime time.Duration
	// NewKey makes the signing key, at the first use and at the first after every roll, and the key of
	// [Attestor.TestKey], one call at a time. It must not call the attestor. Nil: a new RSA key of [DefaultKeyBits] bits.
	NewKey func() (*rsa.PrivateKey, error)
	// Rand gives the ids of tokens and serial numbers. Reads are serialised. Nil: crypto/rand.
	Rand io.Reader
	// Now is the clock that tokens are issued by. Nil: time.Now.
	Now func() time.Time
}

// Attestor is an attestation authority, as Azure Attestation is one: it says of an environment, in a signed token, what
// it is and which key it holds. This one believes whatever it is told. A vault that trusts it releases keys to the
// environments it attests. It may be used by several goroutines at once.
type Attestor struct {
	authority string
	lifetime  time.Duration
	now       func() time.Time
	newKey    func() (*rsa.PrivateKey, error)
	chance    *chance

	mu      sync.Mutex      // held to read or change what follows, and while a key is made
	signing *attestorKey    // nil: none yet, or withdrawn
	test    *rsa.PrivateKey // nil: none yet
}

// attestorKey is what an attestor signs with. Its kid is the SHA-256 thumbprint of the certificate, so that it is new
// with every roll even if the key pair is not. It is immutable.
type attestorKey struct {
	kid, x5t    string
	public      *rsa.PublicKey
	certificate []byte // DER
	signer      jose.Signer
}

// NewAttestor makes an attestor. Nil options are valid. It costs no cryptography: the first use makes the signing key.
func NewAttestor(o *AttestorOptions) *Attestor {
	if o == nil {
		o = &AttestorOptions{}
	}
	defaults := Options{NewKey: o.NewKey, Now: o.Now}
	a := &Attestor{
		authority: strings.TrimRight(or(o.Authority, DefaultAttestationAuthority), "/"),
		lifetime:  o.Lifetime,
		now:       defaults.now(),
		newKey:    defaults.newKey(),
		chance:    newChance(o.Rand),
	}
	if a.lifetime <= 0 {
		a.lifetime = DefaultAttestationLifetime
	}
	return a
}

// Authority is the address of the attestor, without a slash at its end. It is the iss claim of its tokens, and what a
// release policy names.
func (a *Attestor) Authority() string { return a.authority }

// String names the attestor by its address and shows nothing it keeps.
func (a *Attestor) String() string { return "attestor " + a.authority }

// runtimeClaim is the claim with the keys that an environment holds.
const runtimeClaim = "x-ms-runtime"

// Token attests claims, and the key of the environment if there is one: its claim x-ms-runtime lists the key, for
// encryption, beside whatever else is given for that claim. Without a key, x-ms-runtime is what the claims say. The
// attestor's own claims, iss, iat, nbf, exp, jti and x-ms-ver, take the place of any that are given.
//
// It fails with the error of [AttestorOptions.NewKey], and with that of encoding claims that are no JSON.
func (a *Attestor) Token(claims map[string]any, key *rsa.PublicKey) (string, error) {
	if !isKey(key) {
		return a.issue(claims)
	}
	kid, err := (&jose.JSONWebKey{Key: key}).Thumbprint(crypto.SHA256)
	if err != nil {
		return "", err
	}
	return a.issue(withReceiver(claims, base64.RawURLEncoding.EncodeToString(kid), key))
}

// TestToken is the body of a reply to GET /generate-test-token, which the tests of the Azure SDKs ask an authority for.
type TestToken struct {
	// Token is a token in compact form.
	Token string `json:"token"`
}

// TestToken attests what the tests of the Azure SDKs ask for: the claim sdk-test, which is true, and the public half of
// [Attestor.TestKey] by the name fake-release-key.
func (a *Attestor) TestToken() (TestToken, error) {
	key, err := a.TestKey()
	if err != nil {
		return TestToken{}, err
	}
	claims := map[string]any{"sdk-test": true, "maa-ehd": "sdk-test", "x-ms-inittime": map[string]any{}}
	token, err := a.issue(withReceiver(claims, "fake-release-key", &key.PublicKey))
	return TestToken{token}, err
}

// TestKey is the key of the environment that [Attestor.TestToken] attests, which opens what is released to it. It is
// made by the first who asks, and stays.
func (a *Attestor) TestKey() (*rsa.PrivateKey, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.test == nil {
		key, err := a.newKey()
		if err != nil {
			return nil, fmt.Errorf("identity: making a test key: %w", err)
		}
		a.test = key
	}
	return a.test, nil
}

// withReceiver adds a key to claims.
func withReceiver(claims map[string]any, kid string, key *rsa.PublicKey) map[string]any {
	runtime := map[string]any{}
	if given, ok := claims[runtimeClaim].(map[string]any); ok {
		maps.Copy(runtime, given)
	}
	runtime["keys"] = []map[string]any{{
		"kty": "RSA", "kid": kid, "use": "enc", "key_ops": []string{"encrypt"}, "n": encodeModulus(key), "e": encodeExponent(key),
	}}
	with := map[string]any{}
	maps.Copy(with, claims)
	with[runtimeClaim] = runtime
	return with
}

// issue signs claims.
func (a *Attestor) issue(claims map[string]any) (string, error) {
	now := a.now()
	key, err := a.key(now)
	if err != nil {
		return "", err
	}
	all := map[string]any{}
	maps.Copy(all, claims)
	maps.Copy(all, map[string]any{
		"iss": a.authority, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(a.lifetime).Unix(),
		"jti": hex.EncodeToString(a.chance.bytes(32)), "x-ms-ver": "1.0",
	})
	payload, err := json.Marshal(all) // the standard library's, whose json.Number claims may hold
	if err != nil {
		return "", err
	}
	jws, err := key.signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return jws.CompactSerialize()
}

// RollKeys withdraws the signing key: the next token is signed with a new one, and those before it are refused.
func (a *Attestor) RollKeys() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.signing = nil
}

// key is the signing key, made if there is none.
func (a *Attestor) key(now time.Time) (*attestorKey, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.signing == nil {
		key, err := a.makeKey(now)
		if err != nil {
			return nil, fmt.Errorf("identity: making a signing key: %w", err)
		}
		a.signing = key
	}
	return a.signing, nil
}

func (a *Attestor) makeKey(now time.Time) (*attestorKey, error) {
	private, err := a.newKey()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(a.chance.bytes(15)),
		Subject:      pkix.Name{CommonName: clip(a.authority)},
		NotBefore:    now.Add(-24 * time.Hour),
		NotAfter:     now.AddDate(5, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, err
	}
	long, short := sha256.Sum256(der), sha1.Sum(der) // names, nothing more
	k := &attestorKey{
		kid: base64.RawURLEncoding.EncodeToString(long[:]), x5t: base64.RawURLEncoding.EncodeToString(short[:]),
		public: &private.PublicKey, certificate: der,
	}
	head := (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", k.kid).WithHeader("jku", a.authority+"/certs")
	k.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: private}, head)
	return k, err
}

// JWKS is the key set document, which stands at the authority's /certs: the one current key, made now if there is none.
// It fails with the error of [AttestorOptions.NewKey].
func (a *Attestor) JWKS() (JWKS, error) {
	k, err := a.key(a.now())
	if err != nil {
		return JWKS{}, err
	}
	return JWKS{[]JWK{{
		KeyType: "RSA", Use: "sig", KeyID: k.kid, X5T: k.x5t, Issuer: a.authority,
		Modulus: encodeModulus(k.public), Exponent: encodeExponent(k.public),
		X5C: []string{base64.StdEncoding.EncodeToString(k.certificate)},
	}}}, nil
}

func encodeModulus(k *rsa.PublicKey) string {
	return base64.RawURLEncoding.EncodeToString(k.N.Bytes())
}

func encodeExponent(k *rsa.PublicKey) string {
	return base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.E)).Bytes())
}

// AttestationMetadata is the OpenID configuration document of an attestation authority.
type AttestationMetadata struct {
	Issuer            string   `json:"issuer"`
	JWKSURI           string   `json:"jwks_uri"`
	ResponseTypes     []string `json:"response_types_supported"`
	SigningAlgorithms []string `json:"id_token_signing_alg_values_supported"`
	Claims            []string `json:"claims_supported"`
}

// OpenIDConfiguration is the document at the authority's /.well-known/openid-configuration.
func (a *Attestor) OpenIDConfiguration() AttestationMetadata {
	return AttestationMetadata{
		Issuer:            a.authority,
		JWKSURI:           a.authority + "/certs",
		ResponseTypes:     []string{"token", "none"},
		SigningAlgorithms: []string{"RS256"},
		Claims:            []string{"is-debuggable", "sgx-mrsigner", "sgx-mrenclave", "product-id", "svn", "tee", "x-ms-runtime"},
	}
}

var _ AttestationAuthorities = (*Attestor)(nil)

// AttestationKeys gives the attestor's signing key to who asks for its own address. Any other is
// [ErrAttestationUnreachable].
func (a *Attestor) AttestationKeys(ctx context.Context, authority string) ([]AttestationKey, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !policy.SameAuthority(authority, a.authority) {
		return nil, ErrAttestationUnreachable
	}
	k, err := a.key(a.now())
	if err != nil {
		return nil, err
	}
	return []AttestationKey{{k.kid, k.public}}, nil
}
