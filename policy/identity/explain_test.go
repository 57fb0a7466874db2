package identity_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/policy/identity"
)

// TestExplanations shows what a developer reads. The opaque values are the forge's.
func TestExplanations(t *testing.T) {
	dir, clock := tenant(t)
	cast := cast(t, dir)
	f := newForge(t, token(t, dir, cast[0].who), rsaKey())
	user := newForge(t, token(t, dir, cast[4].who), rsaKey())
	foreign := &forge{key: foreignKey()}
	v := identity.NewVerifier(dir, "", "")
	kid := f.head["kid"].(string)
	f.claims["aio"], f.claims["uti"] = "{aio}", "{uti}"
	user.claims["aio"], user.claims["uti"] = "{aio}", "{uti}"
	var got bytes.Buffer
	for _, c := range []struct{ name, token string }{
		{"a good token", f.sign(f.head, f.claims)},
		{"of a user, for the resource manager", user.claim("aud", "https://management.azure.com")},
		{"everything wrong at once", foreign.sign(f.head.with("kid", "theirs").with("alg", "HS256"), f.claims.without("oid").with("exp", 1).
			with("nbf", int64(1)<<60).with("aud", []string{"a"}).with("iss", nil).with("tid", "another").with("ver", "2.0"))},
		{"not a token", "hunter2"},
		{"no token", ""},
		{"another type", f.sign(f.head.with("typ", "at+jwt"), f.claims)},
		{"claims twice", f.sign(f.head, `{"aud":1,"aud":2}`)},
	} {
		text := v.Explain(c.token, clock.Now()).String()
		if sig := c.token[strings.LastIndexByte(c.token, '.')+1:]; len(sig) > 10 && strings.Contains(text, sig) {
			t.Errorf("%s: the signature is shown", c.name)
		}
		fmt.Fprintf(&got, "-- %s --\n%s", c.name, strings.ReplaceAll(text, kid, "{kid}"))
	}
	golden(t, "explain.golden", got.Bytes())
}

func TestExplanationIsBounded(t *testing.T) {
	dir, clock := tenant(t)
	f := newForge(t, token(t, dir, app(t, dir, "a")), rsaKey())
	claims := f.claims.with("long", strings.Repeat("ä", 2000))
	for i := range 200 {
		claims[fmt.Sprint("claim", i)] = i
	}
	x := identity.NewVerifier(dir, "", "").Explain(f.sign(f.head, claims), clock.Now())
	if len(x.Rows) != 100 || !x.OK() || len(x.String()) > 20_000 {
		t.Errorf("%d rows, %d bytes, OK is %v", len(x.Rows), len(x.String()), x.OK())
	}
	if r := x.Row("aud"); r.Found != identity.DefaultAudience || !r.OK || x.Row("none") != (identity.Row{}) {
		t.Errorf("aud: %+v", r)
	}
}

// TestExplainBeforeAnyKey asks a tenant that has issued nothing.
func TestExplainBeforeAnyKey(t *testing.T) {
	dir, clock := tenant(t)
	text := token(t, dir, app(t, dir, "a"))
	x := identity.NewVerifier(identity.New(&identity.Options{TenantID: tenantID}), "", "").Explain(text, clock.Now())
	if x.OK() || !strings.HasPrefix(x.Row("kid").Expected, "none") || !x.Row("aud").OK {
		t.Error(x)
	}
}
