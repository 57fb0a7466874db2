package rest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// TestRoutes asks an empty vault for every path in testdata/routes.txt, and a Managed HSM for those in
// testdata/routes-hsm.txt, and checks what it was taken for: the operation that was audited with name and version, or the
// refusal of a path that names none.
func TestRoutes(t *testing.T) {
	t.Run("vault", func(t *testing.T) { checkRoutes(t, "testdata/routes.txt", "contoso.vault.azure.net", 200) })
	t.Run("Managed HSM", func(t *testing.T) { checkRoutes(t, "testdata/routes-hsm.txt", fortressHost, 60) })
}

// spellings are the paths that the path of an operation stands for. A version may be missing, with its slash or without.
func spellings(path string) []string {
	names := strings.NewReplacer("{name}", "app", "{setting}", "one", "{role}", twinIDs[0], "{job}", strings.Repeat("1", 32))
	path = names.Replace(path)
	if !strings.Contains(path, "/{version}") {
		return []string{path}
	}
	var all []string
	for _, version := range []string{"/" + strings.Repeat("0", 32), "/", ""} {
		all = append(all, strings.ReplaceAll(path, "/{version}", version))
	}
	return all
}

// TestEveryOperationHasItsPath asks a container for every path of the table that its product has, however it is spelt.
func TestEveryOperationHasItsPath(t *testing.T) {
	var last vault.Event
	transport := routed(t, &last)
	for product, host := range map[vault.Product]string{vault.ProductKeyVault: "contoso.vault.azure.net", vault.ProductManagedHSM: fortressHost} {
		for _, e := range vault.Endpoints() {
			if !e.Offered(product) {
				continue
			}
			for _, path := range spellings(e.Path()) {
				if strings.Contains(path, "{") {
					t.Fatalf("%s: nothing is known that stands for the name in %s", e.Operation(), path)
				}
				last = vault.Event{}
				r, err := http.NewRequestWithContext(t.Context(), e.Method(), "https://"+host+path+"?api-version=2026-04-01", nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Authorization", "Bearer x")
				if _, err := transport.RoundTrip(r); err != nil {
					t.Fatal(err)
				}
				if last.Operation != e.Operation() {
					t.Errorf("%s: %s %s was taken for %s", host, e.Method(), path, last.Operation)
				}
			}
		}
	}
}

// routed is an empty vault and an empty Managed HSM, whose last event is kept.
func routed(t *testing.T, last *vault.Event) *rest.Transport {
	t.Helper()
	unlimited := limiter.Unlimited()
	svc, err := vault.New(&vault.Options{Limits: &unlimited, Audit: func(e vault.Event) { *last = e }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := svc.CreateVault(t.Context(), "contoso", nil); err != nil {
		t.Fatal(err)
	}
	twinHSM(t, svc)
	return rest.New(svc, nil).Transport().As(vault.Owner())
}

func checkRoutes(t *testing.T, file, host string, least int) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var last vault.Event
	transport := routed(t, &last)
	var got strings.Builder
	paths := 0
	for line := range strings.Lines(string(data)) {
		request, _, _ := strings.Cut(strings.TrimSpace(line), "  → ")
		if strings.HasPrefix(request, "#") {
			fmt.Fprintln(&got, request)
			continue
		}
		paths++
		last = vault.Event{}
		method, path, _ := strings.Cut(request, " ")
		r, err := http.NewRequestWithContext(t.Context(), method, "https://"+host+path+"?api-version=7.6", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer x")
		resp, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "%s  → %s\n", request, taken(t, resp, last))
	}
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got.String() != string(data) {
		t.Errorf("%s differs: %s", file, difference(string(data), got.String()))
	}
	if paths < least {
		t.Errorf("%d paths", paths)
	}
}

// taken tells what a request was taken for.
func taken(t *testing.T, resp *http.Response, e vault.Event) string {
	t.Helper()
	defer resp.Body.Close()
	text := string(e.Operation)
	if e.Operation != "Unknown" {
		if e.Name != "" {
			text += fmt.Sprintf(" %q", e.Name)
		}
		if e.Version != "" {
			text += " " + e.Version
		}
		if e.Request().Outdated {
			text += " (outdated)"
		}
		return text
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) == 0 {
		return fmt.Sprintf("%d without body", resp.StatusCode)
	}
	var body struct{ Error struct{ Message string } }
	if json.Unmarshal(data, &body) != nil {
		return fmt.Sprintf("%d a page", resp.StatusCode)
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", resp.StatusCode, activity.ReplaceAllString(body.Error.Message, "")))
}
