package vault

import (
	"path"
	"slices"
	"time"

	"github.com/embedvault/embedvault/errs"
)

// JobStatus is how far a backup or restore is.
type JobStatus string

// The statuses of a job.
const (
	JobInProgress JobStatus = "InProgress"
	JobSucceeded  JobStatus = "Succeeded"
	JobFailed     JobStatus = "Failed"
)

// Job is a full backup, a restore, or a check before one of them. It is in progress while its work is done, and until
// Options.Lag is over since it began.
type Job struct {
	ID      string // 32 hexadecimal digits
	Status  JobStatus
	Details string      // of a failure or of what was restored, in few words; "" of the rest
	Error   *errs.Error // why the job failed; nil otherwise
	Started time.Time
	Ended   time.Time // the zero Time while the job is in progress
	// URI is that of the storage container with the folder that holds the backup; "" unless a backup has succeeded.
	URI string

	restores bool // it is asked for among the restores
}

// Folder returns the last element of the URI, by which a restore finds the backup; "" unless a backup has succeeded, which
// GetBackupStatus tells: what StartBackup answers is in progress always.
func (j Job) Folder() string {
	if j.URI == "" {
		return ""
	}
	return path.Base(j.URI)
}

// at is the job as it shows itself at a moment. It shares nothing with j.
func (j Job) at(now time.Time) Job {
	if now.Before(j.Ended) {
		return j.begun()
	}
	if j.Error != nil {
		failed := *j.Error
		j.Error = &failed
	}
	return j
}

// begun is the job as it was when it had begun.
func (j Job) begun() Job {
	return Job{ID: j.ID, Status: JobInProgress, Started: j.Started, restores: j.restores}
}

// maxJobs is how many jobs are remembered.
const maxJobs = 64

// jobs are the backups and restores of a Managed HSM. Those of its administration are guarded by its mutex.
type jobs struct {
	working  bool      // a request is doing the work of a job
	blocking bool      // and nothing but the status of a restore is answered meanwhile
	restored time.Time // until when nothing else is answered after that work; the zero time: none has been done
	over     []Job     // as they end, the newest last
	folder   time.Time // the second by which the newest folder is named
}

// begin makes the work of a job the caller's, who came at a moment, until the caller ends it. It refuses a caller who came
// before the newest job ended.
func (a *administration) begin(came time.Time, blocks bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if last := len(a.jobs.over) - 1; a.jobs.working || last >= 0 && came.Before(a.jobs.over[last].Ended) {
		return errs.NewJobRunning()
	}
	a.jobs.working, a.jobs.blocking = true, blocks
	return nil
}

// end remembers a job whose work is done, nil if the request was refused that began it.
func (a *administration) end(j *Job) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if j != nil {
		if a.jobs.blocking {
			a.jobs.restored = j.Ended
		}
		if over := a.jobs.over; len(over) == maxJobs {
			a.jobs.over = slices.Delete(over, 0, 1)
		}
		a.jobs.over = append(a.jobs.over, *j)
	}
	a.jobs.working, a.jobs.blocking = false, false
}

// job finds a job among the backups or among the restores.
func (a *administration) job(id string, restores bool, now time.Time) (Job, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, j := range a.jobs.over {
		if j.ID == id && j.restores == restores {
			return j.at(now), nil
		}
	}
	return Job{}, errs.NewJobNotFound()
}

// folderTime is the second by which the folder of a backup is named: that of now, or the one after the newest folder's.
func (a *administration) folderTime(now time.Time) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	now = now.UTC().Truncate(time.Second)
	if !now.After(a.jobs.folder) {
		now = a.jobs.folder.Add(time.Second)
	}
	a.jobs.folder = now
	return now
}
