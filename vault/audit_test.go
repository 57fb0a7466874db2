package vault_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

// What the audit is told: every request once, when it came, with what was answered.
func TestEveryRequestIsAuditedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, &vault.VaultOptions{AccessPolicies: []policy.AccessPolicy{{ObjectID: appObject, Keys: []string{"all"}}}})
	token := got(w.tenant.Token(t.Context(), w.app(t), audience))(t)
	app := w.vault.As(vault.Bearer(token).From(outside.Addr))
	w.clock.Advance(1500 * time.Millisecond)

	got(app.CreateKey(t.Context(), "App", vault.EC(vault.P256), nil))(t)
	_, absent := app.GetKey(t.Context(), "app/0123")
	_, denied := app.GetSecret(t.Context(), "db")
	_, nobody := w.vault.As(vault.Caller{}).GetSecret(t.Context(), "db")

	events := w.trail.take()
	if len(events) != 4 {
		t.Fatalf("%d events of 4 requests", len(events))
	}
	ids := map[string]bool{}
	for i, want := range []vault.Event{
		{Operation: vault.OpKeyCreate, Status: 200, Name: "App"},
		{Operation: vault.OpKeyGet, Status: 404, Name: "app", Version: "0123", Err: absent},
		{Operation: vault.OpSecretGet, Status: 403, Name: "db", Err: denied},
		{Operation: vault.OpSecretGet, Status: 401, Name: "db", Err: nobody},
	} {
		e := events[i]
		if e.Operation != want.Operation || e.Status != want.Status || e.Name != want.Name || e.Version != want.Version || e.Err != want.Err {
			t.Errorf("event %d is %+v, want %+v", i, e, want)
		}
		if e.Vault != "contoso" || e.Resource() != resource || !e.Time.Equal(start.Add(1500*time.Millisecond)) {
			t.Errorf("event %d happened to %s (%s) at %v", i, e.Vault, e.Resource(), e.Time)
		}
		if e.Status == 401 {
			if e.Principal != nil {
				t.Errorf("event %d knows %v, who was not authenticated", i, e.Principal)
			}
		} else if e.Principal.ObjectID() != appObject || e.Principal.AppID() != appClient || e.Source != outside {
			t.Errorf("event %d was made by %v from %v", i, e.Principal, e.Source)
		}
		ids[e.RequestID.String()] = true
	}
	if len(ids) != 4 {
		t.Errorf("four requests have the ids %v", ids)
	}
}

// A listing is a request a page.
func TestEveryPageIsAudited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	for i := range 60 {
		got(w.owner.SetSecret(t.Context(), fmt.Sprintf("s%02d", i), "", nil))(t)
	}
	for _, c := range []struct {
		o            *vault.ListOptions
		taken, pages int
	}{{nil, 1, 1}, {nil, 25, 1}, {nil, 26, 2}, {nil, 99, 3}, {&vault.ListOptions{PageSize: 20}, 99, 3}, {&vault.ListOptions{PageSize: 1}, 99, 60}} {
		w.trail.take()
		left := c.taken
		for _, err := range w.owner.ListSecrets(t.Context(), c.o) {
			fine(t, err)
			if left--; left == 0 {
				break
			}
		}
		if events := w.trail.take(); len(events) != c.pages {
			t.Errorf("%d items are %d requests, want %d", c.taken, len(events), c.pages)
		}
	}
}

// An event tells how long its request took.
func TestAnEventTellsHowLongItTook(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	var events []vault.Event
	svc := got(vault.New(&vault.Options{
		Now:   func() time.Time { now = now.Add(time.Second); return now }, // every look at the clock takes a second
		Audit: func(e vault.Event) { events = append(events, e) },
	}))(t)
	got(got(svc.CreateVault(t.Context(), "contoso", nil))(t).As(vault.Owner()).SetSecret(t.Context(), "s", "v", nil))(t)
	if len(events) != 1 || events[0].Duration < time.Second || events[0].Duration > time.Minute {
		t.Errorf("%+v", events)
	}
}

// A driver that panics is an internal error and nothing worse, and the audit hears of it.
func TestAPanicIsAuditedAndAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	vault.WithDriver(w.svc, faultyDriver{})
	got(w.owner.CreateKey(t.Context(), "key", vault.RSA(2048), nil))(t)
	w.trail.take()
	result, err := w.owner.Sign(t.Context(), "key", vault.RS256, make([]byte, 32))
	if codes(err) != "ServerError" || !errors.Is(err, errs.Internal) || result.Value != nil {
		t.Errorf("answered %v, %v", result, err)
	}
	if cause := errors.Unwrap(err); cause == nil || !strings.Contains(cause.Error(), "the module caught fire") {
		t.Errorf("because of %v", cause)
	}
	events := w.trail.take()
	if len(events) != 1 || events[0].Status != 500 || events[0].Err != err || events[0].Operation != vault.OpKeySign {
		t.Fatalf("the audit was told of %+v", events)
	}
	if want := "ActivityId: " + events[0].RequestID.String() + ", ActivityName: KeySign"; errs.From(err).Message != want {
		t.Errorf("message %q, want %q", errs.From(err).Message, want)
	}
	if strings.Contains(body(err)+err.Error(), "fire") {
		t.Errorf("%s shows its cause", body(err))
	}
	// The vault works on.
	got(w.owner.SetSecret(t.Context(), "s", "v", nil))(t)
}

// An answer that cannot be written down is a failed request for the audit, too.
func TestAPanicOfAProtocolIsAudited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	got(w.owner.SetSecret(t.Context(), "s", "v", nil))(t)
	w.trail.take()
	err := vault.GetSecretEncoding(t.Context(), w.owner, "s", func(vault.Secret) { panic("out of ink") })
	if !errors.Is(err, errs.Internal) || strings.Contains(err.Error(), "ink") {
		t.Errorf("answered %v", err)
	}
	if events := w.trail.take(); len(events) != 1 || events[0].Status != 500 || events[0].Err != err {
		t.Errorf("the audit was told of %+v", events)
	}
}

// faultyDriver makes keys that panic when they are used.
type faultyDriver struct{ hollowDriver }

func (d faultyDriver) Generate(ctx context.Context, s crypto.Spec) (crypto.Private, error) {
	private, err := d.hollowDriver.Generate(ctx, s)
	return faultyKey{private}, err
}

type faultyKey struct{ crypto.Private }

func (faultyKey) Sign(context.Context, crypto.Algorithm, []byte) ([]byte, error) {
	panic("the module caught fire")
}

// A call that is given up before it arrives is no request; one that is given up later is one.
func TestACancelledCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	reason := errors.New("enough")
	before, giveUp := context.WithCancelCause(t.Context())
	giveUp(reason)
	_, err := w.owner.SetSecret(before, "s", "v", nil)
	if err != context.Canceled || len(w.trail.take()) != 0 || w.vault.Usage()[limiter.SecretUse].Used != 0 {
		t.Errorf("a call that was given up before: %v", err)
	}

	during, cancel := context.WithCancel(t.Context())
	vault.WithDriver(w.svc, slowDriver{cancel: cancel})
	_, err = w.owner.CreateKey(during, "key", vault.RSA(2048), nil)
	events := w.trail.take()
	if !errors.Is(err, context.Canceled) || len(events) != 1 || events[0].Err != err || events[0].Operation != vault.OpKeyCreate {
		t.Errorf("a call that was given up meanwhile: %v, audited as %+v", err, events)
	}
	if _, err := w.owner.GetKey(t.Context(), "key"); codes(err) != "KeyNotFound" {
		t.Errorf("the key of a call that was given up: %v", err)
	}
}

// slowDriver is so slow that its caller gives up.
type slowDriver struct {
	hollowDriver
	cancel func()
}

func (d slowDriver) Generate(ctx context.Context, s crypto.Spec) (crypto.Private, error) {
	d.cancel()
	<-ctx.Done()
	return nil, ctx.Err()
}

// The audit may call the vault that it is told of, and sees what the request did.
func TestTheAuditMayCallBack(t *testing.T) {
	t.Parallel()
	var v *vault.Vault
	var seen []string
	svc := got(vault.New(&vault.Options{Audit: func(e vault.Event) {
		if e.Operation == vault.OpSecretSet {
			s, err := v.As(vault.Owner()).GetSecret(context.Background(), vault.Ref(e.Name))
			seen = append(seen, s.Value.Reveal()+codes(err))
		}
	}}))(t)
	v = got(svc.Vault(t.Context(), "contoso"))(t)
	got(v.As(vault.Owner()).SetSecret(t.Context(), "s", "one", nil))(t)
	got(v.As(vault.Owner()).SetSecret(t.Context(), "s", "two", nil))(t)
	if !slices.Equal(seen, []string{"one", "two"}) {
		t.Errorf("the audit saw %v", seen)
	}
}

// An event holds no value, no key and no token, in no member however deep.
func TestAnEventHoldsNothingSecret(t *testing.T) {
	t.Parallel()
	const secret = "correct-horse-battery-staple"
	w := newWorld(t, nil, &vault.VaultOptions{AccessPolicies: []policy.AccessPolicy{{ObjectID: appObject, Secrets: []string{"all"}, Keys: []string{"all"}}}})
	token := got(w.tenant.Token(t.Context(), w.app(t), audience))(t)
	app := w.vault.As(vault.Bearer(token))
	ctx := t.Context()

	got(app.SetSecret(ctx, "s", secret, &vault.SetSecretOptions{Tags: map[string]string{"note": secret}, ContentType: secret}))(t)
	got(app.GetSecret(ctx, "s"))(t)
	_, tooLong := app.SetSecret(ctx, "s", strings.Repeat(secret, 1000), nil)
	got(app.DeleteSecret(ctx, "s"))(t)
	_, taken := app.SetSecret(ctx, "s", secret, nil)
	got(app.CreateKey(ctx, "k", vault.RSA(2048), nil))(t)
	wrapped := got(app.WrapKey(ctx, "k", vault.RSAOAEP, []byte(secret)))(t)
	got(app.UnwrapKey(ctx, "k", vault.RSAOAEP, wrapped.Value))(t)
	_, broken := app.UnwrapKey(ctx, "k", vault.RSAOAEP, []byte(secret))
	_, short := app.Sign(ctx, "k", vault.RS256, []byte(secret))
	w.clock.Advance(2 * time.Hour)
	_, expired := app.GetSecret(ctx, "s")
	w.tenant.RollKeys()
	_, unknown := app.GetSecret(ctx, "s")
	for _, err := range []error{tooLong, taken, broken, short, expired, unknown} {
		if err == nil {
			t.Fatal("something that should have failed did not")
		}
	}

	parts := strings.Split(token, ".")
	events := w.trail.take()
	if len(events) != 12 {
		t.Errorf("%d events of 12 requests", len(events))
	}
	for _, e := range events {
		for err := e.Err; err != nil; err = errors.Unwrap(err) {
			noneOf(t, fmt.Sprintf("%v: %+v", e.Operation, err), secret, parts[1], parts[2])
		}
		for _, text := range []string{fmt.Sprint(e), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e), fmt.Sprintf("%+v", &e)} {
			noneOf(t, text, secret, parts[1], parts[2])
		}
	}
}

// noneOf fails the test if a text holds one of some words, as characters, bytes or hexadecimal digits.
func noneOf(tb failer, text string, words ...string) {
	tb.Helper()
	for _, word := range words {
		for _, form := range []string{word, fmt.Sprint([]byte(word)), fmt.Sprintf("%x", word), fmt.Sprintf("%X", word)} {
			if strings.Contains(text, strings.Trim(form, "[]")) {
				tb.Errorf("something secret is in %.200s", text)
				return
			}
		}
	}
}

// A request that names no operation is audited too, whatever its path held.
func TestARequestThatNamesNoOperationIsAudited(t *testing.T) {
	t.Parallel()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("the audit of it panics: %v", p)
		}
	}()
	var lines strings.Builder
	log := vault.NewAuditLog(&lines)
	w := newWorld(t, nil, nil)
	for _, name := range []string{"", "app", "under_score"} {
		r := vault.Exchange{Caller: vault.Owner(), Name: name, Version: aVersion, Query: "api-version=7.4"}
		err := w.vault.Refuse(t.Context(), &r, errs.NewMethodNotAllowed("PUT"))
		events := w.trail.take()
		if len(events) != 1 || events[0].Err != err || events[0].Status != 405 || events[0].Name != name {
			t.Fatalf("%q: %v, audited as %+v", name, err, events)
		}
		if id := events[0].ObjectID(); !strings.HasPrefix(id, "https://contoso.vault.azure.net/") {
			t.Errorf("%q is about %s", name, id)
		}
		log.Record(events[0])
	}
	if err := log.Err(); err != nil || strings.Count(lines.String(), "\n") != 3 {
		t.Errorf("%v, logged %s", err, &lines)
	}
}
