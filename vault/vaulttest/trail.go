package vaulttest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
)

// maxTrail is how many requests an environment remembers; of more it forgets the oldest.
const maxTrail = 10_000

// maxFindings is how many things that no test should see are told.
const maxFindings = 10

// trail is what the audit of an environment was told.
type trail struct {
	mu       sync.Mutex
	strict   bool
	events   []vault.Event
	findings []string // what no test should see
}

func (t *trail) note(e vault.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.events) == maxTrail {
		t.events = append(t.events[:0:0], t.events[maxTrail/2:]...)
	}
	t.events = append(t.events, e)
	if finding := t.judge(e); finding != "" && len(t.findings) < maxFindings {
		t.findings = append(t.findings, finding)
	}
}

// judge says what is wrong with an event, "" if nothing.
func (t *trail) judge(event vault.Event) string {
	var panicked vault.Panic
	if errors.As(event.Err, &panicked) {
		return fmt.Sprintf("%s panicked: %v\n%s", event.Operation, panicked.Value, panicked.Stack)
	}
	var answer *errs.Error
	if t.strict && errors.As(event.Err, &answer) && answer.Grade() == errs.Inferred {
		return fmt.Sprintf("strict: the answer to %s is inferred: %v", event.Operation, answer)
	}
	return ""
}

// Requests returns the audit events of all requests so far, the latest ten thousand at most; with operations, only of
// those. The first request of each client of an Azure SDK is one without a token, to which it gets a challenge.
func (e *Env) Requests(operations ...vault.Operation) []vault.Event {
	e.trail.mu.Lock()
	defer e.trail.mu.Unlock()
	var out []vault.Event
	for _, event := range e.trail.events {
		if len(operations) == 0 || slices.Contains(operations, event.Operation) {
			out = append(out, event)
		}
	}
	return out
}

// Strict fails the test at its end if any answer from now on is one of which the evidence says nothing: an error whose
// text or code is graded inferred.
func (e *Env) Strict() {
	e.trail.mu.Lock()
	defer e.trail.mu.Unlock()
	e.trail.strict = true
}

// conclude is the end of an environment.
func (e *Env) conclude(invariants func() error) {
	e.tb.Helper()
	if err := invariants(); err != nil {
		e.tb.Errorf("vaulttest: the state of the service cannot be:\n%v", err)
	}
	e.trail.mu.Lock()
	findings := e.trail.findings
	e.trail.mu.Unlock()
	for _, finding := range findings {
		e.tb.Errorf("vaulttest: %s", finding)
	}
	if e.tb.Failed() {
		e.explain()
	}
}

// explain prints every refused request, with the decision that led to it where there is one.
func (e *Env) explain() {
	e.tb.Helper()
	var b strings.Builder
	for _, event := range e.Requests() {
		if event.Err == nil || event.Status == 401 && event.Principal == nil && event.Request().URI != "" {
			continue // a success, or the challenge that every client of an SDK asks for
		}
		fmt.Fprintf(&b, "%s: %s\n", asked(event), why(event.Err))
	}
	if b.Len() > 0 {
		e.tb.Logf("vaulttest: refused requests:\n%s", b.String())
	}
}

// asked is what a request asked of which container.
func asked(e vault.Event) string {
	words := []string{e.Vault, string(e.Operation)}
	if e.Product == vault.ProductManagedHSM {
		words[0] = "Managed HSM " + e.Vault
	}
	if e.Name != "" {
		words = append(words, e.Name)
	}
	return strings.Join(words, " ")
}

// why is the cause of a refusal, or the refusal itself.
func why(err error) string {
	for _, cause := range []any{new(policy.Decision), new(*identity.Failure), new(vault.Throttling)} {
		if errors.As(err, cause) {
			return fmt.Sprintf("%d %v", errs.StatusOf(err), reflect.ValueOf(cause).Elem().Interface())
		}
	}
	return fmt.Sprintf("%d %v", errs.StatusOf(err), err)
}
