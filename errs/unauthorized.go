package errs

// 401 Unauthorized: there is no token, or not one for this vault. Every
// answer of this file is given before anything else about the request is looked at.

var missingToken = row{
	id: "missing-token", status: 401, code: Unauthorized,
	template: "AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token.",
	grade:    Recorded, twin: &hsmMissingToken,
	when: "No Authorization header, whatever the method and path.",
}

// NewMissingToken refuses a request without a token.
func NewMissingToken() *Error { return missingToken.new() }

var invalidAudience = row{
	id: "invalid-audience", status: 401, code: Unauthorized,
	template: "AKV10022: Invalid audience. Expected {expected}, found: {found}.",
	grade:    Recorded, twin: &hsmTokenRejected,
	when: "The token's audience is not exactly the service's; a trailing slash is enough.",
}

// NewInvalidAudience refuses a token made for another resource. Both
// arguments are aud values, such as https://vault.azure.net.
func NewInvalidAudience(expected, found string) *Error {
	return invalidAudience.new("expected", expected, "found", found)
}

var invalidIssuer = row{
	id: "invalid-issuer", status: 401, code: Unauthorized,
	template: "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/{tenant}/, " +
		"https://sts.windows.net/f8cdef31-a31e-4b4a-93e4-5f571e91255a/, " +
		"https://sts.windows.net/e2d54eb5-3869-4f70-8578-dee5fc7331f4/, " +
		"https://sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d/, " +
		"https://sts.windows.net/975f013f-7f24-47e8-a7d3-abc4752bf346/, found {found}.",
	grade: Issue, twin: &hsmTokenRejected,
	when: "A tenant other than the vault's issued the token. After the vault's own the text lists four fixed tenants of the service.",
}

// NewInvalidIssuer refuses a token of another tenant. tenantID is the vault's
// tenant; foundIssuer the token's whole iss value, a URL that ends in a slash.
func NewInvalidIssuer(tenantID, foundIssuer string) *Error {
	return invalidIssuer.new("tenant", tenantID, "found", foundIssuer)
}

var unknownSigningKey = row{
	id: "unknown-signing-key", status: 401, code: Unauthorized,
	template: "AKV10046: Unable to resolve the key used for signature validation. EncodedJwtHeader: '{header}'.",
	grade:    Issue, twin: &hsmTokenRejected,
	when: "The kid or x5t of the token's header names no key of the authority.",
}

// NewUnknownSigningKey refuses a token signed by a key nobody knows.
// encodedHeader is the token's first part as it came, base64url.
func NewUnknownSigningKey(encodedHeader string) *Error {
	return unknownSigningKey.new("header", encodedHeader)
}

var tokenExpired = row{
	id: "token-expired", status: 401, code: Unauthorized,
	template: "[TokenExpired] Error validating token: 'S2S12086'.",
	grade:    Issue, twin: &hsmTokenRejected,
	when: "The token's exp has passed.",
}

// NewTokenExpired refuses a token whose time is over.
func NewTokenExpired() *Error { return tokenExpired.new() }

var tokenNotYetValid = row{
	id: "token-not-yet-valid", status: 401, code: Unauthorized,
	template: "Error validating token: IDX10222",
	grade:    Inferred, twin: &hsmTokenNotYetValid,
	when: "The token's nbf is in the future. The text is that of older builds; a newer one is not known.",
}

// NewTokenNotYetValid refuses a token whose time has not come.
func NewTokenNotYetValid() *Error { return tokenNotYetValid.new() }

var tokenRejected = row{
	id: "token-rejected", status: 401, code: Unauthorized,
	template: "[AggregatedAuthenticationFailure] Error validating token: 'S2S17001'.",
	grade:    Issue, twin: &hsmTokenRejected,
	when: "No way of checking accepts the token. Quoted for tokens of a wrong type; used here for a bad signature and for what is no token at all too, whose texts are not known.",
}

// NewTokenRejected refuses a token for any reason that has no text of its
// own: a signature that does not verify, a string that is not a token.
func NewTokenRejected() *Error { return tokenRejected.new() }

var claimsChallenge = row{
	id: "claims-challenge", status: 401, code: Unauthorized,
	template: "Continuous access evaluation requires a new token.",
	grade:    Inferred,
	when:     "The caller's session was revoked: the WWW-Authenticate header carries error=\"insufficient_claims\" and the claims to ask for. The header is known, the body is not.",
}

var hsmTokenRejected = row{
	id: "hsm-token-rejected", status: 401, code: Unauthorized,
	template:  "Unable to verify access token (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "A token is present but not valid. Seen without the cause being told apart; used for every cause but nbf.",
}

var hsmTokenNotYetValid = row{
	id: "hsm-token-not-yet-valid", status: 401, code: Unauthorized,
	template:  "Token not yet valid (Activity ID: {activity})",
	container: managedHSM, grade: Issue,
	when: "The token's nbf is in the future.",
}

var hsmMissingToken = row{
	id: "hsm-missing-token", status: 401, code: Unauthorized,
	template: "Request is missing a Bearer, PoP, or MTLS_POP token.",
	plain:    "empty; the two bytes OK for GET", container: managedHSM, grade: Recorded,
	when: "No Authorization header. The code and the text are for callers in Go: nothing of them is sent.",
}
