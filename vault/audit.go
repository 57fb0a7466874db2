package vault

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/shelf"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
)

// Event is what the audit is told of one request. It holds no value, key or token. Only a vault makes one.
type Event struct {
	Time      time.Time     // when the request came
	Duration  time.Duration // how long it took, on the service's clock
	Operation Operation
	RequestID RequestID
	Vault     string            // the name of the container
	Product   Product           // which product the container is
	Status    int               // the HTTP status of the answer; 0 when the caller gave up before there was one
	Err       error             // nil on success; *errs.Error, or the context's error of a call that was given up
	Name      string            // of the object, as the caller wrote it; "" where the operation has none
	Version   string            // as the caller wrote it; "" means the newest
	Principal *policy.Principal // nil when the caller could not be authenticated
	Source    policy.Source
	row       *row
	container *container
	set       *settings
	request   *Request // nil through the Go API
}

// Request is what a request says of itself over REST. It is empty for a request through the Go API.
type Request struct {
	APIVersion string // of the query
	URI        string // as it was sent, without fragment
	ClientInfo string // the User-Agent
	ClientID   string // the x-ms-client-request-id
	// Outdated is a form of request that old documents of the service show and today's service does not take.
	Outdated bool
}

// Request is what the request said of itself over REST; it is empty for one through the Go API.
func (e *Event) Request() Request {
	if e.request == nil {
		return Request{}
	}
	return *e.request
}

// Resource is the resource id of the container, such as /subscriptions/…/vaults/contoso.
func (e *Event) Resource() string { return e.set.resource }

// ObjectID is the identifier of what the request was for: an object, a version, or the vault.
func (e *Event) ObjectID() string { return string(e.appendID(nil)) }

func (e *Event) appendID(b []byte) []byte {
	b = append(append(append(b, "https://"...), e.container.host...), '/')
	if e.row.path == "" || e.Name == "" || validName(e.Name) != nil {
		return b
	}
	before, _, _ := strings.Cut(e.row.path[1:], "{")
	b = append(append(b, before...), e.Name...)
	if _, ok := shelf.ParseVersionID(e.Version); ok {
		b = append(append(b, '/'), e.Version...)
	}
	return b
}

// tell tells the audit of the request. The event is built where it is handed over: it is large.
func (c *call) tell(audit func(Event), r *row, took time.Duration, err error) {
	audit(Event{
		Time: c.now, Duration: took, Operation: r.operation, RequestID: c.id, Vault: c.container.name, Product: c.container.kind,
		Status: c.status(r, err), Err: err,
		Name: c.name, Version: c.version, Principal: c.who, Source: c.caller.source,
		row: r, container: c.container, set: c.set, request: c.said(),
	})
}

// status is the status of the answer.
func (c *call) status(r *row, err error) int {
	switch {
	case err == nil:
		return r.status
	case isContextual(c.ctx, err):
		return 0
	}
	return errs.StatusOf(err)
}

// said is a copy of what the request said of itself, nil through the Go API.
func (c *call) said() *Request {
	if c.wire == nil {
		return nil
	}
	said := c.wire.Request
	return &said
}

// isContextual tells whether an error is only that the caller gave up.
func isContextual(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, ctx.Err())
}

// Throttling is the cause of a 429: which limit was reached. errors.As finds it.
type Throttling struct{ limiter.Decision }

// Error tells class, use and limit.
func (t Throttling) Error() string {
	return fmt.Sprintf("%v: %d of %d units used, room again in %v", t.Class, t.Used, t.Limit, t.RetryAfter)
}

// RequestID identifies a request; its String is a GUID.
type RequestID [16]byte

// String returns the 36 characters of the GUID.
func (id RequestID) String() string { return string(id.append(make([]byte, 0, 36))) }

func (id RequestID) append(b []byte) []byte {
	b = append(hex.AppendEncode(b, id[:4]), '-')
	b = append(hex.AppendEncode(b, id[4:6]), '-')
	b = append(hex.AppendEncode(b, id[6:8]), '-')
	b = append(hex.AppendEncode(b, id[8:10]), '-')
	return hex.AppendEncode(b, id[10:])
}

// newGUID returns a random GUID.
func newGUID() string { return newRequestIDs().next().String() }

// requestIDs hands out the ids of a vault: random in the first half, counted in the second, so that one costs no
// random number.
type requestIDs struct {
	start RequestID
	n     atomic.Uint64
}

func newRequestIDs() *requestIDs {
	ids := new(requestIDs)
	rand.Read(ids.start[:])
	ids.start[6] = ids.start[6]&0x0f | 0x40
	return ids
}

func (ids *requestIDs) next() RequestID {
	id := ids.start
	binary.BigEndian.PutUint64(id[8:], ids.n.Add(1)^binary.BigEndian.Uint64(ids.start[8:]))
	id[8] = id[8]&0x3f | 0x80
	return id
}
