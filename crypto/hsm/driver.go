package hsm

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/primitive"
)

// Driver makes, takes in and opens keys of a module. It serves RSA-HSM, EC-HSM
// and oct-HSM; the software types are errs.HardwareKeysNotSupported. When the
// module is in trouble it answers as the package comment says. Module.Driver
// makes one; the zero value has no module, and its methods panic.
type Driver struct {
	module     *Module
	exportable bool
}

var _ crypto.Driver = Driver{}

// Driver returns the driver whose keys never leave the module, or, when
// exportable, can be released. The two open each other's blobs: what a key may
// was fixed when it was made and stands in its blob.
func (m *Module) Driver(exportable bool) Driver { return Driver{m, exportable} }

// Format writes which module's driver this is, for every verb.
func (d Driver) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "driver of %v", d.module) }

// Generate makes a key of an -HSM type. What Spec does not have is
// errs.BadParameter.
func (d Driver) Generate(ctx context.Context, s crypto.Spec) (crypto.Private, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := s.Normalize()
	if err != nil {
		return nil, err
	}
	if !s.Type.HSM() {
		return nil, errs.NewHardwareKeysNotSupported()
	}
	if err := d.module.admit(ctx, WorkCreate, s); err != nil {
		return nil, err
	}
	if d.module.rsa != nil && s.Type == crypto.KeyTypeRSAHSM && s.PublicExponent == defaultExponent {
		k, err := d.module.rsa(s.Size)
		if err != nil {
			return nil, err
		}
		return d.keep(k, Generated) // not ours to overwrite
	}
	k, err := generate(s)
	if err != nil {
		return nil, err
	}
	return d.take(k, Generated)
}

// Import takes in a key with all members of RFC 7518, after checking that they
// belong together. Everything else is errs.BadParameter, a key that is only there
// wrapped (key_hsm) too: see ImportTransfer.
func (d Driver) Import(ctx context.Context, j crypto.JWK) (crypto.Private, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !j.Kty.HSM() {
		if s := (crypto.Spec{Type: j.Kty}).HSM(); s.Type.HSM() {
			return nil, errs.NewHardwareKeysNotSupported()
		}
		return nil, errs.NewInvalidJWK()
	}
	k, err := fromJWK(j)
	if err != nil {
		return nil, errs.NewInvalidJWK().Because(err)
	}
	defer wipe(k)
	s, _ := describe(k)
	if err := d.module.admit(ctx, WorkCreate, s); err != nil {
		return nil, err
	}
	return d.keep(k, Imported)
}

// Open returns the key of a blob that this module, or one with the same
// domain, has made. It checks the whole blob and opens no slot. Any other blob
// is an error without a code: blobs come from a store and not from a caller.
func (d Driver) Open(ctx context.Context, blob []byte) (crypto.Private, error) {
	if err := d.module.admit(ctx, 0, crypto.Spec{}); err != nil {
		return nil, err
	}
	k := &key{module: d.module, blob: append(make([]byte, 0, len(blob)), blob...)}
	var err error
	if k.label, err = parseLabel(k.blob); err != nil {
		return nil, err
	}
	domain, err := d.module.borrow()
	if err != nil {
		return nil, err
	}
	defer d.module.giveBack(domain)
	plain, err := domain.open(k.blob, k.label.size)
	if err != nil {
		return nil, err
	}
	clear(plain)
	return k, nil
}

// take is keep for a key that is needed no more: it overwrites the key.
func (d Driver) take(m material, origin Origin) (crypto.Private, error) {
	defer wipe(m)
	return d.keep(m, origin)
}

// keep seals a key and returns it. What it opened on the way is overwritten.
func (d Driver) keep(m material, origin Origin) (crypto.Private, error) {
	spec, public := describe(m)
	l := label{spec: spec, origin: origin, exportable: d.exportable}
	rand.Read(l.handle[:]) // never fails
	plain := primitive.Marshal(m)
	defer clear(plain)
	domain, err := d.module.borrow()
	if err != nil {
		return nil, err
	}
	defer d.module.giveBack(domain)
	front := l.encode(public)
	l.size = len(front)
	blob, err := domain.seal(front, plain)
	if err != nil {
		return nil, err
	}
	return &key{module: d.module, blob: blob, label: l}, nil
}
