package bench_test

import (
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/embedvault/embedvault/limiter"
)

// The limit on reading secrets since 2019: so many in any ten seconds.
const (
	most   = 2000
	window = 10 * time.Second
)

var start = time.Unix(1_800_000_000, 0)

// flow is a stream of equal requests of some units, step apart. With 5 ms a unit the limit is always just reached.
type flow struct {
	name  string
	class limiter.Class
	units int
	step  time.Duration
	pass  bool
}

var flows = []flow{
	{"admitted", limiter.SecretUse, 1, window / most, true},
	{"weighted", limiter.KeyUse, 8, 8 * window / most, true},
	{"refused", limiter.SecretUse, 1, 0, false},
}

// limiterRows compare with a token bucket of the same rate, which holds as much as the limit. A bucket is no window: see
// TestDensestWindow for what it lets through.
func limiterRows() (rows []row) {
	for _, f := range flows {
		rows = append(rows, row{"given-time/" + f.name, f.givenTime})
	}
	return append(rows, row{"system-clock/admitted", flows[0].systemClock})
}

// full returns both limiters after as many requests as the limit allows, and the time of the last.
func (f flow) full() (v *limiter.Vault, bucket *rate.Limiter, now time.Time) {
	v, bucket, now = newWindow(), newBucket(), start
	for range most / f.units {
		now = now.Add(f.step)
		v.Take(f.class, f.units, now)
		bucket.AllowN(now, f.units)
	}
	return v, bucket, now
}

func newWindow() *limiter.Vault { return limiter.NewSubscription(limiter.Documented2019()).NewVault() }
func newBucket() *rate.Limiter  { return rate.NewLimiter(rate.Limit(most/window.Seconds()), most) }
func newSafeBucket() *rate.Limiter {
	return rate.NewLimiter(rate.Limit(most/window.Seconds()/2), most/2)
}

// givenTime counts the time in microseconds and makes a time.Time of each, which is cheaper than to add to one.
func (f flow) givenTime(testing.TB) []side {
	v, bucket, now := f.full()
	step := f.step.Microseconds()
	ours, theirs := now.UnixMicro(), now.UnixMicro()
	return []side{
		{"limiter", func(tb testing.TB, n int) {
			for range n {
				ours += step
				if v.Take(f.class, f.units, time.UnixMicro(ours)).Allowed != f.pass {
					tb.Fatal("wrong decision")
				}
			}
		}},
		{"x-time-rate", func(tb testing.TB, n int) {
			for range n {
				theirs += step
				if bucket.AllowN(time.UnixMicro(theirs), f.units) != f.pass {
					tb.Fatal("wrong decision")
				}
			}
		}},
	}
}

// systemClock reads the system's clock for each request, and puts the request where it would be admitted.
func (f flow) systemClock(testing.TB) []side {
	v, bucket, now := f.full()
	ahead := time.Until(now)
	ours, theirs := ahead, ahead
	return []side{
		{"limiter", func(tb testing.TB, n int) {
			for range n {
				ours += f.step
				if !v.Take(f.class, f.units, time.Now().Add(ours)).Allowed {
					tb.Fatal("refused")
				}
			}
		}},
		{"x-time-rate", func(tb testing.TB, n int) {
			for range n {
				theirs += f.step
				if !bucket.AllowN(time.Now().Add(theirs), f.units) {
					tb.Fatal("refused")
				}
			}
		}},
		{"clock", clock},
	}
}

// clock is the floor of everything that reads the system's clock once.
func clock(tb testing.TB, n int) {
	for range n {
		if time.Now().IsZero() {
			tb.Fatal("the clock stands at its beginning")
		}
	}
}

// Where a window and a bucket mean the same, they say the same: what passes at once after a rest.
func TestLimitersAgree(t *testing.T) {
	for _, units := range []int{1, 4, 8} {
		v, bucket := newWindow(), newBucket()
		for _, now := range []time.Time{start, start.Add(window), start.Add(5 * window)} {
			for i := range most {
				ours, theirs := v.Take(limiter.KeyUse, units, now).Allowed, bucket.AllowN(now, units)
				if want := (i+1)*units <= most; ours != want || theirs != want {
					t.Fatalf("request %d of %d units after a rest: %v, x/time/rate %v", i, units, ours, theirs)
				}
			}
		}
	}
}

// TestDensestWindow shows what each limiter lets through in the fullest ten seconds: a bucket of the limit's rate and size
// twice the limit, and a bucket that cannot exceed it half of the traffic that the limit allows.
func TestDensestWindow(t *testing.T) {
	for _, c := range []struct {
		name          string
		new           func() func(time.Time) bool
		least, atMost int // units in the densest window
		legal         int // admitted of what the limit allows
	}{
		{"limiter", takeSecret, most, most, 5 * most},
		{"x/time/rate 200/s, burst 2000", fill(newBucket), 2*most - 2, 2 * most, 5 * most},
		{"x/time/rate 100/s, burst 1000", fill(newSafeBucket), most - 2, most, 5 * most / 2},
	} {
		dense, legal := densest(admitted(c.new(), endOfWindow())), len(admitted(c.new(), legalBursts()))
		t.Logf("%s: %d units in the densest 10 s, %d of %d allowed units admitted", c.name, dense, legal, 5*most)
		if dense < c.least || dense > c.atMost || legal != c.legal {
			t.Errorf("%s: %d units in the densest 10 s, want %d to %d; %d admitted, want %d", c.name, dense, c.least, c.atMost, legal, c.legal)
		}
	}
}

func takeSecret() func(time.Time) bool {
	v := newWindow()
	return func(at time.Time) bool { return v.Take(limiter.SecretUse, 1, at).Allowed }
}

func fill(bucket func() *rate.Limiter) func() func(time.Time) bool {
	return func() func(time.Time) bool {
		b := bucket()
		return func(at time.Time) bool { return b.AllowN(at, 1) }
	}
}

// endOfWindow is a burst of the whole limit at the end of a window, and three times what the limit allows in the next two.
func endOfWindow() (arrivals []time.Time) {
	end := start.Add(window - time.Millisecond)
	for range most {
		arrivals = append(arrivals, end)
	}
	const each = window / most / 3
	for i := range 6 * most {
		arrivals = append(arrivals, end.Add(time.Duration(i+1)*each))
	}
	return arrivals
}

// legalBursts is the whole limit at once, every ten seconds, five times.
func legalBursts() (arrivals []time.Time) {
	for i := range 5 * most {
		arrivals = append(arrivals, start.Add(time.Duration(i/most)*window))
	}
	return arrivals
}

func admitted(allow func(time.Time) bool, arrivals []time.Time) (passed []time.Time) {
	for _, at := range arrivals {
		if allow(at) {
			passed = append(passed, at)
		}
	}
	return passed
}

// densest returns how many of the ascending times lie in the fullest window.
func densest(times []time.Time) (count int) {
	from := 0
	for i, at := range times {
		for at.Sub(times[from]) >= window {
			from++
		}
		count = max(count, i-from+1)
	}
	return count
}
