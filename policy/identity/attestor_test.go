package identity_test

import (
	"bytes"
	"context"
	stdcrypto "crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
)

// enclaveKey is the key of an environment that is attested in tests.
var enclaveKey = sync.OnceValue(func() *rsa.PrivateKey { return newKey(2048) })

func attestor(tb testing.TB) (*identity.Attestor, *clock) {
	tb.Helper()
	c := newClock()
	return identity.NewAttestor(&identity.AttestorOptions{NewKey: pool(rsaKey), Now: c.Now}), c
}

func attest(tb testing.TB, a *identity.Attestor, claims map[string]any) string {
	tb.Helper()
	return must[string](tb)(a.Token(claims, &enclaveKey().PublicKey))
}

// TestAttestorToken reads a token, and checks it by the attestor's documents, with the standard library alone.
func TestAttestorToken(t *testing.T) {
	a, _ := attestor(t)
	tee := map[string]any{"x-ms-attestation-type": "sevsnpvm"}
	token := attest(t, a, map[string]any{
		"x-ms-isolation-tee": tee, "iss": "https://evil.example", "svn": json.Number("3451"),
		"x-ms-runtime": map[string]any{"vm-configuration": map[string]any{"secure-boot": true}},
	})
	head, claims := open(t, token)
	set := must[identity.JWKS](t)(a.JWKS())
	jwk := set.Keys[0]
	if head["alg"] != "RS256" || head["typ"] != "JWT" || head["kid"] != jwk.KeyID || head["jku"] != a.Authority()+"/certs" {
		t.Errorf("header %v", head)
	}
	verifyByDocument(t, token, jwk)
	if claims["iss"] != "https://attest.azurewebsites.net" || claims["iss"] != a.Authority() {
		t.Errorf("issued by %v", claims["iss"])
	}
	for name, want := range map[string]time.Time{"iat": start, "nbf": start, "exp": start.Add(8 * time.Hour)} {
		if claims[name] != float64(want.Unix()) {
			t.Errorf("%s is %v", name, claims[name])
		}
	}
	if claims["svn"] != 3451.0 || claims["x-ms-ver"] != "1.0" || len(claims["jti"].(string)) != 64 {
		t.Errorf("claims %v", claims)
	}
	runtime := claims["x-ms-runtime"].(map[string]any)
	key := runtime["keys"].([]any)[0].(map[string]any)
	n := new(big.Int).SetBytes(must[[]byte](t)(decodeSegment(key["n"].(string))))
	if key["kty"] != "RSA" || key["use"] != "enc" || fmt.Sprint(key["key_ops"]) != "[encrypt]" || key["e"] != "AQAB" || n.Cmp(enclaveKey().N) != 0 {
		t.Errorf("key %v", key)
	}
	if fmt.Sprint(runtime["vm-configuration"]) != "map[secure-boot:true]" {
		t.Errorf("runtime %v", runtime)
	}
}

// verifyByDocument checks a signature with the key, and with the certificate, of a key set.
func verifyByDocument(t *testing.T, token string, jwk identity.JWK) {
	t.Helper()
	cut := strings.LastIndexByte(token, '.')
	sum := sha256.Sum256([]byte(token[:cut]))
	signature := must[[]byte](t)(decodeSegment(token[cut+1:]))
	public := &rsa.PublicKey{
		N: new(big.Int).SetBytes(must[[]byte](t)(decodeSegment(jwk.Modulus))),
		E: int(new(big.Int).SetBytes(must[[]byte](t)(decodeSegment(jwk.Exponent))).Int64()),
	}
	if err := rsa.VerifyPKCS1v15(public, stdcrypto.SHA256, sum[:], signature); err != nil {
		t.Error(err)
	}
	der := must[[]byte](t)(base64.StdEncoding.DecodeString(jwk.X5C[0]))
	certificate := must[*x509.Certificate](t)(x509.ParseCertificate(der))
	if !public.Equal(certificate.PublicKey) || certificate.Subject.CommonName != "https://attest.azurewebsites.net" {
		t.Error("the certificate is of another key or name")
	}
}

// TestTestToken: what an SDK's test asks for meets its policy, and opens what is wrapped to it.
func TestTestToken(t *testing.T) {
	a := identity.NewAttestor(nil)
	reply := must[identity.TestToken](t)(a.TestToken())
	var body map[string]string
	if err := json.Unmarshal(must[[]byte](t)(json.Marshal(reply)), &body); err != nil || len(body) != 1 {
		t.Fatal(body, err)
	}
	p := must[*policy.ReleasePolicy](t)(policy.ParseReleasePolicy([]byte(
		`{"anyOf":[{"allOf":[{"claim":"sdk-test","equals":"true"}],"authority":"https://attest.azurewebsites.net/"}],"version":"1.0.0"}`)))
	got := must[*identity.Attestation](t)(identity.VerifyAttestation(t.Context(), body["token"], p.Authorities(), a, time.Now()))
	if d := p.Evaluate(got.Issuer, got.Claims); !d.Allowed {
		t.Error(d)
	}
	if got.ReceiverID != "fake-release-key" {
		t.Errorf("released to %s", got.ReceiverID)
	}
	wrapped := must[[]byte](t)(rsa.EncryptOAEP(sha256.New(), rand.Reader, got.Receiver, []byte("key"), nil))
	private := must[*rsa.PrivateKey](t)(a.TestKey())
	if opened, err := rsa.DecryptOAEP(sha256.New(), nil, private, wrapped, nil); string(opened) != "key" || err != nil {
		t.Error(string(opened), err)
	}
}

func TestAttestorOpenIDConfiguration(t *testing.T) {
	a := identity.NewAttestor(&identity.AttestorOptions{Authority: "https://a.example/"})
	got := string(must[[]byte](t)(json.Marshal(a.OpenIDConfiguration())))
	const want = `{"issuer":"https://a.example","jwks_uri":"https://a.example/certs","response_types_supported":["token","none"],` +
		`"id_token_signing_alg_values_supported":["RS256"],"claims_supported":["is-debuggable","sgx-mrsigner","sgx-mrenclave","product-id","svn","tee","x-ms-runtime"]}`
	if got != want {
		t.Errorf("written as %s", got)
	}
}

func TestAttestorRollKeys(t *testing.T) {
	a, clock := attestor(t)
	allowed := []string{a.Authority()}
	old := attest(t, a, nil)
	if _, err := identity.VerifyAttestation(t.Context(), old, allowed, a, clock.Now()); err != nil {
		t.Fatal(err)
	}
	a.RollKeys()
	if _, err := identity.VerifyAttestation(t.Context(), old, allowed, a, clock.Now()); !errors.Is(err, identity.UnknownKey) {
		t.Errorf("a token of the old key: %v", err)
	}
	if _, err := identity.VerifyAttestation(t.Context(), attest(t, a, nil), allowed, a, clock.Now()); err != nil {
		t.Errorf("a token of the new key: %v", err)
	}
}

func TestAttestorAnswersForItself(t *testing.T) {
	a, _ := attestor(t)
	for address, want := range map[string]error{
		"https://attest.azurewebsites.net": nil, "https://ATTEST.azurewebsites.net/": nil,
		"https://attest.azurewebsites.net/x": identity.ErrAttestationUnreachable, "https://b.example": identity.ErrAttestationUnreachable,
		"http://attest.azurewebsites.net": identity.ErrAttestationUnreachable, "": identity.ErrAttestationUnreachable,
	} {
		keys, err := a.AttestationKeys(t.Context(), address)
		if !errors.Is(err, want) || (len(keys) == 1) != (want == nil) {
			t.Errorf("%q: %v, %v", address, keys, err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.AttestationKeys(gone, a.Authority()); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}

func TestAttestorFailures(t *testing.T) {
	broken := errors.New("no entropy")
	a := identity.NewAttestor(&identity.AttestorOptions{NewKey: failingKey(broken)})
	_, token := a.Token(nil, nil)
	_, test := a.TestToken()
	_, set := a.JWKS()
	_, keys := a.AttestationKeys(t.Context(), a.Authority())
	for _, err := range []error{token, test, set, keys} {
		if !errors.Is(err, broken) {
			t.Errorf("fails with %v", err)
		}
	}
	good, _ := attestor(t)
	if _, err := good.Token(map[string]any{"f": func() {}}, nil); err == nil {
		t.Error("a function is a claim")
	}
	if s := fmt.Sprintf("%v %+v", good, good); strings.Contains(s, "{") || !strings.Contains(s, good.Authority()) {
		t.Errorf("printed as %s", s)
	}
}

// TestAttestorCrowd: many at once share one key.
func TestAttestorCrowd(t *testing.T) {
	a, clock := attestor(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			token, err := a.Token(nil, &enclaveKey().PublicKey)
			if err == nil {
				_, err = identity.VerifyAttestation(t.Context(), token, []string{a.Authority()}, a, clock.Now())
			}
			if err != nil {
				t.Error(err)
			}
			if _, err := a.TestKey(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestAttestorRand: the ids of tokens come from the reader.
func TestAttestorRand(t *testing.T) {
	jti := func() any {
		a := identity.NewAttestor(&identity.AttestorOptions{NewKey: pool(rsaKey), Rand: bytes.NewReader(make([]byte, 100))})
		_, claims := open(t, must[string](t)(a.Token(nil, nil)))
		return claims["jti"]
	}
	if got := jti(); got != strings.Repeat("0", 64) {
		t.Errorf("jti %v", got)
	}
}
