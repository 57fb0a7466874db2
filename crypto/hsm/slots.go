package hsm

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/primitive"
)

// lease counts who needs a secret: the module while it hands it out, and every
// operation that works with it. The last one that leaves overwrites it.
type lease struct{ holders atomic.Int32 }

// join adds a holder. Only who is one already, or the module under mu, may.
func (l *lease) join() { l.holders.Add(1) }

// leave takes a holder away and reports whether it was the last one.
func (l *lease) leave() bool { return l.holders.Add(-1) == 0 }

// slot holds one open key. Whoever needs the key first opens it; others who
// come meanwhile wait for that and share the result.
type slot struct {
	lease
	handle handle
	domain *domain // borrowed until the key is open

	once     sync.Once
	material material // written once, read by users
	err      error
}

// use opens the key into a slot, or finds it there, and keeps it open until
// release. Several keys more than there are slots can be open at a moment, no
// more than there are operations.
func (m *Module) use(ctx context.Context, w Work, k *key) (*slot, error) {
	s, err := m.take(ctx, w, k)
	if err != nil {
		return nil, err
	}
	return m.fill(s, k)
}

// fill opens the key into its slot, unless it is open.
func (m *Module) fill(s *slot, k *key) (*slot, error) {
	s.once.Do(func() {
		s.material, s.err = s.domain.load(k)
		m.giveBack(s.domain)
	})
	if s.err != nil {
		m.giveUp(k.label.handle, s)
		return nil, s.err
	}
	return s, nil
}

// take admits an operation and returns the slot of its key. What cannot have to
// wait does both under one lock.
func (m *Module) take(ctx context.Context, w Work, k *key) (*slot, error) {
	err := ctx.Err()
	if m.limited() {
		err = m.admit(ctx, w, k.label.spec)
	}
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.limited() {
		if _, err := m.reserveLocked(time.Time{}, w, &k.label.spec); err != nil {
			return nil, err
		}
	}
	return m.findLocked(k.label.handle)
}

// findLocked returns the slot of a key with one user more, or a new one. The key
// that was used last stands first in the order already and needs no look-up.
func (m *Module) findLocked(h handle) (*slot, error) {
	s := m.newest
	ok := s != nil && s.handle == h
	if !ok {
		s, ok = m.slots.Get(h)
	}
	switch {
	case ok:
		m.stats.Hits++
	case m.domain == nil:
		return nil, errs.NewHardwareTampered()
	default:
		s = &slot{handle: h, domain: m.domain}
		m.domain.join()
		s.join() // for its place, until evicted
		m.slots.Add(h, s)
		m.stats.Loads++
	}
	m.newest = s
	s.join()
	return s, nil
}

// done ends the use of a slot.
func (m *Module) done(s *slot) {
	if s.leave() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.wipeLocked(s)
	}
}

// giveUp releases a slot whose key did not open and takes it out.
func (m *Module) giveUp(h handle, s *slot) {
	m.mu.Lock()
	if now, ok := m.slots.Peek(h); ok && now == s {
		m.slots.Remove(h)
	}
	m.mu.Unlock()
	m.done(s)
}

// evicted is called by the slots, under mu, for every key that loses its place.
func (m *Module) evicted(_ handle, s *slot) {
	m.stats.Evictions++
	if m.newest == s {
		m.newest = nil
	}
	if s.leave() {
		m.wipeLocked(s)
	}
}

// wipeLocked overwrites a key that nobody uses and nobody can find any more.
func (m *Module) wipeLocked(s *slot) {
	wipe(s.material)
	s.material = nil
	m.stats.Wiped++
}

// inUseLocked counts the keys that some operation works with now: those in
// their slots, and those that lost theirs and are not overwritten yet.
func (m *Module) inUseLocked() int {
	n := int(m.stats.Evictions - m.stats.Wiped)
	for _, s := range m.slots.Values() {
		if s.holders.Load() > 1 {
			n++
		}
	}
	return n
}

// load opens a key. The buffer between blob and key does not outlive the call.
func (d *domain) load(k *key) (material, error) {
	plain, err := d.open(k.blob, k.label.size)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	opened, err := primitive.Unmarshal(plain)
	if err != nil {
		return nil, errBlob
	}
	return opened, nil
}
