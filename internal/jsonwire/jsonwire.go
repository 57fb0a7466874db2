// Package jsonwire appends JSON to a buffer: the same bytes as encoding/json without its escaping of HTML, without
// reflection or allocation. What is on the wire must be exact to the byte, in the order in which it is written.
package jsonwire

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"
)

// Writer appends values and members to Buf. A comma is written where what precedes asks for one. The zero Writer is ready.
type Writer struct {
	Buf   []byte
	start int // what Buf held before is not the writer's
}

// NewWriter returns a writer that appends to dst.
func NewWriter(dst []byte) Writer { return Writer{dst, len(dst)} }

// comma separates from a preceding value.
func (w *Writer) comma() {
	if n := len(w.Buf); n > w.start {
		switch w.Buf[n-1] {
		case '{', '[', ':', '\n':
		default:
			w.Buf = append(w.Buf, ',')
		}
	}
}

// Open begins an object '{' or an array '['.
func (w *Writer) Open(bracket byte) {
	w.comma()
	w.Buf = append(w.Buf, bracket)
}

// Close ends an object '}' or an array ']'.
func (w *Writer) Close(bracket byte) { w.Buf = append(w.Buf, bracket) }

// Name begins a member. The name must need no escaping.
func (w *Writer) Name(name string) {
	w.comma()
	w.Buf = append(w.Buf, '"')
	w.Buf = append(w.Buf, name...)
	w.Buf = append(w.Buf, '"', ':')
}

// Member appends a member that is a string. The name must need no escaping.
func (w *Writer) Member(name, text string) {
	w.Name(name)
	w.Text(text)
}

// Text appends a string.
func (w *Writer) Text(s string) {
	w.comma()
	w.Buf = AppendString(w.Buf, s)
}

// Int appends a number.
func (w *Writer) Int(n int64) {
	w.comma()
	w.Buf = strconv.AppendInt(w.Buf, n, 10)
}

// Bool appends true or false.
func (w *Writer) Bool(b bool) {
	w.comma()
	w.Buf = strconv.AppendBool(w.Buf, b)
}

// Base64URL appends bytes as a string in base64url without padding.
func (w *Writer) Base64URL(b []byte) {
	w.comma()
	w.Buf = append(w.Buf, '"')
	w.Buf = base64.RawURLEncoding.AppendEncode(w.Buf, b)
	w.Buf = append(w.Buf, '"')
}

// AppendString appends s as a JSON string.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0 // of what is not yet copied
	for i := 0; i < len(s); {
		if plain[s[i]] {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if escape := escapeOf(r, size); escape != "" {
			dst = append(append(dst, s[start:i]...), escape...)
			start = i + size
		}
		i += size
	}
	return append(append(dst, s[start:]...), '"')
}

// plain are the bytes that stand for themselves and are whole characters.
var plain = func() (table [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// escapeOf is how a character of size bytes is written, "" if as it is.
func escapeOf(r rune, size int) string {
	switch r {
	case '"':
		return `\"`
	case '\\':
		return `\\`
	case '\b':
		return `\b`
	case '\f':
		return `\f`
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	if r < ' ' || r == '\u2028' || r == '\u2029' || r == utf8.RuneError && size == 1 {
		const hex = "0123456789abcdef"
		return string([]byte{'\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15]})
	}
	return ""
}
