package hsm_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/crypto/hsm"
)

// Polynomials modulo 257 whose values were computed by hand.
func TestCombine(t *testing.T) {
	for name, c := range map[string]struct {
		shares []hsm.Share
		want   []byte // nil: ErrDomain
	}{
		// 42 + 5x + 7x²: 54, 80, 120 and, at 126, 111804 = 435·257 + 9.
		"square":           {[]hsm.Share{{1, []uint16{54}}, {2, []uint16{80}}, {3, []uint16{120}}}, []byte{42}},
		"in another order": {[]hsm.Share{{3, []uint16{120}}, {1, []uint16{54}}, {2, []uint16{80}}}, []byte{42}},
		"the last share":   {[]hsm.Share{{126, []uint16{9}}, {1, []uint16{54}}, {3, []uint16{120}}}, []byte{42}},
		// 42 + 214x: 256, 213; and beside it 255 + 256x: 254, 253.
		"the value 256":      {[]hsm.Share{{1, []uint16{256}}, {2, []uint16{213}}}, []byte{42}},
		"two bytes":          {[]hsm.Share{{1, []uint16{256, 254}}, {2, []uint16{213, 253}}}, []byte{42, 255}},
		"no byte, 256 + x":   {[]hsm.Share{{1, []uint16{0}}, {2, []uint16{1}}}, nil},
		"the same x twice":   {[]hsm.Share{{1, []uint16{54}}, {1, []uint16{54}}, {3, []uint16{120}}}, nil},
		"different lengths":  {[]hsm.Share{{1, []uint16{54}}, {2, []uint16{80, 80}}}, nil},
		"none":               {nil, nil},
		"one for a constant": {[]hsm.Share{{9, []uint16{7}}}, []byte{7}},
	} {
		got, err := hsm.Combine(c.shares...)
		if !bytes.Equal(got, c.want) || (c.want == nil) != errors.Is(err, hsm.ErrDomain) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
}

func TestShareEncoding(t *testing.T) {
	for encoded, want := range map[string]hsm.Share{
		"0003":     {1, []uint16{256}}, // 1<<9 | 256 = 0x0300
		"00fc":     {126, []uint16{0}},
		"ff04ff04": {2, []uint16{255, 255}},
		"00020103": {1, []uint16{0, 257}}, // no element of the field
		"0002":     {1, []uint16{0}},
	} {
		b := want.Bytes()
		if hex.EncodeToString(b) != encoded {
			t.Errorf("%v is written as %x, want %s", want, b, encoded)
		}
		got, err := hsm.ParseShare(b, len(b)/2)
		if good := !slices.Contains(want.Values, 257); good != (err == nil) || good && (got.X != want.X || !slices.Equal(got.Values, want.Values)) {
			t.Errorf("%s: %v, %v, want %v", encoded, got, err, want)
		}
	}
	for name, encoded := range map[string]string{
		"x is 0": "0000", "x is 127": "00fe", "two x": "00020004", "too long": "000200020002", "odd": "00020002ff", "empty": "",
	} {
		b, err := hex.DecodeString(encoded)
		if err != nil {
			t.Fatal(err)
		}
		size := max(1, min(len(b)/2, 2))
		if s, err := hsm.ParseShare(b, size); !errors.Is(err, hsm.ErrDomain) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
	if s, err := hsm.ParseShare(nil, 0); !errors.Is(err, hsm.ErrDomain) {
		t.Errorf("share of nothing: %v, %v", s, err)
	}
}

// Any of the shares that are required give the secret back, in any order and
// over their encoding; one less does not.
func TestSharing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		secret := rapid.SliceOfN(rapid.Byte(), 32, 40).Draw(rt, "secret")
		n := rapid.IntRange(2, 126).Draw(rt, "shares")
		required := rapid.IntRange(2, min(n, 16)).Draw(rt, "required")
		shares := hsm.Split(secret, n, required)
		seen := map[uint16]bool{}
		for i, s := range shares {
			again, err := hsm.ParseShare(s.Bytes(), len(secret))
			if err != nil || again.X != s.X || !slices.Equal(again.Values, s.Values) {
				rt.Fatalf("%v is read as %v, %v", s, again, err)
			}
			if seen[s.X] {
				rt.Fatalf("x = %d twice", s.X)
			}
			seen[s.X], shares[i] = true, again
		}
		some := rapid.Permutation(shares).Draw(rt, "order")[:required]
		if got, err := hsm.Combine(some...); err != nil || !bytes.Equal(got, secret) {
			rt.Fatalf("%d of %d: %x, %v, want %x", required, n, got, err, secret)
		}
		if got, err := hsm.Combine(some[1:]...); err == nil && bytes.Equal(got, secret) {
			rt.Fatalf("%d of %d are enough", required-1, n)
		}
		some[0].Values[0] = (some[0].Values[0] + 1) % 257
		if got, err := hsm.Combine(some...); err == nil && bytes.Equal(got, secret) {
			rt.Fatal("a false share does no harm")
		}
	})
}

// A share alone says nothing: over many sharings of one byte it takes every
// value of the field, 256 among them.
func TestSharesAreSpread(t *testing.T) {
	seen := map[uint16]int{}
	for range 1000 { // 32000 values: one of 257 is missing once in 10^51 runs
		for _, v := range hsm.Split(make([]byte, 32), 2, 2)[0].Values {
			seen[v]++
		}
	}
	if len(seen) != 257 {
		t.Errorf("%d values of 257", len(seen))
	}
}

// The keys of items are those of another implementation of SP 800-108:
//
//	openssl kdf -keylen 64 -kdfopt mac:HMAC -kdfopt digest:SHA2-512 \
//	  -kdfopt hexkey:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f \
//	  -kdfopt salt:tag KBKDF
func TestDataKey(t *testing.T) {
	master := make([]byte, 32)
	for i := range master {
		master[i] = byte(i)
	}
	const want = "5e0d166048d31b68d3276f4bb1d753b57bb41a712686269bd426259f31a9951b" +
		"e17d2feff49dbfa962ff20acdc1de01a4acb2ad391cb63c443d0f213a624017b"
	if got := hex.EncodeToString(hsm.DataKey(master, "tag")); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
