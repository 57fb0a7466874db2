package vault

import "github.com/embedvault/embedvault/crypto"

// WithDriver replaces the driver of software keys, for benchmarks of what lies around it.
func WithDriver(s *Service, d crypto.Driver) { s.soft = d }

// Moment returns the published state of a vault; two equal moments are one state.
func Moment(v *Vault) any { return v.shelf.Root() }
