package limiter

import (
	"fmt"
	"math"
	"time"
)

// Never is the RetryAfter of a request that asks for more units than its
// limit: waiting does not help.
const Never time.Duration = math.MaxInt64

// A Scope says whose limit a decision is about.
type Scope uint8

const (
	ScopeVault        Scope = iota // the limit of one vault
	ScopeSubscription              // the limit of all vaults of a subscription
)

// String returns "vault" or "subscription".
func (s Scope) String() string {
	if s == ScopeSubscription {
		return "subscription"
	}
	return "vault"
}

// A Decision is the answer to one request, with its evidence.
type Decision struct {
	// Allowed says whether the request passes. Only then was it counted.
	Allowed bool

	// Class is the class in whose window the request was counted; see
	// Limits.Counts.
	Class Class

	// Scope is whose limit Used, Limit and RetryAfter speak of: the vault's
	// if the request passed, otherwise the one that refused and, when both
	// did, the one that takes longer to give way.
	Scope Scope

	// Used is how many units lie in the window, this request included if it
	// passed. Without a limit nothing is counted and Used is zero.
	Used int

	// Limit is how many units may lie in the window; zero is no limit.
	Limit int

	// RetryAfter is how long after the time given to Take the same request
	// passes, if nothing else is taken meanwhile. It is exact: a nanosecond
	// less and it is refused again. Zero if the request passed, Never if no
	// wait helps.
	RetryAfter time.Duration

	// At is the time for which the request was decided: the time given or,
	// if an earlier request of the subscription was later, that one's.
	// Requests recorded by At, cut to the microsecond, never exceed a limit
	// in any window, even if they were stamped in one order and decided in
	// another.
	At time.Time
}

// String says in a line what was decided and why, for logs and test failures.
func (d Decision) String() string {
	switch {
	case d.Allowed && d.Limit == 0:
		return fmt.Sprintf("%s allowed: no limit", d.Class)
	case d.Allowed:
		return fmt.Sprintf("%s allowed: %d of %d units of the %s used", d.Class, d.Used, d.Limit, d.Scope)
	case d.RetryAfter == Never:
		return fmt.Sprintf("%s refused: more than the %d units of the %s at once", d.Class, max(0, d.Limit), d.Scope)
	}
	return fmt.Sprintf("%s refused: %d of %d units of the %s used, retry after %v", d.Class, d.Used, d.Limit, d.Scope, d.RetryAfter)
}

// A Gauge is the state of one limit: units used in the window that ends now,
// and the limit. A Limit of zero is no limit; nothing is counted there.
type Gauge struct {
	Used, Limit int
}

// Usage is the state of all limits, indexed by class. Classes that are
// counted together show the same gauge.
type Usage [NumClasses]Gauge
