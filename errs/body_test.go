package errs_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/embedvault/embedvault/errs"
)

var update = flag.Bool("update", false, "rewrite ERRORS.md and the files under testdata")

// The sizes are those of recorded answers, by their Content-Length.
func TestBodyHasTheRecordedLength(t *testing.T) {
	for _, tt := range []struct {
		err  *errs.Error
		want int
	}{
		{errs.NewMissingToken(), 108},
		{&errs.Error{Code: errs.Unauthorized, Message: "AKV10000: Request is missing a Bearer or PoP token."}, 97}, // of an older build
		{ofRow(t, "attestation-refused"), 140},
		{errs.NewThrottled(0), 146},
		{errs.NewMethodNotAllowed("PUT"), 70},
		{errs.NewCorruptBackup(), 78},
		{errs.Secret.BeingRecovered("secret-sauce"), 176},
	} {
		if got := tt.err.AppendBody(nil); len(got) != tt.want {
			t.Errorf("%d bytes, recorded %d: %s", len(got), tt.want, got)
		}
	}
}

// ofRow gives the refusal of a row that takes no particulars.
func ofRow(t *testing.T, id string) *errs.Error {
	t.Helper()
	for _, r := range errs.Rows() {
		if r.ID == id {
			return &errs.Error{Status: r.Status, Code: r.Code, Inner: r.Inner, Message: r.Template}
		}
	}
	t.Fatalf("no row %s", id)
	return nil
}

func TestBodyIsByteExact(t *testing.T) {
	for _, tt := range []struct {
		err  *errs.Error
		want string
	}{
		{errs.NewMissingToken(),
			`{"error":{"code":"Unauthorized","message":"AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token."}}`},
		{errs.NewSecretDisabled("get"),
			`{"error":{"code":"Forbidden","message":"Operation get is not allowed on a disabled secret.","innererror":{"code":"SecretDisabled"}}}`},
		{errs.Secret.BeingRecovered("secret-sauce"),
			`{"error":{"code":"Conflict","message":"Secret secret-sauce is currently being recovered and cannot be re-created; retry later.","innererror":{"code":"ObjectIsBeingRecovered"}}}`},
		{errs.NewParameterIncorrect(),
			`{"error":{"code":"BadParameter","message":"The parameter is incorrect.\r\n"}}`},
		{errs.NewInvalidName(`<a&b>"\`),
			`{"error":{"code":"BadParameter","message":"The request URI contains an invalid name: <a&b>\"\\"}}`},
		{errs.NewCorruptBackup(),
			`{"error":{"code":"Malformed backup blob","message":"Backup blob is corrupt."}}`},
		{errs.Certificate.NotDeleted(),
			`{"error":{"code":"MethodNotAllowed","message":"Certificate must be deleted prior to being purged.","innererror":{"code":"ObjectMustBeDeletedPriorToBeingPurged"}}}`},
	} {
		if got := string(tt.err.AppendBody(nil)); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

// Every body of every constructor, for the eye of whoever changes a text.
func TestBodiesGolden(t *testing.T) {
	var b bytes.Buffer
	for _, s := range append(samples(), twins()...) {
		fmt.Fprintf(&b, "%s\n%d %s\n\n", s.call, s.err.Status, s.err.AppendBody(nil))
	}
	const file = "testdata/bodies.txt"
	if *update {
		write(t, file, b.Bytes())
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("%s differs; run go test ./errs -update and review the change:\n%s", file, firstDifference(b.Bytes(), want))
	}
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func firstDifference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\ngot  %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// reference renders a body by encoding/json.
func reference(t *testing.T, e *errs.Error) string {
	t.Helper()
	type inner struct {
		Code string `json:"code"`
	}
	var body struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
			Inner   *inner `json:"innererror,omitempty"`
		} `json:"error"`
	}
	body.Error.Code, body.Error.Message = string(e.Code), e.Message
	if e.Inner != "" {
		body.Error.Inner = &inner{string(e.Inner)}
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func FuzzAppendBody(f *testing.F) {
	f.Add("Forbidden", "KeyDisabled", "two\r\nlines")
	f.Add("", "", "<&>\"\\/\u2028\u2029\x00\x1f\x7f\b\f\n\r\t")
	f.Add("c", "", "\xff\xc0\xaf\xed\xa0\x80é€😀\ufffd")
	f.Fuzz(func(t *testing.T, code, inner, message string) {
		e := &errs.Error{Code: errs.Code(code), Inner: errs.Code(inner), Message: message}
		body := string(e.AppendBody([]byte("before")))
		body, ok := strings.CutPrefix(body, "before")
		if !ok {
			t.Fatal("what was in dst is gone")
		}
		if want := reference(t, e); body != want {
			t.Fatalf("got  %s\nwant %s", body, want)
		}
		var back struct {
			Error struct {
				Message string
				Inner   struct{ Code string } `json:"innererror"`
			}
		}
		if err := json.Unmarshal([]byte(body), &back); err != nil {
			t.Fatal(err)
		}
		if utf8.ValidString(message) && back.Error.Message != message {
			t.Fatalf("decoded %q, want %q", back.Error.Message, message)
		}
		if utf8.ValidString(inner) && back.Error.Inner.Code != inner {
			t.Fatalf("decoded inner code %q, want %q", back.Error.Inner.Code, inner)
		}
	})
}

func TestMarshalJSONIsTheBody(t *testing.T) {
	e := errs.NewPurgeProtected(where)
	got, err := e.MarshalJSON()
	if err != nil || !bytes.Equal(got, e.AppendBody(nil)) {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := json.Marshal(e); err != nil || !json.Valid(got) {
		t.Errorf("%s, %v", got, err)
	}
}

func TestAppendBodyDoesNotAllocate(t *testing.T) {
	e := errs.NewForbiddenByPolicy(who, where, "keys", "sign")
	buf := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { buf = e.AppendBody(buf[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAppendBody(b *testing.B) {
	e := errs.NewForbiddenByPolicy(who, where, "keys", "sign")
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = e.AppendBody(buf[:0])
	}
}

func BenchmarkNotFound(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = errs.Key.NotFound("app/0123456789abcdef0123456789abcdef")
	}
}

func BenchmarkForbiddenByRbac(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = errs.NewForbiddenByRbac(who, where, "Microsoft.KeyVault/vaults/secrets/getSecret/action",
			"/subscriptions/s/resourcegroups/rg/providers/microsoft.keyvault/vaults/contoso/secrets/db", "", "", "")
	}
}
