package limiter_test

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/embedvault/embedvault/limiter"
)

// asked is a request that one goroutine made.
type asked struct {
	vault int
	units int
	limiter.Decision
}

// stampede lets eight goroutines ask, as fast as they can, of a clock that
// moves a microsecond or so with every reading. Each reads it before it asks,
// so they arrive out of order.
func stampede(vaults []*limiter.Vault, each int) []asked {
	var clock atomic.Int64
	var wg sync.WaitGroup
	all := make([][]asked, 8)
	for g := range all {
		wg.Go(func() {
			for i := range each {
				a := asked{units: []int{1, 1, 4, 8}[(g+i)%4]}
				if i%3 != 0 {
					a.vault = (g + i) % len(vaults) // and the first gets more than the others
				}
				now := start.Add(time.Duration(clock.Add(700)) * time.Nanosecond)
				a.Decision = vaults[a.vault].Take(limiter.KeyUse, a.units, now)
				all[g] = append(all[g], a)
			}
		})
	}
	wg.Wait()
	return slices.Concat(all...)
}

// meter adds up what was admitted in the window before any time, by the
// stamps of the decisions: the account an outsider could keep.
type meter struct {
	stamps []int64 // of what was admitted, in order
	sums   []int   // units admitted before each, and in all
}

func newMeter(all []asked, counts func(asked) bool) meter {
	var admitted []asked
	for _, a := range all {
		if a.Allowed && counts(a) {
			admitted = append(admitted, a)
		}
	}
	slices.SortFunc(admitted, func(a, b asked) int { return cmp.Compare(a.At.UnixMicro(), b.At.UnixMicro()) })
	m := meter{sums: []int{0}}
	for i, a := range admitted {
		m.stamps = append(m.stamps, a.At.UnixMicro())
		m.sums = append(m.sums, m.sums[i]+a.units)
	}
	return m
}

// before returns how many units were admitted before a stamp.
func (m meter) before(stamp int64) int {
	i, _ := slices.BinarySearch(m.stamps, stamp)
	return m.sums[i]
}

// window returns how many units were admitted in the window that ends with
// the stamp, this included.
func (m meter) window(stamp int64, span time.Duration) int {
	return m.before(stamp+1) - m.before(stamp-span.Microseconds()+1)
}

// Eight goroutines, more vaults than the subscription can ignore: by the
// stamps accounted, no window of a vault or of the subscription ever holds
// more than its limit, and nothing is refused unless its window was full.
func TestStampede(t *testing.T) {
	for _, vaults := range []int{1, 5, 7} {
		limits := limiter.Limits{
			Window:   time.Millisecond,
			Max:      [limiter.NumClasses]int{limiter.KeyUse: 200},
			Multiple: 5,
		}
		_, vs := newVaults(limits, vaults)
		all := stampede(vs, 6000)
		whole := newMeter(all, func(asked) bool { return true })
		var own []meter
		for v := range vs {
			own = append(own, newMeter(all, func(a asked) bool { return a.vault == v }))
		}
		refused := map[limiter.Scope]int{}
		for _, a := range all {
			stamp := a.At.UnixMicro()
			if n := own[a.vault].window(stamp, limits.Window); n > 200 {
				t.Fatalf("%d vaults: %d units of one in the window before %v", vaults, n, a.At)
			}
			if n := whole.window(stamp, limits.Window); n > 1000 {
				t.Fatalf("%d vaults: %d units of all in the window before %v", vaults, n, a.At)
			}
			if a.Allowed {
				continue
			}
			refused[a.Scope]++
			m := own[a.vault]
			if a.Scope == limiter.ScopeSubscription {
				m = whole
			}
			if n := m.window(stamp, limits.Window); n < a.Used || a.Used+a.units <= a.Limit {
				t.Fatalf("%d vaults: %v, %d units at %v: the window held %d", vaults, a.Decision, a.units, a.At, n)
			}
		}
		if refused[limiter.ScopeVault] == 0 || vaults > 5 != (refused[limiter.ScopeSubscription] > 0) {
			t.Errorf("%d vaults: refused %v: the load does not test what it should", vaults, refused)
		}
	}
}

// Vaults come, are used, looked at and deleted while others are.
func TestVaultsComeAndGoConcurrently(t *testing.T) {
	sub := limiter.NewSubscription(limiter.Documented2019())
	var clock, passed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 300 {
				v := sub.NewVault()
				now := start.Add(time.Duration(clock.Add(1)) * time.Millisecond)
				passed.Add(int64(burst(v, 6, limiter.HSMKeyCreate, 1, now)))
				if g := sub.Usage(now)[limiter.HSMKeyCreate]; g.Used > g.Limit {
					t.Errorf("%+v", g)
				}
				v.Usage(now)
				v.Close()
			}
		})
	}
	wg.Wait()
	if got := passed.Load(); got != 25 {
		t.Errorf("%d keys created within 2.4 s, want 25", got)
	}
}
