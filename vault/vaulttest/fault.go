package vaulttest

import (
	"context"
	"sync"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault"
)

// Fault is something that goes wrong with an operation, at every request that passes the gates of identity, network and
// right, until it has happened as often as it should. It is safe for concurrent use.
type Fault struct {
	of        *faults
	operation vault.Operation
	in        vault.Container // nil: in every one
	err       error
	delay     time.Duration
	after     bool
	left      int // how often it still happens; negative: without end
}

// faults are the faults of an environment.
type faults struct {
	clock clock
	mu    sync.Mutex
	all   []*Fault // in the order in which they were set; guarded, as is what they hold
}

// Fail makes an operation answer with an error, in every vault and Managed HSM unless [Fault.In] names one. It does nothing
// then, and charges nothing to the limits. An errs.Code stands for the refusal that bears it, as the product says it of the
// request: what the request does not tell, such as a limit, stays a {placeholder}. What is no error of the catalogue, such as
// io.ErrUnexpectedEOF, is answered as an internal error with it as its cause, over REST as a 500. Of several faults of an
// operation the first one that is not used up happens. An operation or a code that does not exist fails the test.
func (e *Env) Fail(operation vault.Operation, err error) *Fault {
	e.tb.Helper()
	e.known(operation)
	if code, ok := err.(errs.Code); ok && code.About(errs.Key, false) == nil {
		e.tb.Fatalf("vaulttest: there is no error of the code %q", code)
	}
	return e.faults.add(operation, err, 0)
}

// known fails the test on an operation that does not exist.
func (e *Env) known(operation vault.Operation) {
	e.tb.Helper()
	for _, endpoint := range vault.Endpoints() {
		if endpoint.Operation() == operation {
			return
		}
	}
	e.tb.Fatalf("vaulttest: there is no operation %q", operation)
}

// Slow makes an operation take time on the environment's clock. In a bubble a caller's deadline can pass meanwhile.
func (e *Env) Slow(operation vault.Operation, d time.Duration) *Fault {
	e.tb.Helper()
	e.known(operation)
	return e.faults.add(operation, nil, d)
}

// In lets the fault happen in one vault or Managed HSM alone.
func (f *Fault) In(c vault.Container) *Fault { return f.set(func() { f.in = c }) }

// Times lets the fault happen n times, and no more.
func (f *Fault) Times(n int) *Fault { return f.set(func() { f.left = n }) }

// AfterCommit lets the operation do all that it should before it fails: the reply is lost, what was done stays done.
func (f *Fault) AfterCommit() *Fault { return f.set(func() { f.after = true }) }

// Delay lets the fault take time on the environment's clock too.
func (f *Fault) Delay(d time.Duration) *Fault { return f.set(func() { f.delay = d }) }

// Clear ends the fault.
func (f *Fault) Clear() { f.Times(0) }

func (f *Fault) set(change func()) *Fault {
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	change()
	return f
}

func (s *faults) add(operation vault.Operation, err error, delay time.Duration) *Fault {
	f := &Fault{of: s, operation: operation, err: err, delay: delay, left: -1}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, f)
	return f
}

func (s *faults) before(ctx context.Context, container, operation string) error {
	return s.happen(ctx, container, operation, false)
}

func (s *faults) after(ctx context.Context, container, operation string) error {
	return s.happen(ctx, container, operation, true)
}

// happen lets the first fault of an operation happen that is not used up. A caller that gives up meanwhile gets its
// context's error.
func (s *faults) happen(ctx context.Context, container, operation string, after bool) error {
	delay, err := s.take(container, vault.Operation(operation), after)
	if delay > 0 {
		if err := s.clock.wait(ctx, delay); err != nil {
			return err
		}
	}
	return err
}

func (s *faults) take(container string, operation vault.Operation, after bool) (time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.all {
		here := f.in == nil || f.in.URL() == container
		if here && f.operation == operation && f.after == after && f.left != 0 {
			f.left = max(f.left-1, -1)
			return f.delay, f.err
		}
	}
	return 0, nil
}
