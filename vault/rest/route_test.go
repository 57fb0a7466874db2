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

const routesFile = "testdata/routes.txt"

// TestRoutes asks an empty vault for every path in testdata/routes.txt and checks what it was taken for: the operation
// that was audited with name and version, or the refusal of a path that names none.
func TestRoutes(t *testing.T) {
	data, err := os.ReadFile(routesFile)
	if err != nil {
		t.Fatal(err)
	}
	var last vault.Event
	unlimited := limiter.Unlimited()
	svc, err := vault.New(&vault.Options{Limits: &unlimited, Audit: func(e vault.Event) { last = e }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := svc.CreateVault(t.Context(), "contoso", nil); err != nil {
		t.Fatal(err)
	}
	transport := rest.New(svc, nil).Transport().As(vault.Owner())
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
		r, err := http.NewRequestWithContext(t.Context(), method, "https://contoso.vault.azure.net"+path+"?api-version=7.6", nil)
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
		if err := os.WriteFile(routesFile, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got.String() != string(data) {
		t.Errorf("%s differs: %s", routesFile, difference(string(data), got.String()))
	}
	if paths < 200 {
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
	return fmt.Sprintf("%d %s", resp.StatusCode, body.Error.Message)
}
