package hsm_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
)

// operation is one thing that can be asked of a module.
type operation struct {
	name string
	run  func(context.Context) error
}

// operations are all of them, on keys that were made before.
func operations(t *testing.T, m *hsm.Module) []operation {
	t.Helper()
	d := m.Driver(true)
	ec, oct := generate(t, d, crypto.EC(crypto.P256).HSM()), generate(t, d, crypto.Oct(256).HSM())
	blob, digest := ec.Blob(), make([]byte, 32)
	sealed, err := oct.Encrypt(t.Context(), crypto.A256GCM, digest, crypto.Params{})
	if err != nil {
		t.Fatal(err)
	}
	opened := crypto.Params{IV: sealed.IV, Tag: sealed.Tag}
	kek, wrapped := transfer(t, m, cryptotest.JWK(t, crypto.EC(crypto.P256)))
	to := &receiver(t, 2048).PublicKey
	return []operation{
		{"Generate", func(ctx context.Context) error { return second(d.Generate(ctx, crypto.EC(crypto.P256).HSM())) }},
		{"Import", func(ctx context.Context) error {
			return second(d.Import(ctx, cryptotest.JWK(t, crypto.EC(crypto.P256).HSM())))
		}},
		{"ImportTransfer", func(ctx context.Context) error {
			return second(d.ImportTransfer(ctx, kek, wrapped, crypto.JWK{Kty: crypto.KeyTypeECHSM, Crv: crypto.P256}))
		}},
		{"Open", func(ctx context.Context) error { return second(d.Open(ctx, blob)) }},
		{"Sign", func(ctx context.Context) error { return second(ec.Sign(ctx, crypto.ES256, digest)) }},
		{"MAC", func(ctx context.Context) error { return second(oct.Sign(ctx, crypto.HS256, digest)) }},
		{"Encrypt", func(ctx context.Context) error {
			return second(oct.Encrypt(ctx, crypto.A256GCM, digest, crypto.Params{}))
		}},
		{"Decrypt", func(ctx context.Context) error { return second(oct.Decrypt(ctx, crypto.A256GCM, sealed.Value, opened)) }},
		{"Release", func(ctx context.Context) error { return second(m.Release(ctx, ec, to, "", "")) }},
		{"Attest", func(ctx context.Context) error { return second(m.Attest(ctx, ec, "kid")) }},
	}
}

func second[T any](_ T, err error) error { return err }

// wantError checks for exactly the error want.
func wantError(t *testing.T, what string, err error, want *errs.Error) {
	t.Helper()
	var got *errs.Error
	if !errors.As(err, &got) || got.Error() != want.Error() || got.Status != want.Status {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

func wantNone(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func TestFaults(t *testing.T) {
	m := newModule(t, hsm.Options{})
	for _, op := range operations(t, m) {
		run := func() error { return op.run(t.Context()) }
		wantNone(t, op.name, run())

		m.Busy(2)
		wantError(t, op.name+", busy", run(), errs.NewHardwareBusy(0))
		wantError(t, op.name+", still busy", run(), errs.NewHardwareBusy(0))
		wantNone(t, op.name+" after busy", run())

		m.LoseSession()
		if s := m.Stats(); s.Open != 0 {
			t.Errorf("%s: %d keys are open after the session was lost", op.name, s.Open)
		}
		wantError(t, op.name+", session lost", run(), errs.NewHardwareSessionLost())
		wantNone(t, op.name+" in the next session", run())

		m.Offline()
		for range 3 {
			wantError(t, op.name+", offline", run(), errs.NewHardwareOffline())
		}
		m.Online()
		wantNone(t, op.name+" online again", run())

		tamper(t, m, func() {
			for range 3 {
				wantError(t, op.name+", tampered", run(), errs.NewHardwareTampered())
			}
		})
		wantNone(t, op.name+", restored", run())

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		m.Busy(1)
		if err := op.run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled: %v", op.name, err)
		}
		m.Busy(0)
		wantNone(t, op.name+" after Busy(0)", run())
	}
}

// tamper runs f between Tamper and RestoreDomain.
func tamper(t *testing.T, m *hsm.Module, f func()) {
	t.Helper()
	var domain []byte
	if err := m.ExportDomain(func(b []byte) error { domain = bytes.Clone(b); return nil }); err != nil {
		t.Fatal(err)
	}
	m.Tamper()
	f()
	if err := m.RestoreDomain(domain); err != nil {
		t.Fatal(err)
	}
}

// TestFaultStatuses: what a client sees of each.
func TestFaultStatuses(t *testing.T) {
	for err, want := range map[*errs.Error]int{
		errs.NewHardwareBusy(0): 503, errs.NewHardwareSessionLost(): 503, errs.NewHardwareOffline(): 503, errs.NewHardwareTampered(): 500,
	} {
		if err.Status != want || err.Grade() != errs.Inferred {
			t.Errorf("%v: status %d, %v", err, err.Status, err.Grade())
		}
	}
}

// TestFaultOrder: of several troubles the most lasting answers, and the others
// are not used up by it.
func TestFaultOrder(t *testing.T) {
	m := newModule(t, hsm.Options{})
	p := generate(t, m.Driver(false), crypto.Oct(128).HSM())
	sign := func() error { return second(p.Sign(t.Context(), crypto.HS256, nil)) }
	m.Busy(1)
	m.LoseSession()
	m.Offline()
	tamper(t, m, func() {
		wantError(t, "all", sign(), errs.NewHardwareTampered())
		wantError(t, "Ready, all", m.Ready(), errs.NewHardwareTampered())
	})
	wantError(t, "three", sign(), errs.NewHardwareOffline())
	wantError(t, "Ready, three", m.Ready(), errs.NewHardwareOffline())
	m.Online()
	wantNone(t, "Ready, two", m.Ready())
	wantError(t, "two", sign(), errs.NewHardwareSessionLost())
	wantError(t, "one", sign(), errs.NewHardwareBusy(0))
	wantNone(t, "none", sign())
	if s := m.Stats(); s.Refused != 4 {
		t.Errorf("%d refused", s.Refused)
	}
}

// TestFaultUnderOperation: an operation that runs when trouble comes ends well,
// and its key is overwritten after it.
func TestFaultUnderOperation(t *testing.T) {
	for name, trouble := range map[string]func(*hsm.Module){
		"LoseSession": (*hsm.Module).LoseSession, "Tamper": (*hsm.Module).Tamper, "RestoreDomain": func(m *hsm.Module) {
			if err := m.RestoreDomain(make([]byte, hsm.DomainSize)); err != nil {
				t.Error(err)
			}
		},
	} {
		m := newModule(t, hsm.Options{})
		p := fixed(t, m.Driver(false), crypto.RSA(2048))
		release, err := hsm.Hold(p)
		if err != nil {
			t.Fatal(err)
		}
		numbers := hsm.Numbers(p)
		trouble(m)
		if s := m.Stats(); s.Wiped != 0 || s.Open != 0 || numbers[0][0] == 0 {
			t.Errorf("%s: %+v", name, s)
		}
		release()
		if s := m.Stats(); s.Wiped != 1 || numbers[0][0] != 0 {
			t.Errorf("%s, after: %+v", name, s)
		}
	}
}

func TestTamperErasesDomain(t *testing.T) {
	m := newModule(t, hsm.Options{})
	memory := hsm.DomainMemory(m)
	err := m.ExportDomain(func(secret []byte) error {
		m.Tamper()
		if !bytes.Equal(secret, memory[0]) || bytes.Equal(secret, make([]byte, hsm.DomainSize)) {
			t.Error("the domain was overwritten while it was used")
		}
		memory = append(memory, secret)
		return errs.NewInvalidValue()
	})
	if !errors.Is(err, errs.BadParameter) {
		t.Errorf("the callback's error: %v", err)
	}
	for i, b := range memory {
		if !bytes.Equal(b, make([]byte, len(b))) {
			t.Errorf("part %d of the domain was not overwritten", i)
		}
	}
	wantError(t, "ExportDomain", m.ExportDomain(func([]byte) error { return nil }), errs.NewHardwareTampered())
	_, err = m.Root()
	wantError(t, "Root", err, errs.NewHardwareTampered())
}

// TestRestoreOther: keys of the domain before do not open, and open again when
// that domain comes back.
func TestRestoreOther(t *testing.T) {
	m, other := newModule(t, hsm.Options{}), newModule(t, hsm.Options{})
	p := generate(t, m.Driver(false), crypto.Oct(128).HSM())
	want, _ := p.Sign(t.Context(), crypto.HS256, nil)
	var domain []byte
	if err := m.ExportDomain(func(b []byte) error { domain = bytes.Clone(b); return nil }); err != nil {
		t.Fatal(err)
	}
	move(t, other, m)
	for range 2 {
		if _, err := p.Sign(t.Context(), crypto.HS256, nil); err == nil {
			t.Error("a key of another domain signs")
		}
	}
	if s := m.Stats(); s.Open != 0 || s.InUse != 0 {
		t.Errorf("a key that did not open: %+v", s)
	}
	for _, size := range []int{0, 31, 33} {
		if m.RestoreDomain(make([]byte, size)) == nil {
			t.Errorf("a domain of %d bytes is restored", size)
		}
	}
	if err := m.RestoreDomain(domain); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Sign(t.Context(), crypto.HS256, nil); err != nil || !bytes.Equal(got, want) {
		t.Errorf("after its domain came back: %x, %v", got, err)
	}
}
