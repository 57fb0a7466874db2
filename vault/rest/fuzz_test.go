package rest_test

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// fuzzed is a vault with a key and a secret, whose clock goes on at every look, and its tenant. Beside it is an attestor.
func fuzzed(t testing.TB, tenant *identity.Tenant) *rest.Transport {
	t.Helper()
	svc := fuzzedService(t, tenant)
	v, err := svc.CreateVault(t.Context(), "contoso", nil)
	if err != nil {
		t.Fatal(err)
	}
	owner := v.As(vault.Owner())
	if _, err := owner.CreateKey(t.Context(), "k", vault.EC(vault.P256), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.SetSecret(t.Context(), "s", "x", nil); err != nil {
		t.Fatal(err)
	}
	return rest.New(svc, nil).Transport()
}

// fuzzedService is a service with an attestor and storage.
func fuzzedService(t testing.TB, tenant *identity.Tenant) *vault.Service {
	t.Helper()
	now := time.Unix(1_800_000_000, 0)
	tick := func() time.Time {
		now = now.Add(10 * time.Millisecond)
		return now
	}
	attestor := identity.NewAttestor(&identity.AttestorOptions{
		Authority: "https://attest.example", Now: tick, NewKey: func() (*rsa.PrivateKey, error) { return testKey(t, 10), nil },
	})
	svc, err := vault.New(&vault.Options{Tenant: tenant, Now: tick, Attestation: attestor, Storage: storage()})
	if err != nil {
		t.Fatal(err)
	}
	return svc
}

// fuzzedHSM is a Managed HSM with a key.
func fuzzedHSM(t testing.TB) *rest.Transport {
	t.Helper()
	svc := fuzzedService(t, nil)
	h := twinHSM(t, svc)
	if _, err := h.As(vault.Owner()).CreateKey(t.Context(), "k", vault.EC(vault.P256), nil); err != nil {
		t.Fatal(err)
	}
	return rest.New(svc, nil).Transport()
}

// sound checks that an answer is one that the service could give: no failure of its own, and a body of its type.
func sound(t testing.TB, resp *http.Response) {
	t.Helper()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode < 200 || resp.StatusCode >= 500 {
		t.Fatalf("%d %s", resp.StatusCode, data)
	}
	challenge := resp.StatusCode == http.StatusUnauthorized && string(data) == "OK" // a Managed HSM's
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") && len(data) > 0 && !challenge && !json.Valid(data) {
		t.Fatalf("not JSON: %q", data)
	}
	for name, values := range resp.Header {
		if len(values) != 1 || strings.ContainsAny(values[0], "\r\n\x00") {
			t.Fatalf("header %s: %q", name, values)
		}
	}
	var list struct{ NextLink string }
	if json.Unmarshal(data, &list) == nil && list.NextLink != "" {
		if _, err := url.Parse(list.NextLink); err != nil {
			t.Fatal(err)
		}
	}
}

// fuzzSeed is a request to begin with.
type fuzzSeed struct{ method, path, query, name, value, body string }

// hsmSeeds are requests that only a Managed HSM takes.
func hsmSeeds() (all []fuzzSeed) {
	storage := `{"storageResourceUri":"https://acct.blob.core.windows.net/backups","token":"se=2026"}`
	restore := `{"sasTokenParameters":` + storage + `,"folderToRestore":"mhsm-fortress-20260102030405","folder":"mhsm-fortress-20260102030405"}`
	bodies := map[vault.Operation]string{
		vault.OpRandomBytesGet: `{"count":8}`, vault.OpSettingUpdate: `{"value":"true"}`,
		vault.OpBackupStart: storage, vault.OpBackupCheck: storage,
		vault.OpRestoreStart: restore, vault.OpRestoreCheck: restore, vault.OpKeyRestoreStart: restore,
		vault.OpSecurityDomainBackup:  `{"certificates":[{"kty":"RSA","x5c":["AAAA"]},{"kty":"RSA"},{}],"required":2}`,
		vault.OpSecurityDomainRestore: `{"value":"{\"EncData\":{\"data\":[],\"kdf\":\"sp108_kdf\"},\"WrappedKey\":{}}"}`,
		vault.OpRoleDefinitionSet:     `{"properties":{"roleName":"x","permissions":[{"dataActions":["Microsoft.KeyVault/managedHsm/keys/*"]}]}}`,
		vault.OpRoleAssignmentCreate:  `{"properties":{"roleDefinitionId":"21dbd100-6940-42c2-9190-5d6cb909625b","principalId":"x"}}`,
	}
	names := strings.NewReplacer("{name}", "k", "{version}", "", "{role}", twinIDs[0], "{setting}", vault.AllowKeyManagementOperationsThroughARM, "{job}", strings.Repeat("0", 32))
	for _, e := range vault.Endpoints() {
		if e.Offered(vault.ProductManagedHSM) && !e.Offered(vault.ProductKeyVault) {
			all = append(all, fuzzSeed{e.Method(), names.Replace(e.Path()), "api-version=2026-04-01&$filter=principalId+eq+'x'", "", "", bodies[e.Operation()]})
		}
	}
	return append(all,
		fuzzSeed{"POST", "/keys/aes/create", "api-version=7.6", "", "", `{"kty":"oct-HSM","key_size":256,"attributes":{"exportable":true},"release_policy":{"data":"e30"}}`},
		fuzzSeed{"POST", "/keys/k//release", "api-version=7.6", "", "", `{"target":"eyJhbGciOiJSUzI1NiJ9.e30.AA"}`},
		fuzzSeed{"POST", "/keys/k//securewrapkey", "api-version=2026-04-01", "", "", `{"alg":"A256KWPAD"}`},
		fuzzSeed{"PUT", "/keys/n", "api-version=7.6", "", "", `{"key":{"kty":"EC-HSM","crv":"P-256","key_hsm":"e30"}}`},
		fuzzSeed{"GET", "/keys/k//attestation", "api-version=7.6", "", "", ""},
		fuzzSeed{"GET", "/keys/k/providers/Microsoft.Authorization/roleAssignments", "api-version=7.6", "", "", ""},
	)
}

// FuzzRequest sends any method, path, query, headers and body to a vault and to a Managed HSM, as its owner or as nobody.
func FuzzRequest(f *testing.F) {
	for _, s := range append(hsmSeeds(), []fuzzSeed{
		{"GET", "/secrets/s", "api-version=7.4", "Accept", "application/json", ""},
		{"PUT", "/secrets/s", "api-version=7.4", "Content-Type", "application/json", `{"value":"x","tags":{"a":"b"},"attributes":{"exp":1,"enabled":false}}`},
		{"PATCH", "//secrets/s/", "api%2Dversion=7.0", "X-Http-Method", "GET", `{"contentType":"x"}`},
		{"POST", "/keys/k//sign", "api-version=2026-04-01", "X-Http-Method", "POST", `{"alg":"ES256","value":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}`},
		{"POST", "/keys/k/verify", "api-version=7.4", "", "", `{"alg":"ES256","digest":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU","value":"AA"}`},
		{"POST", "/keys/n/create", "api-version=7.4", "", "", `{"kty":"EC","crv":"P-384","key_ops":["sign"]}`},
		{"PUT", "/keys/n", "api-version=7.4", "", "", `{"key":{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}}`},
		{"PUT", "/keys/n", "api-version=7.4", "", "", `{"kty":"EC"}`},
		{"PUT", "/keys/k/rotationpolicy", "api-version=7.4", "", "", `{"lifetimeActions":[{"trigger":{"timeAfterCreate":"P18M"},"action":{"type":"rotate"}}],"attributes":{"expiryTime":"P2Y"}}`},
		{"POST", "/keys/restore", "api-version=7.4", "", "", `{"value":"AQAA"}`},
		{"GET", "/secrets", "api-version=7.4&maxresults=1&$skiptoken=eyJOZXh0TWFya2VyIjoiMiE2IWN5MHlOQSIsIlRhcmdldExvY2F0aW9uIjowfQ", "", "", ""},
		{"GET", "/secrets/s/versions", "api-version=7.4", "X-Ms-Client-Request-Id", "x", ""},
		{"DELETE", "/secrets/%61", "api-version=7.4", "Authorization", "bearer  x", ""},
		{"POST", "/deletedkeys/k/recover", "api-version=7.4", "X-Http-Request", "DELETE", ""},
	}...) {
		f.Add(s.method, s.path, s.query, s.name, s.value, []byte(s.body), true)
		f.Add(s.method, s.path, s.query, s.name, s.value, []byte(s.body), false)
	}
	f.Fuzz(func(t *testing.T, method, path, query, name, value string, body []byte, owner bool) {
		for host, transport := range map[string]*rest.Transport{"contoso.vault.azure.net": fuzzed(t, nil), fortressHost: fuzzedHSM(t)} {
			r := fuzzRequest(t, method, path, query, name, value, body)
			r.URL.Host, r.Host = host, host
			if owner {
				r.Header.Set("Authorization", "Bearer x")
				transport = transport.As(vault.Owner())
			}
			resp, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			if !owner && resp.StatusCode != http.StatusUnauthorized {
				t.Errorf("nobody got %d", resp.StatusCode)
			}
			sound(t, resp)
		}
	})
}

// fuzzRequest makes a request, or skips the test where none can be made.
func fuzzRequest(t *testing.T, method, path, query, name, value string, body []byte) *http.Request {
	t.Helper()
	u, err := url.ParseRequestURI(path)
	if err != nil || len(path) > 1<<12 || len(query) > 1<<12 {
		t.Skip()
	}
	u.Scheme, u.Host, u.RawQuery = "https", "contoso.vault.azure.net", query
	r, err := http.NewRequestWithContext(t.Context(), method, "https://contoso.vault.azure.net/", bytes.NewReader(body))
	if err != nil {
		t.Skip()
	}
	r.URL = u
	if name != "" {
		r.Header.Add(name, value)
	}
	return r
}

// FuzzAuthority sends any form to any path of the authority.
func FuzzAuthority(f *testing.F) {
	tenant := identity.New(&identity.Options{TenantID: tenantID, KeyBits: 1024})
	app, err := tenant.NewApplication("billing", &identity.ObjectOptions{ClientID: clientID})
	if err != nil {
		f.Fatal(err)
	}
	if _, err := app.AddSecret(&identity.SecretOptions{Text: "s3cret"}); err != nil {
		f.Fatal(err)
	}
	post := "application/x-www-form-urlencoded"
	for _, s := range []struct{ method, path, query, name, value, body string }{
		{"POST", "/" + tenantID + "/oauth2/token", "", "Content-Type", post, credentials("resource", "https://vault.azure.net").Encode()},
		{"POST", "/" + tenantID + "/oauth2/v2.0/token", "", "Content-Type", post, credentials("scope", "https://vault.azure.net/.default").Encode()},
		{"POST", "/" + tenantID + "/oauth2/token", "", "Content-Type", post, "grant_type=client_credentials&client_id=" + clientID + "&resource=https://vault.azure.net&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=eyJhbGciOiJSUzI1NiJ9.e30.AA"},
		{"GET", "/" + tenantID + "/.well-known/openid-configuration", "", "", "", ""},
		{"GET", "/common/discovery/keys", "", "Client-Request-Id", "x", ""},
		{"GET", "/common/discovery/instance", "authorization_endpoint=https://login.windows.net/x", "", "", ""},
		{"GET", "/metadata/identity/oauth2/token", "resource=https://vault.azure.net", "Metadata", "true", ""},
		{"GET", "/msi/token", "resource=https://vault.azure.net", "X-Identity-Header", "embedvault", ""},
	} {
		f.Add(s.method, s.path, s.query, s.name, s.value, []byte(s.body))
	}
	f.Fuzz(func(t *testing.T, method, path, query, name, value string, body []byte) {
		r := fuzzRequest(t, method, path, query, name, value, body)
		r.URL.Host, r.Host = "login.microsoftonline.com", ""
		resp, err := fuzzed(t, tenant).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		sound(t, resp)
	})
}

// FuzzAttester sends anything to any path of the authority of attestations.
func FuzzAttester(f *testing.F) {
	for _, path := range []string{"/.well-known/openid-configuration", "/certs", "//certs/", "/generate-test-token", "/", "/%63erts"} {
		f.Add("GET", path, "x=1", "Accept", "application/json", []byte(nil))
		f.Add("POST", path, "", "", "", []byte("{}"))
	}
	f.Fuzz(func(t *testing.T, method, path, query, name, value string, body []byte) {
		r := fuzzRequest(t, method, path, query, name, value, body)
		r.URL.Host, r.Host = "attest.example", ""
		resp, err := fuzzed(t, nil).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == http.StatusOK && method != "GET" && method != "HEAD" && method != "" {
			t.Errorf("%s got an answer", method)
		}
		sound(t, resp)
	})
}
