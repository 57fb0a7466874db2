package vault

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
)

// Event is what the audit is told of one request. It holds no value, key or token.
type Event struct {
	Time      time.Time // when the request came
	Operation Operation
	RequestID RequestID
	Vault     string            // the name of the container
	Status    int               // the HTTP status of the answer
	Err       error             // nil on success; *errs.Error, or the context's error of a call that was given up
	Name      string            // of the object, as the caller wrote it; "" where the operation has none
	Version   string            // as the caller wrote it; "" means the newest
	Principal *policy.Principal // nil when the caller could not be authenticated
	Source    policy.Source
	resource  string
	clock     func() time.Time
}

// Duration is the time since the request came, on the service's clock. Read in the callback it is how long the request
// took.
func (e Event) Duration() time.Duration { return e.clock().Sub(e.Time) }

// Resource is the resource id of the container, such as /subscriptions/…/vaults/contoso.
func (e Event) Resource() string { return e.resource }

func (c *call) event(r *row, err error) Event {
	status := r.status
	if err != nil {
		status = errs.StatusOf(err)
	}
	return Event{
		Time: c.now, Operation: r.operation, RequestID: c.id, Vault: c.vault.name, Status: status, Err: err,
		Name: c.name, Version: c.version, Principal: c.who, Source: c.caller.source,
		resource: c.set.resource, clock: c.vault.svc.now,
	}
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
func (id RequestID) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// requestIDs hands out the ids of a service: random in the first half, counted in the second, so that one costs no
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
