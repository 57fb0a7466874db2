package vault

import "github.com/embedvault/embedvault/policy"

// The forms that records have of what programs see in types of another package or of the API: there a field can be renamed.
// The types of package policy have a form of their own, that of Azure Resource Manager.
type (
	storedSettings struct {
		SKU             SKU                   `json:"sku"`
		TenantID        string                `json:"tenantId"`
		Subscription    string                `json:"subscription"`
		ResourceGroup   string                `json:"resourceGroup"`
		Region          string                `json:"region"`
		RetentionDays   int                   `json:"retentionDays"`
		PurgeProtection bool                  `json:"purgeProtection,omitempty"`
		AccessPolicies  []policy.AccessPolicy `json:"accessPolicies,omitempty"`
		RBAC            *storedRBAC           `json:"rbac,omitempty"`
		Network         policy.NetworkRules   `json:"network"`
	}
	storedRBAC struct {
		Assignments []policy.RoleAssignment `json:"assignments,omitempty"`
		Roles       []policy.RoleDefinition `json:"roles,omitempty"`
		Denials     []policy.DenyAssignment `json:"denials,omitempty"`
	}
	// storedHSM is what a Managed HSM keeps besides keys and the domain of its module.
	storedHSM struct {
		Name string `json:"name"` // as its creator spelt it
		hsmState
	}
	storedRelease struct {
		ContentType string `json:"contentType"`
		Immutable   bool   `json:"immutable,omitempty"`
		Data        []byte `json:"data"`
	}
)

func storeSettings(o VaultOptions) *storedSettings {
	return &storedSettings{
		SKU: o.SKU, TenantID: o.TenantID, Subscription: o.Subscription, ResourceGroup: o.ResourceGroup, Region: o.Region,
		RetentionDays: o.RetentionDays, PurgeProtection: o.PurgeProtection,
		AccessPolicies: o.AccessPolicies, RBAC: (*storedRBAC)(o.RBAC), Network: o.Network,
	}
}

func (s *storedSettings) options() *VaultOptions {
	return &VaultOptions{
		SKU: s.SKU, TenantID: s.TenantID, Subscription: s.Subscription, ResourceGroup: s.ResourceGroup, Region: s.Region,
		RetentionDays: s.RetentionDays, PurgeProtection: s.PurgeProtection,
		AccessPolicies: s.AccessPolicies, RBAC: (*RBAC)(s.RBAC), Network: s.Network,
	}
}

// stored is the policy as a record has it; nil stays nil.
func (k *keptRelease) stored() *storedRelease {
	if k == nil {
		return nil
	}
	return (*storedRelease)(&k.ReleasePolicy)
}
