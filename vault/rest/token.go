package rest

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/embedvault/embedvault/policy/identity"
)

// azureResources are the resources that every tenant has.
var azureResources = []string{
	identity.DefaultAudience, identity.ManagedHSMAudience, "https://management.azure.com", "https://management.core.windows.net",
	"https://graph.microsoft.com", "https://graph.windows.net", "https://storage.azure.com", "https://database.windows.net",
	"https://servicebus.azure.net", "https://eventhubs.azure.net", "https://attest.azure.net",
}

// assertionType is what a client says that shows a token instead of a secret.
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// token answers an application that asks for a token of its own. The two versions differ in how they are asked and
// answered; the tokens are the same.
func (a *authority) token(x *exchange, r *http.Request, tenant string, v2 bool) {
	grant, err := a.grant(r, tenant, v2)
	if err != nil {
		a.fail(x, err)
		return
	}
	seconds, expires := a.told(grant.ExpiresOn)
	if v2 {
		x.json(http.StatusOK, struct {
			Type        string `json:"token_type"`
			ExpiresIn   int64  `json:"expires_in"`
			ExtExpires  int64  `json:"ext_expires_in"`
			AccessToken string `json:"access_token"`
		}{"Bearer", seconds, seconds, grant.Reveal()})
		return
	}
	x.json(http.StatusOK, struct {
		Type        string `json:"token_type"`
		ExpiresIn   string `json:"expires_in"`
		ExtExpires  string `json:"ext_expires_in"`
		ExpiresOn   string `json:"expires_on"`
		NotBefore   string `json:"not_before"`
		Resource    string `json:"resource"`
		AccessToken string `json:"access_token"`
	}{"Bearer", decimal(seconds), decimal(seconds), decimal(expires), decimal(grant.NotBefore.Unix()), grant.Audience, grant.Reveal()})
}

// told is what a client is told of the end of a token: in how many whole seconds it comes, and when. One on a clock of its own
// is told that it comes in a second.
func (a *authority) told(expires time.Time) (seconds, at int64) {
	seconds = max(0, expires.Unix()-a.tenant.Now().Unix())
	if a.clientNow == nil {
		return seconds, expires.Unix()
	}
	seconds = min(seconds, 1)
	return seconds, a.clientNow().Unix() + seconds
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// fail makes the answer the error of the directory that err is, or an outage of it.
func (a *authority) fail(x *exchange, err error) {
	refused, ok := errors.AsType[*identity.AuthError](err)
	if !ok {
		refused = a.tenant.Refuse(identity.ServiceUnavailable, "")
	}
	a.refuse(x, refused)
}

// grant decides about a request for a token.
func (a *authority) grant(r *http.Request, tenant string, v2 bool) (none identity.Grant, err error) {
	if !a.isTenant(tenant) {
		return none, a.tenant.Refuse(identity.TenantNotFound, tenant)
	}
	if r.Method != http.MethodPost {
		return none, a.tenant.Refuse(identity.MethodUnsupported, r.Method)
	}
	f := form(r)
	switch f.Get("grant_type") {
	case "client_credentials":
	case "":
		return none, a.tenant.Refuse(identity.ParameterMissing, "grant_type")
	default:
		return none, a.tenant.Refuse(identity.GrantUnsupported, f.Get("grant_type"))
	}
	if id, secret, ok := r.BasicAuth(); ok {
		f.Set("client_id", unescape(id))
		f.Set("client_secret", unescape(secret))
	}
	if f.Get("client_id") == "" {
		return none, a.tenant.Refuse(identity.ParameterMissing, "client_id")
	}
	audience, err := a.wanted(f, v2)
	if err != nil {
		return none, err
	}
	who, err := a.client(r, f)
	if err != nil {
		return none, err
	}
	if !a.isResource(audience) {
		return none, a.tenant.Refuse(identity.ResourceNotFound, audience)
	}
	return a.tenant.Grant(r.Context(), who, audience)
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// wanted is the resource that a form asks a token for.
func (a *authority) wanted(f url.Values, v2 bool) (string, error) {
	if !v2 {
		if f.Get("resource") == "" {
			return "", a.tenant.Refuse(identity.ParameterMissing, "resource")
		}
		return f.Get("resource"), nil
	}
	scopes := slices.DeleteFunc(strings.Fields(f.Get("scope")), func(s string) bool {
		return s == "openid" || s == "profile" || s == "offline_access" || s == "email"
	})
	if len(scopes) == 0 {
		return "", a.tenant.Refuse(identity.ParameterMissing, "scope")
	}
	resource, ok := strings.CutSuffix(scopes[0], "/.default")
	if !ok || len(scopes) > 1 {
		return "", a.tenant.Refuse(identity.ScopeInvalid, f.Get("scope"))
	}
	return resource, nil
}

// client finds out which application asks.
func (a *authority) client(r *http.Request, f url.Values) (identity.Identity, error) {
	id := f.Get("client_id")
	if assertion := f.Get("client_assertion"); assertion != "" && f.Get("client_assertion_type") == assertionType {
		return a.tenant.AuthenticateAssertion(r.Context(), id, assertion, a.endpoints(r))
	}
	if f.Get("client_secret") == "" {
		return nil, a.tenant.Refuse(identity.CredentialMissing, "")
	}
	return a.tenant.Authenticate(r.Context(), id, f.Get("client_secret"))
}

// endpoints are the audiences that an assertion may be meant for: the tenant's authority, and the host of the request if
// it is one of the service's. Any other host is what the client says it is, and no authority.
func (a *authority) endpoints(r *http.Request) []string {
	bases := []string{a.tenant.Authority()}
	if host := hostOf(r); host != metadataHost && slices.Contains(authorityHosts, host) || isRegional(host) {
		bases = append(bases, "https://"+host)
	}
	var all []string
	for _, base := range bases {
		base += "/" + a.tenant.ID()
		all = append(all, base+"/"+tokenV1Path, base+"/"+tokenV2Path, base+"/v2.0", base+"/")
	}
	return append(all, a.tenant.Issuer())
}

// isResource tells whether a token can be had for an audience, with or without a slash at its end: a resource of Azure,
// or an application of the tenant.
func (a *authority) isResource(audience string) bool {
	if slices.Contains(a.resources, strings.TrimSuffix(audience, "/")) {
		return true
	}
	id := strings.TrimPrefix(audience, "api://")
	o, ok := a.tenant.Lookup(id)
	if !ok {
		return false
	}
	app, ok := o.(*identity.Application)
	return ok && strings.EqualFold(app.ClientID(), id)
}
