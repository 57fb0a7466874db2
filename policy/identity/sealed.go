package identity

import (
	"fmt"
	"io"
)

// sealed is a text that no printing or encoding shows. The text is behind a
// pointer, so that even a field fmt may not call methods on prints an address.
type sealed struct{ text *string }

func seal(s string) sealed { return sealed{&s} }

// Reveal is the text itself. Look for calls of it to see where it goes.
func (s sealed) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String is always "[redacted]".
func (sealed) String() string { return "[redacted]" }

// Format prints "[redacted]" for every verb.
func (sealed) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// MarshalText makes encoders write "[redacted]".
func (sealed) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }
