package vault

import (
	"context"

	"github.com/embedvault/embedvault/limiter"
)

// Endpoint is an operation as a protocol sees it: where it is found, and how a request to it is made. The request takes
// the same way as one of a [Client], and gets the same errors in the same order. It is for those who write a door for a
// protocol; the zero Endpoint is none.
type Endpoint struct{ row *row }

// Endpoints returns every operation of both products, in the order of vault/OPERATIONS.md.
func Endpoints() []Endpoint {
	all := make([]Endpoint, len(registry))
	for i, r := range registry {
		all[i] = Endpoint{r}
	}
	return all
}

// Operation returns the name under which requests are audited.
func (e Endpoint) Operation() Operation { return e.row.operation }

// Method returns the HTTP method, such as "POST".
func (e Endpoint) Method() string { return e.row.method }

// Path returns the path with {name} and {version}, or what else is named there, in braces, such as
// "/keys/{name}/{version}/sign".
func (e Endpoint) Path() string { return e.row.path }

// Status returns the HTTP status of a success.
func (e Endpoint) Status() int { return e.row.status }

// Offered tells whether a product has the operation. A container of one that has not refuses it with 404.
func (e Endpoint) Offered(by Product) bool {
	return int(by) < len(products) && e.row.offered[by]
}

// Allowed tells whether the gates of the operation would let the caller of a request through: authentication, network and
// right. It reads no body and is no request: nothing is charged or audited, r is left as it is, and who is let through here
// passes the same gates again. A protocol asks it before it looks at a body to find out which operation a request means.
func (e Endpoint) Allowed(in Container, r *Exchange) bool {
	asked := *r
	c := asked.call(context.Background(), in.inner())
	c.arrive()
	return c.admit(e.row) == nil
}

// Serve makes a request to the operation in a container, and appends the JSON of its answer to dst; an answer without a
// body appends nothing. It fills in what the Exchange says is set on the way. An error is an *errs.Error, or that of ctx;
// dst is then returned as it was.
func (e Endpoint) Serve(ctx context.Context, in Container, r *Exchange, dst []byte) ([]byte, error) {
	return e.row.serve(ctx, in.inner(), r, dst)
}

// opUnknown is under what a request is audited that names no operation.
const opUnknown Operation = "Unknown"

// unknown is the row of requests that name no operation. Nobody needs a right for it: it refuses whoever is let in.
var unknown = op[refused, nothing]{row: row{operation: opUnknown, status: 404, offered: offering{true, true}, class: limiter.Other}}

// refused is the input of a request that is answered with an error, once its caller is known and let in.
type refused struct{ why error }

func (in refused) validate(*settings) error { return in.why }
