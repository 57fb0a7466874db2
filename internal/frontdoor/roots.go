package frontdoor

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"io"
	"os"
	"path/filepath"
)

// maxRoots bounds a file of roots, in bytes.
const maxRoots = 16 << 20

// Pool is the certificates that the system trusts, as far as they can be listed; nothing is trusted beyond the list.
func Pool(environ []string) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificates(systemRoots(variables(environ))))
	return pool
}

// Roots are the certificates that programs trust, each once, as PEM. First those that the system trusts: of the file or
// directories that SSL_CERT_FILE and SSL_CERT_DIR of an environment name, or of where systems keep theirs. Then those of
// the files or directories that NODE_EXTRA_CA_CERTS and REQUESTS_CA_BUNDLE name, in whose place a program is told of the
// bundle. There may be none.
func Roots(environ []string) []byte {
	around := variables(environ)
	all := systemRoots(around)
	for _, name := range []string{"NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"} {
		if path := around[name]; path != "" {
			all = append(append(append(all, '\n'), readBounded(path)...), readDir(path)...)
		}
	}
	return certificates(all)
}

// readDir reads all files of a directory.
func readDir(dir string) (all []byte) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if len(all) < maxRoots {
			all = append(append(all, readBounded(filepath.Join(dir, e.Name()))...), '\n')
		}
	}
	return all
}

// readBounded reads a file. What cannot be read is empty.
func readBounded(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, maxRoots))
	return text
}

// certificates are the certificates in a text, each once, without whatever else stands there.
func certificates(text []byte) []byte {
	var out bytes.Buffer
	seen := map[string]bool{}
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return out.Bytes()
		}
		if block.Type == "CERTIFICATE" && len(block.Headers) == 0 && !seen[string(block.Bytes)] {
			seen[string(block.Bytes)] = true
			pem.Encode(&out, block)
		}
		text = rest
	}
}
