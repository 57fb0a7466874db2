package identity

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode"
)

// What the directory refuses when an object is added.
var (
	// ErrName refuses a display name that is empty or longer than 256 bytes.
	ErrName = errors.New("identity: a display name has 1 to 256 bytes")
	// ErrID refuses an id longer than 1024 bytes.
	ErrID = errors.New("identity: an id has at most 1024 bytes")
	// ErrResourceID refuses a managed identity without a resource id.
	ErrResourceID = errors.New("identity: a managed identity has a resource id that begins with a slash")
	// ErrTaken refuses an id that another object has.
	ErrTaken = errors.New("identity: the id belongs to another object")
	// ErrFull refuses what would be object [MaxObjects]+1 or secret [MaxSecrets]+1.
	ErrFull = errors.New("identity: the directory's quota is used up")
	// ErrKey refuses a certificate, or a federation, without an RSA key.
	ErrKey = errors.New("identity: a certificate or federation has an RSA key")
	// ErrForeign refuses an object of another tenant, or a deleted one.
	ErrForeign = errors.New("identity: the object is not in this directory")
)

// Code is an AADSTS number, the directory's reason to give no token. It is an
// error, so that errors.Is(err, identity.SecretExpired) works. Any number may be
// set with FailWith; these are the ones the tenant gives by itself.
type Code int

// The codes, with the wire error and the status they come with.
const (
	// UserNotFound: the user is not in the directory. invalid_grant, 400.
	UserNotFound Code = 50034
	// UserDisabled: the user's account is disabled. invalid_grant, 400.
	UserDisabled Code = 50057
	// ServiceUnavailable: the token service is down for a while.
	// temporarily_unavailable, 503.
	ServiceUnavailable Code = 90033
	// ResourceNotFound: the audience is not a resource. invalid_resource, 400.
	ResourceNotFound Code = 500011
	// AppNotFound: no application, service principal or managed identity has
	// this client id. unauthorized_client, 400.
	AppNotFound Code = 700016
	// AppDisabled: the service principal is disabled. unauthorized_client, 400.
	AppDisabled Code = 7000112
	// SecretInvalid: the client secret is not one of the application's.
	// invalid_client, 401.
	SecretInvalid Code = 7000215
	// SecretExpired: the client secret was right once. invalid_client, 401.
	SecretExpired Code = 7000222
)

// Error is the code as the directory writes it: AADSTS7000222.
func (c Code) Error() string { return "AADSTS" + strconv.Itoa(int(c)) }

// AuthError is the directory's refusal to issue a token.
type AuthError struct {
	// Code says which refusal it is.
	Code Code
	// OAuth is the "error" member of the wire form, such as "invalid_client".
	OAuth string
	// Status is the HTTP status of the wire form.
	Status int
	// Message is the first line of "error_description", without the code. The
	// trace, correlation and time lines belong to whoever writes the wire form.
	Message string
}

// Error is the code and the message.
func (e *AuthError) Error() string { return e.Code.Error() + ": " + e.Message }

// Unwrap is the code.
func (e *AuthError) Unwrap() error { return e.Code }

// refusals has the texts of public reports of each code. {app} is the client id,
// {name} the display name, {tenant} the tenant id, {aud} the audience.
var refusals = map[Code]AuthError{
	UserNotFound: {OAuth: "invalid_grant", Status: http.StatusBadRequest,
		Message: "The user account {EUII Hidden} does not exist in the {tenant} directory. To sign into this application, the account must be added to the directory."},
	UserDisabled: {OAuth: "invalid_grant", Status: http.StatusBadRequest,
		Message: "The user account is disabled."},
	ServiceUnavailable: {OAuth: "temporarily_unavailable", Status: http.StatusServiceUnavailable,
		Message: "A transient error has occurred. Please try again."},
	ResourceNotFound: {OAuth: "invalid_resource", Status: http.StatusBadRequest,
		Message: "The resource principal named {aud} was not found in the tenant named {tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant."},
	AppNotFound: {OAuth: "unauthorized_client", Status: http.StatusBadRequest,
		Message: "Application with identifier '{app}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."},
	AppDisabled: {OAuth: "unauthorized_client", Status: http.StatusBadRequest,
		Message: "Application '{app}'({name}) is disabled."},
	SecretInvalid: {OAuth: "invalid_client", Status: http.StatusUnauthorized,
		Message: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{app}'."},
	SecretExpired: {OAuth: "invalid_client", Status: http.StatusUnauthorized,
		Message: "The provided client secret keys for app '{app}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds."},
}

// refuse makes the error of a code from what it is about.
func (t *Tenant) refuse(c Code, app, name, audience string) *AuthError {
	e, known := refusals[c]
	if !known {
		e = AuthError{OAuth: "invalid_request", Status: http.StatusBadRequest, Message: "The request was refused."}
	}
	e.Code = c
	e.Message = strings.NewReplacer("{app}", clip(app), "{name}", clip(name), "{tenant}", t.id, "{aud}", clip(audience)).Replace(e.Message)
	return &e
}

// clip makes a text that comes from outside fit for a message: at most 256 bytes
// and a mark, and nothing that a terminal or a log would obey.
func clip(s string) string {
	const most = 256
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}
