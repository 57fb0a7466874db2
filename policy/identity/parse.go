package identity

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/go-jose/go-jose/v4/json"
)

// MaxTokenSize is the longest token that is looked at, in bytes. A token with 200
// groups has 12 KiB.
const MaxTokenSize = 16 << 10

// parts is a token in compact form, its segments still encoded, its header read.
type parts struct {
	token, header, payload string
	head                   header
}

// header is what a token header may say that matters here. Members are matched by
// their exact letters; keys and certificates offered in a header are not looked at.
type header struct {
	Type      string          `json:"typ"`
	Algorithm string          `json:"alg"`
	KeyID     string          `json:"kid"`
	Critical  json.RawMessage `json:"crit"`
}

// parse splits a token and reads its header. It accepts one spelling of each
// token: a segment with stray bits, padding, line breaks or foreign characters is
// refused, so no change to an accepted token leaves it accepted.
func parse(token string) (parts, *Failure) {
	const form = "header.payload.signature in base64url"
	switch {
	case token == "":
		return parts{}, &Failure{Reason: Missing}
	case len(token) > MaxTokenSize:
		return parts{}, malformed("", "at most 16384 bytes", "more")
	case strings.Count(token, ".") == 4:
		return parts{}, malformed("", form, "an encrypted token")
	case strings.Count(token, ".") != 2:
		return parts{}, malformed("", form, "another number of segments")
	}
	segments := strings.Split(token, ".")
	p := parts{token: token, header: segments[0], payload: segments[1]}
	raw, ok := decode(segments[0])
	_, payloadOK := decode(segments[1])
	_, signatureOK := decode(segments[2])
	if !ok || !payloadOK || !signatureOK {
		return parts{}, malformed("", form, "another encoding")
	}
	if err := strict(raw, &p.head); err != nil {
		return parts{}, malformed("header", "a JSON object without repeated members", "something else")
	}
	return p, p.checkHead()
}

// checkHead refuses headers that say the token is something else.
func (p *parts) checkHead() *Failure {
	if p.head.Type != "" && !strings.EqualFold(p.head.Type, "JWT") {
		return malformed("typ", "JWT", p.head.Type)
	}
	if p.head.Critical != nil {
		return malformed("crit", "no critical extensions", "some")
	}
	return nil
}

// decode reads one segment of canonical base64url without padding.
func decode(segment string) ([]byte, bool) {
	if strings.ContainsAny(segment, "\r\n") { // which the decoder would skip
		return nil, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	return b, err == nil
}

var errNotObject = errors.New("not a JSON object")

// strict reads one JSON object into a struct or map. Member names are matched with
// their letter case, and a name that comes twice is an error.
func strict(raw []byte, into any) error {
	if len(raw) == 0 || raw[0] != '{' {
		return errNotObject
	}
	return json.Unmarshal(raw, into)
}

// inRange says whether a time claim is there and is a time before the year 10000.
func inRange(seconds int64) bool { return seconds > 0 && seconds <= 253402300799 }

// complete says which claim an access token cannot be without is missing, or has a
// value no token of the directory has.
func (c *claims) complete() *Failure {
	for _, text := range []struct{ name, value string }{
		{"aud", c.Audience}, {"iss", c.Issuer}, {"tid", c.TenantID}, {"oid", c.ObjectID}, {"appid", c.AppID},
	} {
		if text.value == "" {
			return malformed(text.name, "a text", "none")
		}
	}
	for _, stamp := range []struct {
		name  string
		value int64
	}{{"exp", c.Expires}, {"nbf", c.NotBefore}} {
		if !inRange(stamp.value) {
			return malformed(stamp.name, "seconds since 1970", "none, or out of range")
		}
	}
	if c.Version != "1.0" {
		return malformed("ver", "1.0", or(c.Version, "none"))
	}
	return nil
}
