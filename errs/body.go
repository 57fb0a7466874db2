package errs

import "unicode/utf8"

// AppendBody appends the body a REST answer carries to dst: compact JSON,
// members in the service's order, the innererror member only when there is an
// inner code. Characters special to HTML are not escaped; what encoding/json
// escapes otherwise is escaped the same way, and bytes that are not UTF-8
// become U+FFFD.
func (e *Error) AppendBody(dst []byte) []byte {
	dst = append(dst, `{"error":{"code":`...)
	dst = appendString(dst, string(e.Code))
	dst = append(dst, `,"message":`...)
	dst = appendString(dst, e.Message)
	if e.Inner != "" {
		dst = append(dst, `,"innererror":{"code":`...)
		dst = appendString(dst, string(e.Inner))
		dst = append(dst, '}')
	}
	return append(dst, "}}"...)
}

// MarshalJSON gives the bytes of AppendBody. (json.Marshal escapes HTML
// characters in what it is given; AppendBody is what goes on the wire.)
func (e *Error) MarshalJSON() ([]byte, error) {
	return e.AppendBody(make([]byte, 0, len(e.Message)+128)), nil
}

// appendString appends s as a JSON string.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0 // of what is not yet copied
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		switch short := shortEscape(r); {
		case short != 0:
			dst = append(append(dst, s[start:i]...), '\\', short)
			start = i + size
		case r < ' ', r == '\u2028', r == '\u2029', r == utf8.RuneError && size == 1:
			dst = append(append(dst, s[start:i]...), '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
			start = i + size
		}
		i += size
	}
	return append(append(dst, s[start:]...), '"')
}

// shortEscape gives the letter of r's two-character escape, 0 if it has none.
func shortEscape(r rune) byte {
	switch r {
	case '"', '\\':
		return byte(r)
	case '\b':
		return 'b'
	case '\f':
		return 'f'
	case '\n':
		return 'n'
	case '\r':
		return 'r'
	case '\t':
		return 't'
	}
	return 0
}
