package limiter_test

import (
	"math"
	"testing"
	"time"

	"github.com/embedvault/embedvault/limiter"
)

// The published example: five vaults use up what they have, and with it what
// the subscription has; a sixth that never asked for anything is refused.
func TestSixthVault(t *testing.T) {
	sub, vaults := newVaults(limiter.Documented2019(), 6)
	for _, v := range vaults[:5] {
		wantBurst(t, v, 1001, 1000, limiter.HSMKeyUse, 1, start)
	}
	now := start.Add(4 * time.Second)
	want := limiter.Decision{
		Class: limiter.HSMKeyUse, Scope: limiter.ScopeSubscription,
		Used: 5000, Limit: 5000, RetryAfter: 6 * time.Second, At: now,
	}
	if got := vaults[5].Take(limiter.HSMKeyUse, 1, now); got != want {
		t.Errorf("sixth vault: %+v\nwant %+v", got, want)
	}
	wantBurst(t, vaults[5], 1, 1, limiter.KeyUse, 1, now) // another class
	if g := vaults[5].Usage(now)[limiter.HSMKeyUse]; g.Used != 0 {
		t.Errorf("the refused request was counted: %+v", g)
	}
	if g := sub.Usage(now)[limiter.HSMKeyUse]; g != (limiter.Gauge{Used: 5000, Limit: 5000}) {
		t.Errorf("subscription: %+v", g)
	}
	wantBurst(t, vaults[5], 1001, 1000, limiter.HSMKeyUse, 1, start.Add(window))
}

// The sixth vault appears while the five are in the middle of their windows:
// what they used before it must age out when it would have.
func TestSixthVaultMidFlight(t *testing.T) {
	_, vaults := newVaults(limiter.Documented2019(), 6)
	sec := func(n int) time.Time { return start.Add(time.Duration(n) * time.Second) }
	for i, v := range vaults[:5] {
		wantBurst(t, v, 500, 500, limiter.HSMKeyUse, 1, sec(i))
		wantBurst(t, v, 500, 500, limiter.HSMKeyUse, 1, sec(i))
		v.Take(limiter.KeyUse, 8, sec(i))
	}
	sixth := vaults[5]
	wantBurst(t, sixth, 1, 0, limiter.HSMKeyUse, 1, sec(5))
	wantBurst(t, sixth, 1, 0, limiter.HSMKeyUse, 1, sec(10).Add(-time.Microsecond))
	// At each second the thousand of one vault is free again, for any.
	wantBurst(t, sixth, 600, 600, limiter.HSMKeyUse, 1, sec(10))
	wantBurst(t, vaults[0], 600, 400, limiter.HSMKeyUse, 1, sec(10))
	wantBurst(t, vaults[0], 600, 600, limiter.HSMKeyUse, 1, sec(11))
	wantBurst(t, sixth, 600, 400, limiter.HSMKeyUse, 1, sec(11))
	wantBurst(t, vaults[1], 600, 0, limiter.HSMKeyUse, 1, sec(11))
}

// Either both limits are charged or neither is.
func TestBothOrNeither(t *testing.T) {
	l := limiter.Limits{Max: [limiter.NumClasses]int{limiter.KeyUse: 10}, Multiple: 2}
	sub, v := newVaults(l, 3)
	for _, vault := range v {
		vault.Take(limiter.KeyUse, 6, start)
	}
	for _, tt := range []struct {
		units int
		scope limiter.Scope
		pass  bool
	}{
		{5, limiter.ScopeVault, false},        // 6+5 > 10, though 18+5 > 20 too: the first to complain
		{3, limiter.ScopeSubscription, false}, // 6+3 fit into 10, 18+3 do not into 20
		{2, limiter.ScopeVault, true},
		{1, limiter.ScopeSubscription, false},
	} {
		d := v[0].Take(limiter.KeyUse, tt.units, start)
		if d.Allowed != tt.pass || d.Scope != tt.scope {
			t.Errorf("%d units: %v", tt.units, d)
		}
	}
	if g := v[0].Usage(start)[limiter.KeyUse]; g.Used != 8 {
		t.Errorf("vault used %d, want 8", g.Used)
	}
	if g := sub.Usage(start)[limiter.KeyUse]; g.Used != 20 {
		t.Errorf("subscription used %d, want 20", g.Used)
	}
}

// When both refuse, the answer is whichever takes longer to give way.
func TestTheLongerRefusalCounts(t *testing.T) {
	l := limiter.Limits{Max: [limiter.NumClasses]int{limiter.KeyUse: 10}, Multiple: 1}
	_, v := newVaults(l, 2)
	v[0].Take(limiter.KeyUse, 2, start)
	v[1].Take(limiter.KeyUse, 8, start.Add(time.Second))
	now := start.Add(2 * time.Second)
	for _, tt := range []struct {
		vault, units int
		scope        limiter.Scope
		wait         time.Duration
	}{
		{0, 2, limiter.ScopeSubscription, 8 * time.Second},
		{0, 3, limiter.ScopeSubscription, 9 * time.Second},
		{1, 2, limiter.ScopeSubscription, 8 * time.Second},
		{1, 3, limiter.ScopeVault, 9 * time.Second}, // both say 9 s
		{1, 11, limiter.ScopeVault, limiter.Never},
	} {
		d := v[tt.vault].Take(limiter.KeyUse, tt.units, now)
		if d.Allowed || d.Scope != tt.scope || d.RetryAfter != tt.wait {
			t.Errorf("vault %d, %d units: %v, want %v and %v", tt.vault, tt.units, d, tt.scope, tt.wait)
		}
	}
}

// A deleted vault's use stays the subscription's until it ages out, whether it
// was deleted before the sixth was used or after.
func TestClosedVaultsStillCount(t *testing.T) {
	for _, tt := range []struct {
		name  string
		close func(v []*limiter.Vault)
	}{
		{"before", func(v []*limiter.Vault) { v[0].Close(); v[1].Close() }},
		{"after", func(v []*limiter.Vault) {
			v[5].Take(limiter.KeyUse, 1, start)
			v[0].Close()
			v[1].Close()
			v[1].Close()
		}},
		{"never", func([]*limiter.Vault) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sub, v := newVaults(limiter.Documented2019(), 6)
			for _, v := range v[:5] {
				wantBurst(t, v, 5, 5, limiter.HSMKeyCreate, 1, start)
			}
			tt.close(v)
			wantBurst(t, v[5], 1, 0, limiter.HSMKeyCreate, 1, start.Add(window-1))
			if g := sub.Usage(start)[limiter.HSMKeyCreate]; g.Used != 25 {
				t.Errorf("subscription used %d, want 25", g.Used)
			}
			wantBurst(t, v[5], 6, 5, limiter.HSMKeyCreate, 1, start.Add(window))
			if g := sub.Usage(start.Add(window))[limiter.HSMKeyCreate]; g.Used != 5 {
				t.Errorf("subscription used %d, want 5", g.Used)
			}
		})
	}
}

// Whoever deletes and creates vaults gets no more than the subscription has.
func TestNewVaultsAreNoWayAround(t *testing.T) {
	for _, closing := range []bool{true, false} {
		sub := limiter.NewSubscription(limiter.Documented2019())
		passed := 0
		for i := range 1000 {
			v := sub.NewVault()
			passed += burst(v, 6, limiter.HSMKeyCreate, 1, start.Add(time.Duration(i)*time.Millisecond))
			if closing {
				v.Close()
			}
		}
		if passed != 25 {
			t.Errorf("closing %v: %d keys created, want 25", closing, passed)
		}
	}
}

// A request that was under way when its vault was deleted is still limited.
func TestTakeAfterClose(t *testing.T) {
	sub, v := newVaults(limiter.Documented2019(), 1)
	wantBurst(t, v[0], 3, 3, limiter.HSMKeyCreate, 1, start)
	v[0].Close()
	wantBurst(t, v[0], 3, 2, limiter.HSMKeyCreate, 1, start)
	now := start.Add(window)
	v[0].Take(limiter.Other, 1, now)
	v[0].Close()
	wantBurst(t, v[0], 6, 5, limiter.HSMKeyCreate, 1, now)
	if g := sub.Usage(now)[limiter.HSMKeyCreate]; g.Used != 5 {
		t.Errorf("subscription used %d, want 5: a vault is not counted twice", g.Used)
	}
}

// The windows of the subscription come and go with the number of vaults in
// use; in every phase it counts right.
func TestSubscriptionComesAndGoes(t *testing.T) {
	sub, v := newVaults(limiter.Documented2019(), 12)
	now := start
	for round := range 8 {
		used := 0
		for _, n := range []int{3, 12, 12, 2, 2, 6, 1} {
			now = now.Add(window)
			if round%2 == 1 {
				now = now.Add(-window / 3)
			}
			before := sub.Usage(now)[limiter.KeyCreate].Used
			used = 0
			for i := range n {
				used += burst(v[(i+round)%12], 11, limiter.KeyCreate, 1, now)
			}
			if got := sub.Usage(now)[limiter.KeyCreate].Used; got != before+used || got > 50 {
				t.Fatalf("round %d, %d vaults: %d used, want %d+%d", round, n, got, before, used)
			}
			if round%2 == 0 && used != min(10*n, 50) {
				t.Fatalf("round %d: %d of %d vaults passed, want %d", round, used, n, min(10*n, 50))
			}
		}
	}
}

// A log that nobody has looked at for longer than its stamps can tell does not
// come to life again when the windows of the subscription are built.
func TestStaleLogsAreNotMerged(t *testing.T) {
	for _, idle := range []time.Duration{window, 1 << 26 * time.Microsecond, 1<<26*time.Microsecond + window/2, 1 << 32 * time.Microsecond} {
		_, vaults := newVaults(limiter.Documented2019(), 6)
		for _, v := range vaults[:5] {
			wantBurst(t, v, 5, 5, limiter.HSMKeyCreate, 1, start)
			wantBurst(t, v, 5, 5, limiter.KeyCreate, 1, start.Add(idle)) // keeps it remembered
		}
		wantBurst(t, vaults[5], 6, 5, limiter.HSMKeyCreate, 1, start.Add(idle))
	}
}

// A shared limit that no int can hold is none.
func TestSharedLimitBeyondInt(t *testing.T) {
	l := limiter.Limits{Max: [limiter.NumClasses]int{limiter.KeyUse: math.MaxInt, limiter.Other: 1}, Multiple: 2}
	_, vaults := newVaults(l, 4)
	for _, v := range vaults {
		wantBurst(t, v, 2, 1, limiter.KeyUse, math.MaxInt, start)
	}
}

// Other multiples than five, and none.
func TestMultiples(t *testing.T) {
	for _, tt := range []struct{ multiple, want int }{
		{-1, 1000}, {0, 1000}, {1, 10}, {2, 20}, {8, 80}, {9, 90}, {50, 500}, {100, 1000}, {1 << 40, 1000},
	} {
		l := limiter.Limits{Max: [limiter.NumClasses]int{limiter.KeyUse: 10}, Multiple: tt.multiple}
		_, vaults := newVaults(l, 100)
		passed := 0
		for _, v := range vaults {
			passed += burst(v, 11, limiter.KeyUse, 1, start)
		}
		if passed != tt.want {
			t.Errorf("multiple %d: %d passed, want %d", tt.multiple, passed, tt.want)
		}
	}
}

// Subscriptions do not know of each other.
func TestSubscriptionsAreApart(t *testing.T) {
	_, a := newVaults(limiter.Documented2019(), 6)
	_, b := newVaults(limiter.Documented2019(), 6)
	for i := range a {
		burst(a[i], 5, limiter.HSMKeyCreate, 1, start.Add(time.Hour))
	}
	wantBurst(t, a[5], 1, 0, limiter.HSMKeyCreate, 1, start.Add(time.Hour))
	wantBurst(t, b[5], 6, 5, limiter.HSMKeyCreate, 1, start)
}
