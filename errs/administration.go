package errs

import "strconv"

// Managed HSM: what is known to be refused, in words that are not known.

var notActivated = row{
	id: "not-activated", status: 403, code: Forbidden, inner: NotActivated, container: managedHSM, grade: Inferred,
	template: "The Managed HSM is provisioned but not activated. Download its security domain to activate it. (Activity ID: {activity})",
	when:     "Everything but the security domain, before somebody has downloaded it.",
}

// NewNotActivated refuses what a Managed HSM does not do before it is activated.
func NewNotActivated() *Error { return notActivated.new() }

var notAuthorized = row{
	id: "not-authorized", status: 403, code: AccessDenied, container: managedHSM, grade: Issue,
	template: "Not authorized to access {action} on {scope} (Activity ID: {activity})",
	when:     "No role of the caller gives the data action at the scope. Code and text are quoted for the scope /; the status is inferred.",
}

// NewNotAuthorized refuses a data action, such as
// Microsoft.KeyVault/managedHsm/keys/create, at a scope: /, /keys or /keys/name.
func NewNotAuthorized(action, scope string) *Error {
	return notAuthorized.new("action", action, "scope", echo(scope))
}

var operationNotOffered = row{
	id: "operation-not-offered", status: 404, code: NotFound, container: both, grade: Inferred,
	template: "{operation} is not an operation of this resource.",
	when:     "An operation that the other product alone has, such as a secret in a Managed HSM, by a caller with every right.",
}

// NewOperationNotOffered refuses an operation that the product does not have.
func NewOperationNotOffered(operation string) *Error {
	return operationNotOffered.new("operation", operation)
}

var rotationNeedsPolicy = row{
	id: "rotation-needs-policy", status: 400, code: BadParameter, container: managedHSM, grade: Inferred,
	template: "The key has no rotation policy. Set one before the key is rotated. (Activity ID: {activity})",
	when:     "Rotate of a key without a rotation policy.",
}

// NewRotationNeedsPolicy refuses to rotate a key that has no rotation policy.
func NewRotationNeedsPolicy() *Error { return rotationNeedsPolicy.new() }

var tooManyKeys = row{
	id: "too-many-keys", status: 400, code: BadParameter, container: managedHSM, grade: Inferred,
	template: "The Managed HSM holds {max} keys, which is the most it takes. (Activity ID: {activity})",
	when:     "A key more than a Managed HSM takes. The number is documented, status and text are not.",
}

// NewTooManyKeys refuses a key beyond limit of them.
func NewTooManyKeys(limit int) *Error { return tooManyKeys.new("max", strconv.Itoa(limit)) }

var tooManyKeyVersions = row{
	id: "too-many-key-versions", status: 400, code: BadParameter, container: managedHSM, grade: Inferred,
	template: "The key has {max} versions, which is the most it takes. (Activity ID: {activity})",
	when:     "A version more than a key takes. The number is documented, status and text are not.",
}

// NewTooManyKeyVersions refuses a version beyond limit of them.
func NewTooManyKeyVersions(limit int) *Error {
	return tooManyKeyVersions.new("max", strconv.Itoa(limit))
}

var tooManyRoles = row{
	id: "too-many-roles", status: 400, code: BadParameter, container: managedHSM, grade: Inferred,
	template: "There are {max} {what}, which is the most the Managed HSM takes. (Activity ID: {activity})",
	when:     "A role definition or assignment more than a Managed HSM takes. The numbers are documented, status and text are not.",
}

// NewTooManyRoles refuses one more than limit of what, in the plural.
func NewTooManyRoles(what string, limit int) *Error {
	return tooManyRoles.new("what", what, "max", strconv.Itoa(limit))
}

var invalidRole = row{
	id: "invalid-role", status: 400, code: BadParameter, container: managedHSM, grade: Inferred,
	template: "The role definition or role assignment is not valid: {detail}. (Activity ID: {activity})",
	when:     "A role that does not exist, a scope that is none, or a data action that a Managed HSM does not have.",
}

// NewInvalidRole refuses a role definition or assignment; detail says what is
// wrong, without a full stop.
func NewInvalidRole(detail string) *Error { return invalidRole.new("detail", echo(detail)) }

var jobNotFound = row{
	id: "job-not-found", status: 404, code: NotFound, container: managedHSM, grade: Inferred,
	template: "Requested job not found (Activity ID: {activity})",
	when:     "The status of a backup or restore that is not known, or of a download or upload that was not begun.",
}

// NewJobNotFound refuses to tell of a job that is not known.
func NewJobNotFound() *Error { return jobNotFound.new() }

var jobRunning = row{
	id: "job-running", status: 409, code: Conflict, container: managedHSM, grade: Inferred,
	template: "Another backup or restore is in progress. Retry after it (Activity ID: {activity})",
	when:     "A second backup or restore at one time.",
}

// NewJobRunning refuses a backup or restore while another one runs.
func NewJobRunning() *Error { return jobRunning.new() }

var invalidSecurityDomain = row{
	id: "invalid-security-domain", status: 400, code: BadParameter, container: managedHSM, grade: Inferred,
	template: "The security domain request is not valid: {detail}. (Activity ID: {activity})",
	when:     "Certificates or a quorum that make no security domain, or an upload that does not open.",
}

// NewInvalidSecurityDomain refuses a download or an upload of a security
// domain; detail says what is wrong, without a full stop.
func NewInvalidSecurityDomain(detail string) *Error {
	return invalidSecurityDomain.new("detail", detail)
}

var backupStorage = row{
	id: "backup-storage", status: 400, code: BadRequest, nullInner: true, container: managedHSM, grade: Inferred,
	template: "The storage container cannot be used: {detail}",
	when:     "Backup to or restore from a container that is not known, or a folder that holds no backup of this Managed HSM's security domain.",
}

// NewBackupStorage refuses the storage of a backup or restore; detail says why,
// without a full stop.
func NewBackupStorage(detail string) *Error { return backupStorage.new("detail", detail) }

var externalKeysNotOffered = row{
	id: "external-keys-not-offered", status: 400, code: NotSupported, container: managedHSM, grade: Inferred,
	template: "External key management is not set up for this resource (Activity ID: {activity})",
	when:     "A connection to an external key manager is asked for. There is none to connect to.",
}

// NewExternalKeysNotOffered refuses to connect to an external key manager.
func NewExternalKeysNotOffered() *Error { return externalKeysNotOffered.new() }
