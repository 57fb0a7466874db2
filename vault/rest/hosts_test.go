package rest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// A host may be written with the dot of a full name, in any case and with a port; ids show it plainly.
func TestHostsAsTheyMayBeWritten(t *testing.T) {
	svc, err := vault.New(&vault.Options{Tenant: identity.New(nil)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := svc.CreateVault(t.Context(), "contoso", nil); err != nil {
		t.Fatal(err)
	}
	h := rest.New(svc, nil)
	for host, id := range map[string]string{
		"contoso.vault.azure.net":           "https://contoso.vault.azure.net/",
		"contoso.vault.azure.net.":          "https://contoso.vault.azure.net/",
		"CONTOSO.Vault.Azure.Net.:443":      "https://contoso.vault.azure.net/",
		"contoso.vault.azure.net.:8443":     "https://contoso.vault.azure.net:8443/",
		"contoso.vault.azure.net..":         "",
		"contoso.contoso.vault.azure.net":   "",
		"contoso.vault.azure.net.localhost": "",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "https://"+host+"/secrets/db?api-version=7.4", strings.NewReader(`{"value":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer x")
		resp, err := h.Transport().As(vault.Owner()).RoundTrip(r)
		if id == "" {
			if err == nil {
				t.Errorf("%s: %s", host, resp.Status)
			}
			continue
		}
		if err != nil {
			t.Fatal(host, err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(body), `"id":"`+id+`secrets/db/`) {
			t.Errorf("%s: %s, want an id below %s", host, body, id)
		}
	}
}

// A container of the name is found right below every domain, and nowhere else near it.
func TestDomains(t *testing.T) {
	svc, err := vault.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := svc.Vault(t.Context(), "contoso"); err != nil {
		t.Fatal(err)
	}
	if _, err := svc.ManagedHSM(t.Context(), "contoso"); err != nil {
		t.Fatal(err)
	}
	h := rest.New(svc, nil)
	rest.Domains()[0] = "example.com" // is the test's own
	if domains := rest.Domains(); len(domains) != 7 || domains[0] != "vault.azure.net" {
		t.Errorf("the domains are %v", domains)
	}
	for _, domain := range rest.Domains() {
		for host, want := range map[string]int{
			"contoso." + domain: http.StatusUnauthorized, "nobody." + domain: http.StatusNotFound,
			domain: http.StatusNotFound, "." + domain: http.StatusNotFound, "contoso" + domain: http.StatusNotFound,
			"a.contoso." + domain: http.StatusNotFound, "contoso.." + domain: http.StatusNotFound,
		} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://"+host+"/keys?api-version=7.4", nil))
			if w.Code != want {
				t.Errorf("%s is answered with %d, want %d", host, w.Code, want)
			}
		}
	}
}

// A program has local hosts for both products.
func TestSuffixes(t *testing.T) {
	svc, err := vault.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := svc.Vault(t.Context(), "contoso"); err != nil {
		t.Fatal(err)
	}
	if _, err := svc.ManagedHSM(t.Context(), "fortress"); err != nil {
		t.Fatal(err)
	}
	h := rest.New(svc, &rest.Options{Suffixes: []string{"Vault.localhost."}, HSMSuffixes: []string{".managedhsm.localhost"}})
	for host, want := range map[string]string{
		"contoso.vault.localhost:8443":       "https://vault.azure.net",
		"contoso.vault.azure.net":            "https://vault.azure.net",
		"fortress.managedhsm.localhost:8443": "https://managedhsm.azure.net",
		"fortress.managedhsm.azure.net":      "https://managedhsm.azure.net",
		"fortress.vault.localhost":           "",
		"contoso.managedhsm.localhost":       "",
		"managedhsm.localhost":               "",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://"+host+"/keys?api-version=7.4", nil))
		challenge := w.Header().Get("Www-Authenticate")
		if resource := `resource="` + want + `"`; want == "" && w.Code != http.StatusNotFound || want != "" && !strings.HasSuffix(challenge, resource) {
			t.Errorf("%s is answered with %d %s, want %q", host, w.Code, challenge, want)
		}
	}
}

// Whom a host is for can be told without a handler.
func TestContainerOf(t *testing.T) {
	for host, want := range map[string]struct {
		product vault.Product
		name    string
	}{
		"contoso.vault.azure.net":                 {vault.ProductKeyVault, "contoso"},
		"Contoso.Vault.Azure.Net.:8443":           {vault.ProductKeyVault, "contoso"},
		"contoso.privatelink.vaultcore.azure.net": {vault.ProductKeyVault, "contoso"},
		"contoso.managedhsm.azure.net:443":        {vault.ProductManagedHSM, "contoso"},
		"contoso.managedhsm.azure.cn":             {vault.ProductManagedHSM, "contoso"},
		"login.microsoftonline.com":               {},
		"a.contoso.vault.azure.net":               {},
		"contoso.vault.azure.net..":               {},
		".vault.azure.net":                        {},
		"vault.azure.net":                         {},
		"":                                        {},
	} {
		product, name, ok := rest.ContainerOf(host)
		if product != want.product || name != want.name || ok != (want.name != "") {
			t.Errorf("%q is the %v %q, %v; want %+v", host, product, name, ok, want)
		}
	}
}

// Clients that are told their region ask its authority for tokens.
func TestAuthoritiesOfRegions(t *testing.T) {
	svc, err := vault.New(&vault.Options{Tenant: identity.New(nil)})
	if err != nil {
		t.Fatal(err)
	}
	h := rest.New(svc, nil)
	answer := func(host string) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://"+host+"/", nil))
		return w.Code
	}
	authority, nobody := answer("login.microsoftonline.com"), answer("example.com")
	if authority == nobody {
		t.Fatalf("an authority answers like nobody: %d", nobody)
	}
	for host, is := range map[string]bool{
		"login.microsoft.com": true, "westeurope.login.microsoft.com": true, "WestEurope.login.microsoft.com.": true,
		".login.microsoft.com": false, "evillogin.microsoft.com": false, "westeurope.login.windows.net": false,
	} {
		if got := answer(host) == authority; got != is {
			t.Errorf("%s issues tokens: %v", host, got)
		}
	}
}
