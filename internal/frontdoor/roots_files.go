//go:build !windows

package frontdoor

import "path/filepath"

// Where systems keep what they trust: a file with everything, or else a directory with a file for each.
var (
	rootFiles = []string{
		"/etc/ssl/certs/ca-certificates.crt",                // Debian, Alpine, Arch
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
		"/etc/pki/tls/certs/ca-bundle.crt",                  // older RHEL
		"/etc/ssl/ca-bundle.pem",                            // SUSE
		"/etc/ssl/cert.pem",                                 // macOS, BSD
		"/usr/local/etc/ssl/cert.pem",                       // FreeBSD
	}
	rootDirs = []string{"/etc/ssl/certs", "/etc/pki/tls/certs", "/system/etc/security/cacerts"}
)

// systemRoots reads the first file that is there, or else all files of the first directory that is.
func systemRoots(around environment) []byte {
	files, dirs := rootFiles, rootDirs
	if named := around["SSL_CERT_FILE"]; named != "" {
		files = []string{named}
	}
	if named := around["SSL_CERT_DIR"]; named != "" {
		dirs = filepath.SplitList(named)
	}
	for _, file := range files {
		if text := readBounded(file); len(text) > 0 {
			return text
		}
	}
	for _, dir := range dirs {
		if text := readDir(dir); len(text) > 0 {
			return text
		}
	}
	return nil
}
