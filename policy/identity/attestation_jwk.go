package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

// foreignJWK is a key in a document of an attestation authority: as much of it as says what it is. The numbers are read
// by the JOSE library.
type foreignJWK struct {
	Type         string          `json:"kty"`
	ID           string          `json:"kid"`
	Use          string          `json:"use"`
	KeyUse       string          `json:"key_use"`
	Operations   []string        `json:"key_ops"`
	Certificates []string        `json:"x5c"`
	Modulus      json.RawMessage `json:"n"`
	Curve        json.RawMessage `json:"crv"`
	Private      json.RawMessage `json:"d"`
}

// encrypts tells whether it says that it is for encryption.
func (j *foreignJWK) encrypts() bool {
	return j.Use == "enc" || j.KeyUse == "enc" || slices.Contains(j.Operations, "encrypt")
}

// public is the key that raw, which j was read from, has as numbers or in the first of its certificates: one of RSA, of
// 2048 to 8192 bits, or one on P-256. It is nil for any other, and for a private one, which nobody should have sent.
// Where there are both numbers and certificates they must agree. Who signed the certificates is not looked at.
func (j *foreignJWK) public(raw []byte) crypto.PublicKey {
	switch {
	case j.Private != nil:
		return nil
	case j.Modulus == nil && j.Curve == nil:
		return usable(j.certified())
	}
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON(raw); err != nil {
		return nil
	}
	return usable(key.Key)
}

func (j *foreignJWK) certified() crypto.PublicKey {
	if len(j.Certificates) == 0 {
		return nil
	}
	der, err := base64.StdEncoding.DecodeString(j.Certificates[0])
	if err != nil {
		return nil
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return certificate.PublicKey
}

// usable is the key itself, or nil.
func usable(key crypto.PublicKey) crypto.PublicKey {
	switch key := key.(type) {
	case *rsa.PublicKey:
		bits := key.N.BitLen()
		if bits >= 2048 && bits <= 8192 && key.N.Bit(0) == 1 && key.E >= 3 && key.E&1 == 1 && key.E < 1<<31 {
			return key
		}
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			return key
		}
	}
	return nil
}
