package hsm

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
)

// AttestationVersion is the version of the statements that Attest makes.
const AttestationVersion = "EMBEDVAULT-1"

// Attestation is the attribute attestation of a key: what a module states
// about it, with the certificates to check that. It holds nothing secret.
//
// A statement is a compact JWS (RFC 7515) by ES256, whose payload is JSON. The
// two name the same key: PrivateKeyAttestation says where it comes from and
// whether it may leave, PublicKeyAttestation what its public part is. Verify
// reads them.
type Attestation struct {
	CertificatePEMFile    []byte // the chain from the signing certificate to the root, PEM
	PrivateKeyAttestation []byte // statement on the private key
	PublicKeyAttestation  []byte // statement on the public key; nil for a symmetric key
	Version               string // AttestationVersion
}

// identity is what a module attests with. It follows from the domain, so a
// module to which the domain was restored attests under the same root.
type identity struct {
	root  *x509.Certificate
	chain []byte // PEM
	key   *ecdsa.PrivateKey
}

// The certificates have no end, RFC 5280 4.1.2.5: the module tells no time,
// and checking them needs none.
var (
	notBefore = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	notAfter  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

func (d *domain) newIdentity() (*identity, error) {
	rootKey, err := d.deriveECDSA("attestation root")
	if err != nil {
		return nil, err
	}
	defer wipeECDSA(rootKey)
	key, err := d.deriveECDSA("attestation key")
	if err != nil {
		return nil, err
	}
	root := certificate(d.id, "root", 1)
	root.IsCA, root.BasicConstraintsValid, root.MaxPathLenZero = true, true, true
	root.KeyUsage = x509.KeyUsageCertSign
	rootDER, err := x509.CreateCertificate(nil, root, root, &rootKey.PublicKey, rootKey)
	if err != nil {
		return nil, err
	}
	leaf := certificate(d.id, "key attestation", 2)
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leafDER, err := x509.CreateCertificate(nil, leaf, root, &key.PublicKey, rootKey)
	if err != nil {
		return nil, err
	}
	if root, err = x509.ParseCertificate(rootDER); err != nil {
		return nil, err
	}
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leafDER})
	chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER})...)
	d.attest = key
	return &identity{root, chain, key}, nil
}

// certificate is what both certificates of the module with this id share.
func certificate(id, role string, serial int64) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{Organization: []string{"embedvault simulated HSM"}, SerialNumber: id, CommonName: role},
		NotBefore:    notBefore, NotAfter: notAfter,
	}
}

// wipeECDSA overwrites the number of the key, not what the standard library
// made of it.
func wipeECDSA(k *ecdsa.PrivateKey) {
	//lint:ignore SA1019 There is no other way to reach the number.
	words := k.D.Bits()
	clear(words[:cap(words)])
}

// Root returns the certificate that the module's attestations end at. It
// follows from the domain and is shared: it is not to be changed. A module that
// was tampered with has none: errs.HardwareTampered.
func (m *Module) Root() (*x509.Certificate, error) {
	d, err := m.borrow()
	if err != nil {
		return nil, err
	}
	defer m.giveBack(d)
	id, err := d.identity()
	if err != nil {
		return nil, err
	}
	return id.root, nil
}

// statement is the payload of both statements.
type statement struct {
	Part         string          `json:"part"` // "private" or "public"
	Module       string          `json:"module"`
	Name         string          `json:"name"`
	Platform     string          `json:"platform"`
	KID          string          `json:"kid"`
	Handle       string          `json:"handle"`
	Type         crypto.KeyType  `json:"kty"`
	Size         int             `json:"key_size,omitempty"`
	Curve        crypto.Curve    `json:"crv,omitempty"`
	Origin       Origin          `json:"origin,omitempty"`
	Exportable   bool            `json:"exportable"`
	Public       json.RawMessage `json:"public,omitempty"`
	PublicSHA256 string          `json:"public_sha256,omitempty"` // of the JSON of Public, in the private statement
}

// Attest states what the module knows of one of its keys. kid is the key's URL
// and becomes part of the statements, so that they cannot be shown for
// another key. A key that is not in this module is errs.BadParameter; a module in
// trouble answers as the package comment says.
func (m *Module) Attest(ctx context.Context, p crypto.Private, kid string) (Attestation, error) {
	k, err := m.own(p)
	if err != nil {
		return Attestation{}, err
	}
	if err := m.admit(ctx, 0, crypto.Spec{}); err != nil {
		return Attestation{}, err
	}
	d, err := m.borrow()
	if err != nil {
		return Attestation{}, err
	}
	defer m.giveBack(d)
	id, err := d.identity()
	if err != nil {
		return Attestation{}, err
	}
	private := statement{
		Part: "private", Module: d.id, Name: m.name, Platform: m.platform, KID: kid,
		Handle: base64.RawURLEncoding.EncodeToString(k.label.handle[:]),
		Type:   k.label.spec.Type, Size: k.label.spec.Size, Curve: k.label.spec.Curve,
		Origin: k.label.origin, Exportable: k.label.exportable,
	}
	a := Attestation{CertificatePEMFile: append([]byte(nil), id.chain...), Version: AttestationVersion}
	if k.label.spec.Type != crypto.KeyTypeOctHSM {
		public := private
		public.Part, public.Origin = "public", ""
		public.Public = k.Public().AppendJSON(nil)
		private.PublicSHA256 = sum(public.Public)
		if a.PublicKeyAttestation, err = id.state(public); err != nil {
			return Attestation{}, err
		}
	}
	a.PrivateKeyAttestation, err = id.state(private)
	return a, err
}

// own returns the key if it is one of this module.
func (m *Module) own(p crypto.Private) (*key, error) {
	k, ok := p.(*key)
	if !ok || k.module != m {
		return nil, errs.NewInvalidProperty("key", "The key is not in this module")
	}
	return k, nil
}

// jwsHeader is the one header that statements have, as it is signed.
var jwsHeader = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","typ":"key-attestation+jws"}`))

// half is the length of one of the two numbers of an ES256 signature.
const half = 32

// state signs a statement.
func (id *identity) state(s statement) ([]byte, error) {
	payload, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	signed := append([]byte(jwsHeader), '.')
	signed = base64.RawURLEncoding.AppendEncode(signed, payload)
	digest := sha256.Sum256(signed)
	r, v, err := ecdsa.Sign(rand.Reader, id.key, digest[:])
	if err != nil {
		return nil, err
	}
	signature := make([]byte, 2*half)
	r.FillBytes(signature[:half])
	v.FillBytes(signature[half:])
	return base64.RawURLEncoding.AppendEncode(append(signed, '.'), signature), nil
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(h[:])
}
