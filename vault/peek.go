package vault

import "context"

// Allowed tells whether the gates of the operation would let the caller of a request through: authentication, network and
// right. It reads no body and is no request: nothing is charged or audited, r is left as it is, and who is let through here
// passes the same gates again. A protocol asks it before it looks at a body to find out which operation a request means.
func (e Endpoint) Allowed(in Container, r *Exchange) bool {
	asked := *r
	c := asked.call(context.Background(), in.inner())
	c.arrive()
	return c.admit(e.row) == nil
}
