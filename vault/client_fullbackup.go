package vault

import "context"

// StartBackup writes a backup of all keys and roles of a Managed HSM to a new folder of a storage container.
//
// It returns when the backup is written, or could not be: what it returns is in progress always, and its ID asks
// GetBackupStatus for the result, which is known once Options.Lag is over since the request. A storage that fails is told
// there alone, by a job that has failed. The storage container is that of Options.Storage; the folder is called mhsm-, the
// name of the Managed HSM and the second, or a later one if a backup can be read there already, and is Job.Folder of the
// result.
//
// While another backup or restore is in progress, or a check before one, this one is 409 (errs.Conflict). 400
// (errs.BadRequest) is for a service without Options.Storage, a storage container that it does not know, an address that is
// no URL or is longer than 2048 bytes, and a SAS token without expiry. Keys and roles of more than 1 GiB are 413
// (errs.RequestTooLarge). The errors of hardware come on top. A request that is refused begins no job.
func (c *Client) StartBackup(ctx context.Context, to BackupStorage) (Job, error) {
	return started(run(c.on(ctx, "", ""), backupStart, to, nil))
}

// CheckBackup tells whether StartBackup could write a backup, and writes none: it opens the storage, reads and seals all keys
// and roles, and ends there, so that it cannot tell whether the storage takes them. It returns when that is done, and its
// result is told as that of StartBackup, also that the storage could not be opened. Errors are those of StartBackup, but a
// SAS token without expiry is told by the job, which fails.
func (c *Client) CheckBackup(ctx context.Context, to BackupStorage) (Job, error) {
	return started(run(c.on(ctx, "", ""), backupCheck, backupCheckInput{to}, nil))
}

// GetBackupStatus returns the backup of a Managed HSM, or the check before one, that has an id. The newest 64 jobs are
// remembered, restores included, until the service ends. One that is not known is 404 (errs.NotFound).
func (c *Client) GetBackupStatus(ctx context.Context, id string) (Job, error) {
	return run(c.on(ctx, id, ""), backupStatus, nothing{}, nil)
}

// StartRestore replaces all keys and roles of a Managed HSM by those of a backup, which this one or another one of the same
// security domain has made; folder is Job.Folder of that backup. The keys are replaced at once, or not at all, and
// then the roles. Deleted keys of the backup whose time is over by now are left out.
//
// It returns when that is done, or could not be: what it returns is in progress always, and its ID asks GetRestoreStatus
// for the result, which is known once Options.Lag is over since the request. Until then the Managed HSM answers every other
// request with 409 (errs.Conflict). GetRestoreStatus alone tells of a storage that fails, which changes nothing, and of a
// store that took the keys and not the roles: the job has failed.
//
// A folder without a backup, or whose name no backup can have, is 400 (errs.BadRequest). A backup of another security
// domain, one that was moved to another folder, and one that is damaged are 400 (errs.MalformedBackupBlob). A module that
// has too much to do is 503 (errs.HardwareBusy). The other errors are those of StartBackup. A request that is refused
// begins no job and changes nothing.
func (c *Client) StartRestore(ctx context.Context, from BackupStorage, folder string) (Job, error) {
	return started(run(c.on(ctx, "", ""), restoreStart, restoreInput{from, folder}, nil))
}

// CheckRestore tells whether StartRestore could restore a backup, and changes nothing: it reads all of the backup. It returns
// when that is done, and its result is told as that of StartRestore, also that the storage failed. Meanwhile the Managed HSM
// answers all requests but those for another backup or restore. Errors are those of StartRestore, but a SAS token without
// expiry is told by the job, which fails.
func (c *Client) CheckRestore(ctx context.Context, from BackupStorage, folder string) (Job, error) {
	return started(run(c.on(ctx, "", ""), restoreCheck, restoreCheckInput{restoreInput{from, folder}}, nil))
}

// StartKeyRestore brings one key of a backup back, with all its versions and as it was: one that is deleted in the backup
// comes back deleted. Its name is compared without case. The other keys and the roles stay as they are.
//
// It returns and tells its result as StartRestore does, and keeps the Managed HSM from answering as long. Job.Details
// of the result says how many versions were restored.
//
// A name that no key can have and the 5001st key are 400 (errs.BadParameter), a key that the backup does not hold 404
// (errs.KeyNotFound), and one whose name is taken, by a key that is there or that is deleted and not purged, 409
// (errs.Conflict). The other errors are those of StartRestore.
func (c *Client) StartKeyRestore(ctx context.Context, name string, from BackupStorage, folder string) (Job, error) {
	return started(run(c.on(ctx, name, ""), keyRestoreStart, keyRestoreInput{restoreInput{from, folder}}, nil))
}

// GetRestoreStatus returns the restore of a Managed HSM, or the check before one, that has an id. It is answered while a
// restore is in progress, as nothing else is. The newest 64 jobs are remembered, backups included, until the service ends.
// One that is not known is 404 (errs.NotFound).
func (c *Client) GetRestoreStatus(ctx context.Context, id string) (Job, error) {
	return run(c.on(ctx, id, ""), restoreStatus, nothing{}, nil)
}

func started(j startedJob, err error) (Job, error) { return Job(j), err }
