package primitive_test

import (
	"bytes"
	stdcrypto "crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/internal/primitive"
)

func TestAESSizes(t *testing.T) {
	for n := range 66 {
		k, err := primitive.NewAES(make([]byte, n))
		if good := n == 16 || n == 24 || n == 32; good != (err == nil) || !good && !errors.Is(err, primitive.ErrKey) {
			t.Errorf("%d bytes: %v", n, err)
		} else if good && (k.Bits() != 8*n || len(k.Bytes()) != n) {
			t.Errorf("%d bytes make a key of %d bits", n, k.Bits())
		}
	}
	for _, bits := range []int{-128, 0, 1, 16, 64, 129, 512} {
		if _, err := primitive.GenerateAES(bits); !errors.Is(err, primitive.ErrKey) {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
	a, _ := primitive.GenerateAES(192)
	b, _ := primitive.GenerateAES(192)
	if bytes.Equal(a.Bytes(), b.Bytes()) || bytes.Equal(a.Bytes(), make([]byte, 24)) {
		t.Error("two generated keys are the same, or zero")
	}
}

// TestAESOwnsItsKey: neither the slice given nor the one returned reaches in.
func TestAESOwnsItsKey(t *testing.T) {
	raw := bytes.Repeat([]byte{1}, 16)
	k := newAES(t, raw)
	want := k.MAC(stdcrypto.SHA256, nil)
	clear(raw)
	clear(k.Bytes())
	if !bytes.Equal(k.MAC(stdcrypto.SHA256, nil), want) || !bytes.Equal(k.Bytes(), bytes.Repeat([]byte{1}, 16)) {
		t.Error("the key was changed from outside")
	}
}

func TestMAC(t *testing.T) {
	key, data := bytes.Repeat([]byte{7}, 32), []byte("data")
	m := hmac.New(sha256.New, key)
	m.Write(data)
	if got := newAES(t, key).MAC(stdcrypto.SHA256, data); !bytes.Equal(got, m.Sum(nil)) {
		t.Errorf("%x", got)
	}
}

// TestSP80038A: the CBC examples of NIST SP 800-38A, F.2.
func TestSP80038A(t *testing.T) {
	iv := unhex(t, "000102030405060708090a0b0c0d0e0f")
	plaintext := unhex(t, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
	for _, v := range []struct{ key, ciphertext string }{
		{"2b7e151628aed2a6abf7158809cf4f3c", "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"},
		{"8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd"},
		{"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b"},
	} {
		k := newAES(t, unhex(t, v.key))
		if got, err := k.EncryptCBC(iv, plaintext); err != nil || !bytes.Equal(got, unhex(t, v.ciphertext)) {
			t.Errorf("%s: encrypted to %x, %v", v.key, got, err)
		}
		if got, err := k.DecryptCBC(iv, unhex(t, v.ciphertext)); err != nil || !bytes.Equal(got, plaintext) {
			t.Errorf("%s: decrypted to %x, %v", v.key, got, err)
		}
	}
}

func TestCBCLengths(t *testing.T) {
	k, iv, block := newAES(t, make([]byte, 16)), make([]byte, 16), make([]byte, 16)
	for name, err := range map[string]error{
		"EncryptCBC, short iv":  second(k.EncryptCBC(iv[1:], block)),
		"EncryptCBC, 15 bytes":  second(k.EncryptCBC(iv, block[1:])),
		"EncryptCBCPad, no iv":  second(k.EncryptCBCPad(nil, block)),
		"EncryptCBCPad long iv": second(k.EncryptCBCPad(append(iv, 0), block)),
	} {
		if !errors.Is(err, primitive.ErrLength) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"DecryptCBC, short iv":    second(k.DecryptCBC(iv[1:], block)),
		"DecryptCBC, 15 bytes":    second(k.DecryptCBC(iv, block[1:])),
		"DecryptCBCPad, empty":    second(k.DecryptCBCPad(iv, nil)),
		"DecryptCBCPad, no iv":    second(k.DecryptCBCPad(nil, block)),
		"DecryptCBCPad, 15 bytes": second(k.DecryptCBCPad(iv, block[1:])),
	} {
		if !errors.Is(err, primitive.ErrOpen) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, got := range map[string][]byte{"EncryptCBC": first(k.EncryptCBC(iv, nil)), "DecryptCBC": first(k.DecryptCBC(iv, nil))} {
		if got == nil || len(got) != 0 {
			t.Errorf("%s of nothing: %x", name, got)
		}
	}
}

func first(b []byte, _ error) []byte { return b }

func second(_ []byte, err error) error { return err }

// TestPaddingAgainstModel: whatever the last block holds, it opens exactly when
// a naive reading of PKCS #7 says so, and to the same bytes.
func TestPaddingAgainstModel(t *testing.T) {
	key, iv := make([]byte, 32), make([]byte, 16)
	k := newAES(t, key)
	block, _ := aes.NewCipher(key)
	padding := rapid.OneOf(rapid.ByteRange(0, 18), rapid.Byte())
	rapid.Check(t, func(t *rapid.T) {
		padded := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "block")
		n := int(padding.Draw(t, "n"))
		for i := range min(n, 16) {
			padded[15-i] = byte(n)
		}
		if rapid.Bool().Draw(t, "break it") {
			padded[rapid.IntRange(0, 15).Draw(t, "at")] ^= 1
		}
		ciphertext := make([]byte, 16)
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(ciphertext, padded)

		last := int(padded[15])
		opens := last >= 1 && last <= 16 && bytes.Equal(padded[16-last:], bytes.Repeat(padded[15:], last))
		got, err := k.DecryptCBCPad(iv, ciphertext)
		if opens && (err != nil || !bytes.Equal(got, padded[:16-last])) || !opens && !errors.Is(err, primitive.ErrOpen) {
			t.Fatalf("%x: %x, %v", padded, got, err)
		}
	})
}

func TestGCM(t *testing.T) {
	key := bytes.Repeat([]byte{3}, 24)
	k := newAES(t, key)
	block, _ := aes.NewCipher(key)
	std, _ := cipher.NewGCM(block)
	nonce, ciphertext, tag := k.Seal([]byte("plaintext"), []byte("aad"))
	if len(nonce) != 12 || len(ciphertext) != 9 || len(tag) != 16 {
		t.Fatalf("%d, %d, %d bytes", len(nonce), len(ciphertext), len(tag))
	}
	if got, err := std.Open(nil, nonce, append(bytes.Clone(ciphertext), tag...), []byte("aad")); err != nil || string(got) != "plaintext" {
		t.Errorf("the standard library opens it as %q, %v", got, err)
	}
	if again, _, _ := k.Seal([]byte("plaintext"), []byte("aad")); bytes.Equal(again, nonce) {
		t.Error("two nonces are the same")
	}
	// The three parts share an allocation; growing one must not reach the next.
	_ = append(nonce, 1)
	_ = append(ciphertext, 1)
	if got, err := k.Open(nonce, ciphertext, tag, []byte("aad")); err != nil || string(got) != "plaintext" {
		t.Errorf("%q, %v", got, err)
	}
}

// FuzzDecrypt: no ciphertext, iv or tag makes trouble, and padding that opens
// is the padding that encryption makes.
func FuzzDecrypt(f *testing.F) {
	k := newAES(f, make([]byte, 16))
	nonce, ciphertext, tag := k.Seal([]byte("plaintext"), nil)
	padded, _ := k.EncryptCBCPad(make([]byte, 16), []byte("plaintext"))
	f.Add(nonce, ciphertext, tag)
	f.Add(make([]byte, 16), padded, []byte{})
	f.Fuzz(func(t *testing.T, iv, ciphertext, tag []byte) {
		if _, err := k.Open(iv, ciphertext, tag, nil); err != nil && !errors.Is(err, primitive.ErrOpen) {
			t.Fatal(err)
		}
		if _, err := k.DecryptCBC(iv, ciphertext); err != nil && !errors.Is(err, primitive.ErrOpen) {
			t.Fatal(err)
		}
		plaintext, err := k.DecryptCBCPad(iv, ciphertext)
		if err != nil && !errors.Is(err, primitive.ErrOpen) {
			t.Fatal(err)
		}
		if err == nil {
			if again, err := k.EncryptCBCPad(iv, plaintext); err != nil || !bytes.Equal(again, ciphertext) {
				t.Fatalf("%x opens to %x, which encrypts to %x", ciphertext, plaintext, again)
			}
		}
	})
}
