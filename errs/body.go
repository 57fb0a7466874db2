package errs

import "github.com/embedvault/embedvault/internal/jsonwire"

// AppendBody appends the body a REST answer carries to dst: compact JSON,
// members in the service's order, the innererror member only when there is an
// inner code or where it is null. Characters special to HTML are not escaped; what encoding/json
// escapes otherwise is escaped the same way, and bytes that are not UTF-8
// become U+FFFD.
func (e *Error) AppendBody(dst []byte) []byte {
	dst = append(dst, `{"error":{"code":`...)
	dst = jsonwire.AppendString(dst, string(e.Code))
	if e.row != nil && e.row.nullInner {
		dst = append(dst, `,"innererror":null`...)
	}
	dst = append(dst, `,"message":`...)
	dst = jsonwire.AppendString(dst, e.Message)
	if e.Inner != "" {
		dst = append(dst, `,"innererror":{"code":`...)
		dst = jsonwire.AppendString(dst, string(e.Inner))
		dst = append(dst, '}')
	}
	return append(dst, "}}"...)
}

// MarshalJSON gives the bytes of AppendBody. (json.Marshal escapes HTML
// characters in what it is given; AppendBody is what goes on the wire.)
func (e *Error) MarshalJSON() ([]byte, error) {
	return e.AppendBody(make([]byte, 0, len(e.Message)+128)), nil
}
