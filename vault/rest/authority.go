package rest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/embedvault/embedvault/policy/identity"
)

// formLimit bounds the form of a request for a token, in bytes. An assertion is at most a quarter of it.
const formLimit = 64 << 10

// authority issues the tokens of a tenant: to applications as the directory does, and to the machine's own identities as
// the platform does.
type authority struct {
	tenant     *identity.Tenant
	identities []*identity.ManagedIdentity
	secret     string // of the identity endpoint of App Service, or ""
	clientNow  func() time.Time
	resources  []string // what tokens are issued for, without a slash at the end
}

func newAuthority(tenant *identity.Tenant, o *Options) *authority {
	a := &authority{tenant: tenant, identities: o.Identities, secret: o.IdentityHeader, clientNow: o.ClientNow, resources: slices.Clone(azureResources)}
	for _, r := range o.Resources {
		a.resources = append(a.resources, strings.TrimSuffix(r, "/"))
	}
	return a
}

// The paths of the authority below a tenant, and those of the machine.
const (
	tokenV1Path    = "oauth2/token"
	tokenV2Path    = "oauth2/v2.0/token"
	openIDPath     = ".well-known/openid-configuration"
	openIDv2Path   = "v2.0/.well-known/openid-configuration"
	keysPath       = "discovery/keys"
	keysV2Path     = "discovery/v2.0/keys"
	instancePath   = "discovery/instance"
	metadataPath   = "metadata/identity/oauth2/token"
	appServicePath = "msi/token"
	anyTenant      = "common"
	organizations  = "organizations"
)

// isAuthorityPath tells whether a path is one of the authority, wherever it is served.
func isAuthorityPath(path string) bool {
	path = strings.Trim(path, "/")
	tenant, rest, _ := strings.Cut(path, "/")
	switch {
	case path == metadataPath, path == appServicePath:
		return true
	case routes().words[folded(tenant)] != nil:
		return false
	}
	switch rest {
	case tokenV1Path, tokenV2Path, openIDPath, openIDv2Path, keysPath, keysV2Path, instancePath:
		return true
	}
	return false
}

// answer answers a request to the authority. Its errors are errNoHost for a request for the machine's tokens that does not
// come from the machine, and that of the request's context.
func (a *authority) answer(x *exchange, r *http.Request) error {
	path := strings.Trim(r.URL.Path, "/")
	tenant, rest, _ := strings.Cut(path, "/")
	switch {
	case (path == metadataPath || path == appServicePath) && x.socket && !fromMachine(r):
		return errNoHost
	case path == metadataPath:
		a.metadata(x, r)
	case path == appServicePath:
		a.appService(x, r)
	case rest == tokenV1Path, rest == tokenV2Path:
		a.token(x, r, tenant, rest == tokenV2Path)
	case rest == instancePath:
		a.instance(x, r)
	default:
		a.document(x, tenant, rest)
	}
	a.headers(x, r)
	return r.Context().Err()
}

// headers adds the headers that every answer of the authority has.
func (a *authority) headers(x *exchange, r *http.Request) {
	x.typed(jsonType)
	x.set("Cache-Control", "no-store, no-cache")
	x.set("Pragma", "no-cache")
	x.set("Expires", "-1")
	x.set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	x.set("X-Content-Type-Options", "nosniff")
	x.set("X-Ms-Request-Id", a.tenant.NewID())
	if id := first(r.Header["Client-Request-Id"]); isHeaderValue(id) && strings.EqualFold(first(r.Header["Return-Client-Request-Id"]), "true") {
		x.set("Client-Request-Id", id)
	}
	x.set("Date", a.tenant.Now().UTC().Format(http.TimeFormat))
}

// isTenant tells whether a segment names the tenant. Clients that do not know theirs say common.
func (a *authority) isTenant(segment string) bool { return strings.EqualFold(segment, a.tenant.ID()) }

// document answers the metadata of the tenant.
func (a *authority) document(x *exchange, tenant, path string) {
	shared := strings.EqualFold(tenant, anyTenant) || strings.EqualFold(tenant, organizations)
	if !shared && !a.isTenant(tenant) {
		a.refuse(x, a.tenant.Refuse(identity.TenantNotFound, tenant))
		return
	}
	switch path {
	case openIDPath:
		x.json(http.StatusOK, a.tenant.OpenID())
	case openIDv2Path:
		x.json(http.StatusOK, a.tenant.OpenIDv2())
	case keysPath, keysV2Path:
		keys, err := a.tenant.JWKS()
		if err != nil {
			a.refuse(x, a.tenant.Refuse(identity.ServiceUnavailable, ""))
			return
		}
		x.json(http.StatusOK, keys)
	default:
		x.page(http.StatusNotFound)
	}
}

// cloud is what a client learns of the hosts of an authority.
type cloud struct {
	Network string   `json:"preferred_network"`
	Cache   string   `json:"preferred_cache"`
	Aliases []string `json:"aliases"`
}

// instance answers which hosts are an authority, and where the documents of a tenant are.
func (a *authority) instance(x *exchange, r *http.Request) {
	endpoint, err := url.Parse(r.URL.Query().Get("authorization_endpoint"))
	if err != nil || endpoint.Host == "" {
		a.refuse(x, a.tenant.Refuse(identity.AuthorityUnknown, ""))
		return
	}
	tenant, _, _ := strings.Cut(strings.Trim(endpoint.Path, "/"), "/")
	clouds := []cloud{
		{"login.microsoftonline.com", "login.windows.net", []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"}},
	}
	if own, err := url.Parse(a.tenant.Authority()); err == nil {
		if host := strings.ToLower(own.Host); !slices.Contains(clouds[0].Aliases, host) {
			clouds = append(clouds, cloud{host, host, []string{host}})
		}
	}
	known := slices.ContainsFunc(clouds, func(c cloud) bool { return slices.Contains(c.Aliases, strings.ToLower(endpoint.Host)) })
	if !known {
		a.refuse(x, a.tenant.Refuse(identity.AuthorityUnknown, ""))
		return
	}
	x.json(http.StatusOK, struct {
		Endpoint string  `json:"tenant_discovery_endpoint"`
		Version  string  `json:"api-version"`
		Metadata []cloud `json:"metadata"`
	}{"https://" + endpoint.Host + "/" + tenant + "/" + openIDv2Path, "1.1", clouds})
}

// json makes the answer the JSON of a value.
func (y *reply) json(status int, value any) {
	y.status = status
	y.body, _ = json.Marshal(value) // of structs of texts and numbers, which always marshal
}

// refusal is the error of a token endpoint as the directory writes it.
type refusal struct {
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes"`
	Timestamp     string `json:"timestamp"`
	TraceID       string `json:"trace_id"`
	CorrelationID string `json:"correlation_id"`
	URI           string `json:"error_uri"`
}

// refuse makes the answer an error of the directory.
func (a *authority) refuse(x *exchange, e *identity.AuthError) {
	trace, correlation := a.tenant.NewID(), a.tenant.NewID()
	at := a.tenant.Now().UTC().Format("2006-01-02 15:04:05Z")
	x.json(e.Status, refusal{
		Error: e.OAuth,
		Description: e.Error() + " Trace ID: " + trace + " Correlation ID: " + correlation +
			" Timestamp: " + at,
		Codes: []int{int(e.Code)}, Timestamp: at, TraceID: trace, CorrelationID: correlation,
		URI: a.tenant.Authority() + "/error?code=" + strings.TrimPrefix(e.Code.Error(), "AADSTS"),
	})
}

// form reads the form of a request. One that cannot be read is empty: then its members are missing.
func form(r *http.Request) url.Values {
	media, _, _ := strings.Cut(first(r.Header["Content-Type"]), ";")
	if r.Body == nil || !strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded") {
		return url.Values{}
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, formLimit+1))
	if err != nil || len(data) > formLimit {
		return url.Values{}
	}
	values, _ := url.ParseQuery(string(data)) // what can be read of it
	return values
}
