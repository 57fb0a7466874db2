package cryptotest

import (
	"bytes"
	"crypto/sha512"
	"testing"

	"github.com/embedvault/embedvault/crypto"
)

// exercise runs every algorithm that the key computes, there and back.
func exercise(t *testing.T, p crypto.Private) {
	t.Helper()
	k := newKey(t, p)
	for _, row := range algorithms(p.Spec()) {
		run(t, k, row)
	}
}

// glance runs the first algorithm that the key computes, there and back.
func glance(t *testing.T, p crypto.Private) {
	t.Helper()
	run(t, newKey(t, p), algorithms(p.Spec())[0])
}

func run(t *testing.T, k *crypto.Key, row crypto.Info) {
	t.Helper()
	if row.Allows(crypto.OpSign) {
		signs(t, k, row)
	}
	if row.Allows(crypto.OpEncrypt) {
		encrypts(t, k, row)
	}
	if row.Allows(crypto.OpWrapKey) {
		wraps(t, k, row)
	}
}

// text returns n bytes that repeat nowhere near.
func text(n int) []byte {
	var b []byte
	for i := byte(0); len(b) < n; i++ {
		block := sha512.Sum512([]byte{i})
		b = append(b, block[:]...)
	}
	return b[:n]
}

func signs(t *testing.T, k *crypto.Key, row crypto.Info) {
	t.Helper()
	digest := text(row.Digest)
	if row.Digest == 0 {
		digest = text(36) // what TLS 1.0 signs without a DigestInfo
	}
	kept := bytes.Clone(digest)
	signature, err := k.Sign(t.Context(), row.Algorithm, digest)
	if err != nil {
		t.Fatalf("%s: Sign: %v", row.Algorithm, err)
	}
	if !bytes.Equal(digest, kept) {
		t.Errorf("%s: Sign changed the digest", row.Algorithm)
	}
	if want := signatureSize(k.Spec(), row); len(signature) != want {
		t.Fatalf("%s: the signature has %d bytes, want %d", row.Algorithm, len(signature), want)
	}
	verifies := func(digest, signature []byte) bool {
		ok, err := k.Verify(t.Context(), row.Algorithm, digest, signature)
		if err != nil {
			t.Errorf("%s: Verify: %v", row.Algorithm, err)
		}
		return ok
	}
	if !verifies(digest, signature) {
		t.Errorf("%s: the signature does not verify", row.Algorithm)
	}
	last := len(signature) - 1
	for what, wrong := range map[string][]byte{
		"empty": nil, "short": signature[:last], "long": append(bytes.Clone(signature), 0), "zero": make([]byte, last+1),
		"changed at the front": flip(signature, 0), "changed at the end": flip(signature, last),
	} {
		if verifies(digest, wrong) {
			t.Errorf("%s: a signature that is %s verifies", row.Algorithm, what)
		}
	}
	if verifies(flip(digest, 0), signature) {
		t.Errorf("%s: the signature verifies for another digest", row.Algorithm)
	}
}

func signatureSize(s crypto.Spec, row crypto.Info) int {
	switch s.Type.Base() {
	case crypto.KeyTypeRSA:
		return s.Size / 8
	case crypto.KeyTypeEC:
		return 2 * s.Curve.Size()
	}
	return row.Hash.Size()
}

// flip returns b with the lowest bit of byte i changed.
func flip(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 1
	return b
}

// lengths returns the plaintext lengths worth trying with an algorithm.
func lengths(s crypto.Spec, row crypto.Info) []int {
	switch {
	case row.Overhead != 0:
		return []int{0, s.Size/8 - row.Overhead}
	case row.Multiple != 0:
		return []int{row.Min, row.Min + row.Multiple, row.Min + 5*row.Multiple}
	}
	return []int{row.Min, 7, 8, 9, 15, 16, 17, 100}
}

func encrypts(t *testing.T, k *crypto.Key, row crypto.Info) {
	t.Helper()
	var p crypto.Params
	switch row.Mechanism {
	case crypto.AESGCM:
		p.AAD = text(20)
	case crypto.AESCBC, crypto.AESCBCPad:
		p.IV = text(16)
	}
	for _, n := range lengths(k.Spec(), row) {
		plaintext := text(n)
		r, err := k.Encrypt(t.Context(), row.Algorithm, plaintext, p)
		if err != nil {
			t.Fatalf("%s: Encrypt of %d bytes: %v", row.Algorithm, n, err)
		}
		checkResult(t, row, n, p, r)
		back, err := k.Decrypt(t.Context(), row.Algorithm, r.Value, crypto.Params{IV: r.IV, AAD: r.AAD, Tag: r.Tag})
		if err != nil || !bytes.Equal(back, text(n)) {
			t.Errorf("%s: %d bytes came back as %x: %v", row.Algorithm, n, back, err)
		}
		if !bytes.Equal(plaintext, text(n)) {
			t.Errorf("%s: the plaintext was changed", row.Algorithm)
		}
	}
}

// checkResult: each mechanism fills the members it has.
func checkResult(t *testing.T, row crypto.Info, n int, p crypto.Params, r crypto.Result) {
	t.Helper()
	wantIV, wantTag := row.IV, 0
	if row.Mechanism == crypto.AESGCM {
		wantTag = 16
		if len(r.Value) != n {
			t.Errorf("%s: the ciphertext of %d bytes has %d", row.Algorithm, n, len(r.Value))
		}
	} else if !bytes.Equal(r.IV, p.IV) {
		t.Errorf("%s: the iv of the result is not the one given", row.Algorithm)
	}
	if len(r.IV) != wantIV || len(r.Tag) != wantTag || !bytes.Equal(r.AAD, p.AAD) {
		t.Errorf("%s: the result has %d bytes iv, %d tag, %d aad", row.Algorithm, len(r.IV), len(r.Tag), len(r.AAD))
	}
}

func wraps(t *testing.T, k *crypto.Key, row crypto.Info) {
	t.Helper()
	for _, n := range lengths(k.Spec(), row) {
		wrapped, err := k.WrapKey(t.Context(), row.Algorithm, text(n))
		if err != nil {
			t.Fatalf("%s: WrapKey of %d bytes: %v", row.Algorithm, n, err)
		}
		kept := bytes.Clone(wrapped)
		back, err := k.UnwrapKey(t.Context(), row.Algorithm, wrapped)
		if err != nil || !bytes.Equal(back, text(n)) {
			t.Errorf("%s: %d bytes came back as %x: %v", row.Algorithm, n, back, err)
		}
		if !bytes.Equal(wrapped, kept) {
			t.Errorf("%s: UnwrapKey changed its input", row.Algorithm)
		}
	}
}
