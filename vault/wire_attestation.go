package vault

import (
	"bytes"
	"encoding/base64"

	"github.com/embedvault/embedvault/crypto/hsm"
)

func (k AttestedKey) appendTo(dst []byte, r *Exchange) []byte {
	w := begin(dst)
	k.attested(&w, r, &k.Attestation)
	return w.end()
}

// attestation appends what a module states about a key; nil is an absent member. The certificates are the one member of
// bytes that the service writes in base64 with padding, which clients read without: line ends fill them up, so that there
// is none, and both alphabets spell PEM alike.
func (w *object) attestation(a *hsm.Attestation) {
	if a == nil {
		return
	}
	w.open("attestation", '{')
	chain := bytes.Clone(a.CertificatePEMFile)
	for len(chain)%3 != 0 {
		chain = append(chain, '\n')
	}
	w.text("certificatePemFile", base64.StdEncoding.EncodeToString(chain))
	w.bytes("privateKeyAttestation", a.PrivateKeyAttestation)
	w.bytes("publicKeyAttestation", a.PublicKeyAttestation)
	w.text("version", a.Version)
	w.Close('}')
}
