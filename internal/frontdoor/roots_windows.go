package frontdoor

import (
	"bytes"
	"encoding/pem"
	"os"
	"syscall"
	"unsafe"
)

// systemRoots lists the store of roots, or reads the file that SSL_CERT_FILE names.
func systemRoots(around environment) []byte {
	if named := around["SSL_CERT_FILE"]; named != "" {
		if text, err := os.ReadFile(named); err == nil && len(text) <= maxRoots {
			return text
		}
	}
	name, err := syscall.UTF16PtrFromString("ROOT")
	if err != nil {
		return nil
	}
	store, err := syscall.CertOpenSystemStore(0, name)
	if err != nil {
		return nil
	}
	defer syscall.CertCloseStore(store, 0)
	var out bytes.Buffer
	for cert, err := syscall.CertEnumCertificatesInStore(store, nil); cert != nil && err == nil && out.Len() < maxRoots; {
		der := unsafe.Slice(cert.EncodedCert, cert.Length)
		pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: bytes.Clone(der)})
		cert, err = syscall.CertEnumCertificatesInStore(store, cert)
	}
	return out.Bytes()
}
