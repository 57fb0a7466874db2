package policy

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// maxReleaseFailures bounds the conditions in one decision.
const maxReleaseFailures = 16

// ReleaseDecision is the outcome of a release policy with its evidence. A refusal is a useful error for a test to print.
// It shows claims, which are no secrets, and is not meant for the caller.
type ReleaseDecision struct {
	Allowed bool
	// Authority is who made the claims.
	Authority string
	// Authorities are those of the policy.
	Authorities []string
	// Failed has the conditions for this authority that are not met, at most 16 in the order of the policy. It is empty
	// when the claims are allowed, and when the policy has nothing for the authority.
	Failed []FailedCondition
}

// FailedCondition is a claim that is not what the policy asks for.
type FailedCondition struct {
	// Claim is the path of the claim.
	Claim string
	// Expected is what the policy asks for, in JSON.
	Expected string
	// Found is the claim, in JSON and shortened beyond 256 bytes; empty when there is none.
	Found string
}

// Error returns the decision as a text of several lines: the outcome, then what is not met.
func (d ReleaseDecision) Error() string {
	if d.Allowed {
		return "release allowed by " + d.Authority
	}
	var b strings.Builder
	fmt.Fprintf(&b, "release denied to what %s attests", shorten(d.Authority))
	if len(d.Failed) == 0 {
		fmt.Fprintf(&b, "\n  the policy has no such authority, but %s", strings.Join(d.Authorities, ", "))
	}
	for _, f := range d.Failed {
		found := f.Found
		if found == "" {
			found = "nothing"
		}
		fmt.Fprintf(&b, "\n  claim %q: expected %s, found %s", f.Claim, f.Expected, found)
	}
	return b.String()
}

// Evaluate tells whether the policy releases a key to an environment of which an authority makes claims. The authority
// is the issuer of the attestation that was verified, and is compared as [SameAuthority] does. Claims are values as
// encoding/json decodes them.
//
// Values are equal if they are the same text once a truth value is taken for "true" or "false" and a number for its
// digits, and two numbers also if they have the same value. A claim that is absent, null, an object or a list equals
// nothing.
func (p *ReleasePolicy) Evaluate(authority string, claims map[string]any) ReleaseDecision {
	d := ReleaseDecision{Authority: authority, Authorities: p.Authorities()}
	for _, a := range p.wire.AnyOf {
		if !SameAuthority(a.Authority, authority) {
			continue
		}
		failed := a.failures(claims)
		if len(failed) == 0 {
			d.Allowed, d.Failed = true, nil
			return d
		}
		d.Failed = append(d.Failed, failed...)
	}
	d.Failed = d.Failed[:min(len(d.Failed), maxReleaseFailures)]
	return d
}

// failures are the conditions on which a condition fails; none if it is met.
func (c *releaseCondition) failures(claims map[string]any) []FailedCondition {
	if c.Claim != "" {
		found, ok := claimAt(claims, c.Claim)
		if ok && sameValue(c.Equals, found) {
			return nil
		}
		f := FailedCondition{Claim: c.Claim, Expected: jsonText(c.Equals)}
		if ok {
			f.Found = jsonText(found)
		}
		return []FailedCondition{f}
	}
	var failed []FailedCondition
	for i := range c.AllOf {
		failed = append(failed, c.AllOf[i].failures(claims)...)
	}
	for i := range c.AnyOf {
		one := c.AnyOf[i].failures(claims)
		if len(one) == 0 {
			return nil
		}
		failed = append(failed, one...)
	}
	return failed
}

// claimAt follows a path into claims.
func claimAt(claims map[string]any, path string) (any, bool) {
	for {
		if value, ok := claims[path]; ok {
			return value, true
		}
		name, rest, ok := strings.Cut(path, ".")
		if !ok {
			return nil, false
		}
		if claims, ok = claims[name].(map[string]any); !ok {
			return nil, false
		}
		path = rest
	}
}

func sameValue(expected, found any) bool {
	a, aNumber, aOK := scalar(expected)
	b, bNumber, bOK := scalar(found)
	if !aOK || !bOK {
		return false
	}
	if a == b {
		return true
	}
	if !aNumber || !bNumber {
		return false
	}
	x, xOK := parseDecimal(a)
	y, yOK := parseDecimal(b)
	return xOK && yOK && x == y
}

// scalar is a value as a text, whether it is a number, and whether it is one value at all.
func scalar(value any) (text string, number, ok bool) {
	switch value := value.(type) {
	case nil:
		return "", false, false
	case string:
		return value, false, true
	case bool:
		return strconv.FormatBool(value), false, true
	}
	written, err := json.Marshal(value)
	if err != nil || !strings.Contains("-0123456789", string(written[0])) {
		return "", false, false
	}
	return string(written), true, true
}

// decimal is a number as digits, without zeros at either end, and the power of ten they are multiplied with.
type decimal struct {
	negative bool
	digits   string
	power    int
}

// maxExponent is the greatest exponent that is read. Numbers beyond it are equal only if they are the same text.
const maxExponent = 1 << 30

// parseDecimal reads a JSON number without doing arithmetic on its digits, which may be many.
func parseDecimal(literal string) (decimal, bool) {
	text, exponent, has := strings.Cut(strings.ToLower(literal), "e")
	power := 0
	if has {
		var err error
		if power, err = strconv.Atoi(exponent); err != nil || power > maxExponent || power < -maxExponent {
			return decimal{}, false
		}
	}
	text, negative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(text, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	trimmed := strings.TrimRight(digits, "0")
	if trimmed == "" {
		return decimal{}, true
	}
	return decimal{negative, trimmed, power - len(fraction) + len(digits) - len(trimmed)}, true
}

// jsonText is a value as JSON, shortened.
func jsonText(value any) string {
	written, err := json.Marshal(value)
	if err != nil {
		return "something that is not JSON"
	}
	return shorten(string(written))
}

// shorten cuts a text that comes from outside to 256 bytes and a mark.
func shorten(s string) string {
	const most = 256
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
