package hsm_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
)

// The JWK of a transfer key is one for go-jose, and ours again.
func TestTransferKey(t *testing.T) {
	made := errors.New("no key")
	for name, m := range map[string]*hsm.Module{
		"keys of the tests": newModule(t, hsm.Options{}),
		"a new key":         must(t)(hsm.New(nil)),
	} {
		k, err := m.NewTransferKey()
		if err != nil {
			t.Fatal(err)
		}
		c := k.Certificate()
		if err := c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature); err != nil || c.PublicKey.(*rsa.PublicKey).N.BitLen() != 2048 {
			t.Errorf("%s: %v", name, err)
		}
		var j jose.JSONWebKey
		if err := json.Unmarshal(k.JWK(), &j); err != nil || !j.Valid() || !j.IsPublic() || j.Algorithm != "RSA-OAEP-256" || !j.Certificates[0].Equal(c) {
			t.Errorf("%s: %s: %v", name, k.JWK(), err)
		}
		if again, err := hsm.ParseDomainCertificate(k.JWK()); err != nil || !again.Equal(c) {
			t.Errorf("%s: %v", name, err)
		}
	}
	m := newModule(t, hsm.Options{RSA: func(int) (*rsa.PrivateKey, error) { return nil, made }})
	if _, err := m.NewTransferKey(); !errors.Is(err, made) {
		t.Error(err)
	}
}

func must(tb testing.TB) func(*hsm.Module, error) *hsm.Module {
	return func(m *hsm.Module, err error) *hsm.Module {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return m
	}
}

// holderJWK is what clients send for a holder.
func holderJWK(h hsm.DomainHolder) map[string]any {
	return map[string]any{
		"kty": "RSA", "alg": "RSA-OAEP-256", "key_ops": []string{"verify", "encrypt", "wrapKey"},
		"n": base64.RawURLEncoding.EncodeToString(h.Key.N.Bytes()), "e": "AQAB",
		"x5c":      []string{base64.StdEncoding.EncodeToString(h.Certificate.Raw)},
		"x5t#S256": thumbprint(h.Certificate),
	}
}

func TestParseDomainCertificate(t *testing.T) {
	h, other := holder(t, 2048, 0), holder(t, 2048, 1)
	n := base64.RawURLEncoding.EncodeToString(append([]byte{0}, h.Key.N.Bytes()...))
	x5c := func(c *x509.Certificate) []string { return []string{base64.StdEncoding.EncodeToString(c.Raw)} }
	for name, c := range map[string]struct {
		member string
		value  any // nil takes the member away
		good   bool
	}{
		"as it is":                    {"kid", "CN=holder", true},
		"leading zeros":               {"n", n, true},
		"no numbers":                  {"n", nil, true},
		"no thumbprint":               {"x5t#S256", nil, true},
		"a chain":                     {"x5c", append(x5c(h.Certificate), "of which the rest is not read"), true},
		"no certificate":              {"x5c", nil, false},
		"an empty chain":              {"x5c", []string{}, false},
		"no base64":                   {"x5c", []string{"-"}, false},
		"no DER":                      {"x5c", []string{"AAAA"}, false},
		"an EC certificate":           {"x5c", x5c(ecCertificate(t)), false},
		"the certificate of another":  {"x5c", x5c(other.Certificate), false},
		"the number of another":       {"n", base64.RawURLEncoding.EncodeToString(other.Key.N.Bytes()), false},
		"no number":                   {"n", "*", false},
		"another exponent":            {"e", "Aw", false},
		"the thumbprint of another":   {"x5t#S256", thumbprint(other.Certificate), false},
		"another type":                {"kty", "EC", false},
		"no type":                     {"kty", nil, false},
		"a chain that is not a chain": {"x5c", "AAAA", false},
		"too long":                    {"kid", strings.Repeat("x", 32<<10), false},
	} {
		j := holderJWK(h)
		if c.value == nil {
			delete(j, c.member)
		} else {
			j[c.member] = c.value
		}
		text, err := json.Marshal(j)
		if err != nil {
			t.Fatal(err)
		}
		got, err := hsm.ParseDomainCertificate(text)
		if c.good && (err != nil || !bytes.Equal(got.Raw, h.Certificate.Raw)) || !c.good && !errors.Is(err, errs.BadParameter) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCeremonySecrecy: what takes part in a ceremony shows nothing of its keys,
// by any verb, as JSON, as XML or in a log.
func TestCeremonySecrecy(t *testing.T) {
	h := holder(t, 2048, 0)
	m := newModule(t, hsm.Options{RSA: func(int) (*rsa.PrivateKey, error) { return h.Key, nil }})
	k, err := m.NewTransferKey()
	if err != nil {
		t.Fatal(err)
	}
	type embeds struct{ hsm.DomainHolder }
	for _, v := range []any{k, *k, &k, h, &h, []hsm.DomainHolder{h}, map[string]hsm.DomainHolder{"a": h}, embeds{h}, struct{ Holder *hsm.DomainHolder }{&h}} {
		asXML, _ := xml.Marshal(v)
		shown := show(v) + string(asXML)
		for name, secret := range map[string][]byte{"d": h.Key.D.Bytes(), "p": h.Key.Primes[0].Bytes(), "q": h.Key.Primes[1].Bytes(), "dp": h.Key.Precomputed.Dp.Bytes()} {
			for form, spelling := range spellings(secret) {
				if strings.Contains(shown, spelling) {
					t.Errorf("%T shows %s as %s", v, name, form)
				}
			}
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			if shown := fmt.Sprintf(verb, v); len(shown) > 200 {
				t.Errorf("%s of %T: %.300s", verb, v, shown)
			}
		}
	}
}
