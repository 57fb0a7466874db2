package limiter_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/limiter"
)

// oracle is what the limiter should be, written for nothing but being
// obviously right: it remembers every use for ever and adds up what counts.
type oracle struct {
	limits limiter.Limits
	tick   int64 // microseconds
	last   int64
	uses   []use
}

type use struct {
	vault int
	class limiter.Class
	tick  int64
	units int
}

// all is the vault that stands for the whole subscription.
const all = -1

func newOracle(l limiter.Limits) *oracle {
	o := &oracle{limits: l, tick: 1, last: -1 << 62}
	for o.window() >= 1<<25 {
		o.tick *= 2
	}
	return o
}

// window is how many ticks a unit counts.
func (o *oracle) window() int64 {
	span := o.limits.Window
	if span <= 0 {
		span = limiter.DefaultWindow
	}
	tick := time.Duration(o.tick) * time.Microsecond
	return int64((span + tick - 1) / tick)
}

// used adds up what counts at a tick.
func (o *oracle) used(vault int, c limiter.Class, tick int64) int {
	sum := 0
	for _, u := range o.uses {
		if u.class == c && (vault == all || u.vault == vault) && tick < u.tick+o.window() {
			sum += u.units
		}
	}
	return sum
}

func (o *oracle) ticks(now time.Time) int64 {
	us := now.UnixMicro()
	t := us / o.tick
	if t*o.tick > us {
		t--
	}
	return t
}

func (o *oracle) time(tick int64) time.Time { return time.UnixMicro(tick * o.tick).UTC() }

// wait tries every moment at which anything ages out.
func (o *oracle) wait(vault int, c limiter.Class, units, limit int, now time.Time) time.Duration {
	if units > limit {
		return limiter.Never
	}
	if o.used(vault, c, o.last)+units <= limit {
		return 0
	}
	free := int64(-1)
	for _, u := range o.uses {
		at := u.tick + o.window()
		if at > o.last && (free == -1 || at < free) && o.used(vault, c, at)+units <= limit {
			free = at
		}
	}
	return o.time(free).Sub(now)
}

func (o *oracle) take(vault int, c limiter.Class, units int, now time.Time) limiter.Decision {
	c = o.limits.Counts(c)
	d := limiter.Decision{Class: c, Limit: o.limits.Limit(c), At: now}
	if d.Limit == 0 {
		d.Allowed = true
		return d
	}
	units = max(units, 1)
	if o.ticks(now) >= o.last {
		o.last = o.ticks(now)
	} else {
		d.At = o.time(o.last)
	}
	d.Used, d.RetryAfter = o.used(vault, c, o.last), o.wait(vault, c, units, d.Limit, now)
	if share := o.limits.SubscriptionLimit(c); share > 0 {
		if wait := o.wait(all, c, units, share, now); wait > d.RetryAfter {
			d.Scope, d.Used, d.Limit, d.RetryAfter = limiter.ScopeSubscription, o.used(all, c, o.last), share, wait
		}
	}
	if d.RetryAfter == 0 {
		o.uses = append(o.uses, use{vault, c, o.last, units})
		d.Allowed, d.Used = true, d.Used+units
	}
	return d
}

func (o *oracle) usage(vault int, now time.Time) (u limiter.Usage) {
	for c := range limiter.Class(limiter.NumClasses) {
		in := o.limits.Counts(c)
		u[c].Limit = o.limits.Limit(in)
		if vault == all {
			u[c].Limit = o.limits.SubscriptionLimit(in)
		}
		if u[c].Limit != 0 {
			u[c].Used = o.used(vault, in, max(o.last, o.ticks(now)))
		}
	}
	return u
}

func drawLimits(t *rapid.T) limiter.Limits {
	small := rapid.SampledFrom([]int{-1, 0, 1, 2, 5, 12, 40, 1000})
	windows := rapid.SampledFrom([]time.Duration{
		0, 1, 1500, time.Millisecond, time.Second, limiter.DefaultWindow, 40 * time.Second, time.Hour, 1000 * time.Hour,
	})
	l := limiter.Limits{
		Window:                windows.Draw(t, "window"),
		Multiple:              rapid.SampledFrom([]int{0, 1, 2, 3, 5, 9, 20}).Draw(t, "multiple"),
		ImportsAsSecretCreate: rapid.Bool().Draw(t, "imports"),
	}
	for c := range l.Max {
		l.Max[c] = small.Draw(t, "max")
	}
	l.Max[limiter.KeyUse] = rapid.IntRange(1, 30).Draw(t, "key use")
	return l
}

// step is how far the clock moves: mostly within a window, often exactly to
// where something ages out, sometimes back, sometimes far over any wrap.
func drawStep(t *rapid.T, w time.Duration) time.Duration {
	if w <= 0 {
		w = limiter.DefaultWindow
	}
	return rapid.OneOf(
		rapid.SampledFrom([]time.Duration{
			0, 0, 0, 1, time.Microsecond, w / 7, w / 3, w / 2, w - time.Microsecond, w - 1, w, w + 1, w + time.Microsecond,
			-1, -time.Microsecond, -w / 3, -w, 20 * w, 1 << 26 * time.Microsecond, 1<<32*time.Microsecond - w,
		}),
		rapid.Map(rapid.Int64Range(-int64(w)/20, int64(w)/5), func(n int64) time.Duration { return time.Duration(n) }),
	).Draw(t, "step")
}

// Every decision and every gauge is the oracle's, in all its fields, whatever
// the limits, the costs, the vaults coming and going, and the clock.
func TestAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := drawLimits(t)
		want := newOracle(limits)
		sub := limiter.NewSubscription(limits)
		vaults := make([]*limiter.Vault, rapid.IntRange(1, 14).Draw(t, "vaults"))
		for i := range vaults {
			vaults[i] = sub.NewVault()
		}
		now := start
		class := rapid.OneOf(rapid.Just(limiter.KeyUse), rapid.Map(rapid.Uint8Range(0, limiter.NumClasses), func(n uint8) limiter.Class { return limiter.Class(n) }))
		units := rapid.SampledFrom([]int{-1, 0, 1, 1, 1, 1, 2, 3, 4, 8, 8, 11, 30, 1000, 1 << 40})
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			now = now.Add(drawStep(t, limits.Window))
			i := rapid.IntRange(0, len(vaults)-1).Draw(t, "vault")
			switch rapid.IntRange(0, 20).Draw(t, "what") {
			case 0:
				vaults[i].Close()
			case 1:
				if got, want := vaults[i].Usage(now), want.usage(i, now); got != want {
					t.Fatalf("usage of vault %d = %v, want %v", i, got, want)
				}
			case 2:
				if got, want := sub.Usage(now), want.usage(all, now); got != want {
					t.Fatalf("usage of the subscription = %v, want %v", got, want)
				}
			default:
				c, n := class.Draw(t, "class"), units.Draw(t, "units")
				if got, want := vaults[i].Take(c, n, now), want.take(i, c, n, now); got != want {
					t.Fatalf("vault %d, %v, %d units at %v:\n%+v, want\n%+v", i, c, n, now, got, want)
				}
			}
		}
	})
}

// Loads around what is allowed: whole windows of hundreds of entries, in which
// the rings grow, turn and shrink.
func TestAgainstOracleAtScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := limiter.Documented2019()
		limits.Max[limiter.KeyUse] = 200
		want := newOracle(limits)
		_, vaults := newVaults(limits, 7)
		now := start
		for range rapid.IntRange(1, 10).Draw(t, "phases") {
			inUse := rapid.IntRange(1, 7).Draw(t, "in use")
			gap := rapid.SampledFrom([]time.Duration{0, time.Microsecond, 3 * time.Millisecond, 20 * time.Millisecond, 300 * time.Millisecond}).Draw(t, "gap")
			units := rapid.SampledFrom([]int{1, 4, 8}).Draw(t, "units")
			for i := range rapid.IntRange(1, 250).Draw(t, "requests") {
				now = now.Add(gap)
				if got, want := vaults[i%inUse].Take(limiter.KeyUse, units, now), want.take(i%inUse, limiter.KeyUse, units, now); got != want {
					t.Fatalf("%+v, want\n%+v", got, want)
				}
			}
			now = now.Add(rapid.SampledFrom([]time.Duration{0, window / 2, window - 1, window, 3 * window}).Draw(t, "pause"))
		}
	})
}
