package identity

import (
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/embedvault/embedvault/policy"
)

// MaxRemembered is how many verified tokens a verifier remembers. Beyond it, those
// not used for longest are forgotten and verified again when they come back.
const MaxRemembered = 1024

// verified is a token that passed every check. It is immutable.
type verified struct {
	token       string
	key         *signingKey // the key that was current; good while it is
	principal   *policy.Principal
	from, until time.Time // good at both ends
}

// cache remembers verified tokens: all of them in an LRU under a mutex, the recent
// ones in slots that are read without it. A hit in a slot takes no lock and writes
// nothing, so goroutines do not wait for each other; it also does not refresh the
// token's place in the LRU, and a token pushed out there is verified once more.
type cache struct {
	slots [256]atomic.Pointer[verified]
	all   *lru.Cache[string, *verified]
	key   atomic.Pointer[signingKey] // the key of the last token put
}

func newCache() *cache {
	c := &cache{}
	// The only error is that of a size below one.
	c.all, _ = lru.NewWithEvict(MaxRemembered, func(_ string, e *verified) {
		c.slot(e.token).CompareAndSwap(e, nil)
	})
	return c
}

// slot is where a token is looked for first. It is chosen by characters from the
// end, which belong to the signature: they differ from token to token, and who does
// not have the token cannot aim at its slot and time the comparison.
func (c *cache) slot(token string) *atomic.Pointer[verified] {
	const spread = 0x9E3779B1
	n := len(token)
	bits := uint32(token[n-2]) | uint32(token[n-3])<<8 | uint32(token[n-4])<<16 | uint32(token[n-5])<<24
	return &c.slots[bits*spread>>24]
}

// get is the entry of a token that is still good at now under key, or nil.
func (c *cache) get(token string, key *signingKey, now time.Time) *verified {
	if len(token) < 5 || len(token) > MaxTokenSize {
		return nil
	}
	slot := c.slot(token)
	e := slot.Load()
	if e == nil || e.token != token {
		var ok bool
		if e, ok = c.all.Get(token); !ok {
			return nil
		}
		slot.Store(e)
	}
	if e.key != key || now.Before(e.from) || now.After(e.until) {
		c.all.Remove(token)
		slot.CompareAndSwap(e, nil) // in case it had left the LRU already
		return nil
	}
	return e
}

// put remembers a verified token, and forgets those of an earlier key.
func (c *cache) put(e *verified) {
	if c.key.Swap(e.key) != e.key {
		c.all.Purge()
	}
	c.all.Add(e.token, e)
	c.slot(e.token).Store(e)
}
