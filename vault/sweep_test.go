package vault_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// kept counts the records of a store.
func kept(t *testing.T, s store.Store) (n int) {
	t.Helper()
	for _, err := range s.Records(t.Context()) {
		fine(t, err)
		n++
	}
	return n
}

// Deleted secrets whose time is over leave memory and store as other changes come, though nobody asks for their names; and
// when the store is opened again, at once.
func TestWhatIsOverIsSweptAway(t *testing.T) {
	for name, lag := range map[string]time.Duration{"at once": 0, "with a lag": 5 * time.Second} {
		t.Run(name, func(t *testing.T) {
			s, unlimited := store.NewMemory(), limiter.Unlimited()
			w := newWorld(t, &vault.Options{Store: s, Lag: lag, Limits: &unlimited}, nil)
			ctx, c := t.Context(), w.owner
			bare := kept(t, s)
			for i := range 50 {
				id := fmt.Sprint("s", i)
				got(c.SetSecret(ctx, id, "v", nil))(t)
				got(c.DeleteSecret(ctx, id))(t)
			}
			w.clock.Advance(time.Minute)
			for i := range 25 { // half of them are purged, half run out
				fine(t, c.PurgeDeletedSecret(ctx, fmt.Sprint("s", i)))
			}
			w.clock.Advance(91 * 24 * time.Hour)
			for range 10 {
				got(c.SetSecret(ctx, "other", "v", nil))(t)
			}
			if n := kept(t, s) - bare; n != 11 { // an object with ten versions
				t.Errorf("%d records are kept, want the 11 of the live secret", n)
			}
		})
	}
	t.Run("at opening", func(t *testing.T) {
		s := store.NewMemory()
		w := newWorld(t, &vault.Options{Store: s}, nil)
		bare := kept(t, s)
		got(w.owner.SetSecret(t.Context(), "s", "v", nil))(t)
		got(w.owner.DeleteSecret(t.Context(), "s"))(t)
		w.clock.Advance(91 * 24 * time.Hour)
		got(vault.New(&vault.Options{Store: s, Now: w.clock.Now}))(t)
		if n := kept(t, s); n != bare {
			t.Errorf("%d records more than at first", n-bare)
		}
	})
}
