package crypto_test

import (
	stdcrypto "crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"testing"

	josecipher "github.com/go-jose/go-jose/v4/cipher"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
)

// pair is one operation at the key and the bare call it stands on.
type pair struct {
	name      string
	bare, key func(testing.TB)
	extra     float64 // allocations that the key may add: its result
}

// pairs are measured in one run, so that their ratio means something.
func pairs(tb testing.TB) []pair {
	ctx, digest := tb.Context(), make([]byte, 32)
	must := func(tb testing.TB, err error) {
		if err != nil {
			tb.Fatal(err)
		}
	}
	r, rStd := importKey(tb, cryptotest.JWK(tb, crypto.RSA(2048))), bareRSA(tb)
	e, eStd := importKey(tb, cryptotest.JWK(tb, crypto.EC(crypto.P256))), bareEC(tb)
	oct := cryptotest.JWK(tb, crypto.Oct(256))
	o := importKey(tb, oct)
	block, err := aes.NewCipher(oct.K)
	must(tb, err)
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	must(tb, err)
	wrapped, err := o.WrapKey(ctx, crypto.A256KW, digest)
	must(tb, err)

	return []pair{
		{"Sign/RS256",
			func(tb testing.TB) { must(tb, second(rsa.SignPKCS1v15(nil, rStd, stdcrypto.SHA256, digest))) },
			func(tb testing.TB) { must(tb, second(r.Sign(ctx, crypto.RS256, digest))) }, 0},
		{"Sign/ES256", // the standard library's result is DER, the key's is not
			func(tb testing.TB) { must(tb, second(ecdsa.SignASN1(rand.Reader, eStd, digest))) },
			func(tb testing.TB) { must(tb, second(e.Sign(ctx, crypto.ES256, digest))) }, 1},
		{"Encrypt/A256GCM-32",
			func(testing.TB) { sink = gcm.Seal(nil, nil, digest, nil) },
			func(tb testing.TB) {
				result, err := o.Encrypt(ctx, crypto.A256GCM, digest, crypto.Params{})
				must(tb, err)
				sink = result.Value
			}, 0},
		{"WrapKey/A256KW-32", // the bare call is go-jose's
			func(tb testing.TB) { must(tb, second(josecipher.KeyWrap(block, digest))) },
			func(tb testing.TB) { must(tb, second(o.WrapKey(ctx, crypto.A256KW, digest))) }, 0},
		{"UnwrapKey/A256KW-32",
			func(tb testing.TB) { must(tb, second(josecipher.KeyUnwrap(block, wrapped))) },
			func(tb testing.TB) { must(tb, second(o.UnwrapKey(ctx, crypto.A256KW, wrapped))) }, 0},
	}
}

// sink keeps a result from being optimized away.
var sink []byte

func second(b []byte, err error) error {
	sink = b
	return err
}

func bareRSA(tb testing.TB) *rsa.PrivateKey {
	j := cryptotest.JWK(tb, crypto.RSA(2048))
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	k := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: number(j.N), E: int(number(j.E).Int64())},
		D:         number(j.D), Primes: []*big.Int{number(j.P), number(j.Q)},
	}
	k.Precompute()
	if err := k.Validate(); err != nil {
		tb.Fatal(err)
	}
	return k
}

func bareEC(tb testing.TB) *ecdsa.PrivateKey {
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), cryptotest.JWK(tb, crypto.EC(crypto.P256)).D)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// TestAllocations: a Key allocates nothing beyond the call it stands on and
// its own result.
func TestAllocations(t *testing.T) {
	for _, p := range pairs(t) {
		bare := testing.AllocsPerRun(50, func() { p.bare(t) })
		key := testing.AllocsPerRun(50, func() { p.key(t) })
		if key > bare+p.extra {
			t.Errorf("%s: %v allocations, the bare call %v and %v for the result", p.name, key, bare, p.extra)
		}
	}
}

func BenchmarkKey(b *testing.B) {
	for _, p := range pairs(b) {
		b.Run(p.name+"/bare", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.bare(b)
			}
		})
		b.Run(p.name+"/key", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.key(b)
			}
		})
	}
}

func BenchmarkJWK(b *testing.B) {
	k := importKey(b, cryptotest.JWK(b, crypto.RSA(2048)))
	b.ReportAllocs()
	for b.Loop() {
		sink = k.JWK().AppendJSON(sink[:0])
	}
}
