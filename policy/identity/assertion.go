package identity

import (
	"context"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

// MaxCredentials is how many certificates, and how many federations, an application has at most.
const MaxCredentials = 20

// MaxAssertionLifetime is how far ahead the exp of an assertion may lie, and [ClockSkew] beyond it. The directory was not
// seen to bound it; the longest that a cluster gives its workloads is a day.
const MaxAssertionLifetime = 24 * time.Hour

// credentials are what an application can sign in with besides a secret. They are guarded by the tenant's lock.
type credentials struct {
	certificates []*x509.Certificate
	federations  []Federation
}

// Federation is the trust of an application in an issuer outside the directory, such as a Kubernetes cluster: whoever
// shows a token of the issuer with this subject and audience is the application.
type Federation struct {
	// Issuer and Subject are the iss and sub claims, compared byte by byte.
	Issuer, Subject string
	// Audience is the aud claim. Empty: [DefaultFederationAudience].
	Audience string
	// Key verifies the issuer's tokens, which are signed with RS256. A federation of the same issuer, subject and audience
	// with another key stands beside this one.
	Key *rsa.PublicKey
}

// DefaultFederationAudience is the audience of tokens that are exchanged for tokens of the directory.
const DefaultFederationAudience = "api://AzureADTokenExchange"

// AddCertificate lets the application sign in with assertions that the certificate's RSA key signs, as long as the
// certificate is good. It fails with [ErrKey], with [ErrFull] at [MaxCredentials] and with [ErrForeign] after Delete.
func (a *Application) AddCertificate(c *x509.Certificate) error {
	if c == nil {
		return ErrKey
	}
	if key, _ := c.PublicKey.(*rsa.PublicKey); !isKey(key) {
		return ErrKey
	}
	a.tenant.mu.Lock()
	defer a.tenant.mu.Unlock()
	if a.deleted {
		return ErrForeign
	}
	if len(a.certificates) >= MaxCredentials {
		return ErrFull
	}
	a.certificates = append(slices.Clip(a.certificates), c)
	return nil
}

// AddFederation lets the application sign in with tokens of another issuer. It fails with [ErrKey], with [ErrFull] at
// [MaxCredentials] and with [ErrForeign] after Delete.
func (a *Application) AddFederation(f Federation) error {
	if !isKey(f.Key) {
		return ErrKey
	}
	f.Audience = or(f.Audience, DefaultFederationAudience)
	a.tenant.mu.Lock()
	defer a.tenant.mu.Unlock()
	if a.deleted {
		return ErrForeign
	}
	if len(a.federations) >= MaxCredentials {
		return ErrFull
	}
	a.federations = append(slices.Clip(a.federations), f)
	return nil
}

func isKey(k *rsa.PublicKey) bool { return k != nil && k.N != nil }

// assertionClaims is the payload of a client assertion.
type assertionClaims struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  audience `json:"aud"`
	NotBefore int64    `json:"nbf"`
	Expires   int64    `json:"exp"`
}

// audience is an aud claim: a text, or a list of one or more.
type audience []string

// UnmarshalJSON reads either form.
func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	var many []string
	err := json.Unmarshal(data, &many)
	*a = many
	return err
}

// AuthenticateAssertion is the check of a client that shows a signed token instead of a secret: one that it signed with
// the key of its certificate, meant for one of the endpoints given, or one of an issuer that the application is
// federated with. It returns the application as it acts with that credential; whether it may have a token is decided by
// [Tenant.Grant].
//
// It fails with an [*AuthError]: [AppNotFound], [AssertionMalformed], [AssertionInvalid], [AssertionTime],
// [AssertionClient], [AssertionAudience], [FederationNotFound], or what FailWith set for the tenant.
func (t *Tenant) AuthenticateAssertion(ctx context.Context, clientID, assertion string, endpoints []string) (Identity, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	o, _ := t.Lookup(clientID)
	a, ok := o.(*Application)
	t.mu.RLock()
	fail, known := t.fail, credentials{}
	if ok = ok && !a.deleted && strings.EqualFold(a.clientID, clientID); ok {
		known = a.credentials
	}
	t.mu.RUnlock()
	switch {
	case fail != 0:
		return nil, t.refuse(fail, clientID, "", "")
	case !ok:
		return nil, t.refuse(AppNotFound, clientID, "", "")
	}
	if c := known.check(assertion, a.clientID, endpoints, t.now()); c != 0 {
		return nil, t.Refuse(c, "")
	}
	return assertive{a}, nil
}

// assertive is an application that signed in without a secret: tokens say so, and expired secrets do not matter.
type assertive struct{ *Application }

func (a assertive) subjectLocked(time.Time) (subject, Code) {
	return subject{objectID: a.id, name: a.name, appID: a.clientID, appACR: withoutOne, lifetime: DefaultTokenLifetime},
		a.refusalLocked(AppNotFound, AppDisabled)
}

// check tells why an assertion is none of the credentials, or 0.
func (c credentials) check(assertion, clientID string, endpoints []string, now time.Time) Code {
	if len(assertion) > MaxTokenSize || strings.Count(assertion, ".") != 2 {
		return AssertionMalformed
	}
	jws, err := jose.ParseSignedCompact(assertion, []jose.SignatureAlgorithm{jose.RS256, jose.PS256})
	if err != nil {
		return AssertionMalformed
	}
	var claims assertionClaims
	if strict(jws.UnsafePayloadWithoutVerification(), &claims) != nil {
		return AssertionMalformed
	}
	if !claims.timely(now) {
		return AssertionTime
	}
	if strings.EqualFold(claims.Issuer, clientID) {
		return c.certified(jws, claims, clientID, endpoints, now)
	}
	return c.federated(jws, claims)
}

// timely tells whether the claims hold now. They are compared as they are: the largest of them are no times.
func (c *assertionClaims) timely(now time.Time) bool {
	return c.NotBefore <= now.Add(ClockSkew).Unix() &&
		c.Expires >= now.Add(-ClockSkew).Unix() &&
		c.Expires <= now.Add(MaxAssertionLifetime+ClockSkew).Unix()
}

// certified checks an assertion that the client signed itself.
func (c credentials) certified(jws *jose.JSONWebSignature, claims assertionClaims, clientID string, endpoints []string, now time.Time) Code {
	header := jws.Signatures[0].Protected
	i := slices.IndexFunc(c.certificates, func(cert *x509.Certificate) bool { return named(header, cert.Raw) })
	if i < 0 {
		return AssertionInvalid
	}
	cert := c.certificates[i]
	if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return AssertionInvalid
	}
	if _, err := jws.Verify(cert.PublicKey); err != nil {
		return AssertionInvalid
	}
	if !strings.EqualFold(claims.Subject, clientID) {
		return AssertionClient
	}
	if !slices.ContainsFunc(claims.Audience, func(aud string) bool { return slices.Contains(endpoints, aud) }) {
		return AssertionAudience
	}
	return 0
}

// named tells whether the header of an assertion names a certificate, by either of its thumbprints, in either of the
// encodings that clients use.
func named(header jose.Header, der []byte) bool {
	short, long := sha1.Sum(der), sha256.Sum256(der) // names, nothing more
	for member, sum := range map[jose.HeaderKey][]byte{"x5t": short[:], "x5t#S256": long[:]} {
		text, _ := header.ExtraHeaders[member].(string)
		text = strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(text), "=")
		if text == base64.RawURLEncoding.EncodeToString(sum) {
			return true
		}
	}
	return false
}

// federated checks a token of an issuer outside the directory. An issuer may be trusted with several keys.
func (c credentials) federated(jws *jose.JSONWebSignature, claims assertionClaims) Code {
	refusal := FederationNotFound
	for _, f := range c.federations {
		if f.Issuer != claims.Issuer || f.Subject != claims.Subject || !slices.Contains(claims.Audience, f.Audience) {
			continue
		}
		refusal = AssertionInvalid
		if jws.Signatures[0].Protected.Algorithm != string(jose.RS256) {
			continue
		}
		if _, err := jws.Verify(f.Key); err == nil {
			return 0
		}
	}
	return refusal
}
