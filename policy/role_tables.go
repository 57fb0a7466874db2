package policy

// vaultRoles are the built-in roles of Azure RBAC that concern vaults. The control-plane actions are those that tell
// the roles apart; a vault never asks about them.
var vaultRoles = []builtinRole{
	{KeyVaultAdministrator, "Key Vault Administrator", "Every data operation on a vault and all objects in it.",
		[]string{"Microsoft.KeyVault/vaults/read"}, []string{"*"}},
	{KeyVaultReader, "Key Vault Reader", "Reads what is known about the objects of a vault, but no secret values or key material.",
		[]string{"Microsoft.KeyVault/vaults/read"}, []string{"*/read", "secrets/readMetadata/action"}},
	{KeyVaultCertificatesOfficer, "Key Vault Certificates Officer", "Every operation on certificates, their issuers and contacts.",
		[]string{"Microsoft.KeyVault/vaults/read"},
		[]string{"certificatecas/*", "certificates/*", "certificatecontacts/write"}},
	{KeyVaultCertificateUser, "Key Vault Certificate User", "Reads certificates whole, with their key and secret.",
		nil, []string{"certificates/read", "secrets/getSecret/action", "secrets/readMetadata/action", "keys/read"}},
	{KeyVaultCryptoOfficer, "Key Vault Crypto Officer", "Every operation on keys and their rotation.",
		[]string{"Microsoft.KeyVault/vaults/read"}, []string{"keys/*", "keyrotationpolicies/*"}},
	{KeyVaultCryptoUser, "Key Vault Crypto User", "Uses keys, and reads, updates and backs them up.", nil,
		[]string{
			"keys/read", "keys/update/action", "keys/backup/action", "keys/encrypt/action", "keys/decrypt/action",
			"keys/wrap/action", "keys/unwrap/action", "keys/sign/action", "keys/verify/action",
		}},
	{KeyVaultCryptoServiceEncryptionUser, "Key Vault Crypto Service Encryption User", "Reads keys, wraps and unwraps with them.",
		nil, []string{"keys/read", "keys/wrap/action", "keys/unwrap/action"}},
	{KeyVaultCryptoServiceReleaseUser, "Key Vault Crypto Service Release User", "Releases keys to attested environments.",
		nil, []string{"keys/release/action"}},
	{KeyVaultSecretsOfficer, "Key Vault Secrets Officer", "Every operation on secrets.",
		[]string{"Microsoft.KeyVault/vaults/read"}, []string{"secrets/*"}},
	{KeyVaultSecretsUser, "Key Vault Secrets User", "Reads secret values.",
		nil, []string{"secrets/getSecret/action", "secrets/readMetadata/action"}},
	{KeyVaultPurgeOperator, "Key Vault Purge Operator", "Purges deleted vaults. Reaches nothing in a vault.",
		[]string{"Microsoft.KeyVault/locations/deletedVaults/purge/action"}, nil},
	{KeyVaultContributor, "Key Vault Contributor", "Manages vaults. Reaches nothing in a vault.",
		[]string{"Microsoft.KeyVault/*"}, nil},
	{KeyVaultDataAccessAdministrator, "Key Vault Data Access Administrator", "Assigns the data roles of vaults. Reaches nothing in a vault.",
		[]string{"Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete"}, nil},
	{ManagedHSMContributor, "Managed HSM contributor", "Manages Managed HSMs. Reaches nothing in one.",
		[]string{"Microsoft.KeyVault/managedHSMs/*"}, nil},
}

// hsmRoles are the built-in roles of a Managed HSM. The administrator runs the HSM and says who may do what, but can
// neither use nor manage a key. Nobody but the officer sees deleted keys. The service describes none of them.
var hsmRoles = []builtinRole{
	{ManagedHSMAdministrator, "Managed HSM Administrator", "", nil, []string{
		"securitydomain/download/action", "securitydomain/download/read", "securitydomain/upload/action",
		"securitydomain/upload/read", "securitydomain/transferkey/read",
		"roleAssignments/read/action", "roleAssignments/write/action", "roleAssignments/delete/action",
		"roleDefinitions/read/action", "roleDefinitions/write/action", "roleDefinitions/delete/action",
		"backup/start/action", "backup/status/action", "restore/start/action", "restore/status/action",
		"settings/read/action", "settings/write/action",
	}},
	{ManagedHSMCryptoOfficer, "Managed HSM Crypto Officer", "", nil, []string{
		"roleAssignments/read/action", "roleAssignments/write/action", "roleAssignments/delete/action",
		"roleDefinitions/read/action", "roleDefinitions/write/action", "roleDefinitions/delete/action",
		"keys/deletedKeys/read/action", "keys/deletedKeys/delete", "keys/deletedKeys/recover/action", "keys/export/action",
	}},
	{ManagedHSMCryptoUser, "Managed HSM Crypto User", "", nil, []string{
		"roleAssignments/read/action", "roleDefinitions/read/action",
		"keys/read/action", "keys/write/action", "keys/rotate/action", "keys/create", "keys/import/action", "keys/delete",
		"keys/backup/action", "keys/restore/action", "keys/release/action", "keys/encrypt/action", "keys/decrypt/action",
		"keys/wrap/action", "keys/unwrap/action", "keys/sign/action", "keys/verify/action", "rng/action",
	}},
	{ManagedHSMCryptoServiceReleaseUser, "Managed HSM Crypto Service Release User", "", nil, []string{"keys/release/action"}},
	{ManagedHSMPolicyAdministrator, "Managed HSM Policy Administrator", "", nil, []string{
		"roleAssignments/read/action", "roleAssignments/write/action", "roleAssignments/delete/action",
		"roleDefinitions/read/action", "roleDefinitions/write/action", "roleDefinitions/delete/action",
	}},
	{ManagedHSMCryptoAuditor, "Managed HSM Crypto Auditor", "", nil, []string{"keys/read/action", "roleAssignments/read/action", "roleDefinitions/read/action"}},
	{ManagedHSMCryptoServiceEncryptionUser, "Managed HSM Crypto Service Encryption User", "", nil, []string{"keys/read/action", "keys/wrap/action", "keys/unwrap/action"}},
	{ManagedHSMBackup, "Managed HSM Backup", "", nil, []string{"keys/backup/action", "backup/start/action", "backup/status/action"}},
	{ManagedHSMRestore, "Managed HSM Restore", "", nil, []string{"keys/restore/action", "restore/start/action", "restore/status/action"}},
	{ManagedHSMEkmAdministrator, "Managed HSM EKM Administrator", "", nil, []string{"ekm/read", "ekm/write", "ekm/delete"}},
}
