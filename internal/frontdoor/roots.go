package frontdoor

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
)

// maxRoots bounds a file of roots, in bytes.
const maxRoots = 16 << 20

// Pool is the certificates that the system trusts, as far as they can be listed; nothing is trusted beyond the list.
func Pool(environ []string) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(Roots(environ))
	return pool
}

// Roots are the certificates that the system trusts, as PEM: those of the file or directories that SSL_CERT_FILE and
// SSL_CERT_DIR of an environment name, or of where systems keep theirs. There may be none.
func Roots(environ []string) []byte { return certificates(systemRoots(variables(environ))) }

// certificates are the certificates in a text, without whatever else stands there.
func certificates(text []byte) []byte {
	var out bytes.Buffer
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return out.Bytes()
		}
		if block.Type == "CERTIFICATE" && len(block.Headers) == 0 {
			pem.Encode(&out, block)
		}
		text = rest
	}
}
