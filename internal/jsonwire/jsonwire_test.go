package jsonwire_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/embedvault/embedvault/internal/jsonwire"
)

func TestWriter(t *testing.T) {
	var w jsonwire.Writer
	w.Open('{')
	w.Name("text")
	w.Text("a\"\r\n<&>")
	w.Name("list")
	w.Open('[')
	w.Int(-1)
	w.Bool(true)
	w.Open('{')
	w.Close('}')
	w.Open('[')
	w.Close(']')
	w.Close(']')
	w.Name("bytes")
	w.Base64URL([]byte{0xff, 0xfe})
	w.Close('}')
	if got, want := string(w.Buf), `{"text":"a\"\r\n<&>","list":[-1,true,{},[]],"bytes":"__4"}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", "\x00\x1f\b\f\n\r\t\"\\/", "é漢😀\u2028\u2029\ufffd", "\xff\xc3", "<>&"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(s); err != nil {
			t.Fatal(err)
		}
		if got := jsonwire.AppendString(nil, s); string(got)+"\n" != want.String() {
			t.Errorf("%q: got %s, want %s", s, got, want.String())
		}
	})
}
