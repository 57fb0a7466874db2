package vault

import (
	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
)

// moduleOf returns the module that options name, or a new one of the service's own.
func moduleOf(o *Options) (m *hsm.Module, own bool, err error) {
	if o.Module != nil {
		return o.Module, false, nil
	}
	var options hsm.Options
	if o.Hook != nil {
		options.RSA = o.Hook.RSA
	}
	m, err = hsm.New(options)
	return m, true, err
}

// Module returns the simulated hardware that holds the keys of the -HSM types.
func (s *Service) Module() *hsm.Module { return s.module }

// driver returns what holds the keys of the vault: in software or in hardware.
func (v *Vault) driver(hardware bool) crypto.Driver {
	if hardware {
		return v.svc.module.Driver(false)
	}
	return v.svc.soft
}

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
