package bench_test

import (
	stdcrypto "crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/policy/identity"
)

// tokenRows verify an access token of 1.1 KB: one that was seen before, and one that was not. The bare side hashes and
// verifies the signature, of a token that is split and decoded already.
func tokenRows() []row {
	return []row{
		{"known", func(tb testing.TB) []side {
			b := newBearer(tb)
			again := strings.Clone(b.token) // as the next request brings it
			return b.sides(side{"identity", func(tb testing.TB, n int) {
				for range n {
					if _, err := b.verifier.Verify(again, start); err != nil {
						tb.Fatal(err)
					}
				}
			}})
		}},
		{"first", func(tb testing.TB) []side {
			b := newBearer(tb)
			return b.sides(side{"identity", func(tb testing.TB, n int) {
				for range n {
					if _, err := identity.NewVerifier(b.tenant, "", "").Verify(b.token, start); err != nil {
						tb.Fatal(err)
					}
				}
			}})
		}},
	}
}

// bearer is an application with a token.
type bearer struct {
	tenant   *identity.Tenant
	verifier *identity.Verifier
	app      *identity.Application
	public   *rsa.PublicKey
	token    string
}

func newBearer(tb testing.TB) bearer { return bearerAt(tb, func() time.Time { return start }) }

func bearerAt(tb testing.TB, now func() time.Time) bearer {
	key := standard[*rsa.PrivateKey](tb, cryptotest.JWK(tb, crypto.RSA(2048)))
	tenant := identity.New(&identity.Options{NewKey: func() (*rsa.PrivateKey, error) { return key, nil }, Now: now})
	app := must(tenant.NewApplication("billing", nil))(tb)
	b := bearer{
		tenant: tenant, verifier: identity.NewVerifier(tenant, "", ""), app: app, public: &key.PublicKey,
		token: must(tenant.Token(tb.Context(), app, ""))(tb),
	}
	must(b.verifier.Verify(b.token, now()))(tb)
	return b
}

func (b bearer) sides(ours side) []side {
	signed, signature := b.split()
	return []side{
		ours,
		{"go-jose", func(tb testing.TB, n int) {
			for range n {
				if _, err := b.jose(b.token, start); err != nil {
					tb.Fatal(err)
				}
			}
		}},
		{"rsa-verify", func(tb testing.TB, n int) {
			for range n {
				digest := sha256.Sum256(signed)
				if err := rsa.VerifyPKCS1v15(b.public, stdcrypto.SHA256, digest[:], signature); err != nil {
					tb.Fatal(err)
				}
			}
		}},
	}
}

// split returns what is signed, and the signature.
func (b bearer) split() (signed, signature []byte) {
	dot := strings.LastIndexByte(b.token, '.')
	signature, _ = base64.RawURLEncoding.DecodeString(b.token[dot+1:])
	return []byte(b.token[:dot]), signature
}

// joseClaims are the claims that a vault needs.
type joseClaims struct {
	jwt.Claims
	ObjectID string `json:"oid"`
	AppID    string `json:"appid"`
	TenantID string `json:"tid"`
}

// jose verifies as a program with go-jose would: signature, issuer, audience and times.
func (b bearer) jose(token string, now time.Time) (c joseClaims, err error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return c, err
	}
	if err := parsed.Claims(b.public, &c); err != nil {
		return c, err
	}
	expected := jwt.Expected{Issuer: b.tenant.Issuer(), AnyAudience: jwt.Audience{b.verifier.Audience()}, Time: now}
	return c, c.ValidateWithLeeway(expected, identity.ClockSkew)
}

// Both sides accept and refuse the same tokens, and read the same of them.
func TestTokensAgree(t *testing.T) {
	b := newBearer(t)
	foreign := must(b.tenant.Token(t.Context(), b.app, "https://graph.example"))(t)
	other := newBearer(t)
	for name, c := range map[string]struct {
		token string
		at    time.Time
		ok    bool
	}{
		"good":           {b.token, start, true},
		"late":           {b.token, start.Add(identity.DefaultTokenLifetime + identity.ClockSkew), true},
		"expired":        {b.token, start.Add(identity.DefaultTokenLifetime + identity.ClockSkew + time.Second), false},
		"early":          {b.token, start.Add(-time.Hour), false},
		"other audience": {foreign, start, false},
		"other issuer":   {other.token, start, false},
		"other claims":   {swapped(b.token, foreign, 1), start, false},
		"bad signature":  {swapped(b.token, foreign, 2), start, false},
		"truncated":      {b.token[:len(b.token)-4], start, false},
		"not a token":    {"hunter2", start, false},
	} {
		who, ourErr := b.verifier.Verify(c.token, c.at)
		claims, theirErr := b.jose(c.token, c.at)
		if (ourErr == nil) != c.ok || (theirErr == nil) != c.ok {
			t.Errorf("%s: %v, go-jose %v", name, ourErr, theirErr)
		}
		if c.ok && (who.ObjectID() != claims.ObjectID || who.AppID() != claims.AppID || who.TenantID() != claims.TenantID) {
			t.Errorf("%s: %v, go-jose %+v", name, who, claims)
		}
	}
	if size := len(b.token); size < 1000 || size > 1200 {
		t.Errorf("the token has %d bytes: that is not what the rows say", size)
	}
}

// swapped is token with one of its segments from another.
func swapped(token, other string, segment int) string {
	segments := strings.Split(token, ".")
	segments[segment] = strings.Split(other, ".")[segment]
	return strings.Join(segments, ".")
}
