package identity_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/embedvault/embedvault/policy/identity"
)

const endpoint = "https://login.example/t/oauth2/v2.0/token"

// signer signs assertions as a client with a certificate does.
type signer struct {
	key         *rsa.PrivateKey
	certificate *x509.Certificate
}

func newSigner(t *testing.T) signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key, c}
}

// assertion signs claims; changes replace those of a good assertion.
func (s signer) assertion(t *testing.T, clientID string, changes map[string]any) string {
	t.Helper()
	claims := map[string]any{
		"iss": clientID, "sub": clientID, "aud": endpoint, "nbf": start.Unix(), "exp": start.Add(time.Minute).Unix(),
	}
	for name, value := range changes {
		claims[name] = value
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(s.certificate.Raw)
	head := (&jose.SignerOptions{}).WithHeader("x5t#S256", base64.StdEncoding.EncodeToString(sum[:]))
	j, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.PS256, Key: s.key}, head)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := j.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAssertions(t *testing.T) {
	tenant := identity.New(&identity.Options{KeyBits: 1024, Now: func() time.Time { return start }})
	app, err := tenant.NewApplication("billing", nil)
	if err != nil {
		t.Fatal(err)
	}
	own, foreign := newSigner(t), newSigner(t)
	if err := app.AddCertificate(own.certificate); err != nil {
		t.Fatal(err)
	}
	cluster, err := identity.NewCluster("https://cluster.example", own.key)
	if err != nil {
		t.Fatal(err)
	}
	impostor, err := identity.NewCluster("https://cluster.example", foreign.key)
	if err != nil {
		t.Fatal(err)
	}
	if err := app.AddFederation(cluster.Trust("billing")); err != nil {
		t.Fatal(err)
	}
	token := func(c *identity.Cluster, subject string, at time.Time) string {
		text, err := c.Token(subject, at)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	id := app.ClientID()
	good := own.assertion(t, id, nil)
	for name, c := range map[string]struct {
		client, assertion string
		want              identity.Code
	}{
		"good":                    {id, good, 0},
		"by case":                 {strings.ToUpper(id), good, 0},
		"several audiences":       {id, own.assertion(t, id, map[string]any{"aud": []string{"x", endpoint}}), 0},
		"unknown client":          {"x", good, identity.AppNotFound},
		"no token":                {id, "x", identity.AssertionMalformed},
		"too long":                {id, strings.Repeat("x", 1<<15), identity.AssertionMalformed},
		"claims of a wrong type":  {id, own.assertion(t, id, map[string]any{"exp": "soon"}), identity.AssertionMalformed},
		"another key":             {id, foreign.assertion(t, id, nil), identity.AssertionInvalid},
		"another key, same name":  {id, signer{foreign.key, own.certificate}.assertion(t, id, nil), identity.AssertionInvalid},
		"expired":                 {id, own.assertion(t, id, map[string]any{"exp": start.Add(-time.Hour).Unix()}), identity.AssertionTime},
		"not yet":                 {id, own.assertion(t, id, map[string]any{"nbf": start.Add(time.Hour).Unix()}), identity.AssertionTime},
		"for somebody else":       {id, own.assertion(t, id, map[string]any{"sub": "x"}), identity.AssertionClient},
		"for another endpoint":    {id, own.assertion(t, id, map[string]any{"aud": "x"}), identity.AssertionAudience},
		"a workload":              {id, token(cluster, "billing", start), 0},
		"another workload":        {id, token(cluster, "shipping", start), identity.FederationNotFound},
		"an impostor":             {id, token(impostor, "billing", start), identity.AssertionInvalid},
		"a workload of yesterday": {id, token(cluster, "billing", start.Add(-24*time.Hour)), identity.AssertionTime},
	} {
		t.Run(name, func(t *testing.T) {
			who, err := tenant.AuthenticateAssertion(t.Context(), c.client, c.assertion, []string{endpoint})
			if c.want != 0 {
				if !errors.Is(err, c.want) {
					t.Errorf("%v, want %v", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tenant.Token(t.Context(), who, ""); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAssertionOutlivesSecrets signs an application in whose secrets have expired, until it is disabled.
func TestAssertionOutlivesSecrets(t *testing.T) {
	tenant := identity.New(&identity.Options{KeyBits: 1024, Now: func() time.Time { return start }})
	app, err := tenant.NewApplication("billing", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.AddSecret(&identity.SecretOptions{Lifetime: -time.Hour}); err != nil {
		t.Fatal(err)
	}
	own := newSigner(t)
	for i := range identity.MaxCredentials + 1 {
		if err := app.AddCertificate(own.certificate); (err != nil) != (i == identity.MaxCredentials) {
			t.Errorf("certificate %d: %v", i, err)
		}
		if err := app.AddFederation(identity.Federation{}); (err != nil) != (i == identity.MaxCredentials) {
			t.Errorf("federation %d: %v", i, err)
		}
	}
	who, err := tenant.AuthenticateAssertion(t.Context(), app.ClientID(), own.assertion(t, app.ClientID(), nil), []string{endpoint})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tenant.Token(t.Context(), who, ""); err != nil {
		t.Error(err)
	}
	app.Disable()
	if _, err := tenant.Token(t.Context(), who, ""); !errors.Is(err, identity.AppDisabled) {
		t.Errorf("%v, want %v", err, identity.AppDisabled)
	}
	tenant.FailWith(identity.ServiceUnavailable)
	if _, err := tenant.AuthenticateAssertion(t.Context(), app.ClientID(), "x", nil); !errors.Is(err, identity.ServiceUnavailable) {
		t.Errorf("%v, want %v", err, identity.ServiceUnavailable)
	}
}
