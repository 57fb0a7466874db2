// Package errs is the catalogue of everything the service can refuse with.
//
// A refusal is an [*Error]: an HTTP status, a code, sometimes an inner code,
// and a message, each as the service sends it. Every refusal the library
// gives is built by a constructor of this package (NewThrottled, Key.NotFound)
// from one row of the catalogue, so a code and its text stand in one place
// and the native API and the REST protocol cannot disagree.
//
// What a program matches is a [Code], which is itself an error:
//
//	errors.Is(err, errs.Forbidden)       // any 403
//	errors.Is(err, errs.ForbiddenByRbac) // those with this inner code
//	errors.Is(err, errs.KeyNotFound)     // live or deleted, vault or Managed HSM
//
// Two codes stand for more than one spelling on the wire:
// [MalformedBackupBlob], which a vault writes with blanks, and [Internal],
// which a vault calls ServerError and a Managed HSM UnknownError. For the
// message, the inner code or the time to wait, use errors.As with *Error;
// for the status alone, [StatusOf].
//
// # Evidence
//
// Rows carry the newest text known of the real service, and a [Grade] that
// says how it is known: seen in a recorded answer, quoted in an issue, found
// in the documentation, or inferred: written here in the service's form
// because no evidence was found. ERRORS.md lists all rows with their grade.
// Act on codes; texts change with the service's builds.
//
// # Secrets
//
// Messages show names, identifiers, addresses and, as the service does,
// a token's audience, issuer and header; never key material, secret values or
// signatures. The text of an unforeseen error (a failing disk, say) stays in
// [Error.Cause] and is neither printed by Error nor sent.
package errs
