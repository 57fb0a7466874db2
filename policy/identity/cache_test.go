package identity_test

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
)

func TestSecondLookCostsNothing(t *testing.T) {
	dir, clock := tenant(t)
	v := identity.NewVerifier(dir, "", "")
	text := token(t, dir, app(t, dir, "a"))
	first := must[*policy.Principal](t)(v.Verify(text, clock.Now()))
	now, again := clock.Now(), strings.Clone(text) // as it comes out of another request
	if n := testing.AllocsPerRun(100, func() {
		if p, err := v.Verify(again, now); p != first || err != nil {
			t.Fatal(p, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestBounds asks at the first and last instant a token is good, and beside them, of
// a verifier that has seen the token and of one that has not.
func TestBounds(t *testing.T) {
	dir, _ := tenant(t)
	text := token(t, dir, app(t, dir, "a"))
	old := identity.NewVerifier(dir, "", "")
	const skew = identity.ClockSkew
	first, last := start.Add(-5*time.Minute-skew), start.Add(time.Hour+skew)
	for _, c := range []struct {
		name string
		at   time.Time
		want error
	}{
		{"at first", first, nil},
		{"before", first.Add(-1), identity.NotYetValid},
		{"in between", start, nil},
		{"at last", last, nil},
		{"after", last.Add(1), identity.Expired},
		{"when the clock is turned back", start, nil},
		{"and far back", time.Time{}, identity.NotYetValid},
	} {
		for age, v := range map[string]*identity.Verifier{"old": old, "new": identity.NewVerifier(dir, "", "")} {
			if _, err := v.Verify(text, c.at); !errors.Is(err, c.want) {
				t.Errorf("%s, %s verifier: %v, want %v", c.name, age, err, c.want)
			}
			if remembered := v.Remembered() == 1; remembered != (c.want == nil) {
				t.Errorf("%s, %s verifier: remembered is %v", c.name, age, remembered)
			}
		}
	}
}

func TestRoll(t *testing.T) {
	dir, clock := tenant(t)
	v := identity.NewVerifier(dir, "", "")
	a := app(t, dir, "a")
	var old []string
	for range 3 {
		old = append(old, token(t, dir, a))
		must[*policy.Principal](t)(v.Verify(old[len(old)-1], clock.Now()))
	}
	unseen := token(t, dir, a)
	dir.RollKeys()
	refused := func(text string) {
		t.Helper()
		var f *identity.Failure
		if _, err := v.Verify(text, clock.Now()); !errors.As(err, &f) || f.Reason != identity.UnknownKey || !strings.HasPrefix(text, f.Header+".") {
			t.Errorf("a token of the old key: %v", err)
		}
	}
	refused(old[0]) // while there is no key at all
	fresh := token(t, dir, a)
	must[*policy.Principal](t)(v.Verify(fresh, clock.Now()))
	if v.Remembered() != 1 || v.Slotted() != 1 {
		t.Errorf("%d tokens remembered and %d in slots, want the new one", v.Remembered(), v.Slotted())
	}
	for _, text := range append(old, unseen) {
		refused(text)
	}
	must[*policy.Principal](t)(v.Verify(fresh, clock.Now()))
}

func TestMemoryIsBounded(t *testing.T) {
	dir := identity.New(&identity.Options{NewKey: pool(smallKey), Now: newClock().Now})
	v := identity.NewVerifier(dir, "", "")
	a := app(t, dir, "a")
	var texts []string
	const more = 64
	for range identity.MaxRemembered + more {
		texts = append(texts, token(t, dir, a))
		must[*policy.Principal](t)(v.Verify(texts[len(texts)-1], start))
	}
	if v.Remembered() != identity.MaxRemembered || v.Slotted() > 256 {
		t.Errorf("%d tokens remembered, %d in slots", v.Remembered(), v.Slotted())
	}
	for _, text := range texts[more:] { // 1024 in 256 slots
		if n := testing.AllocsPerRun(1, func() { _, _ = v.Verify(text, start) }); n != 0 {
			t.Fatalf("a token among the latest was forgotten: %v allocations", n)
		}
	}
	must[*policy.Principal](t)(v.Verify(texts[0], start)) // forgotten, and good
	if v.Remembered() != identity.MaxRemembered || v.Slotted() > 256 {
		t.Errorf("%d tokens remembered, %d in slots", v.Remembered(), v.Slotted())
	}
}

// TestTenantsOfOneCloud have the same keys: a token from next door is well signed,
// and has the wrong issuer. One from another cloud is signed by nobody.
func TestTenantsOfOneCloud(t *testing.T) {
	dir, clock := tenant(t)
	next := identity.New(&identity.Options{SharesKeysWith: dir, Now: clock.Now})
	far := identity.New(&identity.Options{NewKey: pool(foreignKey), Now: clock.Now})
	v := identity.NewVerifier(dir, "", "")
	must[*policy.Principal](t)(v.Verify(token(t, dir, app(t, dir, "a")), clock.Now()))
	var f *identity.Failure
	_, err := v.Verify(token(t, next, app(t, next, "a")), clock.Now())
	if !errors.As(err, &f) || f.Reason != identity.WrongIssuer || f.Expected != dir.Issuer() || f.Found != next.Issuer() {
		t.Errorf("next door: %v", err)
	}
	if _, err := v.Verify(token(t, far, app(t, far, "a")), clock.Now()); !errors.Is(err, identity.UnknownKey) {
		t.Errorf("far: %v", err)
	}
	there := identity.NewVerifier(dir, "", next.ID()) // a vault next door, told only this tenant
	must[*policy.Principal](t)(there.Verify(token(t, next, app(t, next, "b")), clock.Now()))
	if _, err := there.Verify(token(t, dir, app(t, dir, "b")), clock.Now()); !errors.Is(err, identity.WrongIssuer) {
		t.Errorf("a vault next door: %v", err)
	}
	if there.TenantID() != next.ID() || there.Audience() != identity.DefaultAudience {
		t.Errorf("it expects %s of %s", there.Audience(), there.TenantID())
	}
	next.RollKeys()
	if _, err := v.Verify(token(t, dir, app(t, dir, "c")), clock.Now()); err != nil {
		t.Errorf("after a roll next door: %v", err)
	}
}

// TestTogether issues, verifies, changes and rolls at once. A verifier may find the
// key rolled away under a token, and nothing else.
func TestTogether(t *testing.T) {
	dir := identity.New(&identity.Options{NewKey: pool(smallKey), Now: newClock().Now, Rand: strings.NewReader("too short")})
	v := identity.NewVerifier(dir, "", "")
	group := must[*identity.Group](t)(dir.NewGroup("g", nil))
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			a, err := dir.NewApplication(fmt.Sprint("app ", worker), nil)
			if err != nil {
				t.Error(err)
				return
			}
			for round := range 20 {
				text, err := dir.Token(t.Context(), a, "")
				if err != nil {
					t.Error(err)
					return
				}
				if p, err := v.Verify(text, start); err != nil && !errors.Is(err, identity.UnknownKey) || err == nil && p.ObjectID() != a.ObjectID() {
					t.Error(p, err)
				}
				if err := group.Add(a); err != nil {
					t.Error(err)
				}
				if round%8 == worker {
					dir.RollKeys()
				}
				a.Disable()
				a.Enable()
			}
			a.Delete()
		})
	}
	wg.Wait()
	if n := len(dir.Named("app 1")); n != 0 {
		t.Errorf("%d applications left", n)
	}
}

// TestInBubble runs on the bubble's clock: a day of waiting takes none.
func TestInBubble(t *testing.T) {
	key := smallKey()
	synctest.Test(t, func(t *testing.T) {
		dir := identity.New(&identity.Options{NewKey: pool(func() *rsa.PrivateKey { return key })})
		v := identity.NewVerifier(dir, "", "")
		text := token(t, dir, app(t, dir, "a"))
		must[*policy.Principal](t)(v.Verify(text, time.Now()))
		time.Sleep(24 * time.Hour)
		if _, err := v.Verify(text, time.Now()); !errors.Is(err, identity.Expired) {
			t.Errorf("a day later: %v", err)
		}
	})
}
