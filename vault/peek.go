package vault

// Allowed tells whether the gates of the operation would let the caller of a request through: authentication, network and
// right. It reads no body and is no request: nothing is charged or audited, and who is let through here passes the same
// gates again. A protocol asks it before it looks at a body to find out which operation a request means.
func (e Endpoint) Allowed(in Container, r *Exchange) bool {
	v := in.inner()
	c := call{container: v, caller: &r.Caller, name: r.Name, version: r.Version, scope: parseRoleScope(r.Scope), set: v.settings.Load(), now: v.svc.now()}
	return c.admit(e.row) == nil
}
