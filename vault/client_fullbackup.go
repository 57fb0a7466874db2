package vault

import "context"

// The methods below are of a Managed HSM; a vault answers them with 404 (errs.NotFound). The work is done when a method
// that starts it returns; the job that it returns is in progress, and is until its status is asked for and Options.Lag is over. A method that starts or checks
// something may also return 400 (errs.BadRequest) for a storage that is not known or a SAS token without expiry, and 409
// (errs.Conflict) while another backup or restore is in progress. A storage that fails is told by the status of the job.

// StartBackup writes a backup of all keys and roles to a new folder of a storage container.
func (c *Client) StartBackup(ctx context.Context, to BackupStorage) (BackupJob, error) {
	return started(run(c.on(ctx, "", ""), backupStart, to, nil))
}

// CheckBackup does what StartBackup does but for writing.
func (c *Client) CheckBackup(ctx context.Context, to BackupStorage) (BackupJob, error) {
	return started(run(c.on(ctx, "", ""), backupCheck, to, nil))
}

// GetBackupStatus returns the backup, or the check before one, that has an id. One that is not known is 404 (errs.NotFound).
func (c *Client) GetBackupStatus(ctx context.Context, id string) (BackupJob, error) {
	return run(c.on(ctx, id, ""), backupStatus, nothing{}, nil)
}

// StartRestore replaces all keys and roles by those of a backup, which a Managed HSM of the same security domain has made.
// Until it ends nothing is answered but GetRestoreStatus: 409 (errs.Conflict). A folder without a backup is 400
// (errs.BadRequest), a backup that is another security domain's, another folder's or damaged 400 (errs.MalformedBackupBlob).
func (c *Client) StartRestore(ctx context.Context, from BackupStorage, folder string) (BackupJob, error) {
	return started(run(c.on(ctx, "", ""), restoreStart, restoreInput{from, folder}, nil))
}

// CheckRestore does what StartRestore does but for replacing anything. Meanwhile all is answered.
func (c *Client) CheckRestore(ctx context.Context, from BackupStorage, folder string) (BackupJob, error) {
	return started(run(c.on(ctx, "", ""), restoreCheck, restoreInput{from, folder}, nil))
}

// StartKeyRestore brings one key of a backup back, whose name must be free: 409 (errs.Conflict) for a key that is there or
// deleted and not purged, 404 (errs.KeyNotFound) for one that the backup does not hold. Otherwise it is as StartRestore.
func (c *Client) StartKeyRestore(ctx context.Context, name string, from BackupStorage, folder string) (BackupJob, error) {
	return started(run(c.on(ctx, name, ""), keyRestoreStart, keyRestoreInput{restoreInput{from, folder}}, nil))
}

// GetRestoreStatus returns the restore, or the check before one, that has an id. One that is not known is 404 (errs.NotFound).
func (c *Client) GetRestoreStatus(ctx context.Context, id string) (BackupJob, error) {
	return run(c.on(ctx, id, ""), restoreStatus, nothing{}, nil)
}

func started(j startedJob, err error) (BackupJob, error) { return BackupJob(j), err }
