package hsm

import (
	"github.com/embedvault/embedvault/errs"
)

// fault is the trouble a module is in.
type fault struct {
	busy        int
	sessionLost bool
	offline     bool
}

// refuseLocked returns what is in the way of an operation. The most lasting
// trouble answers first and does not use up the others.
func (m *Module) refuseLocked() error {
	switch {
	case m.domain == nil:
		return errs.NewHardwareTampered()
	case m.fault.offline:
		return errs.NewHardwareOffline()
	case m.fault.sessionLost:
		m.fault.sessionLost = false
		return errs.NewHardwareSessionLost()
	case m.fault.busy > 0:
		m.fault.busy--
		return errs.NewHardwareBusy(0)
	}
	return nil
}

// Busy makes the next n operations answer errs.HardwareBusy, which does not say
// how long to wait. It replaces what is left of an earlier call; 0 or less
// ends it.
func (m *Module) Busy(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault.busy = max(n, 0)
}

// LoseSession empties all slots and makes the next operation answer
// errs.HardwareSessionLost. Operations that run end well.
func (m *Module) LoseSession() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault.sessionLost = true
	m.slots.Purge()
}

// Offline makes every operation answer errs.HardwareOffline until Online, but
// for those that need only a public key. Open keys stay open.
func (m *Module) Offline() { m.setOffline(true) }

// Online ends Offline.
func (m *Module) Online() { m.setOffline(false) }

func (m *Module) setOffline(offline bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault.offline = offline
}

// Tamper makes the module overwrite its security domain and all slots. Every
// operation answers errs.HardwareTampered until RestoreDomain or UploadDomain;
// those that run end well. Only the domain that the module had opens its keys
// again: whoever wants it back takes it out before, by ExportDomain or
// DownloadDomain.
func (m *Module) Tamper() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slots.Purge()
	m.replaceLocked(nil)
}

// Ready returns nil, or the lasting trouble the module is in:
// errs.HardwareTampered or errs.HardwareOffline. It uses up nothing of Busy and
// LoseSession. It is for what needs no key of the module but would not be
// answered without it.
func (m *Module) Ready() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.domain == nil:
		return errs.NewHardwareTampered()
	case m.fault.offline:
		return errs.NewHardwareOffline()
	}
	return nil
}
