package primitive_test

import (
	"bytes"
	"math/big"
	"slices"
	"testing"

	"github.com/embedvault/embedvault/internal/primitive"
)

// TestWipe: what a wiped key is made of is zero.
func TestWipe(t *testing.T) {
	aes, err := primitive.GenerateAES(256)
	if err != nil {
		t.Fatal(err)
	}
	if aes.Wipe(); !bytes.Equal(aes.Bytes(), make([]byte, 32)) {
		t.Error("an AES key is left")
	}
	for _, c := range []primitive.Curve{primitive.P256, primitive.P384, primitive.P521} {
		k, err := primitive.GenerateEC(c)
		if err != nil {
			t.Fatal(err)
		}
		memory := primitive.ScalarMemory(k)
		if k.Wipe(); len(memory) == 0 || slices.ContainsFunc(memory, func(w big.Word) bool { return w != 0 }) {
			t.Errorf("%s: the scalar is left", c)
		}
	}
	k1, err := primitive.GenerateEC(primitive.P256K)
	if err != nil {
		t.Fatal(err)
	}
	if k1.Wipe(); !bytes.Equal(k1.Scalar(), make([]byte, 32)) {
		t.Error("P-256K: the scalar is left")
	}
	k, err := primitive.NewRSA(numbers(testRSA()))
	if err != nil {
		t.Fatal(err)
	}
	primitive.WipeRSA(k)
	for _, n := range append(k.Primes, k.D) {
		for _, word := range n.Bits() {
			if word != 0 {
				t.Fatal("a number of an RSA key is left")
			}
		}
	}
	if k.Precomputed.Dp != nil {
		t.Error("what was precomputed is left")
	}
}
