package crypto

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/jsonwire"
)

// MarshalJSON writes j as AppendJSON does. It never fails.
func (j JWK) MarshalJSON() ([]byte, error) { return j.AppendJSON(nil), nil }

// AppendJSON appends j to dst as compact JSON: members in the service's order,
// absent ones left out, bytes as base64url without padding, numbers without
// leading zeros, and coordinates and EC scalars as wide as the curve.
func (j JWK) AppendJSON(dst []byte) []byte {
	w := objectWriter{jsonwire.NewWriter(dst)}
	w.Open('{')
	w.text("kid", j.KID)
	w.text("kty", string(j.Kty))
	w.operations("key_ops", j.KeyOps)
	w.bytes("n", number(j.N))
	w.bytes("e", number(j.E))
	w.bytes("d", j.scalar(j.D))
	w.bytes("dp", number(j.DP))
	w.bytes("dq", number(j.DQ))
	w.bytes("qi", number(j.QI))
	w.bytes("p", number(j.P))
	w.bytes("q", number(j.Q))
	w.bytes("k", j.K)
	w.bytes("key_hsm", j.T)
	w.text("crv", string(j.Crv))
	w.bytes("x", j.scalar(j.X))
	w.bytes("y", j.scalar(j.Y))
	w.Close('}')
	return w.Buf
}

// scalar brings b to the width of the curve of an EC key; in any other key it
// is a number.
func (j JWK) scalar(b []byte) []byte {
	b = number(b)
	width := 0
	if j.Kty.Base() == KeyTypeEC {
		width = j.Crv.Size()
	}
	if len(b) > 0 && len(b) < width {
		return append(make([]byte, width-len(b), width), b...)
	}
	return b
}

// number strips leading zeros, but not the last byte of zero itself.
func number(b []byte) []byte {
	for len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

// objectWriter appends the members of a JSON object that are not empty.
type objectWriter struct{ jsonwire.Writer }

func (w *objectWriter) text(name, value string) {
	if value != "" {
		w.Member(name, value)
	}
}

func (w *objectWriter) bytes(name string, value []byte) {
	if len(value) > 0 {
		w.Name(name)
		w.Base64URL(value)
	}
}

func (w *objectWriter) operations(name string, ops []Operation) {
	if ops == nil {
		return
	}
	w.Name(name)
	w.Open('[')
	for _, op := range ops {
		w.Text(string(op))
	}
	w.Close(']')
}

// UnmarshalJSON reads a JWK. Members are found by their exact names; unknown
// ones and null are ignored. Leading zeros of numbers are stripped, and
// coordinates and EC scalars are brought to the width of the curve. A member
// of the wrong type, or one that is not base64url, is errs.BadParameter; what
// the members mean is for Driver.Import to judge.
func (j *JWK) UnmarshalJSON(data []byte) error {
	var m map[string]json.RawMessage
	if json.Unmarshal(data, &m) != nil {
		return errs.NewInvalidJWK()
	}
	r := memberReader{members: m}
	var in JWK
	in.KID = r.text("kid")
	in.Kty = KeyType(r.text("kty"))
	r.decode("key_ops", &in.KeyOps)
	in.N, in.E = r.number("n"), r.number("e")
	in.D, in.DP, in.DQ, in.QI = r.number("d"), r.number("dp"), r.number("dq"), r.number("qi")
	in.P, in.Q = r.number("p"), r.number("q")
	in.K, in.T = r.bytes("k"), r.bytes("key_hsm")
	in.Crv = Curve(r.text("crv"))
	in.X, in.Y = r.number("x"), r.number("y")
	if r.failed {
		return errs.NewInvalidJWK()
	}
	in.D, in.X, in.Y = in.scalar(in.D), in.scalar(in.X), in.scalar(in.Y)
	*j = in
	return nil
}

// memberReader reads the members of a JSON object and remembers a failure.
type memberReader struct {
	members map[string]json.RawMessage
	failed  bool
}

// decode reads a member into v, which keeps its value when there is none.
func (r *memberReader) decode(name string, v any) {
	if raw, ok := r.members[name]; ok && json.Unmarshal(raw, v) != nil {
		r.failed = true
	}
}

func (r *memberReader) text(name string) string {
	var s string
	r.decode(name, &s)
	return s
}

func (r *memberReader) bytes(name string) []byte {
	text := r.text(name)
	if text == "" {
		return nil
	}
	// The decoder would skip line breaks.
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		r.failed = true
	}
	return b
}

func (r *memberReader) number(name string) []byte {
	return bytes.Clone(number(r.bytes(name)))
}
