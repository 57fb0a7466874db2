package hsm_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
)

// TestManySignersFewSlots: 64 goroutines sign with 8 keys through 2 slots, and
// no key is overwritten under a signature.
func TestManySignersFewSlots(t *testing.T) {
	m := newModule(t, hsm.Options{Slots: 2})
	type signer struct {
		key *crypto.Key
		alg crypto.Algorithm
	}
	var signers []signer
	for range 6 {
		p := generate(t, m.Driver(false), crypto.EC(crypto.P256).HSM())
		signers = append(signers, signer{newKey(t, p, crypto.OpSign, crypto.OpVerify), crypto.ES256})
	}
	for range 2 {
		p := generate(t, m.Driver(false), crypto.RSA(2048).HSM())
		signers = append(signers, signer{newKey(t, p, crypto.OpSign, crypto.OpVerify), crypto.RS256})
	}
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			for j := range 4 {
				s := signers[(i+j)%len(signers)]
				digest := bytes.Repeat([]byte{byte(i + j)}, 32)
				signature, err := s.key.Sign(t.Context(), s.alg, digest)
				if err != nil {
					t.Errorf("%s: %v", s.alg, err)
					return
				}
				if ok, err := s.key.Verify(t.Context(), s.alg, digest, signature); !ok || err != nil {
					t.Errorf("%s: a signature does not verify: %v", s.alg, err)
				}
			}
		})
	}
	all.Wait()
	s := m.Stats()
	if s.Open != 2 || s.InUse != 0 || s.Hits+s.Loads != 64*4 || s.Loads < 8 || s.Evictions != s.Loads-2 || s.Wiped != s.Evictions {
		t.Errorf("%+v", s)
	}
}

// TestSlotsAgainstModel: whatever is used and kept in use, the counters are
// those of a list that is kept by hand.
func TestSlotsAgainstModel(t *testing.T) {
	m := newModule(t, hsm.Options{})
	var blobs [][]byte
	for range 6 {
		blobs = append(blobs, generate(t, m.Driver(false), crypto.Oct(128).HSM()).Blob())
	}
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(rt, "slots")
		m2 := newModule(t, hsm.Options{Slots: n})
		move(t, m, m2)
		var keys []crypto.Private
		for _, blob := range blobs {
			p, err := m2.Driver(false).Open(t.Context(), blob)
			if err != nil {
				rt.Fatal(err)
			}
			keys = append(keys, p)
		}
		naive := naiveSlots{size: n}
		var releases []func()
		rt.Repeat(map[string]func(*rapid.T){
			"use": func(rt *rapid.T) {
				i := rapid.IntRange(0, len(keys)-1).Draw(rt, "key")
				if _, err := keys[i].Sign(t.Context(), crypto.HS256, nil); err != nil {
					rt.Fatal(err)
				}
				naive.hold(i)()
			},
			"hold": func(rt *rapid.T) {
				i := rapid.IntRange(0, len(keys)-1).Draw(rt, "key")
				release, err := hsm.Hold(keys[i])
				if err != nil {
					rt.Fatal(err)
				}
				count := naive.hold(i)
				releases = append(releases, func() { release(); count() })
			},
			"release": func(rt *rapid.T) {
				if len(releases) == 0 {
					rt.Skip("nothing is held")
				}
				i := rapid.IntRange(0, len(releases)-1).Draw(rt, "which")
				releases[i]()
				releases = slices.Delete(releases, i, i+1)
			},
			"": func(rt *rapid.T) {
				got := m2.Stats()
				want := hsm.Stats{
					Slots: n, Open: len(naive.open), InUse: naive.inUse, Hits: naive.hits, Loads: naive.loads,
					Evictions: naive.evictions, Wiped: naive.wiped,
				}
				if got != want {
					rt.Fatalf("%+v, want %+v", got, want)
				}
			},
		})
	})
}

// naiveSlots are the slots as a list, the key used last at the end.
type naiveSlots struct {
	size, inUse                   int
	open                          []*naiveSlot
	hits, loads, evictions, wiped uint64
}

type naiveSlot struct {
	key, users int
	evicted    bool
}

func (n *naiveSlots) hold(key int) (release func()) {
	var s *naiveSlot
	if i := slices.IndexFunc(n.open, func(s *naiveSlot) bool { return s.key == key }); i >= 0 {
		s = n.open[i]
		n.open = slices.Delete(n.open, i, i+1)
		n.hits++
	} else {
		s = &naiveSlot{key: key}
		n.loads++
	}
	s.users++
	n.inUse++
	if n.open = append(n.open, s); len(n.open) > n.size {
		oldest := n.open[0]
		n.open, oldest.evicted = n.open[1:], true
		n.evictions++
		if oldest.users == 0 {
			n.wiped++
		}
	}
	return func() {
		n.inUse--
		if s.users--; s.users == 0 && s.evicted {
			n.wiped++
		}
	}
}

// TestSameKeySameSlot: a blob opened twice is one key.
func TestSameKeySameSlot(t *testing.T) {
	m := newModule(t, hsm.Options{})
	p := generate(t, m.Driver(false), crypto.Oct(256).HSM())
	again, err := m.Driver(true).Open(t.Context(), p.Blob())
	if err != nil {
		t.Fatal(err)
	}
	one, _ := p.Sign(t.Context(), crypto.HS256, nil)
	two, _ := again.Sign(t.Context(), crypto.HS256, nil)
	if s := m.Stats(); s.Loads != 1 || s.Hits != 1 || !bytes.Equal(one, two) {
		t.Errorf("%+v", s)
	}
	if m.Exportable(again) {
		t.Error("a key that was made to stay can leave after the other driver opened it")
	}
}

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

// TestWipeEveryType: the same for every type of key.
func TestWipeEveryType(t *testing.T) {
	m := newModule(t, hsm.Options{Slots: 1})
	for _, s := range everySpec {
		p, j := fixed(t, m.Driver(false), s), cryptotest.JWK(t, s)
		release, err := hsm.Hold(p)
		if err != nil {
			t.Fatal(err)
		}
		look := hsm.Opened(p)
		m.LoseSession()
		secret := slices.Concat(j.D, j.K)
		if !bytes.Equal(look(), secret) {
			t.Errorf("%v: was overwritten while it was used", s)
		}
		release()
		if left := look(); !bytes.Equal(left, make([]byte, len(left))) { // an EC key that is zero has no scalar at all
			t.Errorf("%v: was not overwritten", s)
		}
		wantError(t, "the next session", second(m.Driver(false).Open(t.Context(), p.Blob())), errs.NewHardwareSessionLost())
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

// TestNothingShows: no verb, no JSON and no log of any type shows a key or the
// domain.
func TestNothingShows(t *testing.T) {
	m := newModule(t, hsm.Options{Name: "seven"})
	var domain []byte
	if err := m.ExportDomain(func(b []byte) error { domain = bytes.Clone(b); return nil }); err != nil {
		t.Fatal(err)
	}
	for _, s := range everySpec {
		j := cryptotest.JWK(t, s.HSM())
		p := fixed(t, m.Driver(true), s)
		release, err := hsm.Hold(p) // so that the module holds it open
		if err != nil {
			t.Fatal(err)
		}
		w, err := m.Release(t.Context(), p, &receiver(t, 2048).PublicKey, "to", "")
		if err != nil {
			t.Fatal(err)
		}
		a, err := m.Attest(t.Context(), p, "kid")
		if err != nil {
			t.Fatal(err)
		}
		root, _ := m.Root()
		stated, err := hsm.Verify(a, root)
		if err != nil {
			t.Fatal(err)
		}
		shown := show(m, m.Driver(true), p, newKey(t, p), w, a, stated, m.Stats(), hsm.Options{}, hsm.Profile{})
		for name, secret := range map[string][]byte{"domain": domain, "d": j.D, "k": j.K, "p": j.P, "q": j.Q, "dp": j.DP} {
			for form, spelled := range spellings(secret) {
				if len(secret) > 0 && strings.Contains(shown, spelled) {
					t.Errorf("%v: %s shows as %s", s, name, form)
				}
			}
		}
		release()
	}
	if got := fmt.Sprintf("%v %+v", m, m.Driver(true)); got != "simulated HSM seven driver of simulated HSM seven" {
		t.Error(got)
	}
}

func show(values ...any) string {
	var out strings.Builder
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		if encoded, err := json.Marshal(v); err == nil {
			out.Write(encoded)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("log", "value", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("log", "value", v)
	}
	return out.String()
}
