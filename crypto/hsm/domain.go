package hsm

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"filippo.io/keygen"
	"github.com/google/tink/go/aead/subtle"
	"github.com/google/tink/go/tink"
)

// DomainSize is the length in bytes of a module's security domain.
const DomainSize = 32

// Lengths that sealing adds to a key.
const (
	nonceSize = 24
	tagSize   = 16
)

// errBlob answers whatever does not open as a key of the module.
var errBlob = errors.New("hsm: the blob is not a key of this module")

// domain is the secret of a module and what follows from it. It is immutable
// until it is wiped.
type domain struct {
	lease
	secret []byte
	key    []byte // seals keys; the memory that aead works with
	aead   tink.AEAD
	id     string

	// identity derives the keys and certificates of attestation, once.
	identity func() (*identity, error)
	attest   *ecdsa.PrivateKey // of the identity, nil until it is derived
}

// newDomain derives a domain from its secret, which it copies.
func newDomain(secret []byte) (*domain, error) {
	if len(secret) != DomainSize {
		return nil, fmt.Errorf("hsm: a security domain has %d bytes", DomainSize)
	}
	d := &domain{secret: append([]byte(nil), secret...)}
	id, err := d.derive("module id", 8)
	if err != nil {
		return nil, err
	}
	d.id = hex.EncodeToString(id)
	if d.key, err = d.derive("key encryption", 32); err != nil {
		return nil, err
	}
	if d.aead, err = subtle.NewXChaCha20Poly1305(d.key); err != nil {
		return nil, err
	}
	d.identity = sync.OnceValues(d.newIdentity)
	d.join() // for the module that has it
	return d, nil
}

// derive returns n bytes that follow from the secret and belong to a purpose.
func (d *domain) derive(purpose string, n int) ([]byte, error) {
	return hkdf.Key(sha256.New, d.secret, nil, "embedvault hsm v1 "+purpose, n)
}

// deriveECDSA returns the P-256 key of a purpose.
func (d *domain) deriveECDSA(purpose string) (*ecdsa.PrivateKey, error) {
	seed, err := d.derive(purpose, 32)
	if err != nil {
		return nil, err
	}
	defer clear(seed)
	return keygen.ECDSA(elliptic.P256(), seed)
}

// seal appends key, sealed and bound to label, to a copy of label.
func (d *domain) seal(label, key []byte) ([]byte, error) {
	sealed, err := d.aead.Encrypt(key, label)
	if err != nil {
		return nil, err
	}
	blob := make([]byte, 0, len(label)+len(sealed)) // kept as long as the key: not a byte more
	return append(append(blob, label...), sealed...), nil
}

// open returns the key of a blob whose label has n bytes. The caller
// overwrites it.
func (d *domain) open(blob []byte, n int) ([]byte, error) {
	key, err := d.aead.Decrypt(blob[n:], blob[:n])
	if err != nil {
		return nil, errBlob
	}
	return key, nil
}

func (d *domain) wipe() {
	clear(d.secret)
	clear(d.key)
	if d.attest != nil {
		wipeECDSA(d.attest)
	}
}

// replaceLocked puts a domain in the place of the one there is, which is
// overwritten as soon as nobody uses it.
func (m *Module) replaceLocked(d *domain) {
	if m.domain != nil && m.domain.leave() {
		m.domain.wipe()
	}
	m.domain = d
}

// ExportDomain hands the secret of the module, of DomainSize bytes, to f, which
// wraps it to whom it chooses; the buffer is overwritten when f returns, whose
// error is returned.
// Whoever has the secret can open every blob of the module. A module that was
// tampered with has none: errs.HardwareTampered.
func (m *Module) ExportDomain(f func(secret []byte) error) error {
	d, err := m.borrow()
	if err != nil {
		return err
	}
	defer m.giveBack(d)
	secret := append([]byte(nil), d.secret...)
	defer clear(secret)
	return f(secret)
}

// RestoreDomain gives the module the domain with this secret, which it copies,
// and ends Tamper. Keys of another domain do not open any more. A secret that
// is not of DomainSize bytes is an error and changes nothing.
func (m *Module) RestoreDomain(secret []byte) error {
	d, err := newDomain(secret)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slots.Purge()
	m.replaceLocked(d)
	return nil
}
