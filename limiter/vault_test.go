package limiter_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/limiter"
)

// minute is limits of 100 units a minute for uses of secrets, and nothing else.
func minute() limiter.Limits {
	return limiter.Limits{Window: time.Minute, Max: [limiter.NumClasses]int{limiter.SecretUse: 100}}
}

// A counter that starts afresh every 10 s admits 3999 around 12:00:10 here.
func TestBurstAtTheEndOfAnInterval(t *testing.T) {
	v := newVault(limiter.Documented2019())
	wantBurst(t, v, 1, 1, limiter.SecretUse, 1, start)
	wantBurst(t, v, 2000, 1999, limiter.SecretUse, 1, start.Add(window-time.Microsecond))
	wantBurst(t, v, 2000, 1, limiter.SecretUse, 1, start.Add(window))
	wantBurst(t, v, 2000, 0, limiter.SecretUse, 1, start.Add(2*window-2*time.Microsecond))
	wantBurst(t, v, 2000, 1999, limiter.SecretUse, 1, start.Add(2*window-time.Microsecond))
}

// A full burst every window is within the limit and passes whole, for ever.
func TestBurstAtTheWindowPeriod(t *testing.T) {
	for _, period := range []time.Duration{window, window + 50*time.Millisecond} {
		v := newVault(limiter.Documented2019())
		for i := range 20 {
			now := start.Add(time.Duration(i) * period)
			wantBurst(t, v, 2001, 2000, limiter.SecretUse, 1, now)
			wantBurst(t, v, 1, 0, limiter.SecretUse, 1, now.Add(window-time.Nanosecond))
		}
	}
}

// Units age out one by one, each exactly a window after it was used.
func TestUnitsAgeOutOneByOne(t *testing.T) {
	v := newVault(limiter.Documented2019())
	step := func(i int) time.Duration { return time.Duration(i) * 3 * time.Microsecond }
	for i := range 2000 {
		wantBurst(t, v, 1, 1, limiter.SecretUse, 1, start.Add(step(i)))
	}
	for i := range 2000 {
		now := start.Add(window + step(i))
		wantBurst(t, v, 1, 0, limiter.SecretUse, 1, now.Add(-time.Nanosecond))
		wantBurst(t, v, 2, 1, limiter.SecretUse, 1, now)
	}
}

func TestRefusal(t *testing.T) {
	v := newVault(limiter.Documented2019())
	v.Take(limiter.HSMKeyUse, 900, start)
	v.Take(limiter.HSMKeyUse, 96, start.Add(time.Second))
	now := start.Add(3*time.Second + 500*time.Nanosecond)

	for _, tt := range []struct {
		units int
		want  limiter.Decision
	}{
		{5, limiter.Decision{RetryAfter: 7*time.Second - 500*time.Nanosecond}},
		{904, limiter.Decision{RetryAfter: 7*time.Second - 500*time.Nanosecond}},
		{905, limiter.Decision{RetryAfter: 8*time.Second - 500*time.Nanosecond}},
		{1000, limiter.Decision{RetryAfter: 8*time.Second - 500*time.Nanosecond}},
		{1001, limiter.Decision{RetryAfter: limiter.Never}},
		{math.MaxInt, limiter.Decision{RetryAfter: limiter.Never}},
		{4, limiter.Decision{Allowed: true}}, // nothing above was counted
		{1, limiter.Decision{RetryAfter: 7*time.Second - 500*time.Nanosecond}},
	} {
		tt.want.Class, tt.want.Limit, tt.want.At, tt.want.Used = limiter.HSMKeyUse, 1000, now, 996
		if tt.want.Allowed || tt.units == 1 {
			tt.want.Used = 1000
		}
		if got := v.Take(limiter.HSMKeyUse, tt.units, now); got != tt.want {
			t.Errorf("take of %d units = %+v\nwant %+v", tt.units, got, tt.want)
		}
	}
}

// Waiting RetryAfter is enough, and a nanosecond less is not.
func TestRetryAfterIsExact(t *testing.T) {
	for _, limits := range []limiter.Limits{
		limiter.Documented2019(),
		minute(), // stamped to 2 µs
		{Window: 24 * time.Hour, Max: [limiter.NumClasses]int{limiter.SecretUse: 100}},
	} {
		v := newVault(limits)
		now := start.Add(123_456_789)
		burst(v, 3000, limiter.SecretUse, 1, now)
		for _, lag := range []time.Duration{0, time.Microsecond, time.Hour} {
			d := v.Take(limiter.SecretUse, 1, now.Add(-lag))
			if d.Allowed || d.RetryAfter > limits.Window+lag || d.RetryAfter < limits.Window+lag-limits.Window/1e7 {
				t.Fatalf("clock %v back: %v", lag, d)
			}
			retry := now.Add(-lag).Add(d.RetryAfter)
			wantBurst(t, v, 1, 0, limiter.SecretUse, 1, retry.Add(-time.Nanosecond))
			if lag == time.Hour {
				wantBurst(t, v, 1, 1, limiter.SecretUse, 1, retry)
			}
		}
	}
}

func TestFewerThanOneUnitIsOne(t *testing.T) {
	for _, units := range []int{0, -1, math.MinInt} {
		wantBurst(t, newVault(limiter.Documented2019()), 20, 10, limiter.KeyCreate, units, start)
	}
}

// A cost of any size is counted exactly and given back exactly.
func TestLargeCosts(t *testing.T) {
	l := limiter.Limits{Max: [limiter.NumClasses]int{limiter.Other: math.MaxInt}}
	for _, units := range []int{3, 255, 256, 1000, 65535, 1<<31 - 1, 1<<62 + 12345, math.MaxInt} {
		v := newVault(l)
		wantBurst(t, v, 1, 1, limiter.Other, units, start)
		rest := math.MaxInt - units
		if rest > 0 {
			wantBurst(t, v, 1, 1, limiter.Other, rest, start)
		}
		wantBurst(t, v, 1, 0, limiter.Other, 1, start.Add(window-1))
		wantBurst(t, v, 1, 1, limiter.Other, math.MaxInt, start.Add(window))
	}
}

// A clock that lags or goes back is taken for the latest time seen, so it
// neither opens a full window nor keeps a later one shut.
func TestClockGoesBack(t *testing.T) {
	v := newVault(limiter.Documented2019())
	wantBurst(t, v, 5, 5, limiter.HSMKeyCreate, 1, start)
	for _, back := range []time.Duration{time.Microsecond, window, time.Hour, 100 * 365 * 24 * time.Hour} {
		d := v.Take(limiter.HSMKeyCreate, 1, start.Add(-back))
		if d.Allowed || !d.At.Equal(start) || d.RetryAfter != window+back {
			t.Errorf("%v back: %v at %v", back, d, d.At)
		}
	}
	wantBurst(t, v, 6, 5, limiter.HSMKeyCreate, 1, start.Add(window))
	if d := v.Take(limiter.KeyUse, 1, time.Time{}); !d.Allowed || !d.At.Equal(start.Add(window)) {
		t.Errorf("the zero time: %v at %v", d, d.At)
	}
}

// The vaults of a subscription share its clock, also before there are windows
// to share.
func TestClockIsTheSubscriptions(t *testing.T) {
	_, vaults := newVaults(limiter.Documented2019(), 2)
	vaults[0].Take(limiter.Other, 1, start.Add(time.Minute))
	if d := vaults[1].Take(limiter.SecretUse, 1, start); !d.At.Equal(start.Add(time.Minute)) {
		t.Errorf("decided for %v, want the time of the other vault", d.At)
	}
}

// Entries keep only the low bits of their stamp. Whatever the time between two
// bursts, the second passes whole if and only if it is a window or more.
func TestIdleOverTheWrapOfTheStamp(t *testing.T) {
	wraps := []time.Duration{1 << 25, 1 << 26, 1 << 27, 1 << 31, 1 << 32, 1 << 33, 3 << 40}
	for _, wrap := range wraps {
		for _, off := range []time.Duration{-window, -time.Microsecond, 0, time.Microsecond, window / 2, window} {
			v := newVault(limiter.Documented2019())
			idle := wrap*time.Microsecond + off
			wantBurst(t, v, 2001, 2000, limiter.SecretUse, 1, start)
			if got := v.Usage(start.Add(idle))[limiter.SecretUse].Used; got != 0 {
				t.Errorf("idle for %v: %d units used, want 0", idle, got)
			}
			wantBurst(t, v, 2001, 2000, limiter.SecretUse, 1, start.Add(idle))
			wantBurst(t, v, 1, 0, limiter.SecretUse, 1, start.Add(idle+window-1))
		}
	}
}

// Times around which the stamp, or its bits, change sign or wrap.
func TestStampsEverywhere(t *testing.T) {
	for _, us := range []int64{0, 1 << 26, 1 << 31, 1 << 32, -1 << 26, -1 << 32, math.MaxInt64/2 + 1, math.MinInt64 / 2} {
		for _, off := range []time.Duration{-window, -window / 2, -time.Microsecond, 0} {
			now := time.UnixMicro(us).Add(off)
			v := newVault(limiter.Documented2019())
			wantBurst(t, v, 6, 5, limiter.HSMKeyCreate, 1, now)
			wantBurst(t, v, 1, 0, limiter.HSMKeyCreate, 1, now.Add(window-time.Microsecond))
			wantBurst(t, v, 6, 5, limiter.HSMKeyCreate, 1, now.Add(window))
		}
	}
}

// Long windows are stamped more coarsely. Windows of whole minutes, up to a
// day, are whole numbers of ticks, so they still end to the microsecond.
func TestLongWindows(t *testing.T) {
	for _, long := range []time.Duration{1<<25*time.Microsecond - 1, 1 << 25 * time.Microsecond, time.Minute, 5 * time.Minute, time.Hour, 24 * time.Hour, 365 * 24 * time.Hour, math.MaxInt64} {
		l := minute()
		l.Window = long
		v := newVault(l)
		wantBurst(t, v, 60, 60, limiter.SecretUse, 1, start)
		wantBurst(t, v, 60, 40, limiter.SecretUse, 1, start.Add(long/3))
		wantBurst(t, v, 60, 0, limiter.SecretUse, 1, start.Add(long-long/1e7))
		if long%time.Minute == 0 && long <= 24*time.Hour {
			wantBurst(t, v, 70, 60, limiter.SecretUse, 1, start.Add(long))
		}
	}
}

// Windows shorter than a microsecond or none are still windows.
func TestShortWindows(t *testing.T) {
	for _, tt := range []struct{ given, want time.Duration }{
		{1, time.Microsecond},
		{1500, 2 * time.Microsecond},
		{time.Millisecond, time.Millisecond},
		{0, window},
		{-time.Second, window},
	} {
		l := minute()
		l.Window = tt.given
		v := newVault(l)
		wantBurst(t, v, 101, 100, limiter.SecretUse, 1, start)
		wantBurst(t, v, 1, 0, limiter.SecretUse, 1, start.Add(tt.want-1))
		wantBurst(t, v, 101, 100, limiter.SecretUse, 1, start.Add(tt.want))
	}
}

// Looking changes nothing, not even the clock.
func TestUsageChangesNothing(t *testing.T) {
	sub, vaults := newVaults(limiter.Documented2019(), 6)
	for _, v := range vaults {
		v.Take(limiter.KeyCreate, 4, start)
	}
	for range 2 {
		for _, v := range vaults {
			if g := v.Usage(start.Add(time.Hour))[limiter.KeyCreate]; g != (limiter.Gauge{Used: 0, Limit: 10}) {
				t.Errorf("an hour later: %+v", g)
			}
			if g := v.Usage(start.Add(-time.Hour))[limiter.KeyCreate]; g != (limiter.Gauge{Used: 4, Limit: 10}) {
				t.Errorf("an hour before: %+v", g)
			}
		}
		if g := sub.Usage(start.Add(window))[limiter.KeyCreate]; g != (limiter.Gauge{Used: 0, Limit: 50}) {
			t.Errorf("subscription, a window later: %+v", g)
		}
		if g := sub.Usage(start)[limiter.KeyCreate]; g != (limiter.Gauge{Used: 24, Limit: 50}) {
			t.Errorf("subscription: %+v", g)
		}
	}
	if d := vaults[0].Take(limiter.KeyCreate, 1, start); d.Used != 5 || d.At != start {
		t.Errorf("after looking: %v at %v", d, d.At)
	}
}

func TestUnlimited(t *testing.T) {
	for _, l := range []limiter.Limits{limiter.Unlimited(), {}} {
		sub, vaults := newVaults(l, 10)
		for i, v := range vaults {
			for c := range limiter.Class(limiter.NumClasses) {
				now := start.Add(-time.Duration(i) * time.Second)
				want := limiter.Decision{Allowed: true, Class: l.Counts(c), At: now}
				if d := v.Take(c, math.MaxInt, now); d != want {
					t.Fatalf("%+v, want %+v", d, want)
				}
			}
			if u := v.Usage(start); u != (limiter.Usage{}) {
				t.Errorf("usage without limits: %v", u)
			}
		}
		if u := sub.Usage(start); u != (limiter.Usage{}) {
			t.Errorf("usage without limits: %v", u)
		}
		if sub.Limits() != l {
			t.Errorf("limits = %+v, want %+v", sub.Limits(), l)
		}
	}
}

func TestDecisionString(t *testing.T) {
	v := newVault(limiter.Documented2019())
	for _, tt := range []struct {
		d    limiter.Decision
		want string
	}{
		{newVault(limiter.Unlimited()).Take(limiter.KeyUse, 8, start), "KeyUse allowed: no limit"},
		{v.Take(limiter.KeyCreate, 10, start), "KeyCreate allowed: 10 of 10 units of the vault used"},
		{v.Take(limiter.KeyCreate, 1, start.Add(time.Second)), "KeyCreate refused: 10 of 10 units of the vault used, retry after 9s"},
		{v.Take(limiter.KeyCreate, 11, start), "KeyCreate refused: more than the 10 units of the vault at once"},
		{limiter.Decision{Scope: limiter.ScopeSubscription, Used: 9, Limit: 9, RetryAfter: 1}, "Other refused: 9 of 9 units of the subscription used, retry after 1ns"},
	} {
		if got := tt.d.String(); got != tt.want {
			t.Errorf("%q\nwant %q", got, tt.want)
		}
	}
	if s := limiter.Class(77).String() + limiter.KeySize(77).String() + limiter.Scope(77).String(); !strings.HasPrefix(s, "OtherOtherKey") {
		t.Errorf("unknown numbers print as %q", s)
	}
}
