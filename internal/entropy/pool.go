// Package entropy derives the RSA keys of tests, which nobody wants to wait for: a new RSA-4096 key takes half a second,
// one that was used before a few microseconds.
//
// Key i of a size is a function of a public label, so every machine has the same keys, and a golden file made with them
// stays true. That makes them worthless as secrets: nothing outside tests and local servers may use them.
//
// A key is derived once, then kept parsed for the life of the process and, for the next one, in the user's cache
// directory. The directory only saves time: what is missing in it, or is no sound key of the size, is derived again.
// Whoever can write to it can choose the keys of tests.
package entropy

import (
	"crypto/hkdf"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"filippo.io/keygen"
)

// label is what the keys are derived from. Another label means other keys everywhere.
const label = "embedvault test keys, public and worthless, version 1"

// Pool is an unlimited row of RSA keys for each size. It is safe for concurrent use.
type Pool struct {
	dir  string // "": nothing is kept on disk
	mu   sync.Mutex
	keys map[slot]*entry
}

type slot struct{ bits, index int }

// entry is a key that is being derived or was. Whoever comes first derives it, without holding up others.
type entry struct {
	once sync.Once
	key  *rsa.PrivateKey
	err  error
}

// NewPool returns a pool that keeps its keys in a directory too; "" keeps them in memory alone.
func NewPool(dir string) *Pool { return &Pool{dir: dir, keys: map[slot]*entry{}} }

// Shared returns the pool of the process, which keeps its keys in the user's cache directory if there is one.
var Shared = sync.OnceValue(func() *Pool {
	dir, err := os.UserCacheDir()
	if err != nil {
		return NewPool("")
	}
	return NewPool(filepath.Join(dir, "embedvault", "test-keys"))
})

// RSA returns key number index of a size in bits: 2048, 3072 or 4096.
func (p *Pool) RSA(bits, index int) (*rsa.PrivateKey, error) {
	e := p.entry(slot{bits, index})
	e.once.Do(func() { e.key, e.err = p.find(bits, index) })
	return e.key, e.err
}

func (p *Pool) entry(s slot) *entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.keys[s]
	if e == nil {
		e = new(entry)
		p.keys[s] = e
	}
	return e
}

// find reads the key from disk, or derives it and leaves it there.
func (p *Pool) find(bits, index int) (*rsa.PrivateKey, error) {
	path := filepath.Join(p.dir, fmt.Sprintf("v1-rsa-%d-%d.der", bits, index))
	if p.dir != "" {
		if key := read(path, bits); key != nil {
			return key, nil
		}
	}
	key, err := derive(bits, index)
	if err == nil && p.dir != "" {
		write(path, x509.MarshalPKCS1PrivateKey(key))
	}
	return key, err
}

// derive computes the key from the label.
func derive(bits, index int) (*rsa.PrivateKey, error) {
	secret, err := hkdf.Key(sha256.New, []byte(label), nil, fmt.Sprintf("RSA %d, number %d", bits, index), 32)
	if err != nil {
		return nil, err
	}
	return keygen.RSA(bits, secret)
}

// read returns the key in a file, nil unless it is a sound one of the size.
func read(path string, bits int) *rsa.PrivateKey {
	der, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	key, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil || key.N.BitLen() != bits {
		return nil
	}
	return key
}

// write leaves a file that is complete or absent. A disk that takes none only costs time.
func write(path string, content []byte) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return
	}
	f, err := os.CreateTemp(dir, "new-*")
	if err != nil {
		return
	}
	_, err = f.Write(content)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
}
