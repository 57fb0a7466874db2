package vault_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// asked and told are a request about a secret and its answer, as the history has them.
type (
	asked struct{ what, name, value string }
	told  struct{ value, codes string }
)

// state is a secret as one thread would see it: absent, live or deleted, with its newest value.
type state struct {
	is    string
	value string
}

// sequential says what a secret does when one request follows the other.
var sequential = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byName := map[string][]porcupine.Operation{}
		for _, op := range history {
			name := op.Input.(asked).name
			byName[name] = append(byName[name], op)
		}
		var parts [][]porcupine.Operation
		for _, part := range byName {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return state{is: "absent"} },
	Step: func(before, input, output any) (bool, any) {
		answer, after := step(before.(state), input.(asked))
		got := output.(told)
		if got.codes == "ServerError" { // the store failed: nothing may have changed
			return true, before
		}
		return got == answer, after
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v → %+v", input, output) },
}

// step answers a request, and tells what is after it.
func step(s state, in asked) (told, state) {
	refused := func(codes string) (told, state) { return told{codes: codes}, s }
	switch {
	case in.what == "set" && s.is == "deleted":
		return refused("Conflict/ObjectIsDeletedButRecoverable")
	case in.what == "set":
		return told{value: in.value}, state{"live", in.value}
	case in.what == "recover" && s.is == "live":
		return refused("MethodNotAllowed/RequestNotAllowedOnNonDeletedObject")
	case in.what == "purge" && s.is == "live":
		return refused("MethodNotAllowed/ObjectMustBeDeletedPriorToBeingPurged")
	case s.is != map[string]string{"get": "live", "delete": "live", "recover": "deleted", "purge": "deleted"}[in.what]:
		return refused("SecretNotFound")
	case in.what == "get":
		return told{value: s.value}, s
	case in.what == "delete":
		return told{}, state{"deleted", s.value}
	case in.what == "recover":
		return told{}, state{"live", s.value}
	}
	return told{}, state{is: "absent"}
}

// ask makes a request.
func ask(c *vault.Client, in asked) told {
	ctx := context.Background()
	var s vault.Secret
	var err error
	switch in.what {
	case "set":
		s, err = c.SetSecret(ctx, in.name, in.value, nil)
	case "get":
		s, err = c.GetSecret(ctx, vault.Ref(in.name))
	case "delete":
		_, err = c.DeleteSecret(ctx, in.name)
	case "recover":
		_, err = c.RecoverDeletedSecret(ctx, in.name)
	case "purge":
		err = c.PurgeDeletedSecret(ctx, in.name)
	}
	return told{s.Value.Reveal(), codes(err)}
}

// hectic is a store that takes its time, so that writers queue up behind a commit, and that fails now and then.
type hectic struct {
	store.Store
	failing bool
	n       atomic.Int64
}

var errDisk = errors.New("the disk is full")

func (h *hectic) Commit(ctx context.Context, b store.Batch) error {
	for range 20 {
		runtime.Gosched()
	}
	if n := h.n.Add(1); h.failing && n > 3 && n%5 == 0 {
		return errDisk
	}
	return h.Store.Commit(ctx, b)
}

// Whatever many clients do at once, they see it happen one after the other, each request between its call and its
// answer.
func TestHistoriesAreLinearizable(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func() store.Store{
		"in memory":             func() store.Store { return nil },
		"on a store":            func() store.Store { return &hectic{Store: store.NewMemory()} },
		"on a store that fails": func() store.Store { return &hectic{Store: store.NewMemory(), failing: true} },
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(10) {
				unlimited := limiter.Unlimited()
				w := newWorld(t, &vault.Options{Limits: &unlimited, Store: open()}, nil)
				history := record(w, seed)
				result, info := porcupine.CheckOperationsVerbose(sequential, history, 20*time.Second)
				if result != porcupine.Ok {
					t.Fatalf("seed %d: %v:\n%s", seed, result, unexplained(info, history))
				}
				if w.options.Store != nil {
					sameAfterReopening(t, w)
				}
			}
		})
	}
}

// record lets eight clients make random requests about two secrets. Time is counted in calls and answers.
func record(w *world, seed uint64) []porcupine.Operation {
	const clients, requests = 8, 25
	var ticks atomic.Int64
	histories := make([][]porcupine.Operation, clients)
	begin := make(chan struct{})
	var all sync.WaitGroup
	for id := range clients {
		all.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(id)))
			<-begin
			for n := range requests {
				in := asked{
					what:  []string{"set", "get", "get", "delete", "recover", "purge"}[random.IntN(6)],
					name:  []string{"a", "b"}[random.IntN(2)],
					value: fmt.Sprintf("%d of %d", n, id),
				}
				call := ticks.Add(1)
				out := ask(w.owner, in)
				histories[id] = append(histories[id], porcupine.Operation{ClientId: id, Input: in, Call: call, Output: out, Return: ticks.Add(1)})
			}
		})
	}
	close(begin)
	all.Wait()
	var history []porcupine.Operation
	for _, h := range histories {
		history = append(history, h...)
	}
	return history
}

// unexplained shows, for each secret, how far its history can be explained, and what comes next.
func unexplained(info porcupine.LinearizationInfo, history []porcupine.Operation) string {
	var b strings.Builder
	show := func(op porcupine.Operation) {
		fmt.Fprintf(&b, "  %4d to %4d, client %d: %s\n", op.Call, op.Return, op.ClientId, sequential.DescribeOperation(op.Input, op.Output))
	}
	for _, orders := range info.PartialLinearizationsOperations() {
		var best []porcupine.Operation
		for _, order := range orders {
			if len(order) > len(best) {
				best = order
			}
		}
		placed := map[int64]bool{}
		for _, op := range best {
			placed[op.Call] = true
		}
		rest := slices.DeleteFunc(slices.Clone(history), func(op porcupine.Operation) bool {
			return placed[op.Call] || op.Input.(asked).name != best[0].Input.(asked).name
		})
		slices.SortFunc(rest, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
		if len(rest) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%d requests can be put in order, the last of them\n", len(best))
		for _, op := range best[max(0, len(best)-12):] {
			show(op)
		}
		fmt.Fprintf(&b, "and %d cannot, the first of them\n", len(rest))
		for _, op := range rest[:min(8, len(rest))] {
			show(op)
		}
	}
	return b.String()
}

// sameAfterReopening compares what is in memory with what the store brings back.
func sameAfterReopening(t *testing.T, w *world) {
	t.Helper()
	before := inventory(t, w.owner)
	w.reopen(t)
	if after := inventory(t, w.owner); after != before {
		t.Errorf("before reopening\n%safterwards\n%s", before, after)
	}
}

// inventory is all that a client can see of a vault.
func inventory(tb failer, c *vault.Client) string {
	tb.Helper()
	var b strings.Builder
	for _, of := range []collection{secretsOf(c), keysOf(c)} {
		for _, o := range got(of.list())(tb) {
			fmt.Fprintf(&b, "%+v\n", o)
			for _, v := range got(of.versions(o.Name))(tb) {
				whole, err := of.get(o.Name + "/" + v.Version)
				fmt.Fprintf(&b, "  %+v %q %s\n", v, whole.Value, codes(err))
			}
		}
		fmt.Fprintf(&b, "%+v\n", got(of.listDeleted())(tb))
	}
	return b.String()
}

// A request must not be refused because of another one that then fails: it would have been told of a state that never
// was.
func TestARefusalNeverSpeaksOfWhatNeverWas(t *testing.T) {
	t.Parallel()
	gate := &gate{Store: store.NewMemory(), entered: make(chan struct{}), leave: make(chan error)}
	w := newWorld(t, &vault.Options{Store: gate}, nil)
	got(w.owner.SetSecret(t.Context(), "s", "one", nil))(t)

	gate.closed.Store(true)
	deleted, set := make(chan error, 1), make(chan error, 1)
	go func() { _, err := w.owner.DeleteSecret(t.Context(), "s"); deleted <- err }()
	<-gate.entered // the deletion is prepared and being committed
	go func() { _, err := w.owner.SetSecret(t.Context(), "s", "two", nil); set <- err }()
	for range 1000 { // let the second request get as far as it can
		runtime.Gosched()
	}
	gate.closed.Store(false)
	gate.leave <- errDisk
	if err := <-deleted; codes(err) != "ServerError" || !errors.Is(err, errDisk) {
		t.Errorf("the deletion that could not be committed: %v", err)
	}
	if err := <-set; err != nil {
		t.Errorf("the set was refused because of a deletion that never was: %v", err)
	}
	if s := got(w.owner.GetSecret(t.Context(), "s"))(t); s.Value.Reveal() != "two" {
		t.Errorf("the secret is %q", s.Value.Reveal())
	}
}

// A request that is refused in the end answers nothing, though it looked well at first.
func TestAnErrorComesWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	gate := &gate{Store: store.NewMemory(), entered: make(chan struct{}), leave: make(chan error)}
	w := newWorld(t, &vault.Options{Store: gate}, nil)
	got(w.owner.SetSecret(t.Context(), "s", "one", nil))(t)
	got(w.owner.DeleteSecret(t.Context(), "s"))(t)

	gate.closed.Store(true)
	purged, set := make(chan error, 1), make(chan told, 1)
	go func() { purged <- w.owner.PurgeDeletedSecret(t.Context(), "s") }()
	<-gate.entered // the name will be free
	go func() { set <- ask(w.owner, asked{"set", "s", "two"}) }()
	for range 1000 {
		runtime.Gosched()
	}
	gate.closed.Store(false)
	gate.leave <- errDisk // it will not
	if err := <-purged; codes(err) != "ServerError" {
		t.Errorf("the purge that could not be committed: %v", err)
	}
	if answer := <-set; answer != (told{codes: "Conflict/ObjectIsDeletedButRecoverable"}) {
		t.Errorf("the set of a name that is not free: %+v", answer)
	}
}

// gate is a store whose commits wait while it is closed.
type gate struct {
	store.Store
	closed  atomic.Bool
	entered chan struct{}
	leave   chan error
}

func (g *gate) Commit(ctx context.Context, b store.Batch) error {
	if g.closed.Load() {
		g.entered <- struct{}{}
		if err := <-g.leave; err != nil {
			return err
		}
	}
	return g.Store.Commit(ctx, b)
}

// Nothing is to be seen of a change before it is durable.
func TestAReaderSeesNothingBeforeItIsDurable(t *testing.T) {
	t.Parallel()
	gate := &gate{Store: store.NewMemory(), entered: make(chan struct{}), leave: make(chan error)}
	w := newWorld(t, &vault.Options{Store: gate}, nil)
	got(w.owner.SetSecret(t.Context(), "s", "one", nil))(t)
	gate.closed.Store(true)
	done := make(chan error)
	go func() { _, err := w.owner.SetSecret(t.Context(), "s", "two", nil); done <- err }()
	<-gate.entered
	if s := got(w.owner.GetSecret(t.Context(), "s"))(t); s.Value.Reveal() != "one" {
		t.Errorf("a reader sees %q, which is not durable", s.Value.Reveal())
	}
	gate.leave <- nil
	fine(t, <-done)
	if s := got(w.owner.GetSecret(t.Context(), "s"))(t); s.Value.Reveal() != "two" {
		t.Errorf("afterwards a reader sees %q", s.Value.Reveal())
	}
}

// Two vaults share nothing: neither objects nor settings.
func TestVaultsShareNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	other := got(w.svc.CreateVault(t.Context(), "fabrikam", nil))(t)
	stranger := other.As(vault.Owner())
	s := got(w.owner.SetSecret(t.Context(), "s", "value", nil))(t)
	got(w.owner.CreateKey(t.Context(), "k", vault.EC(vault.P256), nil))(t)
	if text := inventory(t, stranger); text != "[]\n[]\n" {
		t.Errorf("the other vault holds %s", text)
	}
	if _, err := stranger.GetSecret(t.Context(), s.ID.Ref()); !errors.Is(err, errs.SecretNotFound) {
		t.Errorf("the other vault answers %v", err)
	}
	fine(t, w.vault.EnablePurgeProtection(t.Context()))
	got(stranger.SetSecret(t.Context(), "s", "theirs", nil))(t)
	got(stranger.DeleteSecret(t.Context(), "s"))(t)
	fine(t, stranger.PurgeDeletedSecret(t.Context(), "s"))
	if s := got(w.owner.GetSecret(t.Context(), "s"))(t); s.Value.Reveal() != "value" {
		t.Errorf("the first vault holds %q", s.Value.Reveal())
	}
}

// Vaults and settings may be made and changed while requests are under way.
func TestSettingsChangeUnderWay(t *testing.T) {
	t.Parallel()
	unlimited := limiter.Unlimited()
	w := newWorld(t, &vault.Options{Limits: &unlimited, Store: store.NewMemory()}, nil)
	got(w.owner.SetSecret(t.Context(), "s", "value", nil))(t)
	var all sync.WaitGroup
	for id := range 4 {
		all.Go(func() {
			for range 50 {
				v := got(w.svc.Vault(t.Context(), fmt.Sprint("vault-", id%2)))(t)
				fine(t, v.SetRBAC(t.Context(), new(vault.RBAC)))
				fine(t, v.SetRBAC(t.Context(), nil))
				_, err := w.vault.As(vault.Principal("x")).GetSecret(t.Context(), "s")
				if !errors.Is(err, errs.Forbidden) {
					t.Errorf("a request under way: %v", err)
				}
				w.vault.Usage()
				w.vault.Options()
			}
		})
	}
	all.Wait()
	if got(w.svc.Vault(t.Context(), "vault-1"))(t) != got(w.svc.Vault(t.Context(), "VAULT-1"))(t) {
		t.Error("one name is two vaults")
	}
}
