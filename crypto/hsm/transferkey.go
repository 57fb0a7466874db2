package hsm

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/primitive"
)

// transferBits is the size of a transfer key.
const transferBits = 2048

// TransferKey is the key that a security domain is encrypted to on its way into
// a module. The private part is that module's, and is kept in memory alone: a
// domain that was encrypted to a key that is gone is encrypted again to a new
// one. Module.NewTransferKey makes one; the zero value has no certificate, and
// its JWK panics.
type TransferKey struct {
	module      *Module
	private     *rsa.PrivateKey
	certificate *x509.Certificate
}

// NewTransferKey makes an RSA key of 2048 bits with a certificate that it signed
// itself. A module that was tampered with makes one too: it waits for its domain.
func (m *Module) NewTransferKey() (*TransferKey, error) {
	private, err := m.newTransferRSA()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:   pkix.Name{Organization: []string{"embedvault simulated HSM"}, CommonName: "security domain transfer"},
		NotBefore: notBefore, NotAfter: notAfter,
		KeyUsage: x509.KeyUsageKeyEncipherment,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &TransferKey{m, private, certificate}, nil
}

func (m *Module) newTransferRSA() (*rsa.PrivateKey, error) {
	if m.rsa != nil {
		return m.rsa(transferBits)
	}
	return primitive.GenerateRSA(transferBits, 65537)
}

// Certificate returns the certificate, which RewrapDomain takes. It is shared: it is not to be changed.
func (k *TransferKey) Certificate() *x509.Certificate { return k.certificate }

// JWK returns the public part with the certificate, in the form that
// ParseDomainCertificate reads.
func (k *TransferKey) JWK() []byte {
	short, long := sha1.Sum(k.certificate.Raw), sum(k.certificate.Raw)
	text, _ := json.Marshal(wireCertificate{ // strings always marshal
		KID: long, Kty: "RSA", KeyOps: []string{"verify", "encrypt", "wrapKey"},
		N:   base64.RawURLEncoding.EncodeToString(k.private.N.Bytes()),
		E:   base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.private.E)).Bytes()),
		X5C: []string{base64.StdEncoding.EncodeToString(k.certificate.Raw)}, Use: "enc",
		X5T: base64.RawURLEncoding.EncodeToString(short[:]), X5TS256: long, Alg: "RSA-OAEP-256",
	})
	return text
}

// Format writes nothing of the key, for every verb.
func (TransferKey) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprint(f, "security domain transfer key")
}

// maxCertificateJWK bounds what ParseDomainCertificate reads.
const maxCertificateJWK = 32 << 10

// wireCertificate is the JWK of a certificate as it is written.
type wireCertificate struct {
	KID     string   `json:"kid,omitempty"`
	Kty     string   `json:"kty"`
	KeyOps  []string `json:"key_ops,omitempty"`
	N       string   `json:"n,omitempty"`
	E       string   `json:"e,omitempty"`
	X5C     []string `json:"x5c"`
	Use     string   `json:"use,omitempty"`
	X5T     string   `json:"x5t,omitempty"`
	X5TS256 string   `json:"x5t#S256,omitempty"`
	Alg     string   `json:"alg,omitempty"`
}

// ParseDomainCertificate reads the certificate of a holder or of a transfer key
// from its JWK: the first of the member x5c. It has an RSA key of 2048 to 4096
// bits. The members n, e and x5t#S256 may be absent, but are not of something
// else. Any other JWK, such as one without a certificate or of more than 32 KiB,
// is errs.BadParameter.
func ParseDomainCertificate(jwk []byte) (*x509.Certificate, error) {
	var wire wireCertificate
	if len(jwk) > maxCertificateJWK || json.Unmarshal(jwk, &wire) != nil || wire.Kty != "RSA" {
		return nil, errs.NewInvalidProperty("certificates", "A certificate is a JWK of type RSA")
	}
	if len(wire.X5C) == 0 {
		return nil, errs.NewInvalidProperty("certificates", "The JWK has no certificate in x5c")
	}
	der, err := base64.StdEncoding.DecodeString(wire.X5C[0])
	if err != nil {
		return nil, errs.NewInvalidProperty("certificates", "The certificate in x5c is not base64")
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errs.NewInvalidProperty("certificates", "The certificate in x5c cannot be read")
	}
	key, err := certified(c, "certificates")
	if err != nil {
		return nil, err
	}
	if !states(wire.N, key.N) || !states(wire.E, big.NewInt(int64(key.E))) || wire.X5TS256 != "" && wire.X5TS256 != sum(der) {
		return nil, errs.NewInvalidProperty("certificates", "The JWK is not that of the certificate in x5c")
	}
	return c, nil
}

// states reports whether a member of a JWK is the number, or absent.
func states(member string, n *big.Int) bool {
	b, err := base64.RawURLEncoding.DecodeString(member)
	return member == "" || err == nil && new(big.Int).SetBytes(b).Cmp(n) == 0
}
