package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/shelf"
)

// startedJob is the output of what begins a job.
type startedJob Job

// jobKind is what differs between the jobs.
type jobKind struct {
	restores bool // it is asked for among the restores
	blocks   bool // nothing but the status of a restore is answered while it is in progress
}

var (
	backing         = jobKind{} // a backup, and the check before one
	checkingRestore = jobKind{restores: true}
	restoring       = jobKind{restores: true, blocks: true}
)

// work is what a job does, which may say in the job what it has made. The call that it is given sees what the Managed HSM
// holds when the job begins.
type work func(call, *Job, BlobContainer) error

// jobFailure is how a job ends that does not succeed. Any other error refuses the request that begins the job.
type jobFailure struct {
	why     *errs.Error
	details string
}

func (f jobFailure) Error() string { return f.why.Error() }

// start does the work of a job and remembers how it ended.
func (c call) start(k jobKind, at BackupStorage, do work) (startedJob, error) {
	if c.container.svc.storage == nil {
		return startedJob{}, errs.NewBackupStorage("no storage is configured")
	}
	if err := c.container.module.Ready(); err != nil {
		return startedJob{}, err
	}
	jobs := &c.container.admin.jobs
	if err := jobs.begin(c.now, k.blocks); err != nil {
		return startedJob{}, err
	}
	var done *Job
	defer func() { jobs.end(done) }()
	c.set, c.root = c.container.settings.Load(), c.container.shelf.Root() // a restore may have ended since the request came
	j := Job{ID: newVersionID().String(), Status: JobSucceeded, Started: c.now, restores: k.restores}
	blobs, err := c.openStorage(at)
	if err == nil {
		err = do(c, &j, blobs)
	}
	if failed, ok := errors.AsType[jobFailure](err); ok {
		j.Status, j.Error, j.Details, j.URI = JobFailed, failed.why, failed.details, ""
	} else if err != nil {
		return startedJob{}, err
	}
	j.Ended = c.ended()
	done = &j
	return startedJob(j.begun()), nil
}

// ended is when a job ends whose work is done: now, or when the lag is over since its request came.
func (c call) ended() time.Time {
	now, over := c.container.svc.now(), c.now.Add(time.Duration(c.lag())*time.Second)
	if now.Before(over) {
		return over
	}
	return now
}

// useStorage does something with the storage. What the storage says of its failure goes no further: it may repeat the token.
func (c call) useStorage(absent, failed string, do func() error) error {
	err := shelf.Contain(do)
	switch {
	case err == nil:
		return nil
	case c.ctx.Err() != nil:
		return c.ctx.Err()
	case errors.Is(err, fs.ErrNotExist):
		return errs.NewBackupStorage(absent)
	}
	return jobFailure{errs.NewBackupStorage(failed), invalidRequest}
}

// invalidRequest is what a job says of a storage that refuses it.
const invalidRequest = "Invalid Request"

const noContainer = "there is no such container"

// openStorage finds the storage container that a request names.
func (c call) openStorage(at BackupStorage) (found BlobContainer, err error) {
	if !at.opens() { // which only a check does not find out before
		return nil, jobFailure{errs.NewBackupJobSAS(), invalidRequest}
	}
	if at.ManagedIdentity {
		at.SAS = Value{}
	}
	err = c.useStorage(noContainer, "it could not be opened", func() (err error) {
		if found, err = c.container.svc.storage(c.ctx, at.URI, at.SAS); err == nil && found == nil {
			err = fs.ErrNotExist
		}
		return err
	})
	return found, err
}

// startBackup writes all that the Managed HSM holds to a new folder.
func startBackup(c call, to BackupStorage) (startedJob, error) { return c.start(backing, to, to.write) }

// write is the work of a backup.
func (b BackupStorage) write(c call, j *Job, blobs BlobContainer) error {
	folder := c.freeFolder(blobs)
	sealed, err := c.packed(folder)
	if err != nil {
		return err
	}
	j.URI = strings.TrimRight(b.URI, "/") + "/" + folder
	return c.useStorage(noContainer, "it took no blob", func() error { return blobs.Put(c.ctx, folder+fullBackupBlob, sealed) })
}

// maxFolders is how many folders are looked at for one that holds no backup. Each lies further ahead than the one before, so
// that however many there are, one of so many is free.
const maxFolders = 32

// freeFolder is a folder that holds no backup, as far as can be read: one may lie there of this Managed HSM before it was
// reopened, or of another of its name.
func (c call) freeFolder(blobs BlobContainer) (folder string) {
	for ahead := range maxFolders {
		folder = c.backupFolder(c.container.admin.jobs.folderTime(c.now, time.Second<<ahead))
		err := c.useStorage("", "", func() error {
			_, err := blobs.Get(c.ctx, folder+fullBackupBlob)
			return err
		})
		if err != nil {
			break
		}
	}
	return folder
}

// backupCheckInput is the input of BackupCheck. That a token does not open the storage is what the check finds out.
type backupCheckInput struct{ BackupStorage }

func (in backupCheckInput) validate(*settings) error {
	_, err := parseStorageURI(in.URI)
	return err
}

// checkBackup tells whether a backup could be written, and writes none.
func checkBackup(c call, in backupCheckInput) (startedJob, error) {
	return c.start(backing, in.BackupStorage, in.check)
}

// check is the work of the check before a backup: all of it up to the writing. It takes no folder's name.
func (backupCheckInput) check(c call, _ *Job, _ BlobContainer) error {
	_, err := c.packed(c.backupFolder(c.now))
	return err
}

// backupFolder is the name of the folder of a backup.
func (c call) backupFolder(at time.Time) string {
	return "mhsm-" + c.container.name + "-" + at.UTC().Format("20060102150405")
}

// restoreInput is the input of RestoreStart.
type restoreInput struct {
	from   BackupStorage
	folder string
}

func (in restoreInput) validate(s *settings) error {
	if err := in.from.validate(s); err != nil {
		return err
	}
	return validFolder(in.folder)
}

func validFolder(folder string) error {
	if validName(folder) != nil {
		return errs.NewBackupStorage("the folder has no name of a backup")
	}
	return nil
}

// restoreCheckInput is the input of RestoreCheck. That a token does not open the storage is what the check finds out.
type restoreCheckInput struct{ restoreInput }

func (in restoreCheckInput) validate(*settings) error {
	if _, err := parseStorageURI(in.from.URI); err != nil {
		return err
	}
	return validFolder(in.folder)
}

// keyRestoreInput is the input of KeyRestoreStart.
type keyRestoreInput struct{ restoreInput }

// startRestore replaces all that the Managed HSM holds.
func startRestore(c call, in restoreInput) (startedJob, error) {
	return c.start(restoring, in.from, in.restore)
}

// restore is the work of a restore. The keys are replaced in one change, then the roles.
func (in restoreInput) restore(c call, _ *Job, blobs BlobContainer) error {
	held, err := c.fetch(blobs, in.folder)
	if err != nil {
		return err
	}
	if err := c.replaceKeys(held.keys); err != nil {
		return err
	}
	err = c.container.change(context.WithoutCancel(c.ctx), func(next *settings) error {
		next.RBAC = &held.roles
		return nil
	})
	if err != nil {
		return jobFailure{c.container.refusal(errs.NewInternal(err), c.host(), c.id.String(), ""), "The keys were restored, the roles were not"}
	}
	return nil
}

// replaceKeys puts keys in the place of all that there are.
func (c call) replaceKeys(by []*keyObject) error {
	return c.update(func(tx *shelf.Tx) error {
		var names []string
		for o := range keys.All(tx.Root()) {
			names = append(names, o.Name)
		}
		for _, name := range names {
			keys.Drop(tx, name)
		}
		for _, o := range by {
			keys.Put(tx, o)
		}
		return nil
	})
}

// checkRestore tells whether a backup could be restored, and changes nothing.
func checkRestore(c call, in restoreCheckInput) (startedJob, error) {
	return c.start(checkingRestore, in.from, in.check)
}

// check is the work of the check before a restore.
func (in restoreCheckInput) check(c call, _ *Job, blobs BlobContainer) error {
	_, err := c.fetch(blobs, in.folder)
	return err
}

// startKeyRestore brings the key that the path names back from a backup.
func startKeyRestore(c call, in keyRestoreInput) (startedJob, error) {
	return c.start(restoring, in.from, in.restoreKey)
}

// restoreKey is the work of the restore of a key.
func (in keyRestoreInput) restoreKey(c call, j *Job, blobs BlobContainer) error {
	held, err := c.fetch(blobs, in.folder)
	if err != nil {
		return err
	}
	o := held.key(c.name)
	if o == nil {
		return keys.Absent(c.name, "")
	}
	j.Details = fmt.Sprintf("Number of successful key versions restored: %d, Number of key versions could not overwrite: 0", len(o.Versions))
	return c.update(func(tx *shelf.Tx) error {
		if keys.Taken(tx.Root(), o.Name, c.unix()) {
			return keys.Words().RestoreConflict(keyLife.id(c.container, o, o.Current()).String())
		}
		keys.Put(tx, o)
		return nil
	})
}

// getBackupStatus answers the backup that the path names.
func getBackupStatus(c call, _ nothing) (Job, error) {
	return c.container.admin.jobs.find(c.name, false, c.now)
}

// getRestoreStatus answers the restore that the path names.
func getRestoreStatus(c call, _ nothing) (Job, error) {
	return c.container.admin.jobs.find(c.name, true, c.now)
}
