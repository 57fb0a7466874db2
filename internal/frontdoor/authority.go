package frontdoor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	lifetime  = 365 * 24 * time.Hour // of all certificates
	backdate  = time.Hour            // for clients whose clock is behind
	maxLeaves = 256                  // certificates that are remembered
	maxName   = 253                  // characters of a host
)

// authority signs the certificates of a front. It is safe for concurrent use.
type authority struct {
	cert    *x509.Certificate
	key     *ecdsa.PrivateKey // of the authority
	leafKey *ecdsa.PrivateKey // of every certificate it signs
	leaves  *lru.Cache[string, *tls.Certificate]
}

// newAuthority makes an authority that is good for the hosts of the service and for this machine, and for nothing else.
func newAuthority(now time.Time) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "embedvault, made at start"},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(lifetime),
		IsCA: true, MaxPathLenZero: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         slices.Concat(servedDomains, servedHosts, []string{localName}),
		PermittedIPRanges:           localRanges(),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	leaves, err := lru.New[string, *tls.Certificate](maxLeaves)
	return &authority{cert, key, leafKey, leaves}, err
}

const localName = "localhost"

func localRanges() []*net.IPNet {
	return []*net.IPNet{
		{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
		{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
	}
}

func serial() *big.Int {
	b := make([]byte, 16)
	rand.Read(b)
	b[0] &= 0x7f
	return new(big.Int).SetBytes(b)
}

// certificate is the certificate for whom a client wants to talk to. Clients that name no host get one for this machine;
// for a host that is not served there is none.
func (a *authority) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	host := plain(hello.ServerName)
	if host == "" {
		host = localName
	}
	if len(host) > maxName || host != localName && !Serves(host) {
		return nil, fmt.Errorf("no host of the service: %.64q", host)
	}
	if leaf, ok := a.leaves.Get(host); ok {
		return leaf, nil
	}
	leaf, err := a.sign(host)
	if err == nil {
		a.leaves.Add(host, leaf)
	}
	return leaf, err
}

// sign makes a certificate for a host.
func (a *authority) sign(host string) (*tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: serial(), DNSNames: []string{host},
		NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if host == localName {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, a.leafKey.Public(), a.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: a.leafKey}, nil
}

// pem is the certificate of the authority as a file holds it.
func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}
