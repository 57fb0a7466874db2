package rest

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault"
)

// routes finds the operation of a path. Empty segments of a path do not count, so /keys/k/, /keys/k//sign and //keys/k
// are what clients mean by them; a version can be left out wherever there is one.
var routes = sync.OnceValue(func() *node {
	root := new(node)
	for _, e := range vault.Endpoints() {
		root.add(strings.Split(e.Path()[1:], "/"), e)
	}
	return root
})

// maxSegments is how many segments a path has at most.
const maxSegments = 8

// node is a place in the tree of paths.
type node struct {
	words         map[string]*node
	name, version *node
	endpoints     []vault.Endpoint // one for each method
}

// add enters an operation under a path, once with the version and once without.
func (n *node) add(path []string, e vault.Endpoint) {
	if len(path) == 0 {
		n.endpoints = append(n.endpoints, e)
		return
	}
	switch {
	case path[0] == "{version}":
		n.version = grown(n.version)
		n.version.add(path[1:], e)
		n.add(path[1:], e)
	case strings.HasPrefix(path[0], "{"): // a name, whatever of
		n.name = grown(n.name)
		n.name.add(path[1:], e)
	default:
		if n.words == nil {
			n.words = map[string]*node{}
		}
		word := folded(path[0])
		n.words[word] = grown(n.words[word])
		n.words[word].add(path[1:], e)
	}
}

func grown(n *node) *node {
	if n == nil {
		return new(node)
	}
	return n
}

// match is an operation with the names in its path.
type match struct {
	vault.Endpoint
	name, version string
}

// find follows a path. A word goes before a name, so /keys/restore restores; where it leads nowhere under the method, it
// is a name after all.
func (n *node) find(method string, path []string) (m match, ok bool) {
	if len(path) == 0 {
		for _, e := range n.endpoints {
			if e.Method() == method {
				return match{Endpoint: e}, true
			}
		}
		return m, false
	}
	if next := n.words[folded(path[0])]; next != nil {
		if m, ok = next.find(method, path[1:]); ok {
			return m, true
		}
	}
	if n.name != nil {
		if m, ok = n.name.find(method, path[1:]); ok {
			m.name = path[0]
			return m, true
		}
	}
	if n.version != nil && (len(path) > 1 || isVersion(path[0])) {
		if m, ok = n.version.find(method, path[1:]); ok {
			m.version = path[0]
			return m, true
		}
	}
	return m, false
}

// folded is a word of a path in the spelling of the table: words compare without case, in ASCII. A word with other
// letters is left as it is and is none of the table, whatever its lower case would be.
func folded(word string) string {
	for i := range len(word) {
		if word[i] >= utf8.RuneSelf {
			return word
		}
	}
	return strings.ToLower(word)
}

// isVersion tells whether the last segment of a path has the form of a version. What has not is no operation either.
func isVersion(segment string) bool {
	if len(segment) != 32 {
		return false
	}
	for i := range len(segment) {
		switch c := segment[i] | 0x20; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z':
		default:
			return false
		}
	}
	return true
}

// What the front end of the service answers with a page of HTML.
var (
	errRoot        = &errs.Error{Status: http.StatusForbidden, Code: errs.Forbidden, Message: "Access is denied."}
	errUnknownPath = &errs.Error{Status: http.StatusNotFound, Code: errs.NotFound, Message: "File or directory not found."}
	errName        = &errs.Error{Status: http.StatusBadRequest, Code: errs.BadParameter, Message: "Runtime Error"}
)

func isPage(err error) bool { return err == errRoot || err == errUnknownPath || err == errName }

// route finds the operation that a request to a container names.
func (h *Handler) route(x *exchange, r *http.Request, v vault.Container) (vault.Endpoint, error) {
	method, err := h.tunnelled(x, r)
	if err != nil {
		return vault.Endpoint{}, err
	}
	var segments [maxSegments]string
	path, err := split(segments[:0], x.Path)
	if err != nil {
		return vault.Endpoint{}, err
	}
	if len(path) == 0 {
		return vault.Endpoint{}, errRoot
	}
	if !h.options.Strict {
		method, path = outdated(x, v, method, path)
	}
	x.Scope, path = scoped(path)
	m, ok := routes().find(method, path)
	switch {
	case !ok:
		return m.Endpoint, noOperation(method, path)
	case habitOf(v).unknownIsPage && !m.Offered(v.Product()):
		return m.Endpoint, errUnknownPath
	}
	x.Name, x.Version = m.name, m.version
	return m.Endpoint, nil
}

// scoped takes off a path what is before the providers of role definitions and assignments: the scope that they are of.
func scoped(path []string) (scope string, rest []string) {
	for i := range min(3, len(path)-1) {
		if folded(path[i]) == "providers" && folded(path[i+1]) == "microsoft.authorization" {
			return "/" + strings.Join(path[:i], "/"), path[i:]
		}
	}
	return "", path
}

// split appends the segments of an encoded path, decoded.
func split(dst []string, path string) ([]string, error) {
	for path != "" {
		var segment string
		segment, path, _ = strings.Cut(path, "/")
		if segment == "" {
			continue
		}
		if len(dst) == maxSegments {
			return nil, errUnknownPath
		}
		if strings.IndexByte(segment, '%') >= 0 {
			plain, err := url.PathUnescape(segment)
			if err != nil || strings.IndexByte(plain, '%') >= 0 {
				return nil, errName
			}
			segment = plain
		}
		dst = append(dst, segment)
	}
	return dst, nil
}

// noOperation says why a path that is not empty names no operation under a method.
func noOperation(method string, path []string) error {
	collection := routes().words[folded(path[0])]
	last := path[len(path)-1]
	switch {
	case collection == nil || len(path) > 4:
		return errUnknownPath
	case len(path) > 2:
		return errs.NewMethodDoesNotAllow(method, last)
	case len(path) == 2 && method == http.MethodPost:
		return errs.NewOperationNotSpecified()
	}
	return errs.NewMethodNotAllowed(method)
}
