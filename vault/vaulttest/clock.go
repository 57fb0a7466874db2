package vaulttest

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// clock is the time of an environment.
type clock interface {
	Now() time.Time
	begin(start time.Time) // the zero time: wherever the clock begins by itself
	advance(d time.Duration)
	wait(ctx context.Context, d time.Duration) error // advance, unless the context ends before
}

// standing is a clock that moves when it is told to.
type standing struct{ nanos atomic.Int64 }

func (c *standing) Now() time.Time { return time.Unix(0, c.nanos.Load()).UTC() }

func (c *standing) begin(start time.Time) {
	if start.IsZero() {
		start = Start
	}
	c.nanos.Store(start.UnixNano())
}

func (c *standing) advance(d time.Duration) { c.nanos.Add(int64(d)) }

func (c *standing) wait(ctx context.Context, d time.Duration) error {
	c.advance(d)
	return ctx.Err()
}

// bubble is the clock of a bubble, with a start of one's choice.
type bubble struct{ ahead time.Duration }

func (c *bubble) Now() time.Time { return time.Now().Add(c.ahead) }

func (c *bubble) begin(start time.Time) {
	if !start.IsZero() {
		c.ahead = time.Until(start)
	}
}

func (c *bubble) advance(d time.Duration) { time.Sleep(d) }

func (c *bubble) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run runs a test in a bubble of testing/synctest with an environment of its own. In it there is one clock for all: for
// the vault, its tokens and limits, for an SDK's retries and its cache of tokens, for every timer of the test. It stands
// still while anything runs, and jumps when everything waits; [Env.Advance] sleeps. In a bubble there are no sockets, so
// no [Served] and no [Env.Serve], and no t.Run. nil options are the zero Options.
func Run(t *testing.T, o *Options, f func(t *testing.T, env *Env)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(t, newEnv(t, o, new(bubble)))
	})
}
