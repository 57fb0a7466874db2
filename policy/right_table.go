package policy

// row is what the service calls one right in each of its three languages.
type row struct {
	name        string
	collection  string
	permissions []string // any one of them is enough; the narrowest first
	vault       string
	hsm         string
}

const (
	vaultActions = "Microsoft.KeyVault/vaults/"
	hsmActions   = "Microsoft.KeyVault/managedHsm/"
)

// only is a right that a single permission gives.
func only(permission string) []string { return []string{permission} }

// table is the one place that says what a right is called. Everything else in the package, the roles included, is
// compiled through it.
var table = [numRights]row{
	KeysGet:     {"KeysGet", "keys", only("get"), vaultActions + "keys/read", hsmActions + "keys/read/action"},
	KeysList:    {"KeysList", "keys", only("list"), vaultActions + "keys/read", hsmActions + "keys/read/action"},
	KeysCreate:  {"KeysCreate", "keys", only("create"), vaultActions + "keys/create/action", hsmActions + "keys/create"},
	KeysImport:  {"KeysImport", "keys", only("import"), vaultActions + "keys/import/action", hsmActions + "keys/import/action"},
	KeysUpdate:  {"KeysUpdate", "keys", only("update"), vaultActions + "keys/update/action", hsmActions + "keys/write/action"},
	KeysDelete:  {"KeysDelete", "keys", only("delete"), vaultActions + "keys/delete", hsmActions + "keys/delete"},
	KeysBackup:  {"KeysBackup", "keys", only("backup"), vaultActions + "keys/backup/action", hsmActions + "keys/backup/action"},
	KeysRestore: {"KeysRestore", "keys", only("restore"), vaultActions + "keys/restore/action", hsmActions + "keys/restore/action"},
	KeysRecover: {"KeysRecover", "keys", only("recover"), vaultActions + "keys/recover/action", hsmActions + "keys/deletedKeys/recover/action"},
	KeysPurge:   {"KeysPurge", "keys", only("purge"), vaultActions + "keys/purge/action", hsmActions + "keys/deletedKeys/delete"},

	KeysGetDeleted:  {"KeysGetDeleted", "keys", only("get"), vaultActions + "keys/read", hsmActions + "keys/deletedKeys/read/action"},
	KeysListDeleted: {"KeysListDeleted", "keys", only("list"), vaultActions + "keys/read", hsmActions + "keys/deletedKeys/read/action"},

	KeysEncrypt:   {"KeysEncrypt", "keys", only("encrypt"), vaultActions + "keys/encrypt/action", hsmActions + "keys/encrypt/action"},
	KeysDecrypt:   {"KeysDecrypt", "keys", only("decrypt"), vaultActions + "keys/decrypt/action", hsmActions + "keys/decrypt/action"},
	KeysSign:      {"KeysSign", "keys", only("sign"), vaultActions + "keys/sign/action", hsmActions + "keys/sign/action"},
	KeysVerify:    {"KeysVerify", "keys", only("verify"), vaultActions + "keys/verify/action", hsmActions + "keys/verify/action"},
	KeysWrapKey:   {"KeysWrapKey", "keys", only("wrapKey"), vaultActions + "keys/wrap/action", hsmActions + "keys/wrap/action"},
	KeysUnwrapKey: {"KeysUnwrapKey", "keys", only("unwrapKey"), vaultActions + "keys/unwrap/action", hsmActions + "keys/unwrap/action"},
	KeysRelease:   {"KeysRelease", "keys", only("release"), vaultActions + "keys/release/action", hsmActions + "keys/release/action"},
	KeysRotate:    {"KeysRotate", "keys", only("rotate"), vaultActions + "keys/rotate/action", hsmActions + "keys/rotate/action"},

	KeysGetRotationPolicy: {"KeysGetRotationPolicy", "keys", only("getrotationpolicy"), vaultActions + "keyrotationpolicies/read", hsmActions + "keys/read/action"},
	KeysSetRotationPolicy: {"KeysSetRotationPolicy", "keys", only("setrotationpolicy"), vaultActions + "keyrotationpolicies/write", hsmActions + "keys/write/action"},

	SecretsGet:         {"SecretsGet", "secrets", only("get"), vaultActions + "secrets/getSecret/action", ""},
	SecretsList:        {"SecretsList", "secrets", only("list"), vaultActions + "secrets/readMetadata/action", ""},
	SecretsSet:         {"SecretsSet", "secrets", only("set"), vaultActions + "secrets/setSecret/action", ""},
	SecretsUpdate:      {"SecretsUpdate", "secrets", only("set"), vaultActions + "secrets/update/action", ""},
	SecretsDelete:      {"SecretsDelete", "secrets", only("delete"), vaultActions + "secrets/delete", ""},
	SecretsBackup:      {"SecretsBackup", "secrets", only("backup"), vaultActions + "secrets/backup/action", ""},
	SecretsRestore:     {"SecretsRestore", "secrets", only("restore"), vaultActions + "secrets/restore/action", ""},
	SecretsRecover:     {"SecretsRecover", "secrets", only("recover"), vaultActions + "secrets/recover/action", ""},
	SecretsPurge:       {"SecretsPurge", "secrets", only("purge"), vaultActions + "secrets/purge/action", ""},
	SecretsGetDeleted:  {"SecretsGetDeleted", "secrets", only("get"), vaultActions + "secrets/readMetadata/action", ""},
	SecretsListDeleted: {"SecretsListDeleted", "secrets", only("list"), vaultActions + "secrets/readMetadata/action", ""},

	CertificatesGet:         {"CertificatesGet", "certificates", only("get"), vaultActions + "certificates/read", ""},
	CertificatesList:        {"CertificatesList", "certificates", only("list"), vaultActions + "certificates/read", ""},
	CertificatesCreate:      {"CertificatesCreate", "certificates", only("create"), vaultActions + "certificates/create/action", ""},
	CertificatesImport:      {"CertificatesImport", "certificates", only("import"), vaultActions + "certificates/import/action", ""},
	CertificatesUpdate:      {"CertificatesUpdate", "certificates", only("update"), vaultActions + "certificates/update/action", ""},
	CertificatesDelete:      {"CertificatesDelete", "certificates", only("delete"), vaultActions + "certificates/delete", ""},
	CertificatesBackup:      {"CertificatesBackup", "certificates", only("backup"), vaultActions + "certificates/backup/action", ""},
	CertificatesRestore:     {"CertificatesRestore", "certificates", only("restore"), vaultActions + "certificates/restore/action", ""},
	CertificatesRecover:     {"CertificatesRecover", "certificates", only("recover"), vaultActions + "certificates/recover/action", ""},
	CertificatesPurge:       {"CertificatesPurge", "certificates", only("purge"), vaultActions + "certificates/purge/action", ""},
	CertificatesGetDeleted:  {"CertificatesGetDeleted", "certificates", only("get"), vaultActions + "certificates/read", ""},
	CertificatesListDeleted: {"CertificatesListDeleted", "certificates", only("list"), vaultActions + "certificates/read", ""},

	CertificatesGetContacts:    {"CertificatesGetContacts", "certificates", only("managecontacts"), vaultActions + "certificates/read", ""},
	CertificatesManageContacts: {"CertificatesManageContacts", "certificates", only("managecontacts"), vaultActions + "certificatecontacts/write", ""},
	CertificatesGetIssuers:     {"CertificatesGetIssuers", "certificates", []string{"getissuers", "manageissuers"}, vaultActions + "certificatecas/read", ""},
	CertificatesListIssuers:    {"CertificatesListIssuers", "certificates", []string{"listissuers", "getissuers", "manageissuers"}, vaultActions + "certificatecas/read", ""},
	CertificatesSetIssuers:     {"CertificatesSetIssuers", "certificates", only("setissuers"), vaultActions + "certificatecas/write", ""},
	CertificatesDeleteIssuers:  {"CertificatesDeleteIssuers", "certificates", only("deleteissuers"), vaultActions + "certificatecas/delete", ""},

	StorageGet:           {"StorageGet", "storage", only("get"), vaultActions + "storageaccounts/read", ""},
	StorageList:          {"StorageList", "storage", only("list"), vaultActions + "storageaccounts/read", ""},
	StorageSet:           {"StorageSet", "storage", only("set"), vaultActions + "storageaccounts/set/action", ""},
	StorageUpdate:        {"StorageUpdate", "storage", []string{"update", "set"}, vaultActions + "storageaccounts/set/action", ""},
	StorageDelete:        {"StorageDelete", "storage", only("delete"), vaultActions + "storageaccounts/delete", ""},
	StorageBackup:        {"StorageBackup", "storage", only("backup"), vaultActions + "storageaccounts/backup/action", ""},
	StorageRestore:       {"StorageRestore", "storage", only("restore"), vaultActions + "storageaccounts/restore/action", ""},
	StorageRecover:       {"StorageRecover", "storage", only("recover"), vaultActions + "storageaccounts/recover/action", ""},
	StoragePurge:         {"StoragePurge", "storage", only("purge"), vaultActions + "storageaccounts/purge/action", ""},
	StorageGetDeleted:    {"StorageGetDeleted", "storage", only("get"), vaultActions + "storageaccounts/read", ""},
	StorageListDeleted:   {"StorageListDeleted", "storage", only("list"), vaultActions + "storageaccounts/read", ""},
	StorageRegenerateKey: {"StorageRegenerateKey", "storage", only("regeneratekey"), vaultActions + "storageaccounts/regeneratekey/action", ""},
	StorageGetSAS:        {"StorageGetSAS", "storage", only("getsas"), vaultActions + "storageaccounts/sas/read", ""},
	StorageListSAS:       {"StorageListSAS", "storage", only("listsas"), vaultActions + "storageaccounts/sas/read", ""},
	StorageSetSAS:        {"StorageSetSAS", "storage", only("setsas"), vaultActions + "storageaccounts/sas/set/action", ""},
	StorageDeleteSAS:     {"StorageDeleteSAS", "storage", only("deletesas"), vaultActions + "storageaccounts/sas/delete", ""},

	RoleAssignmentsRead:   {"RoleAssignmentsRead", "roleAssignments", nil, "", hsmActions + "roleAssignments/read/action"},
	RoleAssignmentsWrite:  {"RoleAssignmentsWrite", "roleAssignments", nil, "", hsmActions + "roleAssignments/write/action"},
	RoleAssignmentsDelete: {"RoleAssignmentsDelete", "roleAssignments", nil, "", hsmActions + "roleAssignments/delete/action"},
	RoleDefinitionsRead:   {"RoleDefinitionsRead", "roleDefinitions", nil, "", hsmActions + "roleDefinitions/read/action"},
	RoleDefinitionsWrite:  {"RoleDefinitionsWrite", "roleDefinitions", nil, "", hsmActions + "roleDefinitions/write/action"},
	RoleDefinitionsDelete: {"RoleDefinitionsDelete", "roleDefinitions", nil, "", hsmActions + "roleDefinitions/delete/action"},

	SecurityDomainDownload:       {"SecurityDomainDownload", "securitydomain", nil, "", hsmActions + "securitydomain/download/action"},
	SecurityDomainDownloadStatus: {"SecurityDomainDownloadStatus", "securitydomain", nil, "", hsmActions + "securitydomain/download/read"},
	SecurityDomainUpload:         {"SecurityDomainUpload", "securitydomain", nil, "", hsmActions + "securitydomain/upload/action"},
	SecurityDomainUploadStatus:   {"SecurityDomainUploadStatus", "securitydomain", nil, "", hsmActions + "securitydomain/upload/read"},
	SecurityDomainTransferKey:    {"SecurityDomainTransferKey", "securitydomain", nil, "", hsmActions + "securitydomain/transferkey/read"},

	BackupStart:   {"BackupStart", "backup", nil, "", hsmActions + "backup/start/action"},
	BackupStatus:  {"BackupStatus", "backup", nil, "", hsmActions + "backup/status/action"},
	RestoreStart:  {"RestoreStart", "restore", nil, "", hsmActions + "restore/start/action"},
	RestoreStatus: {"RestoreStatus", "restore", nil, "", hsmActions + "restore/status/action"},
	Rng:           {"Rng", "rng", nil, "", hsmActions + "rng/action"},
	SettingsRead:  {"SettingsRead", "settings", nil, "", hsmActions + "settings/read/action"},
	SettingsWrite: {"SettingsWrite", "settings", nil, "", hsmActions + "settings/write/action"},
	EkmRead:       {"EkmRead", "ekm", nil, "", hsmActions + "ekm/read"},
	EkmWrite:      {"EkmWrite", "ekm", nil, "", hsmActions + "ekm/write"},
	EkmDelete:     {"EkmDelete", "ekm", nil, "", hsmActions + "ekm/delete"},
}
