package vault

import (
	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
)

// newModule makes a module of the service's own.
func (s *Service) newModule() (*hsm.Module, error) { return hsm.New(&hsm.Options{RSA: s.hook.RSA}) }

// Module returns the simulated hardware that holds the keys of the -HSM types of vaults. A Managed HSM has its own.
func (s *Service) Module() *hsm.Module { return s.module }

// hardened is the type of a key that is put into hardware.
func hardened(t crypto.KeyType) crypto.KeyType {
	if t == "" || t.HSM() {
		return t
	}
	return t + "-HSM"
}

// loadModule gives the module the domain that the store held, or has the one it has kept.
func (l *loader) loadModule() error {
	if !l.ownModule {
		return nil
	}
	if l.domain != nil {
		if err := l.module.RestoreDomain(l.domain); err != nil {
			return badRecord("module", err)
		}
		return nil
	}
	if l.store == nil {
		return nil
	}
	return l.module.ExportDomain(func(secret []byte) error { return l.keep("module", secret) })
}
