package hsm_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"math/big"
	"reflect"
	"slices"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/hsm"
)

// TestWipe: after its key has lost the slot, and not before the last user is
// done, nothing of the key is left in the memory that can be reached.
func TestWipe(t *testing.T) {
	m := newModule(t, hsm.Options{Slots: 1})
	var buffers [][]byte
	hsm.RecordPlain(m, func(b []byte) { buffers = append(buffers, b) })
	p := fixed(t, m.Driver(false), crypto.RSA(2048))
	release, err := hsm.Hold(p)
	if err != nil {
		t.Fatal(err)
	}
	numbers := hsm.Numbers(p)
	zero := func() bool {
		for _, n := range numbers {
			for _, word := range n {
				if word != 0 {
					return false
				}
			}
		}
		return true
	}
	other := generate(t, m.Driver(false), crypto.EC(crypto.P256).HSM())
	if _, err := other.Sign(t.Context(), crypto.ES256, make([]byte, 32)); err != nil {
		t.Fatal(err)
	}
	if s := m.Stats(); s.Evictions != 1 || s.Wiped != 0 || len(numbers) != 6 || zero() {
		t.Fatalf("the key was overwritten while it was used: %+v", s)
	}
	release()
	if s := m.Stats(); s.Wiped != 1 || !zero() {
		t.Errorf("the key was not overwritten after its use: %+v", s)
	}
	if hsm.Numbers(p) != nil {
		t.Error("the key is still in a slot")
	}
	wantCleared(t, buffers, 4) // two keys sealed, and opened
}

// TestWipeEveryType: however a key of whatever type loses its slot, it is whole
// until the last user is done; then nothing that the module reaches holds it,
// and what it was opened into is zero.
func TestWipeEveryType(t *testing.T) {
	for name, lose := range map[string]func(*testing.T, *hsm.Module){
		"eviction": func(t *testing.T, m *hsm.Module) {
			wantNone(t, "another key", second(generate(t, m.Driver(false), crypto.Oct(128).HSM()).Sign(t.Context(), crypto.HS256, nil)))
		},
		"LoseSession": func(_ *testing.T, m *hsm.Module) { m.LoseSession() },
		"Tamper":      func(_ *testing.T, m *hsm.Module) { m.Tamper() },
	} {
		for _, s := range everySpec {
			t.Run(name+"/"+s.String(), func(t *testing.T) {
				m := newModule(t, hsm.Options{Slots: 1})
				p, j := fixed(t, m.Driver(false), s), cryptotest.JWK(t, s)
				release, err := hsm.Hold(p)
				if err != nil {
					t.Fatal(err)
				}
				look, secret := hsm.Opened(p), slices.Concat(j.D, j.K)
				if !holds(m, secret) {
					t.Error("the search does not find an open key")
				}
				lose(t, m)
				if !bytes.Equal(look(), secret) {
					t.Error("was overwritten while it was used")
				}
				release()
				if left := look(); !bytes.Equal(left, make([]byte, len(left))) { // an EC key that is zero has no scalar at all
					t.Error("was not overwritten")
				}
				for part, secret := range map[string][]byte{"d": j.D, "k": j.K, "p": j.P, "q": j.Q, "dp": j.DP, "dq": j.DQ, "qi": j.QI} {
					if len(secret) > 0 && (holds(m, secret) || holds(p, secret)) {
						t.Errorf("the module still holds %s", part)
					}
				}
			})
		}
	}
}

// TestWipeBuffers: no buffer between a blob and a key, in either direction,
// keeps the key.
func TestWipeBuffers(t *testing.T) {
	m := newModule(t, hsm.Options{Slots: 1})
	var buffers [][]byte
	hsm.RecordPlain(m, func(b []byte) { buffers = append(buffers, b) })
	for _, s := range everySpec {
		p := fixed(t, m.Driver(true), s)
		if _, err := m.Driver(true).Open(t.Context(), p.Blob()); err != nil {
			t.Fatal(err)
		}
		release, err := hsm.Hold(p)
		if err != nil {
			t.Fatal(err)
		}
		release()
		if _, err := m.Release(t.Context(), p, &receiver(t, 2048).PublicKey, "to", ""); err != nil {
			t.Fatal(err)
		}
	}
	wantCleared(t, buffers, 3*len(everySpec))
}

// TestWipeWhatCameWrapped: a key that was opened to be sealed is overwritten.
func TestWipeWhatCameWrapped(t *testing.T) {
	d := newModule(t, hsm.Options{}).Driver(false)
	for _, s := range everySpec {
		look, err := hsm.Take(d, cryptotest.JWK(t, s))
		if err != nil {
			t.Fatal(err)
		}
		if left := look(); !bytes.Equal(left, make([]byte, len(left))) {
			t.Errorf("%v: was not overwritten", s)
		}
	}
}

// TestWipePortable: what a key is outside is overwritten when it is wrapped, or
// cannot be.
func TestWipePortable(t *testing.T) {
	for name, c := range map[string]struct {
		to  *rsa.PublicKey
		enc hsm.Encryption
	}{
		"wrapped": {&receiver(t, 2048).PublicKey, hsm.CKMRSAAESKeyWrap}, "to nobody": {nil, hsm.CKMRSAAESKeyWrap}, "in no way": {&receiver(t, 2048).PublicKey, ""},
	} {
		portable := bytes.Repeat([]byte{7}, 32)
		if _, err := hsm.WrapPortable(c.to, "", c.enc, portable); (err == nil) != (name == "wrapped") {
			t.Errorf("%s: %v", name, err)
		}
		wantCleared(t, [][]byte{portable}, 1)
	}
}

// TestWipeShares: no share of a master key is left when they are encrypted, or
// one of them cannot be.
func TestWipeShares(t *testing.T) {
	all, certificates := holders(t, 3)
	useless := slices.Clone(certificates)
	useless[0] = certify(t, evenExponent(all[0].Key), all[0].Key)
	for name, to := range map[string][]*x509.Certificate{"encrypted": certificates, "refused": useless} {
		shares := hsm.Split(bytes.Repeat([]byte{7}, 32), 3, 2)
		if err := hsm.SealShares(shares, to); (err == nil) != (name == "encrypted") {
			t.Errorf("%s: %v", name, err)
		}
		for i, s := range shares {
			if !slices.Equal(s.Values, make([]uint16, 32)) {
				t.Errorf("%s: share %d was not overwritten", name, i)
			}
		}
	}
}

// TestWipeAttestation: a module that was tampered with has no number left to
// attest with.
func TestWipeAttestation(t *testing.T) {
	m := newModule(t, hsm.Options{})
	root(t, m) // which derives it
	number := hsm.AttestationNumber(m)
	zero := make([]big.Word, len(number))
	if slices.Equal(number, zero) {
		t.Fatal("there is no number")
	}
	if m.Tamper(); !slices.Equal(number, zero) {
		t.Error("was not overwritten")
	}
}

// wantCleared checks that there are n buffers and nothing in any of them.
func wantCleared(t *testing.T, buffers [][]byte, n int) {
	t.Helper()
	if len(buffers) != n {
		t.Errorf("%d buffers, want %d", len(buffers), n)
	}
	for i, b := range buffers {
		if len(b) == 0 || !bytes.Equal(b, make([]byte, len(b))) {
			t.Errorf("buffer %d was not overwritten", i)
		}
	}
}

// holds reports whether secret, big-endian, lies in memory that can be reached
// from root: in bytes, or in the words of a number.
func holds(root any, secret []byte) bool {
	s := search{secret: secret, seen: map[place]bool{}}
	return s.in(reflect.ValueOf(root))
}

type search struct {
	secret []byte
	seen   map[place]bool
}

type place struct {
	address uintptr
	kind    reflect.Type
}

func (s *search) in(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Map:
		at := place{v.Pointer(), v.Type()}
		if v.IsNil() || s.seen[at] {
			return false
		}
		s.seen[at] = true
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return s.in(v.Elem())
	case reflect.Map:
		for entry := v.MapRange(); entry.Next(); {
			if s.in(entry.Key()) || s.in(entry.Value()) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if s.in(v.Field(i)) {
				return true
			}
		}
	case reflect.Slice, reflect.Array:
		return s.inList(v)
	}
	return false
}

func (s *search) inList(v reflect.Value) bool {
	var words []byte
	for i := v.Len() - 1; i >= 0; i-- { // the last word of a number is its highest
		switch e := v.Index(i); e.Kind() {
		case reflect.Uint8:
			words = append(words, byte(e.Uint()))
		case reflect.Uint32:
			words = binary.BigEndian.AppendUint32(words, uint32(e.Uint()))
		case reflect.Uint, reflect.Uint64, reflect.Uintptr:
			words = binary.BigEndian.AppendUint64(words, e.Uint())
		default:
			if s.in(e) {
				return true
			}
		}
	}
	if v.Type().Elem().Kind() == reflect.Uint8 {
		slices.Reverse(words)
	}
	return bytes.Contains(words, s.secret)
}
