package vault

import (
	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
)

// Product is which of the two services a container is of.
type Product uint8

// The products.
const (
	ProductKeyVault   Product = iota // a vault: keys, secrets, and more
	ProductManagedHSM                // a Managed HSM: keys in hardware alone, and its own administration
)

// String returns what the service calls the product: "Key Vault" or "Managed HSM".
func (p Product) String() string {
	if p == ProductManagedHSM {
		return "Managed HSM"
	}
	return "Key Vault"
}

// Domain returns the domain right below which the hosts of the product are in the public cloud: "vault.azure.net" or
// "managedhsm.azure.net". It is "" for what is no product.
func (p Product) Domain() string {
	if int(p) >= len(products) {
		return ""
	}
	return products[p].domain
}

// product is what differs between the two in the same place. A container has the fields of its product; whoever has only
// settings asks [settings.product].
type product struct {
	kind     Product
	domain   string // of the hosts
	audience string // whom an access token must be issued to, byte for byte
	provider string // of resource ids
	apart    string // what is added to names where those of both products lie together
	// refusal is an error as the product answers it.
	refusal func(e *errs.Error, host, activity, operation string) *errs.Error
	// rotation are the rules of rotation policies, absentRotated what it says of a key to rotate that is not there.
	rotation      rotationRules
	absentRotated func(host, name string) error
	// recoversDeleted is whether an object to recover that is not there is named as a deleted one; otherwise as a live one.
	recoversDeleted bool
	// What keys there are: in hardware alone, of every type; symmetric ones that were brought to its hardware.
	hardwareOnly, symmetricTransfer bool
	// Limits of what there can be at once; 0: none.
	maxKeys, maxKeyVersions int
}

var products = [...]product{
	ProductKeyVault: {
		kind: ProductKeyVault, domain: "vault.azure.net", audience: identity.DefaultAudience, provider: "vaults",
		refusal: func(e *errs.Error, _, activity, operation string) *errs.Error {
			return errs.ForVault(e, activity, operation)
		},
		rotation:      rotationRules{minimum: 7, notifies: true, absolute: true},
		absentRotated: func(_, name string) error { return keys.Absent(name, "") },
	},
	ProductManagedHSM: {
		kind: ProductManagedHSM, domain: "managedhsm.azure.net", audience: identity.ManagedHSMAudience, provider: "managedHSMs",
		apart: ".managedhsm",
		refusal: func(e *errs.Error, host, activity, _ string) *errs.Error {
			return errs.ForManagedHSM(e, host, activity)
		},
		rotation:        rotationRules{minimum: 28, needed: true},
		absentRotated:   func(host, name string) error { return errs.NewRotatedKeyNotFound(host, name) },
		recoversDeleted: true,
		hardwareOnly:    true, symmetricTransfer: true,
		maxKeys: 5000, maxKeyVersions: 100,
	},
}

// offering is which products have an operation: those whose language has the right that it needs.
type offering [len(products)]bool

func offeringOf(right policy.Right) offering {
	return offering{ProductKeyVault: right.VaultAction() != "", ProductManagedHSM: right.HSMAction() != ""}
}

// product is what is so in every container of the settings' product.
func (s *settings) product() *product { return &products[s.Product] }

// specOf is what kind of key a request means: in a Managed HSM every key is in hardware.
func (s *settings) specOf(asked crypto.Spec) crypto.Spec {
	if s.product().hardwareOnly {
		return asked.HSM()
	}
	return asked
}

// offered tells whether the container takes keys of a type: a Managed HSM all, a vault those protected by hardware only
// if it is premium, and symmetric ones only so.
func (s *settings) offered(t crypto.KeyType, hsm bool) error {
	hsm = hsm || t.HSM()
	switch {
	case s.product().hardwareOnly:
		return nil
	case t.Base() == crypto.KeyTypeOct && !(hsm && s.SKU == Premium):
		return errs.NewInvalidValue()
	case hsm && s.SKU == Standard:
		return errs.NewHardwareKeysNotSupported()
	}
	return nil
}
