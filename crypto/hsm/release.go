package hsm

import (
	"cmp"
	"context"
	"crypto/rsa"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
)

// Release wraps a key of the module to the RSA key of a receiver, of 2048 bits
// or more, whose name kid is written into the result. It decides nothing but
// whether the key may leave at all: whoever calls it has evaluated the release
// policy. "" is CKMRSAAESKeyWrap.
//
// A key that may not leave is errs.KeyOperationForbidden; a key of another
// module, another encryption and a receiver's key that cannot be wrapped to are
// errs.BadParameter. A module in trouble answers as the package comment says.
func (m *Module) Release(ctx context.Context, p crypto.Private, to *rsa.PublicKey, kid string, e Encryption) (Wrapped, error) {
	k, err := m.own(p)
	if err != nil {
		return Wrapped{}, err
	}
	if !k.label.exportable {
		return Wrapped{}, errs.NewKeyOperationForbidden(string(crypto.OpExport))
	}
	e = cmp.Or(e, CKMRSAAESKeyWrap)
	s, err := m.use(ctx, WorkRelease, k)
	if err != nil {
		return Wrapped{}, err
	}
	defer m.done(s)
	portable, err := marshalPortable(s.material)
	if err != nil {
		return Wrapped{}, err
	}
	return wrapped(to, kid, e, portable)
}
