package hsm

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
)

// DefaultSlots is how many keys a module holds open when Options do not say.
const DefaultSlots = 64

// Options say what module to make. The zero value is a module of unlimited
// speed.
type Options struct {
	// Name is the module's name in its certificates and attestations; "" is "module".
	Name string
	// Platform is the kind of module in its attestations; "" is "simulated".
	Platform string
	// Slots is how many keys are open at most when nobody uses one; 0 is DefaultSlots.
	Slots int
	// Profile limits the speed; the zero value does not. It needs Clock.
	Profile Profile
	// Clock tells the time that Profile counts by; nil is for no Profile.
	Clock func() time.Time
	// Wait waits for a time on that clock, or until ctx ends, and returns ctx's
	// error then. With nil nothing waits: Stats shows how long it would have.
	Wait func(ctx context.Context, d time.Duration) error
	// RSA makes the RSA keys with an exponent of 65537; nil makes new ones. It is
	// for tests, which do not wait for primes. Its keys stay its own.
	RSA func(bits int) (*rsa.PrivateKey, error)
}

// Module is one simulated hardware security module. It is safe for concurrent
// use and starts no goroutines.
type Module struct {
	name, platform string
	capacity       int // slots
	profile        Profile
	clock          func() time.Time
	wait           func(context.Context, time.Duration) error
	rsa            func(int) (*rsa.PrivateKey, error)

	// mu guards the rest. It is held for look-ups and counting alone, never
	// while a key is opened or used, so no operation waits for another.
	mu     sync.Mutex
	domain *domain // nil when the module was tampered with
	slots  *simplelru.LRU[handle, *slot]
	newest *slot // the one that was found last; nil when that has lost its place
	queue  queue
	fault  fault
	stats  Stats
}

// New makes a module with a security domain of its own. nil options are the
// zero options. Negative Slots, a Profile that does not exist and one without a
// Clock are errors.
func New(o *Options) (*Module, error) {
	if o == nil {
		o = new(Options)
	}
	if o.Slots < 0 {
		return nil, errors.New("hsm: Options.Slots is negative")
	}
	if err := o.Profile.check(); err != nil {
		return nil, err
	}
	if o.Profile.Generation != 0 && o.Clock == nil {
		return nil, errors.New("hsm: Options.Profile needs Options.Clock")
	}
	m := &Module{
		name: cmp.Or(o.Name, "module"), platform: cmp.Or(o.Platform, "simulated"), capacity: cmp.Or(o.Slots, DefaultSlots),
		profile: o.Profile, clock: o.Clock, wait: o.Wait, rsa: o.RSA,
	}
	secret := make([]byte, DomainSize)
	defer clear(secret)
	rand.Read(secret) // never fails
	var err error
	if m.domain, err = newDomain(secret); err != nil {
		return nil, err
	}
	m.slots, err = simplelru.NewLRU(m.capacity, m.evicted)
	return m, err
}

// Format writes the module's name and nothing of what it holds, for every verb.
func (m *Module) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "simulated HSM %s", m.name) }

// Stats is what a module has done since it was made.
type Stats struct {
	Slots     int           // keys that can be open without being used
	Open      int           // keys that are open in a slot now
	InUse     int           // keys that some operation uses now, with a slot or without one any more
	Hits      uint64        // uses of a key that was open
	Loads     uint64        // keys opened into a slot
	Evictions uint64        // keys that lost their slot
	Wiped     uint64        // keys overwritten after that
	Refused   uint64        // operations answered with a fault or for want of capacity
	Waited    time.Duration // time of all operations together by the profile, waiting included
}

// Stats returns the module's counters. Evictions less Wiped are keys without a
// slot that some operation still uses.
func (m *Module) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.stats
	s.Slots, s.Open, s.InUse = m.capacity, m.slots.Len(), m.inUseLocked()
	return s
}

// admit lets an operation of ctx in, after the time it has to wait by the
// profile, or refuses it. It never takes longer than the profile's Backlog and
// the operation itself.
func (m *Module) admit(ctx context.Context, w Work, s crypto.Spec) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	wait, err := m.reserve(w, s)
	if err != nil || wait == 0 || m.wait == nil {
		return err
	}
	return m.wait(ctx, wait)
}

// reserve asks the faults, then the profile, whose clock is the program's own
// and is looked at before the lock.
func (m *Module) reserve(w Work, s crypto.Spec) (time.Duration, error) {
	var now time.Time
	if m.limited() {
		now = m.clock()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reserveLocked(now, w, &s)
}

func (m *Module) reserveLocked(now time.Time, w Work, s *crypto.Spec) (time.Duration, error) {
	wait, err := time.Duration(0), m.refuseLocked()
	if err == nil && m.limited() {
		wait, err = m.queue.take(now, m.profile, w, *s)
	}
	if err != nil {
		m.stats.Refused++
		return 0, err
	}
	m.stats.Waited += wait
	return wait, nil
}

// limited reports whether a profile limits the speed.
func (m *Module) limited() bool { return m.profile.Generation != 0 }

// borrow returns the domain, which stays whole until it is given back.
func (m *Module) borrow() (*domain, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.domain == nil {
		return nil, errs.NewHardwareTampered()
	}
	m.domain.join()
	return m.domain, nil
}

// giveBack ends the use of a borrowed domain.
func (m *Module) giveBack(d *domain) {
	if d.leave() {
		d.wipe()
	}
}
