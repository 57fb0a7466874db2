package rest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// service is a service with the vault contoso, and a function that lists what was audited.
func service(t testing.TB, o *vault.VaultOptions) (*vault.Service, func() []vault.Event) {
	t.Helper()
	var events []vault.Event
	svc, err := vault.New(&vault.Options{Audit: func(e vault.Event) { events = append(events, e) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := svc.CreateVault(t.Context(), "contoso", o); err != nil {
		t.Fatal(err)
	}
	return svc, func() []vault.Event { return events }
}

func request(t testing.TB, method, address string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer x")
	return r
}

// put is a request that sets a secret.
func put(t testing.TB, host, value string) *http.Request {
	return request(t, "PUT", "https://"+host+"/secrets/db?api-version=7.4", strings.NewReader(`{"value":"`+value+`"}`))
}

// jsonOf sends a request and returns status and JSON of the answer.
func jsonOf(t testing.TB, rt http.RoundTripper, r *http.Request) (int, map[string]any) {
	t.Helper()
	resp, err := rt.RoundTrip(r)
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

// TestHosts shows the host of a request in its ids, and finds vaults in every domain of the service.
func TestHosts(t *testing.T) {
	svc, _ := service(t, nil)
	for host, c := range map[string]struct {
		options *rest.Options
		want    string // the host in ids; "" where there is none such
	}{
		"contoso.vault.azure.net":                 {nil, "contoso.vault.azure.net"},
		"contoso.vault.azure.net:443":             {nil, "contoso.vault.azure.net"},
		"CONTOSO.Vault.Azure.NET":                 {nil, "contoso.vault.azure.net"},
		"contoso.vault.azure.cn":                  {nil, "contoso.vault.azure.cn"},
		"contoso.vault.usgovcloudapi.net":         {nil, "contoso.vault.usgovcloudapi.net"},
		"contoso.privatelink.vaultcore.azure.net": {nil, "contoso.privatelink.vaultcore.azure.net"},
		"contoso.vault.localhost:8443":            {&rest.Options{Suffixes: []string{"vault.localhost"}}, "contoso.vault.localhost:8443"},
		"localhost:8443":                          {&rest.Options{Vault: "contoso"}, "localhost:8443"},
		"[::1]:8443":                              {&rest.Options{Vault: "contoso"}, "[::1]:8443"},
		"fabrikam.vault.azure.net":                {nil, ""},
		"a.contoso.vault.azure.net":               {nil, ""},
		".vault.azure.net":                        {nil, ""},
		"contoso.vault.azure.net.evil.example":    {nil, ""},
		"localhost":                               {nil, ""},
	} {
		t.Run(host, func(t *testing.T) {
			transport := rest.New(svc, c.options).Transport().As(vault.Owner())
			if c.want == "" {
				r := put(t, "contoso.vault.azure.net", "x")
				r.Host = host
				_, err := transport.RoundTrip(r)
				if dns, ok := errors.AsType[*net.DNSError](err); !ok || !dns.IsNotFound {
					t.Errorf("%v, want an unknown host", err)
				}
				return
			}
			_, answer := jsonOf(t, transport, put(t, host, "x"))
			if id, _ := answer["id"].(string); !strings.HasPrefix(id, "https://"+c.want+"/secrets/db/") {
				t.Errorf("id %q", id)
			}
		})
	}
}

// TestNextLinkOnAPort follows the links of a vault that is served on a port of its own.
func TestNextLinkOnAPort(t *testing.T) {
	svc, _ := service(t, nil)
	transport := rest.New(svc, &rest.Options{Suffixes: []string{"vault.localhost"}}).Transport().As(vault.Owner())
	const host = "contoso.vault.localhost:8443"
	for range 3 {
		jsonOf(t, transport, put(t, host, "x"))
	}
	link, pages := "https://"+host+"/secrets/db/versions?maxresults=1&api-version=7.4", 0
	for link != "" {
		_, answer := jsonOf(t, transport, request(t, "GET", link, nil))
		link, _ = answer["nextLink"].(string)
		if pages++; pages > 3 || link != "" && !strings.HasPrefix(link, "https://"+host+"/secrets/db/versions?maxresults=1&api-version=7.4&$skiptoken=") {
			t.Fatalf("page %d links to %q", pages, link)
		}
	}
}

// TestUnreadBodies checks that nothing is read of what a request without the right, or without an operation, sends.
func TestUnreadBodies(t *testing.T) {
	svc, _ := service(t, &vault.VaultOptions{Network: policy.NetworkRules{DefaultAction: policy.Deny, IPRules: []string{"20.0.0.1"}}})
	transport := rest.New(svc, nil).Transport()
	inside := netip.MustParseAddr("20.0.0.1")
	for name, c := range map[string]struct {
		transport   *rest.Transport
		token, path string
		status      int
	}{
		"no token":                 {transport, "", "/secrets/db", 401},
		"no token, an old form":    {transport, "", "/keys/k", 401},
		"wrong token":              {transport, "Bearer x", "/secrets/db", 401},
		"outside":                  {transport.As(vault.Principal("app")), "Bearer x", "/secrets/db", 403},
		"wrong token, an old form": {transport, "Bearer x", "/keys/k", 401},
		"outside, an old form":     {transport.As(vault.Principal("app")), "Bearer x", "/keys/k", 403},
		"not allowed, an old form": {transport.As(vault.Principal("app")).From(inside), "Bearer x", "/keys/k", 403},
		"not allowed":              {transport.As(vault.Principal("app")).From(inside), "Bearer x", "/secrets/db", 403},
		"a path that is not there": {transport.As(vault.Owner()), "Bearer x", "/nowhere", 404},
		"no such method":           {transport.As(vault.Owner()), "Bearer x", "/secrets", 405},
	} {
		t.Run(name, func(t *testing.T) {
			body := &watched{}
			r := request(t, "PUT", "https://contoso.vault.azure.net"+c.path+"?api-version=7.4", body)
			r.Header.Set("Authorization", c.token)
			resp, err := c.transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != c.status || body.read || !body.closed {
				t.Errorf("%d, want %d; body read %v, closed %v", resp.StatusCode, c.status, body.read, body.closed)
			}
		})
	}
}

// watched is a body without end that remembers what was done to it.
type watched struct{ read, closed bool }

func (w *watched) Read(p []byte) (int, error) {
	w.read = true
	return len(p), nil
}

func (w *watched) Close() error {
	w.closed = true
	return nil
}

// TestLargeBodies checks how much is read of a body that does not end.
func TestLargeBodies(t *testing.T) {
	svc, _ := service(t, nil)
	transport := rest.New(svc, nil).Transport().As(vault.Owner())
	for _, length := range []int64{-1, 1 << 30} {
		body := &endless{}
		r := request(t, "PUT", "https://contoso.vault.azure.net/secrets/db?api-version=7.4", body)
		r.ContentLength = length
		if status, answer := jsonOf(t, transport, r); status != 413 {
			t.Errorf("%d %v", status, answer)
		}
		if body.n > 1<<20 {
			t.Errorf("of a body of length %d, %d bytes were read", length, body.n)
		}
	}
}

// endless is a body of blanks.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.n += len(p)
	return len(p), nil
}

func TestResponseOfATransport(t *testing.T) {
	svc, _ := service(t, nil)
	transport := rest.New(svc, nil).Transport().As(vault.Owner())
	r := put(t, "contoso.vault.azure.net", "x")
	resp, err := transport.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Request != r || resp.Status != "200 OK" || resp.ProtoMajor != 1 || resp.ContentLength <= 0 {
		t.Errorf("%+v", resp)
	}
	resp.Header.Add("Cache-Control", "mine") // an answer shares nothing with the next one
	resp, err = transport.Do(put(t, "contoso.vault.azure.net", "x"))
	if err != nil || len(resp.Header["Cache-Control"]) != 1 {
		t.Errorf("%v %v", resp.Header, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := transport.Do(r.WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want a cancelled context", err)
	}
}

// TestCancelledWhileSending gives a request up while its body is read.
func TestCancelledWhileSending(t *testing.T) {
	svc, events := service(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	body := readerFunc(func([]byte) (int, error) {
		cancel()
		return 0, ctx.Err()
	})
	_, err := rest.New(svc, nil).Transport().As(vault.Owner()).RoundTrip(request(t, "PUT", "https://contoso.vault.azure.net/secrets/db?api-version=7.4", body).WithContext(ctx))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want a cancelled context", err)
	}
	if e := events(); len(e) != 1 || !errors.Is(e[0].Err, context.Canceled) {
		t.Errorf("audited %v", e)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestAuditOfRequests checks what the audit is told of a request by HTTP.
func TestAuditOfRequests(t *testing.T) {
	svc, events := service(t, nil)
	r := request(t, "POST", "https://contoso.vault.azure.net//secrets/db?api-version=7.4", strings.NewReader(`{"value":"x"}`))
	r.Header.Set("X-Http-Method", "PUT")
	r.Header.Set("X-Http-Request", "PUT")
	r.Header.Set("User-Agent", "test/1")
	r.Header.Set("X-Ms-Client-Request-Id", "mine")
	resp, err := rest.New(svc, nil).Transport().As(vault.Owner()).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	e := events()[0]
	want := vault.Request{
		APIVersion: "7.4", URI: "https://contoso.vault.azure.net//secrets/db?api-version=7.4", ClientInfo: "test/1", ClientID: "mine", Outdated: true,
	}
	if e.Operation != vault.OpSecretSet || e.Request() != want || e.RequestID.String() != resp.Header.Get("X-Ms-Request-Id") {
		t.Errorf("audited %s %+v", e.Operation, e.Request())
	}
}

// TestHandlerOnASocket serves a vault over TLS and places its clients by their remote address.
func TestHandlerOnASocket(t *testing.T) {
	svc, _ := service(t, &vault.VaultOptions{Network: policy.NetworkRules{DefaultAction: policy.Deny}})
	h := rest.New(svc, &rest.Options{Place: func(c vault.Caller, _ *http.Request) vault.Caller {
		return vault.Principal("app").From(netip.MustParseAddr("20.1.2.3"))
	}})
	server := httptest.NewTLSServer(h)
	defer server.Close()
	ask := func(h http.Handler, host string) (int, string) {
		server.Config.Handler = h
		r := request(t, "GET", server.URL+"/secrets/db?api-version=7.4", nil)
		r.Host = host
		resp, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(data)
	}
	if status, body := ask(h, "contoso.vault.azure.net"); status != 403 || !strings.Contains(body, `Client address: 20.1.2.3`) {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := ask(rest.New(svc, nil), "contoso.vault.azure.net"); status != 401 {
		t.Errorf("%d, want 401", status)
	}
	if status, body := ask(h, "nobody.vault.azure.net"); status != 404 || !strings.HasPrefix(body, "<!DOCTYPE html>") {
		t.Errorf("%d %s", status, body)
	}
}

// TestNetworkInfo tells a client its address.
func TestNetworkInfo(t *testing.T) {
	svc, _ := service(t, nil)
	transport := rest.New(svc, nil).Transport()
	for name, c := range map[string]struct {
		transport *rest.Transport
		want      string
	}{
		"by default":    {transport, "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;"},
		"IPv4":          {transport.From(netip.MustParseAddr("20.1.2.3")), "conn_type=Ipv4;addr=20.1.2.3;act_addr_fam=InterNetwork;"},
		"IPv4 in IPv6":  {transport.From(netip.MustParseAddr("::ffff:20.1.2.3")), "conn_type=Ipv4;addr=20.1.2.3;act_addr_fam=InterNetwork;"},
		"IPv6":          {transport.From(netip.MustParseAddr("2001:db8::1")), "conn_type=Ipv6;addr=2001:db8::1;act_addr_fam=InterNetworkV6;"},
		"as the owner":  {transport.As(vault.Owner()), ""},
		"as the caller": {transport.As(vault.Principal("app").From(netip.MustParseAddr("20.1.2.4"))), "conn_type=Ipv4;addr=20.1.2.4;act_addr_fam=InterNetwork;"},
	} {
		t.Run(name, func(t *testing.T) {
			resp, err := c.transport.RoundTrip(request(t, "GET", "https://contoso.vault.azure.net/secrets?api-version=7.4", nil))
			if err != nil {
				t.Fatal(err)
			}
			if got := resp.Header.Get("X-Ms-Keyvault-Network-Info"); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// A Managed HSM has other words for the address and no Date, which a server would add.
func TestNetworkInfoOfAManagedHSM(t *testing.T) {
	svc, _ := service(t, nil)
	h, err := svc.CreateManagedHSM(t.Context(), "fortress", nil)
	if err != nil || h.Activate(t.Context()) != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]string{
		"20.1.2.3":    "conn_type=Ipv4;addr=20.1.2.3;act_addr_fam=Ipv4;",
		"2001:db8::1": "conn_type=Ipv6;addr=2001:db8::1;act_addr_fam=Ipv6;",
	} {
		transport := rest.New(svc, nil).Transport().As(vault.Owner().From(netip.MustParseAddr(addr)))
		resp, err := transport.RoundTrip(request(t, "GET", "https://"+fortressHost+"/settings?api-version=7.4", nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := resp.Header.Get("X-Ms-Keyvault-Network-Info"); resp.StatusCode != 200 || got != want {
			t.Errorf("%d %q, want %q", resp.StatusCode, got, want)
		}
	}
	server := httptest.NewServer(rest.New(svc, nil))
	defer server.Close()
	r := request(t, "GET", server.URL+"/settings?api-version=7.4", nil)
	r.Host = fortressHost
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if date, there := resp.Header["Date"]; resp.StatusCode != 401 || there {
		t.Errorf("%d with the date %v", resp.StatusCode, date)
	}
}

// TestAssignmentID names the role assignment that let a request through, where roles decide.
func TestAssignmentID(t *testing.T) {
	svc, _ := service(t, nil)
	v := svc.Lookup("contoso")
	app := rest.New(svc, nil).Transport().As(vault.Principal("app"))
	grant := &vault.RBAC{Assignments: []policy.RoleAssignment{{
		ID: "01234567-89AB-4def-8123-456789abcdef", Role: policy.KeyVaultSecretsUser, PrincipalID: "app", Scope: v.Resource() + "/secrets/db",
	}}}
	for _, c := range []struct {
		name, path string
		rbac       *vault.RBAC
		status     int
		want       string
	}{
		{"no roles", "/secrets/db", nil, 403, ""},
		{"no assignment", "/secrets/db", new(vault.RBAC), 403, ""},
		{"an assignment", "/secrets/db", grant, 404, "0123456789ab4def8123456789abcdef"},
		{"of another secret", "/secrets/other", grant, 403, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := v.SetRBAC(t.Context(), c.rbac); err != nil {
				t.Fatal(err)
			}
			resp, err := app.RoundTrip(request(t, "GET", "https://contoso.vault.azure.net"+c.path+"?api-version=7.4", nil))
			if err != nil {
				t.Fatal(err)
			}
			if got := resp.Header.Get("X-Ms-Keyvault-Rbac-Assignment-Id"); got != c.want || resp.StatusCode != c.status {
				t.Errorf("%d %q, want %d %q", resp.StatusCode, got, c.status, c.want)
			}
		})
	}
}
