package frontdoor_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/internal/frontdoor"
)

var access = frontdoor.Access{
	TenantID: "T", ClientID: "C", ClientSecret: "S", VaultURL: "https://contoso.vault.azure.net",
	Proxy: "127.0.0.1:1", Addr: "127.0.0.1:2", Bundle: "ca.pem",
}

func TestVariables(t *testing.T) {
	const standard = "AZURE_TENANT_ID=T AZURE_CLIENT_ID=C AZURE_CLIENT_SECRET=S AZURE_KEYVAULT_URL=https://contoso.vault.azure.net " +
		"AZURE_KEYVAULT_ATTESTATION_URL=https://attest.azurewebsites.net HTTPS_PROXY=http://127.0.0.1:1 " +
		"SSL_CERT_FILE=ca.pem NODE_EXTRA_CA_CERTS=ca.pem REQUESTS_CA_BUNDLE=ca.pem EMBEDVAULT_ADDR=127.0.0.1:2"
	for _, c := range []struct{ around, more string }{
		{"", ""},
		{"PATH=x HTTPS_PROXY=y SSL_CERT_FILE=z", ""},
		{"https_proxy=x", " https_proxy=http://127.0.0.1:1"},
		{"CURL_CA_BUNDLE=x PIP_CERT=y", " CURL_CA_BUNDLE=ca.pem PIP_CERT=ca.pem"},
		{"AZURE_AUTHORITY_HOST=x", " AZURE_AUTHORITY_HOST=https://login.microsoftonline.com/"},
		{"AZURE_TOKEN_CREDENTIALS=dev", " AZURE_TOKEN_CREDENTIALS=prod"},
		{"NO_PROXY=localhost,.azure.net,10.0.0.0/8,contoso.vault.azure.net", " NO_PROXY=localhost,10.0.0.0/8"},
		{"no_proxy=*", " no_proxy="},
		{"NO_PROXY=login.microsoftonline.com,net,example.com:443", " NO_PROXY=example.com:443"},
		{"NO_PROXY=.login.microsoft.com,westeurope.login.microsoft.com:443,microsoft.com,example.com", " NO_PROXY=example.com"},
	} {
		got := strings.Join(access.Variables(strings.Fields(c.around)), " ")
		if got != standard+c.more {
			t.Errorf("%s:\n got %s\nwant %s", c.around, got, standard+c.more)
		}
	}
	if v := (frontdoor.Access{}).Variables([]string{"https_proxy=x", "PIP_CERT=x"}); len(v) != 0 {
		t.Errorf("of nothing: %q", v)
	}
}

func TestBundleHoldsTheSystemsRoots(t *testing.T) {
	f, other := open(t, frontdoor.Options{}), open(t, frontdoor.Options{})
	root := string(other.Bundle(nil))
	dir := t.TempDir()
	file := filepath.Join(dir, "roots.pem")
	if err := os.WriteFile(file, []byte("comment\n"+root+"-----BEGIN SOMETHING ELSE-----\nAAAA\n-----END SOMETHING ELSE-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := string(f.Bundle(nil)) + root
	for name, environ := range map[string][]string{
		"file":      {"SSL_CERT_FILE=" + file},
		"directory": {"SSL_CERT_FILE=" + filepath.Join(dir, "none"), "SSL_CERT_DIR=" + dir},
	} {
		if got := string(f.Bundle(frontdoor.Roots(environ))); got != want {
			t.Errorf("%s: %d bytes, want %d:\n%s", name, len(got), len(want), got)
		}
	}
	none := []string{"SSL_CERT_FILE=" + filepath.Join(dir, "none"), "SSL_CERT_DIR=" + filepath.Join(dir, "none")}
	block, rest := pem.Decode(f.Bundle(frontdoor.Roots(none)))
	if block == nil || len(rest) != 0 {
		t.Fatal("the bundle of a system without roots is not one certificate")
	}
	if cert, err := x509.ParseCertificate(block.Bytes); err != nil || !cert.Equal(f.Authority()) {
		t.Errorf("%v %v", cert, err)
	}
}

// What programs trusted by variables that now name the bundle, they trust by the bundle; the system does not.
func TestBundleHoldsWhatItReplaces(t *testing.T) {
	dir := t.TempDir()
	var environ []string
	var all string
	for _, name := range []string{"SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"} {
		root := string(open(t, frontdoor.Options{}).Bundle(nil))
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(all+root), 0o600); err != nil {
			t.Fatal(err)
		}
		all += root
		environ = append(environ, name+"="+file)
	}
	if got := string(frontdoor.Roots(environ)); got != all {
		t.Errorf("%d bytes, want each of the three certificates once: %d", len(got), len(all))
	}
	environ[2] = "REQUESTS_CA_BUNDLE=" + dir
	if got := frontdoor.Roots(environ); len(got) != len(all) {
		t.Errorf("with a directory: %d bytes, want %d", len(got), len(all))
	}
	environ = append(environ, "REQUESTS_CA_BUNDLE="+filepath.Join(dir, "none"), "NODE_EXTRA_CA_CERTS=")
	only := x509.NewCertPool()
	only.AppendCertsFromPEM(frontdoor.Roots(environ))
	if !frontdoor.Pool(environ[:3]).Equal(only) {
		t.Error("the system trusts what only some programs do")
	}
}

// corporate is a proxy that a program must pass, with a password. It leads everywhere to one server.
func corporate(t *testing.T, to net.Addr) (address string, asked *[]string) {
	t.Helper()
	asked = new([]string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := basic(r); user != "jo" || password != "open:sesame" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		*asked = append(*asked, r.Method+" "+r.Host)
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer here.Close()
		fmt.Fprint(here, "HTTP/1.1 200 OK\r\n\r\nfirst ")
		there, err := net.Dial("tcp", to.String())
		if err != nil {
			t.Error(err)
			return
		}
		defer there.Close()
		bufio.NewReader(there).WriteTo(here)
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String(), asked
}

func basic(r *http.Request) (string, string, bool) {
	r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
	return r.BasicAuth()
}

// greeter says something to whoever comes.
func greeter(t *testing.T) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(conn, "hello")
			conn.Close()
		}
	}()
	return l.Addr()
}

func TestOutsideGoesThroughTheProxyOfTheEnvironment(t *testing.T) {
	hello := greeter(t)
	proxy, asked := corporate(t, hello)
	for _, c := range []struct{ environ, address, want string }{
		{"", hello.String(), "hello"},
		{"HTTPS_PROXY=http://jo:open%3Asesame@" + proxy, "example.com:443", "first hello"},
		{"https_proxy=jo:open%3Asesame@" + proxy, "example.com:443", "first hello"},
		{"HTTPS_PROXY=" + proxy, "example.com:443", "the proxy answers 407"},
		{"HTTPS_PROXY=" + proxy, hello.String(), "hello"},
		{"HTTPS_PROXY=" + hello.String(), "example.com:443", "malformed"},
	} {
		dial, err := frontdoor.Outside(strings.Fields(c.environ))
		if err != nil {
			t.Fatal(err)
		}
		if got := said(t.Context(), dial, c.address); !strings.Contains(got, c.want) {
			t.Errorf("%q to %s: %q, want %q", c.environ, c.address, got, c.want)
		}
	}
	if want := []string{"CONNECT example.com:443", "CONNECT example.com:443"}; !slices.Equal(*asked, want) {
		t.Errorf("the proxy was asked for %q", *asked)
	}
}

// said is what the other side of a connection says, or why there is none.
func said(ctx context.Context, dial frontdoor.Dial, address string) string {
	conn, err := dial(ctx, address)
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	var b strings.Builder
	bufio.NewReader(conn).WriteTo(&b)
	return b.String()
}

func TestProxiesThatCannotBeUnderstood(t *testing.T) {
	for _, address := range []string{"socks5://127.0.0.1:1", "http://", "http://[::1", "%zz"} {
		if _, err := frontdoor.Outside([]string{"HTTPS_PROXY=" + address}); err == nil {
			t.Errorf("%s is a proxy", address)
		}
	}
	u := &url.URL{Scheme: "ftp", User: url.UserPassword("jo", "sesame"), Host: "x"}
	if _, err := frontdoor.Outside([]string{"HTTPS_PROXY=" + u.String()}); err == nil || strings.Contains(err.Error(), "sesame") {
		t.Errorf("%v", err)
	}
}
