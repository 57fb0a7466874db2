package vault

import (
	"time"

	"github.com/embedvault/embedvault/errs"
)

// storageBody is how a request names the storage.
type storageBody struct {
	URI             string  `json:"storageResourceUri"`
	Token           *string `json:"token"`
	ManagedIdentity bool    `json:"useManagedIdentity"`
}

func (b storageBody) storage() BackupStorage {
	s := BackupStorage{URI: b.URI, ManagedIdentity: b.ManagedIdentity}
	if b.Token != nil {
		s.SAS = NewValue(*b.Token)
	}
	return s
}

func (BackupStorage) read(r *Exchange) (BackupStorage, error) {
	body, err := readJSON[storageBody](r, bodyLimit)
	return body.storage(), err
}

func (in backupCheckInput) read(r *Exchange) (backupCheckInput, error) {
	storage, err := in.BackupStorage.read(r)
	return backupCheckInput{storage}, err
}

func (in restoreCheckInput) read(r *Exchange) (restoreCheckInput, error) {
	asked, err := in.restoreInput.read(r)
	return restoreCheckInput{asked}, err
}

func (restoreInput) read(r *Exchange) (restoreInput, error) {
	body, err := readJSON[struct {
		Storage storageBody `json:"sasTokenParameters"`
		Folder  string      `json:"folderToRestore"`
	}](r, bodyLimit)
	return restoreInput{body.Storage.storage(), body.Folder}, err
}

func (keyRestoreInput) read(r *Exchange) (keyRestoreInput, error) {
	body, err := readJSON[struct {
		Storage storageBody `json:"sasTokenParameters"`
		Folder  string      `json:"folder"`
	}](r, bodyLimit)
	return keyRestoreInput{restoreInput{body.Storage.storage(), body.Folder}}, err
}

func (j startedJob) appendTo(dst []byte, r *Exchange) []byte {
	kind := "/backup/"
	if j.restores {
		kind = "/restore/"
	}
	r.AsyncOperation = "https://" + r.Host + kind + j.ID + "/pending"
	return Job(j).appendTo(dst, r)
}

func (j Job) appendTo(dst []byte, _ *Exchange) []byte {
	w := begin(dst)
	if !j.restores {
		w.orNull("azureStorageBlobContainerUri", j.URI)
	}
	w.timeOrNull("endTime", j.Ended)
	w.failure("error", j.Error)
	w.text("jobId", j.ID)
	w.timeOrNull("startTime", j.Started)
	w.text("status", string(j.Status))
	w.orNull("statusDetails", j.Details)
	return w.end()
}

// orNull appends a member that is null if it is empty.
func (w *object) orNull(name, value string) {
	if value == "" {
		w.null(name)
		return
	}
	w.text(name, value)
}

// timeOrNull appends unix seconds, null for the zero time.
func (w *object) timeOrNull(name string, t time.Time) {
	if t.IsZero() {
		w.null(name)
		return
	}
	w.number(name, t.Unix())
}

// failure appends an error as it stands in a job, null for none.
func (w *object) failure(name string, e *errs.Error) {
	if e == nil {
		w.null(name)
		return
	}
	w.open(name, '{')
	w.text("code", string(e.Code))
	w.null("innererror")
	w.text("message", e.Message)
	w.Close('}')
}

func (w *object) null(name string) {
	w.Name(name)
	w.Buf = append(w.Buf, "null"...)
}
