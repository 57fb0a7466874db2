package policy

import "iter"

// Right is one thing a caller may be allowed to do. Every operation of a vault or a Managed HSM needs exactly one.
//
// A right is finer than any of the three words that the service has for it, because those words group operations
// differently: reading a deleted key is "get" in an access policy, the same action as reading a live key in Azure RBAC,
// and an action of its own in a Managed HSM. A grant in any of the three is compiled to the set of rights it covers.
//
// The zero Right is none, and nobody has it.
type Right uint8

// The rights of keys. In a Managed HSM, which has nothing but keys, these are the only ones about objects.
const (
	_ Right = iota
	KeysGet
	KeysList
	KeysCreate
	KeysImport
	KeysUpdate
	KeysDelete
	KeysBackup
	KeysRestore
	KeysRecover
	KeysPurge
	KeysGetDeleted
	KeysListDeleted
	KeysEncrypt
	KeysDecrypt
	KeysSign
	KeysVerify
	KeysWrapKey
	KeysUnwrapKey
	KeysRelease
	KeysRotate
	KeysGetRotationPolicy
	KeysSetRotationPolicy

	// The rights of secrets. Updating the attributes of a secret needs the access policy permission "set", but an
	// action of its own in RBAC.

	SecretsGet
	SecretsList
	SecretsSet
	SecretsUpdate
	SecretsDelete
	SecretsBackup
	SecretsRestore
	SecretsRecover
	SecretsPurge
	SecretsGetDeleted
	SecretsListDeleted

	// The rights of certificates, with the contacts and issuers of the vault.

	CertificatesGet
	CertificatesList
	CertificatesCreate
	CertificatesImport
	CertificatesUpdate
	CertificatesDelete
	CertificatesBackup
	CertificatesRestore
	CertificatesRecover
	CertificatesPurge
	CertificatesGetDeleted
	CertificatesListDeleted
	CertificatesGetContacts
	CertificatesManageContacts
	CertificatesGetIssuers
	CertificatesListIssuers
	CertificatesSetIssuers
	CertificatesDeleteIssuers

	// The rights of managed storage accounts and their shared access signature definitions. A deleted definition is
	// read and listed with the rights of live ones, and recovered with StorageRecover.

	StorageGet
	StorageList
	StorageSet
	StorageUpdate
	StorageDelete
	StorageBackup
	StorageRestore
	StorageRecover
	StoragePurge
	StorageGetDeleted
	StorageListDeleted
	StorageRegenerateKey
	StorageGetSAS
	StorageListSAS
	StorageSetSAS
	StorageDeleteSAS

	// The rights that only a Managed HSM knows.

	RoleAssignmentsRead
	RoleAssignmentsWrite
	RoleAssignmentsDelete
	RoleDefinitionsRead
	RoleDefinitionsWrite
	RoleDefinitionsDelete
	SecurityDomainDownload
	SecurityDomainDownloadStatus
	SecurityDomainUpload
	SecurityDomainUploadStatus
	SecurityDomainTransferKey
	BackupStart
	BackupStatus
	RestoreStart
	RestoreStatus
	Rng
	SettingsRead
	SettingsWrite
	EkmRead
	EkmWrite
	EkmDelete

	numRights
)

// NumRights is one more than the greatest Right: the length of an array indexed by Right.
const NumRights = int(numRights)

// Rights yields every right in the order of its constant.
func Rights() iter.Seq[Right] {
	return func(yield func(Right) bool) {
		for r := Right(1); r < numRights; r++ {
			if !yield(r) {
				return
			}
		}
	}
}

// row returns the table's row of a right, the empty one for a value that is no right.
func (r Right) row() *row {
	if r >= numRights {
		r = 0
	}
	return &table[r]
}

// String returns the name of the constant, such as "KeysGetDeleted".
func (r Right) String() string {
	if name := r.row().name; name != "" {
		return name
	}
	return "no right"
}

// Collection returns what the right is about as the paths of the service spell it: "keys", "secrets", "certificates",
// "storage", or a word such as "roleAssignments" for what only a Managed HSM has.
func (r Right) Collection() string { return r.row().collection }

// Permission returns the access policy permission that gives the right, such as "get", or "" if no access policy can.
// Where several permissions give it (an issuer is read with getissuers or manageissuers) it is the narrowest.
func (r Right) Permission() string {
	if p := r.row().permissions; len(p) > 0 {
		return p[0]
	}
	return ""
}

// VaultAction returns the data action that gives the right in Azure RBAC, such as "Microsoft.KeyVault/vaults/keys/read",
// or "" if a vault has no such right.
func (r Right) VaultAction() string { return r.row().vault }

// HSMAction returns the data action that gives the right in the local RBAC of a Managed HSM, such as
// "Microsoft.KeyVault/managedHsm/keys/read/action", or "" if a Managed HSM has no such right.
func (r Right) HSMAction() string { return r.row().hsm }
