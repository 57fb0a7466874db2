package errs

import "strings"

// Kind is what lives in a container: the things that have a name, can be
// deleted, recovered and purged. Its methods give the refusals that differ
// between kinds by a word only. The values are small and dense, fit to index
// an array of [NumKinds].
type Kind uint8

// The kinds.
const (
	Key Kind = iota
	Secret
	Certificate
	Storage // a storage account whose keys the vault manages

	// NumKinds is how many kinds there are.
	NumKinds = 4
)

var kindWords = [NumKinds]struct{ name, singular, plural string }{
	Key:         {"Key", "key", "keys"},
	Secret:      {"Secret", "secret", "secrets"},
	Certificate: {"Certificate", "certificate", "certificates"},
	Storage:     {"Storage", "storage", "storage"},
}

// String gives the kind with a capital, as texts do at their beginning: "Key".
func (k Kind) String() string { return kindWords[k].name }

// Singular gives the kind as texts do: "key".
func (k Kind) Singular() string { return kindWords[k].singular }

// Plural gives the kind's collection, as in paths and permissions: "keys".
func (k Kind) Plural() string { return kindWords[k].plural }

// NotFound refuses to find ref, a name or name/version, among the live: 404.
// Recover and purge of what is not there answer with it too.
func (k Kind) NotFound(ref string) *Error {
	name, _, _ := strings.Cut(ref, "/")
	return notFound[k].new("name", ref, "key", name)
}

// DeletedNotFound refuses to find name among the deleted: 404.
func (k Kind) DeletedNotFound(name string) *Error {
	return deletedNotFound[k].new("name", name, "key", name)
}

// DeletedButRecoverable refuses to create what exists deleted: 409.
func (k Kind) DeletedButRecoverable(name string) *Error {
	return deletedButRecoverable[k].new("name", name)
}

// BeingDeleted refuses to create what is on its way to be deleted or purged: 409.
func (k Kind) BeingDeleted(name string) *Error { return beingDeleted[k].new("name", name) }

// BeingRecovered refuses to create what is on its way back: 409.
func (k Kind) BeingRecovered(name string) *Error { return beingRecovered[k].new("name", name) }

// RecoverWhileDeleting refuses to recover what is on its way to be deleted: 409.
func (k Kind) RecoverWhileDeleting(name string) *Error {
	return recoverWhileDeleting[k].new("name", name)
}

// PurgeWhileDeleting refuses to purge what is on its way to be deleted: 409.
func (k Kind) PurgeWhileDeleting() *Error { return purgeWhileDeleting[k].new() }

// RecoverConflict refuses to recover what somebody else is working on: 409.
// id is the full identifier with version, a URL.
func (k Kind) RecoverConflict(id string) *Error { return recoverConflict[k].new("id", id) }

// RestoreConflict refuses to restore over what exists, live or deleted: 409.
// id is the full identifier with version, a URL.
func (k Kind) RestoreConflict(id string) *Error { return restoreConflict[k].new("id", id) }

// ExistsAlready refuses to recover what is live: 400.
func (k Kind) ExistsAlready(name string) *Error { return existsAlready[k].new("name", name) }

// NotDeleted refuses to purge what is live: 400.
func (k Kind) NotDeleted() *Error { return notDeleted[k].new() }

// Managed refuses op, such as delete, on the key or secret that belongs to a
// certificate and lives and dies with it: 403.
func (k Kind) Managed(op string) *Error { return managed[k].new("op", op) }
