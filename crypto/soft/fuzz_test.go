package soft_test

import (
	"errors"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/soft"
	"github.com/embedvault/embedvault/errs"
)

// FuzzDecrypt gives an algorithm whatever anybody likes to send to be decrypted
// and unwrapped: it opens, or is refused as a bad parameter.
func FuzzDecrypt(f *testing.F) {
	var keys []*crypto.Key
	algorithms := crypto.Algorithms()
	for _, spec := range []crypto.Spec{crypto.RSA(2048), crypto.Oct(128), crypto.Oct(192), crypto.Oct(256)} {
		p, err := soft.New().Import(f.Context(), cryptotest.JWK(f, spec))
		if err != nil {
			f.Fatal(err)
		}
		k, err := crypto.NewKey("id", p, []crypto.Operation{crypto.OpDecrypt, crypto.OpUnwrapKey})
		if err != nil {
			f.Fatal(err)
		}
		keys = append(keys, k)
	}
	for i := range algorithms {
		f.Add(byte(i), make([]byte, 256), []byte{}, []byte{}, []byte{})
		f.Add(byte(i), make([]byte, 32), make([]byte, 12), make([]byte, 16), []byte("aad"))
		f.Add(byte(i), make([]byte, 48), make([]byte, 16), []byte{}, []byte{})
	}
	f.Fuzz(func(t *testing.T, which byte, ciphertext, iv, tag, aad []byte) {
		a := algorithms[int(which)%len(algorithms)]
		for _, k := range keys {
			_, err := k.Decrypt(t.Context(), a, ciphertext, crypto.Params{IV: iv, Tag: tag, AAD: aad})
			if err != nil && !errors.Is(err, errs.BadParameter) {
				t.Fatalf("Decrypt with %s: %v", a, err)
			}
			if _, err := k.UnwrapKey(t.Context(), a, ciphertext); err != nil && !errors.Is(err, errs.BadParameter) {
				t.Fatalf("UnwrapKey with %s: %v", a, err)
			}
		}
	})
}

// FuzzOpen: a blob is a key or an error, and a key that opens works.
func FuzzOpen(f *testing.F) {
	for _, spec := range []crypto.Spec{crypto.RSA(2048), crypto.EC(crypto.P256), crypto.EC(crypto.P256K), crypto.Oct(192)} {
		p, err := soft.New().Import(f.Context(), cryptotest.JWK(f, spec))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p.Blob())
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		p, err := soft.New().Open(t.Context(), blob)
		if err != nil {
			return
		}
		if _, err := crypto.NewKey("id", p, nil); err != nil {
			t.Fatalf("%v opens and is no key: %v", p, err)
		}
		if again, err := soft.New().Open(t.Context(), p.Blob()); err != nil || again.Spec() != p.Spec() {
			t.Fatalf("%v does not open again: %v", p, err)
		}
	})
}
