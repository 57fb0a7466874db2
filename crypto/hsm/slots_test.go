package hsm_test

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/crypto"
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
					Slots: n, Open: len(naive.open), InUse: naive.inUse(), Hits: naive.hits, Loads: naive.loads,
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
	size                          int
	open, all                     []*naiveSlot
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
		n.all = append(n.all, s)
		n.loads++
	}
	s.users++
	if n.open = append(n.open, s); len(n.open) > n.size {
		oldest := n.open[0]
		n.open, oldest.evicted = n.open[1:], true
		n.evictions++
		if oldest.users == 0 {
			n.wiped++
		}
	}
	return func() {
		if s.users--; s.users == 0 && s.evicted {
			n.wiped++
		}
	}
}

func (n *naiveSlots) inUse() (count int) {
	for _, s := range n.all {
		if s.users > 0 {
			count++
		}
	}
	return count
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
	if _, err := m.Release(t.Context(), again, &receiver(t, 2048).PublicKey, "to", ""); !errors.Is(err, errs.KeyOperationForbidden) {
		t.Errorf("a key that was made to stay leaves after the other driver opened it: %v", err)
	}
}
