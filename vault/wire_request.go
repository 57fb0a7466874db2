package vault

import (
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/embedvault/embedvault/errs"
)

// Exchange is a request as a protocol brings it to [Endpoint.Serve] or to Refuse of a [Container], and what the answer needs
// besides its body. What is in it is judged on the way of every request, in that order; until then Body is not read.
type Exchange struct {
	// Caller is who makes the request. The zero Caller gets 401.
	Caller Caller
	// Name and Version are those of the path, "" where it has none. Name is also the id of a job or role, and the
	// name of a setting.
	Name, Version string
	// Scope is that of roles, as the path has it in front of their own path: "/", "/keys" or "/keys/{name}". "" is "/". It
	// counts for requests about roles alone.
	Scope string
	// Host is the authority that ids and links in the answer show, such as "contoso.vault.azure.net".
	Host string
	// Path and Query are those of the request as they came, still encoded. Links to further pages repeat them.
	Path, Query string
	// Body is the body, nil for none, and Length its size in bytes, negative if it is not known.
	Body   io.Reader
	Length int64
	// ContentType and Accept are the headers of these names.
	ContentType, Accept string
	// Request is what the audit is told besides. Its APIVersion is filled in when the request is checked.
	Request

	// ID and Time are set when the request arrives in the pipeline: the id it is audited under, and when it came.
	ID   RequestID
	Time time.Time
	// Took is set when a Managed HSM has answered: how long that took, on the service's clock.
	Took time.Duration
	// AsyncOperation is set when the answer is only that something has begun: the address at which it is asked for.
	AsyncOperation string
	// Assignment is set, in a vault that roles protect, when one of them has let the request through: the 32 hexadecimal
	// digits that the service sends of the id of the assignment.
	Assignment string

	api     apiVersion // known once the request has been checked
	managed bool       // whether it is for a Managed HSM
}

// call makes the call of the request.
func (r *Exchange) call(ctx context.Context, v *container) call {
	r.managed = v.kind == ProductManagedHSM
	c := call{ctx: ctx, container: v, caller: &r.Caller, name: r.Name, version: r.Version, wire: r}
	if r.Scope != "" {
		at := parseRoleScope(r.Scope)
		c.roleScope = &at
	}
	return c
}

// Check judges the form of a request without its body: 400 for an api-version that is missing or not known, 406 for an
// Accept that excludes JSON.
func (r *Exchange) Check() (err error) {
	if r.api, err = readVersion(r.Query); err != nil {
		return err
	}
	r.APIVersion = r.api.String()
	if !acceptsJSON(r.Accept) {
		return errs.NewNotAcceptable(r.Accept)
	}
	return nil
}

// check is Check for an operation, which must exist in the api-version.
func (r *Exchange) check(o *row) error {
	if err := r.Check(); err != nil {
		return err
	}
	if r.api < o.first {
		return errs.NewMethodDoesNotAllow(o.method, o.path[strings.LastIndexByte(o.path, '/')+1:])
	}
	return nil
}

// bodyLimit bounds the body of every request but a restore, in bytes. The largest secret, all of its characters escaped,
// fits, with its tags.
const bodyLimit = 512 << 10

// read reads the body, which has a bound.
func (r *Exchange) read(limit int) ([]byte, error) {
	if r.Body == nil || r.Length == 0 {
		return nil, nil
	}
	if !isJSON(r.ContentType) {
		return nil, errs.NewUnsupportedMediaType(r.ContentType)
	}
	if r.Length > int64(limit) {
		return nil, errs.NewBodyTooLarge(limit)
	}
	data, err := r.readAll(limit)
	switch {
	case len(data) > limit:
		return nil, errs.NewBodyTooLarge(limit)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil, err
	case err != nil: // the client went away, or was too slow: nobody reads the answer
		return nil, errs.NewInvalidValue()
	}
	return data, nil
}

// readAll reads one byte more than the limit at most. A length that the client announced is believed only as far as it
// has sent it, beyond the first few kilobytes.
func (r *Exchange) readAll(limit int) ([]byte, error) {
	body := io.LimitReader(r.Body, int64(limit)+1)
	if r.Length < 0 || r.Length > 4<<10 {
		return io.ReadAll(body)
	}
	data := make([]byte, r.Length)
	n, err := io.ReadFull(body, data)
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		err = nil
	}
	return data[:n], err
}

// isJSON tells whether a Content-Type is JSON. One that is not given is.
func isJSON(contentType string) bool {
	if contentType == "" || contentType == "application/json" {
		return true
	}
	media, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	media = strings.TrimSpace(media)
	return media == "application/json" || media == "text/json" ||
		strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json")
}

// acceptsJSON tells whether an Accept header lets JSON through. One that is not given does.
func acceptsJSON(accept string) bool {
	if accept == "" || accept == "application/json" {
		return true
	}
	for item := range strings.SplitSeq(strings.ToLower(accept), ",") {
		media, params, _ := strings.Cut(item, ";")
		switch strings.TrimSpace(media) {
		case "*/*", "application/*", "application/json", "text/json":
			if !refusedQuality(params) {
				return true
			}
		}
	}
	return false
}

// refusedQuality tells whether the parameters of a media range hold a weight of zero.
func refusedQuality(params string) bool {
	for p := range strings.SplitSeq(params, ";") {
		if q, ok := strings.CutPrefix(strings.TrimSpace(p), "q="); ok {
			return strings.Trim(q, "0.") == ""
		}
	}
	return false
}

// members goes through a query, decoded, in its order. What does not decode is taken as it is.
func members(query string) func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		for pair := range strings.SplitSeq(query, "&") {
			name, value, _ := strings.Cut(pair, "=")
			if pair != "" && !yield(unescaped(name), unescaped(value)) {
				return
			}
		}
	}
}

func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// member returns the first member of the query with a name, compared without case.
func (r *Exchange) member(name string) (string, bool) {
	for n, value := range members(r.Query) {
		if strings.EqualFold(n, name) {
			return value, true
		}
	}
	return "", false
}
