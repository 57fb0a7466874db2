package identity_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/embedvault/embedvault/policy/identity"
)

// agree holds whatever the token is: Verify and Explain say the same, a refusal has
// a reason, and nothing panics. It returns whether the token was accepted.
func agree(t *testing.T, v *identity.Verifier, token string, now time.Time) bool {
	t.Helper()
	p, err := v.Verify(token, now)
	var f *identity.Failure
	switch {
	case (p == nil) != (err != nil), err != nil && !errors.As(err, &f), f != nil && f.Reason == 0:
		t.Fatalf("neither accepted nor refused: %v, %v", p, err)
	case len(p.String()) == 0:
		t.Fatal("a bearer without a name")
	}
	if x := v.Explain(token, now); x.OK() != (err == nil) {
		t.Fatalf("Verify says %v, Explain:\n%v", err, x)
	}
	return err == nil
}

// FuzzToken takes any text for a token. None is accepted but the one that was
// issued, and what go-jose cannot read is malformed here.
func FuzzToken(f *testing.F) {
	dir, clock := tenant(f)
	good := token(f, dir, app(f, dir, "a"))
	v := identity.NewVerifier(dir, "", "")
	for _, w := range wrongTokens(newForge(f, good, rsaKey())) {
		if len(w.token) < 4096 {
			f.Add(w.token)
		}
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, token string) {
		if agree(t, v, token, clock.Now()) && token != good {
			t.Fatalf("a token nobody issued is accepted: %q", token)
		}
		if _, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.HS256, "none"}); err == nil {
			return
		}
		if _, err := v.Verify(token, clock.Now()); errors.Is(err, identity.BadSignature) || errors.Is(err, identity.Expired) {
			t.Fatalf("read as a token, which it is not: %v", err)
		}
	})
}

// FuzzMutation changes a good token in one place. No change leaves it good.
func FuzzMutation(f *testing.F) {
	dir, clock := tenant(f)
	good := token(f, dir, app(f, dir, "a"))
	v := identity.NewVerifier(dir, "", "")
	f.Add(uint16(0), uint16(0), "")
	f.Add(uint16(len(good)-1), uint16(1), "A")
	f.Add(uint16(5), uint16(0), "\n")
	f.Add(uint16(len(good)), uint16(0), "=")
	f.Add(uint16(strings.IndexByte(good, '.')), uint16(1), "..")
	f.Fuzz(func(t *testing.T, at, cut uint16, insert string) {
		i := min(int(at), len(good))
		j := min(i+int(cut), len(good))
		changed := good[:i] + insert + good[j:]
		if agree(t, v, changed, clock.Now()) != (changed == good) {
			t.Fatalf("changed is %v, and accepted the same", changed != good)
		}
	})
}

// FuzzClaims signs any payload with the right key. An accepted one says, to the
// standard library too, that it is a token of this tenant for this vault. Signing
// takes another path each time, so -fuzzminimizetime should be small, such as 10x.
func FuzzClaims(f *testing.F) {
	dir := identity.New(&identity.Options{TenantID: tenantID, NewKey: pool(smallKey), Now: newClock().Now})
	good := newForge(f, token(f, dir, app(f, dir, "a")), smallKey())
	v := identity.NewVerifier(dir, "", "")
	f.Add(string(jsonOf(good.claims)))
	f.Add(string(jsonOf(good.claims.without("exp"))))
	f.Add(string(jsonOf(good.claims.with("aud", []string{vault}))))
	f.Add(`{"aud":"https://vault.azure.net","Aud":"x"}`)
	f.Add(strings.Repeat("[", 2000))
	f.Fuzz(func(t *testing.T, payload string) {
		if !agree(t, v, good.sign(good.head, payload), start) {
			return
		}
		var c object
		if err := json.Unmarshal([]byte(payload), &c); err != nil {
			t.Fatalf("accepted, and is not JSON: %v", err)
		}
		exp, _ := c["exp"].(float64)
		if c["aud"] != vault || c["iss"] != dir.Issuer() || c["tid"] != dir.ID() || exp < float64(start.Add(-identity.ClockSkew).Unix()) {
			t.Fatalf("accepted: %v", c)
		}
	})
}
