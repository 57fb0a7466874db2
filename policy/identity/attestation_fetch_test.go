package identity_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/embedvault/embedvault/policy/identity"
)

// authority is a server with two documents that tests change, and the count of what it was asked.
type authority struct {
	*httptest.Server
	metadata, keys string
	status         int
	asked          atomic.Int32
}

// newAuthority serves the documents of an attestor at the address of the server.
func newAuthority(t *testing.T) (*authority, *identity.Attestor) {
	s := &authority{status: http.StatusOK}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		body := s.keys
		if strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration") {
			body = s.metadata
		}
		if s.status == http.StatusFound {
			w.Header().Set("Location", "https://other.example/")
		}
		w.WriteHeader(s.status)
		_, _ = fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	a := identity.NewAttestor(&identity.AttestorOptions{Authority: s.URL, NewKey: pool(rsaKey), Now: newClock().Now})
	s.metadata = string(jsonOf(a.OpenIDConfiguration()))
	s.keys = string(jsonOf(must[identity.JWKS](t)(a.JWKS())))
	return s, a
}

func fetcher(s *authority, now func() time.Time) *identity.AttestationFetcher {
	return identity.NewAttestationFetcher(&identity.AttestationFetcherOptions{Client: s.Client(), Now: now})
}

// TestFetch: what an attestor issues is verified with the documents that it publishes.
func TestFetch(t *testing.T) {
	s, a := newAuthority(t)
	for name, keys := range map[string]string{
		"as published":            s.keys,
		"spaces around":           "\n " + s.keys + "\r\n",
		"a certificate, no n":     string(jsonOf(keysClaim(object{"kty": "RSA", "kid": "KID", "x5c": []string{certificateOf(t, rsaKey())}}))),
		"n, no certificate":       string(jsonOf(keysClaim(jwkOf(&rsaKey().PublicKey).with("kid", "KID").without("key_ops")))),
		"among keys of no use":    string(jsonOf(keysClaim(1, "x", object{"kty": "oct", "kid": "KID", "k": "AQAB"}, jwkOf(&smallKey().PublicKey).with("kid", "KID"), jwkOf(&rsaKey().PublicKey).with("kid", "KID")))),
		"under a key for others":  string(jsonOf(keysClaim(jwkOf(&foreignKey().PublicKey).with("kid", "KID").with("use", "enc"), jwkOf(&rsaKey().PublicKey).with("kid", "KID")))),
		"as the hundredth of all": `{"keys":[` + strings.Repeat("1,", identity.MaxFetchedKeys-1) + string(jsonOf(jwkOf(&rsaKey().PublicKey).with("kid", "KID"))) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			token := attest(t, a, nil)
			head, _ := open(t, token)
			s.keys = strings.ReplaceAll(keys, "KID", head["kid"].(string))
			got, err := identity.VerifyAttestation(t.Context(), token, []string{s.URL + "/"}, fetcher(s, nil), start)
			if err != nil || got.Issuer != s.URL {
				t.Error(got, err)
			}
		})
	}
}

func TestFetchRefuses(t *testing.T) {
	s, a := newAuthority(t)
	metadata, keys := s.metadata, s.keys
	with := func(name, value string) string {
		var m object
		if err := json.Unmarshal([]byte(metadata), &m); err != nil {
			t.Fatal(err)
		}
		return string(jsonOf(m.with(name, value)))
	}
	for _, test := range []struct {
		name, address, metadata, keys string
		status                        int
		says                          string
	}{
		{"an address without https", strings.Replace(s.URL, "https", "http", 1), metadata, keys, 200, "https://"},
		{"no address", "", metadata, keys, 200, "https://"},
		{"a name that is none", "https://a\x00b", metadata, keys, 200, "https://"},
		{"a server error", s.URL, metadata, keys, 500, "status 500"},
		{"a redirect", s.URL, metadata, keys, 302, "status 302"},
		{"metadata of another", s.URL, with("issuer", "https://other.example"), keys, 200, "another issuer"},
		{"keys of another host", s.URL, with("jwks_uri", "https://other.example/certs"), keys, 200, "jwks_uri"},
		{"keys at another port", s.URL, with("jwks_uri", s.URL+"0/certs"), keys, 200, "jwks_uri"},
		{"keys without TLS", s.URL, with("jwks_uri", strings.Replace(s.URL, "https", "http", 1)+"/certs"), keys, 200, "jwks_uri"},
		{"keys with a user", s.URL, with("jwks_uri", strings.Replace(s.URL, "://", "://u:p@", 1)+"/certs"), keys, 200, "jwks_uri"},
		{"keys in a file", s.URL, with("jwks_uri", "file:///etc/passwd"), keys, 200, "jwks_uri"},
		{"keys nowhere", s.URL, `{}`, keys, 200, "jwks_uri"},
		{"a page", s.URL, `<html>`, keys, 200, "JSON"},
		{"a list", s.URL, `[]`, keys, 200, "JSON"},
		{"a member twice", s.URL, `{"issuer":"x",` + metadata[1:], keys, 200, "JSON"},
		{"endless metadata", s.URL, metadata + strings.Repeat(" ", identity.MaxFetchedDocument), keys, 200, "262144 bytes"},
		{"endless keys", s.URL, metadata, keys + strings.Repeat(" ", identity.MaxFetchedDocument), 200, "262144 bytes"},
		{"no keys", s.URL, metadata, `{}`, 200, "no key"},
		{"keys that are no list", s.URL, metadata, `{"keys":{}}`, 200, "JSON"},
		{"a small key", s.URL, metadata, string(jsonOf(keysClaim(jwkOf(&smallKey().PublicKey)))), 200, "no key"},
		{"a key without a kid", s.URL, metadata, string(jsonOf(keysClaim(jwkOf(&rsaKey().PublicKey).without("kid")))), 200, "no key"},
		{"a key for encryption", s.URL, metadata, string(jsonOf(keysClaim(jwkOf(&rsaKey().PublicKey).with("use", "enc").without("key_ops")))), 200, "no key"},
		{"a key of no use that is known", s.URL, metadata, string(jsonOf(keysClaim(jwkOf(&rsaKey().PublicKey).with("use", "SIG").without("key_ops")))), 200, "no key"},
		{"a certificate of another key", s.URL, metadata, string(jsonOf(keysClaim(jwkOf(&rsaKey().PublicKey).with("x5c", []string{certificateOf(t, foreignKey())})))), 200, "no key"},
		{"a certificate that is none", s.URL, metadata, string(jsonOf(keysClaim(object{"kty": "RSA", "kid": "k", "x5c": []string{"AAAA"}}))), 200, "no key"},
		{"keys beyond the hundredth", s.URL, metadata, `{"keys":[` + strings.Repeat("1,", identity.MaxFetchedKeys) + string(jsonOf(jwkOf(&rsaKey().PublicKey))) + `]}`, 200, "no key"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.metadata, s.keys, s.status = test.metadata, test.keys, test.status
			got, err := fetcher(s, nil).AttestationKeys(t.Context(), test.address)
			if got != nil || !errors.Is(err, identity.ErrAttestationUnreachable) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	s.metadata, s.keys, s.status = metadata, keys, 200
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fetcher(s, nil).AttestationKeys(gone, a.Authority()); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
	if _, err := identity.NewAttestationFetcher(nil).AttestationKeys(t.Context(), s.URL); !errors.Is(err, identity.ErrAttestationUnreachable) {
		t.Errorf("with a certificate that nobody trusts: %v", err)
	}
}

// TestFetchRemembers: keys are asked for once in their time, and a failure is not remembered.
func TestFetchRemembers(t *testing.T) {
	s, _ := newAuthority(t)
	c := newClock()
	f := fetcher(s, c.Now)
	get := func(address string, want int32, ok bool) {
		t.Helper()
		before := s.asked.Load()
		_, err := f.AttestationKeys(t.Context(), address)
		if got := s.asked.Load() - before; got != want || (err == nil) != ok {
			t.Errorf("%d requests, %v; want %d", got, err, want)
		}
	}
	s.status = http.StatusServiceUnavailable
	get(s.URL, 1, false)
	s.status = http.StatusOK
	get(s.URL, 2, true)
	get(s.URL+"/", 0, true)
	c.Advance(identity.DefaultFetchedLifetime - 1)
	get(s.URL, 0, true)
	c.Advance(1)
	get(s.URL, 2, true)

	// The least recently used of too many is asked again.
	s.metadata = `{"jwks_uri":"` + s.URL + `/certs"}`
	for i := range identity.MaxFetchedAuthorities {
		get(fmt.Sprintf("%s/%d", s.URL, i), 2, true)
	}
	get(fmt.Sprintf("%s/%d", s.URL, identity.MaxFetchedAuthorities-1), 0, true)
	get(s.URL, 2, true)
}

// TestFetchEC: a key on P-256 is taken, and none on another curve or beside its curve.
func TestFetchEC(t *testing.T) {
	s, a := newAuthority(t)
	for curve, taken := range map[elliptic.Curve]bool{elliptic.P256(): true, elliptic.P384(): false} {
		private := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(curve, rand.Reader))
		point := must[[]byte](t)(private.PublicKey.Bytes())[1:]
		x, y := point[:len(point)/2], point[len(point)/2:]
		jwk := object{"kty": "EC", "kid": "e", "crv": curve.Params().Name, "x": encode(x), "y": encode(y)}
		s.keys = string(jsonOf(keysClaim(jwk)))
		keys, err := fetcher(s, nil).AttestationKeys(t.Context(), a.Authority())
		if (err == nil) != taken || taken && !private.PublicKey.Equal(keys[0].Public) {
			t.Errorf("%s: %v, %v", curve.Params().Name, keys, err)
		}
		s.keys = string(jsonOf(keysClaim(jwk.with("y", encode(x)))))
		if _, err := fetcher(s, nil).AttestationKeys(t.Context(), a.Authority()); !errors.Is(err, identity.ErrAttestationUnreachable) {
			t.Errorf("%s, beside the curve: %v", curve.Params().Name, err)
		}
	}
}
