package identity_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/embedvault/embedvault/policy/identity"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	userAssigned = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourcegroups/prod/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web-id"
	webApp       = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourcegroups/prod/providers/Microsoft.Web/sites/shop"
)

// TestTokenForm shows header and claims of every kind of token. What differs from
// run to run is checked for its form and shown by its name.
func TestTokenForm(t *testing.T) {
	dir, _ := tenant(t)
	var got bytes.Buffer
	for _, c := range cast(t, dir) {
		head, claims := open(t, token(t, dir, c.who))
		mask(t, head, "kid", `^[\w-]{27}$`)
		mask(t, head, "x5t", `^[\w-]{27}$`)
		mask(t, claims, "aio", `^[\w-]{44}$`)
		mask(t, claims, "uti", `^[\w-]{22}$`)
		fmt.Fprintf(&got, "-- %s --\n%s\n%s\n", c.name, indent(t, head), indent(t, claims))
	}
	golden(t, "tokens.golden", got.Bytes())
}

type actor struct {
	name string
	who  identity.Identity
}

// cast is one identity of each kind, with fixed ids.
func cast(t *testing.T, dir *identity.Tenant) []actor {
	t.Helper()
	ids := func(oid, client string) *identity.ObjectOptions {
		return &identity.ObjectOptions{ObjectID: oid, ClientID: client, UPN: "ada@contoso.example"}
	}
	application := must[*identity.Application](t)
	billing := application(dir.NewApplication("billing", ids("0a1b0000-0000-4000-8000-000000000001", "0a1b0000-0000-4000-8000-00000000000c")))
	must[identity.Secret](t)(billing.AddSecret(nil))
	daemon := application(dir.NewApplication("daemon", ids("0a1b0000-0000-4000-8000-000000000002", "0a1b0000-0000-4000-8000-00000000002c")))
	managed := must[*identity.ManagedIdentity](t)
	web := managed(dir.NewManagedIdentity(userAssigned, ids("0a1b0000-0000-4000-8000-000000000003", "0a1b0000-0000-4000-8000-00000000003c")))
	shop := managed(dir.NewManagedIdentity(webApp, ids("0a1b0000-0000-4000-8000-000000000004", "0a1b0000-0000-4000-8000-00000000004c")))
	ada := must[*identity.User](t)(dir.NewUser("Ada", ids("0a1b0000-0000-4000-8000-000000000005", "")))
	staff := must[*identity.Group](t)(dir.NewGroup("staff", ids("0a1b0000-0000-4000-8000-000000000006", "")))
	all := must[*identity.Group](t)(dir.NewGroup("all", ids("0a1b0000-0000-4000-8000-000000000007", "")))
	for _, err := range []error{staff.Add(ada, shop), all.Add(staff)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return []actor{
		{"application with a secret", billing},
		{"application without a secret", daemon},
		{"user-assigned managed identity", web},
		{"system-assigned managed identity, in a group that is in a group", shop},
		{"user, in the same", ada},
		{"user through an application", ada.Through(billing)},
	}
}

func mask(t *testing.T, o object, name, form string) {
	t.Helper()
	if v, _ := o[name].(string); !regexp.MustCompile(form).MatchString(v) {
		t.Errorf("%s is %v, want the form %s", name, o[name], form)
	}
	o[name] = "{" + name + "}"
}

func indent(t *testing.T, v any) []byte {
	t.Helper()
	return must[[]byte](t)(json.MarshalIndent(v, "", "  "))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(path, got, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if want := must[[]byte](t)(os.ReadFile(path)); !bytes.Equal(got, want) {
		t.Errorf("%s differs (-update rewrites it):\n%s", path, got)
	}
}

// TestOthersCanVerify checks a token as somebody who has only the published
// documents would, and the documents against each other.
func TestOthersCanVerify(t *testing.T) {
	dir, clock := tenant(t)
	text := token(t, dir, app(t, dir, "billing"))
	published := must[[]byte](t)(json.Marshal(must[identity.JWKS](t)(dir.JWKS())))
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(published, &keys); err != nil { // also checks key against certificate
		t.Fatal(err)
	}
	signed := must[*jwt.JSONWebToken](t)(jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256}))
	found := keys.Key(signed.Headers[0].KeyID)
	if len(found) != 1 {
		t.Fatalf("%d keys have the kid of the token", len(found))
	}
	var c jwt.Claims
	if err := signed.Claims(found[0].Key, &c); err != nil {
		t.Fatal(err)
	}
	meta := dir.OpenID()
	if err := c.Validate(jwt.Expected{Issuer: meta.Issuer, AnyAudience: jwt.Audience{vault}, Time: clock.Now()}); err != nil {
		t.Error(err)
	}
	leaf := found[0].Certificates[0]
	if sum := sha1.Sum(leaf.Raw); base64.RawURLEncoding.EncodeToString(sum[:]) != found[0].KeyID {
		t.Error("kid is not the thumbprint of the certificate")
	}
	if err := leaf.CheckSignature(x509.SHA256WithRSA, leaf.RawTBSCertificate, leaf.Signature); err != nil {
		t.Error(err)
	}
}

func TestMetadata(t *testing.T) {
	dir := identity.New(&identity.Options{TenantID: tenantID, Region: "EU"})
	both := map[string]identity.Metadata{"v1": dir.OpenID(), "v2": dir.OpenIDv2()}
	golden(t, "openid.golden", append(indent(t, both), '\n'))
}

func TestTimesOfTokens(t *testing.T) {
	hour, day := time.Hour, 24*time.Hour
	for _, c := range []struct {
		name               string
		lifetime           time.Duration
		forApp, forManaged time.Duration
	}{
		{"by default", 0, hour, day},
		{"chosen for all", 75 * time.Minute, 75 * time.Minute, 75 * time.Minute},
		{"a negative one is none", -1, hour, day},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := identity.New(&identity.Options{NewKey: pool(smallKey), Now: newClock().Now, TokenLifetime: c.lifetime})
			managed := must[*identity.ManagedIdentity](t)(dir.NewManagedIdentity(webApp, nil))
			for who, want := range map[identity.Identity]time.Duration{app(t, dir, "a"): c.forApp, managed: c.forManaged} {
				g := must[identity.Grant](t)(dir.Grant(t.Context(), who, ""))
				_, claims := open(t, g.Reveal())
				if g.ExpiresOn != start.Add(want) || g.NotBefore != start.Add(-5*time.Minute) {
					t.Errorf("%v: good from %v to %v", who, g.NotBefore, g.ExpiresOn)
				}
				if claims["exp"] != float64(g.ExpiresOn.Unix()) || claims["nbf"] != float64(g.NotBefore.Unix()) || claims["iat"] != claims["nbf"] {
					t.Errorf("%v: the token says otherwise: %v", who, claims)
				}
			}
		})
	}
}

func TestAudiences(t *testing.T) {
	dir := identity.New(&identity.Options{NewKey: pool(smallKey)})
	who := app(t, dir, "a")
	for audience, want := range map[string]error{
		"":                                     nil, // the tenant's default
		"https://management.azure.com/":        nil, // kept with its slash
		"api://billing":                        nil,
		"cfa8b339-82a2-471a-a3c9-0fc0be7a4093": nil,
		"vault":                                identity.ResourceNotFound,
		"cfa8b339-82a2-471a-a3c9-0fc0be7a409g": identity.ResourceNotFound,
		"https://\x7f":                         identity.ResourceNotFound,
		"https://" + string(make([]byte, 600)): identity.ResourceNotFound,
	} {
		text, err := dir.Token(t.Context(), who, audience)
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", audience, err, want)
			continue
		}
		if err != nil {
			continue
		}
		if audience == "" {
			audience = identity.DefaultAudience
		}
		if _, claims := open(t, text); claims["aud"] != audience {
			t.Errorf("%q became %v", audience, claims["aud"])
		}
	}
}

func TestCancelled(t *testing.T) {
	dir, _ := tenant(t)
	a := app(t, dir, "a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := dir.Token(ctx, a, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("Token: %v", err)
	}
	if _, err := dir.Authenticate(ctx, a.ClientID(), "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("Authenticate: %v", err)
	}
}
