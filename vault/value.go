package vault

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// redacted is what a [Value] shows of itself.
const redacted = "[redacted]"

// Value holds the value of a secret. It prints, logs and marshals as [redacted]; [Value.Reveal] alone reads it, so every
// place where a secret leaves the program can be found by that name. The zero Value is empty.
type Value struct {
	p *string // a pointer: what fmt prints of a struct that holds a Value unexported is an address
}

// NewValue returns a Value that holds s.
func NewValue(s string) Value { return Value{&s} }

// Reveal returns the secret.
func (v Value) Reveal() string {
	if v.p == nil {
		return ""
	}
	return *v.p
}

// Equal compares two values in a time that depends on their lengths alone.
func (v Value) Equal(w Value) bool {
	return subtle.ConstantTimeCompare([]byte(v.Reveal()), []byte(w.Reveal())) == 1
}

// String returns "[redacted]".
func (v Value) String() string { return redacted }

// Format prints "[redacted]" for every verb and flag.
func (v Value) Format(s fmt.State, _ rune) { io.WriteString(s, redacted) }

// LogValue returns "[redacted]".
func (v Value) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (v Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }
