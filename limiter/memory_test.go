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
// keeps alive.
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

// What a vault and its windows weigh. The bounds of a window are those of the
// vault in that state, less the vault unused.
func TestMemoryOfVaults(t *testing.T) {
	sub := limiter.NewSubscription(limiter.Documented2019())
	unused := heapEach(2000, sub.NewVault)
	for _, tt := range []struct {
		name string
		uses int
		then time.Duration
		max  int
	}{
		{"used once", 1, 0, 136},
		{"used in full", 2000, 0, 10_500},
		{"used once again after a full window and an idle one", 2000, window, 136},
	} {
		used := heapEach(200, func() *limiter.Vault {
			v := newVault(limiter.Documented2019())
			burst(v, tt.uses, limiter.SecretUse, 1, start)
			for now := start.Add(tt.then); tt.then > 0 && now.Before(start.Add(3*window)); now = now.Add(tt.then) {
				v.Take(limiter.SecretUse, 1, now)
			}
			return v
		})
		fresh := heapEach(200, func() *limiter.Vault { return newVault(limiter.Documented2019()) })
		// The list of recent vaults is the subscription's: one slot, 8 bytes.
		if got := used - fresh - 8; got > tt.max {
			t.Errorf("a window %s takes %d bytes, want at most %d", tt.name, got, tt.max)
		}
	}
	if unused > 160 {
		t.Errorf("an unused vault takes %d bytes, want at most 160", unused)
	}
}

// The windows of a subscription are there only while more vaults are in use
// than can be ignored.
func TestMemoryOfSubscriptions(t *testing.T) {
	idle := heapEach(50, func() *limiter.Subscription { return limiter.NewSubscription(limiter.Documented2019()) })
	for _, tt := range []struct {
		name     string
		use      func(sub *limiter.Subscription)
		min, max int
	}{
		{"six vaults in use", func(sub *limiter.Subscription) { fill(sub, 6, start) }, 50_000, 80_000},
		{"once twelve, now one in full use", func(sub *limiter.Subscription) {
			fill(sub, 12, start)
			v := sub.NewVault()
			for i := range 4 {
				burst(v, 2000, limiter.SecretUse, 1, start.Add(time.Duration(i)*window))
			}
		}, 8_000, 9_000}, // the log of the vault, not that and another
		{"twenty vaults, one after the other", func(sub *limiter.Subscription) {
			for i := range 20 {
				fill(sub, 1, start.Add(time.Duration(i)*window))
			}
		}, 0, 45_000},
		{"a thousand vaults, never used", func(sub *limiter.Subscription) {
			for range 1000 {
				sub.NewVault()
			}
		}, 0, 0},
	} {
		got := heapEach(20, func() *limiter.Subscription {
			sub := limiter.NewSubscription(limiter.Documented2019())
			tt.use(sub)
			return sub
		}) - idle
		t.Log(tt.name, got)
		if got < tt.min || got > tt.max+16 {
			t.Errorf("%s: %d bytes, want %d to %d", tt.name, got, tt.min, tt.max)
		}
	}
}

// fill uses so many new vaults to their limit, and closes them.
func fill(sub *limiter.Subscription, n int, now time.Time) {
	for range n {
		v := sub.NewVault()
		burst(v, 2000, limiter.SecretUse, 1, now)
		v.Close()
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
