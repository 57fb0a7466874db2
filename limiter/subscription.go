package limiter

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"
)

// maxLogs bounds how many vaults a subscription remembers before it keeps
// windows of its own, however large Limits.Multiple is.
const maxLogs = 8

// A Subscription is a set of vaults that share the subscription's limits, in
// one region. It is safe for concurrent use.
//
// While so few vaults are in use that they cannot exceed the shared limits
// together, it keeps no windows of its own and only remembers these vaults.
// When one more is used, the windows are built from the logs of the vaults
// remembered, and are kept until a whole window has passed in which few were.
type Subscription struct {
	limits Limits
	rules  [NumClasses]rule
	span   int64 // ticks in a window
	shift  uint8 // a tick is 1<<shift microseconds
	few    int   // so many vaults cannot exceed a share

	// mu guards what follows and all windows of all vaults. It is held for
	// one decision, so vault and subscription are taken together or not at all.
	mu      sync.Mutex
	last    int64  // latest stamp given out
	epoch   uint64 // a vault of an older epoch is not in recent
	recent  []*Vault
	crowded bool // more than few vaults were used in this epoch
	kept    bool // windows are kept
	until   int64
	windows [NumClasses]*window
}

// A rule says in which class's window a class is counted, and the limits of
// the vault and of the subscription there.
type rule struct {
	in           Class
	limit, share int
}

// NewSubscription returns a subscription without vaults, limited by l. There
// are no invalid limits: Limits says what zero and less mean.
func NewSubscription(l Limits) *Subscription {
	s := &Subscription{limits: l, last: math.MinInt64, few: min(max(0, l.Multiple), maxLogs)}
	for c := range Class(NumClasses) {
		s.rules[c] = rule{in: l.Counts(c), limit: l.Limit(c), share: l.SubscriptionLimit(c)}
	}
	if l.Window <= 0 {
		l.Window = DefaultWindow
	}
	tick := time.Microsecond
	for ; l.Window/tick >= maxSpan; tick *= 2 {
		s.shift++
	}
	s.span = int64((l.Window-1)/tick) + 1
	if s.few > 0 {
		s.epoch = 1
	}
	return s
}

// NewVault returns a new vault of the subscription. It costs nothing to the
// others until it is used.
func (s *Subscription) NewVault() *Vault { return &Vault{sub: s} }

// Limits returns the limits that the subscription was made with.
func (s *Subscription) Limits() Limits { return s.limits }

// Usage returns what all vaults together, deleted ones included, have used of
// the subscription's limits in the window that ends now. It changes nothing.
func (s *Subscription) Usage(now time.Time) Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	stamp := max(s.stamp(now), s.last)
	var u Usage
	for c := range Class(NumClasses) {
		rule := s.rules[c]
		u[c].Limit = rule.share
		if rule.share != 0 {
			u[c].Used = s.used(rule.in, stamp)
		}
	}
	return u
}

// used returns the units of class c that count at stamp.
func (s *Subscription) used(c Class, stamp int64) int {
	if s.kept {
		return s.windows[c].usedAt(stamp, s.span)
	}
	sum := 0
	for _, v := range s.recent {
		sum += v.windows[c].usedAt(stamp, s.span)
	}
	return sum
}

// stamp returns the tick in which now lies.
func (s *Subscription) stamp(now time.Time) int64 { return now.UnixMicro() >> (s.shift & 63) }

// time returns the time at which a tick begins.
func (s *Subscription) time(stamp int64) time.Time { return time.UnixMicro(stamp << (s.shift & 63)).UTC() }

// explain fills in why so many units do not fit, and when they will.
func (s *Subscription) explain(d *Decision, own, shared *window, units int, now time.Time) {
	d.RetryAfter = s.wait(own, d.Limit, units, now)
	if shared == nil {
		return
	}
	share := s.rules[d.Class].share
	if wait := s.wait(shared, share, units, now); wait > d.RetryAfter {
		d.Scope, d.Used, d.Limit, d.RetryAfter = ScopeSubscription, shared.used, share, wait
	}
}

// wait returns how long after now the log has room for so many units: zero if
// it has, Never if it never will.
func (s *Subscription) wait(w *window, limit, units int, now time.Time) time.Duration {
	switch {
	case units > limit:
		return Never
	case units <= limit-w.used:
		return 0
	}
	return s.time(w.freeAt(units-(limit-w.used), s.last, s.span)).Sub(now)
}

// enter remembers a vault that is used for the first time in this epoch.
func (s *Subscription) enter(v *Vault) {
	if !s.kept && len(s.recent) == s.few {
		s.recent = slices.DeleteFunc(s.recent, (*Vault).retire)
		if len(s.recent) == s.few {
			s.keep()
		}
	}
	v.epoch = s.epoch
	if len(s.recent) < s.few {
		s.recent = append(s.recent, v)
	} else {
		s.crowded = true
	}
}

// keep builds the windows from the logs of the recent vaults. No other vault
// has anything in its log that still counts.
func (s *Subscription) keep() {
	for c := range s.windows {
		s.windows[c] = s.merge(Class(c))
	}
	s.kept = true
	s.begin()
}

// merge returns one log of what the recent vaults used of a class, in the
// order of the stamps, or nil if they used nothing.
func (s *Subscription) merge(c Class) *window {
	type use struct {
		stamp int64
		units int
	}
	var uses []use
	for _, v := range s.recent {
		w := v.windows[c]
		if w == nil {
			continue
		}
		w.expire(s.last, s.span)
		for i := range w.count {
			uses = append(uses, use{s.last - age(w.at(i), s.last), units(w.at(i))})
		}
	}
	if uses == nil {
		return nil
	}
	slices.SortFunc(uses, func(a, b use) int { return cmp.Compare(a.stamp, b.stamp) })
	merged := new(window)
	for _, u := range uses {
		merged.add(u.units, u.stamp)
	}
	return merged
}

// begin starts an epoch: from here on it is seen afresh who is used.
func (s *Subscription) begin() {
	s.epoch++
	clear(s.recent)
	s.recent = s.recent[:0]
	s.crowded = false
	s.until = s.last + s.span
}

// turn ends an epoch, which lasted for a window or longer: whoever has used
// anything that still counts was seen in it. If those are few, the windows
// cannot bind any more and are dropped.
func (s *Subscription) turn() {
	if s.crowded {
		s.begin()
		return
	}
	s.kept = false
	s.windows = [NumClasses]*window{}
}
