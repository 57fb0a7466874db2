package identity

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"sync"
)

// chance gives the random parts of ids, secrets and claims. It cannot fail: what
// the reader does not give comes from the operating system.
type chance struct {
	mu sync.Mutex // held for one read
	r  io.Reader
}

func newChance(r io.Reader) *chance {
	if r == nil {
		r = rand.Reader
	}
	return &chance{r: r}
}

func (c *chance) bytes(n int) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := make([]byte, n)
	if got, err := io.ReadFull(c.r, b); err != nil {
		_, _ = rand.Read(b[got:]) // crypto/rand ends the program before it returns an error
	}
	return b
}

// guid is a random (version 4) GUID in the lower-case form the directory uses.
func (c *chance) guid() string {
	b := c.bytes(16)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// text is n random bytes in base64url.
func (c *chance) text(n int) string { return base64.RawURLEncoding.EncodeToString(c.bytes(n)) }
