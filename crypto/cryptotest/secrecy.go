package cryptotest

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/crypto"
)

// concurrent: one key is used from several goroutines at once.
func (s *suite) concurrent(t *testing.T) {
	for _, kty := range s.types {
		p := s.fixed(t, specs(kty)[0])
		for range 4 {
			t.Run(string(kty), func(t *testing.T) {
				t.Parallel()
				exercise(t, p)
			})
		}
	}
}

// secrecy: no verb prints a key, and a module's blob does not show it.
func (s *suite) secrecy(t *testing.T) {
	s.eachSpec(t, func(t *testing.T, spec crypto.Spec) {
		p, j := s.fixed(t, spec), JWK(t, spec)
		secret := cmp.Or(string(j.K), string(j.D))
		var printed strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%p"} {
			fmt.Fprintf(&printed, verb, p)
			fmt.Fprintf(&printed, verb, newKey(t, p))
		}
		for form, shown := range spellings([]byte(secret)) {
			if strings.Contains(printed.String(), shown) {
				t.Errorf("formatting shows the key as %s", form)
			}
		}
		if spec.Type.HSM() {
			for _, part := range [][]byte{j.K, j.D, j.P, j.Q} {
				if len(part) > 0 && bytes.Contains(p.Blob(), part) {
					t.Error("the blob shows the key")
				}
			}
		}
	})
}

// spellings returns how fmt and encoders would show b.
func spellings(b []byte) map[string]string {
	return map[string]string{
		"raw bytes": string(b), "base64url": base64.RawURLEncoding.EncodeToString(b), "base64": base64.StdEncoding.EncodeToString(b),
		"hex": hex.EncodeToString(b), "a number": new(big.Int).SetBytes(b).String(),
		"a slice": strings.Trim(fmt.Sprint(b), "[]"), "quoted": strings.Trim(fmt.Sprintf("%q", b), `"`),
	}
}
