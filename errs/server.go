package errs

import "time"

// What is not the caller's fault: limits, other writers, internal errors.

var throttled = row{
	id: "throttled", status: 429, code: Throttled,
	template: "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached", grade: Recorded,
	when: "More requests of one type than the vault takes. There is no Retry-After header.",
}

// NewThrottled refuses a request that no longer fits; it would fit after
// retryAfter, which the message does not show.
func NewThrottled(retryAfter time.Duration) *Error {
	e := throttled.new()
	e.RetryAfter = retryAfter
	return e
}

var writerConflict = row{
	id: "writer-conflict", status: 409, code: Conflict, inner: WriterConflict, container: both,
	template: "The newest version of {name} is not the expected one: another writer was first.", grade: Inferred,
	when: "The condition of a set does not hold. Not of the service.",
}

// NewWriterConflict refuses a change of name that another writer was faster
// with. Nothing was changed; who reads it again can decide anew.
func NewWriterConflict(name string) *Error { return writerConflict.new("name", name) }

const (
	noActivity  = "00000000-0000-0000-0000-000000000000"
	noOperation = "Unknown"
)

var internalError = row{
	id: "internal-error", status: 500, code: ServerError,
	template: "ActivityId: {activity}, ActivityName: {operation}", grade: Recorded, twin: &hsmUnknownError,
	when: "An internal error.",
}

// NewInternal answers for an error that is not of this catalogue. cause, which
// may be nil, is kept in Cause for the embedding program; its text is neither
// sent nor shown. The message names no activity until ForVault or
// ForManagedHSM gives it one.
func NewInternal(cause error) *Error {
	e := internalError.new("activity", noActivity, "operation", noOperation)
	e.Cause = cause
	return e
}

// ForVault gives e as a vault answers it: an internal error shows the answer's
// request id and the audited name of the operation, all others stay as they
// are, with the members of their body in a vault's order. e is not changed; nil
// stays nil.
func ForVault(e *Error, activityID, operation string) *Error {
	if e == nil || e.row != &internalError && !e.managed {
		return e
	}
	said := *e
	said.managed = false
	if e.row != &internalError {
		return &said
	}
	said.args = []string{"activity", activityID, "operation", operation}
	said.Message = fill(e.row.template, said.args)
	return &said
}
