package vault

import (
	"context"
	"runtime/debug"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/shelf"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
)

// call is one request on its way through the pipeline. It travels by value.
type call struct {
	ctx           context.Context
	container     *container
	caller        *Caller
	wire          *Exchange         // nil through the Go API
	who           *policy.Principal // nil until the caller is authenticated
	set           *settings         // what the vault's settings were when the request came
	root          *shelf.Root       // what the vault held when the request was admitted
	key           keyFound          // the key that the path names, if the class of the operation is one of keys
	name, version string            // from the path; "" where the operation has none
	roleScope     *roleScope        // of the roles that the request is about; nil: "/", or it is about none
	now           time.Time         // when the request came; read once
	id            RequestID
}

// lag is how long it takes to delete, recover or purge, in seconds.
func (c call) lag() int64 { return c.container.svc.lag }

// unix is the time of the request in seconds, the unit of every stored time.
func (c call) unix() int64 { return c.now.Unix() }

// input is what an operation reads from a request besides the names in its path.
type input interface {
	// validate tells whether the input is well formed, for a vault of these settings, whatever it holds.
	validate(s *settings) error
}

// run is the life of every request. The order of its steps is the order of the errors a caller sees; nothing else in
// the library decides it.
//
// The order of work differs in one place. Where the body decides what a request costs, it is decoded before the throttle is
// asked; a malformed body is held back and reported after it.
func run[In input, Out any](c call, o *op[In, Out], in In, p *protocol[In, Out]) (out Out, err error) {
	if err := c.ctx.Err(); err != nil {
		return out, err
	}
	c.arrive()
	defer func() {
		if r := recover(); r != nil {
			err = errs.NewInternal(Panic{Value: r, Stack: debug.Stack()})
		}
		if err = c.leave(&o.row, err); err != nil {
			out = *new(Out) // what a handler had made before it failed
		}
	}()
	if err = c.admit(&o.row); err != nil {
		return out, err
	}
	if err = c.fault(c.container.svc.hook.Before, &o.row); err != nil {
		return out, err
	}
	class, units := c.charge(o.class)
	var malformed error
	if o.cost != nil {
		if in, malformed = p.read(in); malformed == nil {
			class, units = o.cost(in, c.container.svc.prices)
		}
	}
	if err = c.throttle(class, units); err != nil {
		return out, err
	}
	if o.cost == nil {
		in, malformed = p.read(in)
	}
	if malformed != nil {
		return out, malformed
	}
	if err = c.wellFormed(&o.row); err != nil {
		return out, err
	}
	if err = in.validate(c.set); err != nil {
		return out, err
	}
	if err = c.ready(&o.row); err != nil {
		return out, err
	}
	if out, err = o.exec(c, in); err != nil {
		return out, err
	}
	if err = c.fault(c.container.svc.hook.After, &o.row); err == nil {
		p.write(out)
	}
	return out, err
}

// protocol is what a door does that brings a request in another form than Go: nil through the Go API.
type protocol[In, Out any] struct {
	decode func() (In, error)
	encode func(Out)
}

func (p *protocol[In, Out]) read(in In) (In, error) {
	if p == nil {
		return in, nil
	}
	return p.decode()
}

func (p *protocol[In, Out]) write(out Out) {
	if p != nil {
		p.encode(out)
	}
}

// fault is what a test has put in the way of an operation.
func (c *call) fault(at func(ctx context.Context, container, operation string) error, r *row) error {
	if at == nil {
		return nil
	}
	return c.happens(at, r)
}

// happens lets a test decide what happens. A code on its own is that refusal of this request.
func (c *call) happens(at func(ctx context.Context, container, operation string) error, r *row) error {
	err := at(c.ctx, c.container.URL(), string(r.operation))
	if code, ok := err.(errs.Code); ok {
		return c.scripted(r, code)
	}
	return err
}

// Panic is the cause of an internal error that was a panic, with the stack of the goroutine that panicked. errors.As finds
// it.
type Panic = shelf.Panic

// arrive notes what the whole request is judged by: one moment, one set of settings.
func (c *call) arrive() {
	c.now = c.container.svc.now()
	c.id = c.container.ids.next()
	c.set = c.container.settings.Load()
	if c.wire != nil {
		c.wire.ID, c.wire.Time = c.id, c.now
	}
}

// admit passes a request through the gates that do not look at what the vault holds: 401, 403 by network, 403 by right.
// A request that names no operation, or one that the product does not have, needs no right.
func (c *call) admit(r *row) error {
	right := r.right
	if err := c.authenticate(); err != nil {
		return err
	}
	if !c.fromInside() && !c.set.network.Allows(c.caller.source) {
		return c.networkRefusal()
	}
	if right != 0 && !c.caller.owner && r.offered[c.container.kind] && !c.allowed(right) {
		return c.rightRefusal(right)
	}
	if c.wire != nil {
		c.wire.Assignment = c.assignment(right)
	}
	c.root = c.container.shelf.Root()
	return nil
}

// authenticate finds out who calls.
func (c *call) authenticate() error {
	if !c.caller.bearer {
		if c.who = c.caller.principal; c.who == nil {
			return errs.NewMissingToken()
		}
		return nil
	}
	who, err := c.container.verify(c.caller.token.Reveal(), c.now)
	if err != nil {
		return err
	}
	c.who = who
	return nil
}

// fromInside tells whether the caller is the embedding program itself, which no network lies before.
func (c *call) fromInside() bool { return c.caller.owner && c.caller.source == (policy.Source{}) }

// charge tells what a request of a class costs: what the key costs that it uses, otherwise one unit.
func (c *call) charge(class limiter.Class) (limiter.Class, int) {
	if class != limiter.KeyUse && class != limiter.KeyCreate {
		return class, 1
	}
	c.key = findKey(c.root, c.name, c.version, c.unix())
	return c.key.cost(class, c.container.svc.prices)
}

// throttle charges the request, or refuses it. A refused request is charged nothing.
func (c *call) throttle(class limiter.Class, units int) error {
	d := c.container.limits.Take(class, units, c.now)
	if d.Allowed {
		return nil
	}
	return errs.NewThrottled(d.RetryAfter).Because(Throttling{d})
}

// wellFormed checks that the container has the operation, and scope and name in the path. A version that no version can
// have is simply not found, later.
func (c *call) wellFormed(r *row) error {
	switch {
	case !r.offered[c.container.kind]:
		return errs.NewOperationNotOffered(string(r.operation))
	case isOfRoles(r.right) && c.scope().invalid != nil:
		return c.scope().invalid
	case r.named:
		return validName(c.name)
	}
	return nil
}

// ready tells whether the container can carry out an operation at all.
func (c *call) ready(r *row) error {
	if c.container.admin == nil {
		return nil
	}
	if !r.dormant && !c.set.hsm.Activated {
		return errs.NewNotActivated()
	}
	if r.operation != OpRestoreStatus && c.container.admin.jobs.restoring(c.now) {
		return errs.NewRestoreInProgress()
	}
	return nil
}

// host is the host that the caller knows the container by.
func (c *call) host() string {
	if c.wire != nil && c.wire.Host != "" {
		return c.wire.Host
	}
	return c.container.host
}

// leave is the end of every request: what went wrong becomes an error of the catalogue, and the request is audited.
func (c *call) leave(r *row, err error) error {
	if err != nil && !isContextual(c.ctx, err) {
		err = c.container.refusal(errs.From(err), c.host(), c.id.String(), string(r.operation))
	}
	audit, managed := c.container.svc.audit, c.wire != nil && c.wire.managed
	if audit == nil && !managed {
		return err
	}
	took := c.container.svc.now().Sub(c.now)
	if managed {
		c.wire.Took = took
	}
	if audit != nil {
		c.tell(audit, r, took, err)
	}
	return err
}
