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
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/embedvault/embedvault/crypto/hsm"
)

// releaser signs what a service releases: by a key and a certificate that are made when the first key is.
type releaser struct {
	mu      sync.Mutex // held while they are made
	signers [len(products)]jose.Signer
	root    []byte // the certificate
}

// ReleaseCertificate returns the certificate that signs released keys, in DER. It is the service's own and lasts as long
// as the service. Errors are those of making a key.
func (s *Service) ReleaseCertificate() ([]byte, error) {
	if _, err := s.releaseSigner(KeyVault); err != nil {
		return nil, err
	}
	s.releaser.mu.Lock()
	defer s.releaser.mu.Unlock()
	return append([]byte(nil), s.releaser.root...), nil
}

// releaseKeyBits is the size of the key that signs released keys.
const releaseKeyBits = 2048

// releaseSigner is what signs for a product. All sign by one key.
func (s *Service) releaseSigner(of Product) (jose.Signer, error) {
	r := s.releaser
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.root != nil {
		return r.signers[of], nil
	}
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
	for p := range products {
		if r.signers[p], err = jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, releaseHead(Product(p), der)); err != nil {
			return nil, err
		}
	}
	r.root = der
	return r.signers[of], nil
}

// releaseHead is the header of what a product releases, for a certificate.
func releaseHead(of Product, der []byte) *jose.SignerOptions {
	short, long := sha1.Sum(der), sha256.Sum256(der) // by definition; nothing trusts them
	print256 := base64.RawURLEncoding.EncodeToString(long[:])
	head := (&jose.SignerOptions{}).WithHeader("x5t#S256", print256).WithHeader("x5c", []string{base64.StdEncoding.EncodeToString(der)})
	if of == ManagedHSM {
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

// statement signs what is released, with the request that it answers.
func (c call) statement(in releaseInput, k Key, wrapped hsm.Wrapped) (released, error) {
	signer, err := c.container.svc.releaseSigner(c.container.kind)
	if err != nil {
		return "", err
	}
	k.JWK.T = wrapped.JSON()
	request := c.wire
	if request == nil {
		request = &Exchange{Host: c.container.host, api: newestVersion, managed: c.container.kind == ManagedHSM}
	}
	signed, err := signer.Sign(appendStatement(nil, request, in, k, wrapped.Encryption))
	if err != nil {
		return "", err
	}
	text, err := signed.CompactSerialize()
	return released(text), err
}

// appendStatement appends the payload of a release. That of a Managed HSM names the type of the key outside of the hardware.
func appendStatement(dst []byte, r *Exchange, in releaseInput, k Key, e hsm.Encryption) []byte {
	if r.managed {
		k.JWK.Kty = k.JWK.Kty.Base()
	}
	w := begin(dst)
	w.open("request", '{')
	w.text("api-version", r.api.String())
	w.text("enc", string(e))
	w.id("kid", k.ID, r.Host)
	w.optional("nonce", in.nonce)
	w.Close('}')
	w.open("response", '{')
	w.open("key", '{')
	k.members(&w, r)
	w.Close('}')
	w.Close('}')
	if r.managed {
		return sortMembers(w.end(), len(dst))
	}
	return w.end()
}
