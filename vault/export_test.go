package vault

import (
	"context"

	"github.com/embedvault/embedvault/crypto"
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
