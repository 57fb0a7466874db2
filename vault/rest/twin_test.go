package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// TestBothDoorsAgree makes the same requests through the Go API of one service and the REST protocol of its twin: both
// answer with the same status, code, text and result, and audit the same.
func TestBothDoorsAgree(t *testing.T) { bothDoorsAgree(t, vault.ProductKeyVault) }

// TestBothDoorsOfAManagedHSMAgree is the same of Managed HSMs, with their settings and roles.
func TestBothDoorsOfAManagedHSMAgree(t *testing.T) { bothDoorsAgree(t, vault.ProductManagedHSM) }

func bothDoorsAgree(t *testing.T, product vault.Product) {
	rapid.Check(t, func(t *rapid.T) {
		clock := time.Unix(1_800_000_000, 0)
		now := func() time.Time { return clock }
		var doors [2]*door
		for i := range doors {
			doors[i] = newDoor(t, product, now)
		}
		for range rapid.IntRange(1, 120).Draw(t, "requests") {
			clock = clock.Add(time.Duration(rapid.IntRange(0, 4000).Draw(t, "ms")) * time.Millisecond)
			r := drawRequest(t, product, len(doors[0].versions))
			native := doors[0].native(r)
			wire := doors[1].wire(t, r)
			if native != wire {
				t.Fatalf("%+v\nGo:   %s\nREST: %s", r, native, wire)
			}
			if a, b := doors[0].audited(), doors[1].audited(); a != b {
				t.Fatalf("%+v is audited\nGo:   %s\nREST: %s", r, a, b)
			}
		}
	})
}

// twinRequest is a request that both doors can make.
type twinRequest struct {
	kind, verb string // of "secrets", "keys" or what twinKinds has besides; what to do
	caller     string
	name       string
	version    int // 0: none, 1…: the nth that was made, -1: one that no object has
	value      string
	disabled   *bool
	expires    int64
	tags       map[string]string

	count           int    // of random bytes
	setting         string // the value of one
	id, role, scope string // of a role assignment
}

// twinKinds are what is asked for in a product, as often as it is listed.
var twinKinds = map[vault.Product][]string{
	vault.ProductKeyVault:   {"secrets", "keys"},
	vault.ProductManagedHSM: {"keys", "keys", "keys", "settings", "assignments", "assignments", "rng"},
}

var twinVerbs = map[string][]string{
	"secrets": {"set", "set", "set", "get", "get", "update", "delete", "deleted", "recover", "purge", "list", "versions", "listdeleted", "backup", "restore"},
	"keys": {"create", "create", "create", "get", "update", "delete", "deleted", "recover", "purge", "list", "versions", "listdeleted", "backup", "restore",
		"sign", "sign", "verify", "encrypt", "rotate", "rotate", "policy", "setpolicy", "setpolicy"},
	"settings":    {"list", "get", "set"},
	"assignments": {"list", "get", "set", "set", "delete", "delete"},
	"rng":         {"get"},
}

// twinIDs are of role assignments, and of what is none.
var twinIDs = []string{
	"11111111-0000-0000-0000-000000000001", "11111111-0000-0000-0000-00000000000A", "11111111-0000-0000-0000-00000000000a", "admin",
}

func drawRequest(t *rapid.T, product vault.Product, versions int) twinRequest {
	kind := rapid.SampledFrom(twinKinds[product]).Draw(t, "kind")
	r := twinRequest{
		kind:    kind,
		verb:    rapid.SampledFrom(twinVerbs[kind]).Draw(t, "verb"),
		caller:  rapid.SampledFrom([]string{"owner", "owner", "owner", "owner", "reader", "nobody"}).Draw(t, "caller"),
		name:    rapid.SampledFrom([]string{"a", "b", "A", "b", "a b", strings.Repeat("x", 128)}).Draw(t, "name"),
		version: rapid.IntRange(-1, versions).Draw(t, "version"),
		value:   rapid.SampledFrom([]string{"", "x", "ä\"\n<", strings.Repeat("x", 25601), "JIBBxQ"}).Draw(t, "value"),
		expires: rapid.SampledFrom([]int64{0, 0, 1_700_000_000, 1_900_000_000}).Draw(t, "expires"),
		tags:    rapid.MapOfN(rapid.StringN(0, 3, 8), rapid.StringN(0, 3, 8), 0, 17).Draw(t, "tags"),
	}
	if product == vault.ProductManagedHSM {
		r.count = rapid.SampledFrom([]int{-1, 0, 1, 128, 129}).Draw(t, "count")
		r.setting = rapid.SampledFrom([]string{"true", "false", "maybe", ""}).Draw(t, "setting")
		r.id = rapid.SampledFrom(twinIDs).Draw(t, "id")
		r.role = rapid.SampledFrom([]string{policy.ManagedHSMCryptoUser, policy.ManagedHSMCryptoUser, policy.ManagedHSMCryptoOfficer, twinIDs[0], ""}).Draw(t, "role")
		r.scope = rapid.SampledFrom([]string{"/", "/", "/keys", "/keys/a", "/keys/A", "/secrets"}).Draw(t, "scope")
	}
	if rapid.Bool().Draw(t, "with enabled") {
		disabled := rapid.Bool().Draw(t, "disabled")
		r.disabled = &disabled
	}
	return r
}

// door is one of the two ways to a service of its own.
type door struct {
	container vault.Container
	host      string
	transport *rest.Transport
	versions  []string // in the order in which they were seen
	blobs     map[string][]byte
	events    []vault.Event
}

func newDoor(t *rapid.T, product vault.Product, now func() time.Time) *door {
	d := &door{blobs: map[string][]byte{}}
	limits := limiter.Documented2019()
	svc, err := vault.New(&vault.Options{Now: now, Limits: &limits, Audit: func(e vault.Event) { d.events = append(d.events, e) }})
	if err != nil {
		t.Fatal(err)
	}
	if product == vault.ProductManagedHSM {
		d.host, d.container = fortressHost, twinHSM(t, svc)
	} else {
		d.host, d.container = "contoso.vault.azure.net", twinVault(t, svc)
	}
	d.transport = rest.New(svc, nil).Transport()
	return d
}

func twinVault(t *rapid.T, svc *vault.Service) *vault.Vault {
	v, err := svc.CreateVault(t.Context(), "contoso", &vault.VaultOptions{
		AccessPolicies: []policy.AccessPolicy{{ObjectID: "reader", Secrets: []string{"get", "list"}, Keys: []string{"get"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func twinHSM(t interface {
	Context() context.Context
	Fatal(...any)
}, svc *vault.Service) *vault.ManagedHSM {
	h, err := svc.CreateManagedHSM(t.Context(), "fortress", nil)
	if err == nil {
		err = h.Activate(t.Context())
	}
	if err == nil {
		reader := policy.RoleAssignment{ID: "22222222-0000-0000-0000-000000000001", Role: policy.ManagedHSMCryptoAuditor, PrincipalID: "reader", Scope: "/"}
		err = h.SetRBAC(t.Context(), vault.RBAC{Assignments: []policy.RoleAssignment{reader}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func callerOf(name string) vault.Caller {
	switch name {
	case "owner":
		return vault.Owner()
	case "reader":
		return vault.Principal("reader")
	}
	return vault.Caller{}
}

// versionOf is the version that a request names, in this service.
func (d *door) versionOf(r twinRequest) string {
	switch {
	case r.version < 0:
		return strings.Repeat("0", 32)
	case r.version == 0 || r.version > len(d.versions):
		return ""
	}
	return d.versions[r.version-1]
}

// label is a version as both services call it.
func (d *door) label(version string) string {
	if version == "" || version == strings.Repeat("0", 32) {
		return version
	}
	i := slices.Index(d.versions, version)
	if i < 0 {
		i = len(d.versions)
		d.versions = append(d.versions, version)
	}
	return fmt.Sprintf("v%d", i+1)
}

// audited is what was audited since the last time.
func (d *door) audited() string {
	var b strings.Builder
	for _, e := range d.events {
		who := "nobody"
		if e.Principal != nil {
			who = e.Principal.ObjectID() + e.Principal.DisplayName()
		}
		fmt.Fprintf(&b, "%s %d %s/%s by %s: %v\n", e.Operation, e.Status, e.Name, d.label(e.Version), who, d.problem(e.Err))
	}
	d.events = nil
	return b.String()
}

// problem shows an error without what differs between services.
func (d *door) problem(err error) string {
	if err == nil {
		return ""
	}
	e := errs.From(err)
	if e.Status == http.StatusUnauthorized && d.container.Product() == vault.ProductManagedHSM {
		return "401" // over REST it has no text
	}
	text := fmt.Sprintf("%d %s %s %s", e.Status, e.Code, e.Inner, said(e))
	for _, v := range d.versions {
		text = strings.ReplaceAll(text, v, d.label(v))
	}
	return text
}

// wire makes a request over REST and shows the outcome.
func (d *door) wire(t *rapid.T, r twinRequest) string {
	method, path, body := d.onTheWire(r)
	var reader io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		reader = strings.NewReader(string(data))
	}
	req, err := http.NewRequestWithContext(t.Context(), method, "https://"+d.host+path+"?api-version=2026-04-01", reader)
	if err != nil {
		t.Fatal(err)
	}
	transport := d.transport
	if r.caller != "nobody" {
		req.Header.Set("Authorization", "Bearer x")
		transport = transport.As(callerOf(r.caller))
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode >= 400 {
		var body struct {
			Error struct {
				Code, Message string
				InnerError    struct{ Code string }
			}
		}
		if err := json.Unmarshal(data, &body); err != nil && resp.StatusCode != http.StatusUnauthorized {
			t.Fatalf("%v: %s", err, data)
		}
		return d.problem(&errs.Error{Status: resp.StatusCode, Code: errs.Code(body.Error.Code), Inner: errs.Code(body.Error.InnerError.Code), Message: body.Error.Message})
	}
	return d.answer(t, r, data)
}

// onTheWire is method, path and body of a request.
func (d *door) onTheWire(r twinRequest) (method, path string, body map[string]any) {
	if r.kind != "keys" && r.kind != "secrets" {
		return r.administration()
	}
	attributes := map[string]any{}
	if r.disabled != nil {
		attributes["enabled"] = !*r.disabled
	}
	if r.expires != 0 {
		attributes["exp"] = r.expires
	}
	name, version := url.PathEscape(r.name), d.versionOf(r)
	object := "/" + r.kind + "/" + name
	full := map[string]any{"attributes": attributes, "tags": r.tags}
	switch r.verb {
	case "set":
		full["value"] = r.value
		return "PUT", object, full
	case "create":
		full["kty"] = "EC"
		return "POST", object + "/create", full
	case "get":
		return "GET", object + "/" + version, nil
	case "update":
		return "PATCH", object + "/" + version, full
	case "delete":
		return "DELETE", object, nil
	case "list":
		return "GET", "/" + r.kind, nil
	case "versions":
		return "GET", object + "/versions", nil
	case "listdeleted":
		return "GET", "/deleted" + r.kind, nil
	case "deleted":
		return "GET", "/deleted" + r.kind + "/" + name, nil
	case "recover":
		return "POST", "/deleted" + r.kind + "/" + name + "/recover", nil
	case "purge":
		return "DELETE", "/deleted" + r.kind + "/" + name, nil
	case "backup", "rotate":
		return "POST", object + "/" + r.verb, nil
	case "restore":
		return "POST", "/" + r.kind + "/restore", map[string]any{"value": encoded(d.blobs[r.kind])}
	case "policy":
		return "GET", object + "/rotationpolicy", nil
	case "setpolicy":
		return "PUT", object + "/rotationpolicy", map[string]any{"attributes": map[string]any{"expiryTime": "P90D"}}
	case "verify":
		return "POST", object + "/" + version + "/verify", map[string]any{"alg": "ES256", "digest": encoded(twinDigest(r)), "value": "AAAA"}
	case "encrypt":
		return "POST", object + "/" + version + "/encrypt", map[string]any{"alg": "RSA-OAEP", "value": encoded(twinDigest(r))}
	}
	return "POST", object + "/" + version + "/sign", map[string]any{"alg": "ES256", "value": encoded(twinDigest(r))}
}

// twinDigest is a digest of the right length, or of a wrong one.
func twinDigest(r twinRequest) []byte {
	if r.value == "" {
		return []byte{1, 2, 3}
	}
	return make([]byte, 32)
}

func tagsOf(tags map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		fmt.Fprintf(&b, "%q=%q ", name, tags[name])
	}
	return b.String()
}
