package entropy_test

import (
	"math/big"
	"sync"
	"testing"

	"github.com/embedvault/embedvault/internal/entropy"
)

// Whoever draws gets the keys of the pool from number 1 on, and then keys that are not in it. However many draw at once,
// none gets one twice.
func TestDrawer(t *testing.T) {
	const most, draws = 3, 5
	in := map[string]int{} // :: modulus → its number in the pool
	for i := range draws + 1 {
		key, err := entropy.Shared().RSA(2048, i)
		if err != nil {
			t.Fatal(err)
		}
		in[key.N.Text(62)] = i
	}
	for name, c := range map[string]struct {
		drawer *entropy.Drawer
		pooled int
	}{
		"all of the pool": {new(entropy.Drawer), draws},
		"a few":           {&entropy.Drawer{Most: most}, most},
	} {
		t.Run(name, func(t *testing.T) {
			var all sync.WaitGroup
			moduli := make(chan *big.Int, draws)
			for range draws {
				all.Go(func() {
					key, err := c.drawer.RSA(2048)
					if err != nil {
						t.Error(err)
						return
					}
					moduli <- key.N
				})
			}
			all.Wait()
			close(moduli)
			seen, pooled := map[string]bool{}, 0
			for n := range moduli {
				if index, found := in[n.Text(62)]; found {
					pooled++
					if index == 0 || index > c.pooled {
						t.Errorf("key %d was drawn", index)
					}
				}
				seen[n.Text(62)] = true
			}
			if len(seen) != draws || pooled != c.pooled {
				t.Errorf("%d keys, %d of the pool; want %d and %d", len(seen), pooled, draws, c.pooled)
			}
		})
	}
}
