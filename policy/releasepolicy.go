package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// The bounds of a release policy.
const (
	// MaxReleasePolicySize is how long its JSON is at most, in bytes.
	MaxReleasePolicySize = 16 << 10
	// MaxReleaseConditions is how many conditions it has at most, those that contain others included.
	MaxReleaseConditions = 256
	// MaxReleaseDepth is how deeply its conditions are nested at most; that of an authority is at depth one.
	MaxReleaseDepth = 16
	// MaxClaimPath is how long the path of a claim is at most, in bytes.
	MaxClaimPath = 1024
)

// What [ParseReleasePolicy] refuses.
var (
	// ErrReleaseVersion refuses a policy that has no version and nothing else wrong with it.
	ErrReleaseVersion = errors.New("policy: the release policy has no version")
	// ErrReleasePolicy refuses anything else that is no release policy. The error that wraps it says why.
	ErrReleasePolicy = errors.New("policy: not a release policy")
)

// releaseVersion is the one version there is, shortVersion how it may be written too.
const releaseVersion, shortVersion = "1.0.0", "1.0"

// ReleasePolicy says to whom a key may be released: to an environment that one of its authorities attests, if the claims
// of the attestation meet the conditions the policy has for that authority. It never changes.
//
//	{"version": "1.0.0", "anyOf": [{
//	    "authority": "https://sharedweu.weu.attest.azure.net",
//	    "allOf": [
//	        {"claim": "x-ms-isolation-tee.x-ms-attestation-type", "equals": "sevsnpvm"},
//	        {"anyOf": [{"claim": "secureboot", "equals": true}, {"claim": "lab", "equals": "yes"}]}
//	    ]
//	}]}
//
// The names of members compare without regard to case, as the service's own grammar spells them in two ways. The only
// operator is equals, with a text, a number or a truth value. The version may be written as 1.0, and a condition in its older
// form, {"claim": "lab", "condition": "equals", "value": "yes"}; the policy is the same as in the form above.
//
// A claim is a path: its dots lead into objects, never into lists. Where an object has a member whose name is all that is
// left of the path, dots included, that member is the claim.
type ReleasePolicy struct {
	wire releaseWire
	json []byte
}

// releaseWire is the policy as it is written: its members stand in the order in which a vault answers with them.
type releaseWire struct {
	Version string             `json:"version"`
	AnyOf   []releaseAuthority `json:"anyOf"`
}

type releaseAuthority struct {
	Authority string `json:"authority"`
	releaseCondition
}

// releaseCondition is a claim and what it equals, or a list of which all or any must hold.
type releaseCondition struct {
	Claim  string             `json:"claim,omitempty"`
	Equals any                `json:"equals,omitempty"` // string, bool or json.Number
	AllOf  []releaseCondition `json:"allOf,omitempty"`
	AnyOf  []releaseCondition `json:"anyOf,omitempty"`
}

// ParseReleasePolicy reads the JSON of a policy. It fails with [ErrReleaseVersion] or [ErrReleasePolicy]: every member
// must be known and stand once, every list must have an element, and an authority is an address that begins with
// https:// and has neither user, query nor fragment.
func ParseReleasePolicy(data []byte) (*ReleasePolicy, error) {
	if len(data) > MaxReleasePolicySize {
		return nil, notRelease("it is longer than %d bytes", MaxReleasePolicySize)
	}
	document, err := readDocument(data)
	if err != nil {
		return nil, err
	}
	var p ReleasePolicy
	if p.wire, err = parseRelease(document); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(p.wire); err != nil {
		return nil, notRelease("it cannot be written again")
	}
	p.json = bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if len(p.json) > MaxReleasePolicySize {
		return nil, notRelease("it is longer than %d bytes when it is written again", MaxReleasePolicySize)
	}
	return &p, nil
}

func notRelease(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrReleasePolicy, fmt.Sprintf(format, args...))
}

func parseRelease(document any) (releaseWire, error) {
	object, ok := document.(members)
	if !ok {
		return releaseWire{}, notRelease("it is not an object")
	}
	if err := object.only("version", "anyOf"); err != nil {
		return releaseWire{}, err
	}
	wire := releaseWire{Version: releaseVersion}
	list, hasList, err := object.list("anyOf")
	if err != nil {
		return releaseWire{}, err
	}
	parser := releaseParser{}
	for _, element := range list {
		authority, err := parser.authority(element)
		if err != nil {
			return releaseWire{}, err
		}
		wire.AnyOf = append(wire.AnyOf, authority)
	}
	switch version, ok := object.get("version"); {
	case !ok:
		return releaseWire{}, ErrReleaseVersion
	case version != releaseVersion && version != shortVersion:
		return releaseWire{}, notRelease("its version is not %s", releaseVersion)
	case !hasList:
		return releaseWire{}, notRelease("it has no anyOf")
	}
	return wire, nil
}

// releaseParser counts conditions.
type releaseParser struct{ conditions int }

func (p *releaseParser) authority(element any) (releaseAuthority, error) {
	object, ok := element.(members)
	if !ok {
		return releaseAuthority{}, notRelease("an element of its anyOf is not an object")
	}
	name, ok := object.get("authority")
	if !ok {
		return releaseAuthority{}, notRelease("an element of its anyOf has no authority")
	}
	address, _ := name.(string)
	if canonicalAuthority(address) == "" {
		return releaseAuthority{}, notRelease("an authority is not an address that begins with https://")
	}
	if err := object.only("authority", "allOf", "anyOf"); err != nil {
		return releaseAuthority{}, err
	}
	condition, err := p.condition(object.without("authority"), 1)
	return releaseAuthority{address, condition}, err
}

func (p *releaseParser) condition(element any, depth int) (releaseCondition, error) {
	object, ok := element.(members)
	p.conditions++
	switch {
	case !ok:
		return releaseCondition{}, notRelease("a condition is not an object")
	case depth > MaxReleaseDepth:
		return releaseCondition{}, notRelease("its conditions are nested more than %d deep", MaxReleaseDepth)
	case p.conditions > MaxReleaseConditions:
		return releaseCondition{}, notRelease("it has more than %d conditions", MaxReleaseConditions)
	}
	if _, ok := object.get("claim"); ok {
		return claimCondition(object)
	}
	if err := object.only("allOf", "anyOf"); err != nil {
		return releaseCondition{}, err
	}
	if len(object) != 1 {
		return releaseCondition{}, notRelease("a condition has a claim, an allOf or an anyOf, and one of them only")
	}
	list, _, err := object.list(object[0].name)
	if err != nil {
		return releaseCondition{}, err
	}
	conditions := make([]releaseCondition, len(list))
	for i, element := range list {
		if conditions[i], err = p.condition(element, depth+1); err != nil {
			return releaseCondition{}, err
		}
	}
	if equalFold(object[0].name, "allOf") {
		return releaseCondition{AllOf: conditions}, nil
	}
	return releaseCondition{AnyOf: conditions}, nil
}

func claimCondition(object members) (releaseCondition, error) {
	name, _ := object.get("claim")
	claim, _ := name.(string)
	if claim == "" || len(claim) > MaxClaimPath {
		return releaseCondition{}, notRelease("a claim is not a text of 1 to %d bytes", MaxClaimPath)
	}
	operand := "equals"
	if condition, older := object.get("condition"); older {
		if operator, _ := condition.(string); !equalFold(operator, "equals") {
			return releaseCondition{}, notRelease("the condition of claim %.64q is not equals", claim)
		}
		object, operand = object.without("condition"), "value"
	}
	if err := object.only("claim", operand); err != nil {
		return releaseCondition{}, err
	}
	value, ok := object.get(operand)
	if !ok {
		return releaseCondition{}, notRelease("the condition of claim %.64q has no %s", claim, operand)
	}
	switch value.(type) {
	case string, bool, json.Number:
		return releaseCondition{Claim: claim, Equals: value}, nil
	}
	return releaseCondition{}, notRelease("claim %.64q equals neither a text, a number nor a truth value", claim)
}

// JSON is the policy as a vault writes it: version first, no space, every member in the one spelling and form that the type's
// comment shows. It parses to the same policy. The caller may keep and change it.
func (p *ReleasePolicy) JSON() []byte { return slices.Clone(p.json) }

// Authorities are the addresses of the authorities as the policy writes them, each once, in its order.
func (p *ReleasePolicy) Authorities() []string {
	var list []string
	for _, a := range p.wire.AnyOf {
		if !slices.ContainsFunc(list, func(known string) bool { return SameAuthority(known, a.Authority) }) {
			list = append(list, a.Authority)
		}
	}
	return list
}

// SameAuthority tells whether two addresses are of one authority: the letter case of the host, the port 443 and slashes
// at the end do not matter. What is no address of an authority is the same as nothing, not even as itself.
func SameAuthority(a, b string) bool {
	a = canonicalAuthority(a)
	return a != "" && a == canonicalAuthority(b)
}

// canonicalAuthority is the one spelling of an authority's address, or "".
func canonicalAuthority(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.ContainsAny(address, "?#") {
		return ""
	}
	host := strings.TrimSuffix(strings.TrimSuffix(lower(u.Host), ":443"), ":")
	return "https://" + host + strings.TrimRight(u.EscapedPath(), "/")
}
