package hsm

import (
	"crypto/rsa"
	"crypto/x509"
	"math/big"

	"github.com/google/tink/go/tink"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/internal/primitive"
)

// recorder notes the buffers that keys are sealed from and opened into.
type recorder struct {
	tink.AEAD
	note func([]byte)
}

func (r recorder) Encrypt(plain, label []byte) ([]byte, error) {
	r.note(plain)
	return r.AEAD.Encrypt(plain, label)
}

func (r recorder) Decrypt(ciphertext, label []byte) ([]byte, error) {
	plain, err := r.AEAD.Decrypt(ciphertext, label)
	if err == nil {
		r.note(plain)
	}
	return plain, err
}

// RecordPlain calls note with every buffer that has held a key of m, from now on.
func RecordPlain(m *Module, note func([]byte)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.domain.aead = recorder{m.domain.aead, note}
}

// Numbers returns the memory of the secret numbers of a key that is in a slot:
// nil if it is in none, or not an RSA key.
func Numbers(p crypto.Private) (memory [][]big.Word) {
	k := p.(*key)
	k.module.mu.Lock()
	defer k.module.mu.Unlock()
	s, ok := k.module.slots.Peek(k.label.handle)
	if !ok {
		return nil
	}
	if r, ok := s.material.(*rsa.PrivateKey); ok {
		for _, n := range append([]*big.Int{r.D, r.Precomputed.Dp, r.Precomputed.Dq, r.Precomputed.Qinv}, r.Primes...) {
			memory = append(memory, n.Bits())
		}
	}
	return memory
}

// Opened returns the key that is in the slot of p as it is encoded, nil if it
// is in none; called again after it lost the slot, it still looks at that key.
func Opened(p crypto.Private) (look func() []byte) {
	k := p.(*key)
	k.module.mu.Lock()
	defer k.module.mu.Unlock()
	s, ok := k.module.slots.Peek(k.label.handle)
	if !ok {
		return nil
	}
	return encoded(s.material)
}

func encoded(m material) (look func() []byte) {
	return func() []byte {
		if r, ok := m.(*rsa.PrivateKey); ok {
			return r.D.FillBytes(make([]byte, r.Size()))
		}
		return primitive.Marshal(m)[2:] // without version and kind
	}
}

// Take has d take in a key as one that came wrapped, and looks at what it took.
func Take(d Driver, j crypto.JWK) (look func() []byte, err error) {
	m, err := fromJWK(j)
	if err != nil {
		return nil, err
	}
	look = encoded(m)
	_, err = d.take(m, Transferred)
	return look, err
}

// WrapPortable wraps what a key is outside of its module.
var WrapPortable = wrapped

// SealShares encrypts to every holder a share.
func SealShares(shares []Share, holders []*x509.Certificate) error {
	var inner []share
	for _, s := range shares {
		inner = append(inner, share{s.X, s.Values})
	}
	_, err := sealShares(inner, holders)
	return err
}

// AttestationNumber returns the memory of the secret number that m attests
// with, once it has.
func AttestationNumber(m *Module) []big.Word {
	//lint:ignore SA1019 There is no other way to reach the number.
	return m.domain.attest.D.Bits()
}

// DomainMemory returns the memory of the domain's secrets.
func DomainMemory(m *Module) [][]byte { return [][]byte{m.domain.secret, m.domain.key} }

// Hold keeps p open as a running operation does; calling the result ends it.
func Hold(p crypto.Private) (release func(), err error) {
	k := p.(*key)
	k.module.mu.Lock()
	s, err := k.module.findLocked(k.label.handle)
	k.module.mu.Unlock()
	if err == nil {
		s, err = k.module.fill(s, k)
	}
	return func() { k.module.done(s) }, err
}

// ParsePKCS8 reports whether der is a key, and how it is written again.
func ParsePKCS8(der []byte) (again []byte, ok bool) {
	m, err := parsePKCS8(der)
	if err != nil {
		return nil, false
	}
	again, err = marshalPortable(m)
	return again, err == nil
}
