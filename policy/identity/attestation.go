package identity

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"

	"github.com/embedvault/embedvault/policy"
)

// MaxAttestationSize is the longest token of an attestation authority that is looked at, in bytes.
const MaxAttestationSize = 64 << 10

// ErrAttestationUnreachable is why nothing is known of the keys of an attestation authority: it does not exist, does not
// answer, or answers with something else than keys.
var ErrAttestationUnreachable = errors.New("identity: the attestation authority cannot be reached")

// AttestationAuthorities is where the keys of attestation authorities come from. [*Attestor] has its own, and
// [*AttestationFetcher] asks over the network.
type AttestationAuthorities interface {
	// AttestationKeys gives the keys that the authority of an address signs with. An error means that the authority
	// cannot be reached.
	AttestationKeys(ctx context.Context, authority string) ([]AttestationKey, error)
}

// AttestationKey is a key that an attestation authority signs with.
type AttestationKey struct {
	// ID is the kid of the tokens that it signs. It is not empty.
	ID string
	// Public is an *rsa.PublicKey, for RS256, or an *ecdsa.PublicKey on P-256, for ES256. Others verify nothing.
	Public crypto.PublicKey
}

// Attestation is what a verified token of an attestation authority says.
type Attestation struct {
	// Issuer is its iss claim.
	Issuer string
	// Claims are all its claims as encoding/json decodes them, numbers as json.Number.
	Claims map[string]any
	// ReceiverID and Receiver are the key of the attested environment that what is released is encrypted for, and its
	// kid. The key has 2048 to 8192 bits.
	ReceiverID string
	Receiver   *rsa.PublicKey
}

// attestationClaims are the claims that verification looks at.
type attestationClaims struct {
	Issuer    string          `json:"iss"`
	NotBefore *int64          `json:"nbf"`
	Expires   int64           `json:"exp"`
	Runtime   json.RawMessage `json:"x-ms-runtime"`
}

// VerifyAttestation checks a token of an attestation authority as of now. The authority must be one of those allowed,
// compared as [policy.SameAuthority] does; its keys come from the authorities given, and nil knows none.
//
// A refusal is a *[Failure] that holds nothing of the token: [Missing]; [Malformed], also for a token without exp, and
// for one without a key to encrypt for, whose Claim is x-ms-runtime; [WrongAlgorithm] for anything but RS256 and ES256;
// [WrongIssuer]; [UnknownKey]; [BadSignature]; [Expired]; [NotYetValid]. What keeps the keys away is the context's error
// or [ErrAttestationUnreachable].
func VerifyAttestation(ctx context.Context, token string, allowed []string, from AttestationAuthorities, now time.Time) (*Attestation, error) {
	p, payload, f := parseAttestation(token)
	if f != nil {
		return nil, f
	}
	var c attestationClaims
	claims, err := readClaims(payload, &c)
	if err != nil {
		return nil, malformed("payload", "a JSON object of claims, each once and of its type", "")
	}
	algorithm := jose.SignatureAlgorithm(p.head.Algorithm)
	if algorithm != jose.RS256 && algorithm != jose.ES256 {
		return nil, &Failure{Reason: WrongAlgorithm, Claim: "alg", Expected: "RS256 or ES256"}
	}
	i := slices.IndexFunc(allowed, func(one string) bool { return policy.SameAuthority(one, c.Issuer) })
	if i < 0 {
		return nil, &Failure{Reason: WrongIssuer, Claim: "iss", Expected: clip(strings.Join(allowed, ", "))}
	}
	keys, err := keysOf(ctx, from, allowed[i])
	if err != nil {
		return nil, err
	}
	if f := verifyWith(token, algorithm, p.head.KeyID, keys); f != nil {
		return nil, f
	}
	if f := c.timely(now); f != nil {
		return nil, f
	}
	kid, receiver, f := receiverOf(c.Runtime)
	if f != nil {
		return nil, f
	}
	return &Attestation{c.Issuer, claims, kid, receiver}, nil
}

// parseAttestation splits a token of one spelling, and reads its header.
func parseAttestation(token string) (p parts, payload []byte, f *Failure) {
	const form = "header.payload.signature in base64url"
	segments := strings.SplitN(token, ".", 4)
	switch {
	case token == "":
		return p, nil, &Failure{Reason: Missing}
	case len(token) > MaxAttestationSize:
		return p, nil, malformed("", "at most 65536 bytes", "")
	case len(segments) != 3:
		return p, nil, malformed("", form, "")
	}
	head, ok := decode(segments[0])
	payload, payloadOK := decode(segments[1])
	_, signatureOK := decode(segments[2])
	if !ok || !payloadOK || !signatureOK {
		return p, nil, malformed("", form, "")
	}
	if err := strict(head, &p.head); err != nil {
		return p, nil, malformed("header", "a JSON object without repeated members", "")
	}
	if f := p.checkHead(); f != nil {
		return p, nil, malformed(f.Claim, f.Expected, "")
	}
	return p, payload, nil
}

// readClaims reads a payload twice: what is looked at by its types, and all of it with numbers as they are written. No
// object in it has a member twice.
func readClaims(payload []byte, c *attestationClaims) (map[string]any, error) {
	var unique map[string]any
	if err := strict(payload, &unique); err != nil {
		return nil, err
	}
	if err := strict(payload, c); err != nil {
		return nil, err
	}
	if !inRange(c.Expires) || c.NotBefore != nil && !inRange(*c.NotBefore) {
		return nil, errNotObject
	}
	d := stdjson.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	var claims map[string]any
	err := d.Decode(&claims)
	return claims, err
}

func keysOf(ctx context.Context, from AttestationAuthorities, authority string) ([]AttestationKey, error) {
	if from == nil {
		return nil, ErrAttestationUnreachable
	}
	keys, err := from.AttestationKeys(ctx, authority)
	switch {
	case err == nil:
		return keys, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, ErrAttestationUnreachable):
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", ErrAttestationUnreachable, err)
}

// verifyWith checks the signature with the keys of a kid that are for the algorithm, which was fixed before.
func verifyWith(token string, algorithm jose.SignatureAlgorithm, kid string, keys []AttestationKey) *Failure {
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{algorithm})
	if err != nil {
		return malformed("", "a signed token", "")
	}
	f := &Failure{Reason: UnknownKey, Claim: "kid", Expected: "that of a key of the issuer"}
	for _, key := range keys {
		if kid == "" || key.ID != kid || !isFor(algorithm, key.Public) {
			continue
		}
		if _, err := jws.Verify(key.Public); err == nil {
			return nil
		}
		f = &Failure{Reason: BadSignature}
	}
	return f
}

func isFor(algorithm jose.SignatureAlgorithm, key crypto.PublicKey) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return algorithm == jose.RS256 && isKey(key)
	case *ecdsa.PublicKey:
		return algorithm == jose.ES256 && key != nil && key.Curve == elliptic.P256()
	}
	return false
}

// timely compares the time claims. An authority need not say from when on its token is good.
func (c *attestationClaims) timely(now time.Time) *Failure {
	at := now.UTC().Format(time.RFC3339)
	switch {
	case now.After(time.Unix(c.Expires, 0).Add(ClockSkew)):
		return &Failure{Reason: Expired, Claim: "exp", Expected: "not before " + at}
	case c.NotBefore != nil && now.Before(time.Unix(*c.NotBefore, 0).Add(-ClockSkew)):
		return &Failure{Reason: NotYetValid, Claim: "nbf", Expected: "not after " + at}
	}
	return nil
}

// receiverOf is the first RSA key for encryption among those of the environment.
func receiverOf(runtime []byte) (string, *rsa.PublicKey, *Failure) {
	f := malformed(runtimeClaim, "an RSA key for encryption, of 2048 to 8192 bits and with a kid", "")
	var held struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if strict(runtime, &held) != nil {
		return "", nil, f
	}
	for _, raw := range held.Keys {
		var j foreignJWK
		if strict(raw, &j) != nil || j.Type != "RSA" || !j.encrypts() {
			continue
		}
		key, _ := j.public(raw).(*rsa.PublicKey)
		if key == nil || j.ID == "" {
			return "", nil, f
		}
		return j.ID, key, nil
	}
	return "", nil, f
}
