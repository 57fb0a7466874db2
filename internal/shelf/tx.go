package shelf

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Shelf is the state of one container and the queue of its writers.
type Shelf struct {
	commit func(context.Context, []Change) error

	root atomic.Pointer[Root] // published: what readers see; every change in it is committed

	// preparing guards the newest state and the queue. It is held while a writer runs its change, which must not block:
	// no cryptography and no input or output happens under it.
	preparing sync.Mutex
	pending   *Root            // the published root and, on top of it, all that is queued
	queue     []*batch         // prepared in this order, not yet committed
	swept     [MaxKinds]string // :: kind → the deleted name that Sweep looked at last

	// committing is held by the writer that commits for all who queued before it. Whoever waits for it finds its own
	// batch done, or becomes the next to commit.
	committing sync.Mutex
}

// Change is one object that a transaction put or removed.
type Change struct {
	Kind          int    // the index of the kind
	Name          string // lower case
	Before, After any    // *Object[V, O] of the kind; nil where there is none
}

// Tx is a change being prepared. Its root shows the state with the change so far.
type Tx struct {
	root    *Root
	own     [MaxKinds]bool // whose collection is already a copy
	changes []Change
	swept   *[MaxKinds]string // the shelf's
}

// batch is one writer's prepared change, or its refusal.
type batch struct {
	change  func(*Tx) error
	tx      *Tx
	refusal error // what the change returned; it counts once what it was judged by is committed
	done    bool  // guarded by committing
	err     error
}

// New returns an empty shelf. The commit function makes changes durable, all of them or none, before they are published;
// nil keeps the state in memory alone.
func New(commit func(context.Context, []Change) error) *Shelf {
	if commit == nil {
		commit = func(context.Context, []Change) error { return nil }
	}
	s := &Shelf{commit: commit, pending: new(Root)}
	s.root.Store(s.pending)
	return s
}

// Panic is the error of a change or a commit that panicked: whoever waits for the outcome must always get one.
type Panic struct {
	Value any
	Stack []byte // of the goroutine that panicked
}

// Error tells what the panic was raised with.
func (p Panic) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// Contain calls f and returns its error, or its panic as one.
func Contain(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = Panic{p, debug.Stack()}
		}
	}()
	return f()
}

// Root returns the published state.
func (s *Shelf) Root() *Root { return s.root.Load() }

// Root returns the state that the transaction sees, its own changes included.
func (tx *Tx) Root() *Root { return tx.root }

// Load publishes a change without committing it: it comes from where commits go. It is for a shelf that nobody uses yet.
func (s *Shelf) Load(change func(*Tx) error) error {
	b := &batch{change: change}
	if s.enqueue(b) {
		return b.refusal
	}
	s.queue = nil
	s.publish([]*batch{b})
	return nil
}

// Update runs a change on the newest state, commits it and publishes it. When the change returns an error nothing
// happens and Update returns it. When the commit fails nothing of the change is ever visible.
//
// The change may run more than once (if the commit of a change before it failed), so it must only assign to what it
// captures. It must not block. A context that ends once the change is queued does not stop it; how long that takes is the
// store's to bound.
func (s *Shelf) Update(ctx context.Context, change func(*Tx) error) error {
	b := &batch{change: change}
	if s.enqueue(b) {
		return b.refusal
	}
	s.committing.Lock()
	defer s.committing.Unlock()
	for !b.done {
		s.flush(context.WithoutCancel(ctx))
	}
	return b.err
}

func (s *Shelf) enqueue(b *batch) (settled bool) {
	s.preparing.Lock()
	defer s.preparing.Unlock()
	return s.prepare(b)
}

// prepare runs a batch's change on the newest state. If it changes nothing, and all that it saw is published, the batch
// is settled. Otherwise it is queued: a change to be committed, a refusal to wait for what it was judged by. The caller
// holds preparing.
func (s *Shelf) prepare(b *batch) (settled bool) {
	root := *s.pending
	b.tx = &Tx{root: &root, swept: &s.swept}
	b.refusal = Contain(func() error { return b.change(b.tx) })
	switch {
	case b.refusal == nil && len(b.tx.changes) > 0:
		s.pending = b.tx.root
	case s.pending == s.root.Load():
		return true
	default:
		b.tx = nil
	}
	s.queue = append(s.queue, b)
	return false
}

// flush commits all that is queued as one transaction. The caller holds committing.
func (s *Shelf) flush(ctx context.Context) {
	s.preparing.Lock()
	group := s.queue
	s.queue = nil
	s.preparing.Unlock()

	err := s.commitAll(ctx, group)
	if err == nil {
		s.publish(group)
		return
	}
	s.preparing.Lock()
	rest := s.queue
	s.queue, s.pending = nil, s.root.Load()
	s.preparing.Unlock()
	if len(group) == 1 {
		group[0].finish(err)
		group = nil
	}
	// A commit of several failed: it may be the fault of one. Each is prepared anew on what is published and
	// committed alone.
	for _, b := range append(group, rest...) {
		s.retry(ctx, b)
	}
}

// retry prepares and commits one batch by itself. The caller holds committing.
func (s *Shelf) retry(ctx context.Context, b *batch) {
	others, settled := s.alone(b)
	err := b.refusal
	if !settled {
		err = s.commitAll(ctx, []*batch{b})
	}
	if settled || err != nil {
		b.finish(err)
	} else {
		s.publish([]*batch{b})
	}
	s.requeue(others)
}

// alone prepares a batch on the published root. It returns whoever queued meanwhile: they stand on a root without the
// batch, and follow it.
func (s *Shelf) alone(b *batch) (others []*batch, settled bool) {
	s.preparing.Lock()
	defer s.preparing.Unlock()
	others = s.queue
	s.queue, s.pending = nil, s.root.Load()
	settled = s.prepare(b)
	s.queue = nil
	return others, settled
}

// requeue prepares batches anew behind all that is published. The caller holds committing.
func (s *Shelf) requeue(batches []*batch) {
	s.preparing.Lock()
	defer s.preparing.Unlock()
	newer := s.queue
	s.queue, s.pending = nil, s.root.Load()
	for _, b := range append(batches, newer...) {
		if s.prepare(b) {
			b.finish(b.refusal)
		}
	}
}

// publish shows a committed group to readers, and tells the refused of it. The caller holds committing.
func (s *Shelf) publish(group []*batch) {
	for _, b := range group {
		if b.tx != nil {
			s.root.Store(b.tx.root)
		}
		b.finish(b.refusal)
	}
}

func (b *batch) finish(err error) { b.done, b.err = true, err }

// commitAll makes the changes of a group durable; refusals have none.
func (s *Shelf) commitAll(ctx context.Context, group []*batch) error {
	var all []Change
	for _, b := range group {
		if b.tx != nil {
			all = append(all, b.tx.changes...)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return Contain(func() error { return s.commit(ctx, all) })
}
