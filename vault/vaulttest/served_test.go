package vaulttest_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/vault/vaulttest"
)

// A sidecar in another process reaches the environment with nothing but its variables.
func TestSidecar(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("no curl: ", err)
	}
	env := vaulttest.New(t, nil)
	env.SetSecret("db", "hunter2")
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", `
		token=$("$CURL" -sSf "https://login.microsoftonline.com/$AZURE_TENANT_ID/oauth2/v2.0/token" \
			-d grant_type=client_credentials -d scope=https://vault.azure.net/.default \
			-d client_id="$AZURE_CLIENT_ID" --data-urlencode client_secret="$AZURE_CLIENT_SECRET" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
		"$CURL" -sSf "$AZURE_KEYVAULT_URL/secrets/db?api-version=7.4" -H "Authorization: Bearer $token"`)
	cmd.Env = append(append(os.Environ(), env.Serve(t).Environ()...), "CURL="+curl)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), `"value":"hunter2"`) {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestServeOutsideOfMain(t *testing.T) {
	env := vaulttest.New(t, nil)
	one, two := env.Serve(t).Environ(), env.Serve(t).Environ()
	if slices.Equal(one, two) {
		t.Error("two servers have one address")
	}
	for _, name := range strings.Fields("AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET AZURE_KEYVAULT_URL HTTPS_PROXY " +
		"SSL_CERT_FILE NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE EMBEDVAULT_ADDR") {
		if !slices.ContainsFunc(one, func(v string) bool { return strings.HasPrefix(v, name+"=") && len(v) > len(name)+1 }) {
			t.Errorf("%s is missing in %q", name, one)
		}
	}
	if !slices.Contains(one, "AZURE_KEYVAULT_URL=https://contoso.vault.azure.net") {
		t.Errorf("%q", one)
	}
}

// stopped is a test that ends at its first failure, without failing the real one.
type stopped struct {
	testing.TB
	why string
}

func (s *stopped) Fatal(args ...any) {
	s.why = fmt.Sprint(args...)
	panic(s)
}

func (s *stopped) Fatalf(format string, args ...any) { s.Fatal(fmt.Sprintf(format, args...)) }

// fatal is why a test was ended.
func fatal(t *testing.T, f func(testing.TB)) (why string) {
	t.Helper()
	s := &stopped{TB: t}
	defer func() {
		if r := recover(); r != nil && r != any(s) {
			panic(r)
		}
		why = s.why
	}()
	f(s)
	return ""
}

func TestRefusals(t *testing.T) {
	vaulttest.Served(t, &vaulttest.Options{Name: "taken"})
	if why := fatal(t, func(tb testing.TB) { vaulttest.Served(tb, &vaulttest.Options{Name: "Taken"}) }); !strings.Contains(why, "named Taken") {
		t.Errorf("a name twice: %q", why)
	}
	vaulttest.Run(t, nil, func(t *testing.T, env *vaulttest.Env) {
		if why := fatal(t, func(tb testing.TB) { env.Serve(tb) }); !strings.Contains(why, "in a bubble") {
			t.Errorf("served in a bubble: %q", why)
		}
	})
}

// answerTo is what a client of the process gets at an address.
func answerTo(t *testing.T, address string) (int, string) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// A vault and a Managed HSM of one name have different hosts, also where they are in different environments. Two Managed
// HSMs of one name have not: whoever made them learns what to change.
func TestContainersOfOneName(t *testing.T) {
	one, two := vaulttest.Served(t, nil), vaulttest.Served(t, nil)
	one.CreateVault("bastion", nil)
	two.CreateManagedHSM("bastion", nil)
	for _, host := range []string{"bastion.vault.azure.net", "bastion.managedhsm.azure.net"} {
		if status, body := answerTo(t, "https://"+host+"/keys?api-version=7.4"); status != 401 {
			t.Errorf("%s: %d %s", host, status, body)
		}
	}
	one.CreateManagedHSM("bastion", nil)
	status, body := answerTo(t, "https://bastion.managedhsm.azure.net/keys?api-version=7.4")
	if status != 421 || !strings.Contains(body, "several served environments have a Managed HSM named bastion") {
		t.Errorf("%d %s", status, body)
	}
}

// The environments have one attestation authority by its host, and each its own by its clock and key. While there are
// several, none of them answers for the others.
func TestTheAttestorOfServedEnvironments(t *testing.T) { // not parallel: it counts the environments that are served
	const address = "https://attest.azurewebsites.net/generate-test-token"
	one := vaulttest.Served(t, nil)
	if status, body := answerTo(t, address); status != 200 || !strings.HasPrefix(body, `{"token":"`) {
		t.Errorf("one environment: %d %s", status, body)
	}
	t.Run("two", func(t *testing.T) {
		two := vaulttest.Served(t, nil)
		status, body := answerTo(t, address)
		if status != 421 || !strings.Contains(body, "Env.Attestor") || strings.Contains(body, "vault on") {
			t.Errorf("two environments: %d %s", status, body)
		}
		for _, env := range []*vaulttest.Env{one, two} {
			resp, err := env.HTTP().Get(address)
			if err != nil || resp.StatusCode != 200 {
				t.Errorf("by its own client: %v %v", resp, err)
			}
		}
	})
	if status, body := answerTo(t, address); status != 200 {
		t.Errorf("one again: %d %s", status, body)
	}
}
