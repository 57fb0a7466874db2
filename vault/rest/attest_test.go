package rest_test

import (
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// attesterURL is where the attester of tests is.
const attesterURL = "https://attest.azurewebsites.net"

// attesting is a handler of a service with an attester, whose keys are made so and whose clock stands.
func attesting(t testing.TB, newKey func() (*rsa.PrivateKey, error)) (h *rest.Handler, now time.Time) {
	t.Helper()
	now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	svc, err := vault.New(&vault.Options{Attestation: identity.NewAttestor(&identity.AttestorOptions{
		NewKey: newKey, Now: func() time.Time { return now },
	})})
	if err != nil {
		t.Fatal(err)
	}
	return rest.New(svc, nil), now
}

// TestAttesterIsFetched verifies what the attester signs as others do: by nothing but what it answers.
func TestAttesterIsFetched(t *testing.T) {
	h, now := attesting(t, func() (*rsa.PrivateKey, error) { return testKey(t, 10), nil })
	status, made := jsonOf(t, h.Transport(), request(t, "GET", attesterURL+"/generate-test-token", nil))
	token, _ := made["token"].(string)
	if status != http.StatusOK || token == "" {
		t.Fatalf("%d %v", status, made)
	}
	fetcher := identity.NewAttestationFetcher(&identity.AttestationFetcherOptions{Client: &http.Client{Transport: h.Transport()}})
	to, err := identity.VerifyAttestation(t.Context(), token, []string{attesterURL + "/"}, fetcher, now)
	if err != nil || to.Issuer != attesterURL || to.ReceiverID != "fake-release-key" || to.Claims["sdk-test"] != true || !testKey(t, 10).PublicKey.Equal(to.Receiver) {
		t.Errorf("%+v, %v", to, err)
	}

	// The same by a library that is not ours.
	var set jose.JSONWebKeySet
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", attesterURL+"/certs", nil))
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("%v: %s", err, w.Body)
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jws.Verify(set); err != nil || set.Keys[0].Use != "sig" || jws.Signatures[0].Header.KeyID != set.Keys[0].KeyID {
		t.Errorf("by %+v: %v", set, err)
	}
}

// TestAttesterAnswers asks the attester for what it has and for what it has not: nobody may keep the answers.
func TestAttesterAnswers(t *testing.T) {
	sound, _ := attesting(t, func() (*rsa.PrivateKey, error) { return testKey(t, 10), nil })
	broken, _ := attesting(t, func() (*rsa.PrivateKey, error) { return nil, errors.New("no key for you") })
	const jsonType, page = "application/json; charset=utf-8", "text/html"
	for name, c := range map[string]struct {
		h            *rest.Handler
		method, path string
		status       int
		media        string
		member       string // of the answer; "": a page, or nothing
		is           any    // what it must be; nil: anything
	}{
		"metadata, issuer":           {sound, "GET", "/.well-known/openid-configuration", 200, jsonType, "issuer", attesterURL},
		"metadata, keys":             {sound, "GET", "/.well-known/openid-configuration", 200, jsonType, "jwks_uri", attesterURL + "/certs"},
		"metadata, without a key":    {broken, "GET", "/.well-known/openid-configuration", 200, jsonType, "issuer", attesterURL},
		"keys":                       {sound, "GET", "/certs", 200, jsonType, "keys", nil},
		"keys, among slashes":        {sound, "GET", "//certs/", 200, jsonType, "keys", nil},
		"keys, without a body":       {sound, "HEAD", "/certs", 200, jsonType, "", nil},
		"keys, without a key":        {broken, "GET", "/certs", 500, jsonType, "", nil},
		"a test token":               {sound, "GET", "/generate-test-token", 200, jsonType, "token", nil},
		"a test token without a key": {broken, "GET", "/generate-test-token", 500, jsonType, "", nil},
		"a post":                     {sound, "POST", "/certs", 404, page, "", nil},
		"the root":                   {sound, "GET", "/", 404, page, "", nil},
		"the metadata of a tenant":   {sound, "GET", "/common/.well-known/openid-configuration", 404, page, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			c.h.ServeHTTP(w, httptest.NewRequest(c.method, attesterURL+c.path, nil))
			header := w.Header()
			if w.Code != c.status || header.Get("Content-Type") != c.media || header.Get("Cache-Control") != "no-store" || header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%d %v", w.Code, header)
			}
			var answer map[string]any
			if c.media == jsonType && c.method != "HEAD" {
				if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
					t.Fatalf("%v: %s", err, w.Body)
				}
			}
			if got := answer[c.member]; (got != nil) != (c.member != "") || c.is != nil && got != c.is {
				t.Errorf("%s is %v in %s", c.member, got, w.Body)
			}
		})
	}
}
