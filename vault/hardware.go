package vault

import (
	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
)

// newModule makes a module of the service's own.
func (s *Service) newModule() (*hsm.Module, error) { return hsm.New(&hsm.Options{RSA: s.hook.RSA}) }

// Module returns the simulated hardware that holds the keys of the -HSM types of vaults. A Managed HSM has its own.
func (s *Service) Module() *hsm.Module { return s.module }

// employs tells whether a module is that of a container already.
func (s *Service) employs(module *hsm.Module) bool {
	if module == s.module {
		return true
	}
	for _, c := range s.containers.Range {
		if c.(*container).module == module {
			return true
		}
	}
	return false
}

// hardened is the type of a key that is put into hardware.
func hardened(t crypto.KeyType) crypto.KeyType {
	if t == "" || t.HSM() {
		return t
	}
	return t + "-HSM"
}
