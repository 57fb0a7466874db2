package crypto_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/errs"
)

func TestJWKOrder(t *testing.T) {
	j := crypto.JWK{
		KID: "https://a.vault.azure.net/keys/k/1", Kty: "EC", KeyOps: []crypto.Operation{"verify", "sign"},
		N: []byte{1}, E: []byte{2}, D: []byte{3}, DP: []byte{4}, DQ: []byte{5}, QI: []byte{6}, P: []byte{7}, Q: []byte{8},
		K: []byte{0, 9}, T: []byte{0, 10}, Crv: "other", X: []byte{11}, Y: []byte{12},
	}
	const want = `{"kid":"https://a.vault.azure.net/keys/k/1","kty":"EC","key_ops":["verify","sign"],` +
		`"n":"AQ","e":"Ag","d":"Aw","dp":"BA","dq":"BQ","qi":"Bg","p":"Bw","q":"CA","k":"AAk","key_hsm":"AAo","crv":"other","x":"Cw","y":"DA"}`
	if got := string(j.AppendJSON(nil)); got != want {
		t.Errorf("written as %s", got)
	}
	if got := string(j.AppendJSON([]byte(`"key":`))); got != `"key":`+want {
		t.Errorf("appended as %s", got)
	}
	if got, err := json.Marshal(j); string(got) != want || err != nil {
		t.Errorf("marshaled as %s, %v", got, err)
	}
}

func TestJWKWriting(t *testing.T) {
	for _, c := range []struct {
		name string
		j    crypto.JWK
		want string
	}{
		{"nothing", crypto.JWK{}, `{}`},
		{"no operations", crypto.JWK{KeyOps: []crypto.Operation{}}, `{"key_ops":[]}`},
		{"leading zeros of numbers", crypto.JWK{Kty: "RSA", N: []byte{0, 0, 5}, E: []byte{0, 1, 0, 1}}, `{"kty":"RSA","n":"BQ","e":"AQAB"}`},
		{"the number zero", crypto.JWK{N: []byte{0, 0}}, `{"n":"AA"}`},
		{"a short coordinate", crypto.JWK{Kty: "EC", Crv: crypto.P384, X: []byte{1}}, `{"kty":"EC","crv":"P-384","x":"` + strings.Repeat("A", 63) + `B"}`},
		{"a long coordinate", crypto.JWK{Kty: "EC", Crv: crypto.P256, X: bytes.Repeat([]byte{255}, 33)}, `{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("_", 44) + `"}`},
		{"a curve with RSA", crypto.JWK{Kty: "RSA", Crv: crypto.P256, D: []byte{1}}, `{"kty":"RSA","d":"AQ","crv":"P-256"}`},
		{"characters that JSON escapes", crypto.JWK{KID: "\"\\\n\u2028é"}, `{"kid":"\"\\\n\u2028é"}`},
	} {
		if got := string(c.j.AppendJSON(nil)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestJWKReading(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"an empty object", `{}`, `{}`},
		{"null", `null`, `{}`},
		{"null members", `{"kty":null,"n":null,"key_ops":null}`, `{}`},
		{"empty members", `{"kty":"","n":"","k":"","key_ops":[]}`, `{"key_ops":[]}`},
		{"foreign members", `{"use":"sig","alg":1,"x5c":[],"ext":true,"kty":"oct","oth":{"a":[null]}}`, `{"kty":"oct"}`},
		{"names in another case", `{"KTY":"RSA","K":"AQ","N":"AQ"}`, `{}`},
		{"leading zeros", `{"kty":"RSA","n":"AAAF","e":"AAEAAQ"}`, `{"kty":"RSA","n":"BQ","e":"AQAB"}`},
		{"the bytes of a symmetric key", `{"kty":"oct","k":"AAAF"}`, `{"kty":"oct","k":"AAAF"}`},
		{"a short coordinate", `{"kty":"EC-HSM","crv":"P-256K","y":"AQ"}`, `{"kty":"EC-HSM","crv":"P-256K","y":"` + strings.Repeat("A", 41) + `AE"}`},
		{"a coordinate with a zero too many", `{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("A", 43) + `B"}`, `{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("A", 41) + `AE"}`},
		{"operations in their order", `{"key_ops":["verify","sign","whatever","sign"]}`, `{"key_ops":["verify","sign","whatever","sign"]}`},
		{"a member twice", `{"kty":"RSA","kty":"EC"}`, `{"kty":"EC"}`},
	} {
		var j crypto.JWK
		if err := json.Unmarshal([]byte(c.in), &j); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := string(j.AppendJSON(nil)); got != c.want {
			t.Errorf("%s: read as %s, want %s", c.name, got, c.want)
		}
	}
}

func TestJWKRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"a string": `"key"`, "a number": `1`, "an array": `[]`, "not JSON": `{`, "nothing": ``,
		"kty is a number": `{"kty":1}`, "kid is an object": `{"kid":{}}`, "crv is an array": `{"crv":["P-256"]}`,
		"n is a number": `{"n":65537}`, "x is true": `{"x":true}`, "d is an array of bytes": `{"d":[1,2]}`,
		"key_ops is a string": `{"key_ops":"sign"}`, "an operation is a number": `{"key_ops":[1]}`,
		"standard base64": `{"n":"+/8"}`, "padding": `{"n":"AQ=="}`, "a blank": `{"n":"A Q"}`, "a line break": `{"n":"AQ\n"}`,
		"a carriage return": `{"k":"\rAQ"}`, "one character": `{"k":"A"}`, "not ASCII": `{"k":"ÄQ"}`,
	} {
		j := crypto.JWK{Kty: "kept"}
		err := j.UnmarshalJSON([]byte(in))
		if err == nil || err.Error() != errs.NewInvalidJWK().Error() || !errors.Is(err, errs.BadParameter) {
			t.Errorf("%s: %v", name, err)
		}
		if j.Kty != "kept" {
			t.Errorf("%s: refused and yet read as %v", name, j)
		}
	}
}

func TestJWKPublic(t *testing.T) {
	for _, spec := range []crypto.Spec{crypto.RSA(2048), crypto.EC(crypto.P521), crypto.Oct(128)} {
		j := cryptotest.JWK(t, spec)
		j.KID, j.KeyOps, j.T = "kid", allOperations, []byte{1}
		p := j.Public()
		for name, member := range map[string][]byte{
			"d": p.D, "dp": p.DP, "dq": p.DQ, "qi": p.QI, "p": p.P, "q": p.Q, "k": p.K, "key_hsm": p.T,
		} {
			if member != nil {
				t.Errorf("%v: Public() has %s", spec, name)
			}
		}
		if p.KID != "kid" || !slices.Equal(p.KeyOps, allOperations) || p.Kty != j.Kty || p.Crv != j.Crv ||
			!bytes.Equal(p.N, j.N) || !bytes.Equal(p.E, j.E) || !bytes.Equal(p.X, j.X) || !bytes.Equal(p.Y, j.Y) {
			t.Errorf("%v: Public() lost a public member", spec)
		}
	}
}

// TestJWKPrintsNoSecret: whichever way it is printed or logged.
func TestJWKPrintsNoSecret(t *testing.T) {
	for _, spec := range []crypto.Spec{crypto.RSA(2048), crypto.EC(crypto.P256), crypto.Oct(256)} {
		j := cryptotest.JWK(t, spec)
		want := j.Public().String()
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("imported", "key", j)
		printed := log.String() + j.String() + j.GoString()
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			got := fmt.Sprintf(verb, j)
			if got != want {
				t.Errorf("%v: %s prints %s", spec, verb, got)
			}
			printed += got + fmt.Sprintf(verb, &j) + fmt.Sprintf(verb, []crypto.JWK{j}) + fmt.Sprintf(verb, struct{ Key crypto.JWK }{j})
		}
		for _, member := range []string{`"d"`, `"dp"`, `"dq"`, `"qi"`, `"p"`, `"q"`, `"k"`} {
			if strings.Contains(printed, member) {
				t.Errorf("%v: %s is printed", spec, member)
			}
		}
		for _, secret := range [][]byte{j.D, j.K, j.P} {
			if len(secret) > 0 && strings.Contains(printed, strings.Trim(fmt.Sprint(secret), "[]")) {
				t.Errorf("%v: bytes are printed", spec)
			}
		}
	}
}

// TestJWKRoundTrip: whatever a JWK holds, reading what was written and writing
// it again gives the same text, and the bytes of symmetric keys come back.
func TestJWKRoundTrip(t *testing.T) {
	member := rapid.SliceOfN(rapid.Byte(), 0, 70)
	text := rapid.StringMatching(`[ -~]{0,20}`)
	rapid.Check(t, func(t *rapid.T) {
		b := func(name string) []byte { return member.Draw(t, name) }
		j := crypto.JWK{
			KID: text.Draw(t, "kid"),
			Kty: rapid.SampledFrom([]crypto.KeyType{"RSA", "EC", "EC-HSM", "oct", ""}).Draw(t, "kty"),
			Crv: rapid.SampledFrom([]crypto.Curve{"P-256", "P-384", "P-521", "P-256K", "P-224", ""}).Draw(t, "crv"),
			N:   b("n"), E: b("e"), D: b("d"), DP: b("dp"), DQ: b("dq"), QI: b("qi"), P: b("p"), Q: b("q"),
			K: b("k"), T: b("key_hsm"), X: b("x"), Y: b("y"),
		}
		for _, op := range rapid.SliceOfN(text, 0, 4).Draw(t, "key_ops") {
			j.KeyOps = append(j.KeyOps, crypto.Operation(op))
		}
		written := j.AppendJSON(nil)
		var again crypto.JWK
		if err := json.Unmarshal(written, &again); err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if got := again.AppendJSON(nil); !bytes.Equal(got, written) {
			t.Fatalf("%s became %s", written, got)
		}
		if !bytes.Equal(again.K, j.K) || !bytes.Equal(again.T, j.T) || !slices.Equal(again.KeyOps, j.KeyOps) {
			t.Fatalf("%s lost bytes or operations", written)
		}
	})
}

// FuzzJWK: nothing that is read makes trouble, and what was read reads the
// same after writing.
func FuzzJWK(f *testing.F) {
	for _, spec := range []crypto.Spec{crypto.RSA(2048), crypto.EC(crypto.P521), crypto.Oct(192)} {
		seed, _ := cryptotest.JWK(f, spec).MarshalJSON()
		f.Add(seed)
	}
	f.Add([]byte(`{"kty":"EC","crv":"P-256","x":"AA","y":null,"key_ops":["sign"],"key_hsm":"AA"}`))
	f.Add([]byte(`{"N":"AQAB","kty":"RSA\u0000","e":"AAEAAQ","kid":"\ud800"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var j crypto.JWK
		if err := j.UnmarshalJSON(data); err != nil {
			if !errors.Is(err, errs.BadParameter) {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		written := j.AppendJSON(nil)
		var again crypto.JWK
		if err := json.Unmarshal(written, &again); err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if got := again.AppendJSON(nil); !bytes.Equal(got, written) {
			t.Fatalf("%s became %s", written, got)
		}
	})
}
