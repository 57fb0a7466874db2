package limiter_test

import (
	"sync"
	"testing"
	"time"

	"github.com/embedvault/embedvault/limiter"
)

// load is a stream of equal requests, step apart, to some vaults in turn.
type load struct {
	name   string
	limits limiter.Limits
	vaults int
	class  limiter.Class
	units  int
	step   time.Duration
	passes bool
}

// The clock is virtual: every request is given the time. The steps are such
// that the limit is just reached, or that all is refused.
var loads = []load{
	{"unlimited", limiter.Unlimited(), 1, limiter.SecretUse, 1, time.Millisecond, true},
	{"admitted", limiter.Documented2019(), 1, limiter.SecretUse, 1, 5 * time.Millisecond, true},
	{"refused", limiter.Documented2019(), 1, limiter.SecretUse, 1, 0, false},
	{"weighted/admitted", limiter.Documented2019(), 1, limiter.KeyUse, 8, 40 * time.Millisecond, true},
	{"weighted/refused", limiter.Documented2019(), 1, limiter.KeyUse, 8, 0, false},
	{"sparse", limiter.Documented2019(), 1, limiter.SecretUse, 1, time.Second, true},
	{"idle", limiter.Documented2019(), 1, limiter.SecretUse, 1, 11 * time.Second, true},
	{"subscription/admitted", limiter.Documented2019(), 6, limiter.SecretUse, 1, time.Millisecond, true},
	{"subscription/refused", limiter.Documented2019(), 6, limiter.SecretUse, 1, 0, false},
}

// run sends n requests and returns how many passed, and the time after them.
func (l load) run(vaults []*limiter.Vault, n int, from time.Time) (passed int, to time.Time) {
	us, step := from.UnixMicro(), l.step.Microseconds()
	class, units, next := l.class, l.units, 0
	for range n {
		us += step
		if vaults[next].Take(class, units, time.UnixMicro(us)).Allowed {
			passed++
		}
		if next++; next == len(vaults) {
			next = 0
		}
	}
	return passed, time.UnixMicro(us)
}

func BenchmarkTake(b *testing.B) {
	for _, l := range loads {
		b.Run(l.name, func(b *testing.B) {
			b.ReportAllocs()
			sub := limiter.NewSubscription(l.limits)
			vaults := make([]*limiter.Vault, l.vaults)
			for i := range vaults {
				vaults[i] = sub.NewVault()
			}
			_, now := l.run(vaults, 30_000, start)
			b.ResetTimer()
			passed, _ := l.run(vaults, b.N, now)
			if l.passes && passed < b.N || !l.passes && passed > 0 {
				b.Fatalf("%d of %d passed", passed, b.N)
			}
		})
	}
}

// BenchmarkFloor is what Take cannot be cheaper than: the virtual clock and,
// where there is a limit, one mutex.
func BenchmarkFloor(b *testing.B) {
	var mu sync.Mutex
	us, passed := start.UnixMicro(), 0
	for range b.N {
		us++
		mu.Lock()
		if time.UnixMicro(us).After(start) {
			passed++
		}
		mu.Unlock()
	}
	if passed < b.N {
		b.Fatal("the clock stands still")
	}
}

func BenchmarkTakeParallel(b *testing.B) {
	for _, limits := range []limiter.Limits{limiter.Unlimited(), limiter.Documented2019()} {
		b.Run(limits.Name, func(b *testing.B) {
			b.ReportAllocs()
			v := limiter.NewSubscription(limits).NewVault()
			b.RunParallel(func(pb *testing.PB) {
				for us := start.UnixMicro(); pb.Next(); us += 5000 {
					v.Take(limiter.SecretUse, 1, time.UnixMicro(us))
				}
			})
		})
	}
}
