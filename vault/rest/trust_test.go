package rest_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// TestAudiencesOfAssertions shows assertions that were signed for one authority to another one.
func TestAudiencesOfAssertions(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	tenant := identity.New(&identity.Options{TenantID: tenantID, Now: now, KeyBits: 1024, Authority: "https://login.Contoso.example:8443"})
	app, err := tenant.NewApplication("billing", &identity.ObjectOptions{ClientID: clientID})
	if err != nil {
		t.Fatal(err)
	}
	sign := newClientKey(t, app, now())
	svc, err := vault.New(&vault.Options{Tenant: tenant, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	d := &directory{tenant: tenant, transport: rest.New(svc, nil).Transport()}
	const path = "/" + tenantID + "/oauth2/v2.0/token"
	for name, c := range map[string]struct {
		host, audience string
		good           bool
	}{
		"the tenant's":               {"login.contoso.example:8443", "https://login.Contoso.example:8443" + path, true},
		"the tenant's, by an alias":  {"login.windows.net", "https://login.Contoso.example:8443" + path, true},
		"an alias":                   {"login.windows.net", "https://login.windows.net" + path, true},
		"a region":                   {"westus2.login.microsoft.com", "https://westus2.login.microsoft.com" + path, true},
		"an alias, another host":     {"login.microsoftonline.com", "https://login.windows.net" + path, false},
		"another authority":          {"login.microsoftonline.com", "https://login.fabrikam.example" + path, false},
		"another authority, forged":  {"login.fabrikam.example", "https://login.fabrikam.example" + path, false},
		"the metadata service":       {"169.254.169.254", "https://169.254.169.254" + path, false},
		"a vault":                    {"localhost", "https://localhost" + path, false},
		"the tenant's, without port": {"login.contoso.example", "https://login.contoso.example" + path, false},
	} {
		t.Run(name, func(t *testing.T) {
			form := credentials("client_secret", "", "scope", "https://vault.azure.net/.default",
				"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion", sign(c.audience))
			status, answer := d.ask(t, "https://"+c.host+path, form)
			if !c.good {
				wantRefusal(t, status, answer, "700023")
			} else if status != http.StatusOK {
				t.Errorf("%d %v", status, answer)
			}
		})
	}
}

// newClientKey gives an application a certificate, and returns what signs its assertions for an audience.
func newClientKey(t *testing.T, app *identity.Application, now time.Time) func(audience string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: now.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if err := app.AddCertificate(cert); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	head := (&jose.SignerOptions{}).WithHeader("x5t#S256", base64.RawURLEncoding.EncodeToString(sum[:]))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.PS256, Key: key}, head)
	if err != nil {
		t.Fatal(err)
	}
	return func(audience string) string {
		payload, err := json.Marshal(map[string]any{"iss": app.ClientID(), "sub": app.ClientID(), "aud": audience, "exp": now.Add(time.Minute).Unix()})
		if err != nil {
			t.Fatal(err)
		}
		jws, err := signer.Sign(payload)
		if err != nil {
			t.Fatal(err)
		}
		text, err := jws.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
}

// TestInstanceByCase finds an authority whatever the case of its host.
func TestInstanceByCase(t *testing.T) {
	tenant := identity.New(&identity.Options{TenantID: tenantID, KeyBits: 1024, Authority: "https://Login.Contoso.example"})
	svc, err := vault.New(&vault.Options{Tenant: tenant})
	if err != nil {
		t.Fatal(err)
	}
	d := &directory{tenant: tenant, transport: rest.New(svc, nil).Transport()}
	for _, host := range []string{"login.contoso.example", "Login.Contoso.example", "LOGIN.WINDOWS.NET"} {
		endpoint := url.QueryEscape("https://" + host + "/" + tenantID + "/oauth2/v2.0/authorize")
		if status, answer := d.ask(t, login+"common/discovery/instance?authorization_endpoint="+endpoint, nil); status != http.StatusOK {
			t.Errorf("%s: %d %v", host, status, answer)
		}
	}
}

// TestMachineIdentitiesOnASocket gives the tokens of the machine to the machine alone.
func TestMachineIdentitiesOnASocket(t *testing.T) {
	tenant := identity.New(&identity.Options{KeyBits: 1024})
	vm, err := tenant.NewManagedIdentity("/subscriptions/s/virtualMachines/vm", nil)
	if err != nil {
		t.Fatal(err)
	}
	svc, err := vault.New(&vault.Options{Tenant: tenant})
	if err != nil {
		t.Fatal(err)
	}
	open := rest.New(svc, &rest.Options{Identities: []*identity.ManagedIdentity{vm}})
	secret := rest.New(svc, &rest.Options{Identities: []*identity.ManagedIdentity{vm}, IdentityHeader: "h"})
	both := rest.New(svc, &rest.Options{Identities: []*identity.ManagedIdentity{vm}, IdentityHeader: "h", Vault: "contoso"})
	const imds, app = "/metadata/identity/oauth2/token", "/msi/token/"
	for name, c := range map[string]struct {
		handler          http.Handler
		from, host, path string
		shown            string
		want             int
	}{
		"the machine":                        {open, "127.0.0.1:1", "localhost:8080", imds, "", 200},
		"the machine, by IPv6":               {open, "[::1]:1", "localhost:8080", imds, "", 200},
		"the machine, IPv4 in IPv6":          {open, "[::ffff:127.0.0.1]:1", "localhost:8080", imds, "", 200},
		"another machine, that says so":      {open, "172.17.0.2:1", "169.254.169.254", imds, "", 404},
		"another machine":                    {open, "20.1.2.3:1", "localhost:8080", imds, "", 404},
		"another machine, a vault for all":   {both, "20.1.2.3:1", "localhost:8080", imds, "", 404},
		"another machine, at the authority":  {open, "20.1.2.3:1", "login.microsoftonline.com", imds, "", 404},
		"nobody knows who":                   {open, "", "localhost:8080", imds, "", 404},
		"App Service":                        {secret, "127.0.0.1:1", "localhost:8080", app, "h", 200},
		"App Service, wrong":                 {secret, "127.0.0.1:1", "localhost:8080", app, rest.DefaultIdentityHeader, 401},
		"App Service, another machine":       {secret, "20.1.2.3:1", "localhost:8080", app, "h", 404},
		"App Service, no secret of its own":  {open, "127.0.0.1:1", "localhost:8080", app, rest.DefaultIdentityHeader, 401},
		"App Service, neither shown nor set": {open, "127.0.0.1:1", "localhost:8080", app, "", 401},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", c.path+"?resource=https://vault.azure.net", nil)
			r.RemoteAddr, r.Host = c.from, c.host
			r.Header.Set("Metadata", "true")
			r.Header.Set("X-Identity-Header", c.shown)
			w := httptest.NewRecorder()
			c.handler.ServeHTTP(w, r)
			if body := w.Body.String(); w.Code != c.want || strings.Contains(body, "access_token") != (c.want == 200) {
				t.Errorf("%d %s, want %d", w.Code, body, c.want)
			}
		})
	}
}

// TestMachineIdentitiesAtTheirAddress gives them to who reached the address, whatever host the request names.
func TestMachineIdentitiesAtTheirAddress(t *testing.T) {
	tenant := identity.New(&identity.Options{KeyBits: 1024})
	vm, err := tenant.NewManagedIdentity("/subscriptions/s/virtualMachines/vm", nil)
	if err != nil {
		t.Fatal(err)
	}
	svc, err := vault.New(&vault.Options{Tenant: tenant})
	if err != nil {
		t.Fatal(err)
	}
	handler := rest.New(svc, &rest.Options{Identities: []*identity.ManagedIdentity{vm}})
	for local, want := range map[string]int{"169.254.169.254": 200, "172.17.0.1": 404} {
		addr := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(local), 80))
		r := httptest.NewRequest("GET", "http://localhost/metadata/identity/oauth2/token?resource=https://vault.azure.net", nil)
		r = r.WithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, net.Addr(addr)))
		r.RemoteAddr = "172.17.0.2:1"
		r.Header.Set("Metadata", "true")
		w := httptest.NewRecorder()
		if handler.ServeHTTP(w, r); w.Code != want {
			t.Errorf("at %s: %d %s", local, w.Code, w.Body)
		}
	}
}

// TestUnauditedRequests tells of each request over a socket once: either the audit hears of it or who asks for the rest.
// A page does not tell what vault it stands before.
func TestUnauditedRequests(t *testing.T) {
	tenant := identity.New(&identity.Options{KeyBits: 1024})
	audited, told := 0, []int{}
	svc, err := vault.New(&vault.Options{Tenant: tenant, Audit: func(vault.Event) { audited++ }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := svc.Vault(t.Context(), "contoso"); err != nil {
		t.Fatal(err)
	}
	handler := rest.New(svc, &rest.Options{
		Place:     func(vault.Caller, *http.Request) vault.Caller { return vault.Owner() },
		Unaudited: func(_ *http.Request, status int) { told = append(told, status) },
	})
	given, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx     context.Context
		target  string
		audited bool
		want    int // 0: nobody is told
	}{
		"a secret":             {t.Context(), "https://contoso.vault.azure.net/secrets/s?api-version=7.4", true, 404},
		"a page of a vault":    {t.Context(), "https://contoso.vault.azure.net/nowhere", true, 404},
		"a token":              {t.Context(), "https://login.microsoftonline.com/" + tenant.ID() + "/discovery/keys", false, 200},
		"a vault there is not": {t.Context(), "https://fabrikam.vault.azure.net/secrets/s", false, 404},
		"a request given up":   {given, "https://contoso.vault.azure.net/secrets/s?api-version=7.4", false, 0},
		"a token given up":     {given, "https://login.microsoftonline.com/" + tenant.ID() + "/discovery/keys", false, 0},
	} {
		audited, told = 0, nil
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", c.target, nil).WithContext(c.ctx))
		var want []int
		if c.want != 0 && !c.audited {
			want = []int{c.want}
		}
		if (audited == 1) != c.audited || !slices.Equal(told, want) || c.want != 0 && w.Code != c.want {
			t.Errorf("%s: %d, audited %d times, told of %v", name, w.Code, audited, told)
		}
		if page := strings.HasPrefix(w.Header().Get("Content-Type"), "text/html"); page && w.Header().Get("X-Ms-Keyvault-Region") != "" {
			t.Errorf("%s: the page has headers of a vault", name)
		}
	}
}

// TestRightsOfOldForms sends a PUT with the body of a create or of an import to callers who may do one of them.
func TestRightsOfOldForms(t *testing.T) {
	svc, events := service(t, &vault.VaultOptions{AccessPolicies: []policy.AccessPolicy{
		{ObjectID: "maker", Keys: []string{"create"}}, {ObjectID: "importer", Keys: []string{"import"}},
	}})
	const create = `{"kty":"EC","crv":"P-256"}`
	const imported = `{"key":{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}}`
	for name, c := range map[string]struct {
		who, body string
		status    int
		operation vault.Operation
	}{
		"a maker creates":     {"maker", create, 200, vault.OpKeyCreate},
		"a maker imports":     {"maker", imported, 403, vault.OpKeyImport},
		"an importer creates": {"importer", create, 403, vault.OpKeyCreate},
		"an importer imports": {"importer", imported, 200, vault.OpKeyImport},
		"nobody creates":      {"nobody", create, 403, vault.OpKeyImport},
	} {
		t.Run(name, func(t *testing.T) {
			transport := rest.New(svc, nil).Transport().As(vault.Principal(c.who))
			status, answer := jsonOf(t, transport, request(t, "PUT", "https://contoso.vault.azure.net/keys/k?api-version=7.4", strings.NewReader(c.body)))
			all := events()
			if e := all[len(all)-1]; status != c.status || e.Operation != c.operation {
				t.Errorf("%d %v as %s, want %d as %s", status, answer, e.Operation, c.status, c.operation)
			}
		})
	}
}
