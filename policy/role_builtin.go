package policy

import "sync"

// The ids of the built-in roles of Azure RBAC that concern vaults.
const (
	KeyVaultAdministrator               = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
	KeyVaultReader                      = "21090545-7ca7-4776-b22c-e363652d74d2"
	KeyVaultCertificatesOfficer         = "a4417e6f-fecd-4de8-b567-7b0420556985"
	KeyVaultCertificateUser             = "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba"
	KeyVaultCryptoOfficer               = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
	KeyVaultCryptoUser                  = "12338af0-0e69-4776-bea7-57ae8d297424"
	KeyVaultCryptoServiceEncryptionUser = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
	KeyVaultCryptoServiceReleaseUser    = "08bbd89e-9f13-488c-ac41-acfcb10c90ab"
	KeyVaultSecretsOfficer              = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
	KeyVaultSecretsUser                 = "4633458b-17de-408a-b874-0445c86b69e6"
	KeyVaultPurgeOperator               = "a68e7c17-0ab2-4c09-9a58-125dae29748c"
	KeyVaultContributor                 = "f25e0fa2-a7c8-4377-a976-54943a77a395"
	KeyVaultDataAccessAdministrator     = "8b54135c-b56d-4d72-a534-26097cfdc8d8"
	ManagedHSMContributor               = "18500a29-7fe2-46b2-a342-b16a415e101d"
)

// The ids of the built-in roles of a Managed HSM's local RBAC. The ids of Crypto User and Crypto Service Release User
// differ in the last digit only. The id of EKM Administrator is not published; this one is derived from its name.
const (
	ManagedHSMAdministrator               = "a290e904-7015-4bba-90c8-60543313cdb4"
	ManagedHSMCryptoOfficer               = "515eb02d-2335-4d2d-92f2-b1cbdf9c3778"
	ManagedHSMCryptoUser                  = "21dbd100-6940-42c2-9190-5d6cb909625b"
	ManagedHSMCryptoServiceReleaseUser    = "21dbd100-6940-42c2-9190-5d6cb909625c"
	ManagedHSMPolicyAdministrator         = "4bd23610-cdcf-4971-bdee-bdc562cc28e4"
	ManagedHSMCryptoAuditor               = "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3"
	ManagedHSMCryptoServiceEncryptionUser = "33413926-3206-4cdd-b39a-83574fe37a17"
	ManagedHSMBackup                      = "7b127d3c-77bd-4e3e-bbe0-dbb8971fa7f8"
	ManagedHSMRestore                     = "6efe6056-5259-49d2-8b3d-d3d73544b20b"
	ManagedHSMEkmAdministrator            = "86381187-c2e1-8851-8b30-277dbade6340"
)

// VaultRoles returns the built-in roles of Azure RBAC that concern vaults, in a slice of the caller's own. The roles
// that only manage vaults are among them, with no data action: to be assigned one is a common mistake.
func VaultRoles() []RoleDefinition { return GateRBAC.builtinDefinitions() }

// HSMRoles returns the built-in roles of a Managed HSM's local RBAC, in a slice of the caller's own.
func HSMRoles() []RoleDefinition { return GateLocalRBAC.builtinDefinitions() }

func (g Gate) builtinDefinitions() []RoleDefinition {
	var defs []RoleDefinition
	for _, r := range g.builtin() {
		defs = append(defs, r.def.Clone())
	}
	return defs
}

// builtin returns the built-in roles of an RBAC gate, compiled once in the life of the program. Nobody changes them.
func (g Gate) builtin() []*role {
	if g == GateLocalRBAC {
		return builtinHSMRoles()
	}
	return builtinVaultRoles()
}

var (
	builtinVaultRoles = sync.OnceValue(func() []*role { return GateRBAC.compileBuiltin(vaultRoles, vaultActions) })
	builtinHSMRoles   = sync.OnceValue(func() []*role { return GateLocalRBAC.compileBuiltin(hsmRoles, hsmActions) })
)

// builtinRole is one row of a table of roles. The data actions lack the prefix that all of a table share.
type builtinRole struct {
	id, name, description string
	actions               []string
	dataActions           []string
}

func (g Gate) compileBuiltin(rows []builtinRole, prefix string) []*role {
	roles := make([]*role, len(rows))
	for i, row := range rows {
		p := Permission{Actions: row.actions}
		for _, action := range row.dataActions {
			p.DataActions = append(p.DataActions, prefix+action)
		}
		def := RoleDefinition{
			ID: row.id, Name: row.name, Description: row.description, Type: g.builtinType(),
			Permissions: []Permission{p}, AssignableScopes: []string{"/"},
		}
		roles[i] = &role{def: def, rights: g.dataRights(def.Permissions)}
	}
	return roles
}

func (g Gate) builtinType() RoleType {
	if g == GateLocalRBAC {
		return AKVBuiltInRole
	}
	return BuiltInRole
}

// smallestRole returns the name of the built-in role with the fewest rights that has r, or "".
func (g Gate) smallestRole(r Right) string {
	var best *role
	for _, candidate := range g.builtin() {
		if candidate.rights.Has(r) && (best == nil || candidate.rights.Len() < best.rights.Len()) {
			best = candidate
		}
	}
	if best == nil {
		return ""
	}
	return best.def.Name
}
