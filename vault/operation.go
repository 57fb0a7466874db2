package vault

import (
	"context"
	"strings"

	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
)

// Operation is the name under which an operation is audited, such as "KeySign".
type Operation string

// row is what the table says of an operation.
type row struct {
	operation    Operation
	status       int // of a success
	method, path string
	named        bool // whether the path names an object
	right        policy.Right
	offered      offering
	class        limiter.Class
	first        apiVersion // the first that has the operation
	dormant      bool       // whether a Managed HSM has it before it is activated
	// serve makes a request of a protocol and appends the answer to dst.
	serve func(ctx context.Context, v *container, r *Exchange, dst []byte) ([]byte, error)
}

// op is a row with what carries it out.
type op[In input, Out any] struct {
	row
	exec func(call, In) (Out, error)
	// cost tells the class and units of a request whose body decides them; nil elsewhere.
	cost func(In, *prices) (limiter.Class, int)
}

// wireInput is an input that a protocol can bring: the zero value reads it from a request.
type wireInput[In any] interface {
	input
	// read reads the input from the query and the body. What is malformed is a 400.
	read(r *Exchange) (In, error)
}

// wireOutput is an output that a protocol can send.
type wireOutput interface {
	// appendTo appends the output as JSON, in the service's order, as the api-version of the request has it.
	appendTo(dst []byte, r *Exchange) []byte
}

// registry lists every row in the order of the table. It has no initializer: the rows append themselves while the
// table's variables are set, before anything can read it.
var registry []*row

// define makes an operation and enters it in the registry. The route is method and path.
func define[In wireInput[In], Out wireOutput](name Operation, status int, route string, right policy.Right, class limiter.Class,
	exec func(call, In) (Out, error)) *op[In, Out] {
	method, path, _ := strings.Cut(route, " ")
	o := &op[In, Out]{exec: exec}
	o.row = row{operation: name, status: status, method: method, path: path, right: right, offered: offeringOf(right), class: class}
	o.named = strings.Contains(path, "{name}")
	o.serve = func(ctx context.Context, v *container, r *Exchange, dst []byte) ([]byte, error) {
		return serve(ctx, v, o, r, dst)
	}
	registry = append(registry, &o.row)
	return o
}

// serve is how a request of a protocol passes the pipeline.
func serve[In wireInput[In], Out wireOutput](ctx context.Context, v *container, o *op[In, Out], r *Exchange, dst []byte) ([]byte, error) {
	var in In
	answer := dst
	_, err := run(r.call(ctx, v), o, in, &protocol[In, Out]{
		decode: func() (In, error) {
			if err := r.check(&o.row); err != nil {
				return in, err
			}
			return in.read(r)
		},
		encode: func(out Out) { answer = out.appendTo(dst, r) },
	})
	if err != nil {
		return dst, err
	}
	if r.managed {
		answer = sortMembers(answer, len(dst))
	}
	return answer, nil
}

// costing gives the operation a cost that depends on the body of the request.
func (o *op[In, Out]) costing(cost func(In, *prices) (limiter.Class, int)) *op[In, Out] {
	o.cost = cost
	return o
}

// early says that a Managed HSM has the operation before it is activated.
func (o *op[In, Out]) early() *op[In, Out] {
	o.dormant = true
	return o
}

// since says that the operation came with an api-version. Without it, every version has it.
func (o *op[In, Out]) since(first apiVersion) *op[In, Out] {
	o.first = first
	return o
}

// nothing is the input of an operation that reads only its path, and the output of one that answers nothing.
type nothing struct{}

func (nothing) validate(*settings) error                { return nil }
func (nothing) read(*Exchange) (nothing, error)         { return nothing{}, nil }
func (nothing) appendTo(dst []byte, _ *Exchange) []byte { return dst }
