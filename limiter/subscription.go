package limiter

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"
)

// A Subscription is a set of vaults, in one region, that share the limits of
// the subscription. It is safe for concurrent use.
//
// While so few vaults are in use that even all together they cannot exceed a
// shared limit, it has no windows of its own and only remembers these vaults.
// When one more is used it builds its windows from the logs of those, and
// keeps them until for a whole window no more than few vaults were in use.
type Subscription struct {
	limits Limits
	rules  [NumClasses]rule
	span   int64 // ticks in a window
	shift  uint8 // a tick is 1<<shift microseconds
	few    int   // this many vaults cannot exceed a shared limit

	// mu guards what follows and the windows of all vaults. It is held for
	// one decision, so the limits of vault and subscription are taken
	// together or not at all, and stamps never decrease.
	mu   sync.Mutex
	last int64 // latest stamp given

	// An epoch is a span of time in which it is noted which vaults are seen.
	// Without windows it lasts until they are needed, and every vault with
	// something that still counts is among the recent. With windows it lasts
	// until the first request a window or more after it began.
	epoch   uint64
	recent  []*Vault // seen in this epoch, the first few
	crowded bool     // more than few were seen
	kept    bool     // the windows are kept
	until   int64    // and the epoch ends at this stamp
	windows windows
}

// A rule says in the window of which class a class is counted, and how many
// units fit into it: the vault's and, zero for any number, the subscription's.
type rule struct {
	in           Class
	limit, share int
}

// maxFew bounds how many vaults a subscription remembers. Keeping windows
// earlier than they can bind is wasteful but not wrong.
const maxFew = 8

// NewSubscription returns a subscription without vaults, limited by l. Any
// limits are valid; Limits says what zero and less mean.
func NewSubscription(l Limits) *Subscription {
	s := &Subscription{
		limits: l,
		last:   math.MinInt64,
		few:    min(max(0, l.Multiple), maxFew),
	}
	for c := range Class(NumClasses) {
		s.rules[c] = rule{l.Counts(c), l.Limit(c), l.SubscriptionLimit(c)}
	}
	span := l.Window
	if span <= 0 {
		span = DefaultWindow
	}
	tick := time.Microsecond
	for span/tick >= maxSpan {
		tick *= 2
		s.shift++
	}
	s.span = int64((span-1)/tick) + 1
	if s.few > 0 {
		s.epoch = 1 // new vaults have 0: they will enter
	}
	return s
}

// NewVault returns a new vault of the subscription. Until it is used it takes
// no part in the subscription.
func (s *Subscription) NewVault() *Vault { return &Vault{sub: s} }

// Limits returns the limits that the subscription was made with.
func (s *Subscription) Limits() Limits { return s.limits }

// Usage returns what all vaults, deleted ones included, have used of the
// subscription's limits in the window that ends now. It changes nothing.
func (s *Subscription) Usage(now time.Time) Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	stamp := max(s.stamp(now), s.last)
	var u Usage
	for c, rule := range s.rules {
		if rule.share != 0 {
			u[c] = Gauge{Used: s.used(rule.in, stamp), Limit: rule.share}
		}
	}
	return u
}

// used returns how many units in windows of class c count at stamp.
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
func (s *Subscription) time(stamp int64) time.Time { return time.UnixMicro(stamp << (s.shift & 63)) }

// advance moves the clock to stamp.
func (s *Subscription) advance(stamp int64) {
	s.last = stamp
	if s.kept && stamp >= s.until {
		s.turn()
	}
}

// explain says in d why so many units do not fit, and when they will.
func (s *Subscription) explain(d *Decision, own, shared *window, units int, now time.Time) {
	d.Used, d.RetryAfter = own.used, s.wait(own, d.Limit, units, now)
	if shared == nil {
		return
	}
	share := s.rules[d.Class].share
	if wait := s.wait(shared, share, units, now); wait > d.RetryAfter {
		d.Scope, d.Used, d.Limit, d.RetryAfter = ScopeSubscription, shared.used, share, wait
	}
}

// wait returns how long after now so many units fit into the window: zero if
// they do, Never if they will not.
func (s *Subscription) wait(w *window, limit, units int, now time.Time) time.Duration {
	switch {
	case units > limit:
		return Never
	case units <= limit-w.used:
		return 0
	}
	return s.time(w.freeAt(units-(limit-w.used), s.last, s.span)).Sub(now)
}

// enter notes a vault that is seen for the first time in this epoch. If there
// are too many to be harmless, and none of them is forgotten, the windows are
// built.
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

// keep builds the windows from the logs of the recent vaults: no other vault
// has anything in its log that still counts. Idle logs, whose entries cannot be
// dated any more, were freed by retire.
func (s *Subscription) keep() {
	for c := range s.windows {
		s.windows[c] = s.merge(c)
	}
	s.kept = true
	s.begin()
}

// merge returns one log of what the recent vaults used in windows of class c,
// in the order of the stamps, or nil if they used nothing.
func (s *Subscription) merge(c int) *window {
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

// begin starts an epoch.
func (s *Subscription) begin() {
	s.epoch++
	clear(s.recent)
	s.recent = s.recent[:0]
	s.crowded = false
	s.until = s.last + s.span
}

// turn ends an epoch with windows. It was no shorter than a window, so every
// vault that used something that still counts was seen in it. If these are
// few, the windows cannot bind any more and are dropped.
func (s *Subscription) turn() {
	if s.crowded {
		s.begin()
		return
	}
	s.kept = false
	s.windows = windows{}
}
