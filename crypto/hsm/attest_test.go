package hsm_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/hsm"
)

const attestedID = "https://a.vault.azure.net/keys/k/1"

func attest(t *testing.T, m *hsm.Module, p crypto.Private) hsm.Attestation {
	t.Helper()
	a, err := m.Attest(t.Context(), p, attestedID)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func root(t *testing.T, m *hsm.Module) *x509.Certificate {
	t.Helper()
	c, err := m.Root()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestAttest: what is stated is what the key is, whatever way it came in.
func TestAttest(t *testing.T) {
	m := newModule(t, hsm.Options{Name: "seven", Platform: "2"})
	for _, s := range everySpec {
		kek, w := transfer(t, m, cryptotest.JWK(t, s))
		transferred, err := m.Driver(false).ImportTransfer(t.Context(), kek, w, crypto.JWK{Kty: s.HSM().Type, Crv: s.Curve})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			p          crypto.Private
			origin     hsm.Origin
			exportable bool
		}{
			{generate(t, m.Driver(false), s.HSM()), hsm.Generated, false},
			{fixed(t, m.Driver(true), s), hsm.Imported, true},
			{transferred, hsm.Transferred, false},
		} {
			a := attest(t, m, c.p)
			got, err := hsm.Verify(a, root(t, m))
			if err != nil {
				t.Fatalf("%v: %v", s, err)
			}
			if got.Public.String() != c.p.Public().String() || got.Spec != c.p.Spec() || got.Origin != c.origin ||
				got.Exportable != c.exportable || got.KID != attestedID || got.Name != "seven" || got.Platform != "2" || got.Module == "" {
				t.Errorf("%v: %+v", s, got)
			}
			if symmetric := s.Type == crypto.KeyTypeOct; symmetric != (a.PublicKeyAttestation == nil) {
				t.Errorf("%v: a statement of %d bytes on the public key", s, len(a.PublicKeyAttestation))
			}
		}
	}
}

// TestAttestationIsJWS: another implementation of RFC 7515 and the certificate
// alone are enough to check a statement.
func TestAttestationIsJWS(t *testing.T) {
	m := newModule(t, hsm.Options{})
	a := attest(t, m, generate(t, m.Driver(false), crypto.EC(crypto.P256).HSM()))
	block, rest := pem.Decode(a.CertificatePEMFile)
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if block, rest = pem.Decode(rest); block == nil || len(rest) != 0 || !bytes.Equal(block.Bytes, root(t, m).Raw) {
		t.Error("the chain does not end at the root")
	}
	for _, statement := range [][]byte{a.PrivateKeyAttestation, a.PublicKeyAttestation} {
		jws, err := jose.ParseSignedCompact(string(statement), []jose.SignatureAlgorithm{jose.ES256})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jws.Verify(leaf.PublicKey); err != nil {
			t.Error(err)
		}
	}
}

// TestRootFollowsDomain: the root survives tampering, and comes along when the
// domain is restored elsewhere.
func TestRootFollowsDomain(t *testing.T) {
	m, other := newModule(t, hsm.Options{}), newModule(t, hsm.Options{})
	before := root(t, m)
	if bytes.Equal(before.Raw, root(t, other).Raw) {
		t.Fatal("two modules have one root")
	}
	if root(t, m) != before {
		t.Error("the root is made again")
	}
	move(t, m, other)
	if !bytes.Equal(before.Raw, root(t, other).Raw) {
		t.Error("a restored module has another root")
	}
	p := generate(t, other.Driver(false), crypto.Oct(256).HSM())
	if _, err := hsm.Verify(attest(t, other, p), before); err != nil {
		t.Error(err)
	}
	if _, err := m.Attest(t.Context(), p, attestedID); err == nil {
		t.Error("a module attests a key of another")
	}
}

// forgery is an attestation under a root of the forger's own.
type forgery struct {
	leaf, ca *x509.Certificate
	typ      string                      // of the header
	edit     func(payload string) string // nil keeps the statements as they are
}

// forge makes an attestation that is sound but for its chain, its type and
// what was edited, and the root it ends at.
func forge(t *testing.T, a hsm.Attestation, f forgery) (hsm.Attestation, *x509.Certificate) {
	t.Helper()
	caKey, key := newECDSA(t), newECDSA(t)
	caDER, err := x509.CreateCertificate(rand.Reader, f.ca, f.ca, &caKey.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, f.leaf, f.ca, &key.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := x509.ParseCertificate(caDER)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []*[]byte{&a.PrivateKeyAttestation, &a.PublicKeyAttestation} {
		payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(string(*statement), ".")[1])
		if f.edit != nil {
			payload = []byte(f.edit(string(payload)))
		}
		*statement = signJWS(t, key, f.typ, payload)
	}
	a.CertificatePEMFile = append(pemOf(leafDER), pemOf(caDER)...)
	return a, ca
}

func newECDSA(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func pemOf(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}) }

func signJWS(t *testing.T, key *ecdsa.PrivateKey, typ string, payload []byte) []byte {
	t.Helper()
	opts := (&jose.SignerOptions{}).WithType(jose.ContentType(typ))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, opts)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return []byte(compact)
}

// TestVerifyForged: against the forger's own root, so that only the rest of
// the checks stands between a forgery and belief.
func TestVerifyForged(t *testing.T) {
	m := newModule(t, hsm.Options{})
	good := attest(t, m, generate(t, m.Driver(false), crypto.EC(crypto.P256).HSM()))
	other := generate(t, m.Driver(false), crypto.EC(crypto.P256).HSM()).Public().String()
	const typ = "key-attestation+jws"
	for _, c := range []struct {
		name string
		f    forgery
		good bool
	}{
		{"as it is", forgery{leaf(), authority(root(t, m)), typ, nil}, true},
		{"another type", forgery{leaf(), authority(root(t, m)), "JWT", nil}, false},
		{"another use", forgery{with(leaf(), func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), authority(root(t, m)), typ, nil}, false},
		{"an authority as leaf", forgery{with(leaf(), func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }), authority(root(t, m)), typ, nil}, false},
		{"no JSON", forgery{leaf(), authority(root(t, m)), typ, func(string) string { return "{" }}, false},
		{"two public parts", forgery{leaf(), authority(root(t, m)), typ, func(p string) string { return strings.Replace(p, `"private"`, `"public"`, 1) }}, false},
		{"two private parts", forgery{leaf(), authority(root(t, m)), typ, func(p string) string { return strings.Replace(p, `"public"`, `"private"`, 1) }}, false},
		{"another public key", forgery{leaf(), authority(root(t, m)), typ, func(p string) string {
			if at := strings.Index(p, `"public":{`); at >= 0 {
				return p[:at] + `"public":` + other + "}"
			}
			return p
		}}, false},
		{"another kind of public key", forgery{leaf(), authority(root(t, m)), typ, func(p string) string { return strings.Replace(p, `"crv":"P-256"`, `"crv":7`, 1) }}, false},
	} {
		a, ca := forge(t, good, c.f)
		if s, err := hsm.Verify(a, ca); (err == nil) != c.good {
			t.Errorf("%s: %+v, %v", c.name, s, err)
		}
	}
}

// leaf is a certificate as the module's, authority one as its root.
func leaf() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "key attestation"},
		NotBefore: year(2020), NotAfter: year(2100), KeyUsage: x509.KeyUsageDigitalSignature,
	}
}

func authority(like *x509.Certificate) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: like.Subject, RawSubject: like.RawSubject, SubjectKeyId: like.SubjectKeyId,
		NotBefore: year(2020), NotAfter: year(2100), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
}

func year(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }

// with returns v after a change.
func with[T any](v T, change func(T)) T {
	change(v)
	return v
}

func TestVerifyRefuses(t *testing.T) {
	m, other := newModule(t, hsm.Options{}), newModule(t, hsm.Options{})
	ec, ec2 := generate(t, m.Driver(false), crypto.EC(crypto.P256).HSM()), generate(t, m.Driver(false), crypto.EC(crypto.P256).HSM())
	oct := generate(t, m.Driver(false), crypto.Oct(256).HSM())
	good, good2, goodOct, foreign := attest(t, m, ec), attest(t, m, ec2), attest(t, m, oct), attest(t, other, generate(t, other.Driver(false), crypto.EC(crypto.P256).HSM()))
	renamed, err := m.Attest(t.Context(), ec, "https://a.vault.azure.net/keys/other/1")
	if err != nil {
		t.Fatal(err)
	}
	anchor := root(t, m)
	forged, _ := forge(t, good, forgery{leaf(), authority(anchor), "key-attestation+jws", nil})
	but := func(a hsm.Attestation, change func(*hsm.Attestation)) hsm.Attestation {
		change(&a)
		return a
	}
	for name, a := range map[string]hsm.Attestation{
		"empty":            {},
		"another module's": foreign,
		"another version":  but(good, func(a *hsm.Attestation) { a.Version = "MRVL-1" }),
		"no chain":         but(good, func(a *hsm.Attestation) { a.CertificatePEMFile = nil }),
		"the root alone": but(good, func(a *hsm.Attestation) {
			a.CertificatePEMFile = pemOf(anchor.Raw)
		}),
		"a forged root":          forged,
		"another module's chain": but(good, func(a *hsm.Attestation) { a.CertificatePEMFile = foreign.CertificatePEMFile }),
		"a chain that is too long": but(good, func(a *hsm.Attestation) {
			a.CertificatePEMFile = append(bytes.Clone(a.CertificatePEMFile), make([]byte, 17<<10)...)
		}),
		"no private statement": but(good, func(a *hsm.Attestation) { a.PrivateKeyAttestation = nil }),
		"no public statement":  but(good, func(a *hsm.Attestation) { a.PublicKeyAttestation = nil }),
		"the statements exchanged": but(good, func(a *hsm.Attestation) {
			a.PrivateKeyAttestation, a.PublicKeyAttestation = a.PublicKeyAttestation, a.PrivateKeyAttestation
		}),
		"another key's public part": but(good, func(a *hsm.Attestation) { a.PublicKeyAttestation = good2.PublicKeyAttestation }),
		"another URL's public part": but(good, func(a *hsm.Attestation) { a.PublicKeyAttestation = renamed.PublicKeyAttestation }),
		"a symmetric key with one":  but(goodOct, func(a *hsm.Attestation) { a.PublicKeyAttestation = good.PublicKeyAttestation }),
		"another key's private":     but(good, func(a *hsm.Attestation) { a.PrivateKeyAttestation = good2.PrivateKeyAttestation }),
		"unsigned": but(good, func(a *hsm.Attestation) {
			a.PrivateKeyAttestation = a.PrivateKeyAttestation[:bytes.LastIndexByte(a.PrivateKeyAttestation, '.')+1]
		}),
		"alg none": but(good, func(a *hsm.Attestation) { a.PrivateKeyAttestation = algNone(a.PrivateKeyAttestation) }),
		"a statement too long": but(good, func(a *hsm.Attestation) {
			a.PrivateKeyAttestation = append(bytes.Clone(a.PrivateKeyAttestation), bytes.Repeat([]byte{'A'}, 17<<10)...)
		}),
	} {
		if s, err := hsm.Verify(a, anchor); err == nil || s.KID != "" || s.Module != "" {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	for i := range good.PrivateKeyAttestation {
		a := but(good, func(a *hsm.Attestation) {
			a.PrivateKeyAttestation = bytes.Clone(a.PrivateKeyAttestation)
			a.PrivateKeyAttestation[i] ^= 1
		})
		if i%7 == 0 || i > len(good.PrivateKeyAttestation)-3 {
			if _, err := hsm.Verify(a, anchor); err == nil {
				t.Errorf("verifies with byte %d changed", i)
			}
		}
	}
	if _, err := hsm.Verify(good, nil); err == nil {
		t.Error("verifies without a root")
	}
	if _, err := hsm.Verify(good, root(t, other)); err == nil {
		t.Error("verifies against another root")
	}
	if _, err := hsm.Verify(good, anchor); err != nil {
		t.Errorf("the original: %v", err)
	}
}

func algNone(statement []byte) []byte {
	parts := strings.Split(string(statement), ".")
	return []byte(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".")
}
