package vault

import (
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
	right        policy.Right
	class        limiter.Class
}

// op is a row with what carries it out.
type op[In input, Out any] struct {
	row
	exec func(call, In) (Out, error)
	// cost tells the class and units of a request whose body decides them; nil elsewhere.
	cost func(In) (limiter.Class, int)
}

// registry lists every row in the order of the table. It has no initializer: the rows append themselves while the
// table's variables are set, before anything can read it.
var registry []*row

// define makes an operation and enters it in the registry. The route is method and path.
func define[In input, Out any](name Operation, status int, route string, right policy.Right, class limiter.Class,
	exec func(call, In) (Out, error)) *op[In, Out] {
	method, path, _ := strings.Cut(route, " ")
	o := &op[In, Out]{row: row{name, status, method, path, right, class}, exec: exec}
	registry = append(registry, &o.row)
	return o
}

// costing gives the operation a cost that depends on the body of the request.
func (o *op[In, Out]) costing(cost func(In) (limiter.Class, int)) *op[In, Out] {
	o.cost = cost
	return o
}

// nothing is the input of an operation that reads only its path.
type nothing struct{}

func (nothing) validate(call) error { return nil }
