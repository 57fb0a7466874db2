package errs

import "net/http"

// Code is a code of the service, outer or inner, and the thing to match with
// errors.Is. Its text is what the wire carries: never rename one.
type Code string

// Error gives the code itself, which makes a Code usable as target of
// errors.Is and as a scripted fault.
func (c Code) Error() string { return string(c) }

// Codes of the code member.
const (
	Unauthorized               Code = "Unauthorized"               // 401
	Forbidden                  Code = "Forbidden"                  // 403
	NotFound                   Code = "NotFound"                   // 404 of things that have no code of their own
	KeyNotFound                Code = "KeyNotFound"                // 404
	SecretNotFound             Code = "SecretNotFound"             // 404
	CertificateNotFound        Code = "CertificateNotFound"        // 404
	StorageAccountNotFound     Code = "StorageAccountNotFound"     // 404
	PendingCertificateNotFound Code = "PendingCertificateNotFound" // 404
	CertificateIssuerNotFound  Code = "CertificateIssuerNotFound"  // 404
	ContactsNotFound           Code = "ContactsNotFound"           // 404
	RoleAssignmentNotFound     Code = "RoleAssignmentNotFound"     // 404, Managed HSM
	RoleDefinitionNotFound     Code = "RoleDefinitionNotFound"     // 404, Managed HSM
	MethodNotAllowed           Code = "MethodNotAllowed"           // 405, and 400 with an inner code
	NotAcceptable              Code = "NotAcceptable"              // 406, inferred
	Conflict                   Code = "Conflict"                   // 409
	RequestTooLarge            Code = "RequestTooLarge"            // 413, inferred
	UnsupportedMediaType       Code = "UnsupportedMediaType"       // 415, inferred
	Throttled                  Code = "Throttled"                  // 429
	BadParameter               Code = "BadParameter"               // 400
	BadArgument                Code = "BadArgument"                // 400
	BadRequest                 Code = "BadRequest"                 // 400, Managed HSM
	NotSupported               Code = "NotSupported"               // 400, Managed HSM
	RoleAssignmentExists       Code = "RoleAssignmentExists"       // 400, Managed HSM
	InvalidSetting             Code = "InvalidSetting"             // 400, Managed HSM
	NoContentProvided          Code = "Nocontentprovided"          // 400, Managed HSM
	VaultNameNotValid          Code = "VaultNameNotValid"          // 400, of making a container
	VaultAlreadyExists         Code = "VaultAlreadyExists"         // 409, of making a container
	ServerError                Code = "ServerError"                // 500, vault
	UnknownError               Code = "UnknownError"               // 500, Managed HSM
	ServiceUnavailable         Code = "ServiceUnavailable"         // 503, inferred
	RequestRejected            Code = "Request rejected"           // of a failed certificate operation
	CertificateIssuerError     Code = "Certificate issuer error"   // of a failed certificate operation

	// MalformedBackupBlob is the code of a backup that cannot be restored. It
	// is so spelled by a Managed HSM; a vault writes "Malformed backup blob",
	// which this Code matches too.
	MalformedBackupBlob Code = "MalformedBackupBlob"
	// Internal matches ServerError and UnknownError. It is not on the wire.
	Internal Code = "Internal"
)

// Codes of the innererror member.
const (
	AccessDenied                          Code = "AccessDenied"                          // no access policy entry, or a release refused; of a Managed HSM the code: no role
	ForbiddenByPolicy                     Code = "ForbiddenByPolicy"                     // an access policy entry without the permission
	ForbiddenByRbac                       Code = "ForbiddenByRbac"                       // no role assignment grants the action
	ForbiddenByFirewall                   Code = "ForbiddenByFirewall"                   // the client's address
	ForbiddenByConnection                 Code = "ForbiddenByConnection"                 // public network access is off
	KeyOperationForbidden                 Code = "KeyOperationForbidden"                 // not in the key's key_ops
	KeyDisabled                           Code = "KeyDisabled"                           // enabled is false
	KeyNotYetValid                        Code = "KeyNotYetValid"                        // before nbf
	KeyExpired                            Code = "KeyExpired"                            // at or after exp
	SecretDisabled                        Code = "SecretDisabled"                        // enabled is false
	KeyManagedByKeyVault                  Code = "KeyManagedByKeyVault"                  // the key of a certificate
	SecretManagedByKeyVault               Code = "SecretManagedByKeyVault"               // the secret of a certificate
	HardwareKeysNotSupported              Code = "HardwareKeysNotSupported"              // a standard vault
	ObjectIsDeletedButRecoverable         Code = "ObjectIsDeletedButRecoverable"         // the name is taken
	ObjectIsBeingDeleted                  Code = "ObjectIsBeingDeleted"                  // the name is taken for a moment
	ObjectIsBeingRecovered                Code = "ObjectIsBeingRecovered"                // the name is taken for a moment
	RequestNotAllowedOnNonDeletedObject   Code = "RequestNotAllowedOnNonDeletedObject"   // recover of a live object
	ObjectMustBeDeletedPriorToBeingPurged Code = "ObjectMustBeDeletedPriorToBeingPurged" // purge of a live object
	WriterConflict                        Code = "WriterConflict"                        // another writer was first; ours, not the service's
	NotActivated                          Code = "NotActivated"                          // a Managed HSM before activation; ours
	HardwareBusy                          Code = "HardwareBusy"                          // a module beyond its capacity; ours, as the next three
	HardwareSessionLost                   Code = "HardwareSessionLost"                   // a retry gets another session
	HardwareOffline                       Code = "HardwareOffline"                       // a module that cannot be reached
	HardwareTampered                      Code = "HardwareTampered"                      // a module that erased its own key
)

// malformedBackupBlob is a vault's spelling of MalformedBackupBlob.
const malformedBackupBlob Code = "Malformed backup blob"

// family gives the code that stands for c and its other spellings.
func (c Code) family() Code {
	switch c {
	case malformedBackupBlob:
		return MalformedBackupBlob
	case ServerError, UnknownError:
		return Internal
	case AccessDenied: // as a code of its own, by a Managed HSM
		return Forbidden
	}
	return c
}

// row gives the first row of the catalogue that bears c, nil if there is none.
func (c Code) row() *row {
	for r := range rows() {
		if r.bears(c) {
			return r
		}
	}
	return nil
}

// bears tells whether a refusal of r matches c. Rows without a code or an
// inner code are nobody's.
func (r *row) bears(c Code) bool {
	return c != "" && (c == r.code || c == r.inner || c == r.code.family())
}

// About gives the refusal that bears c to a request about an object of a kind,
// as a script of faults means it: of a vault, or of a Managed HSM. facts are
// pairs of the name of a placeholder and its value; a {placeholder} that they
// do not name stays. nil means that there is no such kind, or that no row of the
// catalogue bears c.
func (c Code) About(k Kind, managed bool, facts ...string) *Error {
	if int(k) >= NumKinds {
		return nil
	}
	for _, of := range lives { // that it is not there, or in the way, is said of its kind
		r := &of[k]
		if r.bears(c) && (r.inner == c || r.status == http.StatusNotFound || r.status == http.StatusConflict) {
			return r.new(facts...)
		}
	}
	own := func(r *row) bool {
		if managed {
			return r.container != vaultOnly || r.twin != nil
		}
		return r.container != managedHSM
	}
	var other *row // the other product's alone
	for r := range rows() {
		switch {
		case !r.bears(c):
		case own(r):
			return r.new(facts...)
		case other == nil:
			other = r
		}
	}
	if other == nil {
		return nil
	}
	return other.new(facts...)
}
