package hsm

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"

	"github.com/embedvault/embedvault/crypto"
)

// Statement is what a verified Attestation says of a key.
type Statement struct {
	Module     string      // id of the module, 16 hexadecimal digits: it follows from the domain
	Name       string      // name of the module
	Platform   string      // kind of the module
	KID        string      // the key's URL; compare it with the one you asked for
	Spec       crypto.Spec // type, size in bits or curve, and exponent
	Origin     Origin      // where the key comes from
	Exportable bool        // whether the key can leave the module
	Public     crypto.JWK  // public part; kty alone for a symmetric key
}

// errAttestation is why an attestation is not believed. None of the reasons
// is worth acting on.
var errAttestation = errors.New("hsm: the attestation does not verify")

// Bounds of what Verify reads.
const (
	maxChain     = 16 << 10
	maxStatement = 16 << 10
)

// Verify checks an attestation against the root certificate of the module it
// should come from (Module.Root), which must have reached the caller on a way
// that the caller trusts. It needs no network, no clock and no module. What does
// not verify, for whatever reason, is an error, and nothing that it says is
// returned. What does is for the caller to judge: above all KID, whether it is
// the key that was asked for.
func Verify(a Attestation, root *x509.Certificate) (Statement, error) {
	signer, err := verifyChain(a.CertificatePEMFile, root)
	if err != nil || a.Version != AttestationVersion {
		return Statement{}, errAttestation
	}
	private, err := verifyStatement(a.PrivateKeyAttestation, signer, "private")
	if err != nil {
		return Statement{}, err
	}
	spec := crypto.Spec{Type: private.Type, Size: private.Size, Curve: private.Curve}
	s := Statement{
		Module: private.Module, Name: private.Name, Platform: private.Platform, KID: private.KID,
		Spec: spec, Origin: private.Origin, Exportable: private.Exportable, Public: crypto.JWK{Kty: private.Type},
	}
	if private.PublicSHA256 == "" {
		if private.Type != crypto.KeyTypeOctHSM || a.PublicKeyAttestation != nil {
			return Statement{}, errAttestation
		}
		return s, nil
	}
	public, err := verifyStatement(a.PublicKeyAttestation, signer, "public")
	if err != nil || !samePair(private, public) || json.Unmarshal(public.Public, &s.Public) != nil {
		return Statement{}, errAttestation
	}
	s.Spec.PublicExponent = int(new(big.Int).SetBytes(s.Public.E).Int64())
	return s, nil
}

// verifyChain returns the key of the first certificate of a chain that ends at
// root.
func verifyChain(chain []byte, root *x509.Certificate) (*ecdsa.PublicKey, error) {
	if root == nil || len(chain) > maxChain {
		return nil, errAttestation
	}
	block, _ := pem.Decode(chain)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errAttestation
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil || leaf.IsCA || leaf.KeyUsage != x509.KeyUsageDigitalSignature {
		return nil, errAttestation
	}
	roots := x509.NewCertPool()
	roots.AddCert(root)
	if _, err := leaf.Verify(x509.VerifyOptions{
		Roots:         roots,
		Intermediates: x509.NewCertPool(),
		CurrentTime:   leaf.NotBefore, // the certificates have no end
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}); err != nil {
		return nil, errAttestation
	}
	signer, ok := leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return nil, errAttestation
	}
	return signer, nil
}

// verifyStatement checks the signature of a statement on a part of a key. The
// header is compared, not read: it has no say in how it is checked.
func verifyStatement(jws []byte, signer *ecdsa.PublicKey, part string) (s statement, err error) {
	if len(jws) > maxStatement {
		return statement{}, errAttestation
	}
	parts := strings.Split(string(jws), ".")
	if len(parts) != 3 || parts[0] != jwsHeader {
		return statement{}, errAttestation
	}
	payload, err1 := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	signature, err2 := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err1 != nil || err2 != nil || len(signature) != 2*half {
		return statement{}, errAttestation
	}
	digest := sha256.Sum256(jws[:len(parts[0])+1+len(parts[1])])
	r, v := new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
	if !ecdsa.Verify(signer, digest[:], r, v) || json.Unmarshal(payload, &s) != nil || s.Part != part {
		return statement{}, errAttestation
	}
	return s, nil
}

// samePair reports whether two statements are on the parts of one key.
func samePair(private, public statement) bool {
	if sum(public.Public) != private.PublicSHA256 {
		return false
	}
	public.Part, public.Origin, public.Public = private.Part, private.Origin, nil
	public.PublicSHA256 = private.PublicSHA256
	a, _ := json.Marshal(private)
	b, _ := json.Marshal(public)
	return bytes.Equal(a, b)
}
