package vault

import (
	"encoding/base64"

	"github.com/embedvault/embedvault/crypto/hsm"
)

func (k AttestedKey) appendTo(dst []byte, r *Exchange) []byte {
	w := begin(dst)
	k.attested(&w, r, &k.Attestation)
	return w.end()
}

// attestation appends what a module states about a key; nil is an absent member. The certificates are the one member of
// bytes that the service writes in base64 with padding.
func (w *object) attestation(a *hsm.Attestation) {
	if a == nil {
		return
	}
	w.open("attestation", '{')
	w.text("certificatePemFile", base64.StdEncoding.EncodeToString(a.CertificatePEMFile))
	w.bytes("privateKeyAttestation", a.PrivateKeyAttestation)
	w.bytes("publicKeyAttestation", a.PublicKeyAttestation)
	w.text("version", a.Version)
	w.Close('}')
}
