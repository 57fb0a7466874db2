package bench_test

import (
	"testing"
	"time"

	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/vault"
)

// scalingRows compare one goroutine with two that do the same number of requests together: twice as fast is a ratio of 2.
// The clock is the system's, as a clock that goes by steps would be shared memory.
func scalingRows() []row {
	unlimited, reached := limiter.Unlimited(), neverReached()
	return []row{
		{"control", func(testing.TB) []side {
			return oneAndTwo(clock, clock)
		}},
		{"unlimited/one-vault", func(tb testing.TB) []side { return onVaults(tb, unlimited, "a") }},
		{"unlimited/two-vaults", func(tb testing.TB) []side { return onVaults(tb, unlimited, "a", "a") }},
		{"limits/one-vault", func(tb testing.TB) []side { return onVaults(tb, reached, "a") }},
		{"limits/two-vaults-of-one-subscription", func(tb testing.TB) []side { return onVaults(tb, reached, "a", "a") }},
		{"limits/two-vaults-of-two-subscriptions", func(tb testing.TB) []side { return onVaults(tb, reached, "a", "b") }},
	}
}

// neverReached are limits that are kept and not reached by a request every hundred nanoseconds. Their window is so short
// that it holds about as many as one of the service's.
func neverReached() limiter.Limits {
	l := limiter.Documented2019()
	l.Name, l.Window = "never reached", 200*time.Microsecond
	for class := range l.Max {
		l.Max[class] = 1 << 20
	}
	return l
}

// onVaults reads secrets from one vault or two, each of a subscription.
func onVaults(tb testing.TB, limits limiter.Limits, subscriptions ...string) []side {
	svc := must(vault.New(&vault.Options{Limits: &limits, Audit: counting()}))(tb)
	names := secretNames(100)
	var gets []func(testing.TB, int)
	for i, subscription := range subscriptions {
		v := fillVault(tb, svc, string(rune('a'+i))+"-vault", subscription, names)
		gets = append(gets, get(v.As(vault.Principal(app)), names))
	}
	return oneAndTwo(gets[0], gets[len(gets)-1])
}

func oneAndTwo(a, b func(testing.TB, int)) []side {
	return []side{
		{"one-goroutine", func(tb testing.TB, n int) {
			together(n, func(n int) { a(tb, n) })
		}},
		{"two-goroutines", func(tb testing.TB, n int) {
			together(n, func(n int) { a(tb, n) }, func(n int) { b(tb, n) })
		}},
	}
}
