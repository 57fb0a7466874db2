package hsm_test

import (
	"crypto/rsa"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/crypto/soft"
	"github.com/embedvault/embedvault/internal/entropy"
)

// benched are the keys whose signing is measured.
var benched = []struct {
	spec crypto.Spec
	alg  crypto.Algorithm
}{
	{crypto.EC(crypto.P256), crypto.ES256}, {crypto.RSA(2048), crypto.RS256}, {crypto.Oct(256), crypto.HS256},
}

// BenchmarkSign measures signing with a key in memory, with one that is in a
// slot and with one that has to be loaded every time. The three take turns, so
// that their medians can be compared on a machine that does other things too:
// x/soft is slot to memory, µs/load what a load adds.
func BenchmarkSign(b *testing.B) {
	for _, c := range benched {
		b.Run(string(c.alg), func(b *testing.B) {
			digest := make([]byte, 32)
			p, err := soft.New().Import(b.Context(), cryptotest.JWK(b, c.spec))
			if err != nil {
				b.Fatal(err)
			}
			wide, narrow := newModule(b, hsm.Options{}).Driver(false), newModule(b, hsm.Options{Slots: 1}).Driver(false)
			in := fixed(b, wide, c.spec)
			one, two := fixed(b, narrow, c.spec), fixed(b, narrow, c.spec)
			var soft, slot, load []time.Duration
			for b.Loop() {
				soft = append(soft, took(b, c.alg, digest, p, p))
				slot = append(slot, took(b, c.alg, digest, in, in))
				load = append(load, took(b, c.alg, digest, one, two))
			}
			b.ReportMetric(float64(median(slot))/float64(median(soft)), "x/soft")
			b.ReportMetric(float64(median(load)-median(slot))/float64(time.Microsecond), "µs/load")
			b.ReportMetric(float64(median(soft))/float64(time.Microsecond), "µs/soft")
		})
	}
}

// BenchmarkLoad opens a key into a slot and overwrites the one that was there.
func BenchmarkLoad(b *testing.B) {
	for _, c := range benched {
		b.Run(c.spec.String(), func(b *testing.B) {
			d := newModule(b, hsm.Options{Slots: 1}).Driver(false)
			keys := []crypto.Private{fixed(b, d, c.spec), fixed(b, d, c.spec)}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				release, err := hsm.Hold(keys[i%2])
				if err != nil {
					b.Fatal(err)
				}
				release()
			}
		})
	}
}

// took returns the time of one signature when keys sign in turn.
func took(b *testing.B, a crypto.Algorithm, digest []byte, keys ...crypto.Private) time.Duration {
	const rounds = 4
	start := time.Now()
	for range rounds {
		for _, p := range keys {
			if _, err := p.Sign(b.Context(), a, digest); err != nil {
				b.Fatal(err)
			}
		}
	}
	return time.Since(start) / time.Duration(rounds*len(keys))
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// BenchmarkKeys reports what one more key costs while the slots stay as many.
func BenchmarkKeys(b *testing.B) {
	for _, c := range benched {
		for _, n := range []int{1000, 10000} {
			b.Run(fmt.Sprintf("%v/%d", c.spec, n), func(b *testing.B) {
				m := newModule(b, hsm.Options{RSA: func(int) (*rsa.PrivateKey, error) { return entropy.Shared().RSA(2048, 0) }})
				var bytes float64
				for b.Loop() {
					bytes = memoryPerKey(b, m, c.spec, n)
				}
				b.ReportMetric(bytes, "B/key")
				b.ReportMetric(float64(m.Stats().Open), "slots")
			})
		}
	}
}

// memoryPerKey makes keys in a module, opens each into a slot and measures what
// is held, the slots included.
func memoryPerKey(b *testing.B, m *hsm.Module, s crypto.Spec, n int) float64 {
	keys := make([]crypto.Private, n)
	before := heap()
	for i := range keys {
		keys[i] = generate(b, m.Driver(false), s.HSM())
		release, err := hsm.Hold(keys[i])
		if err != nil {
			b.Fatal(err)
		}
		release()
	}
	after := heap()
	runtime.KeepAlive(keys)
	return float64(after-before) / float64(n)
}

func heap() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// TestAllocations: a key in a slot costs no allocation more than one in memory.
func TestAllocations(t *testing.T) {
	d := newModule(t, hsm.Options{}).Driver(false)
	for _, c := range benched {
		digest := make([]byte, 32)
		p, err := soft.New().Import(t.Context(), cryptotest.JWK(t, c.spec))
		if err != nil {
			t.Fatal(err)
		}
		in := fixed(t, d, c.spec)
		count := func(p crypto.Private) float64 {
			return testing.AllocsPerRun(20, func() {
				if _, err := p.Sign(t.Context(), c.alg, digest); err != nil {
					t.Fatal(err)
				}
			})
		}
		if bare, slot := count(p), count(in); slot > bare {
			t.Errorf("%s: %v allocations, in memory %v", c.alg, slot, bare)
		}
	}
}

// TestSlotsBoundMemory: keys beyond the slots are held sealed only.
func TestSlotsBoundMemory(t *testing.T) {
	m := newModule(t, hsm.Options{Slots: 3})
	for range 20 {
		p := generate(t, m.Driver(false), crypto.Oct(256).HSM())
		if _, err := p.Sign(t.Context(), crypto.HS256, nil); err != nil {
			t.Fatal(err)
		}
	}
	if s := m.Stats(); s.Open != 3 || s.Loads != 20 || s.Wiped != 17 {
		t.Errorf("%+v", s)
	}
}
