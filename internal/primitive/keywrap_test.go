package primitive_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"testing"

	josecipher "github.com/go-jose/go-jose/v4/cipher"
	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/internal/primitive"
)

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func newAES(tb testing.TB, key []byte) *primitive.AES {
	tb.Helper()
	k, err := primitive.NewAES(key)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// kek and data are those of RFC 3394 4: as many bytes of them as asked for.
const (
	kek  = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"
	data = "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F"
)

func TestRFC3394(t *testing.T) {
	for _, v := range []struct {
		section         string
		kekSize, keyLen int
		wrapped         string
	}{
		{"4.1", 16, 16, "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5"},
		{"4.2", 24, 16, "96778B25AE6CA435F92B5B97C050AED2468AB8A17AD84E5D"},
		{"4.3", 32, 16, "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7"},
		{"4.4", 24, 24, "031D33264E15D33268F24EC260743EDCE1C6C7DDEE725A936BA814915C6762D2"},
		{"4.5", 32, 24, "A8F9BC1612C68B3FF6E6F4FBE30E71E4769C8B80A32CB8958CD5D17D6B254DA1"},
		{"4.6", 32, 32, "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21"},
	} {
		k := newAES(t, unhex(t, kek)[:v.kekSize])
		key := unhex(t, data)[:v.keyLen]
		if got, err := k.Wrap(key); err != nil || !bytes.Equal(got, unhex(t, v.wrapped)) {
			t.Errorf("%s: wrapped to %x, %v", v.section, got, err)
		}
		if got, err := k.Unwrap(unhex(t, v.wrapped)); err != nil || !bytes.Equal(got, key) {
			t.Errorf("%s: unwrapped to %x, %v", v.section, got, err)
		}
	}
}

func TestRFC5649(t *testing.T) {
	k := newAES(t, unhex(t, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8"))
	for _, v := range []struct{ key, wrapped string }{
		{"c37b7e6492584340bed12207808941155068f738", "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a"},
		{"466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f"},
	} {
		if got, err := k.WrapPad(unhex(t, v.key)); err != nil || !bytes.Equal(got, unhex(t, v.wrapped)) {
			t.Errorf("%s: wrapped to %x, %v", v.key, got, err)
		}
		if got, err := k.UnwrapPad(unhex(t, v.wrapped)); err != nil || !bytes.Equal(got, unhex(t, v.key)) {
			t.Errorf("%s: unwrapped to %x, %v", v.key, got, err)
		}
	}
}

// naiveWrap is the wrapping process as RFC 3394 2.2.1 words it for hardware:
// registers that are shifted, one block at a time.
func naiveWrap(block cipher.Block, iv uint64, key []byte) []byte {
	n := len(key) / 8
	registers := [][]byte{binary.BigEndian.AppendUint64(nil, iv)}
	for i := range n {
		registers = append(registers, key[8*i:8*i+8])
	}
	for t := 1; t <= 6*n; t++ {
		b := make([]byte, 16)
		block.Encrypt(b, append(bytes.Clone(registers[0]), registers[1]...))
		a := binary.BigEndian.AppendUint64(nil, binary.BigEndian.Uint64(b)^uint64(t))
		registers = append(append([][]byte{a}, registers[2:]...), b[8:])
	}
	return bytes.Join(registers, nil)
}

// naiveWrapPad is RFC 5649 4.1.
func naiveWrapPad(block cipher.Block, key []byte) []byte {
	iv := 0xa65959a6<<32 | uint64(len(key))
	padded := append(bytes.Clone(key), make([]byte, (8-len(key)%8)%8)...)
	if len(padded) == 8 {
		b := make([]byte, 16)
		block.Encrypt(b, append(binary.BigEndian.AppendUint64(nil, iv), padded...))
		return b
	}
	return naiveWrap(block, iv, padded)
}

func TestWrapAgainstModels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{16, 24, 32}).Draw(t, "size")
		kek := rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "kek")
		key := rapid.SliceOfN(rapid.Byte(), 1, 90).Draw(t, "key")
		k, _ := primitive.NewAES(kek)
		block, _ := aes.NewCipher(kek)

		padded, err := k.WrapPad(key)
		if want := naiveWrapPad(block, key); err != nil || !bytes.Equal(padded, want) {
			t.Fatalf("WrapPad: %x, %v; want %x", padded, err, want)
		}
		if back, err := k.UnwrapPad(padded); err != nil || !bytes.Equal(back, key) {
			t.Fatalf("UnwrapPad: %x, %v", back, err)
		}

		whole := append(bytes.Clone(key), make([]byte, 16+(8-len(key)%8)%8)...)
		wrapped, err := k.Wrap(whole)
		if want := naiveWrap(block, 0xa6a6a6a6a6a6a6a6, whole); err != nil || !bytes.Equal(wrapped, want) {
			t.Fatalf("Wrap: %x, %v; want %x", wrapped, err, want)
		}
		if theirs, err := josecipher.KeyWrap(block, whole); err != nil || !bytes.Equal(wrapped, theirs) {
			t.Fatalf("Wrap: %x; go-jose %x, %v", wrapped, theirs, err)
		}
		if back, err := k.Unwrap(wrapped); err != nil || !bytes.Equal(back, whole) {
			t.Fatalf("Unwrap: %x, %v", back, err)
		}
	})
}

func TestWrapRefuses(t *testing.T) {
	k := newAES(t, make([]byte, 16))
	for _, n := range []int{0, 1, 7, 8, 15, 17, 20, 31} {
		if got, err := k.Wrap(make([]byte, n)); !errors.Is(err, primitive.ErrLength) || got != nil {
			t.Errorf("Wrap of %d bytes: %x, %v", n, got, err)
		}
	}
	if got, err := k.WrapPad(nil); !errors.Is(err, primitive.ErrLength) || got != nil {
		t.Errorf("WrapPad of nothing: %x, %v", got, err)
	}
	for n := range 40 {
		if got, err := k.Unwrap(make([]byte, n)); !errors.Is(err, primitive.ErrOpen) || got != nil {
			t.Errorf("Unwrap of %d zeros: %x, %v", n, got, err)
		}
		if got, err := k.UnwrapPad(make([]byte, n)); !errors.Is(err, primitive.ErrOpen) || got != nil {
			t.Errorf("UnwrapPad of %d zeros: %x, %v", n, got, err)
		}
	}
}

// TestUnwrapPadRefuses: each fault that RFC 5649 3 tells to look for, under a
// wrapping that is otherwise right.
func TestUnwrapPadRefuses(t *testing.T) {
	kek := make([]byte, 16)
	k := newAES(t, kek)
	block, _ := aes.NewCipher(kek)
	const prefix = 0xa65959a6 << 32
	for _, c := range []struct {
		name   string
		iv     uint64
		padded string
		opens  bool
	}{
		{"no padding", prefix | 16, "00112233445566778899aabbccddeeff", true},
		{"seven bytes of padding", prefix | 9, "00112233445566778800000000000000", true},
		{"another prefix", 0xa65959a7<<32 | 16, "00112233445566778899aabbccddeeff", false},
		{"the initial value of RFC 3394", 0xa6a6a6a6a6a6a6a6, "00112233445566778899aabbccddeeff", false},
		{"a length of 0", prefix, "00000000000000000000000000000000", false},
		{"a length of 8 in two blocks", prefix | 8, "00112233445566770000000000000000", false},
		{"a length of 17", prefix | 17, "00112233445566778899aabbccddeeff", false},
		{"a length of 2³¹", prefix | 1<<31, "00112233445566778899aabbccddeeff", false},
		{"a length of 2³²−1", prefix | 0xffffffff, "00112233445566778899aabbccddeeff", false},
		{"a length of 2³²−16", prefix | 0xfffffff0, "00112233445566778899aabbccddeeff", false},
		{"padding that ends in 1", prefix | 9, "00112233445566778800000000000001", false},
		{"padding that begins with 1", prefix | 9, "00112233445566778801000000000000", false},
	} {
		got, err := k.UnwrapPad(naiveWrap(block, c.iv, unhex(t, c.padded)))
		if (err == nil) != c.opens || err != nil && !errors.Is(err, primitive.ErrOpen) {
			t.Errorf("%s: %x, %v", c.name, got, err)
		}
	}
	oneBlock := make([]byte, 16)
	for length, opens := range map[uint64]bool{0: false, 1: true, 5: true, 8: true, 9: false, 1 << 31: false} {
		block.Encrypt(oneBlock, binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, prefix|length), 0))
		if got, err := k.UnwrapPad(oneBlock); (err == nil) != opens || opens && len(got) != int(length) {
			t.Errorf("one block of length %d: %x, %v", length, got, err)
		}
	}
}

// FuzzUnwrap: what opens is what wrapping it gives; everything else is ErrOpen.
func FuzzUnwrap(f *testing.F) {
	k := newAES(f, make([]byte, 24))
	for _, n := range []int{1, 8, 16, 40} {
		padded, _ := k.WrapPad(make([]byte, n))
		f.Add(padded)
		if wrapped, err := k.Wrap(make([]byte, n)); err == nil {
			f.Add(wrapped)
		}
	}
	f.Fuzz(func(t *testing.T, wrapped []byte) {
		kept := bytes.Clone(wrapped)
		if key, err := k.Unwrap(wrapped); err == nil {
			if again, err := k.Wrap(key); err != nil || !bytes.Equal(again, wrapped) {
				t.Fatalf("%x opens to %x, which wraps to %x", wrapped, key, again)
			}
		} else if !errors.Is(err, primitive.ErrOpen) {
			t.Fatal(err)
		}
		if key, err := k.UnwrapPad(wrapped); err == nil {
			if again, err := k.WrapPad(key); err != nil || !bytes.Equal(again, wrapped) {
				t.Fatalf("%x opens to %x, which wraps to %x", wrapped, key, again)
			}
		} else if !errors.Is(err, primitive.ErrOpen) {
			t.Fatal(err)
		}
		if !bytes.Equal(wrapped, kept) {
			t.Fatal("the input was changed")
		}
	})
}
