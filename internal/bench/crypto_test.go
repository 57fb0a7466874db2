package bench_test

import (
	"bytes"
	stdcrypto "crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"testing"

	"github.com/go-jose/go-jose/v4"
	josecipher "github.com/go-jose/go-jose/v4/cipher"
	gcmsubtle "github.com/tink-crypto/tink-go/v2/aead/subtle"
	kwpsubtle "github.com/tink-crypto/tink-go/v2/kwp/subtle"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/soft"
)

// digest is what is signed, encrypted and wrapped: 32 bytes.
var digest = []byte("0123456789abcdef0123456789abcdef")

// cryptoRows compare an operation at a Key with the bare call that it stands on or, where the standard library has none,
// with other modules.
func cryptoRows() []row {
	return []row{
		{"Sign/RS256", signRSA}, {"Sign/ES256", signEC}, {"Encrypt/A256GCM-32", encryptGCM},
		{"WrapKey/A256KW-32", wrap}, {"UnwrapKey/A256KW-32", unwrap}, {"WrapKey/A256KWPAD-32", wrapPad},
	}
}

// both returns a fixed key as ours, and as the standard library's.
func both[K any](tb testing.TB, spec crypto.Spec) (*crypto.Key, K) {
	j := cryptotest.JWK(tb, spec)
	private := must(soft.New().Import(tb.Context(), j))(tb)
	return must(crypto.NewKey("https://bench.vault.azure.net/keys/k", private, spec.DefaultOperations()))(tb), standard[K](tb, j)
}

// standard returns a key as the standard library has it, with all that it computes in advance.
func standard[K any](tb testing.TB, j crypto.JWK) K {
	var read jose.JSONWebKey
	check(tb, read.UnmarshalJSON(must(j.MarshalJSON())(tb)))
	key, ok := read.Key.(K)
	if !ok {
		tb.Fatalf("the key is a %T", read.Key)
	}
	if long, ok := read.Key.(*rsa.PrivateKey); ok {
		long.Precompute()
	}
	return key
}

// operation is a side of which every call gives bytes.
func operation(name string, do func() ([]byte, error)) side {
	return side{name, func(tb testing.TB, n int) {
		for range n {
			out, err := do()
			if err != nil {
				tb.Fatal(err)
			}
			sink = out
		}
	}}
}

// sink keeps a result from being optimized away.
var sink []byte

func signRSA(tb testing.TB) []side {
	ctx := tb.Context()
	ours, std := both[*rsa.PrivateKey](tb, crypto.RSA(2048))
	return []side{
		operation("crypto", func() ([]byte, error) { return ours.Sign(ctx, crypto.RS256, digest) }),
		operation("std", func() ([]byte, error) { return rsa.SignPKCS1v15(nil, std, stdcrypto.SHA256, digest) }),
	}
}

func signEC(tb testing.TB) []side {
	ctx := tb.Context()
	ours, std := both[*ecdsa.PrivateKey](tb, crypto.EC(crypto.P256))
	return []side{
		operation("crypto", func() ([]byte, error) { return ours.Sign(ctx, crypto.ES256, digest) }),
		operation("std", func() ([]byte, error) { return ecdsa.SignASN1(rand.Reader, std, digest) }),
	}
}

func encryptGCM(tb testing.TB) []side {
	ctx := tb.Context()
	ours, key := both[[]byte](tb, crypto.Oct(256))
	std := must(cipher.NewGCMWithRandomNonce(must(aes.NewCipher(key))(tb)))(tb)
	tink := must(gcmsubtle.NewAESGCM(key))(tb)
	return []side{
		operation("crypto", func() ([]byte, error) {
			result, err := ours.Encrypt(ctx, crypto.A256GCM, digest, crypto.Params{})
			return result.Value, err
		}),
		operation("std", func() ([]byte, error) { return std.Seal(nil, nil, digest, nil), nil }),
		operation("tink", func() ([]byte, error) { return tink.Encrypt(digest, nil) }),
	}
}

func wrap(tb testing.TB) []side {
	ctx := tb.Context()
	ours, key := both[[]byte](tb, crypto.Oct(256))
	block := must(aes.NewCipher(key))(tb)
	return []side{
		operation("crypto", func() ([]byte, error) { return ours.WrapKey(ctx, crypto.A256KW, digest) }),
		operation("go-jose", func() ([]byte, error) { return josecipher.KeyWrap(block, digest) }),
		{"24-blocks", func(_ testing.TB, n int) { // of AES, one after the other: the floor
			var b [16]byte
			for range n {
				for range 24 {
					block.Encrypt(b[:], b[:])
				}
			}
		}},
	}
}

func unwrap(tb testing.TB) []side {
	ctx := tb.Context()
	ours, key := both[[]byte](tb, crypto.Oct(256))
	block := must(aes.NewCipher(key))(tb)
	wrapped := must(josecipher.KeyWrap(block, digest))(tb)
	return []side{
		operation("crypto", func() ([]byte, error) { return ours.UnwrapKey(ctx, crypto.A256KW, wrapped) }),
		operation("go-jose", func() ([]byte, error) { return josecipher.KeyUnwrap(block, wrapped) }),
	}
}

func wrapPad(tb testing.TB) []side {
	ctx := tb.Context()
	ours, key := both[[]byte](tb, crypto.Oct(256))
	tink := must(kwpsubtle.NewKWP(key))(tb)
	return []side{
		operation("crypto", func() ([]byte, error) { return ours.WrapKey(ctx, crypto.A256KWPAD, digest) }),
		operation("tink", func() ([]byte, error) { return tink.Wrap(digest) }),
	}
}

// What is always the same is the same on all sides; what is not, the other side opens.
func TestCryptoAgrees(t *testing.T) {
	for name, open := range map[string]func(testing.TB) []side{
		"RS256": signRSA, "A256KW": wrap, "unwrap A256KW": unwrap, "A256KWPAD": wrapPad,
	} {
		var first []byte
		for _, s := range open(t)[:2] {
			s.run(t, 1)
			if first != nil && !bytes.Equal(first, sink) {
				t.Errorf("%s: %s gives %x, ours %x", name, s.name, sink, first)
			}
			first = sink
		}
	}

	ours, std := both[*ecdsa.PrivateKey](t, crypto.EC(crypto.P256))
	signature := must(ours.Sign(t.Context(), crypto.ES256, digest))(t)
	half := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	if !ecdsa.Verify(&std.PublicKey, digest, half(signature[:32]), half(signature[32:])) {
		t.Error("the standard library does not accept our ES256")
	}

	oct, key := both[[]byte](t, crypto.Oct(256))
	sealed := must(oct.Encrypt(t.Context(), crypto.A256GCM, digest, crypto.Params{}))(t)
	tink := must(gcmsubtle.NewAESGCM(key))(t)
	opened := must(tink.Decrypt(append(append(sealed.IV, sealed.Value...), sealed.Tag...), nil))(t)
	if !bytes.Equal(opened, digest) {
		t.Error("tink opens another text than we encrypted")
	}
}
