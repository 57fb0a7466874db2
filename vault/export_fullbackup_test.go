package vault

import "context"

// RolesOf returns all role assignments and custom roles of a Managed HSM.
func RolesOf(h *ManagedHSM) RBAC { return *h.settings.Load().clone().RBAC }

// ReadFullBackup reads what a full backup seals, and returns the names of its keys: of those as well that are over by now.
func ReadFullBackup(ctx context.Context, h *ManagedHSM, plain []byte) (names []string, err error) {
	held, err := (call{ctx: ctx, container: h.container, set: h.settings.Load()}).readFull(plain)
	for _, o := range held.keys {
		names = append(names, o.Name)
	}
	return names, err
}

// FullBackupPlain is what a full backup of a Managed HSM would seal now.
func FullBackupPlain(ctx context.Context, h *ManagedHSM) ([]byte, error) {
	return (call{ctx: ctx, container: h.container, now: h.svc.now(), set: h.settings.Load(), root: h.shelf.Root()}).snapshot()
}

// HoldJobs holds the lock of the jobs of a Managed HSM.
func HoldJobs(h *ManagedHSM) (release func()) {
	h.admin.jobs.mu.Lock()
	return h.admin.jobs.mu.Unlock
}
