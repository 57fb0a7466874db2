package vault

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// releaseSigner signs what a service releases, by one key for all products.
type releaseSigner struct {
	certificate *x509.Certificate
	of          [len(products)]jose.Signer
}

// ReleaseCertificate returns the certificate that signs released keys. It is the service's own, lasts as long as the service,
// and is shared: it is not to be changed. Errors are those of making a key.
func (s *Service) ReleaseCertificate() (*x509.Certificate, error) {
	signer, err := s.releaseSigner()
	if err != nil {
		return nil, err
	}
	return signer.certificate, nil
}

// releaseSigner is made when the first key is released.
func (s *Service) releaseSigner() (*releaseSigner, error) { return s.releaser.get(s.newReleaseSigner) }

// releaseKeyBits is the size of the key that signs released keys.
const releaseKeyBits = 2048

func (s *Service) newReleaseSigner() (*releaseSigner, error) {
	key, err := s.makeRSA(releaseKeyBits)
	if err != nil {
		return nil, err
	}
	now := s.now().UTC()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "vault.azure.net", Organization: []string{"embedvault"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	made := new(releaseSigner)
	if made.certificate, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	for p := range products {
		made.of[p], err = jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, releaseHead(Product(p), der))
		if err != nil {
			return nil, err
		}
	}
	return made, nil
}

// releaseHead is the header of what a product releases, for a certificate.
func releaseHead(of Product, der []byte) *jose.SignerOptions {
	short, long := sha1.Sum(der), sha256.Sum256(der) // by definition; nothing trusts them
	print256 := base64.RawURLEncoding.EncodeToString(long[:])
	head := (&jose.SignerOptions{}).WithHeader("x5t#S256", print256).WithHeader("x5c", []string{base64.StdEncoding.EncodeToString(der)})
	if of == ProductManagedHSM {
		return head.WithHeader("kid", print256)
	}
	return head.WithType("JWT").WithHeader("kid", hex.EncodeToString(short[:])).WithHeader("x5t", base64.RawURLEncoding.EncodeToString(short[:]))
}

// makeRSA makes an RSA key of the service's own.
func (s *Service) makeRSA(bits int) (*rsa.PrivateKey, error) {
	if s.hook.RSA != nil {
		return s.hook.RSA(bits)
	}
	return rsa.GenerateKey(rand.Reader, bits)
}
