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
	// Key verifies the issuer's tokens, which are signed with RS256.
	Key *rsa.PublicKey
}

// DefaultFederationAudience is the audience of tokens that are exchanged for tokens of the directory.
const DefaultFederationAudience = "api://AzureADTokenExchange"

// AddCertificate lets the application sign in with assertions that the certificate's RSA key signs. It fails with
// [ErrFull] at [MaxCredentials].
func (a *Application) AddCertificate(c *x509.Certificate) error {
	a.tenant.mu.Lock()
	defer a.tenant.mu.Unlock()
	if len(a.certificates) >= MaxCredentials {
		return ErrFull
	}
	a.certificates = append(slices.Clip(a.certificates), c)
	return nil
}

// AddFederation lets the application sign in with tokens of another issuer. It fails with [ErrFull] at
// [MaxCredentials].
func (a *Application) AddFederation(f Federation) error {
	f.Audience = or(f.Audience, DefaultFederationAudience)
	a.tenant.mu.Lock()
	defer a.tenant.mu.Unlock()
	if len(a.federations) >= MaxCredentials {
		return ErrFull
	}
	a.federations = append(slices.Clip(a.federations), f)
	return nil
}

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
	if now.After(time.Unix(claims.Expires, 0).Add(ClockSkew)) || now.Before(time.Unix(claims.NotBefore, 0).Add(-ClockSkew)) {
		return AssertionTime
	}
	if strings.EqualFold(claims.Issuer, clientID) {
		return c.certified(jws, claims, clientID, endpoints)
	}
	return c.federated(jws, claims)
}

// certified checks an assertion that the client signed itself.
func (c credentials) certified(jws *jose.JSONWebSignature, claims assertionClaims, clientID string, endpoints []string) Code {
	header := jws.Signatures[0].Protected
	i := slices.IndexFunc(c.certificates, func(cert *x509.Certificate) bool { return named(header, cert.Raw) })
	if i < 0 {
		return AssertionInvalid
	}
	if _, err := jws.Verify(c.certificates[i].PublicKey); err != nil {
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

// federated checks a token of an issuer outside the directory.
func (c credentials) federated(jws *jose.JSONWebSignature, claims assertionClaims) Code {
	for _, f := range c.federations {
		if f.Issuer != claims.Issuer || f.Subject != claims.Subject || !slices.Contains(claims.Audience, f.Audience) {
			continue
		}
		if _, err := jws.Verify(f.Key); err != nil {
			return AssertionInvalid
		}
		return 0
	}
	return FederationNotFound
}
