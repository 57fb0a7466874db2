package errs

import "strings"

// 403 Forbidden: the caller is known but may not. Given for objects that do
// not exist as well, so that names cannot be probed.

const noPermission = "The user, group or application '{caller}' does not have {collection} {permission} permission on key vault '{vault}'. " +
	"For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287"

var accessDenied = row{
	id: "access-denied", status: 403, code: Forbidden, inner: AccessDenied,
	template: noPermission, grade: Issue,
	when: "Access policies decide and the caller has no entry. Text and inner code are quoted; that they mean the absence of an entry is inferred from older builds.",
}

// NewAccessDenied refuses a caller that no access policy names. collection is
// keys, secrets, certificates or storage; permission one of its permissions, such as get.
func NewAccessDenied(w Who, at Where, collection, permission string) *Error {
	return accessDenied.new("caller", w.String(), "vault", at.String(), "collection", collection, "permission", permission)
}

var forbiddenByPolicy = row{
	id: "forbidden-by-policy", status: 403, code: Forbidden, inner: ForbiddenByPolicy,
	template: noPermission, grade: Recorded,
	when: "Access policies decide and the caller's entry lacks the permission.",
}

// NewForbiddenByPolicy refuses a caller whose access policy lacks the
// permission; see NewAccessDenied for the arguments.
func NewForbiddenByPolicy(w Who, at Where, collection, permission string) *Error {
	return forbiddenByPolicy.new("caller", w.String(), "vault", at.String(), "collection", collection, "permission", permission)
}

var firstPartyDenied = row{
	id: "first-party-denied", status: 403, code: Forbidden, inner: AccessDenied,
	template: "Access denied to first party service.\r\nCaller: name={service};tid={tenant};{caller}",
	grade:    Issue,
	when:     "One of the cloud's own services asks without the right to act for the vault's owner. The end of the text was not seen.",
}

var forbiddenByRbac = row{
	id: "forbidden-by-rbac", status: 403, code: Forbidden, inner: ForbiddenByRbac,
	template: "Caller is not authorized to perform action on resource.\r\n" +
		"If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\n" +
		"Caller: {caller}\r\nAction: '{action}'\r\nResource: '{resource}'\r\n" +
		"Assignment: {assignment}\r\nDenyAssignmentId: {deny}\r\nDecisionReason: {reason} \r\nVault: {vault}\r\n",
	grade: Issue,
	when:  "Role assignments decide and none grants the data action, or one denies it. The resource is in lower case.",
}

// NewForbiddenByRbac refuses a caller that no role assignment lets through.
// action is the data action, resource the object's path from /subscriptions/
// on, shown in lower case. assignment, denyAssignment and reason tell what
// decided; "" is shown as "(not found)", "null" and "null". The form of an
// assignment that is shown is inferred.
func NewForbiddenByRbac(w Who, at Where, action, resource, assignment, denyAssignment, reason string) *Error {
	if assignment == "" {
		assignment = "(not found)"
	}
	return forbiddenByRbac.new("caller", w.String(), "vault", at.String(),
		"action", action, "resource", strings.ToLower(resource),
		"assignment", assignment, "deny", quotedOrNull(denyAssignment), "reason", quotedOrNull(reason))
}

func quotedOrNull(s string) string {
	if s == "" {
		return "null"
	}
	return "'" + s + "'"
}

var keyOperationForbidden = row{
	id: "key-operation-forbidden", status: 403, code: Forbidden, inner: KeyOperationForbidden,
	template: "Operation {op} is not permitted on this key.", grade: Issue,
	when: "The operation is not among the key's key_ops.",
}

// NewKeyOperationForbidden refuses an operation that the key is not for. op
// is spelled as in key_ops: encrypt, decrypt, sign, verify, wrapKey, unwrapKey.
func NewKeyOperationForbidden(op string) *Error { return keyOperationForbidden.new("op", op) }

var keyDisabled = row{
	id: "key-disabled", status: 403, code: Forbidden, inner: KeyDisabled,
	template: "Operation {op} is not allowed on a disabled key.", grade: Issue,
	when: "The key's enabled is false and the operation is decrypt, sign, unwrapKey or release; the others pass.",
}

// NewKeyDisabled refuses an operation on a disabled key; op as in key_ops.
func NewKeyDisabled(op string) *Error { return keyDisabled.new("op", op) }

var keyNotYetValid = row{
	id: "key-not-yet-valid", status: 403, code: Forbidden, inner: KeyNotYetValid,
	template: "Operation {op} is not allowed on a key that is not yet valid.", grade: Inferred,
	when: "Encrypt, sign or wrapKey before the key's nbf. The inner code is known from a client, the text is ours.",
}

// NewKeyNotYetValid refuses an operation before the key's nbf; op as in key_ops.
func NewKeyNotYetValid(op string) *Error { return keyNotYetValid.new("op", op) }

var keyExpired = row{
	id: "key-expired", status: 403, code: Forbidden, inner: KeyExpired,
	template: "Operation {op} is not allowed on an expired key.", grade: Inferred,
	when: "Encrypt, sign or wrapKey at or after the key's exp. Inner code and text are ours.",
}

// NewKeyExpired refuses an operation at or after the key's exp; op as in key_ops.
func NewKeyExpired(op string) *Error { return keyExpired.new("op", op) }

var secretDisabled = row{
	id: "secret-disabled", status: 403, code: Forbidden, inner: SecretDisabled,
	template: "Operation {op} is not allowed on a disabled secret.", grade: Recorded,
	when: "The secret's enabled is false; recorded for get, of a deleted secret too.",
}

// NewSecretDisabled refuses an operation, such as get, on a disabled secret.
func NewSecretDisabled(op string) *Error { return secretDisabled.new("op", op) }

var hardwareKeysNotSupported = row{
	id: "hardware-keys-not-supported", status: 403, code: Forbidden, inner: HardwareKeysNotSupported,
	template: "Hardware key operation not allowed on standard vault", grade: Recorded,
	when: "A key type ending in -HSM is asked of a standard vault.",
}

// NewHardwareKeysNotSupported refuses a hardware key in a standard vault.
func NewHardwareKeysNotSupported() *Error { return hardwareKeysNotSupported.new() }

var purgeProtected = row{
	id: "purge-protected", status: 403, code: Forbidden,
	template: "Operation \"purge\" is not allowed because purge protection is enabled for this vault. " +
		"Key Vault service will automatically purge it after the retention period has passed.\r\nVault: {vault}",
	grade: Issue,
	when:  "Purge while purge protection is on. The line break before the vault is inferred.",
}

// NewPurgeProtected refuses to purge from a vault that protects against it.
func NewPurgeProtected(at Where) *Error { return purgeProtected.new("vault", at.String()) }

var attestationRefused = row{
	id: "attestation-refused", status: 403, code: Forbidden, inner: AccessDenied,
	template: "Target environment attestation statement cannot be verified.", grade: Recorded,
	when: "Release to an environment whose attestation does not verify or does not meet the release policy.",
}

// NewAttestationRefused refuses to release a key to an environment whose
// attestation does not verify, or does not meet the key's release policy.
func NewAttestationRefused() *Error { return attestationRefused.new() }

var mergeForbidden = row{
	id: "merge-forbidden", status: 403, code: Forbidden,
	template: "Merge is forbidden on pending object created with issuer : {issuer} while it is in progess.", grade: Doc,
	when: "Merge while the pending request of an issuer is in progress. The spelling is the service's.",
}

var rootForbidden = row{
	id: "root-forbidden", status: 403, plain: "an HTML page of 1233 bytes", grade: Issue,
	when: "A request for the bare root of a vault's host.",
}
