package vault_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault"
)

const fortressHost = "fortress.managedhsm.azure.net"

// ask makes a request of a protocol and returns the answer and where its job is asked for.
func (f *stronghold) ask(tb failer, o vault.Operation, name, version, body string) (answer, async string, err error) {
	r := &vault.Exchange{Caller: vault.Owner(), Name: name, Host: fortressHost, Query: "api-version=" + version, Length: int64(len(body))}
	if body != "" {
		r.Body = strings.NewReader(body)
	}
	data, err := endpoint(o).Serve(tb.Context(), f.hsm, r, nil)
	return string(data), r.AsyncOperation, err
}

var wireStorage = fmt.Sprintf(`{"storageResourceUri":%q,"token":%q}`, containerURI, toStorage.SAS.Reveal())

// wireRestore is the body of a restore, with the member that names the folder.
func wireRestore(member, folder string) string {
	return fmt.Sprintf(`{"sasTokenParameters":%s,%q:%q}`, wireStorage, member, folder)
}

// A job over a protocol: what begins it, where it is asked for, and how it shows itself, in progress and over.
func TestJobsOverAProtocol(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{Lag: 5 * time.Second})
	furnish(t, f)
	f.clock.Advance(10 * time.Second)
	folder := ""
	for _, c := range []struct {
		begin, status    vault.Operation
		at, name, folder string
		want             string // besides id and times
	}{
		{vault.OpBackupCheck, vault.OpBackupStatus, "backup", "", "", `{"azureStorageBlobContainerUri":null,"error":null`},
		{vault.OpBackupStart, vault.OpBackupStatus, "backup", "", "", `{"azureStorageBlobContainerUri":"` + containerURI + `/FOLDER","error":null`},
		{vault.OpRestoreCheck, vault.OpRestoreStatus, "restore", "", "folderToRestore", `{"error":null`},
		{vault.OpRestoreStart, vault.OpRestoreStatus, "restore", "", "folderToRestore", `{"error":null`},
		{vault.OpKeyRestoreStart, vault.OpRestoreStatus, "restore", "gone", "folder", `{"error":null`},
	} {
		if c.name != "" {
			fine(t, f.owner.PurgeDeletedKey(t.Context(), c.name))
			f.clock.Advance(10 * time.Second)
		}
		body := wireStorage
		if c.folder != "" {
			body = wireRestore(c.folder, folder)
		}
		begun, async, err := f.ask(t, c.begin, c.name, "7.6", body)
		fine(t, err)
		parts := regexp.MustCompile("^https://" + fortressHost + "/" + c.at + "/([0-9a-f]{32})/pending$").FindStringSubmatch(async)
		if parts == nil {
			t.Fatalf("%s is asked for at %q", c.begin, async)
		}
		running, _, err := f.ask(t, c.status, parts[1], "7.6", "")
		fine(t, err)
		started := f.clock.Now().Unix()
		uri := ""
		if c.at == "backup" {
			uri = `"azureStorageBlobContainerUri":null,`
		}
		want := fmt.Sprintf(`{%s"endTime":null,"error":null,"jobId":%q,"startTime":%d,"status":"InProgress","statusDetails":null}`, uri, parts[1], started)
		if begun != want || running != want {
			t.Errorf("%s: at first %s, then %s, want %s", c.begin, begun, running, want)
		}
		if c.begin == vault.OpBackupStart {
			folder = "mhsm-fortress-" + f.clock.Now().Format("20060102150405")
		}
		f.clock.Advance(5 * time.Second)
		over, async, err := f.ask(t, c.status, parts[1], "7.2", "")
		fine(t, err)
		details := "null"
		if c.begin == vault.OpKeyRestoreStart {
			details = `"Number of successful key versions restored: 1, Number of key versions could not overwrite: 0"`
		}
		want = strings.Replace(strings.Replace(c.want, "FOLDER", folder, 1), `"error"`, fmt.Sprintf(`"endTime":%d,"error"`, started+5), 1) +
			fmt.Sprintf(`,"jobId":%q,"startTime":%d,"status":"Succeeded","statusDetails":%s}`, parts[1], started, details)
		if over != want || async != "" {
			t.Errorf("%s: over it is %s at %q, want %s", c.begin, over, async, want)
		}
	}
}

// A job that failed says why inside a successful answer.
func TestAFailedJobOverAProtocol(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{})
	f.blobs.way = func(string) error { return errDisk }
	_, async, err := f.ask(t, vault.OpBackupStart, "", "7.4", wireStorage)
	fine(t, err)
	id := strings.Split(async, "/")[4]
	answer, _, err := f.ask(t, vault.OpBackupStatus, id, "7.4", "")
	fine(t, err)
	now := f.clock.Now().Unix()
	if want := fmt.Sprintf(`{"azureStorageBlobContainerUri":null,"endTime":%d,"error":{"code":"BadRequest","innererror":null,`+
		`"message":"The storage container cannot be used: it could not be opened"},"jobId":%q,"startTime":%d,"status":"Failed","statusDetails":"Invalid Request"}`,
		now, id, now); answer != want {
		t.Errorf("%s, want %s", answer, want)
	}
}

func TestBodiesOfABackup(t *testing.T) {
	t.Parallel()
	f := newStronghold(t, vault.Options{})
	folder := f.backup(t)
	for _, c := range []struct {
		operation     vault.Operation
		version, body string
		code          errs.Code
	}{
		{vault.OpBackupStart, "7.1", wireStorage, errs.BadParameter},
		{vault.OpBackupCheck, "7.5", wireStorage, errs.BadParameter},
		{vault.OpRestoreCheck, "7.5", wireRestore("folderToRestore", folder), errs.BadParameter},
		{vault.OpBackupStart, "7.6", ``, errs.BadParameter},
		{vault.OpBackupStart, "7.6", `[]`, errs.BadParameter},
		{vault.OpBackupStart, "7.6", `{}`, errs.BadRequest},
		{vault.OpBackupStart, "7.6", `{"storageResourceUri":7}`, errs.BadParameter},
		{vault.OpBackupStart, "7.6", `{"storageResourceUri":"` + containerURI + `"}`, errs.BadRequest},
		{vault.OpBackupStart, "7.6", `{"storageResourceUri":"` + containerURI + `","token":null,"useManagedIdentity":true}`, ""},
		{vault.OpBackupStart, "7.6", `{"storageResourceUri":"` + containerURI + `","token":"` + strings.Repeat("x", 512<<10) + `"}`, errs.RequestTooLarge},
		{vault.OpRestoreStart, "7.6", ``, errs.BadParameter},
		{vault.OpRestoreStart, "7.6", `{"folderToRestore":"` + folder + `"}`, errs.BadRequest},
		{vault.OpRestoreStart, "7.6", `{"sasTokenParameters":` + wireStorage + `}`, errs.BadRequest},
		{vault.OpRestoreStart, "7.6", wireRestore("folder", folder), errs.BadRequest},
		{vault.OpRestoreStart, "7.2", wireRestore("folderToRestore", folder), ""},
		{vault.OpKeyRestoreStart, "7.6", `{"sasTokenParameters":7}`, errs.BadParameter},
		{vault.OpKeyRestoreStart, "7.6", wireRestore("folderToRestore", folder), errs.BadRequest},
	} {
		answer, async, err := f.ask(t, c.operation, "k", c.version, c.body)
		if c.code == "" {
			if err != nil || !json.Valid([]byte(answer)) || async == "" {
				t.Errorf("%s %s %.80s: %v", c.operation, c.version, c.body, err)
			}
			continue
		}
		if !errors.Is(err, c.code) || answer != "" || async != "" || strings.Contains(fmt.Sprint(err), signatureSAS) {
			t.Errorf("%s %s %.80s: %v, want %s", c.operation, c.version, c.body, err, c.code)
		}
	}
}
