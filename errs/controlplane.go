package errs

// What the control plane answers when a container is made.

var vaultNameNotValid = row{
	id: "vault-name-not-valid", status: 400, code: VaultNameNotValid, container: both,
	template: "The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. " +
		"The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens.",
	grade: Inferred,
	when:  "A vault is created under a name that no vault can have.",
}

// NewVaultNameNotValid refuses to create a vault under a name.
func NewVaultNameNotValid(name string) *Error { return vaultNameNotValid.new("name", name) }

var vaultAlreadyExists = row{
	id: "vault-already-exists", status: 409, code: VaultAlreadyExists, container: both,
	template: "The vault name '{name}' is already in use.", grade: Inferred,
	when: "A vault is created under a name that another vault has.",
}

// NewVaultAlreadyExists refuses to create a vault under a name that is taken.
func NewVaultAlreadyExists(name string) *Error { return vaultAlreadyExists.new("name", name) }
