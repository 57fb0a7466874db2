package identity_test

import (
	stdcrypto "crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/go-jose/go-jose/v4"

	"github.com/embedvault/embedvault/policy/identity"
)

// wrongToken is one way to get a token wrong, and what it is refused for.
type wrongToken struct {
	name   string
	token  string
	reason identity.Reason
	claim  string
}

// wrongTokens is every way that is known here. Only one thing is wrong with each.
func wrongTokens(f *forge) []wrongToken {
	return slices.Concat(notTokens(f), misspelt(f), wrongHeaders(f), wrongAlgorithms(f), wrongKeys(f), wrongForms(f), wrongValues(f))
}

// notTokens are other things than a signed token in compact form.
func notTokens(f *forge) []wrongToken {
	segments := strings.Split(f.good, ".")
	head, claims, sig := segments[0], segments[1], segments[2]
	return []wrongToken{
		{"no token", "", identity.Missing, ""},
		{"a password", "hunter2", identity.Malformed, ""},
		{"two segments", "a.b", identity.Malformed, ""},
		{"only dots", "..", identity.Malformed, "header"},
		{"an extra segment", f.good + ".e30", identity.Malformed, ""},
		{"four segments", head + "." + claims + "." + sig + ".", identity.Malformed, ""},
		{"encrypted, JWE form", encrypted(f), identity.Malformed, ""},
		{"JSON serialization", `{"payload":"` + claims + `","protected":"` + head + `","signature":"` + sig + `"}`, identity.Malformed, ""},
		{"the scheme word with it", "Bearer " + f.good, identity.Malformed, ""},
		{"huge", f.sign(f.head, f.claims.with("pad", strings.Repeat("x", identity.MaxTokenSize))), identity.Malformed, ""},
		{"huge and empty", strings.Repeat("A", 10<<20), identity.Malformed, ""},
	}
}

// misspelt are other spellings of a good token.
func misspelt(f *forge) []wrongToken {
	segments := strings.Split(f.good, ".")
	head, claims, sig := segments[0], segments[1], segments[2]
	return []wrongToken{
		{"truncated by one", f.good[:len(f.good)-1], identity.Malformed, ""},
		{"truncated by a whole byte", f.good[:len(f.good)-2], identity.BadSignature, ""},
		{"half of it", f.good[:len(f.good)/2], identity.Malformed, ""},
		{"padded", f.good + "==", identity.Malformed, ""},
		{"a newline at the end", f.good + "\n", identity.Malformed, ""},
		{"a newline inside", head + "." + claims[:9] + "\r\n" + claims[9:] + "." + sig, identity.Malformed, ""},
		{"a blank in front", " " + f.good, identity.Malformed, ""},
		{"stray bits at the end", strayBits(f.good), identity.Malformed, ""},
		{"the other base64 alphabet", head + "." + claims + ".+/" + sig[2:], identity.Malformed, ""},
	}
}

// wrongHeaders are signed as they stand.
func wrongHeaders(f *forge) []wrongToken {
	segments := strings.Split(f.good, ".")
	claims, sig := segments[1], segments[2]
	return []wrongToken{
		{"header is not JSON", encode([]byte("alg=RS256")) + "." + claims + "." + sig, identity.Malformed, "header"},
		{"header is a list", f.sign(`["RS256"]`, f.claims), identity.Malformed, "header"},
		{"header is null", f.sign("null", f.claims), identity.Malformed, "header"},
		{"header member twice", f.sign(`{"alg":"RS256","alg":"RS256","kid":"`+f.head["kid"].(string)+`"}`, f.claims), identity.Malformed, "header"},
		{"alg is a number", f.sign(f.head.with("alg", 256), f.claims), identity.Malformed, "header"},
		{"header goes on", f.sign(string(jsonOf(f.head))+"{}", f.claims), identity.Malformed, "header"},
		{"a critical extension", f.sign(f.head.with("crit", []string{"b64"}).with("b64", false), f.claims), identity.Malformed, "crit"},
		{"another type", f.sign(f.head.with("typ", "dpop+jwt"), f.claims), identity.Malformed, "typ"},
	}
}

// wrongAlgorithms try to have the key used for something else.
func wrongAlgorithms(f *forge) []wrongToken {
	claims := strings.Split(f.good, ".")[1]
	public := x509.MarshalPKCS1PublicKey(&f.key.PublicKey)
	spki, _ := x509.MarshalPKIXPublicKey(&f.key.PublicKey)
	return []wrongToken{
		{"alg none, unsigned", encode(jsonOf(f.head.with("alg", "none"))) + "." + claims + ".", identity.WrongAlgorithm, "alg"},
		{"alg nOnE, unsigned", encode(jsonOf(f.head.with("alg", "nOnE"))) + "." + claims + ".", identity.WrongAlgorithm, "alg"},
		{"alg none, well signed", f.sign(f.head.with("alg", "none"), f.claims), identity.WrongAlgorithm, "alg"},
		{"no alg", f.sign(f.head.without("alg"), f.claims), identity.WrongAlgorithm, "alg"},
		{"ALG instead of alg", f.sign(f.head.without("alg").with("ALG", "RS256"), f.claims), identity.WrongAlgorithm, "alg"},
		{"rs256 in small letters", f.sign(f.head.with("alg", "rs256"), f.claims), identity.WrongAlgorithm, "alg"},
		{"HS256 with the public key, PEM", hs256(f, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})), identity.WrongAlgorithm, "alg"},
		{"HS256 with the public key, PKCS 1", hs256(f, public), identity.WrongAlgorithm, "alg"},
		{"HS256 with the modulus", hs256(f, f.key.N.Bytes()), identity.WrongAlgorithm, "alg"},
		{"RS512 by the right key", rs512(f), identity.WrongAlgorithm, "alg"},
		{"PS256 by the right key", ps256(f), identity.WrongAlgorithm, "alg"},
	}
}

// wrongKeys are signed by somebody else, or not at all.
func wrongKeys(f *forge) []wrongToken {
	segments := strings.Split(f.good, ".")
	head, claims, sig := segments[0], segments[1], segments[2]
	foreign := &forge{key: foreignKey()}
	return []wrongToken{
		{"foreign key and kid", foreign.sign(f.head.with("kid", "foreign"), f.claims), identity.UnknownKey, "kid"},
		{"foreign key, and the key in the header", foreign.sign(f.head.with("kid", "own").with("jwk", jose.JSONWebKey{Key: foreignKey().Public()}), f.claims), identity.UnknownKey, "kid"},
		{"no kid", f.sign(f.head.without("kid"), f.claims), identity.UnknownKey, "kid"},
		{"kid in other letters", f.sign(f.head.with("kid", strings.ToLower(f.head["kid"].(string))), f.claims), identity.UnknownKey, "kid"},
		{"kid obeyed by a terminal", f.sign(f.head.with("kid", "\x1b[2Jgone\r\n\u202e"), f.claims), identity.UnknownKey, "kid"},
		{"kid is a path", f.sign(f.head.with("kid", "../../keys/0"), f.claims), identity.UnknownKey, "kid"},
		{"foreign key under our kid", foreign.sign(f.head, f.claims), identity.BadSignature, ""},
		{"our kid, and their key in the header", foreign.sign(f.head.with("jwk", jose.JSONWebKey{Key: foreignKey().Public()}), f.claims), identity.BadSignature, ""},
		{"unsigned", head + "." + claims + ".", identity.BadSignature, ""},
		{"signature of zeros", head + "." + claims + "." + encode(make([]byte, 256)), identity.BadSignature, ""},
		{"signature with a leading zero more", head + "." + claims + "." + encode(append([]byte{0}, signature(sig)...)), identity.BadSignature, ""},
		{"claims changed after signing", head + "." + encode(jsonOf(f.claims.with("oid", "root"))) + "." + sig, identity.BadSignature, ""},
		{"header changed after signing", encode(jsonOf(f.head.with("more", 1))) + "." + claims + "." + sig, identity.BadSignature, ""},
		{"claims empty after signing", head + ".." + sig, identity.BadSignature, ""},
	}
}

// wrongForms are well signed, and are not what an access token looks like.
func wrongForms(f *forge) []wrongToken {
	quoted := string(jsonOf(f.claims))
	return []wrongToken{
		{"payload is not JSON", f.sign(f.head, "aud=vault"), identity.Malformed, "payload"},
		{"payload is empty", f.sign(f.head, ""), identity.Malformed, "payload"},
		{"payload is a list", f.sign(f.head, []any{f.claims}), identity.Malformed, "payload"},
		{"payload goes on", f.sign(f.head, quoted+"{}"), identity.Malformed, "payload"},
		{"a claim twice", f.sign(f.head, `{"aud":"https://vault.azure.net",`+quoted[1:]), identity.Malformed, "payload"},
		{"an unknown claim twice", f.sign(f.head, `{"x":1,"x":2,`+quoted[1:]), identity.Malformed, "payload"},
		{"aud is a list", f.claim("aud", []string{vault}), identity.Malformed, "payload"},
		{"aud is a number", f.claim("aud", 7), identity.Malformed, "payload"},
		{"exp is a text", f.claim("exp", "1999999999"), identity.Malformed, "payload"},
		{"exp has a fraction", f.claim("exp", 1999999999.5), identity.Malformed, "payload"},
		{"oid is an object", f.claim("oid", object{"id": "x"}), identity.Malformed, "payload"},
		{"groups is a text", f.claim("groups", "admins"), identity.Malformed, "payload"},
		{"no aud", f.sign(f.head, f.claims.without("aud")), identity.Malformed, "aud"},
		{"AUD instead of aud", f.sign(f.head, f.claims.without("aud").with("AUD", vault)), identity.Malformed, "aud"},
		{"empty aud", f.claim("aud", ""), identity.Malformed, "aud"},
		{"no iss", f.sign(f.head, f.claims.without("iss")), identity.Malformed, "iss"},
		{"no tid", f.sign(f.head, f.claims.without("tid")), identity.Malformed, "tid"},
		{"no oid", f.sign(f.head, f.claims.without("oid")), identity.Malformed, "oid"},
		{"oid is null", f.claim("oid", nil), identity.Malformed, "oid"},
		{"no appid", f.sign(f.head, f.claims.without("appid")), identity.Malformed, "appid"},
		{"no exp", f.sign(f.head, f.claims.without("exp")), identity.Malformed, "exp"},
		{"exp is zero", f.claim("exp", 0), identity.Malformed, "exp"},
		{"exp is beyond all years", f.claim("exp", int64(1)<<62), identity.Malformed, "exp"},
		{"no nbf", f.sign(f.head, f.claims.without("nbf")), identity.Malformed, "nbf"},
		{"nbf is negative", f.claim("nbf", -1), identity.Malformed, "nbf"},
		{"version 2.0", f.claim("ver", "2.0"), identity.Malformed, "ver"},
		{"no version", f.sign(f.head, f.claims.without("ver")), identity.Malformed, "ver"},
	}
}

// wrongValues are access tokens for another time, place or tenant.
func wrongValues(f *forge) []wrongToken {
	now := start.Unix()
	return []wrongToken{
		{"expired", f.claim("exp", now-301), identity.Expired, "exp"},
		{"not yet valid", f.claim("nbf", now+301), identity.NotYetValid, "nbf"},
		{"audience with a slash at its end", f.claim("aud", vault+"/"), identity.WrongAudience, "aud"},
		{"audience in capitals", f.claim("aud", strings.ToUpper(vault)), identity.WrongAudience, "aud"},
		{"audience of the resource manager", f.claim("aud", "https://management.azure.com"), identity.WrongAudience, "aud"},
		{"audience of a managed HSM", f.claim("aud", "https://managedhsm.azure.net"), identity.WrongAudience, "aud"},
		{"audience as a scope", f.claim("aud", vault+"/.default"), identity.WrongAudience, "aud"},
		{"issuer of another tenant", f.claim("iss", "https://sts.windows.net/f8cdef31-a31e-4b4a-93e4-5f571e91255a/"), identity.WrongIssuer, "iss"},
		{"issuer of version 2.0", f.claim("iss", "https://login.microsoftonline.com/"+tenantID+"/v2.0"), identity.WrongIssuer, "iss"},
		{"issuer without its slash", f.claim("iss", "https://sts.windows.net/"+tenantID), identity.WrongIssuer, "iss"},
		{"tid of another tenant", f.claim("tid", "f8cdef31-a31e-4b4a-93e4-5f571e91255a"), identity.WrongIssuer, "tid"},
		{"tid in capitals", f.claim("tid", strings.ToUpper(tenantID)), identity.WrongIssuer, "tid"},
	}
}

func TestWrongTokens(t *testing.T) {
	dir, clock := tenant(t)
	good := token(t, dir, app(t, dir, "billing"))
	f := newForge(t, good, rsaKey())
	v := identity.NewVerifier(dir, vault, tenantID)
	if _, err := v.Verify(f.sign(f.head, f.claims), clock.Now()); err != nil {
		t.Fatalf("the forge cannot make a good token, so it proves nothing: %v", err)
	}
	for _, w := range wrongTokens(f) {
		t.Run(w.name, func(t *testing.T) {
			for range 2 { // the second time too: a refusal is not remembered as anything else
				p, err := v.Verify(w.token, clock.Now())
				var failure *identity.Failure
				if p != nil || !errors.As(err, &failure) {
					t.Fatalf("accepted, or not a Failure: %v, %v", p, err)
				}
				if failure.Reason != w.reason || failure.Claim != w.claim || !errors.Is(err, w.reason) {
					t.Fatalf("got %v of %q, want %v of %q", failure.Reason, failure.Claim, w.reason, w.claim)
				}
				checkFailure(t, failure, w.token)
			}
			if x := v.Explain(w.token, clock.Now()); x.OK() {
				t.Errorf("Explain finds nothing wrong:\n%v", x)
			}
		})
	}
	if n := v.Remembered(); n != 1 {
		t.Errorf("%d tokens remembered, want only the good one", n)
	}
}

// checkFailure holds for every refusal: it is bounded, repeats the header only once
// that is known to be one, and never the claims or the signature.
func checkFailure(t *testing.T, f *identity.Failure, token string) {
	t.Helper()
	header, rest, _ := strings.Cut(token, ".")
	late := f.Reason > identity.Malformed || f.Claim != "" && f.Claim != "header" && f.Claim != "typ" && f.Claim != "crit"
	if late != (f.Header != "") || f.Header != "" && f.Header != header {
		t.Errorf("%v of %q has header %q", f.Reason, f.Claim, f.Header)
	}
	text := f.Error()
	if len(text) > 1000 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("the text is not fit for a log: %q", text)
	}
	for segment := range strings.SplitSeq(rest, ".") {
		if len(segment) > 10 && strings.Contains(text, segment) {
			t.Errorf("the text shows the token: %s", text)
		}
	}
}

// TestFirstFaultDecides pairs faults: the check that comes first answers.
func TestFirstFaultDecides(t *testing.T) {
	dir, clock := tenant(t)
	f := newForge(t, token(t, dir, app(t, dir, "billing")), rsaKey())
	foreign := &forge{key: foreignKey()}
	v := identity.NewVerifier(dir, vault, tenantID)
	all := f.claims.with("exp", start.Unix()-301).with("aud", "other").with("iss", "other")
	for _, c := range []struct {
		name  string
		token string
		want  identity.Reason
	}{
		{"algorithm before key", foreign.sign(f.head.with("alg", "none").with("kid", "x"), all), identity.WrongAlgorithm},
		{"key before signature", foreign.sign(f.head.with("kid", "x"), all), identity.UnknownKey},
		{"signature before claims", foreign.sign(f.head, all), identity.BadSignature},
		{"missing claims before times", f.sign(f.head, all.without("oid")), identity.Malformed},
		{"times before audience", f.sign(f.head, all), identity.Expired},
		{"audience before issuer", f.sign(f.head, all.with("exp", start.Unix())), identity.WrongAudience},
	} {
		if _, err := v.Verify(c.token, clock.Now()); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// strayBits is another spelling of the same bytes: the last character of a 256-byte
// signature has four bits that decode to nothing.
func strayBits(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last^1])
}

func signature(segment string) []byte {
	b, err := decodeSegment(segment)
	if err != nil {
		panic(err)
	}
	return b
}

func hs256(f *forge, key []byte) string {
	input := encode(jsonOf(f.head.with("alg", "HS256"))) + "." + encode(jsonOf(f.claims))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(input))
	return input + "." + encode(mac.Sum(nil))
}

func rs512(f *forge) string {
	input := encode(jsonOf(f.head.with("alg", "RS512"))) + "." + encode(jsonOf(f.claims))
	sum := sha512.Sum512([]byte(input))
	sig, err := rsa.SignPKCS1v15(nil, f.key, stdcrypto.SHA512, sum[:])
	if err != nil {
		panic(err)
	}
	return input + "." + encode(sig)
}

func ps256(f *forge) string {
	input := encode(jsonOf(f.head.with("alg", "PS256"))) + "." + encode(jsonOf(f.claims))
	sum := sha256.Sum256([]byte(input))
	sig, err := rsa.SignPSS(rand.Reader, f.key, stdcrypto.SHA256, sum[:], nil)
	if err != nil {
		panic(err)
	}
	return input + "." + encode(sig)
}

// encrypted is the claims as a JSON Web Encryption to the verifier's own public key.
func encrypted(f *forge) string {
	e, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.RSA_OAEP, Key: f.key.Public()}, nil)
	if err != nil {
		panic(err)
	}
	jwe, err := e.Encrypt(jsonOf(f.claims))
	if err != nil {
		panic(err)
	}
	compact, err := jwe.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return compact
}
