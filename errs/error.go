package errs

import (
	"errors"
	"net/http"
	"time"
)

// Error is one refusal, as the service would send it. Constructors of this
// package make it; treat it as immutable.
type Error struct {
	// Status is the HTTP status, 400 to 599. A certificate operation that
	// failed carries an Error of status 200: it stands inside a successful
	// answer.
	Status int
	// Code is the wire code, such as Forbidden.
	Code Code
	// Inner is the code of the innererror member; "" when the service sends
	// no such member.
	Inner Code
	// Message is the text for people. Some of the service's texts have
	// several lines, ended by CR LF.
	Message string
	// RetryAfter is how long to wait before a throttled request would fit; 0
	// when not known. The service does not send it.
	RetryAfter time.Duration
	// Cause is what led to the error, for the embedding program and its tests; it is never sent. Of an internal error it is
	// the error behind it; a vault's denial has a policy.Decision, its 429 a vault.Throttling, its 401 an identity.Failure.
	Cause error

	row     *row
	args    []string // placeholder names and values, as given to row.new
	managed bool     // it is told as a Managed HSM tells it
}

// Error gives the codes and the message on as many lines as the message has.
// It never shows Cause.
func (e *Error) Error() string {
	code := string(e.Code)
	if e.Inner != "" {
		code += " (" + string(e.Inner) + ")"
	}
	return code + ": " + trimCRLF(e.Message)
}

// Unwrap returns Cause.
func (e *Error) Unwrap() error { return e.Cause }

// Because gives e with cause as its Cause. e is not changed.
func (e *Error) Because(cause error) *Error {
	with := *e
	with.Cause = cause
	return &with
}

// Is reports whether target is a Code that e bears as code or inner code, or
// one that stands for e's code under another spelling.
func (e *Error) Is(target error) bool {
	c, ok := target.(Code)
	return ok && c != "" && (c == e.Code || c == e.Inner || c == e.Code.family())
}

// Grade tells what evidence there is for the code and text of e. An Error
// that was not made by a constructor is Inferred.
func (e *Error) Grade() Grade {
	if e.row == nil {
		return Inferred
	}
	return e.row.grade
}

// StatusOf is the HTTP status that err is answered with: 200 for nil, that of
// the first *Error in err's chain, that of the first row bearing the code for
// a Code, and otherwise 500.
func StatusOf(err error) int {
	if err == nil {
		return http.StatusOK
	}
	if e := find(err); e != nil {
		return e.Status
	}
	return http.StatusInternalServerError
}

// From gives the refusal that err is answered with: the first *Error in its
// chain; for a [Code] on its own the first row that bears it, with the
// {placeholders} left in its message (see [Code.About]); otherwise an
// internal error with err as its Cause. From of nil is nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	if e := find(err); e != nil {
		return e
	}
	return NewInternal(err)
}

// find gives the catalogued error in err's chain, nil if there is none.
func find(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if c, ok := errors.AsType[Code](err); ok {
		if r := c.row(); r != nil {
			return r.new()
		}
	}
	return nil
}
