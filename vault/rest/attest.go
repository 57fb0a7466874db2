package rest

import (
	"net/http"
	"strings"

	"github.com/embedvault/embedvault/policy/identity"
)

// attester answers for the authority that attests environments: its metadata, its keys, and a token for tests, which says
// of its bearer what the tests of the SDKs ask for.
type attester struct{ *identity.Attestor }

// answer answers a request to the attester.
func (a attester) answer(x *exchange, r *http.Request) error {
	path := strings.Trim(r.URL.Path, "/")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		x.page(http.StatusNotFound)
	case path == openIDPath:
		x.json(http.StatusOK, a.OpenIDConfiguration())
	case path == "certs":
		keys, err := a.JWKS()
		x.made(keys, err)
	case path == "generate-test-token":
		token, err := a.TestToken()
		x.made(token, err)
	default:
		x.page(http.StatusNotFound)
	}
	x.typed(jsonType)
	x.set("Cache-Control", "no-store")
	x.set("X-Content-Type-Options", "nosniff")
	return r.Context().Err()
}

// made makes the answer the JSON of a value, unless there was an error in making it.
func (y *reply) made(value any, err error) {
	if err != nil {
		y.json(http.StatusInternalServerError, struct{}{})
		return
	}
	y.json(http.StatusOK, value)
}
