package rest

import (
	"net/http"
	"strconv"

	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
)

// habit is how one product answers, whatever it answers.
type habit struct {
	resource      string // what a challenge asks a token for
	headers       func(x *exchange, h *Handler, v vault.Container)
	bareChallenge bool // a 401 to a request without a token has no error in its body
	unknownIsPage bool // an operation of the other product is a path that does not exist
}

var habits = [...]habit{
	vault.ProductKeyVault:   {resource: identity.DefaultAudience, headers: vaultHeaders, unknownIsPage: true},
	vault.ProductManagedHSM: {resource: identity.ManagedHSMAudience, headers: hsmHeaders, bareChallenge: true},
}

// habitOf is how a container answers.
func habitOf(v vault.Container) *habit { return &habits[v.Product()] }

// Values of headers that are always the same.
const (
	serviceVersion    = "1.9.3347.1"                        // of a vault
	buildVersion      = "1.0.20260401-1-embedvault-release" // of a Managed HSM
	transportSecurity = "max-age=31536000;includeSubDomains"
)

// vaultHeaders adds the headers that every answer of a vault has.
func vaultHeaders(x *exchange, h *Handler, v vault.Container) {
	region := v.Region()
	if x.status == http.StatusNoContent {
		x.body = nil
	} else {
		x.typed(jsonType)
	}
	x.set("Cache-Control", "no-cache")
	x.set("Pragma", "no-cache")
	x.set("Expires", "-1")
	x.set("X-Ms-Keyvault-Region", region)
	if isHeaderValue(x.ClientID) {
		x.set("X-Ms-Client-Request-Id", x.ClientID)
	}
	x.set("X-Ms-Request-Id", x.ID.String())
	x.set("X-Ms-Keyvault-Service-Version", serviceVersion)
	if x.Assignment != "" {
		x.set("X-Ms-Keyvault-Rbac-Assignment-Id", x.Assignment)
	}
	if info := h.addresses.of(x.Caller.Addr()); info != "" {
		x.set("X-Ms-Keyvault-Network-Info", info)
	}
	x.set("X-Content-Type-Options", "nosniff")
	x.set("Strict-Transport-Security", transportSecurity)
	x.set("Date", h.date.of(x.Time))
}

// hsmHeaders adds the headers that every answer of a Managed HSM has, and those that only some have.
func hsmHeaders(x *exchange, h *Handler, v vault.Container) {
	if x.status == http.StatusNoContent {
		x.body = nil
	} else {
		x.typed(jsonType)
	}
	if x.socket {
		x.header["Date"] = nil // the server would add it
	}
	x.set("Cache-Control", "no-cache")
	x.set("Content-Security-Policy", "default-src 'self'")
	x.set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	x.set("X-Content-Type-Options", "nosniff")
	x.set("X-Frame-Options", "SAMEORIGIN")
	x.set("X-Ms-Request-Id", x.ID.String())
	x.set("X-Ms-Server-Latency", strconv.FormatInt(x.Took.Milliseconds(), 10))
	if x.method == http.MethodGet {
		x.set("X-Ms-Build-Version", buildVersion)
	}
	if x.status >= http.StatusBadRequest {
		return
	}
	region := v.Region()
	x.set("X-Ms-Keyvault-Region", region)
	if info := h.hsmAddresses.of(x.Caller.Addr()); info != "" {
		x.set("X-Ms-Keyvault-Network-Info", info)
	}
	if x.AsyncOperation != "" {
		x.set("Azure-Asyncoperation", x.AsyncOperation)
		x.set("Retry-After", "0")
	}
}

// challengeBody is the body of a Managed HSM's 401 without a token.
func challengeBody(method string) []byte {
	if method == http.MethodGet {
		return []byte("OK")
	}
	return []byte{}
}
