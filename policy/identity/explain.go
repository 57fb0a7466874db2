package identity

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

// Explanation is a token laid open: what each check expected and what it found, in
// the order of the checks, and then the other claims by name. It shows claims,
// which are no secret, and never the signature.
type Explanation struct {
	// Rows has one row for each check and claim, at most 100.
	Rows []Row
}

// Row is one line of an [Explanation].
type Row struct {
	// Name is a header member, a claim, "form" or "signature".
	Name string
	// Expected is what the check asks for; empty where nothing is asked.
	Expected string
	// Found is what the token has, shortened beyond 256 bytes; empty if nothing.
	Found string
	// OK is false for what a vault refuses.
	OK bool
}

// OK says whether every row is.
func (e Explanation) OK() bool {
	return !slices.ContainsFunc(e.Rows, func(r Row) bool { return !r.OK })
}

// Row finds a row by its name; the zero Row if there is none.
func (e Explanation) Row(name string) Row {
	if i := slices.IndexFunc(e.Rows, func(r Row) bool { return r.Name == name }); i >= 0 {
		return e.Rows[i]
	}
	return Row{}
}

// String is one line for each row. Those a vault refuses begin with a cross and end
// with what it expects.
func (e Explanation) String() string {
	var b strings.Builder
	for _, r := range e.Rows {
		mark := " "
		if !r.OK {
			mark = "✗"
		}
		line := fmt.Sprintf("%s %-9s %s", mark, r.Name, or(r.Found, "-"))
		if !r.OK && r.Expected != "" {
			line += "  (expected " + r.Expected + ")"
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// Explain lays a token open as of now. It needs no good signature, and leaves no
// trace in the verifier. Its rows are all OK exactly if Verify accepts the token.
func (v *Verifier) Explain(token string, now time.Time) Explanation {
	p, f := parse(token)
	if f != nil {
		return Explanation{[]Row{{or(f.Claim, "form"), f.Expected, or(f.Found, f.Reason.Error()), false}}}
	}
	key := v.tenant.ring.current.Load()
	payload, _ := decode(p.payload)
	raw := map[string]json.RawMessage{}
	if err := strict(payload, &raw); err != nil {
		return Explanation{[]Row{{"payload", "a JSON object of claims, each once", "something else", false}}}
	}
	rows := []Row{
		{"alg", string(jose.RS256), clip(p.head.Algorithm), p.head.Algorithm == string(jose.RS256)},
		{"kid", key.id(), clip(p.head.KeyID), key != nil && p.head.KeyID == key.kid},
		signatureRow(&p, key),
	}
	rows = append(rows, v.claimRows(payload, raw, now)...)
	return Explanation{rows[:min(len(rows), 100)]}
}

func signatureRow(p *parts, key *signingKey) Row {
	r := Row{Name: "signature", Expected: "good", Found: "good", OK: true}
	if _, f := p.verify(key); f != nil {
		r.Found, r.OK = f.Reason.Error(), false
	}
	return r
}

// claimRows judges each claim by the checks of Verify, made with that claim alone.
func (v *Verifier) claimRows(payload []byte, raw map[string]json.RawMessage, now time.Time) []Row {
	var c claims
	fit := strict(payload, &c) == nil
	at := now.UTC().Format(time.RFC3339)
	rows := []Row{
		{Name: "exp", Expected: "not before " + at, Found: stamp(c.Expires), OK: inRange(c.Expires) && !now.After(latest(&c))},
		{Name: "nbf", Expected: "not after " + at, Found: stamp(c.NotBefore), OK: inRange(c.NotBefore) && !now.Before(earliest(&c))},
		{Name: "aud", Expected: v.audience, OK: c.Audience == v.audience},
		{Name: "iss", Expected: issuer(v.tenantID), OK: c.Issuer == issuer(v.tenantID)},
		{Name: "tid", Expected: v.tenantID, OK: c.TenantID == v.tenantID},
		{Name: "oid", Expected: "a text", OK: c.ObjectID != ""},
		{Name: "appid", Expected: "a text", OK: c.AppID != ""},
		{Name: "ver", Expected: "1.0", OK: c.Version == "1.0"},
	}
	for i := range rows {
		if value, present := raw[rows[i].Name]; present && rows[i].Found == "" {
			rows[i].Found = show(value)
		}
		delete(raw, rows[i].Name)
	}
	if !fit {
		rows = append(rows, Row{"payload", "claims of the types an access token has", "another type", false})
	}
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		rows = append(rows, Row{Name: clip(name), Found: show(raw[name]), OK: true})
	}
	return rows
}

// stamp is a time claim for people to read; empty if it is none.
func stamp(seconds int64) string {
	if !inRange(seconds) {
		return ""
	}
	return time.Unix(seconds, 0).UTC().Format(time.RFC3339)
}

// show is a claim's value: a text without its quotes, anything else as it stands.
func show(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return clip(text)
	}
	return clip(string(raw))
}
