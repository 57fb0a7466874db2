package crypto_test

import (
	stdcrypto "crypto"
	"encoding/base64"
	"encoding/json"
	"os"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/soft"
)

// base64url is a member of testdata/jose.json.
type base64url []byte

func (b *base64url) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.DecodeString(string(text))
	return err
}

// joseVectors are the examples of RFC 7515, 7516, 7517 and 7520 with keys of
// sizes that the service has. Those of RFC 7518 and 7519 are about JWE content
// encryption, key agreement, or keys of RFC 7515 again; RFC 8017 has none.
type joseVectors struct {
	Signatures []struct {
		Source    string
		Alg       crypto.Algorithm
		Key       crypto.JWK
		Input     string
		Signature base64url
	}
	Wrapped []struct {
		Source       string
		Alg          crypto.Algorithm
		Key          crypto.JWK
		CEK          base64url
		EncryptedKey base64url `json:"encrypted_key"`
	}
	GCM []struct {
		Source, Plaintext, AAD string
		Alg                    crypto.Algorithm
		Key                    crypto.JWK
		IV, Ciphertext, Tag    base64url
	}
	Keys []struct {
		Source string
		Key    json.RawMessage
	}
}

func loadJOSE(t *testing.T) joseVectors {
	t.Helper()
	data, err := os.ReadFile("testdata/jose.json")
	if err != nil {
		t.Fatal(err)
	}
	var v joseVectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Signatures) != 5 || len(v.Wrapped) != 4 || len(v.GCM) != 3 || len(v.Keys) != 3 {
		t.Fatalf("%d signatures, %d wrapped keys, %d ciphertexts, %d keys", len(v.Signatures), len(v.Wrapped), len(v.GCM), len(v.Keys))
	}
	return v
}

var allOperations = []crypto.Operation{
	crypto.OpEncrypt, crypto.OpDecrypt, crypto.OpSign, crypto.OpVerify, crypto.OpWrapKey, crypto.OpUnwrapKey,
}

// importKey makes a Key that may do everything.
func importKey(tb testing.TB, j crypto.JWK) *crypto.Key {
	tb.Helper()
	p, err := soft.New().Import(tb.Context(), j)
	if err != nil {
		tb.Fatalf("Import: %v", err)
	}
	k, err := crypto.NewKey("https://a.vault.azure.net/keys/k/1", p, allOperations)
	if err != nil {
		tb.Fatalf("NewKey: %v", err)
	}
	return k
}

func TestJOSESignatures(t *testing.T) {
	for _, v := range loadJOSE(t).Signatures {
		k := importKey(t, v.Key)
		input := []byte(v.Input)
		if row, _ := crypto.Lookup(v.Alg); row.Digest != 0 {
			input = digestOf(row.Hash, input)
		}
		if ok, err := k.Verify(t.Context(), v.Alg, input, v.Signature); !ok || err != nil {
			t.Errorf("%s, %s: verifies %t, %v", v.Source, v.Alg, ok, err)
		}
		if v.Alg == crypto.RS256 || v.Alg == crypto.HS256 {
			if got, err := k.Sign(t.Context(), v.Alg, input); string(got) != string(v.Signature) {
				t.Errorf("%s, %s: signed as %x, %v", v.Source, v.Alg, got, err)
			}
		}
	}
}

func digestOf(h stdcrypto.Hash, data []byte) []byte {
	w := h.New()
	w.Write(data)
	return w.Sum(nil)
}

func TestJOSEWrappedKeys(t *testing.T) {
	for _, v := range loadJOSE(t).Wrapped {
		got, err := importKey(t, v.Key).UnwrapKey(t.Context(), v.Alg, v.EncryptedKey)
		if err != nil || string(got) != string(v.CEK) {
			t.Errorf("%s, %s: unwrapped to %x, %v", v.Source, v.Alg, got, err)
		}
	}
}

func TestJOSECiphertexts(t *testing.T) {
	for _, v := range loadJOSE(t).GCM {
		p := crypto.Params{IV: v.IV, AAD: []byte(v.AAD), Tag: v.Tag}
		got, err := importKey(t, v.Key).Decrypt(t.Context(), v.Alg, v.Ciphertext, p)
		if err != nil || string(got) != v.Plaintext {
			t.Errorf("%s, %s: decrypted to %q, %v", v.Source, v.Alg, got, err)
		}
	}
}

// TestJOSEKeys: the examples of RFC 7517 are read, imported and written again
// with the same members.
func TestJOSEKeys(t *testing.T) {
	for _, v := range loadJOSE(t).Keys {
		var j crypto.JWK
		if err := json.Unmarshal(v.Key, &j); err != nil {
			t.Fatalf("%s: %v", v.Source, err)
		}
		importKey(t, j)
		var want, got map[string]any
		written, _ := json.Marshal(j)
		if err := json.Unmarshal(written, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(v.Key, &want); err != nil {
			t.Fatal(err)
		}
		for _, foreign := range []string{"use", "alg"} {
			delete(want, foreign)
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d members, want %d", v.Source, len(got), len(want))
		}
		for name := range want {
			if got[name] != want[name] {
				t.Errorf("%s: %s = %v, want %v", v.Source, name, got[name], want[name])
			}
		}
	}
}
