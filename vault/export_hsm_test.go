package vault

import "context"

// Activate makes a Managed HSM usable as the download of its security domain does.
func Activate(h *HSM) error {
	return h.change(context.Background(), func(s *settings) error {
		s.estate.Activated = true
		return nil
	})
}
