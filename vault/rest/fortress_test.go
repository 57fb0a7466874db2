package rest_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/internal/entropy"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
)

// fortressHost is where the Managed HSM of tests is.
const fortressHost = "fortress.managedhsm.azure.net"

// storage knows one container, https://acct.blob.core.windows.net/backups.
func storage() func(context.Context, string, vault.Value) (vault.BlobContainer, error) {
	all := vault.MemoryStorage()
	return func(ctx context.Context, uri string, sas vault.Value) (vault.BlobContainer, error) {
		if uri != "https://acct.blob.core.windows.net/backups" {
			return nil, fs.ErrNotExist
		}
		return all(ctx, uri, sas)
	}
}

// createHSM makes the Managed HSM of a name in a scene, in which "reader" is an auditor.
func (s *scene) createHSM(t testing.TB, name string) *vault.ManagedHSM {
	t.Helper()
	h, err := s.svc.CreateManagedHSM(t.Context(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = h.SetRBAC(t.Context(), vault.RBAC{Assignments: []policy.RoleAssignment{{
		ID: "00000000-0000-0000-0000-0000000000aa", Role: policy.ManagedHSMCryptoAuditor, PrincipalID: "reader", Scope: "/",
	}}})
	if err != nil {
		t.Fatal(err)
	}
	s.masks = true
	return h
}

// test is a key that only tests have.
func testKey(t testing.TB, index int) *rsa.PrivateKey {
	t.Helper()
	key, err := entropy.Shared().RSA(2048, 3000+index)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// holders are three who hold the shares of a security domain.
func holders(t testing.TB) (all []hsm.DomainHolder) {
	t.Helper()
	for i := range 3 {
		key := testKey(t, i)
		draft := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: "holder"}}
		der, err := x509.CreateCertificate(rand.Reader, draft, draft, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, hsm.DomainHolder{Certificate: c, Key: key})
	}
	return all
}

// certificates are the holders as a request names them.
func certificates(t testing.TB) string {
	t.Helper()
	var all []map[string]any
	for _, h := range holders(t) {
		all = append(all, map[string]any{"kty": "RSA", "x5c": []string{base64.StdEncoding.EncodeToString(h.Certificate.Raw)}})
	}
	return asJSON(t, all)
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// fill puts into a request what cannot stand in a script:
//
//	{v1}, {b1} …     what stood in the answers before
//	{target}         what the attestor says of an enclave; {wrong target}, of something else
//	{wrapped}        an EC key, wrapped to the key kek of the vault contoso
//	{certificates}   those of three who hold a security domain
//	{domain}         the first security domain that was downloaded, for the Managed HSM bastion
func (s *scene) fill(t testing.TB, text string) string {
	t.Helper()
	text = variable.ReplaceAllStringFunc(text, func(name string) string {
		var list byte
		var n int
		fmt.Sscanf(name, "{%c%d}", &list, &n)
		said := s.versions
		if list == 'b' {
			said = s.masked
		}
		if n > len(said) {
			t.Errorf("no answer has said %s", name)
			return name
		}
		return said[n-1]
	})
	for name, make := range map[string]func() (string, error){
		"{target}": func() (string, error) {
			return s.attestor.Token(map[string]any{"tee": "enclave"}, &testKey(t, 9).PublicKey)
		},
		"{wrong target}": func() (string, error) {
			return s.attestor.Token(map[string]any{"tee": "none"}, &testKey(t, 9).PublicKey)
		},
		"{wrapped}":      func() (string, error) { return s.wrapped(t) },
		"{certificates}": func() (string, error) { return certificates(t), nil },
		"{domain}":       func() (string, error) { return s.domain(t) },
	} {
		if !strings.Contains(text, name) {
			continue
		}
		value, err := make()
		if err != nil {
			t.Fatal(err)
		}
		text = strings.ReplaceAll(text, name, value)
	}
	return text
}

// wrapped is a key as it is brought to the vault.
func (s *scene) wrapped(t testing.TB) (string, error) {
	t.Helper()
	kek, err := s.vault.As(vault.Owner()).GetKey(t.Context(), "kek")
	if err != nil {
		return "", err
	}
	to, err := kek.JWK.PublicKey()
	if err != nil {
		return "", err
	}
	w, err := hsm.WrapTransfer(to.(*rsa.PublicKey), kek.ID.String(), cryptotest.JWK(t, crypto.EC(crypto.P256)), "a test")
	return encoded(w.JSON()), err
}

// domain is the security domain that was downloaded, as its holders hand it to bastion: JSON of a text.
func (s *scene) domain(t testing.TB) (string, error) {
	t.Helper()
	at := slices.IndexFunc(s.masked, func(text string) bool { return strings.HasPrefix(text, `{\"`) })
	if at < 0 {
		t.Fatal("no domain was downloaded")
	}
	var blob string
	if err := json.Unmarshal([]byte(`"`+s.masked[at]+`"`), &blob); err != nil {
		return "", err
	}
	key, err := s.svc.LookupManagedHSM("bastion").As(vault.Owner()).GetSecurityDomainTransferKey(t.Context())
	if err != nil {
		return "", err
	}
	out, err := hsm.RewrapDomain([]byte(blob), key.Certificate, holders(t))
	return asJSON(t, string(out)), err
}

// chance are the members whose texts are long and differ from run to run.
var chance = regexp.MustCompile(`"(?:value|transfer_key|iv|tag|n|x|y|x5t|x5t#S256|certificatePemFile|privateKeyAttestation|publicKeyAttestation)":"((?:[^"\\]|\\.){16,})"|"x5c":\["([^"]+)"\]`)

// mask replaces the texts of such members by {b1}, {b2} … in the order in which they appear, unless a request has said them.
func (s *scene) mask(text string) string {
	for _, m := range chance.FindAllStringSubmatch(text, -1) {
		value := m[1] + m[2]
		if strings.Contains(s.asked, value) {
			continue
		}
		i := slices.Index(s.masked, value)
		if i < 0 {
			i = len(s.masked)
			s.masked = append(s.masked, value)
		}
		text = strings.ReplaceAll(text, `"`+value+`"`, fmt.Sprintf(`"{b%d}"`, i+1))
	}
	return text
}

// isKnownGUID tells whether a GUID is the same in every run.
func (s *scene) isKnownGUID(id string) bool {
	return s.masks && (strings.Contains(s.asked, id) ||
		slices.ContainsFunc(policy.HSMRoles(), func(d policy.RoleDefinition) bool { return d.ID == id }))
}

func newAttestor(t testing.TB, s *scene) *identity.Attestor {
	return identity.NewAttestor(&identity.AttestorOptions{
		Authority: "https://attest.example", Now: s.now,
		NewKey: func() (*rsa.PrivateKey, error) { return testKey(t, 10), nil },
	})
}
