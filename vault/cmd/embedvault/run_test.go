package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// runIt runs a program with embedvault around it, in an environment without other proxies.
func runIt(t *testing.T, program string, env []string, args ...string) (out, diag string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, append([]string{"run"}, args...)...)
	cmd.Env = append(append(os.Environ(), "HTTPS_PROXY=", "https_proxy=", "NO_PROXY=", "no_proxy="), env...)
	cmd.Dir = t.TempDir()
	var o, d bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &d
	err = cmd.Run()
	return o.String(), d.String(), err
}

// script is what somebody does with curl who has never heard of embedvault: nothing about proxies or certificates.
const script = `
curl -sS -D - -o challenge.json "$AZURE_KEYVAULT_URL/secrets/db?api-version=7.4" > challenge.txt
authority=$(sed -n 's/.*authorization="\([^"]*\)".*/\1/p' challenge.txt)
resource=$(sed -n 's/.*resource="\([^"]*\)".*/\1/p' challenge.txt)
token=$(curl -sSf "$authority/oauth2/v2.0/token" -d grant_type=client_credentials -d scope="$resource/.default" \
	-d client_id="$AZURE_CLIENT_ID" --data-urlencode client_secret="$AZURE_CLIENT_SECRET" |
	sed 's/.*"access_token":"\([^"]*\)".*/\1/')
curl -sSf -X PUT -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -d '{"value":"hunter2"}' \
	"$AZURE_KEYVAULT_URL/secrets/db?api-version=7.4" > /dev/null
curl -sSf -H "Authorization: Bearer $token" "$AZURE_KEYVAULT_URL/secrets/db?api-version=7.4"
`

func testRunCurl(t *testing.T, program string) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl: ", err)
	}
	out, diag, err := runIt(t, program, []string{"CURL_CA_BUNDLE=elsewhere.pem"}, "--", "sh", "-eu", "-c", script)
	if err != nil || !strings.Contains(out, `"value":"hunter2"`) {
		t.Errorf("%v %s\n%s", err, out, diag)
	}
	if strings.Contains(diag, "hunter2") || strings.Count(diag, "msg=request") != 4 {
		t.Errorf("the log:\n%s", diag)
	}
}

// The world is a network with a proxy that must be passed to leave this machine, and a module mirror behind it with a
// certificate that the system trusts.
func world(t *testing.T, host string, h http.Handler) (proxy, roots string) {
	t.Helper()
	cert := certificateFor(t, host)
	mirror := httptest.NewUnstartedServer(h)
	mirror.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	mirror.StartTLS()
	t.Cleanup(mirror.Close)
	exit := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Host != host+":443" {
			t.Errorf("the proxy was asked for %s %s", r.Method, r.Host)
		}
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer here.Close()
		there, err := net.Dial("tcp", mirror.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		defer there.Close()
		fmt.Fprint(here, "HTTP/1.1 200 OK\r\n\r\n")
		go io.Copy(there, here)
		io.Copy(here, there)
	}))
	t.Cleanup(exit.Close)
	roots = filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}
	return exit.URL, roots
}

func certificateFor(t *testing.T, host string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{host}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Other hosts are reached through run as without it: by way of the network's own proxy, with the system's trust.
func testRunGoList(t *testing.T, program string) {
	const mirror = "mirror.example"
	proxy, roots := world(t, mirror, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/golang.org/x/text/@v/list":
			fmt.Fprint(w, "v0.1.0\nv0.2.0\n")
		case "/golang.org/x/text/@latest", "/golang.org/x/text/@v/v0.2.0.info":
			fmt.Fprint(w, `{"Version":"v0.2.0"}`)
		case "/golang.org/x/text/@v/v0.2.0.mod":
			fmt.Fprint(w, "module golang.org/x/text\n")
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	env := []string{
		"HTTPS_PROXY=" + proxy, "SSL_CERT_FILE=" + roots, "GOPROXY=https://" + mirror, "GONOSUMDB=*", "GOSUMDB=off",
		"GOFLAGS=-modcacherw", "GOWORK=off", "GOMODCACHE=" + t.TempDir(),
	}
	out, diag, err := runIt(t, program, env, "--", "go", "list", "-m", "-versions", "golang.org/x/text")
	if err != nil || strings.TrimSpace(out) != "golang.org/x/text v0.1.0 v0.2.0" || !strings.Contains(diag, "msg=tunnel address="+mirror+":443") {
		t.Errorf("%v %s\n%s", err, out, diag)
	}
	if _, diag, err = runIt(t, program, env, "-egress=false", "--", "go", "list", "-m", "-versions", "golang.org/x/text"); err == nil ||
		!strings.Contains(diag, mirror+" is no host of the service, and others are not tunnelled") {
		t.Errorf("without egress: %v\n%s", err, diag)
	}
}

func testRunStatuses(t *testing.T, program string) {
	for _, c := range []struct {
		command string
		status  int
		say     string
	}{
		{"true", 0, ""}, {"exit 7", 7, ""}, {"kill -9 $$", 137, ""},
		{`test "$AZURE_KEYVAULT_URL$AZURE_MANAGEDHSM_URL" = https://contoso.vault.azure.net`, 0, ""},
		{`test -s "$SSL_CERT_FILE" && test "$HTTPS_PROXY" != ""`, 0, ""},
		{`case "$NO_PROXY" in *azure*) exit 1;; esac`, 0, ""},
	} {
		_, diag, err := runIt(t, program, []string{"NO_PROXY=.azure.net"}, "--", "sh", "-c", c.command)
		if statusOf(err) != c.status || diag != c.say {
			t.Errorf("%s: %v, want %d\n%s", c.command, err, c.status, diag)
		}
	}
	if _, diag, err := runIt(t, program, nil, "--", "no-such-program"); statusOf(err) != 127 || !strings.Contains(diag, "embedvault: exec: \"no-such-program\"") {
		t.Errorf("%v\n%s", err, diag)
	}
	if _, diag, err := runIt(t, program, nil, "--", t.TempDir()); statusOf(err) != 126 {
		t.Errorf("%v\n%s", err, diag)
	}
	file := filepath.Join(t.TempDir(), "env")
	out, diag, err := runIt(t, program, nil, "-env", file, "-vault", "mine", "--", "sh", "-c", `. "$0"; echo $AZURE_KEYVAULT_URL`, file)
	if err != nil || out != "https://mine.vault.azure.net\n" {
		t.Errorf("%v %q\n%s", err, out, diag)
	}
}

// Other machines are not tunnelled anywhere unless that is meant, and then not to this one.
func testRunExposed(t *testing.T, program string) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl: ", err)
	}
	world := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "from within") }))
	defer world.Close()
	const through = `curl -sS -p -x "$HTTPS_PROXY" --noproxy '' "$0"`
	for flags, want := range map[string]string{
		"":                      "from within",
		"-egress=false":         "403",
		"-expose":               "others are not tunnelled",
		"-expose -egress=false": "others are not tunnelled",
		"-expose -egress":       "leads to this machine",
		"-egress -expose":       "leads to this machine",
	} {
		out, diag, err := runIt(t, program, nil, append(strings.Fields(flags), "--", "sh", "-c", through, world.URL)...)
		if (err == nil) != (flags == "") || !strings.Contains(out+diag, want) {
			t.Errorf("%q: %v, want %q\n%s\n%s", flags, err, want, out, diag)
		}
	}
}

func statusOf(err error) int {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

// The program gets the signals, and decides what becomes of them.
func testRunSignal(t *testing.T, program string) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		cmd := exec.CommandContext(t.Context(), program, "run", "--", "sh", "-c", `trap 'exit 42' TERM INT HUP; echo ready; while :; do sleep 0.02; done`)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 6)); err != nil {
			t.Fatal(err)
		}
		cmd.Process.Signal(signal)
		if err := cmd.Wait(); statusOf(err) != 42 {
			t.Errorf("after %v: %v", signal, err)
		}
	}
}
