package vault

import "strings"

// Lookup returns the vault of a name, compared without case, or nil if there is none. It creates none. A service that is
// closed has none.
func (s *Service) Lookup(name string) *Vault {
	v, _ := s.Find(ProductKeyVault, name).(*Vault)
	return v
}

// LookupManagedHSM returns the Managed HSM of a name as Lookup does a vault.
func (s *Service) LookupManagedHSM(name string) *ManagedHSM {
	h, _ := s.Find(ProductManagedHSM, name).(*ManagedHSM)
	return h
}

// Find returns the container of a product and a name, compared without case, or nil if there is none. It creates none. A
// service that is closed has none.
func (s *Service) Find(p Product, name string) Container {
	if s.closed.Load() || int(p) >= len(products) {
		return nil
	}
	if c := s.lookup(strings.ToLower(name) + products[p].apart); c != nil && c.kind == p {
		return c.face
	}
	return nil
}

// lookup returns the container that the service keeps under a key, nil if there is none.
func (s *Service) lookup(key string) *container {
	v, _ := s.containers.Load(key)
	found, _ := v.(*container)
	return found
}
