package errs

// Managed HSM: what it says in other words than a vault, and what only it
// says. Its texts end with the activity's id, which is the answer's
// x-ms-request-id.

// ForManagedHSM gives e as a Managed HSM answers it: in its own words where
// they are known, otherwise in the vault's with the activity added. host is
// the container's host name, with the port if there is one; activityID the
// answer's request id. The inner code stays when the words do, so that what a
// caller matches does not depend on the product. e is not changed; nil stays nil.
func ForManagedHSM(e *Error, host, activityID string) *Error {
	if e == nil {
		return nil
	}
	said := *e
	said.managed = true
	r := e.row
	if r != nil && r.twin != nil {
		r = r.twin
	}
	if r == nil || r.container != managedHSM {
		said.Message = trimCRLF(e.Message) + " (Activity ID: " + activityID + ")"
		return &said
	}
	said.row = r
	said.Status, said.Code, said.Inner = r.status, r.code, r.inner
	said.args = append([]string{"host", host, "activity", activityID}, e.args...)
	said.Message = fill(r.template, said.args)
	return &said
}

var hsmKeyNotFound = row{
	id: "hsm-key-not-found", status: 404, code: KeyNotFound,
	template:  "Key not found: https://{host}/keys/{key} (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "No such key; the text has its URL without version.",
}

var hsmDeletedKeyNotFound = row{
	id: "hsm-deleted-key-not-found", status: 404, code: KeyNotFound,
	template:  "Key not found: https://{host}/deletedkeys/{key} (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "Get or recover of a deleted key that is not deleted.",
}

var hsmRotateNotFound = row{
	id: "hsm-rotate-not-found", status: 404, code: KeyNotFound,
	template:  "Key not found: Key not found: https://{host}/keys/{key} (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "Rotate of a key that does not exist: the beginning is doubled.",
}

// NewRotatedKeyNotFound refuses to rotate a key that the Managed HSM at host does
// not hold.
func NewRotatedKeyNotFound(host, key string) *Error {
	return hsmRotateNotFound.new("host", host, "key", key)
}

var roleAssignmentNotFound = row{
	id: "role-assignment-not-found", status: 404, code: RoleAssignmentNotFound,
	template:  "Requested role assignment not found (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "Get or delete of a role assignment that does not exist.",
}

// NewRoleAssignmentNotFound refuses a role assignment that is not there.
func NewRoleAssignmentNotFound() *Error { return roleAssignmentNotFound.new() }

var roleDefinitionNotFound = row{
	id: "role-definition-not-found", status: 404, code: RoleDefinitionNotFound,
	template:  "Requested role definition not found (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "Get or delete of a role definition that does not exist.",
}

// NewRoleDefinitionNotFound refuses a role definition that is not there.
func NewRoleDefinitionNotFound() *Error { return roleDefinitionNotFound.new() }

var ekmNotFound = row{
	id: "ekm-not-found", status: 404, code: NotFound,
	template:  "EKM connection not found (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "No connection to an external key manager is set up.",
}

// NewEKMNotFound refuses whatever needs a connection to an external key manager.
func NewEKMNotFound() *Error { return ekmNotFound.new() }

var restoreInProgress = row{
	id: "restore-in-progress", status: 409, code: Conflict,
	template:  "User triggered Restore operation is in progress. Retry after the restore operation (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "Any request about keys while a restore is running.",
}

// NewRestoreInProgress refuses everything while a restore is running.
func NewRestoreInProgress() *Error { return restoreInProgress.new() }

var hsmInvalidName = row{
	id: "hsm-invalid-name", status: 400, code: BadParameter,
	template:  "Invalid key identifier or name (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "A name no key can have.",
}

var hsmKtyMissing = row{
	id: "hsm-kty-missing", status: 400, code: BadParameter,
	template:  "JSON Web Key: kty is missing (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "Import of an empty key object; used for every invalid one.",
}

var hsmExportableNeedsPolicy = row{
	id: "hsm-exportable-needs-policy", status: 400, code: BadParameter,
	template:  "Exportable keys must have release policy (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "An exportable key without a release policy.",
}

var hsmPolicyNeedsExportable = row{
	id: "hsm-policy-needs-exportable", status: 400, code: BadParameter,
	template:  "Non-exportable keys must not have release policy (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "A release policy for a key that is not exportable.",
}

var hsmPolicyVersion = row{
	id: "hsm-policy-version", status: 400, code: BadParameter,
	template:  "Key Release Policy: missing 'version' property (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "A release policy without a version.",
}

var hsmPolicyImmutable = row{
	id: "hsm-policy-immutable", status: 400, code: BadParameter,
	template:  "Immutable Release policy cannot be modified (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "Change of a release policy that is marked immutable.",
}

var randomCount = row{
	id: "random-count", status: 400, code: BadParameter,
	template:  "GetRandomBytesRequest: count cannot be greater than 128 or less than 1 (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "More than 128 random bytes are asked for, or fewer than one.",
}

// NewRandomCount refuses a number of random bytes.
func NewRandomCount() *Error { return randomCount.new() }

var hsmForeignBackup = row{
	id: "hsm-foreign-backup", status: 400, code: MalformedBackupBlob,
	template:  "Backup blob belongs to a different crypto domain and cannot be used with this instance. (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "Restore of a backup of another security domain, or of what is no backup.",
}

var roleDefinitionName = row{
	id: "role-definition-name", status: 400, code: BadParameter,
	template:  "Role definition name must be a GUID (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "A role definition whose name is not a GUID.",
}

// NewRoleDefinitionName refuses the name of a role definition.
func NewRoleDefinitionName() *Error { return roleDefinitionName.new() }

var roleDefinitionBuiltIn = row{
	id: "role-definition-built-in", status: 400, code: BadParameter,
	template:  "Cannot re-use the name/GUID matching that of a built-in role. Please use a unique role ID. (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "Update or delete of a built-in role definition.",
}

// NewRoleDefinitionBuiltIn refuses to change a built-in role definition.
func NewRoleDefinitionBuiltIn() *Error { return roleDefinitionBuiltIn.new() }

var roleAssignmentExists = row{
	id: "role-assignment-exists", status: 400, code: RoleAssignmentExists,
	template:  "The role assignment already exists. (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "A second role assignment of one name. The status is 400, not 409.",
}

// NewRoleAssignmentExists refuses a second role assignment of one name.
func NewRoleAssignmentExists() *Error { return roleAssignmentExists.new() }

var invalidSetting = row{
	id: "invalid-setting", status: 400, code: InvalidSetting,
	template:  "Invalid setting name. Please check the spelling of the setting name to update. (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "Get or update of a setting that does not exist.",
}

// NewInvalidSetting refuses the name of a setting.
func NewInvalidSetting() *Error { return invalidSetting.new() }

var noContentProvided = row{
	id: "no-content-provided", status: 400, code: NoContentProvided,
	template:  "No content provided (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "Update of a setting with an empty body.",
}

// NewNoContentProvided refuses the update of a setting without a body.
func NewNoContentProvided() *Error { return noContentProvided.new() }

var ekmExists = row{
	id: "ekm-exists", status: 400, code: NotSupported,
	template:  "EKM connection is already setup (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "A second connection to an external key manager.",
}

const malformedSAS = "The customer provided SAS token is malformed. The SAS token does not contain the expiry field"

var backupSAS = row{
	id: "backup-sas", status: 400, code: BadRequest,
	template: malformedSAS, container: managedHSM, grade: Recorded, nullInner: true,
	when: "Backup or restore with a SAS token that has no expiry. The text has no activity; the body has an innererror that is null.",
}

// NewBackupSAS refuses the SAS token of a backup or restore.
func NewBackupSAS() *Error { return backupSAS.new() }

var backupJobSAS = row{
	id: "backup-job-sas", status: 200, code: BadRequest,
	template: malformedSAS, container: managedHSM, grade: Recorded,
	when: "The same, found by the running job. It stands in the error member of the job, inside a successful answer.",
}

// NewBackupJobSAS is how a job ends that its storage has refused.
func NewBackupJobSAS() *Error { return backupJobSAS.new() }

var hsmUnknownError = row{
	id: "hsm-unknown-error", status: 500, code: UnknownError,
	template:  "Unknown error (Activity ID: {activity})",
	container: managedHSM, grade: Recorded,
	when: "An internal error.",
}
