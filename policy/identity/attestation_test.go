package identity_test

import (
	"context"
	stdcrypto "crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/policy/identity"
)

// keysFunc is a function that knows authorities.
type keysFunc func(authority string) ([]identity.AttestationKey, error)

func (f keysFunc) AttestationKeys(_ context.Context, authority string) ([]identity.AttestationKey, error) {
	return f(authority)
}

// jwkOf is a key as an environment lists it.
func jwkOf(k *rsa.PublicKey) object {
	return object{"kty": "RSA", "kid": "k", "key_ops": []string{"encrypt"}, "n": encode(k.N.Bytes()), "e": encode(big.NewInt(int64(k.E)).Bytes())}
}

func keysClaim(keys ...any) object { return object{"keys": keys} }

// attestationCase is a token, and why it is refused.
type attestationCase struct {
	name, token string
	want        identity.Reason
	claim       string
}

// wrongAttestations are refused at start. The forge has the key of the attestor.
func wrongAttestations(f *forge) []attestationCase {
	public := x509.MarshalPKCS1PublicKey(&f.key.PublicKey)
	spki, _ := x509.MarshalPKIXPublicKey(&f.key.PublicKey)
	segments := strings.Split(f.good, ".")
	foreign := &forge{key: foreignKey()}
	at := func(d time.Duration) int64 { return start.Add(d).Unix() }
	payload := string(jsonOf(f.claims))
	tampered := encode([]byte(strings.Replace(payload, "sevsnpvm", "SEVSNPVM", 1)))
	return []attestationCase{
		{"nothing", "", identity.Missing, ""},
		{"too long", f.good + strings.Repeat("A", identity.MaxAttestationSize), identity.Malformed, ""},
		{"two segments", segments[0] + "." + segments[1], identity.Malformed, ""},
		{"four segments", f.good + ".", identity.Malformed, ""},
		{"encrypted", "a.b.c.d.e", identity.Malformed, ""},
		{"padding", segments[0] + "=." + segments[1] + "." + segments[2], identity.Malformed, ""},
		{"a line break", segments[0] + "\n." + segments[1] + "." + segments[2], identity.Malformed, ""},
		{"header member twice", f.sign(`{"alg":"RS256","alg":"RS256"}`, f.claims), identity.Malformed, "header"},
		{"a critical extension", f.sign(f.head.with("crit", []string{"b64"}), f.claims), identity.Malformed, "crit"},
		{"another type", f.sign(f.head.with("typ", "at+jwt"), f.claims), identity.Malformed, "typ"},
		{"a claim twice", f.sign(f.head, `{"a":1,"a":2,`+payload[1:]), identity.Malformed, "payload"},
		{"a claim twice, deep inside", f.sign(f.head, `{"a":[{"b":{"c":1,"c":2}}],`+payload[1:]), identity.Malformed, "payload"},
		{"claims that go on", f.sign(f.head, payload+"{}"), identity.Malformed, "payload"},
		{"claims are a list", f.sign(f.head, "[]"), identity.Malformed, "payload"},
		{"no exp", f.sign(f.head, f.claims.without("exp")), identity.Malformed, "payload"},
		{"exp is a text", f.claim("exp", "1"), identity.Malformed, "payload"},
		{"exp beyond all times", f.claim("exp", 1<<60), identity.Malformed, "payload"},
		{"nbf is negative", f.claim("nbf", -1), identity.Malformed, "payload"},

		{"alg none", encode(jsonOf(f.head.with("alg", "none"))) + "." + segments[1] + ".", identity.WrongAlgorithm, "alg"},
		{"alg none, well signed", f.sign(f.head.with("alg", "none"), f.claims), identity.WrongAlgorithm, "alg"},
		{"no alg", f.sign(f.head.without("alg"), f.claims), identity.WrongAlgorithm, "alg"},
		{"HS256 with the public key", hs256(f, public), identity.WrongAlgorithm, "alg"},
		{"HS256 with the public key, PEM", hs256(f, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})), identity.WrongAlgorithm, "alg"},
		{"PS256 by the right key", ps256(f), identity.WrongAlgorithm, "alg"},
		{"RS512 by the right key", rs512(f), identity.WrongAlgorithm, "alg"},

		{"another authority", f.claim("iss", "https://other.example"), identity.WrongIssuer, "iss"},
		{"an authority that begins like it", f.claim("iss", f.claims["iss"].(string)+".evil.example"), identity.WrongIssuer, "iss"},
		{"no authority", f.sign(f.head, f.claims.without("iss")), identity.WrongIssuer, "iss"},

		{"a foreign kid", f.sign(f.head.with("kid", "foreign"), f.claims), identity.UnknownKey, "kid"},
		{"no kid", f.sign(f.head.without("kid"), f.claims), identity.UnknownKey, "kid"},
		{"RS256 said to be ES256", f.sign(f.head.with("alg", "ES256"), f.claims), identity.UnknownKey, "kid"},
		{"a foreign key in the header", foreign.sign(f.head.with("jwk", jwkOf(&foreignKey().PublicKey)).with("kid", "k"), f.claims), identity.UnknownKey, "kid"},
		{"a foreign key under the kid", foreign.sign(f.head, f.claims), identity.BadSignature, ""},
		{"tampered", segments[0] + "." + tampered + "." + segments[2], identity.BadSignature, ""},
		{"no signature", segments[0] + "." + segments[1] + ".", identity.BadSignature, ""},

		{"expired", f.claim("exp", at(-identity.ClockSkew-time.Second)), identity.Expired, "exp"},
		{"not yet good", f.claim("nbf", at(identity.ClockSkew+time.Second)), identity.NotYetValid, "nbf"},

		{"no environment", f.sign(f.head, f.claims.without("x-ms-runtime")), identity.Malformed, "x-ms-runtime"},
		{"an environment without keys", f.claim("x-ms-runtime", object{"test-claim-name": "v"}), identity.Malformed, "x-ms-runtime"},
		{"an environment that is a list", f.claim("x-ms-runtime", []int{1}), identity.Malformed, "x-ms-runtime"},
		{"no keys", f.claim("x-ms-runtime", keysClaim()), identity.Malformed, "x-ms-runtime"},
		{"a key that does not encrypt", f.claim("x-ms-runtime", keysClaim(jwkOf(&enclaveKey().PublicKey).with("key_ops", []string{"verify"}))), identity.Malformed, "x-ms-runtime"},
		{"a key for signatures", f.claim("x-ms-runtime", keysClaim(jwkOf(&enclaveKey().PublicKey).without("key_ops").with("use", "sig"))), identity.Malformed, "x-ms-runtime"},
		{"a key without a kid", f.claim("x-ms-runtime", keysClaim(jwkOf(&enclaveKey().PublicKey).without("kid"))), identity.Malformed, "x-ms-runtime"},
		{"a small key", f.claim("x-ms-runtime", keysClaim(jwkOf(&smallKey().PublicKey))), identity.Malformed, "x-ms-runtime"},
		{"a small key before a good one", f.claim("x-ms-runtime", keysClaim(jwkOf(&smallKey().PublicKey), jwkOf(&enclaveKey().PublicKey))), identity.Malformed, "x-ms-runtime"},
		{"a huge key", f.claim("x-ms-runtime", keysClaim(jwkOf(&enclaveKey().PublicKey).with("n", encode(hugeModulus())))), identity.Malformed, "x-ms-runtime"},
		{"an even modulus", f.claim("x-ms-runtime", keysClaim(jwkOf(&enclaveKey().PublicKey).with("n", encode(append([]byte{0x80}, make([]byte, 255)...))))), identity.Malformed, "x-ms-runtime"},
		{"an exponent of one", f.claim("x-ms-runtime", keysClaim(jwkOf(&enclaveKey().PublicKey).with("e", "AQ"))), identity.Malformed, "x-ms-runtime"},
		{"a huge exponent", f.claim("x-ms-runtime", keysClaim(jwkOf(&enclaveKey().PublicKey).with("e", encode(hugeModulus())))), identity.Malformed, "x-ms-runtime"},
		{"a private key", f.claim("x-ms-runtime", keysClaim(jwkOf(&enclaveKey().PublicKey).with("d", "AQAB"))), identity.Malformed, "x-ms-runtime"},
		{"a key without numbers", f.claim("x-ms-runtime", keysClaim(jwkOf(&enclaveKey().PublicKey).without("n"))), identity.Malformed, "x-ms-runtime"},
		{"a key of another kind", f.claim("x-ms-runtime", keysClaim(jwkOf(&enclaveKey().PublicKey).with("kty", "oct"))), identity.Malformed, "x-ms-runtime"},
	}
}

func hugeModulus() []byte {
	n := make([]byte, 1025)
	n[0], n[1024] = 1, 1
	return n
}

func attestationForge(tb testing.TB) (*forge, *identity.Attestor) {
	tb.Helper()
	a, _ := attestor(tb)
	return newForge(tb, attest(tb, a, map[string]any{"x-ms-attestation-type": "sevsnpvm"}), rsaKey()), a
}

func TestVerifyAttestationRefuses(t *testing.T) {
	f, a := attestationForge(t)
	for _, c := range wrongAttestations(f) {
		t.Run(c.name, func(t *testing.T) {
			got, err := identity.VerifyAttestation(t.Context(), c.token, []string{"https://b.example", a.Authority()}, a, start)
			var failure *identity.Failure
			if got != nil || !errors.As(err, &failure) || failure.Reason != c.want || failure.Claim != c.claim {
				t.Fatalf("%v, %v; want %v of %q", got, err, c.want, c.claim)
			}
			if failure.Found != "" || failure.Header != "" || strings.Contains(err.Error(), "evil") || len(err.Error()) > 500 {
				t.Errorf("holds something of the token: %v", err)
			}
		})
	}
}

func TestVerifyAttestationTakes(t *testing.T) {
	f, a := attestationForge(t)
	enclave := jwkOf(&enclaveKey().PublicKey)
	at := func(d time.Duration) int64 { return start.Add(d).Unix() }
	certified := object{"kty": "RSA", "kid": "k", "use": "enc", "x5c": []string{certificateOf(t, enclaveKey())}}
	for name, token := range map[string]string{
		"as issued":                       f.good,
		"a slash after the issuer":        f.claim("iss", a.Authority()+"/"),
		"no type":                         f.sign(f.head.without("typ"), f.claims),
		"no nbf":                          f.sign(f.head, f.claims.without("nbf")),
		"just expired":                    f.claim("exp", at(-identity.ClockSkew)),
		"good soon":                       f.claim("nbf", at(identity.ClockSkew)),
		"key_ops among others":            f.claim("x-ms-runtime", keysClaim(enclave.with("key_ops", []string{"wrapKey", "encrypt"}))),
		"use":                             f.claim("x-ms-runtime", keysClaim(enclave.without("key_ops").with("use", "enc"))),
		"key_use":                         f.claim("x-ms-runtime", keysClaim(enclave.without("key_ops").with("key_use", "enc"))),
		"the second key":                  f.claim("x-ms-runtime", keysClaim(jwkOf(&foreignKey().PublicKey).with("key_ops", []string{"sign"}), enclave)),
		"keys that make no sense before":  f.claim("x-ms-runtime", keysClaim("x", 1, object{"kty": 1}, object{"kty": "EC", "use": "enc"}, enclave)),
		"a certificate instead of n":      f.claim("x-ms-runtime", keysClaim(certified)),
		"a certificate beside n":          f.claim("x-ms-runtime", keysClaim(enclave.with("x5c", certified["x5c"]))),
		"spaces between everything":       f.sign(f.head, spaced(f.claims)),
		"nested as deep as a parser goes": f.claim("x", json.RawMessage(strings.Repeat("[", 5000)+strings.Repeat("]", 5000))),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := identity.VerifyAttestation(t.Context(), token, []string{a.Authority()}, a, start)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Receiver.Equal(enclaveKey().Public()) || got.ReceiverID == "" || got.Claims["x-ms-attestation-type"] != "sevsnpvm" {
				t.Errorf("%+v", got)
			}
			if n, ok := got.Claims["iat"].(json.Number); !ok || n.String() != "1773480413" {
				t.Errorf("iat is %T %v", got.Claims["iat"], got.Claims["iat"])
			}
		})
	}
}

func spaced(v any) string {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err)
	}
	return string(b)
}

// certificateOf is a certificate of a key, in base64.
func certificateOf(tb testing.TB, k *rsa.PrivateKey) string {
	tb.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: start}
	der := must[[]byte](tb)(x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k))
	return base64.StdEncoding.EncodeToString(der)
}

// TestVerifyAttestationES256 signs with the standard library alone.
func TestVerifyAttestationES256(t *testing.T) {
	f, a := attestationForge(t)
	private := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	input := encode(jsonOf(f.head.with("alg", "ES256").with("kid", "e"))) + "." + encode(jsonOf(f.claims))
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, private, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	token := input + "." + encode(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
	other := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	for name, test := range map[string]struct {
		key  stdcrypto.PublicKey
		want error
	}{
		"the key":               {&private.PublicKey, nil},
		"an RSA key of its kid": {&rsaKey().PublicKey, identity.UnknownKey},
		"a key on P-384":        {&other.PublicKey, identity.UnknownKey},
		"a nil key":             {(*ecdsa.PublicKey)(nil), identity.UnknownKey},
		"a nil RSA key":         {(*rsa.PublicKey)(nil), identity.UnknownKey},
		"no key":                {nil, identity.UnknownKey},
	} {
		keys := keysFunc(func(string) ([]identity.AttestationKey, error) {
			return []identity.AttestationKey{{ID: "e", Public: test.key}}, nil
		})
		if _, err := identity.VerifyAttestation(t.Context(), token, []string{a.Authority()}, keys, start); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVerifyAttestationKeys(t *testing.T) {
	f, a := attestationForge(t)
	kid := f.head["kid"].(string)
	broken := errors.New("connection refused")
	right, wrong := identity.AttestationKey{ID: kid, Public: &rsaKey().PublicKey}, identity.AttestationKey{ID: kid, Public: &foreignKey().PublicKey}
	asked := ""
	give := func(err error, keys ...identity.AttestationKey) identity.AttestationAuthorities {
		return keysFunc(func(authority string) ([]identity.AttestationKey, error) { asked = authority; return keys, err })
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx  context.Context
		from identity.AttestationAuthorities
		want error
	}{
		"nobody to ask":           {t.Context(), nil, identity.ErrAttestationUnreachable},
		"no connection":           {t.Context(), give(broken), identity.ErrAttestationUnreachable},
		"no connection, its text": {t.Context(), give(broken), broken},
		"no keys":                 {t.Context(), give(nil), identity.UnknownKey},
		"two keys of the kid":     {t.Context(), give(nil, wrong, right), nil},
		"after the end":           {gone, a, context.Canceled},
	} {
		if _, err := identity.VerifyAttestation(test.ctx, f.good, []string{a.Authority() + "/"}, test.from, start); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if asked != a.Authority()+"/" {
		t.Errorf("asked for %s, not for what is allowed", asked)
	}
	asked = ""
	if _, err := identity.VerifyAttestation(t.Context(), f.good, nil, give(nil, right), start); !errors.Is(err, identity.WrongIssuer) || asked != "" {
		t.Errorf("nothing is allowed: %v, asked %q", err, asked)
	}
}

// TestAttestationRoundTrip: whatever claims are attested come back as they were.
func TestAttestationRoundTrip(t *testing.T) {
	a, _ := attestor(t)
	value := rapid.Deferred(func() *rapid.Generator[any] {
		return rapid.OneOf(rapid.String().AsAny(), rapid.Bool().AsAny(), rapid.Just[any](nil),
			rapid.Map(rapid.Int64(), func(n int64) any { return json.Number(big.NewInt(n).String()) }))
	})
	rapid.Check(t, func(t *rapid.T) {
		claims := rapid.MapOf(rapid.StringMatching(`[a-z.]{1,8}x`), value).Draw(t, "claims")
		token, err := a.Token(claims, &enclaveKey().PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		got, err := identity.VerifyAttestation(context.Background(), token, []string{a.Authority()}, a, start)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range claims {
			if text, ok := want.(string); ok {
				want = strings.ToValidUTF8(text, "\ufffd")
			}
			if found, ok := got.Claims[name]; !ok || found != want {
				t.Fatalf("%q is %v, was %v", name, found, want)
			}
		}
	})
}

// FuzzVerifyAttestation takes any text for a token. None is accepted but the one that was issued.
func FuzzVerifyAttestation(f *testing.F) {
	forge, a := attestationForge(f)
	for _, c := range wrongAttestations(forge) {
		if len(c.token) < 4096 {
			f.Add(c.token)
		}
	}
	f.Add(forge.good)
	f.Fuzz(func(t *testing.T, token string) {
		got, err := identity.VerifyAttestation(t.Context(), token, []string{a.Authority()}, a, start)
		var failure *identity.Failure
		switch {
		case (got == nil) != (err != nil), err != nil && (!errors.As(err, &failure) || failure.Found != ""):
			t.Fatalf("neither accepted nor refused: %v, %v", got, err)
		case err == nil && token != forge.good:
			t.Fatalf("a token nobody issued is accepted: %q", token)
		}
	})
}

// FuzzAttestationClaims signs any payload with the right key. The claims of an accepted one, to the standard library too,
// are those of the authority at this time.
func FuzzAttestationClaims(f *testing.F) {
	a := identity.NewAttestor(&identity.AttestorOptions{NewKey: pool(smallKey), Now: newClock().Now})
	forge := newForge(f, attest(f, a, nil), smallKey())
	f.Add(string(jsonOf(forge.claims)))
	f.Add(string(jsonOf(forge.claims.without("exp"))))
	f.Add(string(jsonOf(forge.claims.with("x-ms-runtime", keysClaim(object{"kty": "RSA", "use": "enc", "kid": "k", "x5c": []string{certificateOf(f, enclaveKey())}})))))
	f.Add(strings.Repeat(`{"a":`, 2000))
	f.Fuzz(func(t *testing.T, payload string) {
		got, err := identity.VerifyAttestation(t.Context(), forge.sign(forge.head, payload), []string{a.Authority()}, a, start)
		if err != nil {
			return
		}
		var c object
		if err := json.Unmarshal([]byte(payload), &c); err != nil {
			t.Fatalf("accepted, and is not JSON: %v", err)
		}
		exp, _ := c["exp"].(float64)
		if len(got.Claims) != len(c) || c["iss"] != got.Issuer || exp < float64(start.Add(-identity.ClockSkew).Unix()) {
			t.Fatalf("accepted: %v", c)
		}
		if bits := got.Receiver.N.BitLen(); bits < 2048 || bits > 8192 {
			t.Fatalf("a receiver of %d bits", bits)
		}
	})
}
