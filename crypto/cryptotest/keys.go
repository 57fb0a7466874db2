package cryptotest

import (
	"embed"
	"encoding/json"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/crypto"
)

// keys holds one private key of every size and curve, made for these tests and
// used nowhere else.
//
//go:embed testdata/*.json
var keys embed.FS

// JWK returns a private key of the size or curve and of the type that spec
// asks for, ready for Driver.Import. It is always the same, and public: use it
// in tests only. Its exponent is 65537. A spec that does not exist is fatal.
func JWK(tb testing.TB, spec crypto.Spec) crypto.JWK {
	tb.Helper()
	spec, err := spec.Normalize()
	if err != nil {
		tb.Fatalf("cryptotest: %v", err)
	}
	kty := spec.Type
	spec.Type = kty.Base()
	name := strings.ReplaceAll(strings.ToLower(spec.String()), " ", "-")
	data, err := keys.ReadFile("testdata/" + name + ".json")
	if err != nil {
		tb.Fatalf("cryptotest: %v", err)
	}
	var j crypto.JWK
	if err := json.Unmarshal(data, &j); err != nil {
		tb.Fatalf("cryptotest: %v", err)
	}
	j.Kty = kty
	return j
}
