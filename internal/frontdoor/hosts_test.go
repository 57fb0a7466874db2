package frontdoor_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/embedvault/embedvault/internal/frontdoor"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// The front and the door behind it have one opinion of what a host is for.
func TestHostsMeanTheSameBehindTheFront(t *testing.T) {
	svc, err := vault.New(&vault.Options{Tenant: identity.New(nil)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := svc.CreateVault(t.Context(), "contoso", nil); err != nil {
		t.Fatal(err)
	}
	door := rest.New(svc, nil)
	answers := func(host, path string) int {
		r := httptest.NewRequest(http.MethodGet, "https://"+host+path, nil)
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		return w.Code
	}
	for host, name := range map[string]string{
		"contoso.vault.azure.net": "contoso", "contoso.vault.azure.net.": "contoso", "Contoso.Vault.Azure.Net.": "contoso",
		"contoso.privatelink.vaultcore.azure.net": "contoso",
		"contoso.vault.azure.net..":               "", "a.contoso.vault.azure.net": "", "contoso.contoso.vault.azure.net": "",
		".vault.azure.net": "", "vault.azure.net": "",
	} {
		want := http.StatusNotFound
		if name != "" {
			want = http.StatusUnauthorized
		}
		for _, port := range []string{"", ":443", ":8443"} {
			if status := answers(host+port, "/secrets?api-version=7.4"); status != want {
				t.Errorf("%s%s is answered with %d, want %d", host, port, status, want)
			}
		}
		if got := frontdoor.Serves(host); got != (name != "") {
			t.Errorf("%s is served: %v", host, got)
		}
	}
	for host, served := range map[string]bool{
		"login.microsoft.com": true, "login.microsoft.com.": true, "westeurope.login.microsoft.com": true, "EastUS2.Login.Microsoft.com.": true,
		"a.b.login.microsoft.com": true, ".login.microsoft.com": false, "notlogin.microsoft.com": false, "microsoft.com": false,
	} {
		if got := frontdoor.Serves(host); got != served {
			t.Errorf("%s is served: %v", host, got)
		}
		if got := answers(host, "/") == answers("login.microsoftonline.com", "/"); got != served {
			t.Errorf("%s issues tokens: %v", host, got)
		}
	}
}
