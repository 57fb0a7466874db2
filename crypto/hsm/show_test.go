package hsm_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/hsm"
)

// TestNothingShows: no verb, no JSON and no log of any type shows a key or the
// domain.
func TestNothingShows(t *testing.T) {
	m := newModule(t, hsm.Options{Name: "seven"})
	var domain []byte
	if err := m.ExportDomain(func(b []byte) error { domain = bytes.Clone(b); return nil }); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(show(domain), hex.EncodeToString(domain)) {
		t.Error("a secret that shows is not found")
	}
	for _, s := range everySpec {
		j := cryptotest.JWK(t, s.HSM())
		p := fixed(t, m.Driver(true), s)
		release, err := hsm.Hold(p) // so that the module holds it open
		if err != nil {
			t.Fatal(err)
		}
		w, err := m.Release(t.Context(), p, &receiver(t, 2048).PublicKey, "to", "")
		if err != nil {
			t.Fatal(err)
		}
		a, err := m.Attest(t.Context(), p, "kid")
		if err != nil {
			t.Fatal(err)
		}
		root, _ := m.Root()
		stated, err := hsm.Verify(a, root)
		if err != nil {
			t.Fatal(err)
		}
		shown := show(m, m.Driver(true), p, newKey(t, p), w, a, stated, m.Stats(), hsm.Options{RSA: testRSA()}, hsm.Profile{},
			hsm.CKMRSAAESKeyWrap, hsm.Generated, hsm.Published2025, hsm.WorkSign)
		for name, secret := range map[string][]byte{"domain": domain, "d": j.D, "k": j.K, "p": j.P, "q": j.Q, "dp": j.DP, "dq": j.DQ, "qi": j.QI} {
			for form, spelled := range spellings(secret) {
				if len(secret) > 0 && strings.Contains(shown, spelled) {
					t.Errorf("%v: %s shows as %s", s, name, form)
				}
			}
		}
		release()
	}
	if got := fmt.Sprintf("%v %+v", m, m.Driver(true)); got != "simulated HSM seven driver of simulated HSM seven" {
		t.Error(got)
	}
}

func show(values ...any) string {
	type hidden struct{ field any } // fmt calls no method of what it holds
	for _, v := range values {
		values = append(values, hidden{v})
	}
	var out strings.Builder
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		if encoded, err := json.Marshal(v); err == nil {
			out.Write(encoded)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("log", "value", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("log", "value", v)
	}
	return out.String()
}
