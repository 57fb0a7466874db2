package entropy

import (
	"crypto/rand"
	"crypto/rsa"
	"sync"
)

// Drawer hands out the keys of the shared pool, none of them twice. It begins with number 1: number 0 is for those who need
// the same key every time. The zero Drawer is ready. It is safe for concurrent use.
type Drawer struct {
	// Most is how many keys of each size come from the pool; further ones are new, and as slow. 0: all of them.
	Most int

	mu    sync.Mutex
	drawn map[int]int // :: bits → how many
}

// RSA returns a key of a size in bits: 2048, 3072 or 4096.
func (d *Drawer) RSA(bits int) (*rsa.PrivateKey, error) {
	index := d.next(bits)
	if d.Most > 0 && index > d.Most {
		return rsa.GenerateKey(rand.Reader, bits)
	}
	return Shared().RSA(bits, index)
}

func (d *Drawer) next(bits int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.drawn == nil {
		d.drawn = map[int]int{}
	}
	d.drawn[bits]++
	return d.drawn[bits]
}
