package hsm_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
)

func TestRates(t *testing.T) {
	for _, c := range []struct {
		spec       crypto.Spec
		work       hsm.Work
		y2021, y25 int
	}{
		{crypto.RSA(2048), hsm.WorkCreate, 1, 1},
		{crypto.RSA(2048), hsm.WorkSign, 1100, 900},
		{crypto.RSA(3072).HSM(), hsm.WorkSign, 360, 340},
		{crypto.RSA(4096).HSM(), hsm.WorkSign, 160, 150},
		{crypto.RSA(4096).HSM(), hsm.WorkDecrypt, 160, 160},
		{crypto.EC(crypto.P256).HSM(), hsm.WorkSign, 260, 330},
		{crypto.EC(crypto.P256K).HSM(), hsm.WorkSign, 260, 330},
		{crypto.EC(crypto.P384).HSM(), hsm.WorkSign, 165, 160},
		{crypto.EC(crypto.P521).HSM(), hsm.WorkSign, 56, 200},
		{crypto.EC(crypto.P521).HSM(), hsm.WorkDecrypt, 0, 0},
		{crypto.Oct(128).HSM(), hsm.WorkEncrypt, 8000, 8000},
		{crypto.Oct(192).HSM(), hsm.WorkUnwrap, 9000, 1900},
		{crypto.Oct(256).HSM(), hsm.WorkUnwrap, 9000, 2200},
		{crypto.Oct(256).HSM(), hsm.WorkWrap, 9000, 2100},
		{crypto.Oct(256).HSM(), 0, 0, 0},
		{crypto.Oct(256).HSM(), 200, 0, 0},
		{crypto.Spec{}, hsm.WorkSign, 0, 0},
	} {
		spec, _ := c.spec.Normalize()
		spec.PublicExponent = 3 // makes no difference
		if got := hsm.Published2021.Rate(c.work, spec); got != c.y2021 {
			t.Errorf("2021, %v, %d: %d", c.spec, c.work, got)
		}
		if got := hsm.Published2025.Rate(c.work, spec); got != c.y25 {
			t.Errorf("2025, %v, %d: %d", c.spec, c.work, got)
		}
		if got := hsm.Generation(0).Rate(c.work, spec); got != 0 {
			t.Errorf("no generation, %v, %d: %d", c.spec, c.work, got)
		}
	}
}

// TestProfile: signing takes the published time on the clock that is handed in.
func TestProfile(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start
	m := newModule(t, hsm.Options{
		Profile: hsm.Profile{Generation: hsm.Published2021},
		Clock:   func() time.Time { return now },
		Wait: func(_ context.Context, d time.Duration) error {
			now = now.Add(d)
			return nil
		},
	})
	p := generate(t, m.Driver(false), crypto.EC(crypto.P256).HSM())
	if now.Sub(start) != time.Second {
		t.Errorf("making a key took %v", now.Sub(start))
	}
	start = now
	for range 260 {
		if _, err := p.Sign(t.Context(), crypto.ES256, make([]byte, 32)); err != nil {
			t.Fatal(err)
		}
	}
	if took := now.Sub(start); took < time.Second-time.Microsecond || took > time.Second {
		t.Errorf("260 signatures took %v", took)
	}
}

// TestBacklog: what would wait longer than the backlog is refused, and told
// for how long.
func TestBacklog(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m := newModule(t, hsm.Options{
		Profile: hsm.Profile{Generation: hsm.Published2021, Partitions: 2, Backlog: 1500 * time.Millisecond},
		Clock:   func() time.Time { return now },
	})
	make4 := func(want int) (err error) {
		for i := range 4 {
			if _, err = m.Driver(false).Generate(t.Context(), crypto.Oct(128).HSM()); (err == nil) != (i < want) {
				t.Errorf("key %d: %v", i, err)
			}
		}
		return err
	}
	make4(4) // two at once, two after a second
	err := make4(0)
	var refused *errs.Error
	if !errors.As(err, &refused) || refused.RetryAfter != 500*time.Millisecond {
		t.Fatalf("%v", err)
	}
	if s := m.Stats(); s.Waited != (1+1+2+2)*time.Second || s.Refused != 4 {
		t.Errorf("%+v", s)
	}
	now = now.Add(500 * time.Millisecond)
	make4(2)
}

// TestWaitCancelled: who stops waiting gets his context's error and no answer.
func TestWaitCancelled(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m := newModule(t, hsm.Options{
		Profile: hsm.Profile{Generation: hsm.Published2025},
		Clock:   func() time.Time { return now },
		Wait:    func(context.Context, time.Duration) error { return context.DeadlineExceeded },
	})
	if _, err := m.Driver(false).Generate(t.Context(), crypto.Oct(128).HSM()); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// TestQueueAgainstModel: the module takes what a list of finishing times says.
func TestQueueAgainstModel(t *testing.T) {
	keys := newModule(t, hsm.Options{})
	p := generate(t, keys.Driver(false), crypto.EC(crypto.P521).HSM())
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		profile := hsm.Profile{
			Generation: hsm.Published2021, Partitions: rapid.IntRange(1, 3).Draw(rt, "partitions"),
			Backlog: time.Duration(rapid.IntRange(1, 60).Draw(rt, "backlog")) * time.Millisecond,
		}
		m := newModule(t, hsm.Options{Profile: profile, Clock: func() time.Time { return now }})
		move(t, keys, m)
		var took time.Duration
		free := make([]time.Time, profile.Partitions)
		for range rapid.IntRange(1, 12).Draw(rt, "signatures") {
			now = now.Add(time.Duration(rapid.IntRange(0, 30).Draw(rt, "pause")) * time.Millisecond)
			slices.SortFunc(free, time.Time.Compare)
			begin := now
			if free[0].After(now) {
				begin = free[0]
			}
			good := begin.Sub(now) <= profile.Backlog
			if good {
				free[0] = begin.Add(time.Second / 56)
				took += free[0].Sub(now)
			}
			k, err := m.Driver(false).Open(t.Context(), p.Blob())
			if err != nil {
				rt.Fatal(err)
			}
			if _, err := k.Sign(t.Context(), crypto.ES512, make([]byte, 64)); good != (err == nil) || !good && !errors.Is(err, errs.HardwareBusy) {
				rt.Fatalf("%v, want it accepted: %t", err, good)
			}
		}
		if s := m.Stats(); s.Waited != took {
			rt.Fatalf("%v, want %v", s.Waited, took)
		}
	})
}

// The clock is the program's own: it may ask the module.
func TestAClockThatAsksTheModule(t *testing.T) {
	var m *hsm.Module
	asked := 0
	m = newModule(t, hsm.Options{
		Profile: hsm.Profile{Generation: hsm.Published2025},
		Clock:   func() time.Time { m.Stats(); asked++; return time.Unix(0, 0) },
	})
	p := generate(t, m.Driver(false), crypto.Oct(256).HSM())
	if _, err := p.Sign(t.Context(), crypto.HS256, nil); err != nil || asked < 2 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}
