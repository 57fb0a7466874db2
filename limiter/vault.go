package limiter

import (
	"slices"
	"time"
)

// A Vault is what a limit is counted for: one vault of a subscription. It is
// safe for concurrent use.
type Vault struct {
	sub     *Subscription
	epoch   uint64              // of its last use; see Subscription.enter
	windows [NumClasses]*window // allocated on first use
}

// Take asks whether a request of class c that costs so many units may pass at
// the time now, and counts it if so. What is refused is not counted.
//
// It passes if, in every window that ends at its stamp, the units taken and
// its own stay within the limit, for the vault and for the subscription. A
// request for more than a limit never passes; a cost below one counts as one;
// a class that is none counts as Other. A time before that of an earlier
// request of the same subscription is taken for that.
func (v *Vault) Take(c Class, units int, now time.Time) (d Decision) {
	s := v.sub
	rule := &s.rules[c.known()]
	d.Class, d.Limit, d.At = rule.in, rule.limit, now
	if rule.limit == 0 {
		d.Allowed = true
		return
	}
	s.mu.Lock()
	stamp := s.stamp(now)
	if stamp < s.last {
		stamp = s.last
		d.At = s.time(stamp)
	}
	s.last = stamp
	if s.kept && stamp >= s.until {
		s.turn()
	}
	if v.epoch != s.epoch {
		s.enter(v)
	}
	own := v.windows[rule.in]
	if own == nil {
		own = new(window)
		v.windows[rule.in] = own
	}
	var shared *window
	if s.kept {
		shared = s.windows[rule.in]
		if shared == nil {
			shared = new(window)
			s.windows[rule.in] = shared
		}
		shared.expire(stamp, s.span)
	}
	units = max(1, units)
	if (shared == nil || units <= rule.share-shared.used) && own.take(units, rule.limit, stamp, s.span) {
		if shared != nil {
			shared.add(units, stamp)
		}
		d.Allowed, d.Used = true, own.used
	} else {
		own.expire(stamp, s.span)
		d.Used = own.used
		s.explain(&d, own, shared, units, now)
	}
	s.mu.Unlock()
	return
}

// Usage returns what the vault has used of its limits in the window that ends
// now. It changes nothing.
func (v *Vault) Usage(now time.Time) Usage {
	s := v.sub
	s.mu.Lock()
	defer s.mu.Unlock()
	stamp := max(s.stamp(now), s.last)
	var u Usage
	for c := range Class(NumClasses) {
		rule := s.rules[c]
		u[c] = Gauge{Used: v.windows[rule.in].usedAt(stamp, s.span), Limit: rule.limit}
	}
	return u
}

// Close says that the vault is deleted. What it used goes on counting against
// the subscription until it has aged out; then the subscription forgets the
// vault. A request that is still under way may call Take after Close and is
// decided and counted as before. A vault that is dropped without Close is
// forgotten too, when another one needs its place.
func (v *Vault) Close() {
	s := v.sub
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.retire() {
		s.recent = slices.DeleteFunc(s.recent, func(r *Vault) bool { return r == v })
	}
}

// retire frees the windows in which nothing counts any more. If none is left
// the subscription need not remember the vault: retire then reports true, and
// the vault enters again when it is next used.
func (v *Vault) retire() bool {
	left := false
	for c, w := range v.windows {
		if w == nil || w.idle(v.sub.last, v.sub.span) {
			v.windows[c] = nil
		} else {
			left = true
		}
	}
	if !left {
		v.epoch = 0
	}
	return !left
}
