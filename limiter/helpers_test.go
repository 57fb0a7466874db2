package limiter_test

import (
	"testing"
	"time"

	"github.com/embedvault/embedvault/limiter"
)

// start is where the clock of every test stands at first.
var start = time.Date(2019, 7, 1, 12, 0, 0, 0, time.UTC)

// window is that of all published limits.
const window = limiter.DefaultWindow

// newVault returns the only vault of a new subscription.
func newVault(l limiter.Limits) *limiter.Vault { return limiter.NewSubscription(l).NewVault() }

// newVaults returns the vaults of a new subscription.
func newVaults(l limiter.Limits, n int) (*limiter.Subscription, []*limiter.Vault) {
	sub := limiter.NewSubscription(l)
	vaults := make([]*limiter.Vault, n)
	for i := range vaults {
		vaults[i] = sub.NewVault()
	}
	return sub, vaults
}

// burst takes n times at one moment and returns how many passed.
func burst(v *limiter.Vault, n int, c limiter.Class, units int, now time.Time) int {
	passed := 0
	for range n {
		if v.Take(c, units, now).Allowed {
			passed++
		}
	}
	return passed
}

// wantBurst fails the test unless want of n takes at one moment pass.
func wantBurst(t *testing.T, v *limiter.Vault, n, want int, c limiter.Class, units int, now time.Time) {
	t.Helper()
	if got := burst(v, n, c, units, now); got != want {
		t.Errorf("%v after start, %d × %v of %d units: %d passed, want %d", now.Sub(start), n, c, units, got, want)
	}
}
