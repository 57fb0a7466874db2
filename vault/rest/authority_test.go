package rest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

const (
	tenantID = "0a1b2c3d-0000-4000-8000-00000000000f"
	clientID = "0a1b2c3d-0000-4000-8000-0000000000c1"
)

// directory is a tenant with an application and the authority that issues its tokens.
type directory struct {
	tenant    *identity.Tenant
	vault     *vault.Vault
	transport *rest.Transport
}

func newDirectory(t testing.TB, o *rest.Options) *directory {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	d := &directory{tenant: identity.New(&identity.Options{TenantID: tenantID, Now: now, KeyBits: 1024})}
	app, err := d.tenant.NewApplication("billing", &identity.ObjectOptions{ClientID: clientID})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.AddSecret(&identity.SecretOptions{Text: "s3cret"}); err != nil {
		t.Fatal(err)
	}
	svc, err := vault.New(&vault.Options{Tenant: d.tenant, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if d.vault, err = svc.CreateVault(t.Context(), "contoso", nil); err != nil {
		t.Fatal(err)
	}
	d.transport = rest.New(svc, o).Transport()
	return d
}

// ask sends a form, or a GET for a nil one, and returns status and JSON of the answer.
func (d *directory) ask(t testing.TB, address string, form url.Values, header ...string) (int, map[string]any) {
	t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := d.transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}

const login = "https://login.microsoftonline.com/"

func credentials(more ...string) url.Values {
	f := url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {"s3cret"}}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] == "" {
			f.Del(more[i])
		} else {
			f.Set(more[i], more[i+1])
		}
	}
	return f
}

func TestTokens(t *testing.T) {
	d := newDirectory(t, nil)
	v1, v2 := login+tenantID+"/oauth2/token", login+tenantID+"/oauth2/v2.0/token"
	for name, c := range map[string]struct {
		address string
		form    url.Values
		want    string // the resource of a token, or the code of a refusal
	}{
		"v1":                  {v1, credentials("resource", "https://vault.azure.net"), "https://vault.azure.net"},
		"v1, foreign members": {v1, credentials("resource", "https://vault.azure.net", "prompt", "x", "scope", "y"), "https://vault.azure.net"},
		"v1, tenant by case":  {login + strings.ToUpper(tenantID) + "/oauth2/token", credentials("resource", "https://vault.azure.net"), "https://vault.azure.net"},
		"v1, a slash":         {v1, credentials("resource", "https://vault.azure.net/"), "https://vault.azure.net/"},
		"v1, an application":  {v1, credentials("resource", "api://"+clientID), "api://" + clientID},
		"v1, no resource":     {v1, credentials(), "900144"},
		"v1, unknown":         {v1, credentials("resource", "https://nothing.example"), "500011"},
		"v2":                  {v2, credentials("scope", "https://vault.azure.net/.default"), "https://vault.azure.net"},
		"v2, with OpenID":     {v2, credentials("scope", "https://vault.azure.net/.default openid profile offline_access"), "https://vault.azure.net"},
		"v2, two slashes":     {v2, credentials("scope", "https://vault.azure.net//.default"), "https://vault.azure.net/"},
		"v2, no scope":        {v2, credentials(), "900144"},
		"v2, no .default":     {v2, credentials("scope", "https://vault.azure.net/user_impersonation"), "1002012"},
		"v2, two scopes":      {v2, credentials("scope", "https://vault.azure.net/.default https://graph.microsoft.com/.default"), "1002012"},
		"v2, unknown":         {v2, credentials("scope", "https://nothing.example/.default"), "500011"},
		"wrong secret":        {v1, credentials("resource", "https://vault.azure.net", "client_secret", "x"), "7000215"},
		"no secret":           {v1, credentials("resource", "https://vault.azure.net", "client_secret", ""), "7000218"},
		"wrong client":        {v1, credentials("resource", "https://vault.azure.net", "client_id", "x"), "700016"},
		"no client":           {v1, credentials("resource", "https://vault.azure.net", "client_id", ""), "900144"},
		"no grant":            {v1, credentials("grant_type", ""), "900144"},
		"another grant":       {v1, credentials("grant_type", "password"), "70003"},
		"wrong tenant":        {login + "0a1b2c3d-0000-4000-8000-0000000000ff/oauth2/token", credentials("resource", "https://vault.azure.net"), "90002"},
		"not a POST":          {v1, nil, "900561"},
		"a bad assertion":     {v1, credentials("resource", "https://vault.azure.net", "client_assertion", "x", "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), "50027"},
	} {
		t.Run(name, func(t *testing.T) {
			status, answer := d.ask(t, c.address, c.form)
			if strings.Contains(c.want, "://") {
				d.wantToken(t, status, answer, c.want)
				return
			}
			wantRefusal(t, status, answer, c.want)
		})
	}
}

// wantToken checks that the answer holds a token for a resource, which the vault takes if it is its own.
func (d *directory) wantToken(t *testing.T, status int, answer map[string]any, resource string) {
	t.Helper()
	token, _ := answer["access_token"].(string)
	if status != 200 || answer["token_type"] != "Bearer" || token == "" {
		t.Fatalf("%d %v", status, answer)
	}
	if r, ok := answer["resource"]; ok && r != resource {
		t.Errorf("resource %v, want %s", r, resource)
	}
	_, err := d.vault.As(vault.Bearer(token)).GetSecret(t.Context(), "db")
	want := 401
	if resource == "https://vault.azure.net" {
		want = 403 // who it is is known; nothing is granted
	}
	if errs.StatusOf(err) != want {
		t.Errorf("the vault says %v, want %d", err, want)
	}
}

// wantRefusal checks that the answer is an error of the directory.
func wantRefusal(t *testing.T, status int, answer map[string]any, code string) {
	t.Helper()
	description, _ := answer["error_description"].(string)
	if status < 400 || status >= 500 || !strings.HasPrefix(description, "AADSTS"+code+": ") || !strings.Contains(description, " Trace ID: ") {
		t.Errorf("%d %v, want AADSTS%s", status, answer, code)
	}
	for _, member := range []string{"error", "error_codes", "timestamp", "trace_id", "correlation_id", "error_uri"} {
		if answer[member] == nil {
			t.Errorf("no %s in %v", member, answer)
		}
	}
}

func TestTokenForms(t *testing.T) {
	d := newDirectory(t, nil)
	status, v1 := d.ask(t, login+tenantID+"/oauth2/token", credentials("resource", "https://vault.azure.net"))
	if status != 200 || v1["expires_in"] != "3600" || v1["expires_on"] != "1767326645" || v1["not_before"] != "1767322745" {
		t.Errorf("%d %v", status, v1)
	}
	status, v2 := d.ask(t, login+tenantID+"/oauth2/v2.0/token", credentials("scope", "https://vault.azure.net/.default"))
	if status != 200 || v2["expires_in"] != 3600.0 || v2["ext_expires_in"] != 3600.0 || v2["resource"] != nil {
		t.Errorf("%d %v", status, v2)
	}
	basic := credentials("resource", "https://vault.azure.net", "client_id", "", "client_secret", "")
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(clientID, "s3cret")
	if status, answer := d.ask(t, login+tenantID+"/oauth2/token", basic, "Authorization", r.Header.Get("Authorization")); status != 200 {
		t.Errorf("with the secret in a header: %d %v", status, answer)
	}
}

func TestDiscovery(t *testing.T) {
	d := newDirectory(t, nil)
	_, v1 := d.ask(t, login+tenantID+"/.well-known/openid-configuration", nil)
	_, v2 := d.ask(t, login+"common/v2.0/.well-known/openid-configuration", nil)
	if v1["issuer"] != "https://sts.windows.net/"+tenantID+"/" || v2["token_endpoint"] != login+tenantID+"/oauth2/v2.0/token" {
		t.Errorf("%v\n%v", v1, v2)
	}
	for _, document := range []map[string]any{v1, v2} {
		_, keys := d.ask(t, document["jwks_uri"].(string), nil)
		if list, _ := keys["keys"].([]any); len(list) != 1 {
			t.Errorf("keys %v", keys)
		}
	}
	status, instance := d.ask(t, login+"common/discovery/instance?api-version=1.1&authorization_endpoint="+url.QueryEscape("https://login.windows.net/"+tenantID+"/oauth2/v2.0/authorize"), nil)
	if status != 200 || instance["tenant_discovery_endpoint"] != "https://login.windows.net/"+tenantID+"/v2.0/.well-known/openid-configuration" {
		t.Errorf("%d %v", status, instance)
	}
	for _, endpoint := range []string{"", "https://evil.example/x/oauth2/v2.0/authorize"} {
		status, refused := d.ask(t, login+"common/discovery/instance?authorization_endpoint="+url.QueryEscape(endpoint), nil)
		wantRefusal(t, status, refused, "50049")
	}
	status, refused := d.ask(t, login+"someone/.well-known/openid-configuration", nil)
	wantRefusal(t, status, refused, "90002")
}

func TestMachineIdentities(t *testing.T) {
	const imds, app = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=", "http://localhost:41741/msi/token/?api-version=2019-08-01&resource="
	const vm, user = "/subscriptions/s/virtualMachines/vm", "/subscriptions/s/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
	tenant := identity.New(&identity.Options{KeyBits: 1024})
	var all []*identity.ManagedIdentity
	for _, id := range []string{user + "one", user + "two", vm} {
		m, err := tenant.NewManagedIdentity(id, nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	svc, err := vault.New(&vault.Options{Tenant: tenant})
	if err != nil {
		t.Fatal(err)
	}
	on := func(ids ...*identity.ManagedIdentity) *directory {
		return &directory{tenant: tenant, transport: rest.New(svc, &rest.Options{Identities: ids, IdentityHeader: "h"}).Transport()}
	}
	const resource = "https://vault.azure.net"
	for name, c := range map[string]struct {
		on      *directory
		address string
		header  []string
		status  int
		want    string // a client id, or a part of the description of an error
	}{
		"a probe":           {on(all...), imds + resource, nil, 400, "Required metadata header"},
		"system":            {on(all...), imds + resource, []string{"Metadata", "true"}, 200, all[2].ClientID()},
		"the only one":      {on(all[0]), imds + resource, []string{"Metadata", "true"}, 200, all[0].ClientID()},
		"one of two":        {on(all[:2]...), imds + resource, []string{"Metadata", "true"}, 400, "Multiple user assigned identities"},
		"none":              {on(), imds + resource, []string{"Metadata", "true"}, 400, "Identity not found"},
		"by client":         {on(all...), imds + resource + "&client_id=" + all[1].ClientID(), []string{"Metadata", "true"}, 200, all[1].ClientID()},
		"by object":         {on(all...), imds + resource + "&object_id=" + all[1].ObjectID(), []string{"Metadata", "true"}, 200, all[1].ClientID()},
		"by resource":       {on(all...), imds + resource + "&msi_res_id=" + url.QueryEscape(user+"two"), []string{"Metadata", "true"}, 200, all[1].ClientID()},
		"another's":         {on(all[0]), imds + resource + "&client_id=" + all[1].ClientID(), []string{"Metadata", "true"}, 400, "Identity not found"},
		"no resource":       {on(all...), imds, []string{"Metadata", "true"}, 400, "'resource' not specified"},
		"unknown resource":  {on(all...), imds + "https://nothing.example", []string{"Metadata", "true"}, 400, "AADSTS500011"},
		"app service":       {on(all...), app + resource, []string{"X-IDENTITY-HEADER", "h"}, 200, all[2].ClientID()},
		"app service, none": {on(all...), app + resource, nil, 401, "X-IDENTITY-HEADER"},
		"app service, bad":  {on(all...), app + resource, []string{"X-IDENTITY-HEADER", "x"}, 401, "X-IDENTITY-HEADER"},
	} {
		t.Run(name, func(t *testing.T) {
			status, answer := c.on.ask(t, c.address, nil, c.header...)
			description, _ := answer["error_description"].(string)
			if status != c.status || answer["client_id"] != c.want && !strings.Contains(description, c.want) {
				t.Errorf("%d %v, want %d %s", status, answer, c.status, c.want)
			}
			if _, text := answer["expires_on"].(string); status == 200 && !text {
				t.Errorf("expires_on is %v, want a text", answer["expires_on"])
			}
		})
	}
}

// TestOutage lets the authority be down, and an application be disabled.
func TestOutage(t *testing.T) {
	d := newDirectory(t, nil)
	form := credentials("resource", "https://vault.azure.net")
	d.tenant.FailWith(identity.ServiceUnavailable)
	if status, answer := d.ask(t, login+tenantID+"/oauth2/token", form); status != 503 || answer["error"] != "temporarily_unavailable" {
		t.Errorf("%d %v", status, answer)
	}
	d.tenant.FailWith(0)
	app, _ := d.tenant.Lookup(clientID)
	app.(*identity.Application).Disable()
	status, answer := d.ask(t, login+tenantID+"/oauth2/token", form)
	wantRefusal(t, status, answer, "7000112")
}
