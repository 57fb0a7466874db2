package identity_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/policy/identity"
)

// world is a tenant beside a naive account of what it should be.
type world struct {
	dir    *identity.Tenant
	clock  *clock
	v      *identity.Verifier
	people []*person
	groups []*circle
	tokens []issued
	keys   int // how often they rolled
	down   bool
}

// person is what the model knows of an application.
type person struct {
	app      *identity.Application
	secrets  []time.Time // their ends
	disabled bool
	deleted  bool
}

// circle is what the model knows of a group: members by person.
type circle struct {
	group   *identity.Group
	members map[*person]bool
}

// issued is a token with everything that was true when it was made.
type issued struct {
	text   string
	of     *person
	groups []string
	nbf    time.Time
	exp    time.Time
	keys   int
}

// TestModel does at random what can be done to a tenant and compares each answer,
// and every so often the fate of every token ever issued, with the naive account.
func TestModel(t *testing.T) {
	smallKey() // made outside the clock of the checks
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		t.Repeat(map[string]func(*rapid.T){
			"":       w.check,
			"add":    w.add,
			"secret": w.secret,
			"switch": w.switchOff,
			"join":   w.join,
			"issue":  w.issue,
			"wait": func(t *rapid.T) {
				w.clock.Advance(time.Duration(rapid.IntRange(1, 70).Draw(t, "minutes")) * time.Minute)
			},
			"roll":   func(*rapid.T) { w.dir.RollKeys(); w.keys++ },
			"outage": w.outage,
		})
	})
}

func newWorld(t *rapid.T) *world {
	c := newClock()
	dir := identity.New(&identity.Options{NewKey: pool(smallKey), Now: c.Now})
	w := &world{dir: dir, clock: c, v: identity.NewVerifier(dir, "", "")}
	for _, name := range []string{"staff", "ops"} {
		g, err := dir.NewGroup(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.groups = append(w.groups, &circle{g, map[*person]bool{}})
	}
	w.add(t)
	return w
}

func (w *world) someone(t *rapid.T) *person { return rapid.SampledFrom(w.people).Draw(t, "who") }

func (w *world) add(t *rapid.T) {
	a, err := w.dir.NewApplication(rapid.SampledFrom([]string{"billing", "Billing", "web"}).Draw(t, "name"), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.people = append(w.people, &person{app: a})
}

func (w *world) secret(t *rapid.T) {
	p := w.someone(t)
	if rapid.Bool().Draw(t, "expire") {
		p.app.ExpireSecrets()
		for i := range p.secrets {
			if p.secrets[i].After(w.clock.Now()) {
				p.secrets[i] = w.clock.Now()
			}
		}
		return
	}
	s, err := p.app.AddSecret(&identity.SecretOptions{Lifetime: time.Duration(rapid.IntRange(1, 60).Draw(t, "minutes")) * time.Minute})
	if (err != nil) != p.deleted {
		t.Fatalf("adding a secret: %v", err)
	}
	if err == nil {
		p.secrets = append(p.secrets, s.Expires)
	}
}

func (w *world) switchOff(t *rapid.T) {
	p := w.someone(t)
	switch rapid.IntRange(0, 4).Draw(t, "switch") {
	case 0:
		p.app.Delete()
		p.deleted = true
		for _, g := range w.groups {
			delete(g.members, p)
		}
	case 1, 2:
		p.app.Disable()
		p.disabled = true
	default:
		p.app.Enable()
		p.disabled = false
	}
}

func (w *world) join(t *rapid.T) {
	p, g := w.someone(t), rapid.SampledFrom(w.groups).Draw(t, "group")
	if g.members[p] {
		g.group.Remove(p.app)
		delete(g.members, p)
	} else if err := g.group.Add(p.app); (err != nil) != p.deleted {
		t.Fatalf("joining: %v", err)
	} else if err == nil {
		g.members[p] = true
	}
}

func (w *world) outage(*rapid.T) {
	w.down = !w.down
	w.dir.FailWith(map[bool]identity.Code{true: identity.ServiceUnavailable}[w.down])
}

func (w *world) issue(t *rapid.T) {
	p, now := w.someone(t), w.clock.Now()
	text, err := w.dir.Token(t.Context(), p.app, "")
	if want := w.refusal(p, now); !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
	if err != nil {
		return
	}
	var groups []string
	for _, g := range w.groups {
		if g.members[p] {
			groups = append(groups, g.group.ObjectID())
		}
	}
	slices.Sort(groups)
	w.tokens = append(w.tokens, issued{text, p, groups, now.Add(-5 * time.Minute), now.Add(time.Hour), w.keys})
}

// refusal is what the naive account says of a request for a token.
func (w *world) refusal(p *person, now time.Time) error {
	switch {
	case w.down:
		return identity.ServiceUnavailable
	case p.deleted:
		return identity.AppNotFound
	case p.disabled:
		return identity.AppDisabled
	case len(p.secrets) > 0 && !slices.ContainsFunc(p.secrets, now.Before):
		return identity.SecretExpired
	}
	return nil
}

// check looks at every token: what became of its bearer since does not matter, only
// the time and the key do.
func (w *world) check(t *rapid.T) {
	now := w.clock.Now()
	for _, tok := range w.tokens {
		var want error
		switch {
		case tok.keys != w.keys:
			want = identity.UnknownKey
		case now.After(tok.exp.Add(identity.ClockSkew)):
			want = identity.Expired
		}
		p, err := w.v.Verify(tok.text, now)
		if !errors.Is(err, want) {
			t.Fatalf("got %v, want %v", err, want)
		}
		if err == nil && (p.ObjectID() != tok.of.app.ObjectID() || !slices.Equal(p.Groups(), tok.groups)) {
			t.Fatalf("the token is of %v in %v, want %v in %v", p, p.Groups(), tok.of.app, tok.groups)
		}
		if x := w.v.Explain(tok.text, now); x.OK() != (want == nil) {
			t.Fatalf("Verify says %v, Explain:\n%v", err, x)
		}
	}
}
