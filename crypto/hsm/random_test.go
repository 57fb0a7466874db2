package hsm_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
)

func TestRandom(t *testing.T) {
	m := newModule(t, hsm.Options{})
	one, two := make([]byte, 32), make([]byte, 32)
	if err := errors.Join(m.Random(t.Context(), one), m.Random(t.Context(), two)); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(one, two) || bytes.Equal(one, make([]byte, 32)) || bytes.Equal(two, make([]byte, 32)) {
		t.Errorf("%x and %x", one, two)
	}
}

// What is derived belongs to a domain and a purpose.
func TestDerive(t *testing.T) {
	m, other, same := newModule(t, hsm.Options{}), newModule(t, hsm.Options{}), newModule(t, hsm.Options{})
	if err := m.ExportDomain(same.RestoreDomain); err != nil {
		t.Fatal(err)
	}
	derive := func(m *hsm.Module, purpose string, n int) []byte {
		b, err := m.Derive(t.Context(), purpose, n)
		if err != nil || len(b) != n {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		return b
	}
	got := derive(m, "a", 32)
	if !bytes.Equal(got, derive(same, "a", 32)) {
		t.Error("two modules of one domain derive different secrets")
	}
	if bytes.Equal(got, derive(m, "b", 32)) || bytes.Equal(got, derive(other, "a", 32)) {
		t.Error("two purposes or domains have one secret")
	}
	for _, n := range []int{-1, 8161, 1 << 20} {
		if _, err := m.Derive(t.Context(), "a", n); err == nil {
			t.Errorf("%d bytes", n)
		}
	}
	derive(m, "a", 8160)
}

// The faults are in the way of whatever needs no key.
func TestFaultsWithoutAKey(t *testing.T) {
	_, certificates := holders(t, 3)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, do := range map[string]func(context.Context, *hsm.Module) error{
		"Random": func(ctx context.Context, m *hsm.Module) error { return m.Random(ctx, make([]byte, 8)) },
		"Derive": func(ctx context.Context, m *hsm.Module) error { _, err := m.Derive(ctx, "a", 32); return err },
		"DownloadDomain": func(ctx context.Context, m *hsm.Module) error {
			_, err := m.DownloadDomain(ctx, certificates, 2)
			return err
		},
	} {
		m := newModule(t, hsm.Options{})
		for code, trouble := range map[errs.Code]func(){
			errs.HardwareBusy: func() { m.Busy(1) }, errs.HardwareSessionLost: m.LoseSession, errs.HardwareOffline: m.Offline,
		} {
			trouble()
			if err := do(t.Context(), m); !errors.Is(err, code) {
				t.Errorf("%s: %v, want %s", name, err, code)
			}
			m.Online()
			if err := do(t.Context(), m); err != nil {
				t.Errorf("%s after %s: %v", name, code, err)
			}
		}
		if err := do(ended, m); !errors.Is(err, context.Canceled) {
			t.Errorf("%s with an ended context: %v", name, err)
		}
		m.Tamper()
		if err := do(t.Context(), m); !errors.Is(err, errs.HardwareTampered) {
			t.Errorf("%s when tampered with: %v", name, err)
		}
	}
}
