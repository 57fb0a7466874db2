package rest

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/embedvault/embedvault/policy/identity"
)

// DefaultIdentityHeader is the secret that a [Transport] takes for the identity endpoint of App Service if the options name
// none. Over a socket it is no secret, since everybody knows it.
const DefaultIdentityHeader = "embedvault"

// fromMachine tells whether a request over a socket is one of the machine: it comes from a loopback address, or to the
// address at which a machine of the platform finds its identities. What the request says of its host counts for nothing.
func fromMachine(r *http.Request) bool {
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && withoutPort(local.String()) == metadataHost {
		return true
	}
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && remote.Addr().Unmap().IsLoopback()
}

// metadata answers a virtual machine that asks for a token of its identity. A request without the header Metadata is a
// probe, or one that was tricked into coming here: it gets 400.
func (a *authority) metadata(x *exchange, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Metadata"), "true") {
		x.machineError(http.StatusBadRequest, "invalid_request", "Required metadata header not specified")
		return
	}
	grant, who, ok := a.assigned(x, r, "object_id", "msi_res_id", "mi_res_id")
	if !ok {
		return
	}
	left, expires := a.told(grant.ExpiresOn)
	seconds := decimal(left)
	x.json(http.StatusOK, struct {
		AccessToken string `json:"access_token"`
		ClientID    string `json:"client_id"`
		ExpiresIn   string `json:"expires_in"`
		ExpiresOn   string `json:"expires_on"`
		ExtExpires  string `json:"ext_expires_in"`
		NotBefore   string `json:"not_before"`
		Resource    string `json:"resource"`
		Type        string `json:"token_type"`
	}{grant.Reveal(), who.ClientID(), seconds, decimal(expires), seconds, decimal(grant.NotBefore.Unix()), grant.Audience, "Bearer"})
}

// appService answers a web app or function that asks for a token of its identity. It shows the secret that the platform
// gave it, compared in constant time.
func (a *authority) appService(x *exchange, r *http.Request) {
	shown, secret := r.Header.Get("X-Identity-Header"), a.secret
	if secret == "" && !x.socket {
		secret = DefaultIdentityHeader
	}
	if secret == "" || subtle.ConstantTimeCompare([]byte(shown), []byte(secret)) != 1 {
		x.machineError(http.StatusUnauthorized, "unauthorized", "The X-IDENTITY-HEADER is missing or wrong")
		return
	}
	grant, who, ok := a.assigned(x, r, "principal_id", "mi_res_id", "msi_res_id")
	if !ok {
		return
	}
	_, expires := a.told(grant.ExpiresOn)
	x.json(http.StatusOK, struct {
		AccessToken string `json:"access_token"`
		ClientID    string `json:"client_id"`
		ExpiresOn   string `json:"expires_on"`
		Resource    string `json:"resource"`
		Type        string `json:"token_type"`
	}{grant.Reveal(), who.ClientID(), decimal(expires), grant.Audience, "Bearer"})
}

// machineError makes the answer an error of the machine's endpoints, which have no AADSTS codes.
func (y *reply) machineError(status int, code, description string) {
	y.json(status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{code, description})
}

// assigned issues a token to the identity that a request names, by client id or one of the members given. If it does not,
// it has made the answer an error.
func (a *authority) assigned(x *exchange, r *http.Request, members ...string) (identity.Grant, *identity.ManagedIdentity, bool) {
	q := r.URL.Query()
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		x.machineError(http.StatusMethodNotAllowed, "invalid_request", "Method not allowed")
		return identity.Grant{}, nil, false
	}
	if q.Get("resource") == "" {
		x.machineError(http.StatusBadRequest, "invalid_request", "Required query parameter 'resource' not specified")
		return identity.Grant{}, nil, false
	}
	who, description := a.machineIdentity(q, append(members, "client_id"))
	if who == nil {
		x.machineError(http.StatusBadRequest, "invalid_request", description)
		return identity.Grant{}, nil, false
	}
	if !a.isResource(q.Get("resource")) {
		a.refuse(x, a.tenant.Refuse(identity.ResourceNotFound, q.Get("resource")))
		return identity.Grant{}, nil, false
	}
	grant, err := a.tenant.Grant(r.Context(), who, q.Get("resource"))
	if err != nil {
		a.fail(x, err)
		return identity.Grant{}, nil, false
	}
	return grant, who, true
}

// machineIdentity finds an identity of the machine: the one named, or else the system-assigned one, or else the only
// one. Without one it says why.
func (a *authority) machineIdentity(q url.Values, members []string) (*identity.ManagedIdentity, string) {
	for _, member := range members {
		id := q.Get(member)
		if id == "" {
			continue
		}
		i := slices.IndexFunc(a.identities, func(m *identity.ManagedIdentity) bool {
			return strings.EqualFold(id, m.ClientID()) || strings.EqualFold(id, m.ObjectID()) || strings.EqualFold(id, m.ResourceID())
		})
		if i < 0 {
			return nil, "Identity not found"
		}
		return a.identities[i], ""
	}
	if i := slices.IndexFunc(a.identities, func(m *identity.ManagedIdentity) bool { return !m.UserAssigned() }); i >= 0 {
		return a.identities[i], ""
	}
	switch len(a.identities) {
	case 0:
		return nil, "Identity not found"
	case 1:
		return a.identities[0], ""
	}
	return nil, "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"
}
