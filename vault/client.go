package vault

import "context"

// Client makes requests to one container as one caller. Each method is one request, and each page of a list another: it is
// authenticated, checked against firewall and policies, throttled, carried out and audited. It is safe for concurrent use.
//
// # Errors of every request
//
// They are matched by their codes, as in errors.Is(err, errs.Throttled). The comment of a method names what else it
// returns, and what its 400 is for. The first that applies is returned:
//
//   - the context's own error;
//   - 401 (errs.Unauthorized): the caller is nobody, or its token does not verify;
//   - 403 (errs.Forbidden): the firewall (errs.ForbiddenByFirewall, errs.ForbiddenByConnection), or a right that the caller
//     does not have (errs.AccessDenied, errs.ForbiddenByPolicy, errs.ForbiddenByRbac);
//   - 429 (errs.Throttled): more than the rate limits allow; the RetryAfter of the *errs.Error says how long to wait;
//   - 404 (errs.NotFound): the other product alone has the operation;
//   - 400 (errs.BadParameter): a name or argument that the service does not take;
//   - 403 (errs.NotActivated): a Managed HSM whose security domain was neither downloaded nor uploaded, which the
//     methods of the security domain do not need;
//   - 409 (errs.Conflict): a Managed HSM that is being restored, of everything but GetRestoreStatus;
//   - 500 (errs.Internal): the store has failed, or the library.
//
// # Errors of hardware
//
// A key of an -HSM type, which in a Managed HSM is every key, is in a module. What needs the module may fail with it: to
// make, import, rotate, restore or attest the key, and to use it, but for what its public half alone can do: encrypt, wrap
// and verify with RSA and EC keys; in a Managed HSM also backups, random bytes and the download of the security domain.
// These are
//
//   - 503 (errs.HardwareBusy, errs.HardwareSessionLost): a retry helps;
//   - 503 (errs.HardwareOffline): a retry helps when the module is online again;
//   - 500 (errs.HardwareTampered): nothing helps but the module's security domain.
//
// A change of the keys of a Managed HSM whose security domain is replaced meanwhile is 503 (errs.HardwareBusy) too.
type Client struct {
	container *container
	caller    Caller
}

// Container returns what the client talks to: a *Vault or a *ManagedHSM.
func (c *Client) Container() Container { return c.container.face }

// on makes the call of a request that names an object, or "".
func (c *Client) on(ctx context.Context, name, version string) call {
	return call{ctx: ctx, container: c.container, caller: &c.caller, name: name, version: version}
}

func (c *Client) ref(ctx context.Context, r Ref) call {
	name, version := r.split()
	return c.on(ctx, name, version)
}
