package hsm

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/embedvault/embedvault/crypto"
)

// Random fills b with random bytes. It is an operation of the module as every
// other: what is in the way of one is in its way.
func (m *Module) Random(ctx context.Context, b []byte) error {
	if err := m.admit(ctx, 0, crypto.Spec{}); err != nil {
		return err
	}
	rand.Read(b) // never fails
	return nil
}

// maxDerived is what HKDF with SHA-256 gives at most, in bytes.
const maxDerived = 255 * 32

// Derive returns a secret of n bytes, at most 8160, that follows from the
// security domain and belongs to a purpose: every module with the domain derives
// the same, and nobody gets from it to the domain. It is an operation of the
// module as every other. Another n is an error.
func (m *Module) Derive(ctx context.Context, purpose string, n int) ([]byte, error) {
	if n < 0 || n > maxDerived {
		return nil, errors.New("hsm: nobody derives a secret of this length")
	}
	if err := m.admit(ctx, 0, crypto.Spec{}); err != nil {
		return nil, err
	}
	d, err := m.borrow()
	if err != nil {
		return nil, err
	}
	defer m.giveBack(d)
	return d.derive("derived: "+purpose, n)
}
