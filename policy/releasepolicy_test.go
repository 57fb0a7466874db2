package policy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/policy"
)

const attester = "https://sharedweu.weu.attest.azure.net"

func releasePolicy(t testing.TB, text string) *policy.ReleasePolicy {
	t.Helper()
	p, err := policy.ParseReleasePolicy([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// forAttester is a policy of one authority with the members that follow it.
func forAttester(conditions string) string {
	return `{"version":"1.0.0","anyOf":[{"authority":"` + attester + `",` + conditions + `}]}`
}

// claimsOf reads claims as the claims of a token are read.
func claimsOf(t testing.TB, text string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var claims map[string]any
	if err := d.Decode(&claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// TestReleasePolicy reads as the service's documentation of the grammar does.
func TestReleasePolicy(t *testing.T) {
	const (
		confidential = `"allOf":[{"claim":"x-ms-isolation-tee.x-ms-attestation-type","equals":"sevsnpvm"},{"claim":"x-ms-isolation-tee.x-ms-compliance-status","equals":"azure-compliant-cvm"}]`
		nested       = `"allOf":[{"claim":"a","equals":1},{"anyOf":[{"claim":"b","equals":2},{"allOf":[{"claim":"c","equals":3},{"claim":"d","equals":4}]}]}]`
		either       = `"anyOf":[{"claim":"a","equals":1},{"claim":"b","equals":2}]`
	)
	equals := func(value string) string { return `"allOf":[{"claim":"c","equals":` + value + `}]` }
	for _, test := range []struct {
		name, conditions, claims string
		failed                   string // the claims that fail; none: allowed
	}{
		{"a confidential machine", confidential, `{"x-ms-isolation-tee":{"x-ms-attestation-type":"sevsnpvm","x-ms-compliance-status":"azure-compliant-cvm"}}`, ""},
		{"one that is not compliant", confidential, `{"x-ms-isolation-tee":{"x-ms-attestation-type":"sevsnpvm"}}`, "x-ms-isolation-tee.x-ms-compliance-status"},
		{"the claims at the wrong place", confidential, `{"x-ms-attestation-type":"sevsnpvm","x-ms-compliance-status":"azure-compliant-cvm"}`,
			"x-ms-isolation-tee.x-ms-attestation-type x-ms-isolation-tee.x-ms-compliance-status"},
		{"claims with dots in their names", confidential, `{"x-ms-isolation-tee.x-ms-attestation-type":"sevsnpvm","x-ms-isolation-tee":{"x-ms-compliance-status":"azure-compliant-cvm"}}`, ""},
		{"a name with dots inside an object", `"allOf":[{"claim":"a.b.c","equals":1}]`, `{"a":{"b.c":1}}`, ""},
		{"a name with dots before a path", `"allOf":[{"claim":"a.b","equals":1}]`, `{"a.b":2,"a":{"b":1}}`, "a.b"},
		{"a name with dots that leads further is none", `"allOf":[{"claim":"a.b.c","equals":1}]`, `{"a.b":{"c":1}}`, "a.b.c"},
		{"a list is not entered", `"allOf":[{"claim":"a.0","equals":1},{"claim":"a[0]","equals":1}]`, `{"a":[1]}`, "a.0 a[0]"},

		{"either, the first", either, `{"a":1}`, ""},
		{"either, the second", either, `{"b":2,"a":7}`, ""},
		{"neither", either, `{"b":1,"a":2}`, "a b"},
		{"nested, the short way", nested, `{"a":1,"b":2}`, ""},
		{"nested, the long way", nested, `{"a":1,"c":3,"d":4}`, ""},
		{"nested, half of the long way", nested, `{"a":1,"c":3}`, "b d"},
		{"nested, not the first", nested, `{"b":2}`, "a"},

		{"a text", equals(`"x"`), `{"c":"x"}`, ""},
		{"a text in another case", equals(`"x"`), `{"c":"X"}`, "c"},
		{"the empty text", equals(`""`), `{"c":""}`, ""},
		{"no claim is not the empty text", equals(`""`), `{}`, "c"},
		{"null is not the empty text", equals(`""`), `{"c":null}`, "c"},
		{"null is not a text", equals(`"null"`), `{"c":null}`, "c"},
		{"true for true", equals(`true`), `{"c":true}`, ""},
		{"a text for true", equals(`true`), `{"c":"true"}`, ""},
		{"true for a text", equals(`"true"`), `{"c":true}`, ""},
		{"false for a text", equals(`"false"`), `{"c":false}`, ""},
		{"false for true", equals(`true`), `{"c":false}`, "c"},
		{"true for a text of another case", equals(`"True"`), `{"c":true}`, "c"},
		{"one is not true", equals(`true`), `{"c":1}`, "c"},
		{"a number", equals(`3451`), `{"c":3451}`, ""},
		{"a number written differently", equals(`100`), `{"c":1.0e2}`, ""},
		{"a text for a number", equals(`2`), `{"c":"2"}`, ""},
		{"a number for a text", equals(`"2"`), `{"c":2}`, ""},
		{"a number for a text that writes it differently", equals(`"2.0"`), `{"c":2}`, "c"},
		{"numbers that are one float", equals(`9007199254740992`), `{"c":9007199254740993}`, "c"},
		{"zeros", equals(`0`), `{"c":-0.000}`, ""},
		{"a negative number", equals(`-1`), `{"c":1}`, "c"},
		{"a number too great to write out", equals(`1e1000000000`), `{"c":10e999999999}`, ""},
		{"numbers too great to compare", equals(`1e99999999999999999999`), `{"c":1e99999999999999999998}`, "c"},
		{"an object", equals(`"map[]"`), `{"c":{}}`, "c"},
		{"a list of it", equals(`"x"`), `{"c":["x"]}`, "c"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := releasePolicy(t, forAttester(test.conditions)).Evaluate(attester, claimsOf(t, test.claims))
			var failed []string
			for _, f := range d.Failed {
				failed = append(failed, f.Claim)
			}
			if got := strings.Join(failed, " "); got != test.failed || d.Allowed != (test.failed == "") {
				t.Errorf("allowed %v, failed %q, want %q", d.Allowed, got, test.failed)
			}
		})
	}
}

func TestReleaseAuthorities(t *testing.T) {
	p := releasePolicy(t, `{"version":"1.0.0","anyOf":[
		{"authority":"https://a.example/","anyOf":[{"claim":"c","equals":1}]},
		{"authority":"https://b.example/tenant","anyOf":[{"claim":"c","equals":2}]},
		{"authority":"https://A.example:443","anyOf":[{"claim":"c","equals":3}]}]}`)
	if got := p.Authorities(); !slices.Equal(got, []string{"https://a.example/", "https://b.example/tenant"}) {
		t.Errorf("authorities %q", got)
	}
	for _, test := range []struct {
		authority string
		c         int
		allowed   bool
	}{
		{"https://a.example", 1, true},
		{"https://a.example/", 1, true},
		{"https://A.EXAMPLE", 1, true},
		{"HTTPS://a.example:443//", 3, true},
		{"https://a.example", 2, false},
		{"https://a.example:8443", 1, false},
		{"https://a.example/tenant", 1, false},
		{"https://a.example.", 1, false},
		{"https://a.example@evil.example", 1, false},
		{"https://user@a.example", 1, false},
		{"https://a.example?x", 1, false},
		{"http://a.example", 1, false},
		{"a.example", 1, false},
		{"", 1, false},
		{"https://b.example/tenant/", 2, true},
		{"https://b.example/Tenant", 2, false},
		{"https://b.example", 2, false},
	} {
		if got := p.Evaluate(test.authority, map[string]any{"c": test.c}).Allowed; got != test.allowed {
			t.Errorf("%s with %d: %v", test.authority, test.c, got)
		}
	}
}

func TestParseReleasePolicy(t *testing.T) {
	const one = `{"claim":"c","equals":1}`
	deep := func(n int) string {
		return forAttester(strings.Repeat(`"allOf":[{`, n) + one[1:len(one)-1] + strings.Repeat(`}]`, n))
	}
	many := func(n int) string { return forAttester(`"allOf":[` + strings.Repeat(one+",", n-1) + one + `]`) }
	authority := func(address string) string {
		return `{"version":"1.0.0","anyOf":[{"authority":` + address + `,"allOf":[` + one + `]}]}`
	}
	for _, test := range []struct {
		name, text string
		want       error
		says       string
	}{
		{"the least", forAttester(`"allOf":[` + one + `]`), nil, ""},
		{"version last, other letter case", `{"anyof":[{"AnyOf":[` + one + `],"Authority":"` + attester + `"}],"VERSION":"1.0.0"}`, nil, ""},
		{"the version of before", strings.Replace(forAttester(`"allOf":[`+one+`]`), "1.0.0", "1.0", 1), nil, ""},
		{"the condition of before", forAttester(`"allOf":[{"claim":"c","condition":"equals","value":"v"}]`), nil, ""},
		{"the condition of before, other letter case", forAttester(`"allOf":[{"Value":1,"CLAIM":"c","Condition":"Equals"}]`), nil, ""},
		{"as deep as may be", deep(policy.MaxReleaseDepth - 1), nil, ""},
		{"too deep", deep(policy.MaxReleaseDepth), policy.ErrReleasePolicy, "16 deep"},
		{"far too deep", deep(1000), policy.ErrReleasePolicy, "nested"},
		{"as many as may be", many(policy.MaxReleaseConditions - 1), nil, ""},
		{"too many", many(policy.MaxReleaseConditions), policy.ErrReleasePolicy, "256 conditions"},
		{"too long", forAttester(`"allOf":[`+one+`]`) + strings.Repeat(" ", policy.MaxReleasePolicySize), policy.ErrReleasePolicy, "16384 bytes"},
		{"too long when written", forAttester(`"allOf":[{"claim":"c","equals":"` + strings.Repeat("\u2028", 5000) + `"}]`), policy.ErrReleasePolicy, "written again"},

		{"no version", `{"anyOf":[{"authority":"` + attester + `","allOf":[` + one + `]}]}`, policy.ErrReleaseVersion, ""},
		{"nothing at all", `{}`, policy.ErrReleaseVersion, ""},
		{"another version", strings.Replace(forAttester(`"allOf":[`+one+`]`), "1.0.0", "2.0.0", 1), policy.ErrReleasePolicy, "1.0.0"},
		{"a version that is a number", `{"version":1,"anyOf":[{"authority":"` + attester + `","allOf":[` + one + `]}]}`, policy.ErrReleasePolicy, "1.0.0"},
		{"half a version", strings.Replace(forAttester(`"allOf":[`+one+`]`), "1.0.0", "1", 1), policy.ErrReleasePolicy, "1.0.0"},
		{"version only", `{"version":"1.0.0"}`, policy.ErrReleasePolicy, "no anyOf"},
		{"no authorities", `{"version":"1.0.0","anyOf":[]}`, policy.ErrReleasePolicy, "one or more"},
		{"authorities that are no list", `{"version":"1.0.0","anyOf":{}}`, policy.ErrReleasePolicy, "one or more"},
		{"allOf at the top", `{"version":"1.0.0","allOf":[]}`, policy.ErrReleasePolicy, "allOf"},
		{"an unknown member", `{"version":"1.0.0","anyOf":[],"name":1}`, policy.ErrReleasePolicy, `"name"`},
		{"no authority", `{"version":"1.0.0","anyOf":[{"allOf":[` + one + `]}]}`, policy.ErrReleasePolicy, "no authority"},
		{"an authority that is a text", `{"version":"1.0.0","anyOf":["x"]}`, policy.ErrReleasePolicy, "not an object"},
		{"http", authority(`"http://a.example"`), policy.ErrReleasePolicy, "https://"},
		{"a host only", authority(`"my.attestation.com"`), policy.ErrReleasePolicy, "https://"},
		{"no host", authority(`"https://"`), policy.ErrReleasePolicy, "https://"},
		{"a port only", authority(`"https://:443"`), policy.ErrReleasePolicy, "https://"},
		{"a query", authority(`"https://a.example/?q"`), policy.ErrReleasePolicy, "https://"},
		{"a user", authority(`"https://u:p@a.example"`), policy.ErrReleasePolicy, "https://"},
		{"an authority of null", authority(`null`), policy.ErrReleasePolicy, "https://"},
		{"neither allOf nor anyOf", `{"version":"1.0.0","anyOf":[{"authority":"` + attester + `"}]}`, policy.ErrReleasePolicy, "one of them"},
		{"both allOf and anyOf", forAttester(`"allOf":[` + one + `],"anyOf":[` + one + `]`), policy.ErrReleasePolicy, "one of them"},
		{"a claim beside an authority", forAttester(`"claim":"c","equals":1`), policy.ErrReleasePolicy, `"claim"`},
		{"no conditions", forAttester(`"allOf":[]`), policy.ErrReleasePolicy, "one or more"},
		{"an empty condition", forAttester(`"allOf":[{}]`), policy.ErrReleasePolicy, "one of them"},
		{"a condition that is a text", forAttester(`"allOf":["c"]`), policy.ErrReleasePolicy, "not an object"},
		{"an authority inside", forAttester(`"allOf":[{"authority":"` + attester + `","allOf":[` + one + `]}]`), policy.ErrReleasePolicy, `"authority"`},
		{"another operator", forAttester(`"allOf":[{"claim":"c","greaterOrEquals":1}]`), policy.ErrReleasePolicy, `"greaterOrEquals"`},
		{"two operators", forAttester(`"allOf":[{"claim":"c","equals":1,"notEquals":2}]`), policy.ErrReleasePolicy, `"notEquals"`},
		{"no operator", forAttester(`"allOf":[{"claim":"c"}]`), policy.ErrReleasePolicy, "no equals"},
		{"a condition of before that is another", forAttester(`"allOf":[{"claim":"c","condition":"greater","value":1}]`), policy.ErrReleasePolicy, "condition of claim \"c\" is not equals"},
		{"a condition of before that is no text", forAttester(`"allOf":[{"claim":"c","condition":true,"value":1}]`), policy.ErrReleasePolicy, "is not equals"},
		{"a condition of before without a value", forAttester(`"allOf":[{"claim":"c","condition":"equals"}]`), policy.ErrReleasePolicy, "no value"},
		{"a value without a condition", forAttester(`"allOf":[{"claim":"c","value":1}]`), policy.ErrReleasePolicy, `"value"`},
		{"both forms of a condition", forAttester(`"allOf":[{"claim":"c","condition":"equals","value":1,"equals":1}]`), policy.ErrReleasePolicy, `"equals"`},
		{"a condition of before that equals null", forAttester(`"allOf":[{"claim":"c","condition":"equals","value":null}]`), policy.ErrReleasePolicy, "neither"},
		{"a condition of before without a claim", forAttester(`"allOf":[{"condition":"equals","value":1}]`), policy.ErrReleasePolicy, `"condition"`},
		{"no claim", forAttester(`"allOf":[{"equals":1}]`), policy.ErrReleasePolicy, `"equals"`},
		{"an empty claim", forAttester(`"allOf":[{"claim":"","equals":1}]`), policy.ErrReleasePolicy, "1 to 1024"},
		{"a long claim", forAttester(`"allOf":[{"claim":"` + strings.Repeat("c", 1025) + `","equals":1}]`), policy.ErrReleasePolicy, "1 to 1024"},
		{"a claim that is a number", forAttester(`"allOf":[{"claim":1,"equals":1}]`), policy.ErrReleasePolicy, "1 to 1024"},
		{"equals null", forAttester(`"allOf":[{"claim":"c","equals":null}]`), policy.ErrReleasePolicy, "neither"},
		{"equals an object", forAttester(`"allOf":[{"claim":"c","equals":{}}]`), policy.ErrReleasePolicy, "neither"},
		{"equals a list", forAttester(`"allOf":[{"claim":"c","equals":[1]}]`), policy.ErrReleasePolicy, "neither"},
		{"a member twice", forAttester(`"allOf":[{"claim":"c","equals":1,"equals":2}]`), policy.ErrReleasePolicy, "twice"},
		{"a member twice in two cases", forAttester(`"allOf":[` + one + `],"ALLOF":[` + one + `]`), policy.ErrReleasePolicy, "twice"},
		{"nothing", ``, policy.ErrReleasePolicy, "not JSON"},
		{"null", `null`, policy.ErrReleasePolicy, "not an object"},
		{"half of it", `{"version":"1.0.0","anyOf":[`, policy.ErrReleasePolicy, "not JSON"},
		{"more than it", forAttester(`"allOf":[`+one+`]`) + `{}`, policy.ErrReleasePolicy, "follows"},
		{"not UTF-8", forAttester("\"allOf\":[{\"claim\":\"\xff\",\"equals\":1}]"), policy.ErrReleasePolicy, "UTF-8"},
		{"a BOM", "\ufeff" + forAttester(`"allOf":[`+one+`]`), policy.ErrReleasePolicy, "not JSON"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := policy.ParseReleasePolicy([]byte(test.text))
			if !errors.Is(err, test.want) || (p == nil) == (err == nil) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			if err != nil && (!strings.Contains(err.Error(), test.says) || len(err.Error()) > 300) {
				t.Errorf("says %q, want %q", err, test.says)
			}
		})
	}
}

// TestReleaseJSON: version comes first, and the claims keep their types and spelling.
func TestReleaseJSON(t *testing.T) {
	p := releasePolicy(t, `{ "anyof": [ {"ANYOF": [{"equals": true, "claim": "sdk-test"}, {"claim":"n","equals":1.50}, {"claim":"<","equals":false}], "authority": "https://A.example/"} ], "version": "1.0.0" }`)
	const want = `{"version":"1.0.0","anyOf":[{"authority":"https://A.example/","anyOf":[{"claim":"sdk-test","equals":true},{"claim":"n","equals":1.50},{"claim":"<","equals":false}]}]}`
	got := p.JSON()
	if string(got) != want {
		t.Errorf("written as %s", got)
	}
	clear(got)
	if string(p.JSON()) != want {
		t.Error("what JSON returned is part of the policy")
	}
}

// TestReleaseJSONOfBefore: what was written before the grammar was settled is written as it is now.
func TestReleaseJSONOfBefore(t *testing.T) {
	p := releasePolicy(t, `{"anyOf":[{"authority":"https://a.example/","allOf":[{"claim":"x","condition":"equals","value":"v"},{"anyOf":[{"claim":"y","condition":"equals","value":2}]}]}],"version":"1.0"}`)
	const want = `{"version":"1.0.0","anyOf":[{"authority":"https://a.example/","allOf":[{"claim":"x","equals":"v"},{"anyOf":[{"claim":"y","equals":2}]}]}]}`
	if got := p.JSON(); string(got) != want {
		t.Errorf("written as %s", got)
	}
	if d := p.Evaluate("https://a.example", claimsOf(t, `{"x":"v","y":2}`)); !d.Allowed {
		t.Error(d)
	}
	if d := p.Evaluate("https://a.example", claimsOf(t, `{"x":"w","y":2}`)); d.Allowed {
		t.Error(d)
	}
}

func TestReleaseDecisionError(t *testing.T) {
	p := releasePolicy(t, forAttester(`"allOf":[{"claim":"tee.type","equals":"sevsnpvm"},{"claim":"debug","equals":false}]`))
	for _, test := range []struct{ authority, claims, want string }{
		{attester + "/", `{"tee":{"type":"sevsnpvm"},"debug":"false"}`, "release allowed by " + attester + "/"},
		{attester, `{"tee":{"type":"sgx"}}`, "release denied to what " + attester + " attests\n" +
			"  claim \"tee.type\": expected \"sevsnpvm\", found \"sgx\"\n  claim \"debug\": expected false, found nothing"},
		{"https://b.example", `{}`, "release denied to what https://b.example attests\n  the policy has no such authority, but " + attester},
	} {
		var err error = p.Evaluate(test.authority, claimsOf(t, test.claims))
		if err.Error() != test.want {
			t.Errorf("says\n%v", err)
		}
	}
	many := releasePolicy(t, forAttester(`"allOf":[`+strings.Repeat(`{"claim":"c","equals":1},`, 99)+`{"claim":"c","equals":1}]`))
	d := many.Evaluate(attester, map[string]any{"c": strings.Repeat("x", 1<<20)})
	if len(d.Failed) != 16 || len(d.Error()) > 8<<10 {
		t.Errorf("%d conditions, %d bytes", len(d.Failed), len(d.Error()))
	}
}

// node is a condition of the model: a claim and a value, or conditions under all or any.
type node struct {
	claim, equals string
	any           bool
	children      []node
}

func (n node) text() string {
	if n.claim != "" {
		return fmt.Sprintf(`{"claim":%q,"equals":%s}`, n.claim, n.equals)
	}
	return "{" + n.list() + "}"
}

func (n node) list() string {
	texts := make([]string, len(n.children))
	for i, child := range n.children {
		texts[i] = child.text()
	}
	name := "allOf"
	if n.any {
		name = "anyOf"
	}
	return `"` + name + `":[` + strings.Join(texts, ",") + "]"
}

// holds is the grammar's meaning in the plainest words, with the arithmetic of math/big.
func (n node) holds(claims map[string]string) bool {
	if n.claim != "" {
		found, ok := claims[n.claim]
		return ok && sameText(n.equals, found)
	}
	held := 0
	for _, child := range n.children {
		if child.holds(claims) {
			held++
		}
	}
	return held == len(n.children) || n.any && held > 0
}

func sameText(a, b string) bool {
	x, xOK := new(big.Rat).SetString(a)
	y, yOK := new(big.Rat).SetString(b)
	if xOK && yOK && x.Cmp(y) == 0 {
		return true
	}
	return strings.Trim(a, `"`) == strings.Trim(b, `"`)
}

func drawNode(t *rapid.T, depth int) node {
	if depth == 0 || rapid.Bool().Draw(t, "leaf") {
		return node{claim: rapid.SampledFrom(claimNames).Draw(t, "claim"), equals: drawValue(t)}
	}
	return drawList(t, depth)
}

func drawList(t *rapid.T, depth int) node {
	n := node{any: rapid.Bool().Draw(t, "any")}
	for range rapid.IntRange(1, 3).Draw(t, "children") {
		n.children = append(n.children, drawNode(t, depth-1))
	}
	return n
}

// No name is the beginning of another, so that every combination can be written as claims.
var claimNames = []string{"a", "b.c", "b.d.e", "f"}

func drawValue(t *rapid.T) string {
	return rapid.OneOf(
		rapid.SampledFrom([]string{`true`, `false`, `"true"`, `"false"`, `"x"`, `""`, `0`, `-0`, `1`, `"1"`, `1.0`, `10e-1`, `0.1E+1`, `100`, `1e2`, `1E2`}),
		rapid.StringMatching(`-?(0|[1-9][0-9]?)(\.[0-9]{1,2})?(e[+-]?[0-2])?`),
	).Draw(t, "value")
}

// TestReleaseModel draws policies and claims and asks the plain evaluator too.
func TestReleaseModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := drawList(t, 3)
		claims := map[string]string{}
		for _, name := range claimNames {
			if rapid.Bool().Draw(t, "present") {
				claims[name] = drawValue(t)
			}
		}
		nested := map[string]any{}
		for name, value := range claims {
			at, path := nested, strings.Split(name, ".")
			for _, part := range path[:len(path)-1] {
				if at[part] == nil {
					at[part] = map[string]any{}
				}
				at = at[part].(map[string]any)
			}
			at[path[len(path)-1]] = json.RawMessage(value)
		}
		text, err := json.Marshal(nested)
		if err != nil {
			t.Fatal(err)
		}
		p, err := policy.ParseReleasePolicy([]byte(forAttester(root.list())))
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		var read map[string]any
		if err := d.Decode(&read); err != nil {
			t.Fatal(err)
		}
		decision := p.Evaluate(attester, read)
		if want := root.holds(claims); decision.Allowed != want || want != (len(decision.Failed) == 0) {
			t.Fatalf("%s\nwith %s is %v, want %v", p.JSON(), text, decision, want)
		}
	})
}

// FuzzReleasePolicy: no text makes the parser panic, and what it takes it writes so that it reads the same again.
func FuzzReleasePolicy(f *testing.F) {
	f.Add([]byte(forAttester(`"allOf":[{"claim":"a.b","equals":"x"},{"anyOf":[{"claim":"c","equals":1e2},{"claim":"d","equals":false}]}]`)))
	f.Add([]byte(`{"anyOf":[{"anyOf":[{"claim":"sdk-test","equals":"true"}],"authority":"https://a.example/"}],"version":"1.0.0"}`))
	f.Add([]byte(`{"anyOf":[{"anyOf":[{"claim":"x","condition":"equals","value":"v"}],"authority":"https://a.example/"}],"version":"1.0"}`))
	f.Add([]byte(`{"anyof":[]}`))
	f.Add([]byte(strings.Repeat("[", 100)))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := policy.ParseReleasePolicy(data)
		if err != nil {
			if !errors.Is(err, policy.ErrReleasePolicy) && !errors.Is(err, policy.ErrReleaseVersion) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		written := p.JSON()
		again, err := policy.ParseReleasePolicy(written)
		if err != nil {
			t.Fatalf("%s is not read again: %v", written, err)
		}
		if !bytes.Equal(again.JSON(), written) || !bytes.HasPrefix(written, []byte(`{"version":"1.0.0","anyOf":[{"authority":`)) {
			t.Fatalf("%s is written again as %s", written, again.JSON())
		}
		for _, authority := range p.Authorities() {
			if d := p.Evaluate(authority, nil); d.Allowed || len(d.Failed) == 0 {
				t.Fatalf("no claims are allowed by %s", written)
			}
		}
	})
}
