package rest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault"
)

// The headers that name the method of a request which is sent as a POST. Documents of the service show both.
const (
	tunnelHeader    = "X-Http-Method"
	oldTunnelHeader = "X-Http-Request"
)

// verbs are the methods that a POST can stand for.
var verbs = []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete}

// tunnelled returns the method that a request means. Two headers that differ, and a verb that does not exist, are a 400.
func (h *Handler) tunnelled(x *exchange, r *http.Request) (string, error) {
	if r.Method == "" {
		return http.MethodGet, nil
	}
	if r.Method != http.MethodPost {
		return r.Method, nil
	}
	named := r.Header[tunnelHeader]
	if old := r.Header[oldTunnelHeader]; len(old) > 0 && !h.options.Strict {
		x.Outdated = true
		named = append(slices.Clip(named), old...)
	}
	method := r.Method
	for i, verb := range named {
		verb = strings.ToUpper(strings.TrimSpace(verb))
		if i > 0 && verb != method || !slices.Contains(verbs, verb) {
			return "", errs.NewBadArgument(named[i], "X-HTTP-METHOD")
		}
		method = verb
	}
	return method, nil
}

// outdated recognises the forms of requests that only old documents show, and returns method and path of what they mean
// today.
func outdated(x *exchange, v vault.Container, method string, path []string) (string, []string) {
	collection := folded(path[0])
	switch {
	case collection == "storageaccounts":
		path[0] = "storage"
	case collection == "keys" && method == http.MethodPost && len(path) == 3 && folded(path[2]) == "import":
		method, path = http.MethodPut, path[:2]
	case collection == "keys" && method == http.MethodPut && len(path) == 2 && isCreate(x, v, path[1]):
		method, path = http.MethodPost, append(path, "create")
	default:
		return method, path
	}
	x.Outdated = true
	return method, path
}

// peekLimit is how much of a body is looked at before the operation is known, in bytes. No create is larger.
const peekLimit = 64 << 10

// makers are the operations that a PUT of a key can mean.
var makers = sync.OnceValue(func() []vault.Endpoint {
	return slices.DeleteFunc(vault.Endpoints(), func(e vault.Endpoint) bool {
		return e.Operation() != vault.OpKeyCreate && e.Operation() != vault.OpKeyImport
	})
})

// isCreate tells whether the body of a PUT of a key describes a new key, and not one to import. It looks at the body of a
// caller alone who may do either; that of others is not read, and they are refused the import.
func isCreate(x *exchange, v vault.Container, name string) bool {
	if x.Body == nil || x.Length == 0 || x.Length > peekLimit {
		return false
	}
	x.Name = name
	if !slices.ContainsFunc(makers(), func(e vault.Endpoint) bool { return e.Allowed(v, &x.Exchange) }) {
		return false
	}
	head, err := io.ReadAll(io.LimitReader(x.Body, peekLimit))
	if err != nil {
		x.Body = io.MultiReader(bytes.NewReader(head), failing{err})
		return false
	}
	x.Body = io.MultiReader(bytes.NewReader(head), x.Body)
	var body struct{ Kty, Key json.RawMessage }
	return json.Unmarshal(head, &body) == nil && body.Kty != nil && body.Key == nil
}

// failing is a reader that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
