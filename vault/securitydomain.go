package vault

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
)

// SecurityDomainStatus is how far a download or an upload of a security domain is.
type SecurityDomainStatus string

// The statuses of a download or an upload. None fails after it has begun.
const (
	SecurityDomainInProgress SecurityDomainStatus = "InProgress"
	SecurityDomainSuccess    SecurityDomainStatus = "Success"
)

// SecurityDomainTransferKey is what a security domain is encrypted to on its way into a Managed HSM.
type SecurityDomainTransferKey struct {
	// Certificate is what hsm.RewrapDomain takes. It is shared: it is not to be changed.
	Certificate *x509.Certificate
	// JWK is the public key with the certificate, as JSON.
	JWK []byte
}

// Activate makes the Managed HSM usable, as somebody does who downloads its security domain and throws it away. It is for
// programs that want an active one and no more; if it is active already, nothing happens. Errors: that of a module that was
// tampered with or is offline (errs.HardwareTampered, errs.HardwareOffline), the context's error, or the store's.
func (h *ManagedHSM) Activate(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := h.module.Ready(); err != nil {
		return err
	}
	h.admin.ceremony.turn.Lock()
	defer h.admin.ceremony.turn.Unlock()
	return h.activate(ctx, h.module)
}

// activate makes the container usable with the domain of a module, its own or another.
func (v *container) activate(ctx context.Context, domain *hsm.Module) error {
	if domain == v.module && v.settings.Load().hsm.Activated {
		return nil
	}
	return v.changeWith(ctx, domain, func(next *settings) error {
		next.hsm.Activated = true
		if domain != v.module {
			next.domainGeneration++
		}
		return nil
	})
}

// domainHolders is the input of SecurityDomainBackup.
type domainHolders struct {
	certificates []*x509.Certificate
	required     int
}

func (in domainHolders) validate(*settings) error {
	return validQuorum(len(in.certificates), in.required)
}

// validQuorum tells whether so many of n holders can be required.
func validQuorum(n, required int) error {
	switch {
	case n < hsm.MinHolders || n > hsm.MaxHolders:
		return errs.NewInvalidSecurityDomain(fmt.Sprintf("there must be %d to %d certificates", hsm.MinHolders, hsm.MaxHolders))
	case required < hsm.MinQuorum || required > n:
		return errs.NewInvalidSecurityDomain(fmt.Sprintf("required must be at least %d and at most the number of certificates", hsm.MinQuorum))
	}
	return nil
}

// domainBlob is a security domain as it is handed out, encrypted: the output of SecurityDomainBackup and the input of
// SecurityDomainRestore.
type domainBlob []byte

func (domainBlob) validate(*settings) error { return nil } // what is none does not open

// downloadDomain answers the security domain, encrypted to its holders, and activates the Managed HSM.
func downloadDomain(c call, in domainHolders) (domainBlob, error) {
	v := c.container
	if err := v.module.Ready(); err != nil {
		return nil, err
	}
	v.admin.ceremony.turn.Lock()
	defer v.admin.ceremony.turn.Unlock()
	blob, err := v.module.DownloadDomain(c.ctx, in.certificates, in.required)
	if errors.Is(err, errs.BadParameter) {
		return nil, errs.NewInvalidSecurityDomain("the certificates must be of different RSA keys of 2048 to 4096 bits")
	}
	if err != nil {
		return nil, err
	}
	if err := v.activate(c.ctx, v.module); err != nil {
		return nil, err
	}
	c.noteBegun(downloading)
	return blob, nil
}

// downloadStatus answers how far the last download is.
func downloadStatus(c call, _ nothing) (SecurityDomainStatus, error) {
	return c.howFar(downloading)
}

// transferKey answers the key that the next upload is encrypted to.
func transferKey(c call, _ nothing) (SecurityDomainTransferKey, error) {
	if _, err := c.container.domainLost(); err != nil {
		return SecurityDomainTransferKey{}, err
	}
	a, err := c.container.incoming()
	if err != nil {
		return SecurityDomainTransferKey{}, err
	}
	return SecurityDomainTransferKey{a.transfer.Certificate(), a.transfer.JWK()}, nil
}

// domainLost tells whether the module has lost its domain. Any other lasting trouble is an error.
func (v *container) domainLost() (bool, error) {
	err := v.module.Ready()
	if errors.Is(err, errs.HardwareTampered) {
		return true, nil
	}
	return false, err
}

// uploadDomain gives the module the security domain in a blob that is encrypted to the transfer key, and activates the
// Managed HSM.
func uploadDomain(c call, blob domainBlob) (begun uploadBegun, err error) {
	v := c.container
	a, err := v.incoming()
	if err != nil {
		return begun, err
	}
	v.admin.ceremony.turn.Lock()
	defer v.admin.ceremony.turn.Unlock()
	if err := v.vacant(); err != nil { // which never becomes right by trying again
		return begun, err
	}
	if !v.admin.ceremony.committing.TryLock() {
		return begun, errs.NewHardwareBusy(0)
	}
	defer v.admin.ceremony.committing.Unlock()
	if err := v.vacant(); err != nil {
		return begun, err
	}
	defer a.module.Tamper()
	if err := a.module.UploadDomain(blob, a.transfer); err != nil {
		return begun, errs.NewInvalidSecurityDomain("the value does not open")
	}
	if err := c.opensKeys(a.module); err != nil {
		return begun, err
	}
	if err := v.activate(c.ctx, a.module); err != nil {
		return begun, err
	}
	v.admin.ceremony.airlock.drop(a)
	return uploadBegun{c.noteBegun(uploading)}, nil
}

// vacant tells whether another domain can take the place of the container's. While it has one in use, all of its keys
// would be lost.
func (v *container) vacant() error {
	waiting, err := v.domainLost()
	if err != nil {
		return err
	}
	if !waiting && v.settings.Load().hsm.Activated {
		return errs.NewInvalidSecurityDomain("the Managed HSM is activated and has its security domain")
	}
	return nil
}

// opensKeys tells whether the keys of the container, if there are any, open in a module.
func (c call) opensKeys(domain *hsm.Module) error {
	for o := range keyLife.kind.All(c.container.shelf.Root()) {
		for _, version := range o.Versions {
			_, err := domain.Driver(false).Open(c.ctx, version.Data.key.Private().Blob())
			if c.ctx.Err() != nil {
				return c.ctx.Err()
			}
			if err != nil {
				return errs.NewInvalidSecurityDomain("it is not that of the keys that the Managed HSM holds")
			}
		}
	}
	return nil
}

// uploadStatus answers how far the last upload is.
func uploadStatus(c call, _ nothing) (SecurityDomainStatus, error) {
	return c.howFar(uploading)
}

// uploadBegun is the output of SecurityDomainRestore.
type uploadBegun struct{ SecurityDomainStatus }
