package identity_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
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
	return newSignerBetween(t, start.Add(-time.Hour), start.Add(time.Hour))
}

// newSignerBetween is a signer whose certificate is good from one moment to another.
func newSignerBetween(t *testing.T, from, to time.Time) signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: to}
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
	old, early := newSignerBetween(t, start.Add(-2*time.Hour), start.Add(-time.Second)), newSignerBetween(t, start.Add(time.Second), start.Add(time.Hour))
	for _, s := range []signer{own, old, early} {
		if err := app.AddCertificate(s.certificate); err != nil {
			t.Fatal(err)
		}
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
		"never to expire":         {id, own.assertion(t, id, map[string]any{"exp": int64(math.MaxInt64)}), identity.AssertionTime},
		"good for a day":          {id, own.assertion(t, id, map[string]any{"exp": start.Add(24 * time.Hour).Unix()}), 0},
		"good for longer":         {id, own.assertion(t, id, map[string]any{"exp": start.Add(24*time.Hour + identity.ClockSkew + time.Second).Unix()}), identity.AssertionTime},
		"not in a million years":  {id, own.assertion(t, id, map[string]any{"nbf": int64(math.MaxInt64)}), identity.AssertionTime},
		"an old certificate":      {id, old.assertion(t, id, nil), identity.AssertionInvalid},
		"an early certificate":    {id, early.assertion(t, id, nil), identity.AssertionInvalid},
		"a workload by PS256":     {id, own.assertion(t, "https://cluster.example", map[string]any{"sub": "billing", "aud": identity.DefaultFederationAudience}), identity.AssertionInvalid},
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
		if err := app.AddFederation(identity.Federation{Key: &own.key.PublicKey}); (err != nil) != (i == identity.MaxCredentials) {
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

// TestFederationsOfOneIssuer lets an issuer change its key: the application trusts the old one and the new one.
func TestFederationsOfOneIssuer(t *testing.T) {
	tenant, clock := tenant(t)
	app := app(t, tenant, "billing")
	for _, key := range []*rsa.PrivateKey{rsaKey(), foreignKey()} {
		cluster := must[*identity.Cluster](t)(identity.NewCluster("https://cluster.example", key))
		if err := app.AddFederation(cluster.Trust("billing")); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		key  *rsa.PrivateKey
		want identity.Code
	}{
		"the first": {rsaKey(), 0}, "the second": {foreignKey(), 0}, "neither": {smallKey(), identity.AssertionInvalid},
	} {
		cluster := must[*identity.Cluster](t)(identity.NewCluster("https://cluster.example", c.key))
		token := must[string](t)(cluster.Token("billing", clock.Now()))
		_, err := tenant.AuthenticateAssertion(t.Context(), app.ClientID(), token, nil)
		if c.want == 0 && err != nil || c.want != 0 && !errors.Is(err, c.want) {
			t.Errorf("a token that %s key signed: %v, want %v", name, err, c.want)
		}
	}
}

// TestWrongCredentials adds what nobody could sign in with.
func TestWrongCredentials(t *testing.T) {
	tenant, _ := tenant(t)
	app := app(t, tenant, "billing")
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))
	good, trust := newSigner(t), identity.Federation{Issuer: "https://cluster.example", Subject: "billing", Key: &rsaKey().PublicKey}
	add := map[string]struct {
		add  func() error
		want error
	}{
		"no certificate":             {func() error { return app.AddCertificate(nil) }, identity.ErrKey},
		"a certificate of an EC key": {func() error { return app.AddCertificate(must[*x509.Certificate](t)(x509.ParseCertificate(der))) }, identity.ErrKey},
		"an empty certificate":       {func() error { return app.AddCertificate(&x509.Certificate{}) }, identity.ErrKey},
		"a federation without key":   {func() error { return app.AddFederation(identity.Federation{Issuer: "x"}) }, identity.ErrKey},
		"a federation, empty key":    {func() error { return app.AddFederation(identity.Federation{Key: &rsa.PublicKey{}}) }, identity.ErrKey},
		"a certificate":              {func() error { return app.AddCertificate(good.certificate) }, nil},
		"a federation":               {func() error { return app.AddFederation(trust) }, nil},
	}
	for name, c := range add {
		if err := c.add(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	app.Delete()
	for _, name := range []string{"a certificate", "a federation"} {
		if err := add[name].add(); !errors.Is(err, identity.ErrForeign) {
			t.Errorf("%s after Delete: %v, want %v", name, err, identity.ErrForeign)
		}
	}
}
