package shelf_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/shelf"
)

var (
	words  = shelf.NewKind[string, int](0, errs.Secret)
	others = shelf.NewKind[string, struct{}](1, errs.Key)
)

func version(n byte, data string) *shelf.Version[string] {
	return &shelf.Version[string]{ID: shelf.VersionID{n}, Data: data}
}

// add is the change that adds a version.
func add(name string, v *shelf.Version[string]) func(*shelf.Tx) error {
	return func(tx *shelf.Tx) error {
		_, err := words.Add(tx, name, v, 0)
		return err
	}
}

func TestAReaderKeepsItsMoment(t *testing.T) {
	s := shelf.New(nil)
	must(t, s.Update(t.Context(), add("App", version(1, "one"))))
	before := s.Root()
	must(t, s.Update(t.Context(), add("app", version(2, "two"))))
	must(t, s.Update(t.Context(), func(tx *shelf.Tx) error {
		_, err := words.Delete(tx, "APP", 10, 100, 0)
		return err
	}))

	o, v, err := words.Find(before, "aPP", "", 0)
	must(t, err)
	if o.Name != "App" || v.Data != "one" || len(o.Versions) != 1 {
		t.Errorf("the first reader sees %v %v", o.Name, v.Data)
	}
	if _, _, err := words.Find(s.Root(), "app", "", 0); !errors.Is(err, errs.SecretNotFound) {
		t.Errorf("after deletion: %v", err)
	}
	if o := words.Deleted(s.Root(), "app", 109); o == nil || o.Current().Data != "two" || o.Name != "App" {
		t.Errorf("deleted: %+v", o)
	}
	if o := words.Deleted(s.Root(), "app", 110); o != nil {
		t.Error("still there at the instant of its purge")
	}
}

// What is dropped is gone whether it was live or deleted, its name is free, and another can be put there at once.
func TestDropTakesAwayForGood(t *testing.T) {
	var committed []shelf.Change
	s := shelf.New(func(_ context.Context, changes []shelf.Change) error { committed = changes; return nil })
	for _, name := range []string{"Live", "deleted", "other"} {
		must(t, s.Update(t.Context(), add(name, version(1, "old"))))
	}
	must(t, s.Update(t.Context(), func(tx *shelf.Tx) error { _, err := words.Delete(tx, "deleted", 0, 9, 0); return err }))
	before := s.Root()
	must(t, s.Update(t.Context(), func(tx *shelf.Tx) error {
		for _, name := range []string{"LIVE", "deleted", "absent"} {
			words.Drop(tx, name)
		}
		words.Put(tx, &shelf.Object[string, int]{Name: "live", Versions: []*shelf.Version[string]{version(2, "new")}})
		return nil
	}))
	if words.Taken(s.Root(), "deleted", 0) || words.Deleted(before, "deleted", 0) == nil || words.Live(s.Root(), "other", 0) == nil {
		t.Error("not the dropped one is gone")
	}
	if o := words.Live(s.Root(), "live", 0); o == nil || o.Name != "live" || o.Current().Data != "new" || len(o.Versions) != 1 {
		t.Errorf("in its place is %+v", o)
	}
	if len(committed) != 3 || committed[0].After != nil || committed[1].After != nil || committed[2].Before != nil {
		t.Errorf("committed %+v", committed)
	}
	must(t, words.Sound(s.Root()))
}

func TestVersionsAreFoundByID(t *testing.T) {
	s := shelf.New(nil)
	for n := range byte(3) {
		must(t, s.Update(t.Context(), add("a", version(n+1, fmt.Sprint(n)))))
	}
	for _, c := range []struct{ ref, want string }{
		{"", "2"},
		{shelf.VersionID{1}.String(), "0"},
		{strings.ToUpper(shelf.VersionID{2}.String()), "1"},
	} {
		if _, v, err := words.Find(s.Root(), "a", c.ref, 0); err != nil || v.Data != c.want {
			t.Errorf("version %q: %v, %v; want %s", c.ref, v, err, c.want)
		}
	}
	for _, absent := range []string{"0", "latest", shelf.VersionID{9}.String(), strings.Repeat("g", 32)} {
		if _, _, err := words.Find(s.Root(), "a", absent, 0); !errors.Is(err, errs.SecretNotFound) {
			t.Errorf("version %q: %v", absent, err)
		}
	}
}

func TestAChangeOverKindsIsOneChange(t *testing.T) {
	s := shelf.New(nil)
	refused := errors.New("refused")
	err := s.Update(t.Context(), func(tx *shelf.Tx) error {
		if _, err := words.Add(tx, "a", version(1, "w"), 0); err != nil {
			return err
		}
		if _, err := others.Add(tx, "a", version(1, "o"), 0); err != nil {
			return err
		}
		if words.Live(tx.Root(), "a", 0) == nil {
			t.Error("a transaction does not see its own change")
		}
		return refused
	})
	if err != refused || words.Live(s.Root(), "a", 0) != nil || others.Live(s.Root(), "a", 0) != nil {
		t.Errorf("a refused change left something: %v", err)
	}
}

func TestAFailedCommitIsInvisible(t *testing.T) {
	broken := errors.New("disk full")
	fail := true
	s := shelf.New(func(context.Context, []shelf.Change) error {
		if fail {
			return broken
		}
		return nil
	})
	if err := s.Update(t.Context(), add("a", version(1, "x"))); err != broken {
		t.Fatalf("err = %v", err)
	}
	if words.Live(s.Root(), "a", 0) != nil {
		t.Error("a failed commit is visible")
	}
	fail = false
	must(t, s.Update(t.Context(), add("a", version(2, "y"))))
	if o := words.Live(s.Root(), "a", 0); len(o.Versions) != 1 || o.Current().Data != "y" {
		t.Errorf("the failed version came back: %v", o.Versions)
	}
}

func TestAPanicHoldsNobodyUp(t *testing.T) {
	boom := true
	s := shelf.New(func(context.Context, []shelf.Change) error {
		if boom {
			panic("commit")
		}
		return nil
	})
	if err := s.Update(t.Context(), add("a", version(1, "x"))); err == nil {
		t.Error("a commit that panicked succeeded")
	}
	boom = false
	var panicked shelf.Panic
	err := s.Update(t.Context(), func(*shelf.Tx) error { panic("change") })
	if !errors.As(err, &panicked) || panicked.Value != "change" || len(panicked.Stack) == 0 {
		t.Errorf("the panic of a change: %v", err)
	}
	must(t, s.Update(t.Context(), add("a", version(1, "x"))))
}

// gate is a commit that waits until it is let go, and tells what it was given.
type gate struct {
	arrived chan int
	release chan error
}

func (g gate) commit(_ context.Context, changes []shelf.Change) error {
	g.arrived <- len(changes)
	return <-g.release
}

// queued starts writers while one commit is held up, so that they are committed together after it.
func queued(t *testing.T, s *shelf.Shelf, g gate, changes ...func(*shelf.Tx) error) (result func(int) error) {
	t.Helper()
	var wg sync.WaitGroup
	outcomes := make([]error, len(changes))
	wg.Go(func() { outcomes[0] = s.Update(t.Context(), changes[0]) })
	<-g.arrived
	prepared := make(chan bool)
	for i, change := range changes[1:] {
		wg.Go(func() {
			once := sync.OnceFunc(func() { prepared <- true })
			outcomes[i+1] = s.Update(t.Context(), func(tx *shelf.Tx) error {
				defer once()
				return change(tx)
			})
		})
		<-prepared
	}
	return func(i int) error { wg.Wait(); return outcomes[i] }
}

func TestWritersThatWaitAreCommittedTogether(t *testing.T) {
	g := gate{make(chan int), make(chan error)}
	s := shelf.New(g.commit)
	result := queued(t, s, g, add("a", version(1, "")), add("b", version(1, "")), add("c", version(1, "")), add("b", version(2, "")))
	if words.Live(s.Root(), "a", 0) != nil {
		t.Error("published before it was committed")
	}
	g.release <- nil
	if n := <-g.arrived; n != 3 {
		t.Errorf("the second commit holds %d changes, want the 3 that queued", n)
	}
	g.release <- nil
	for i := range 4 {
		must(t, result(i))
	}
	if len(words.Live(s.Root(), "b", 0).Versions) != 2 {
		t.Error("a version is missing")
	}
}

func TestAPanicWhenAChangeRunsAgainHoldsNobodyUp(t *testing.T) {
	g := gate{make(chan int), make(chan error)}
	s := shelf.New(g.commit)
	runs := 0
	second := func(tx *shelf.Tx) error {
		if runs++; runs > 1 {
			panic("again")
		}
		return add("b", version(1, ""))(tx)
	}
	result := queued(t, s, g, add("a", version(1, "")), second, add("c", version(1, "")))
	g.release <- errors.New("disk full")
	<-g.arrived
	g.release <- nil // c
	if result(0) == nil {
		t.Error("the first writer succeeded")
	}
	if err := result(1); !errors.As(err, new(shelf.Panic)) {
		t.Errorf("the writer that panicked: %v", err)
	}
	must(t, result(2))
}

func TestOneBadWriterDoesNotFailItsGroup(t *testing.T) {
	g := gate{make(chan int), make(chan error)}
	s := shelf.New(g.commit)
	result := queued(t, s, g, add("a", version(1, "")), add("b", version(1, "")), add("c", version(1, "")))
	bad := errors.New("too large")
	g.release <- nil // a
	<-g.arrived
	g.release <- bad // b and c together
	<-g.arrived
	g.release <- bad // b alone
	<-g.arrived
	g.release <- nil // c alone
	must(t, result(0))
	if err := result(1); err != bad {
		t.Errorf("b: %v", err)
	}
	must(t, result(2))
	for name, want := range map[string]bool{"a": true, "b": false, "c": true} {
		if got := words.Live(s.Root(), name, 0) != nil; got != want {
			t.Errorf("%s is there: %t, want %t", name, got, want)
		}
	}
}

func TestAWriterThatStoodOnAFailedOneIsPreparedAnew(t *testing.T) {
	g := gate{make(chan int), make(chan error)}
	s := shelf.New(g.commit)
	second := func(tx *shelf.Tx) error { // wants the object that the first one makes
		_, err := words.Delete(tx, "a", 0, 100, 0)
		return err
	}
	result := queued(t, s, g, add("a", version(1, "")), second)
	g.release <- errors.New("disk full")
	if result(0) == nil {
		t.Error("the first writer succeeded")
	}
	if err := result(1); !errors.Is(err, errs.SecretNotFound) {
		t.Errorf("the second writer: %v, want 404: what it stood on never was", err)
	}
}

func TestARefusalWaitsForWhatItIsJudgedBy(t *testing.T) {
	for name, outcome := range map[string]error{"committed": nil, "failed": errors.New("disk full")} {
		t.Run(name, func(t *testing.T) {
			g := gate{make(chan int), make(chan error)}
			s := shelf.New(g.commit)
			taken := errors.New("taken")
			second := func(tx *shelf.Tx) error { // is refused if the first one is there
				if words.Live(tx.Root(), "a", 0) != nil {
					return taken
				}
				return nil
			}
			result := queued(t, s, g, add("a", version(1, "")), second)
			g.release <- outcome
			if err := result(0); err != outcome {
				t.Errorf("the first writer: %v", err)
			}
			want := taken
			if outcome != nil {
				want = nil
			}
			if err := result(1); err != want {
				t.Errorf("the second writer: %v, want %v", err, want)
			}
		})
	}
}

// TestModel runs random lives of a few names against a map, on a clock that moves, with commits that sometimes fail.
func TestModel(t *testing.T) {
	type thing struct {
		versions []string
		purge    int64 // 0: live
	}
	rapid.Check(t, func(t *rapid.T) {
		fail := false
		s := shelf.New(func(context.Context, []shelf.Change) error {
			if fail {
				return errors.New("fault")
			}
			return nil
		})
		model, now := map[string]thing{}, int64(0)
		name := rapid.SampledFrom([]string{"a", "A", "b", "c-1", "zZ"})
		var n byte
		apply := func(t *rapid.T, want error, change func(*shelf.Tx) error, then func()) {
			fail = rapid.IntRange(0, 9).Draw(t, "fault") == 0
			err := s.Update(context.Background(), change)
			switch {
			case want != nil:
				if !errors.Is(err, want) {
					t.Fatalf("%v, want %v", err, want)
				}
			case fail && err == nil:
				t.Fatal("a failed commit succeeded")
			case !fail && err != nil:
				t.Fatal(err)
			case !fail:
				then()
			}
		}
		state := func(key string) (thing, bool) {
			m, ok := model[key]
			if ok && m.purge != 0 && m.purge <= now {
				delete(model, key)
				ok = false
			}
			return m, ok
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				name := name.Draw(t, "name")
				key := strings.ToLower(name)
				m, ok := state(key)
				n++
				v := version(n, fmt.Sprint(n))
				var want error
				if ok && m.purge != 0 {
					want = errs.ObjectIsDeletedButRecoverable
				} else if !ok {
					m = thing{}
				}
				apply(t, want, func(tx *shelf.Tx) error { _, err := words.Add(tx, name, v, now); return err },
					func() { model[key] = thing{append(slices.Clone(m.versions), v.Data), 0} })
			},
			"delete": func(t *rapid.T) {
				key := strings.ToLower(name.Draw(t, "name"))
				m, ok := state(key)
				var want error
				if !ok || m.purge != 0 {
					want = errs.SecretNotFound
				}
				apply(t, want, func(tx *shelf.Tx) error { _, err := words.Delete(tx, key, now, 100, 0); return err },
					func() { model[key] = thing{m.versions, now + 100} })
			},
			"recover": func(t *rapid.T) {
				key := strings.ToLower(name.Draw(t, "name"))
				m, ok := state(key)
				var want error
				switch {
				case !ok:
					want = errs.SecretNotFound
				case m.purge == 0:
					want = errs.RequestNotAllowedOnNonDeletedObject
				}
				apply(t, want, func(tx *shelf.Tx) error { _, err := words.Recover(tx, key, now, 0); return err },
					func() { model[key] = thing{m.versions, 0} })
			},
			"purge": func(t *rapid.T) {
				key := strings.ToLower(name.Draw(t, "name"))
				m, ok := state(key)
				var want error
				switch {
				case !ok:
					want = errs.SecretNotFound
				case m.purge == 0:
					want = errs.ObjectMustBeDeletedPriorToBeingPurged
				}
				apply(t, want, func(tx *shelf.Tx) error { return words.Purge(tx, key, now, 0) }, func() { delete(model, key) })
			},
			"wait": func(t *rapid.T) { now += int64(rapid.IntRange(0, 70).Draw(t, "seconds")) },
			"": func(t *rapid.T) {
				live, deleted := map[string][]string{}, map[string][]string{}
				for key := range model {
					if m, ok := state(key); ok && m.purge == 0 {
						live[key] = m.versions
					} else if ok {
						deleted[key] = m.versions
					}
				}
				gotLive, gotDeleted := map[string][]string{}, map[string][]string{}
				for o := range words.LiveAfter(s.Root(), "", now) {
					gotLive[strings.ToLower(o.Name)] = data(o)
				}
				for o := range words.DeletedAfter(s.Root(), "", now) {
					gotDeleted[strings.ToLower(o.Name)] = data(o)
				}
				if d := cmp.Diff(live, gotLive) + cmp.Diff(deleted, gotDeleted); d != "" {
					t.Fatal(d)
				}
			},
		})
	})
}

func data(o *shelf.Object[string, int]) (out []string) {
	for _, v := range o.Versions {
		out = append(out, v.Data)
	}
	return out
}

func TestListingGoesOnAfterANameThatIsGone(t *testing.T) {
	s := shelf.New(nil)
	for _, name := range []string{"b", "D", "a", "c"} {
		must(t, s.Update(t.Context(), add(name, version(1, ""))))
	}
	must(t, s.Update(t.Context(), func(tx *shelf.Tx) error { _, err := words.Delete(tx, "b", 0, 9, 0); return err }))
	var got []string
	for o := range words.LiveAfter(s.Root(), "B", 0) {
		got = append(got, o.Name)
	}
	if want := []string{"c", "D"}; !slices.Equal(got, want) {
		t.Errorf("after b: %v, want %v", got, want)
	}
}

func TestConcurrentWritersLoseNothing(t *testing.T) {
	s := shelf.New(func(context.Context, []shelf.Change) error { return nil })
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 50 {
				if err := s.Update(t.Context(), add("shared", version(byte(w), fmt.Sprint(w, i)))); err != nil {
					t.Error(err)
				}
				words.Live(s.Root(), "shared", 0)
			}
		})
	}
	wg.Wait()
	if n := len(words.Live(s.Root(), "shared", 0).Versions); n != 400 {
		t.Errorf("%d versions, want 400", n)
	}
}

func BenchmarkFind(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := shelf.New(nil)
			names := make([]string, n)
			must(b, s.Update(b.Context(), func(tx *shelf.Tx) error {
				for i := range n {
					names[i] = fmt.Sprintf("secret-%08d", i)
					if _, err := words.Add(tx, names[i], version(1, "x"), 0); err != nil {
						return err
					}
				}
				return nil
			}))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				words.Find(s.Root(), names[i*7919%n], "", 0)
			}
		})
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
