package primitive_test

import (
	"bytes"
	stdcrypto "crypto"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256"
	"errors"
	"math/big"
	"sync"
	"testing"

	"github.com/embedvault/embedvault/internal/primitive"
)

// testRSA is one key of 2048 bits for all tests.
var testRSA = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := primitive.GenerateRSA(2048, 65537)
	if err != nil {
		panic(err)
	}
	return k
})

func numbers(k *rsa.PrivateKey) primitive.RSANumbers {
	return primitive.RSANumbers{
		N: k.N.Bytes(), E: big.NewInt(int64(k.E)).Bytes(), D: k.D.Bytes(),
		P: k.Primes[0].Bytes(), Q: k.Primes[1].Bytes(),
		DP: k.Precomputed.Dp.Bytes(), DQ: k.Precomputed.Dq.Bytes(), QI: k.Precomputed.Qinv.Bytes(),
	}
}

func TestGenerateRSARefuses(t *testing.T) {
	for _, c := range []struct{ bits, e int }{
		{1024, 65537}, {2047, 65537}, {0, 65537}, {-1, 65537}, {8192, 65537},
		{2048, 0}, {2048, 1}, {2048, 2}, {2048, 65536}, {2048, -3},
	} {
		if _, err := primitive.GenerateRSA(c.bits, c.e); !errors.Is(err, primitive.ErrKey) {
			t.Errorf("%d bits with exponent %d: %v", c.bits, c.e, err)
		}
	}
}

func TestGenerateRSAWithExponent(t *testing.T) {
	k, err := primitive.GenerateRSA(2048, 3)
	if err != nil {
		t.Fatal(err)
	}
	if k.E != 3 || k.N.BitLen() != 2048 || k.Validate() != nil {
		t.Errorf("exponent %d, %d bits, %v", k.E, k.N.BitLen(), k.Validate())
	}
	digest := make([]byte, 32)
	signature, err := primitive.SignPSS(k, stdcrypto.SHA256, digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := rsa.VerifyPSS(&k.PublicKey, stdcrypto.SHA256, digest, signature, &rsa.PSSOptions{SaltLength: 32}); err != nil {
		t.Error(err)
	}
}

func TestNewRSA(t *testing.T) {
	k, err := primitive.NewRSA(numbers(testRSA()))
	if err != nil || !k.Equal(testRSA()) {
		t.Fatalf("another key: %v", err)
	}
	n := numbers(testRSA())
	n.D, n.QI = nil, append([]byte{0}, n.QI...)
	if _, err := primitive.NewRSA(n); !errors.Is(err, primitive.ErrKey) {
		t.Errorf("without d: %v", err)
	}
}

// TestPrivateOperationAlways: a ciphertext of the wrong length or size costs
// what every other failure costs. Allocations stand for work: they show the
// private operation, which allocates, being done or left out.
func TestPrivateOperationAlways(t *testing.T) {
	k := testRSA()
	size := k.Size()
	wrongPadding := new(big.Int).Exp(big.NewInt(12345), big.NewInt(int64(k.E)), k.N).FillBytes(make([]byte, size))
	failing := map[string][]byte{
		"wrong padding": wrongPadding, "empty": nil, "short": wrongPadding[1:], "long": append(bytes.Clone(wrongPadding), 1),
		"above the modulus": bytes.Repeat([]byte{0xff}, size),
	}
	for name, decrypt := range map[string]func([]byte) error{
		"PKCS #1 v1.5": func(c []byte) error { return second(primitive.DecryptPKCS1v15(k, c)) },
		"OAEP":         func(c []byte) error { return second(primitive.DecryptOAEP(k, stdcrypto.SHA256, c)) },
	} {
		want := testing.AllocsPerRun(3, func() { _ = decrypt(wrongPadding) })
		for cause, ciphertext := range failing {
			if err := decrypt(ciphertext); !errors.Is(err, primitive.ErrOpen) {
				t.Errorf("%s, %s: %v", name, cause, err)
			}
			got := testing.AllocsPerRun(3, func() { _ = decrypt(ciphertext) })
			if got < want || got > want+2 { // the replacement of the ciphertext
				t.Errorf("%s, %s: %v allocations, wrong padding has %v", name, cause, got, want)
			}
		}
	}
}

func TestDecryptOAEP(t *testing.T) {
	k := testRSA()
	ciphertext, err := rsa.EncryptOAEP(stdcrypto.SHA256.New(), rand.Reader, &k.PublicKey, []byte("key"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := primitive.DecryptOAEP(k, stdcrypto.SHA256, ciphertext); err != nil || string(got) != "key" {
		t.Errorf("%q, %v", got, err)
	}
	labelled, err := rsa.EncryptOAEP(stdcrypto.SHA256.New(), rand.Reader, &k.PublicKey, []byte("key"), []byte("label"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := primitive.DecryptOAEP(k, stdcrypto.SHA256, labelled); !errors.Is(err, primitive.ErrOpen) {
		t.Errorf("with a label: %v", err)
	}
}
