package limiter

import (
	"slices"
	"time"
)

// A Vault is what a limit is counted for: one vault of a subscription. It is
// safe for concurrent use.
type Vault struct {
	sub     *Subscription
	epoch   uint64 // in which it was last seen; see Subscription.enter
	windows windows
}

// Take asks whether a request of class c that costs so many units may pass at
// the time now, and counts it if so. What is refused is not counted.
//
// It passes if its units and those in the window that ends now stay within the
// limit, of the vault and of the subscription. A request for more than a limit
// never passes; a cost below one counts as one; a class that is none counts as
// Other. A time before that of an earlier request of the same subscription is
// taken for that one: the limiter's clock does not run backwards.
func (v *Vault) Take(c Class, units int, now time.Time) (d Decision) {
	s := v.sub
	rule := &s.rules[c.known()]
	d.Class, d.Limit, d.At = rule.in, rule.limit, now
	if rule.limit == 0 {
		d.Allowed = true
		return d
	}
	units = max(1, units)

	s.mu.Lock()
	stamp := s.stamp(now)
	if stamp < s.last {
		stamp = s.last
		d.At = s.time(stamp).In(now.Location())
	}
	s.advance(stamp)
	if v.epoch != s.epoch {
		s.enter(v)
	}
	own, shared := v.windows.open(rule.in), (*window)(nil)
	own.expire(stamp, s.span)
	if s.kept && rule.share != 0 {
		shared = s.windows.open(rule.in)
		shared.expire(stamp, s.span)
	}
	if units > rule.limit-own.used || shared != nil && units > rule.share-shared.used {
		s.explain(&d, own, shared, units, now)
	} else {
		own.add(units, stamp)
		if shared != nil {
			shared.add(units, stamp)
		}
		d.Allowed, d.Used = true, own.used
	}
	s.mu.Unlock()
	return d
}

// Usage returns what the vault has used of its limits in the window that ends
// now. It changes nothing.
func (v *Vault) Usage(now time.Time) Usage {
	s := v.sub
	s.mu.Lock()
	defer s.mu.Unlock()
	stamp := max(s.stamp(now), s.last)
	var u Usage
	for c, rule := range s.rules {
		u[c] = Gauge{Used: v.windows[rule.in].usedAt(stamp, s.span), Limit: rule.limit}
	}
	return u
}

// Close says that the vault is deleted. What it used goes on counting against
// the subscription until it has aged out; then the subscription forgets the
// vault. A request that is still under way may call Take after Close, and is
// decided and counted as before. A vault that is dropped without Close is
// forgotten as well, when another one needs its place.
func (v *Vault) Close() {
	s := v.sub
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.retire() {
		s.recent = slices.DeleteFunc(s.recent, func(r *Vault) bool { return r == v })
	}
}

// retire frees the windows in which nothing counts any more. If none is left,
// it returns true: the subscription need not remember the vault, which enters
// again when it is next used.
func (v *Vault) retire() bool {
	used := false
	for c, w := range v.windows {
		if w != nil && !w.idle(v.sub.last, v.sub.span) {
			used = true
		} else {
			v.windows[c] = nil
		}
	}
	if !used {
		v.epoch = 0
	}
	return !used
}
