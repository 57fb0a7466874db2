package primitive_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"reflect"
	"testing"

	"github.com/embedvault/embedvault/internal/primitive"
)

func someKeys(tb testing.TB) []any {
	tb.Helper()
	keys := []any{testRSA(), newAES(tb, make([]byte, 16)), newAES(tb, make([]byte, 24)), newAES(tb, make([]byte, 32))}
	for curve := range orders {
		k, err := primitive.NewEC(curve, []byte{5})
		if err != nil {
			tb.Fatal(err)
		}
		keys = append(keys, k)
	}
	return keys
}

func TestEncoding(t *testing.T) {
	for _, k := range someKeys(t) {
		b := primitive.Marshal(k)
		again, err := primitive.Unmarshal(b)
		if err != nil || reflect.TypeOf(again) != reflect.TypeOf(k) || !bytes.Equal(primitive.Marshal(again), b) {
			t.Errorf("%T: came back as %T, %v", k, again, err)
		}
	}
}

// TestEncodingIsStable: what was stored stays readable.
func TestEncodingIsStable(t *testing.T) {
	for _, c := range []struct{ name, encoded string }{
		{"AES", "0141" + "000102030405060708090a0b0c0d0e0f"},
		{"P-256", "0132" + "0000000000000000000000000000000000000000000000000000000000000005"},
		{"P-256K", "014b" + "0000000000000000000000000000000000000000000000000000000000000005"},
	} {
		k, err := primitive.Unmarshal(unhex(t, c.encoded))
		if err != nil || !bytes.Equal(primitive.Marshal(k), unhex(t, c.encoded)) {
			t.Errorf("%s: %T, %v", c.name, k, err)
		}
	}
	if b := primitive.MarshalRSA(testRSA()); !bytes.Equal(b[:2], []byte{1, 'R'}) || !bytes.Equal(b[2:], x509.MarshalPKCS1PrivateKey(testRSA())) {
		t.Errorf("RSA begins with %x", b[:2])
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"nothing": nil, "a version": {1}, "a header": {1, 'R'}, "another version": unhex(t, "0041000102030405060708090a0b0c0d0e0f"),
		"a future version": unhex(t, "0241000102030405060708090a0b0c0d0e0f"), "an unknown kind": unhex(t, "0158000102030405060708090a0b0c0d0e0f"),
		"AES of 15 bytes": append([]byte{1, 'A'}, make([]byte, 15)...), "a scalar of zero": append([]byte{1, '2'}, make([]byte, 32)...),
		"a scalar too short": append([]byte{1, '2'}, bytes.Repeat([]byte{1}, 31)...), "a scalar too long": append([]byte{1, 'K'}, bytes.Repeat([]byte{1}, 33)...),
		"RSA of 5000 bytes": append([]byte{1, 'R'}, make([]byte, 5000)...), "RSA of 1024 bits": primitive.MarshalRSA(small), "RSA and a byte": append(primitive.MarshalRSA(testRSA()), 0),
	} {
		if k, err := primitive.Unmarshal(b); !errors.Is(err, primitive.ErrKey) || k != nil {
			t.Errorf("%s: %T, %v", name, k, err)
		}
	}
}

// FuzzUnmarshal: every input is a key or ErrKey.
func FuzzUnmarshal(f *testing.F) {
	for _, k := range someKeys(f) {
		f.Add(primitive.Marshal(k))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := primitive.Unmarshal(b)
		if err != nil && (!errors.Is(err, primitive.ErrKey) || k != nil) {
			t.Fatalf("%T, %v", k, err)
		}
		if _, isRSA := k.(*rsa.PrivateKey); err == nil && !isRSA && !bytes.Equal(primitive.Marshal(k), b) {
			t.Fatalf("%x became %x", b, primitive.Marshal(k))
		}
	})
}
