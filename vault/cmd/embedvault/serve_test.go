package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestServeAndRun tests the program as it is built.
func TestServeAndRun(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("signals and sh are needed")
	}
	program := filepath.Join(t.TempDir(), "embedvault")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, test := range map[string]func(*testing.T, string){
		"serve":           testServe,
		"secret":          testSecretIsPrintedWhenAsked,
		"vaults":          testVaultsAndLimits,
		"managed HSM":     testManagedHSM,
		"backups":         testBackupsOutliveTheServer,
		"hostile clients": testHostileClients,
		"stale files":     testStaleFiles,
		"others' files":   testOthersFiles,
		"busy port":       testBusyPort,
		"refusals":        testRefusals,
		"run curl":        testRunCurl,
		"run go list":     testRunGoList,
		"run statuses":    testRunStatuses,
		"run signal":      testRunSignal,
		"run exposed":     testRunExposed,
	} {
		t.Run(name, func(t *testing.T) { test(t, program) })
	}
}

// server is a running embedvault serve.
type server struct {
	cmd       *exec.Cmd
	out, diag *buffer
	env       map[string]string // of the file
	ended     chan error
}

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start starts a server on free ports, and waits for its environment.
func start(t *testing.T, program string, flags ...string) *server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "env")
	s := &server{out: new(buffer), diag: new(buffer), ended: make(chan error, 1)}
	s.cmd = exec.Command(program, append([]string{"serve", "-listen", "127.0.0.1:0", "-env", file}, flags...)...)
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.diag
	s.cmd.Env = append(os.Environ(), "HTTPS_PROXY=", "https_proxy=", "NO_PROXY=", "no_proxy=")
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.ended <- s.cmd.Wait() }()
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		if t.Failed() {
			t.Logf("serve:\n%s", s.diag)
		}
	})
	for {
		if text, err := os.ReadFile(file); err == nil {
			s.env = exports(t, string(text))
			return s
		}
		select {
		case err := <-s.ended:
			t.Fatalf("serve ended: %v\n%s", err, s.diag)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

var export = regexp.MustCompile(`^export ([A-Za-z0-9_]+)=([-A-Za-z0-9._~/:@%+,]+)$`)

// exports reads lines of export NAME=VALUE.
func exports(t *testing.T, text string) map[string]string {
	t.Helper()
	env := map[string]string{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		parts := export.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if parts == nil {
			t.Fatalf("not an export: %q", line)
		}
		env[parts[1]] = parts[2]
	}
	return env
}

// stop ends the server by a signal, and checks that it ends well.
func (s *server) stop(t *testing.T, signal os.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	if err := <-s.ended; err != nil {
		t.Errorf("after %v: %v", signal, err)
	}
	for _, name := range []string{"SSL_CERT_FILE"} {
		if _, err := os.Stat(s.env[name]); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
}

// client is a client that knows what the file says, and nothing else.
func (s *server) client(t *testing.T) *http.Client {
	t.Helper()
	bundle, err := os.ReadFile(s.env["SSL_CERT_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(bundle) {
		t.Fatal("the bundle holds no certificate")
	}
	proxy, err := url.Parse(s.env["HTTPS_PROXY"])
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Timeout: 30 * time.Second, Transport: transport}
}

// token gets a token of the administrator for vaults.
func (s *server) token(t *testing.T, c *http.Client) string {
	t.Helper()
	return s.tokenFor(t, c, "https://vault.azure.net/.default")
}

func (s *server) tokenFor(t *testing.T, c *http.Client, scope string) string {
	t.Helper()
	resp, err := c.PostForm("https://login.microsoftonline.com/"+s.env["AZURE_TENANT_ID"]+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "scope": {scope},
		"client_id": {s.env["AZURE_CLIENT_ID"]}, "client_secret": {s.env["AZURE_CLIENT_SECRET"]},
	})
	body := answerOf(t, resp, err)
	token := regexp.MustCompile(`"access_token":"([^"]+)"`).FindStringSubmatch(body)
	if token == nil {
		t.Fatalf("no token: %s", body)
	}
	return token[1]
}

func answerOf(t *testing.T, resp *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// call makes a request to a vault.
func call(t *testing.T, c *http.Client, token, method, address, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address+"?api-version=7.4", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(req)
	return resp.StatusCode, answerOf(t, resp, err)
}

var variables = strings.Fields("AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET AZURE_KEYVAULT_URL AZURE_KEYVAULT_ATTESTATION_URL " +
	"HTTPS_PROXY SSL_CERT_FILE NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE EMBEDVAULT_ADDR")

func testServe(t *testing.T, program string) {
	s := start(t, program)
	for _, name := range variables {
		if s.env[name] == "" {
			t.Errorf("%s is missing", name)
		}
	}
	if got := s.env["AZURE_KEYVAULT_URL"]; got != "https://contoso.vault.azure.net" {
		t.Error(got)
	}
	file := s.cmd.Args[slices.Index(s.cmd.Args, "-env")+1]
	if is, err := os.Stat(file); err != nil || is.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", is.Mode(), err)
	}
	c := s.client(t)
	token := s.token(t, c)
	status, body := call(t, c, token, "PUT", s.env["AZURE_KEYVAULT_URL"]+"/secrets/db", `{"value":"hunter2"}`)
	if status != 200 || !strings.Contains(body, `"id":"https://contoso.vault.azure.net/secrets/db/`) {
		t.Errorf("%d %s", status, body)
	}
	if status, body = call(t, c, token, "GET", s.env["AZURE_KEYVAULT_URL"]+"/secrets/db", ""); status != 200 || !strings.Contains(body, "hunter2") {
		t.Errorf("%d %s", status, body)
	}
	if status, body = call(t, c, token, "GET", s.env["AZURE_KEYVAULT_URL"]+"/keys/none", ""); status != 404 {
		t.Errorf("%d %s", status, body)
	}
	if _, err := c.Get("https://example.com/"); err == nil || !strings.Contains(err.Error(), "example.com is no host of the service") {
		t.Errorf("%v", err)
	}
	s.stop(t, syscall.SIGTERM)
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
	printed := exports(t, s.out.String())
	secret := s.env["AZURE_CLIENT_SECRET"]
	delete(s.env, "AZURE_CLIENT_SECRET")
	if fmt.Sprint(printed) != fmt.Sprint(s.env) {
		t.Errorf("printed %v, want %v", printed, s.env)
	}
	log := s.diag.String()
	for _, hidden := range []string{"hunter2", token, secret} {
		if strings.Contains(log, hidden) {
			t.Errorf("the log tells %s", hidden)
		}
	}
	for _, line := range []string{"path=/" + s.env["AZURE_TENANT_ID"] + "/oauth2/v2.0/token status=200", "operation=SecretSet vault=contoso name=db status=200",
		"operation=SecretGet vault=contoso name=db status=200", "operation=KeyGet vault=contoso name=none status=404"} {
		if !strings.Contains(log, line) {
			t.Errorf("the log lacks %q", line)
		}
	}
	if n := strings.Count(log, "msg=request"); n != 4 {
		t.Errorf("%d lines for 4 requests:\n%s", n, log)
	}
}

func testSecretIsPrintedWhenAsked(t *testing.T, program string) {
	cmd := exec.CommandContext(t.Context(), program, "serve", "-listen", "127.0.0.1:0", "-env", "-")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var secret string
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.HasPrefix(lines.Text(), "export EMBEDVAULT_ADDR="); {
		if value, ok := strings.CutPrefix(lines.Text(), "export AZURE_CLIENT_SECRET="); ok {
			secret = value
		}
	}
	if len(secret) < 30 {
		t.Errorf("the secret is %q", secret)
	}
	cmd.Process.Signal(os.Interrupt)
	io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		t.Errorf("after an interrupt: %v", err)
	}
}

func testVaultsAndLimits(t *testing.T, program string) {
	s := start(t, program, "-vault", "plain:standard", "-vault", "other", "-limits", "2019", "-quiet")
	c := s.client(t)
	token := s.token(t, c)
	if got := s.env["AZURE_KEYVAULT_URL"]; got != "https://plain.vault.azure.net" {
		t.Error(got)
	}
	for vault, want := range map[string]int{"plain": 200, "other": 200, "contoso": 404} {
		if status, body := call(t, c, token, "GET", "https://"+vault+".vault.azure.net/secrets", ""); status != want {
			t.Errorf("%s: %d %s, want %d", vault, status, body, want)
		}
	}
	var last int
	for range 11 {
		last, _ = call(t, c, token, "POST", "https://other.vault.azure.net/keys/k/create", `{"kty":"EC"}`)
	}
	if last != 429 {
		t.Errorf("the eleventh key: %d", last)
	}
	s.stop(t, os.Interrupt)
	if log := s.diag.String(); strings.Contains(log, "msg=request") {
		t.Errorf("not quiet:\n%s", log)
	}
}

// Garbage and a thousand connections on both ports keep nobody out.
func testHostileClients(t *testing.T, program string) {
	s := start(t, program)
	proxy := strings.TrimPrefix(s.env["HTTPS_PROXY"], "http://")
	garbage := []string{"", "\x16\x03\x01", "\x00\xff\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "CONNECT x:99999 HTTP/1.1\r\n\r\n", strings.Repeat("A", 100_000)}
	for i := range 1000 {
		for _, addr := range []string{proxy, s.env["EMBEDVAULT_ADDR"]} {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			io.WriteString(conn, garbage[i%len(garbage)])
		}
	}
	c := s.client(t)
	if status, body := call(t, c, s.token(t, c), "GET", s.env["AZURE_KEYVAULT_URL"]+"/secrets", ""); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	s.stop(t, syscall.SIGTERM)
}

func testRefusals(t *testing.T, program string) {
	for arguments, want := range map[string]string{
		"":                        "want a command",
		"dance":                   `no command "dance"`,
		"serve extra":             "serve takes no arguments",
		"serve -listen 0.0.0.0:0": "-listen 0.0.0.0:0 can be reached from other machines: say -expose",
		"serve -listen :0":        "-listen :0 can be reached from other machines",
		"serve -proxy 10.0.0.1:0": "-proxy 10.0.0.1:0 can be reached from other machines",
		"serve -listen nonsense":  "-listen wants HOST:PORT",

		"serve -limits 1999":      "limits are off, 2019, 2021 or 2025",
		"serve -vault x:platinum": "a vault is premium or standard",
		"serve -hsm x:lazy":       "a Managed HSM is active, or NAME:inactive",
		"serve -unknown":          "flag provided but not defined: -unknown",
		"run":                     "run wants a program",
		"run -env - -- true":      "-env wants a file",
	} {
		expectExit(t, program, 2, want, strings.Fields(arguments)...)
	}
	expectExit(t, program, 1, "-vault 1st: ", "serve", "-listen", "127.0.0.1:0", "-vault", "1st")
	expectExit(t, program, 1, "-hsm dr: ", "serve", "-listen", "127.0.0.1:0", "-hsm", "dr")
	expectExit(t, program, 2, "-backups: it is no folder", "serve", "-listen", "127.0.0.1:0", "-backups", program)
	expectExit(t, program, 1, "twice", "serve", "-listen", "127.0.0.1:0", "-vault", "twice", "-vault", "twice")
	if out, err := exec.CommandContext(t.Context(), program, "serve", "-h").Output(); err != nil || string(out) != usage {
		t.Errorf("%v\n%s", err, out)
	}
}

// expectExit runs the program, which must end with a status and say why in one line, or two with a hint.
func expectExit(t *testing.T, program string, status int, want string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	out, err := cmd.CombinedOutput()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != status || !strings.Contains(string(out), want) || strings.Count(string(out), "\n") > 2 {
		t.Errorf("%q: %v, want status %d and %q\n%s", args, err, status, want, out)
	}
}
