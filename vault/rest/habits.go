package rest

import (
	"net/http"
	"strconv"

	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
)

// habit is how one product answers, whatever it answers.
type habit struct {
	resource string // what a challenge asks a token for
	headers  func(x *exchange, h *Handler, v vault.Container)
}

var habits = [...]habit{
	vault.KeyVault:   {identity.DefaultAudience, vaultHeaders},
	vault.ManagedHSM: {"https://managedhsm.azure.net", hsmHeaders},
}

// buildVersion is that of the Managed HSM.
const buildVersion = "1.0.20260401-1-embedvault-release"

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
	region, _ := v.Place()
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
