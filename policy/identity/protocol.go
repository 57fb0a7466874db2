package identity

import (
	"net/http"
	"strings"
	"time"
)

// What a token endpoint refuses by itself, or because of an assertion. [Tenant.Refuse] makes the error.
const (
	// GrantUnsupported: the grant type is none that is given here. unsupported_grant_type, 400.
	GrantUnsupported Code = 70003
	// ScopeInvalid: the scope of a client's own grant is not a resource with /.default. invalid_scope, 400.
	ScopeInvalid Code = 1002012
	// ParameterMissing: the form lacks a member that it must have. invalid_request, 400.
	ParameterMissing Code = 900144
	// CredentialMissing: the form has neither secret nor assertion. invalid_client, 401.
	CredentialMissing Code = 7000218
	// TenantNotFound: the path names no tenant. invalid_request, 400.
	TenantNotFound Code = 90002
	// AuthorityUnknown: a discovery asks for a host that is no authority. invalid_instance, 400.
	AuthorityUnknown Code = 50049
	// MethodUnsupported: the endpoint takes POST only. invalid_request, 400.
	MethodUnsupported Code = 900561
	// AssertionMalformed: the assertion is no signed token. invalid_request, 400.
	AssertionMalformed Code = 50027
	// AssertionInvalid: no key of the client that is good now signed the assertion. invalid_client, 401.
	AssertionInvalid Code = 700027
	// AssertionTime: the assertion is not good now, or for too long. invalid_client, 401.
	AssertionTime Code = 700024
	// AssertionClient: the assertion is for another client. invalid_client, 401.
	AssertionClient Code = 700021
	// AssertionAudience: the assertion is meant for somebody else. invalid_client, 401.
	AssertionAudience Code = 700023
	// FederationNotFound: the application trusts no such issuer, subject and audience. invalid_client, 401.
	FederationNotFound Code = 70021
)

// protocolRefusals has the texts of the codes above. {value} is what the request said.
var protocolRefusals = map[Code]AuthError{
	GrantUnsupported: {OAuth: "unsupported_grant_type", Status: http.StatusBadRequest,
		Message: "The app requested an unsupported grant type '{value}'."},
	ScopeInvalid: {OAuth: "invalid_scope", Status: http.StatusBadRequest,
		Message: "The provided value for scope {value} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."},
	ParameterMissing: {OAuth: "invalid_request", Status: http.StatusBadRequest,
		Message: "The request body must contain the following parameter: '{value}'."},
	CredentialMissing: {OAuth: "invalid_client", Status: http.StatusUnauthorized,
		Message: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."},
	TenantNotFound: {OAuth: "invalid_request", Status: http.StatusBadRequest,
		Message: "Tenant '{value}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."},
	AuthorityUnknown: {OAuth: "invalid_instance", Status: http.StatusBadRequest,
		Message: "Unknown or invalid instance."},
	MethodUnsupported: {OAuth: "invalid_request", Status: http.StatusBadRequest,
		Message: "The endpoint only accepts POST, OPTIONS requests. Received a {value} request."},
	AssertionMalformed: {OAuth: "invalid_request", Status: http.StatusBadRequest,
		Message: "JWT token is invalid or malformed."},
	AssertionInvalid: {OAuth: "invalid_client", Status: http.StatusUnauthorized,
		Message: "Client assertion contains an invalid signature. [Reason - The key was not found.]"},
	AssertionTime: {OAuth: "invalid_client", Status: http.StatusUnauthorized,
		Message: "Client assertion is not within its valid time range."},
	AssertionClient: {OAuth: "invalid_client", Status: http.StatusUnauthorized,
		Message: "Client assertion application identifier doesn't match 'client_id' parameter."},
	AssertionAudience: {OAuth: "invalid_client", Status: http.StatusUnauthorized,
		Message: "Client assertion audience claim does not match Realm issuer."},
	FederationNotFound: {OAuth: "invalid_client", Status: http.StatusUnauthorized,
		Message: "No matching federated identity record found for presented assertion."},
}

// Refuse makes the error of a code, about a value of the request: the resource for [ResourceNotFound], the name of what
// is missing for [ParameterMissing]. The value may be empty, and is cut short if it is long.
func (t *Tenant) Refuse(c Code, value string) *AuthError {
	e, known := protocolRefusals[c]
	if !known {
		return t.refuse(c, value, "", value)
	}
	e.Code = c
	e.Message = strings.ReplaceAll(e.Message, "{value}", clip(value))
	return &e
}

// Authority is the address of the token service, without a slash at its end.
func (t *Tenant) Authority() string { return t.authority }

// NewID returns a new id in the form of the directory's, a random GUID.
func (t *Tenant) NewID() string { return t.chance.guid() }

// Now returns the time on the tenant's clock.
func (t *Tenant) Now() time.Time { return t.now() }
