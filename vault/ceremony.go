package vault

import (
	"sync"
	"time"

	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
)

// ceremony is what goes on about the security domain of a Managed HSM. What was begun is not kept in the store.
type ceremony struct {
	turn sync.Mutex // held by whoever activates: a domain that was downloaded is the one that is used then
	// committing is held for reading while a change is committed, and for writing while the domain changes.
	committing sync.RWMutex

	airlock lazy[airlock]

	mu    sync.Mutex
	until [2]time.Time // :: direction → until when the last of it runs; the zero time: none was begun
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
}

func (s *Service) newAirlock() (*airlock, error) {
	module, err := s.newModule()
	if err != nil {
		return nil, err
	}
	module.Tamper()
	transfer, err := module.NewTransferKey()
	return &airlock{module, transfer}, err
}

// incoming returns the airlock of the next upload.
func (v *container) incoming() (*airlock, error) {
	return v.admin.ceremony.airlock.get(v.svc.newAirlock)
}

// noteBegun notes that a download or upload has been begun.
func (c call) noteBegun(d direction) SecurityDomainStatus {
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
		return "", errs.NewJobNotFound()
	}
	return c.statusOf(y.until[d]), nil
}

func (c call) statusOf(until time.Time) SecurityDomainStatus {
	if c.now.Before(until) {
		return SecurityDomainInProgress
	}
	return SecurityDomainSuccess
}

// sameDomain lets a change be committed if the security domain is still the one that the request has met: a key of another
// would never open again. The domain stays until the change is over.
func (c call) sameDomain() (over func(), err error) {
	committing := &c.container.admin.ceremony.committing
	committing.RLock()
	if c.container.settings.Load().domainGeneration != c.set.domainGeneration {
		committing.RUnlock()
		return nil, errs.NewHardwareBusy(0)
	}
	return committing.RUnlock, nil
}
