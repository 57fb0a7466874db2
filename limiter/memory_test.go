package limiter_test

import (
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/embedvault/embedvault/limiter"
)

// Once its windows have grown, nothing is allocated for a decision.
func TestAllocations(t *testing.T) {
	for _, l := range loads {
		t.Run(l.name, func(t *testing.T) {
			_, vaults := newVaults(l.limits, l.vaults)
			_, now := l.run(vaults, 30_000, start)
			allocs := testing.AllocsPerRun(10, func() { _, now = l.run(vaults, 10_000, now) })
			if allocs != 0 {
				t.Errorf("10000 requests allocate %v times, want 0", allocs)
			}
		})
	}
}

// A burst that repeats keeps its ring.
func TestRepeatedBurstsDoNotAllocate(t *testing.T) {
	v, now := newVault(limiter.Documented2019()), start
	allocs := testing.AllocsPerRun(10, func() {
		burst(v, 2001, limiter.SecretUse, 1, now)
		now = now.Add(window)
	})
	if allocs != 0 {
		t.Errorf("a burst allocates %v times, want 0", allocs)
	}
}

// heapEach returns how many bytes one of the n things that build returns
// keeps alive, to a few dozen bytes if n is some hundreds.
func heapEach[T any](n int, build func() T) int {
	heap := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	things := make([]T, n)
	before := heap()
	for i := range things {
		things[i] = build()
	}
	after := heap()
	runtime.KeepAlive(things)
	return (after - before) / n
}

// What a vault weighs, and what its windows add to it.
func TestMemoryOfVaults(t *testing.T) {
	sub := limiter.NewSubscription(limiter.Documented2019())
	unused := heapEach(2000, sub.NewVault)
	if unused > 160 {
		t.Errorf("an unused vault takes %d bytes, want at most 160", unused)
	}
	// A subscription for each, so that it keeps no windows of its own; it
	// remembers the vault, in 8 bytes.
	alone := heapEach(500, func() *limiter.Vault { return newVault(limiter.Documented2019()) }) + 8
	for _, tt := range []struct {
		name   string
		bursts []int // one in each window
		max    int
	}{
		{"used once", []int{1}, 136},
		{"used in full", []int{2000}, 10_500},
		{"used in full, then now and then", []int{2000, 1, 1}, 136},
	} {
		used := heapEach(500, func() *limiter.Vault {
			v := newVault(limiter.Documented2019())
			for i, n := range tt.bursts {
				burst(v, n, limiter.SecretUse, 1, start.Add(time.Duration(i)*window))
			}
			return v
		})
		t.Logf("a window %s: %d bytes", tt.name, used-alone)
		if used-alone > tt.max {
			t.Errorf("a window %s takes %d bytes, want at most %d", tt.name, used-alone, tt.max)
		}
	}
}

// The windows of a subscription are there only while more vaults are in use
// than can be ignored. The numbers are multiples of a full log, 8 KB.
func TestMemoryOfSubscriptions(t *testing.T) {
	const full, noise = 8192, 2048
	// use fills the windows of n new vaults and returns the last of them.
	use := func(sub *limiter.Subscription, n int, now time.Time) (v *limiter.Vault) {
		for range n {
			v = sub.NewVault()
			burst(v, 2000, limiter.SecretUse, 1, now)
		}
		return v
	}
	// A subscription and one of its vaults, both kept alive.
	type pair struct {
		sub  *limiter.Subscription
		last *limiter.Vault
	}
	idle := heapEach(100, func() pair {
		sub := limiter.NewSubscription(limiter.Documented2019())
		return pair{sub, sub.NewVault()}
	})
	for _, tt := range []struct {
		name string
		use  func(sub *limiter.Subscription) *limiter.Vault
		want int
	}{
		{"a thousand vaults, never used", func(sub *limiter.Subscription) (v *limiter.Vault) {
			for range 1000 {
				v = sub.NewVault()
			}
			return v
		}, 0},
		{"five vaults in use: what they keep", func(sub *limiter.Subscription) *limiter.Vault {
			return use(sub, 5, start)
		}, 5 * full},
		{"six in use: a log of 10000", func(sub *limiter.Subscription) *limiter.Vault {
			return use(sub, 6, start)
		}, 8 * full},
		{"once five, a window later a sixth: what that keeps", func(sub *limiter.Subscription) *limiter.Vault {
			use(sub, 5, start)
			return use(sub, 1, start.Add(window))
		}, full},
		{"once twenty, now one in full use: what that keeps", func(sub *limiter.Subscription) *limiter.Vault {
			v := use(sub, 20, start)
			for i := range 4 {
				burst(v, 2000, limiter.SecretUse, 1, start.Add(time.Duration(i)*window))
			}
			return v
		}, full},
		{"closed when its use had aged out", func(sub *limiter.Subscription) *limiter.Vault {
			v := use(sub, 1, start)
			sub.NewVault().Take(limiter.Other, 1, start.Add(window))
			v.Close()
			return v
		}, 0},
	} {
		got := heapEach(50, func() pair {
			sub := limiter.NewSubscription(limiter.Documented2019())
			return pair{sub, tt.use(sub)}
		}) - idle
		if got < tt.want-noise || got > tt.want+noise {
			t.Errorf("%s: %d bytes, want about %d", tt.name, got, tt.want)
		}
	}
}

// A vault that is gone is kept alive no longer than its use counts.
func TestDeletedVaultsAreForgotten(t *testing.T) {
	for _, tt := range []struct {
		name string
		then func(sub *limiter.Subscription, v *limiter.Vault)
	}{
		{"never used", func(sub *limiter.Subscription, v *limiter.Vault) {}},
		{"closed when its use has aged out", func(sub *limiter.Subscription, v *limiter.Vault) {
			v.Take(limiter.Other, 1, start)
			sub.NewVault().Take(limiter.Other, 1, start.Add(window))
			v.Close()
		}},
		{"closed, and others are used after its use has aged out", func(sub *limiter.Subscription, v *limiter.Vault) {
			v.Take(limiter.Other, 1, start)
			v.Close()
			for range 5 {
				sub.NewVault().Take(limiter.Other, 1, start.Add(window))
			}
		}},
		{"dropped, and more are used than the subscription remembers", func(sub *limiter.Subscription, v *limiter.Vault) {
			v.Take(limiter.Other, 1, start)
			for range 5 {
				sub.NewVault().Take(limiter.Other, 1, start)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sub := limiter.NewSubscription(limiter.Documented2019())
			v := sub.NewVault()
			gone := weak.Make(v)
			tt.then(sub, v)
			v = nil
			runtime.GC()
			if gone.Value() != nil {
				t.Error("the subscription keeps the vault alive")
			}
			runtime.KeepAlive(sub)
		})
	}
}
