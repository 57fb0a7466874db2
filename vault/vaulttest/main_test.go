package vaulttest_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/vaulttest"
)

// tooEarly says what a process does before Main that it must not.
const tooEarly = "VAULTTEST_TOO_EARLY"

func TestMain(m *testing.M) {
	switch os.Getenv(tooEarly) {
	case "roots":
		x509.SetFallbackRoots(x509.NewCertPool())
	case "request":
		http.Get("https://127.0.0.1:1/")
	}
	vaulttest.Main(m)
}

// secretOf is code without an injection point: it finds out where and who it is by itself, as an SDK does.
func secretOf(ctx context.Context, vaultURL, name string) (string, error) {
	address := vaultURL + "/secrets/" + name + "?api-version=7.4"
	resp, err := http.Get(address)
	if err != nil {
		return "", err
	}
	resp.Body.Close()
	token, err := tokenFor(resp.Header.Get("WWW-Authenticate"))
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	var secret struct{ Value string }
	err = decode(&secret)(http.DefaultClient.Do(req))
	return secret.Value, err
}

// tokenFor follows the challenge of a vault.
func tokenFor(challenge string) (string, error) {
	parts := regexp.MustCompile(`authorization="([^"]+)", resource="([^"]+)"`).FindStringSubmatch(challenge)
	if parts == nil {
		return "", fmt.Errorf("no challenge: %q", challenge)
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {parts[2] + "/.default"},
		"client_id": {os.Getenv("AZURE_CLIENT_ID")}, "client_secret": {os.Getenv("AZURE_CLIENT_SECRET")},
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	err := decode(&token)(http.PostForm(parts[1]+"/oauth2/v2.0/token", form))
	return token.AccessToken, err
}

// decode reads the JSON of an answer that must be a 200.
func decode(into any) func(*http.Response, error) error {
	return func(resp *http.Response, err error) error {
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			return errors.Join(err, fmt.Errorf("%s: %s", resp.Status, body))
		}
		return json.Unmarshal(body, into)
	}
}

func TestCodeWithoutInjectionPoint(t *testing.T) {
	env := vaulttest.Served(t, nil)
	env.SetSecret("db", "hunter2")
	t.Setenv("VAULT_URL", env.URL())
	got, err := secretOf(t.Context(), os.Getenv("VAULT_URL"), "db")
	if err != nil || got != "hunter2" {
		t.Errorf("%q %v", got, err)
	}
	env.Advance(91 * 24 * time.Hour)
	if got, err := secretOf(t.Context(), env.URL(), "db"); err != nil || got != "hunter2" {
		t.Errorf("after 91 days: %q %v", got, err)
	}
}

func TestServedEnvironmentsShareNothing(t *testing.T) {
	const parallel = 8
	for i := range parallel {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			env := vaulttest.Served(t, &vaulttest.Options{Vault: roles(i%2 == 1)})
			value := fmt.Sprint("value ", i)
			env.SetSecret("db", value)
			env.Advance(time.Duration(i) * 24 * time.Hour)
			if got, err := secretOf(t.Context(), env.URL(), "db"); err != nil || got != value {
				t.Errorf("%q %v, want %q", got, err, value)
			}
			if n := len(env.Requests(vault.OpSecretGet)); n != 2 {
				t.Errorf("%d requests, want a challenge and an answer", n)
			}
		})
	}
}

func roles(yes bool) *vault.VaultOptions {
	if !yes {
		return nil
	}
	return &vault.VaultOptions{RBAC: &vault.RBAC{}}
}

func TestRightsOfTheApplication(t *testing.T) {
	env := vaulttest.Served(t, &vaulttest.Options{Name: "named"})
	env.SetSecret("db", "x")
	if want := "https://named.vault.azure.net"; env.URL() != want {
		t.Errorf("%s, want %s", env.URL(), want)
	}
	env.Revoke(env.Application().ObjectID(), policy.SecretsGet)
	if _, err := secretOf(t.Context(), env.URL(), "db"); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("%v", err)
	}
	env.Application().Disable()
	if _, err := secretOf(t.Context(), env.URL(), "db"); err == nil || !strings.Contains(err.Error(), "AADSTS7000112") {
		t.Errorf("%v", err)
	}
}

// Hosts of the service that nobody serves answer here, and are not looked for outside.
func TestHostsOfNobody(t *testing.T) {
	var url string
	t.Run("", func(t *testing.T) {
		env := vaulttest.Served(t, nil)
		env.CreateVault("second-vault", nil)
		url = env.URL()
		for _, address := range []string{url, "https://second-vault.vault.azure.net"} {
			if status := statusOf(t, address+"/secrets?api-version=7.4"); status != 401 {
				t.Errorf("%s: %d", address, status)
			}
		}
	})
	tenant := "https://login.microsoftonline.com/" + os.Getenv("AZURE_TENANT_ID")
	regional := "https://westeurope.login.microsoft.com/" + os.Getenv("AZURE_TENANT_ID")
	for address, want := range map[string]int{
		url + "/secrets?api-version=7.4": 404, "https://second-vault.vault.azure.net/": 404, "https://x.managedhsm.azure.net/": 404,
		regional + "/v2.0/.well-known/openid-configuration": 200,
		tenant + "/v2.0/.well-known/openid-configuration":   200, "https://login.microsoftonline.com/nobody/v2.0/.well-known/openid-configuration": 400,
	} {
		if got := statusOf(t, address); got != want {
			t.Errorf("%s: %d, want %d", address, got, want)
		}
	}
}

func statusOf(t *testing.T, address string) int {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// again runs a test of this binary in a process of its own.
func again(t *testing.T, test string, env ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), append([]string{"HTTPS_PROXY=", "NO_PROXY="}, env...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Trust does not depend on what the system trusts: nothing, something, or with a setting for it.
func TestMainOnEverySystem(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none")
	nothing := []string{"SSL_CERT_FILE=" + missing, "SSL_CERT_DIR=" + missing}
	for name, env := range map[string][]string{
		"with roots": nil, "without roots": nothing, "with a setting": {"GODEBUG=x509usefallbackroots=0"},
		"excepted from the proxy": {"NO_PROXY=.azure.net,login.microsoftonline.com"},
	} {
		out, err := again(t, "TestCodeWithoutInjectionPoint", env...)
		if err != nil || !strings.Contains(out, "--- PASS: TestCodeWithoutInjectionPoint") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestMainIsTooLate(t *testing.T) {
	for what, want := range map[string]string{
		"roots": "x509.SetFallbackRoots was called before", "request": "an HTTP request was made before vaulttest.Main",
	} {
		out, err := again(t, "TestCodeWithoutInjectionPoint", tooEarly+"="+what)
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exit.ExitCode() != 1 || !strings.Contains(out, want) || strings.Contains(out, "--- ") {
			t.Errorf("%s: %v, want %q and no test run\n%s", what, err, want, out)
		}
	}
}

// Other hosts are reached as ever: by their own names, with the certificates that the system trusts.
func TestOtherHostsAsEver(t *testing.T) {
	if os.Getenv("VAULTTEST_WORLD") != "" {
		resp, err := http.Get("https://example.com/")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Served-By"); got != "the world" {
			t.Errorf("served by %q", got)
		}
		return
	}
	world := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Served-By", "the world")
	}))
	world.StartTLS()
	defer world.Close()
	// The way out of this machine: a proxy that leads everywhere to the world.
	exit := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer here.Close()
		fmt.Fprint(here, "HTTP/1.1 200 OK\r\n\r\n")
		there, err := new(net.Dialer).DialContext(t.Context(), "tcp", world.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		defer there.Close()
		go io.Copy(there, here)
		io.Copy(here, there)
	}))
	defer exit.Close()
	roots := filepath.Join(t.TempDir(), "roots.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: world.Certificate().Raw})
	if err := os.WriteFile(roots, block, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := again(t, "TestOtherHostsAsEver", "VAULTTEST_WORLD=1", "HTTPS_PROXY="+exit.URL, "SSL_CERT_FILE="+roots)
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
