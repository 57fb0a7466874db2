package vault

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/jsonwire"
	"github.com/embedvault/embedvault/internal/shelf"
)

// readJSON reads the body of a request, which is a JSON object. Members that T does not have are ignored; a member of a
// wrong type, a body that is none, or too large a body is a 400 or 413.
func readJSON[T any](r *Exchange, limit int) (in T, err error) {
	data, err := r.read(limit)
	if err != nil {
		return in, err
	}
	return parseJSON[T](data)
}

// parseJSON is readJSON for a body that has been read.
func parseJSON[T any](data []byte) (in T, err error) {
	if text := bytes.TrimLeft(data, " \t\r\n"); len(text) == 0 || text[0] != '{' {
		return in, errs.NewInvalidValue()
	}
	if err := json.Unmarshal(data, &in); err != nil {
		if known, ok := errors.AsType[*errs.Error](err); ok {
			return in, known
		}
		return in, errs.NewInvalidValue()
	}
	return in, nil
}

// fromBase64URL decodes a member that holds bytes: base64url without padding. nil is an absent member.
func fromBase64URL(property string, text *string) ([]byte, error) {
	if text == nil {
		return nil, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(*text)
	if err != nil || strings.ContainsAny(*text, "\r\n") { // line breaks are skipped by the decoder
		return nil, errs.NewNotBase64url(property)
	}
	return data, nil
}

// sortMembers puts the members of the JSON behind the first bytes in the order of their names, as a Managed HSM does.
func sortMembers(b []byte, first int) []byte {
	var value any
	d := json.NewDecoder(bytes.NewReader(b[first:]))
	d.UseNumber()
	if d.Decode(&value) != nil { // there is none
		return b
	}
	sorted := bytes.NewBuffer(b[:first:first])
	e := json.NewEncoder(sorted)
	e.SetEscapeHTML(false)
	if e.Encode(value) != nil { // what was decoded can be encoded
		return b
	}
	return bytes.TrimSuffix(sorted.Bytes(), []byte("\n"))
}

// object appends the members of a JSON object.
type object struct{ jsonwire.Writer }

// begin opens an object, end closes it and returns what was appended.
func begin(dst []byte) object {
	w := object{jsonwire.NewWriter(dst)}
	w.Open('{')
	return w
}

func (w *object) end() []byte {
	w.Close('}')
	return w.Buf
}

// open begins a member that is an object or an array.
func (w *object) open(name string, bracket byte) {
	w.Name(name)
	w.Open(bracket)
}

// list appends a member that is an array of what can be sent.
func list[I any](w *object, name string, items []I, r *Exchange) {
	w.open(name, '[')
	for i, item := range items {
		if i > 0 {
			w.Buf = append(w.Buf, ',')
		}
		w.Buf = any(item).(wireOutput).appendTo(w.Buf, r)
	}
	w.Close(']')
}

// text appends a member, also an empty one.
func (w *object) text(name, value string) { w.Member(name, value) }

// optional appends a member unless it is empty.
func (w *object) optional(name, value string) {
	if value != "" {
		w.Member(name, value)
	}
}

func (w *object) truth(name string, value bool) {
	w.Name(name)
	w.Bool(value)
}

func (w *object) number(name string, value int64) {
	w.Name(name)
	w.Int(value)
}

// time appends unix seconds; the zero time is an absent member.
func (w *object) time(name string, t time.Time) {
	if !t.IsZero() {
		w.number(name, t.Unix())
	}
}

// bytes appends base64url without padding; nil is an absent member.
func (w *object) bytes(name string, value []byte) {
	if value != nil {
		w.Name(name)
		w.Base64URL(value)
	}
}

// id appends the identifier of an object on the host of a request.
func (w *object) id(name string, id ID, host string) {
	w.Name(name)
	w.Buf = append(id.appendURL(append(w.Buf, '"'), host), '"')
}

// appendURL appends the identifier as a host shows it.
func (id ID) appendURL(dst []byte, host string) []byte {
	dst = append(append(append(dst, "https://"...), host...), '/')
	dst = append(append(append(dst, id.Collection...), '/'), id.Name...)
	if id.version == (shelf.VersionID{}) {
		return dst
	}
	return hex.AppendEncode(append(dst, '/'), id.version[:])
}

// onHost is an absolute URL of the container as another host shows it; a relative one stays.
func onHost(url, host string) string {
	rest, absolute := strings.CutPrefix(url, "https://")
	if !absolute {
		return url
	}
	_, path, _ := strings.Cut(rest, "/")
	return "https://" + host + "/" + path
}

// tags appends the tags in the order of their names; none are an absent member.
func (w *object) tags(tags map[string]string) {
	if len(tags) == 0 {
		return
	}
	w.open("tags", '{')
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		w.Text(name)
		w.Buf = append(w.Buf, ':')
		w.Text(tags[name])
	}
	w.Close('}')
}
