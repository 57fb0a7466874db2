package vault

import (
	"context"

	"github.com/embedvault/embedvault/policy"
)

// Vault is a container of keys and secrets. Its methods are what the control plane does; what callers do to the objects
// in it goes through a [Client]. It is safe for concurrent use.
type Vault struct{ *container }

// Options returns what the vault is, with the defaults of VaultOptions filled in. They are the caller's own.
func (v *Vault) Options() VaultOptions { return v.settings.Load().VaultOptions.clone() }

// SetAccessPolicies replaces all access policies, at most 1024. Errors: a 400 for a permission that does not exist or
// too many entries, the context's error, or the store's.
func (v *Vault) SetAccessPolicies(ctx context.Context, entries ...policy.AccessPolicy) error {
	return v.change(ctx, func(s *settings) error { s.AccessPolicies = entries; return nil })
}

// SetRBAC lets roles decide who may do what, and access policies no longer; nil lets access policies decide again.
// With Options.Lag, changed roles count when the lag is over. Errors: a 400 for a role or scope that does not exist, the
// context's error, or the store's.
func (v *Vault) SetRBAC(ctx context.Context, rbac *RBAC) error {
	return v.change(ctx, func(s *settings) error { s.RBAC = rbac; return nil })
}
