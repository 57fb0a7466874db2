// Package vault is Azure Key Vault and Managed HSM inside the process: the modelled service, with real cryptography, its
// policies, its firewall, its rate limits and its errors, on a clock that the program turns.
//
// # The model
//
// A [Service] holds containers, as a region of the real service does. A [Vault] is one container: it has settings, which
// its own methods change as the control plane does, and objects, keys and secrets, each with versions. A [Client], made
// by [Vault.As], makes requests to a vault as a [Caller].
//
//	svc, err := vault.New(nil)
//	v, err := svc.Vault(ctx, "contoso")
//	owner := v.As(vault.Owner())
//	key, err := owner.CreateKey(ctx, "app", vault.RSA(2048), nil)
//	sig, err := owner.Sign(ctx, "app", vault.RS256, digest[:])
//
// An [ManagedHSM] is the other product: a Managed HSM, with keys in a module of its own, roles of its own and no secrets. It is
// made by [Service.ManagedHSM] or [Service.CreateManagedHSM], and can be used once its security domain was downloaded; the
// same Client makes requests to it. Both are a [Container].
//
// Every request takes the same way, and the first gate that refuses it decides the error: who calls (401), from where
// (403), with what right (403), how much was asked for lately (429), whether the request is well formed (400), and at
// last what the vault holds (404, 409, or the answer). So a caller without a right learns nothing of what exists, and a
// malformed request is throttled like any other.
//
// # Objects
//
// An object has a name, compared without case, and versions, of which the newest is meant when a [Ref] names none. It is
// deleted as a whole, kept for the retention of the vault, and in that time recovered as it was or purged; its name is
// not free until then. Everything a method returns is the caller's own.
//
// # Errors
//
// Errors are those of package errs, with the service's own codes and texts: errors.Is(err, errs.Forbidden) tests for a
// code, errors.As to *errs.Error gives status, inner code and message. A refusal carries the decision that led to it, for
// a test to print, as its cause.
//
// # Time
//
// Options.Now is the only clock. A deleted object is gone the instant the clock says so; a key is valid or not by it; the
// rate limits are windows on it.
package vault
