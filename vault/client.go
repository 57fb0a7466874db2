package vault

import "context"

// Client makes requests to one container as one caller. Each method is one request: it is authenticated, checked against
// firewall and policies, throttled, carried out and audited. It is safe for concurrent use.
//
// Every method may return: a 401 (errs.Unauthorized) for a caller who is nobody or whose token does not verify, a 403
// (errs.Forbidden) of the firewall or of the policies, a 429 (errs.Throttled), a 400 (errs.BadParameter) for a name or
// argument that the service refuses, a 404 (errs.NotFound) for an operation that the other product alone has, and the
// context's own error. Its comment names the others.
type Client struct {
	container *container
	caller    Caller
}

// Container returns what the client talks to: a *Vault or an *HSM.
func (c *Client) Container() Container { return c.container.face }

// on makes the call of a request that names an object, or "".
func (c *Client) on(ctx context.Context, name, version string) call {
	return call{ctx: ctx, container: c.container, caller: &c.caller, name: name, version: version}
}

func (c *Client) ref(ctx context.Context, r Ref) call {
	name, version := r.split()
	return c.on(ctx, name, version)
}
