package identity

import (
	"crypto/rsa"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/embedvault/embedvault/policy"
)

// ClockSkew is how far the clocks of issuer and verifier may be apart: a token is
// good that long before its nbf and after its exp. What the vault allows is not
// recorded; this is the default of the library that services of its kind use.
const ClockSkew = 5 * time.Minute

// Verifier checks the tokens that come to one vault. It is safe for use by several
// goroutines, and remembers up to [MaxRemembered] verified tokens.
type Verifier struct {
	tenant   *Tenant
	audience string
	tenantID string
	cache    *cache
}

// NewVerifier makes the verifier of a vault that expects an audience and belongs
// to a tenant. It trusts the signing keys of t. When it first sees a token of one of
// t's own objects it asks t for the name, and for the groups if there are too many
// to be in the token. An empty audience is t's default one; an
// empty tenantID is t itself, and another one is a vault of another tenant in the
// same cloud, to which the tokens of t have the wrong issuer.
func NewVerifier(t *Tenant, audience, tenantID string) *Verifier {
	return &Verifier{
		tenant:   t,
		audience: or(audience, t.audience),
		tenantID: strings.ToLower(or(tenantID, t.id)),
		cache:    newCache(),
	}
}

// Audience is the aud the verifier expects.
func (v *Verifier) Audience() string { return v.audience }

// TenantID is the tid the verifier expects.
func (v *Verifier) TenantID() string { return v.tenantID }

// Verify checks a token as of now and says whose it is. A refusal is a *[Failure],
// with the first [Reason] that applies.
//
// A token that was verified before is answered from memory, by the same pointer and
// without allocation, until it expires or the signing keys roll.
func (v *Verifier) Verify(token string, now time.Time) (*policy.Principal, error) {
	key := v.tenant.ring.current.Load()
	if e := v.cache.get(token, key, now); e != nil {
		return e.principal, nil
	}
	c, f := v.check(token, key, now)
	if f != nil {
		return nil, f
	}
	e := &verified{
		token:     strings.Clone(token),
		key:       key,
		principal: v.principal(c),
		from:      earliest(c),
		until:     latest(c),
	}
	v.cache.put(e)
	return e.principal, nil
}

// check is Verify without the memory.
func (v *Verifier) check(token string, key *signingKey, now time.Time) (*claims, *Failure) {
	p, f := parse(token)
	if f != nil {
		return nil, f
	}
	c, f := v.judge(&p, key, now)
	if f != nil {
		f.Header = p.header
		return nil, f
	}
	return c, nil
}

// judge makes the checks in the order of the reasons. Claims are not read before the
// signature is known to be good.
func (v *Verifier) judge(p *parts, key *signingKey, now time.Time) (*claims, *Failure) {
	payload, f := p.verify(key)
	if f != nil {
		return nil, f
	}
	c := &claims{}
	if strict(payload, c) != nil {
		return nil, malformed("payload", "a JSON object of claims, each once and of its type", "something else")
	}
	if f := c.complete(); f != nil {
		return nil, f
	}
	return c, v.accept(c, now)
}

// verify checks algorithm, key and signature, and gives the payload. The algorithm
// is fixed before a key is chosen, so none of the key's other uses is in reach.
func (p *parts) verify(key *signingKey) ([]byte, *Failure) {
	if p.head.Algorithm != string(jose.RS256) {
		return nil, &Failure{Reason: WrongAlgorithm, Claim: "alg", Expected: string(jose.RS256), Found: or(clip(p.head.Algorithm), "none")}
	}
	if key == nil || p.head.KeyID != key.kid {
		return nil, &Failure{Reason: UnknownKey, Claim: "kid", Expected: key.id(), Found: or(clip(p.head.KeyID), "none")}
	}
	payload, err := verifyRS256(p.token, key.public)
	if err != nil {
		return nil, &Failure{Reason: BadSignature}
	}
	return payload, nil
}

func (k *signingKey) id() string {
	if k == nil {
		return "none: no token has been issued"
	}
	return k.kid
}

func verifyRS256(token string, public *rsa.PublicKey) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, err
	}
	return jws.Verify(public)
}

// earliest and latest are the first and the last instant at which a token is good.
func earliest(c *claims) time.Time { return time.Unix(c.NotBefore, 0).Add(-ClockSkew) }
func latest(c *claims) time.Time   { return time.Unix(c.Expires, 0).Add(ClockSkew) }

// accept compares signed claims with what the vault expects.
func (v *Verifier) accept(c *claims, now time.Time) *Failure {
	at := now.UTC().Format(time.RFC3339)
	switch {
	case now.After(latest(c)):
		return &Failure{Reason: Expired, Claim: "exp", Expected: "not before " + at, Found: stamp(c.Expires)}
	case now.Before(earliest(c)):
		return &Failure{Reason: NotYetValid, Claim: "nbf", Expected: "not after " + at, Found: stamp(c.NotBefore)}
	case c.Audience != v.audience:
		return &Failure{Reason: WrongAudience, Claim: "aud", Expected: v.audience, Found: clip(c.Audience)}
	case c.Issuer != issuer(v.tenantID):
		return &Failure{Reason: WrongIssuer, Claim: "iss", Expected: issuer(v.tenantID), Found: clip(c.Issuer)}
	case c.TenantID != v.tenantID:
		return &Failure{Reason: WrongIssuer, Claim: "tid", Expected: issuer(v.tenantID), Found: clip(issuer(c.TenantID))}
	}
	return nil
}

// principal is the bearer as policy knows it. The token of an application does not
// carry its display name, and a token may leave out groups; the directory has both.
func (v *Verifier) principal(c *claims) *policy.Principal {
	info := policy.PrincipalInfo{
		TenantID: c.TenantID, ObjectID: c.ObjectID, AppID: c.AppID, ResourceID: c.ResourceID,
		DisplayName: c.Name, Groups: c.Groups,
	}
	_, elsewhere := c.ClaimNames["groups"]
	v.tenant.describe(&info, elsewhere)
	return policy.NewPrincipal(info)
}
