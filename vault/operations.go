package vault

import (
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
)

// The names of the operations, as the service audits them.
const (
	OpKeyCreate            Operation = "KeyCreate"
	OpKeyImport            Operation = "KeyImport"
	OpKeyGet               Operation = "KeyGet"
	OpKeyList              Operation = "KeyList"
	OpKeyListVersions      Operation = "KeyListVersions"
	OpKeyUpdate            Operation = "KeyUpdate"
	OpKeyRotate            Operation = "KeyRotate"
	OpKeyBackup            Operation = "KeyBackup"
	OpKeyRestore           Operation = "KeyRestore"
	OpKeyDelete            Operation = "KeyDelete"
	OpKeyGetDeleted        Operation = "KeyGetDeleted"
	OpKeyListDeleted       Operation = "KeyListDeleted"
	OpKeyRecover           Operation = "KeyRecover"
	OpKeyPurge             Operation = "KeyPurge"
	OpKeyRotationPolicyGet Operation = "KeyRotationPolicyGet"
	OpKeyRotationPolicySet Operation = "KeyRotationPolicySet"
	OpKeySign              Operation = "KeySign"
	OpKeyVerify            Operation = "KeyVerify"
	OpKeyEncrypt           Operation = "KeyEncrypt"
	OpKeyDecrypt           Operation = "KeyDecrypt"
	OpKeyWrap              Operation = "KeyWrap"
	OpKeyUnwrap            Operation = "KeyUnwrap"
	OpKeyRelease           Operation = "KeyRelease"
	OpKeySecureUnwrap      Operation = "KeySecureUnwrap"
	OpKeyAttestationGet    Operation = "KeyAttestationGet"
	OpKeySecureWrap        Operation = "KeySecureWrap"

	OpSecretSet          Operation = "SecretSet"
	OpSecretGet          Operation = "SecretGet"
	OpSecretList         Operation = "SecretList"
	OpSecretListVersions Operation = "SecretListVersions"
	OpSecretUpdate       Operation = "SecretUpdate"
	OpSecretBackup       Operation = "SecretBackup"
	OpSecretRestore      Operation = "SecretRestore"
	OpSecretDelete       Operation = "SecretDelete"
	OpSecretGetDeleted   Operation = "SecretGetDeleted"
	OpSecretListDeleted  Operation = "SecretListDeleted"
	OpSecretRecover      Operation = "SecretRecover"
	OpSecretPurge        Operation = "SecretPurge"

	OpRandomBytesGet    Operation = "RandomBytesGet"
	OpSettingsList      Operation = "SettingsList"
	OpSettingGet        Operation = "SettingGet"
	OpSettingUpdate     Operation = "SettingUpdate"
	OpEKMGet            Operation = "EkmConnectionGet"
	OpEKMUpdate         Operation = "EkmConnectionUpdate"
	OpEKMDelete         Operation = "EkmConnectionDelete"
	OpEKMCreate         Operation = "EkmConnectionCreate"
	OpEKMCertificateGet Operation = "EkmCertificateGet"
	OpEKMCheck          Operation = "EkmConnectionCheck"

	OpSecurityDomainBackup           Operation = "SecurityDomainBackup"
	OpSecurityDomainBackupStatusGet  Operation = "SecurityDomainBackupStatusGet"
	OpSecurityDomainTransferKeyGet   Operation = "SecurityDomainTransferKeyGet"
	OpSecurityDomainRestore          Operation = "SecurityDomainRestore"
	OpSecurityDomainRestoreStatusGet Operation = "SecurityDomainRestoreStatusGet"

	OpBackupStart     Operation = "BackupStart"
	OpBackupCheck     Operation = "BackupCheck"
	OpBackupStatus    Operation = "BackupStatus"
	OpRestoreStart    Operation = "RestoreStart"
	OpRestoreCheck    Operation = "RestoreCheck"
	OpKeyRestoreStart Operation = "KeyRestoreStart"
	OpRestoreStatus   Operation = "RestoreStatus"

	OpRoleDefinitionList   Operation = "RoleDefinitionList"
	OpRoleDefinitionGet    Operation = "RoleDefinitionGet"
	OpRoleDefinitionSet    Operation = "RoleDefinitionSet"
	OpRoleDefinitionDelete Operation = "RoleDefinitionDelete"
	OpRoleAssignmentList   Operation = "RoleAssignmentList"
	OpRoleAssignmentGet    Operation = "RoleAssignmentGet"
	OpRoleAssignmentCreate Operation = "RoleAssignmentCreate"
	OpRoleAssignmentDelete Operation = "RoleAssignmentDelete"
)

// unthrottled is the class of what a Managed HSM alone has, its roles apart: none of its limits is on it. A vault that is
// asked for it, and answers 404, charges it as the use of a secret.
const unthrottled = limiter.SecretUse

// The table: every operation once, with audited name, status, method and path, right, and class of limit.
var (
	keyCreate = define(OpKeyCreate, 200, "POST /keys/{name}/create", policy.KeysCreate, limiter.KeyCreate, createKey).
			costing(creation)
	keyImport = define(OpKeyImport, 200, "PUT /keys/{name}", policy.KeysImport, limiter.KeyImport, importKey).
			costing(importing)
	keyGet               = define(OpKeyGet, 200, "GET /keys/{name}/{version}", policy.KeysGet, limiter.KeyUse, keyLife.get)
	keyList              = define(OpKeyList, 200, "GET /keys", policy.KeysList, limiter.KeyUse, keyLife.list)
	keyListVersions      = define(OpKeyListVersions, 200, "GET /keys/{name}/versions", policy.KeysList, limiter.KeyUse, keyLife.listVersions)
	keyPatch             = define(OpKeyUpdate, 200, "PATCH /keys/{name}/{version}", policy.KeysUpdate, limiter.KeyUse, updateKey)
	keyRotate            = define(OpKeyRotate, 200, "POST /keys/{name}/rotate", policy.KeysRotate, limiter.KeyCreate, rotate).since(v73)
	keyRotationPolicyGet = define(OpKeyRotationPolicyGet, 200, "GET /keys/{name}/rotationpolicy", policy.KeysGetRotationPolicy, limiter.KeyUse, getRotationPolicy).since(v73)
	keyRotationPolicySet = define(OpKeyRotationPolicySet, 200, "PUT /keys/{name}/rotationpolicy", policy.KeysSetRotationPolicy, limiter.KeyUse, setRotationPolicy).since(v73)
	keyBackup            = define(OpKeyBackup, 200, "POST /keys/{name}/backup", policy.KeysBackup, limiter.KeyUse, keyLife.backup)
	keyRestore           = define(OpKeyRestore, 200, "POST /keys/restore", policy.KeysRestore, limiter.KeyUse, keyLife.restore)
	keyDelete            = define(OpKeyDelete, 200, "DELETE /keys/{name}", policy.KeysDelete, limiter.KeyUse, keyLife.delete)
	keyGetDeleted        = define(OpKeyGetDeleted, 200, "GET /deletedkeys/{name}", policy.KeysGetDeleted, limiter.KeyUse, keyLife.getDeleted)
	keyListDeleted       = define(OpKeyListDeleted, 200, "GET /deletedkeys", policy.KeysListDeleted, limiter.KeyUse, keyLife.listDeleted)
	keyRecover           = define(OpKeyRecover, 200, "POST /deletedkeys/{name}/recover", policy.KeysRecover, limiter.KeyUse, keyLife.recover)
	keyPurge             = define(OpKeyPurge, 204, "DELETE /deletedkeys/{name}", policy.KeysPurge, limiter.KeyUse, keyLife.purge)

	keySign    = define(OpKeySign, 200, "POST /keys/{name}/{version}/sign", policy.KeysSign, limiter.KeyUse, sign)
	keyVerify  = define(OpKeyVerify, 200, "POST /keys/{name}/{version}/verify", policy.KeysVerify, limiter.KeyUse, verify)
	keyEncrypt = define(OpKeyEncrypt, 200, "POST /keys/{name}/{version}/encrypt", policy.KeysEncrypt, limiter.KeyUse, encrypt)
	keyDecrypt = define(OpKeyDecrypt, 200, "POST /keys/{name}/{version}/decrypt", policy.KeysDecrypt, limiter.KeyUse, decrypt)
	keyWrap    = define(OpKeyWrap, 200, "POST /keys/{name}/{version}/wrapkey", policy.KeysWrapKey, limiter.KeyUse, wrapKey)
	keyUnwrap  = define(OpKeyUnwrap, 200, "POST /keys/{name}/{version}/unwrapkey", policy.KeysUnwrapKey, limiter.KeyUse, unwrapKey)

	keyRelease      = define(OpKeyRelease, 200, "POST /keys/{name}/{version}/release", policy.KeysRelease, limiter.KeyCreate, release).since(v73)
	keySecureUnwrap = define(OpKeySecureUnwrap, 200, "POST /keys/{name}/{version}/secureunwrapkey", policy.KeysUnwrapKey, limiter.KeyUse, secureUnwrap).since(v2026)
	keyAttestation  = define(OpKeyAttestationGet, 200, "GET /keys/{name}/{version}/attestation", policy.KeysGet, limiter.KeyUse, attestKey).since(v76)
	keySecureWrap   = define(OpKeySecureWrap, 200, "POST /keys/{name}/{version}/securewrapkey", policy.KeysWrapKey, limiter.KeyUse, secureWrapKey).since(v2026)

	secretSet          = define(OpSecretSet, 200, "PUT /secrets/{name}", policy.SecretsSet, limiter.SecretCreate, setSecret)
	secretGet          = define(OpSecretGet, 200, "GET /secrets/{name}/{version}", policy.SecretsGet, limiter.SecretUse, getSecret)
	secretList         = define(OpSecretList, 200, "GET /secrets", policy.SecretsList, limiter.SecretUse, secretLife.list)
	secretListVersions = define(OpSecretListVersions, 200, "GET /secrets/{name}/versions", policy.SecretsList, limiter.SecretUse, secretLife.listVersions)
	secretPatch        = define(OpSecretUpdate, 200, "PATCH /secrets/{name}/{version}", policy.SecretsUpdate, limiter.SecretUse, updateSecret)
	secretBackup       = define(OpSecretBackup, 200, "POST /secrets/{name}/backup", policy.SecretsBackup, limiter.SecretUse, secretLife.backup)
	secretRestore      = define(OpSecretRestore, 200, "POST /secrets/restore", policy.SecretsRestore, limiter.SecretUse, secretLife.restore)
	secretDelete       = define(OpSecretDelete, 200, "DELETE /secrets/{name}", policy.SecretsDelete, limiter.SecretUse, secretLife.delete)
	secretGetDeleted   = define(OpSecretGetDeleted, 200, "GET /deletedsecrets/{name}", policy.SecretsGetDeleted, limiter.SecretUse, getDeletedSecret)
	secretListDeleted  = define(OpSecretListDeleted, 200, "GET /deletedsecrets", policy.SecretsListDeleted, limiter.SecretUse, secretLife.listDeleted)
	secretRecover      = define(OpSecretRecover, 200, "POST /deletedsecrets/{name}/recover", policy.SecretsRecover, limiter.SecretUse, secretLife.recover)
	secretPurge        = define(OpSecretPurge, 204, "DELETE /deletedsecrets/{name}", policy.SecretsPurge, limiter.SecretUse, secretLife.purge)

	randomGet     = define(OpRandomBytesGet, 200, "POST /rng", policy.Rng, unthrottled, randomBytes).since(v73)
	settingsList  = define(OpSettingsList, 200, "GET /settings", policy.SettingsRead, unthrottled, listSettings).since(v74)
	settingGet    = define(OpSettingGet, 200, "GET /settings/{setting}", policy.SettingsRead, unthrottled, getSetting).since(v74)
	settingUpdate = define(OpSettingUpdate, 200, "PATCH /settings/{setting}", policy.SettingsWrite, unthrottled, updateSetting).since(v74)

	_ = define(OpEKMGet, 200, "GET /ekm", policy.EkmRead, unthrottled, noConnection).since(v2026)
	_ = define(OpEKMUpdate, 200, "PATCH /ekm", policy.EkmWrite, unthrottled, noConnection).since(v2026)
	_ = define(OpEKMDelete, 200, "DELETE /ekm", policy.EkmDelete, unthrottled, noConnection).since(v2026)
	_ = define(OpEKMCreate, 200, "POST /ekm/create", policy.EkmWrite, unthrottled, noExternalKeys).since(v2026)
	_ = define(OpEKMCertificateGet, 200, "GET /ekm/certificate", policy.EkmRead, unthrottled, noConnection).since(v2026)
	_ = define(OpEKMCheck, 200, "POST /ekm/check", policy.EkmRead, unthrottled, noConnection).since(v2026)

	domainDownload       = define(OpSecurityDomainBackup, 202, "POST /securitydomain/download", policy.SecurityDomainDownload, unthrottled, downloadDomain).since(v72).early()
	domainDownloadStatus = define(OpSecurityDomainBackupStatusGet, 200, "GET /securitydomain/download/pending", policy.SecurityDomainDownloadStatus, unthrottled, downloadStatus).since(v72).early()
	domainTransferKey    = define(OpSecurityDomainTransferKeyGet, 200, "GET /securitydomain/upload", policy.SecurityDomainTransferKey, unthrottled, transferKey).since(v72).early()
	domainUpload         = define(OpSecurityDomainRestore, 202, "POST /securitydomain/upload", policy.SecurityDomainUpload, unthrottled, uploadDomain).since(v72).early()
	domainUploadStatus   = define(OpSecurityDomainRestoreStatusGet, 200, "GET /securitydomain/upload/pending", policy.SecurityDomainUploadStatus, unthrottled, uploadStatus).since(v72).early()

	backupStart     = define(OpBackupStart, 202, "POST /backup", policy.BackupStart, unthrottled, startBackup).since(v72)
	backupCheck     = define(OpBackupCheck, 202, "POST /prebackup", policy.BackupStart, unthrottled, checkBackup).since(v76)
	backupStatus    = define(OpBackupStatus, 200, "GET /backup/{job}/pending", policy.BackupStatus, unthrottled, getBackupStatus).since(v72)
	restoreStart    = define(OpRestoreStart, 202, "PUT /restore", policy.RestoreStart, unthrottled, startRestore).since(v72)
	restoreCheck    = define(OpRestoreCheck, 202, "PUT /prerestore", policy.RestoreStart, unthrottled, checkRestore).since(v76)
	keyRestoreStart = define(OpKeyRestoreStart, 202, "PUT /keys/{name}/restore", policy.RestoreStart, unthrottled, startKeyRestore).since(v72)
	restoreStatus   = define(OpRestoreStatus, 200, "GET /restore/{job}/pending", policy.RestoreStatus, unthrottled, getRestoreStatus).since(v72)

	definitionList   = define(OpRoleDefinitionList, 200, "GET /providers/Microsoft.Authorization/roleDefinitions", policy.RoleDefinitionsRead, limiter.Other, listRoleDefinitions).since(v72)
	definitionGet    = define(OpRoleDefinitionGet, 200, "GET /providers/Microsoft.Authorization/roleDefinitions/{role}", policy.RoleDefinitionsRead, limiter.Other, getRoleDefinition).since(v72)
	definitionSet    = define(OpRoleDefinitionSet, 201, "PUT /providers/Microsoft.Authorization/roleDefinitions/{role}", policy.RoleDefinitionsWrite, limiter.Other, setRoleDefinition).since(v72)
	definitionDelete = define(OpRoleDefinitionDelete, 200, "DELETE /providers/Microsoft.Authorization/roleDefinitions/{role}", policy.RoleDefinitionsDelete, limiter.Other, deleteRoleDefinition).since(v72)
	assignmentList   = define(OpRoleAssignmentList, 200, "GET /providers/Microsoft.Authorization/roleAssignments", policy.RoleAssignmentsRead, limiter.Other, listRoleAssignments).since(v72)
	assignmentGet    = define(OpRoleAssignmentGet, 200, "GET /providers/Microsoft.Authorization/roleAssignments/{role}", policy.RoleAssignmentsRead, limiter.Other, getRoleAssignment).since(v72)
	assignmentCreate = define(OpRoleAssignmentCreate, 201, "PUT /providers/Microsoft.Authorization/roleAssignments/{role}", policy.RoleAssignmentsWrite, limiter.Other, createRoleAssignment).since(v72)
	assignmentDelete = define(OpRoleAssignmentDelete, 200, "DELETE /providers/Microsoft.Authorization/roleAssignments/{role}", policy.RoleAssignmentsDelete, limiter.Other, deleteRoleAssignment).since(v72)
)
