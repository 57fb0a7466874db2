package vault

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
)

// CeremonyStatus is how far a download or an upload of a security domain is.
type CeremonyStatus string

// The statuses of a download or an upload. None fails after it has begun.
const (
	CeremonyInProgress CeremonyStatus = "InProgress"
	CeremonySuccess    CeremonyStatus = "Success"
)

// SecurityDomainStatus tells of a download or an upload of a security domain.
type SecurityDomainStatus struct {
	Status CeremonyStatus
}

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
func (h *HSM) Activate(ctx context.Context) error {
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
	if domain == v.module && v.settings.Load().estate.Activated {
		return nil
	}
	return v.changeWith(ctx, domain, func(next *settings) error {
		next.estate.Activated = true
		if domain != v.module {
			next.domains++
		}
		return nil
	})
}

// ceremony is what goes on about the security domain of a Managed HSM. What was begun is not kept in the store.
type ceremony struct {
	turn sync.Mutex // held by whoever activates: a domain that was downloaded is the one that is used then
	// committing is held for reading while a change is committed, and for writing while the domain changes.
	committing sync.RWMutex

	mu      sync.Mutex
	until   [2]time.Time // :: direction → until when the last of it runs; the zero time: none was begun
	airlock *airlock     // nil until a transfer key is asked for
}

// direction is that of a security domain: a download takes it out, an upload brings it in.
type direction int

const (
	downloading direction = iota
	uploading
)

// airlock is where a domain arrives: a module that is empty, for which there is a transfer key. The Managed HSM's own module
// takes the domain over when the store has it.
type airlock struct {
	module   *hsm.Module
	transfer *hsm.TransferKey
	ready    func() error // makes the two, once
}

func (s *Service) newAirlock() *airlock {
	a := new(airlock)
	a.ready = sync.OnceValue(func() (err error) {
		if a.module, err = s.newModule(); err != nil {
			return err
		}
		a.module.Tamper()
		a.transfer, err = a.module.NewTransferKey()
		return err
	})
	return a
}

// incoming returns the airlock of the next upload. Only those who need it wait while its key is made.
func (v *container) incoming() (*airlock, error) {
	y := &v.admin.ceremony
	y.mu.Lock()
	if y.airlock == nil {
		y.airlock = v.svc.newAirlock()
	}
	a := y.airlock
	y.mu.Unlock()
	if err := a.ready(); err != nil {
		y.discard(a)
		return nil, err
	}
	return a, nil
}

// discard has the next upload go through another airlock.
func (y *ceremony) discard(a *airlock) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.airlock == a {
		y.airlock = nil
	}
}

// begun notes that a download or upload has been begun.
func (c call) begun(d direction) SecurityDomainStatus {
	y, until := &c.container.admin.ceremony, c.now.Add(time.Duration(c.lag())*time.Second)
	y.mu.Lock()
	defer y.mu.Unlock()
	y.until[d] = until
	return c.statusOf(until)
}

// howFar answers how far the last download or upload is.
func (c call) howFar(d direction) (SecurityDomainStatus, error) {
	y := &c.container.admin.ceremony
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.until[d].IsZero() {
		return SecurityDomainStatus{}, errs.NewJobNotFound()
	}
	return c.statusOf(y.until[d]), nil
}

func (c call) statusOf(until time.Time) SecurityDomainStatus {
	if c.now.Before(until) {
		return SecurityDomainStatus{CeremonyInProgress}
	}
	return SecurityDomainStatus{CeremonySuccess}
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
	blob, err := v.module.DownloadDomain(in.certificates, in.required)
	if errors.Is(err, errs.BadParameter) {
		return nil, errs.NewInvalidSecurityDomain("the certificates must be of different RSA keys of 2048 to 4096 bits")
	}
	if err != nil {
		return nil, err
	}
	if err := v.activate(c.ctx, v.module); err != nil {
		return nil, err
	}
	c.begun(downloading)
	return blob, nil
}

// downloadStatus answers how far the last download is.
func downloadStatus(c call, _ nothing) (SecurityDomainStatus, error) {
	return c.howFar(downloading)
}

// transferKey answers the key that the next upload is encrypted to.
func transferKey(c call, _ nothing) (SecurityDomainTransferKey, error) {
	if _, err := c.container.waiting(); err != nil {
		return SecurityDomainTransferKey{}, err
	}
	a, err := c.container.incoming()
	if err != nil {
		return SecurityDomainTransferKey{}, err
	}
	return SecurityDomainTransferKey{a.transfer.Certificate(), a.transfer.JWK()}, nil
}

// waiting tells whether the module has lost its domain. Any other lasting trouble is an error.
func (v *container) waiting() (bool, error) {
	err := v.module.Ready()
	if errors.Is(err, errs.HardwareTampered) {
		return true, nil
	}
	return false, err
}

// uploadDomain gives the module the security domain in a blob that is encrypted to the transfer key, and activates the
// Managed HSM.
func uploadDomain(c call, blob domainBlob) (uploadBegun, error) {
	v := c.container
	a, err := v.incoming()
	if err != nil {
		return uploadBegun{}, err
	}
	v.admin.ceremony.turn.Lock()
	defer v.admin.ceremony.turn.Unlock()
	if err := v.vacant(); err != nil { // which never becomes right by trying again
		return uploadBegun{}, err
	}
	if !v.admin.ceremony.committing.TryLock() {
		return uploadBegun{}, errs.NewHardwareBusy(0)
	}
	defer v.admin.ceremony.committing.Unlock()
	if err := v.vacant(); err != nil {
		return uploadBegun{}, err
	}
	defer a.module.Tamper()
	if err := a.module.UploadDomain(blob, a.transfer); err != nil {
		return uploadBegun{}, errs.NewInvalidSecurityDomain("the value does not open")
	}
	if err := c.opensKeys(a.module); err != nil {
		return uploadBegun{}, err
	}
	if err := v.activate(c.ctx, a.module); err != nil {
		return uploadBegun{}, err
	}
	v.admin.ceremony.discard(a)
	return uploadBegun{c.begun(uploading)}, nil
}

// sameDomain lets a change be committed if the security domain is still the one that the request has met: a key of another
// would never open again. The domain stays until the change is over.
func (c call) sameDomain() (over func(), err error) {
	committing := &c.container.admin.ceremony.committing
	committing.RLock()
	if c.container.settings.Load().domains != c.set.domains {
		committing.RUnlock()
		return nil, errs.NewHardwareBusy(0)
	}
	return committing.RUnlock, nil
}

// vacant tells whether another domain can take the place of the container's. While it has one in use, all of its keys
// would be lost.
func (v *container) vacant() error {
	waiting, err := v.waiting()
	if err != nil {
		return err
	}
	if !waiting && v.settings.Load().estate.Activated {
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
