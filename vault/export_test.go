package vault

import (
	"context"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/internal/shelf"
)

// WithDriver replaces the driver of software keys, for benchmarks of what lies around it.
func WithDriver(s *Service, d crypto.Driver) { s.soft = d }

// Moment returns the published state of a vault; two equal moments are one state.
func Moment(v *Vault) any { return v.shelf.Root() }

// GetSecretEncoding gets a secret as a protocol does that writes its answer down in a way of its own.
func GetSecretEncoding(ctx context.Context, c *Client, name string, encode func(Secret)) error {
	decode := func() (nothing, error) { return nothing{}, nil }
	_, err := run(c.on(ctx, name, ""), secretGet, nothing{}, &protocol[nothing, Secret]{decode, encode})
	return err
}

// DomainOf returns the security domain of a Managed HSM.
func DomainOf(h *ManagedHSM) (secret []byte) {
	_ = h.module.ExportDomain(func(s []byte) error { secret = append(secret, s...); return nil })
	return secret
}

// AirlockOf returns the module in which the next security domain of a Managed HSM arrives.
func AirlockOf(h *ManagedHSM) (*hsm.Module, error) {
	a, err := h.incoming()
	if err != nil {
		return nil, err
	}
	return a.module, nil
}

// WithPrivate has the newest version of a key do its work by what is made of the key that did it.
func WithPrivate(ctx context.Context, in Container, name string, of func(crypto.Private) crypto.Private) error {
	v := in.inner()
	return v.shelf.Update(ctx, func(tx *shelf.Tx) error {
		_, _, err := keys.Revise(tx, name, "", v.svc.now().Unix(), func(r *keyRecord) (err error) {
			k := r.Data.key
			r.Data.key, err = crypto.NewKey(k.ID(), of(k.Private()), k.Operations())
			return err
		})
		return err
	})
}
