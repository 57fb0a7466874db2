package vaulttest

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/internal/frontdoor"
)

// Main runs the tests of a package whose code makes its own clients, with the credentials it finds in the environment and
// no place to hand in a transport:
//
//	func TestMain(m *testing.M) { vaulttest.Main(m) }
//
// While the tests run, every HTTPS client of the process that respects HTTPS_PROXY, as Go's and those of the Azure SDK do,
// reaches the hosts of the service in the process itself, over loopback, and all other hosts as ever. [Served] makes the
// environments that answer there. Nothing outside the process changes: no trust store, hosts file or privilege.
//
// For this Main sets HTTPS_PROXY, AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and
// AZURE_ADDITIONALLY_ALLOWED_TENANTS, and makes the process trust a certificate authority whose key lives in its memory
// alone. On Windows and macOS certificates are checked by Go instead of the system from then on. It ends the process with
// an error, before any test has run, if the code would not reach it: if an HTTPS request was made before, or if
// x509.SetFallbackRoots was called by somebody else.
func Main(m *testing.M) {
	s, stop, err := openStreet()
	if err != nil {
		fmt.Fprintln(os.Stderr, "vaulttest:", err)
		os.Exit(1)
	}
	defer stop()
	current.Store(s)
	defer current.Store(nil)
	m.Run() // its result is kept for when Main returns
}

// openStreet opens the front door of the process, and puts up the signs that lead there.
func openStreet() (*street, func(), error) {
	around := os.Environ()
	s, tenant, err := newStreet()
	if err != nil {
		return nil, nil, err
	}
	outside, err := frontdoor.Outside(around)
	if err != nil {
		return nil, nil, err
	}
	f, err := frontdoor.Open(&frontdoor.Options{Handler: s, Outside: outside, Now: time.Now})
	if err != nil {
		return nil, nil, err
	}
	access := frontdoor.Access{
		TenantID: tenant.ID(), ClientID: clientID, ClientSecret: clientSecret(),
		Proxy: f.Proxy().String(), Addr: f.Addr().String(),
	}
	err = errors.Join(setenv(access.Variables(around)), trust(f.Authority(), around), checkProxy(f))
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return s, f.Close, nil
}

// setenv sets the variables of the process. A credential may ask for tokens of every tenant: each environment is one.
func setenv(variables []string) error {
	for _, v := range append(variables, "AZURE_ADDITIONALLY_ALLOWED_TENANTS=*") {
		name, value, _ := strings.Cut(v, "=")
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// checkProxy makes sure that nobody has read the variables of the proxy before they were set: Go reads them once.
func checkProxy(f *frontdoor.Front) error {
	r, err := http.NewRequest(http.MethodGet, "https://contoso.vault.azure.net/", nil)
	if err != nil {
		return err
	}
	u, err := http.ProxyFromEnvironment(r)
	if err != nil || u == nil || u.Host != f.Proxy().String() {
		return errors.New("an HTTP request was made before vaulttest.Main: it is too late to set a proxy")
	}
	return nil
}

// trust makes the process trust an authority, besides what the system trusts.
func trust(ca *x509.Certificate, around []string) error {
	pool := systemPool(around)
	pool.AddCert(ca)
	if err := setFallbackRoots(pool); err != nil {
		return err
	}
	// An authority that is trusted verifies itself.
	_, err := ca.Verify(x509.VerifyOptions{KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err
}

// systemPool is what the system trusts. Where the system verifies by itself, its roots are listed as far as they can be:
// its verifier would not ask for any that are added.
func systemPool(around []string) *x509.CertPool {
	switch runtime.GOOS {
	case "windows", "darwin", "ios":
		return frontdoor.Pool(around)
	}
	if pool, err := x509.SystemCertPool(); err == nil {
		return pool
	}
	return x509.NewCertPool()
}

// setFallbackRoots replaces the roots of the process, also where the system has some: a setting says so, which is read
// during the call and has the value it had before after it.
func setFallbackRoots(pool *x509.CertPool) (err error) {
	const setting = "GODEBUG"
	before, was := os.LookupEnv(setting)
	if err := os.Setenv(setting, strings.TrimPrefix(before+",x509usefallbackroots=1", ",")); err != nil {
		return err
	}
	defer func() {
		if recover() != nil {
			err = errors.New("x509.SetFallbackRoots was called before, by the program or a package such as golang.org/x/crypto/x509roots/fallback")
		}
		if was {
			os.Setenv(setting, before)
		} else {
			os.Unsetenv(setting)
		}
	}()
	x509.SetFallbackRoots(pool)
	return nil
}
