package vault

import (
	"path"
	"slices"
	"sync"
	"sync/atomic"
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

// jobs are the backups and restores of a Managed HSM, one at a time.
type jobs struct {
	mu      sync.Mutex // guards what follows, up to the next empty line
	working bool       // a request is doing the work of a job
	over    []Job      // as they end, the newest last
	folder  time.Time  // the second by which the newest folder is named

	// Every request reads these without the lock, under which they are written.
	blocking atomic.Bool               // that work has nothing but the status of a restore answered meanwhile
	restored atomic.Pointer[time.Time] // until when nothing else is answered after that work; nil: none has been done
}

// begin makes the work of a job the caller's, who came at a moment, until the caller ends it. It refuses a caller who came
// before the newest job ended.
func (all *jobs) begin(came time.Time, blocks bool) error {
	all.mu.Lock()
	defer all.mu.Unlock()
	if last := len(all.over) - 1; all.working || last >= 0 && came.Before(all.over[last].Ended) {
		return errs.NewJobRunning()
	}
	all.working = true
	all.blocking.Store(blocks)
	return nil
}

// end remembers a job whose work is done, nil if the request was refused that began it.
func (all *jobs) end(j *Job) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if j != nil {
		if all.blocking.Load() {
			until := j.Ended
			all.restored.Store(&until)
		}
		if len(all.over) == maxJobs {
			all.over = slices.Delete(all.over, 0, 1)
		}
		all.over = append(all.over, *j)
	}
	all.working = false
	all.blocking.Store(false) // last: whoever sees it sees how long to wait
}

// restoring tells whether a restore is in progress. It waits for nobody.
func (all *jobs) restoring(now time.Time) bool {
	if all.blocking.Load() {
		return true
	}
	until := all.restored.Load()
	return until != nil && now.Before(*until)
}

// find finds a job among the backups or among the restores.
func (all *jobs) find(id string, restores bool, now time.Time) (Job, error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, j := range all.over {
		if j.ID == id && j.restores == restores {
			return j.at(now), nil
		}
	}
	return Job{}, errs.NewJobNotFound()
}

// folderTime is the second by which the folder of a backup is named: that of now or, if the newest folder is not older, one
// ahead of that.
func (all *jobs) folderTime(now time.Time, ahead time.Duration) time.Time {
	all.mu.Lock()
	defer all.mu.Unlock()
	now = now.UTC().Truncate(time.Second)
	if !now.After(all.folder) {
		now = all.folder.Add(ahead)
	}
	all.folder = now
	return now
}
