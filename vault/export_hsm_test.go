package vault

import "context"

// Activate makes a Managed HSM usable without a security domain.
func Activate(h *HSM) error {
	return h.change(context.Background(), func(next *settings) error {
		next.estate.Activated = true
		return nil
	})
}
