package errs

import (
	"strconv"
	"strings"
)

// 400 Bad Request and its neighbours about the form of a request: path,
// version, body. Of a text of the client, such an error repeats at most 128
// bytes.

const maxEcho = 128

func echo(s string) string {
	if len(s) <= maxEcho {
		return s
	}
	return strings.ToValidUTF8(s[:maxEcho], "")
}

var invalidName = row{
	id: "invalid-name", status: 400, code: BadParameter,
	template: "The request URI contains an invalid name: {name}", grade: Recorded, twin: &hsmInvalidName,
	when: "A name with other characters than letters, digits and hyphens. The name is shown decoded.",
}

// NewInvalidName refuses a name that no object can have.
func NewInvalidName(name string) *Error { return invalidName.new("name", echo(name)) }

var operationNotSpecified = row{
	id: "operation-not-specified", status: 400, code: BadParameter,
	template: "Operation not specified", grade: Recorded,
	when: "Create of a key without a name.",
}

// NewOperationNotSpecified refuses a POST that says on no object what to do.
func NewOperationNotSpecified() *Error { return operationNotSpecified.new() }

var methodDoesNotAllow = row{
	id: "method-does-not-allow", status: 400, code: BadParameter,
	template: "Method {method} does not allow operation '{segment}'", grade: Issue,
	when: "The path names an object, but what follows is no operation of this method.",
}

// NewMethodDoesNotAllow refuses the last segment of a path under a method.
func NewMethodDoesNotAllow(method, segment string) *Error {
	return methodDoesNotAllow.new("method", echo(method), "segment", echo(segment))
}

var unknownVersion = row{
	id: "unknown-version", status: 400, code: BadParameter,
	template: "The specified version ({version}) is not recognized. Consider using the latest supported version ({latest}).",
	grade:    Issue,
	when:     "An api-version the service does not know. The text is quoted, the code inferred.",
}

// NewUnknownVersion refuses an api-version; latest is the newest there is.
func NewUnknownVersion(version, latest string) *Error {
	return unknownVersion.new("version", echo(version), "latest", latest)
}

var missingVersion = row{
	id: "missing-version", status: 400, code: BadParameter,
	template: "The api-version query parameter is required.", grade: Inferred,
	when: "No api-version.",
}

// NewMissingVersion refuses a request without an api-version.
func NewMissingVersion() *Error { return missingVersion.new() }

var invalidValue = row{
	id: "invalid-value", status: 400, code: BadParameter,
	template: "Property  has invalid value\r\n", grade: Recorded,
	when: "The body has a value of a wrong type or an unknown key type. The name of the property is missing, hence two blanks.",
}

// NewInvalidValue refuses a body that cannot be read into what it should be.
func NewInvalidValue() *Error { return invalidValue.new() }

var invalidProperty = row{
	id: "invalid-property", status: 400, code: BadParameter,
	template: "Property {path} has invalid value. {detail}\r\n", grade: Recorded,
	when: "A property is of the right type, but its value makes no sense. Recorded for a subject that is no distinguished name.",
}

// NewInvalidProperty refuses one property of a body: path is dotted, as in
// policy.x509_props; detail says what is wrong, without a full stop.
func NewInvalidProperty(path, detail string) *Error {
	return invalidProperty.new("path", path, "detail", detail)
}

var notBase64url = row{
	id: "not-base64url", status: 400, code: BadParameter,
	template: "Content of '{property}' is not base64url.\r\nProperty '{property}' is required.\r\n", grade: Recorded,
	when: "A binary property is not base64url; one line for each finding.",
}

// NewNotBase64url refuses a binary property that cannot be decoded.
func NewNotBase64url(property string) *Error { return notBase64url.new("property", property) }

var valueTooLong = row{
	id: "value-too-long", status: 400, code: BadParameter,
	template: "{property} is beyond the maximum permitted length of {max} characters.", grade: Inferred,
	when: "A value is longer than it may be. Quoted for secrets of more than 25600 characters, without status and code.",
}

// NewValueTooLong refuses a value of more than limit characters. property
// begins the sentence: "Secret" for a secret's value.
func NewValueTooLong(property string, limit int) *Error {
	return valueTooLong.new("property", property, "max", strconv.Itoa(limit))
}

var badArgument = row{
	id: "bad-argument", status: 400, code: BadArgument,
	template: "'{value}' is not a valid argument for '{parameter}'.", grade: Doc,
	when: "A query parameter that makes no sense. An example of the documentation, never seen; used where the evidence is silent.",
}

// NewBadArgument refuses the value of a query parameter.
func NewBadArgument(value, parameter string) *Error {
	return badArgument.new("value", echo(value), "parameter", parameter)
}

var methodNotAllowed = row{
	id: "method-not-allowed", status: 405, code: MethodNotAllowed,
	template: "HTTP {method} not allowed", grade: Recorded,
	when: "The path allows no such method: PUT and POST on a collection, most often for an empty name. There is no Allow header.",
}

// NewMethodNotAllowed refuses a method for a path.
func NewMethodNotAllowed(method string) *Error { return methodNotAllowed.new("method", echo(method)) }

var notAcceptable = row{
	id: "not-acceptable", status: 406, code: NotAcceptable, container: both,
	template: "The requested media type '{type}' is not supported. Answers are application/json.", grade: Inferred,
	when: "An Accept header that excludes JSON.",
}

// NewNotAcceptable refuses to answer in any type of an Accept header.
func NewNotAcceptable(accept string) *Error { return notAcceptable.new("type", echo(accept)) }

var bodyTooLarge = row{
	id: "body-too-large", status: 413, code: RequestTooLarge, container: both,
	template: "The request body is beyond the maximum permitted length of {max} bytes.", grade: Inferred,
	when: "A body larger than the service reads.",
}

// NewBodyTooLarge refuses a body of more than limit bytes.
func NewBodyTooLarge(limit int) *Error { return bodyTooLarge.new("max", strconv.Itoa(limit)) }

var unsupportedMediaType = row{
	id: "unsupported-media-type", status: 415, code: UnsupportedMediaType, container: both,
	template: "The content type '{type}' is not supported. Request bodies are application/json.", grade: Inferred,
	when: "A body of another type than JSON.",
}

// NewUnsupportedMediaType refuses a body for its Content-Type.
func NewUnsupportedMediaType(contentType string) *Error {
	return unsupportedMediaType.new("type", echo(contentType))
}

var namePage = row{
	id: "name-page", status: 400, plain: "an HTML page", grade: Recorded,
	when: "A name that the front end refuses before the vault sees it, such as one with a percent sign.",
}

var unknownPath = row{
	id: "unknown-path", status: 404, plain: "an HTML page of 1245 bytes", grade: Recorded,
	when: "A path that the front end does not know.",
}
