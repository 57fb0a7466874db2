package errs

// 403 of the network rules: the token is good, the address is not. address is
// an IP address in the usual form throughout.

var forbiddenByFirewall = row{
	id: "forbidden-by-firewall", status: 403, code: Forbidden, inner: ForbiddenByFirewall,
	template: "Client address is not authorized and caller is not a trusted service.\r\n" +
		"Client address: {address}\r\nCaller: {caller}\r\nVault: {vault}",
	grade: Issue,
	when:  "The default action is deny, trusted services may pass, and neither address nor caller is allowed.",
}

// NewForbiddenByFirewall refuses an address that no rule allows, where
// trusted services may bypass the rules.
func NewForbiddenByFirewall(w Who, at Where, address string) *Error {
	return forbiddenByFirewall.new("caller", w.String(), "vault", at.String(), "address", address)
}

var forbiddenByFirewallNoBypass = row{
	id: "forbidden-by-firewall-no-bypass", status: 403, code: Forbidden, inner: ForbiddenByFirewall,
	template: "Request was not allowed by NSP rules and the client address is not authorized and caller was ignored because bypass is set to None\r\n" +
		"Client address: {address}\r\nCaller: {caller}\r\nVault: {vault}",
	grade: Issue,
	when:  "The default action is deny, nobody may bypass, and the address is not allowed. The caller is shown without its issuer.",
}

// NewForbiddenByFirewallNoBypass refuses an address that no rule allows,
// where nobody may bypass the rules. w's tenant is not shown.
func NewForbiddenByFirewallNoBypass(w Who, at Where, address string) *Error {
	caller := "appid=" + w.AppID + ";oid=" + w.ObjectID
	return forbiddenByFirewallNoBypass.new("caller", caller, "vault", at.String(), "address", address)
}

var forbiddenBySubnet = row{
	id: "forbidden-by-subnet", status: 403, code: Forbidden, inner: ForbiddenByFirewall,
	template: "Client address is not authorized and caller is not a trusted service.\r\n" +
		"Client address: {address} from unknown subnet\r\nVault: {vault}",
	grade: Issue,
	when:  "The request came over a service endpoint from a subnet that no rule names.",
}

// NewForbiddenBySubnet refuses a request from a subnet that no rule allows.
func NewForbiddenBySubnet(at Where, address string) *Error {
	return forbiddenBySubnet.new("vault", at.String(), "address", address)
}

var forbiddenByConnection = row{
	id: "forbidden-by-connection", status: 403, code: Forbidden, inner: ForbiddenByConnection,
	template: "Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\n" +
		"Caller: {caller}\r\nVault: {vault}",
	grade: Issue,
	when:  "Public network access is disabled, trusted services may pass, and the request came over no approved private endpoint.",
}

// NewForbiddenByConnection refuses a request from the public network where it
// is closed to all but trusted services.
func NewForbiddenByConnection(w Who, at Where) *Error {
	return forbiddenByConnection.new("caller", w.String(), "vault", at.String())
}

var forbiddenByConnectionNoBypass = row{
	id: "forbidden-by-connection-no-bypass", status: 403, code: Forbidden, inner: ForbiddenByConnection,
	template: "Connection is not an approved private link and caller was ignored because bypass is not set to 'AzureServices' " +
		"and PublicNetworkAccess is set to 'Disabled'.\r\nVault: {vault}",
	grade: Issue,
	when:  "Public network access is disabled, nobody may bypass, and the request came over no approved private endpoint.",
}

// NewForbiddenByConnectionNoBypass refuses a request from the public network
// where it is closed to everybody.
func NewForbiddenByConnectionNoBypass(at Where) *Error {
	return forbiddenByConnectionNoBypass.new("vault", at.String())
}
