package errs

import "github.com/embedvault/embedvault/internal/jsonwire"

// AppendBody appends the body a REST answer carries to dst: compact JSON, the
// innererror member only when there is an inner code or where it is null. The
// members are in the order of a vault, or in that of their names, of a Managed
// HSM. Characters special to HTML are not escaped; what encoding/json
// escapes otherwise is escaped the same way, and bytes that are not UTF-8
// become U+FFFD.
func (e *Error) AppendBody(dst []byte) []byte {
	dst = jsonwire.AppendString(append(dst, `{"error":{"code":`...), string(e.Code))
	if e.managed {
		dst = e.appendInner(dst)
	}
	dst = jsonwire.AppendString(append(dst, `,"message":`...), e.Message)
	if !e.managed {
		dst = e.appendInner(dst)
	}
	return append(dst, "}}"...)
}

func (e *Error) appendInner(dst []byte) []byte {
	switch {
	case e.Inner != "":
		return append(jsonwire.AppendString(append(dst, `,"innererror":{"code":`...), string(e.Inner)), '}')
	case e.row != nil && e.row.nullInner:
		return append(dst, `,"innererror":null`...)
	}
	return dst
}

// MarshalJSON gives the bytes of AppendBody. (json.Marshal escapes HTML
// characters in what it is given; AppendBody is what goes on the wire.)
func (e *Error) MarshalJSON() ([]byte, error) {
	return e.AppendBody(make([]byte, 0, len(e.Message)+128)), nil
}
