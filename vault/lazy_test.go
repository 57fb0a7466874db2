package vault_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/internal/hook"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
)

// await returns when n goroutines do something once or wait for the one that does. That they never do is a failure.
func await(n int) {
	stacks, late := make([]byte, 8<<20), time.Now().Add(time.Minute)
	for bytes.Count(stacks[:runtime.Stack(stacks, true)], []byte("sync.(*Once).doSlow(")) < n {
		if time.Now().After(late) {
			panic(fmt.Sprintf("%d goroutines do not wait for each other", n))
		}
		runtime.Gosched()
	}
}

// waitedFor has n ask for a value that one of them is making, which ends when the others wait, and returns what they got.
func waitedFor(n int, l *vault.Lazy[string], end func() (*string, error)) (values []*string, all []error) {
	type answer struct {
		value *string
		err   error
	}
	answers := make(chan answer, n)
	for range n {
		go func() {
			var a answer
			defer func() {
				if r := recover(); r != nil {
					a.err = fmt.Errorf("panicked: %v", r)
				}
				answers <- a
			}()
			a.value, a.err = l.Get(func() (*string, error) {
				await(n)
				return end()
			})
		}()
	}
	for range n {
		a := <-answers
		values, all = append(values, a.value), append(all, a.err)
	}
	return values, all
}

// It is not parallel, as those below: it counts who waits.
func TestAFailureIsToldToAllWhoWaitAndForgotten(t *testing.T) {
	var l vault.Lazy[string]
	var made atomic.Int32
	failure := errors.New("no luck")
	values, all := waitedFor(5, &l, func() (*string, error) { made.Add(1); return nil, failure })
	for i, err := range all {
		if !errors.Is(err, failure) || values[i] != nil {
			t.Errorf("%v, %v", values[i], err)
		}
	}
	if n := made.Load(); n != 1 {
		t.Errorf("tried %d times", n)
	}
	if v := *got(l.Get(func() (*string, error) { return new("later"), nil }))(t); v != "later" {
		t.Errorf("then %q", v)
	}
}

func TestOneValueForAllWhoWait(t *testing.T) {
	var l vault.Lazy[string]
	value := new("value")
	values, all := waitedFor(5, &l, func() (*string, error) { return value, nil })
	for i, err := range all {
		if err != nil || values[i] != value {
			t.Errorf("%v, %v", values[i], err)
		}
	}
	if again := got(l.Get(func() (*string, error) { return nil, errors.New("made again") }))(t); again != value {
		t.Errorf("then %q", *again)
	}
}

// Whoever makes the value panics alone; the others are told, and the next one makes it.
func TestAPanicIsAFailureToWhoeverWaits(t *testing.T) {
	var l vault.Lazy[string]
	_, all := waitedFor(5, &l, func() (*string, error) { panic("no luck") })
	panicked := 0
	for _, err := range all {
		switch {
		case err == nil:
			t.Error("somebody got something")
		case strings.HasPrefix(err.Error(), "panicked: no luck"):
			panicked++
		}
	}
	if panicked != 1 {
		t.Errorf("%d have panicked: %v", panicked, all)
	}
	got(l.Get(func() (*string, error) { return new("later"), nil }))(t)
}

// What is dropped is made again; what has replaced it is not dropped with it.
func TestDroppingAValue(t *testing.T) {
	t.Parallel()
	var l vault.Lazy[int]
	made := 0
	next := func() (*int, error) { made++; return new(made), nil }
	l.Drop(nil) // of none
	first := got(l.Get(next))(t)
	l.Drop(new(1))
	if same := got(l.Get(next))(t); same != first {
		t.Errorf("after another's drop %d", *same)
	}
	l.Drop(first)
	second := got(l.Get(next))(t)
	if *second != 2 {
		t.Errorf("after the drop %d", *second)
	}
	l.Drop(first)
	if same := got(l.Get(next))(t); same != second {
		t.Errorf("after a second drop of the first %d", *same)
	}
}

// A program whose hook panics while the key is made that signs releases gets one 500, and the next release all the same.
func TestAReleaseAfterAPanic(t *testing.T) {
	t.Parallel()
	var panics atomic.Bool
	keys := &hook.Points{RSA: func(bits int) (*rsa.PrivateKey, error) {
		if panics.Swap(false) {
			panic("the hook")
		}
		return rsa.GenerateKey(rand.Reader, bits)
	}}
	w := &enclave{key: enclaveKey(t)}
	w.attestor = identity.NewAttestor(&identity.AttestorOptions{Authority: attester, NewKey: signingKey2048, Now: new(clock).Now})
	unlimited := limiter.Unlimited()
	w.world = newWorld(t, &vault.Options{Attestation: w.attestor, Limits: &unlimited, Hook: keys}, nil)
	got(w.owner.CreateKey(t.Context(), "out", crypto.RSA(2048).HSM(), leaving()))(t)
	panics.Store(true)
	if _, err := w.owner.ReleaseKey(t.Context(), "out", w.target(t, good()), nil); codes(err) != "ServerError" {
		t.Errorf("with a panic: %v", err)
	} else if p, ok := errors.AsType[vault.Panic](err); !ok || p.Value != "the hook" {
		t.Errorf("the panic is %v", err)
	}
	w.opened(t, got(w.owner.ReleaseKey(t.Context(), "out", w.target(t, good()), nil))(t))
}
