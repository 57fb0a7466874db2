package errs

import "cmp"

// life is a refusal that every kind has, written once. Its template and its
// explanation hold {kind} and {Kind}.
type life struct {
	id       string // what follows the kind in the rows' ids
	status   int
	code     Code
	codes    [NumKinds]Code // where the code differs by kind
	inner    Code
	template string
	storage  string // the text for storage accounts, where it differs
	when     string
	grades   [NumKinds]Grade
	keyTwin  *row // a Managed HSM has keys only
}

// kinds gives the rows of a life, one for each kind.
func kinds(l life) (rows [NumKinds]row) {
	for k := range Kind(NumKinds) {
		words := []string{"Kind", k.String(), "kind", k.Singular()}
		rows[k] = row{
			id: k.Singular() + "-" + l.id, status: l.status, code: cmp.Or(l.code, l.codes[k]), inner: l.inner,
			template: fill(l.template, words), grade: l.grades[k], when: fill(l.when, words),
		}
	}
	if l.storage != "" {
		rows[Storage].template = l.storage
	}
	rows[Key].twin = l.keyTwin
	return rows
}

var notFoundCodes = [NumKinds]Code{KeyNotFound, SecretNotFound, CertificateNotFound, StorageAccountNotFound}

// The order of grades is that of the kinds: key, secret, certificate, storage.

var notFound = kinds(life{
	id: "not-found", status: 404, codes: notFoundCodes,
	template: "A {kind} with (name/id) {name} was not found in this key vault. If you recently deleted this {kind} " +
		"you may be able to recover it using the correct recovery command. " +
		"For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182",
	grades: [NumKinds]Grade{Recorded, Recorded, Recorded, Recorded}, keyTwin: &hsmKeyNotFound,
	when: "No such {kind}, or no such version: then the text has name/version. Also recover and purge of what is not there.",
})

var deletedNotFound = kinds(life{
	id: "deleted-not-found", status: 404, codes: notFoundCodes,
	template: "Deleted {Kind} not found: {name}",
	storage:  notFound[Storage].template,
	grades:   [NumKinds]Grade{Recorded, Recorded, Recorded, Recorded}, keyTwin: &hsmDeletedKeyNotFound,
	when: "Get of a deleted {kind} that is not deleted, or not yet.",
})

var deletedButRecoverable = kinds(life{
	id: "deleted-but-recoverable", status: 409, code: Conflict, inner: ObjectIsDeletedButRecoverable,
	template: "{Kind} {name} is currently in a deleted but recoverable state, and its name cannot be reused; " +
		"in this state, the {kind} can only be recovered or purged.",
	grades: [NumKinds]Grade{Recorded, Recorded, Recorded, Inferred},
	when:   "Create, set or import of a {kind} whose name is deleted and not purged.",
})

var beingDeleted = kinds(life{
	id: "being-deleted", status: 409, code: Conflict, inner: ObjectIsBeingDeleted,
	template: "{Kind} {name} is currently being deleted and cannot be re-created; retry later.",
	grades:   [NumKinds]Grade{Recorded, Recorded, Inferred, Inferred},
	when:     "Create, set or import of a {kind} whose delete or purge is not complete.",
})

var beingRecovered = kinds(life{
	id: "being-recovered", status: 409, code: Conflict, inner: ObjectIsBeingRecovered,
	template: "{Kind} {name} is currently being recovered and cannot be re-created; retry later.",
	grades:   [NumKinds]Grade{Inferred, Issue, Inferred, Inferred},
	when:     "Create, set or import of a {kind} whose recovery is not complete.",
})

var recoverWhileDeleting = kinds(life{
	id: "recover-while-deleting", status: 409, code: Conflict, inner: ObjectIsBeingDeleted,
	template: "{Kind} {name} is currently being deleted.",
	grades:   [NumKinds]Grade{Recorded, Recorded, Recorded, Inferred},
	when:     "Recover of a {kind} whose delete is not complete.",
})

var purgeWhileDeleting = kinds(life{
	id: "purge-while-deleting", status: 409, code: Conflict, inner: ObjectIsBeingDeleted,
	template: "{Kind} is currently being deleted.",
	grades:   [NumKinds]Grade{Recorded, Recorded, Recorded, Inferred},
	when:     "Purge of a {kind} whose delete is not complete. The text has no name.",
})

var recoverConflict = kinds(life{
	id: "recover-conflict", status: 409, code: Conflict,
	template: "There was a conflict while recovering the soft-deleted {kind} '{id}'. " +
		"This can happen when multiple operations are performed in parallel against the soft-deleted {kind}. " +
		"To avoid this error, perform operations against the soft-deleted {kind} in a sequential manner.",
	grades: [NumKinds]Grade{Issue, Inferred, Issue, Inferred},
	when:   "Two operations on one deleted {kind} at the same time.",
})

var restoreConflict = kinds(life{
	id: "restore-conflict", status: 409, code: Conflict,
	template: "There was a conflict restoring the {kind} '{id}'. This can happen if either: a second {kind} with the same name " +
		"was created after the first {kind} was deleted; thus trying to restore a {kind} whose name is already in use. " +
		"To fix this, rename the second {kind} to something else so that the restore works. " +
		"The second probable cause of this exception is when multiple operations are performed in parallel against the {kind}. " +
		"To avoid this error, perform operations against a {kind} in a sequential manner.",
	grades: [NumKinds]Grade{Recorded, Recorded, Recorded, Inferred},
	when:   "Restore of a {kind} whose name is in use, live or deleted.",
})

var existsAlready = kinds(life{
	id: "exists-already", status: 400, code: MethodNotAllowed, inner: RequestNotAllowedOnNonDeletedObject,
	template: "{Kind} exists already: {name}",
	grades:   [NumKinds]Grade{Inferred, Recorded, Inferred, Inferred},
	when:     "Recover of a {kind} that is live. The status is 400 in spite of the code.",
})

var notDeleted = kinds(life{
	id: "not-deleted", status: 400, code: MethodNotAllowed, inner: ObjectMustBeDeletedPriorToBeingPurged,
	template: "{Kind} must be deleted prior to being purged.",
	grades:   [NumKinds]Grade{Inferred, Inferred, Recorded, Inferred},
	when:     "Purge of a {kind} that is live. The status is 400 in spite of the code.",
})

// managed is written out: a certificate and a storage account belong to
// nothing, so their rows exist for completeness only.
var managed = [NumKinds]row{
	Key: {
		id: "key-managed", status: 403, code: Forbidden, inner: KeyManagedByKeyVault,
		template: managedText, grade: Recorded,
		when: "Delete of a certificate's key. Other operations follow delete.",
	},
	Secret: {
		id: "secret-managed", status: 403, code: Forbidden, inner: SecretManagedByKeyVault,
		template: "Operation \"{op}\" is not allowed on this secret, since it is associated with a certificate. " +
			"Perform the operation on the corresponding certificate. For more information refer to " +
			"https://docs.microsoft.com/en-us/azure/key-vault/certificates/about-certificates#composition-of-a-certificate",
		grade: Recorded,
		when:  "Delete of a certificate's secret. Other operations follow delete.",
	},
	Certificate: {
		id: "certificate-managed", status: 403, code: Forbidden, template: managedText, grade: Inferred,
		when: "Not given by the service: nothing owns a certificate.",
	},
	Storage: {
		id: "storage-managed", status: 403, code: Forbidden, template: managedText, grade: Inferred,
		when: "Not given by the service: nothing owns a storage account.",
	},
}

const managedText = "Operation \"{op}\" is not allowed as this object's lifetime is managed by Key Vault."
