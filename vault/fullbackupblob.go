package vault

import (
	"encoding/json"
	"strings"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
)

// A full backup is one blob: a byte of version and the sealed JSON of a fullBackup. The sealing key belongs to the security
// domain, and the blob to its folder: elsewhere it does not open. The JSON holds the keys as the module has sealed them, and
// roles: nothing that is secret in the clear.
const (
	fullBackupVersion = 1
	fullBackupBlob    = "/backup.sealed"
	fullBackupPurpose = "full backup"
	maxFullBackup     = 1 << 30 // bytes; memory for a few times as many is needed
)

// fullBackup is what a full backup seals. Of the keys it holds those that are there, live or deleted.
type fullBackup struct {
	Keys  []json.RawMessage `json:"keys"` // each the JSON of a backup
	Roles storedRoles       `json:"roles"`
}

type storedRoles struct {
	Assignments []policy.RoleAssignment `json:"assignments,omitempty"`
	Custom      []policy.RoleDefinition `json:"custom,omitempty"`
}

// snapshot is all that the Managed HSM held when the job began, as JSON of a fullBackup.
func (c call) snapshot() ([]byte, error) {
	roles := c.set.RBAC
	held, size := fullBackup{Roles: storedRoles{roles.Assignments, roles.Roles}}, 0
	for o := range keys.All(c.root) {
		if isPurged(o, c.unix()) {
			continue
		}
		data, err := keyLife.snapshot(o)
		if err != nil {
			return nil, err
		}
		held.Keys = append(held.Keys, data)
		if size += len(data) + 1; size > maxFullBackup {
			return nil, errs.NewBodyTooLarge(maxFullBackup)
		}
	}
	return json.Marshal(held)
}

// isPurged tells whether nothing of a key can be had any more.
func isPurged(o *keyObject, now int64) bool { return o.Deletion != nil && o.Deletion.Purge <= now }

// packed is a full backup, sealed for a folder.
func (c call) packed(folder string) ([]byte, error) {
	plain, err := c.snapshot()
	if err != nil {
		return nil, err
	}
	return c.sealFull(plain, folder)
}

// sealFull seals a full backup for a folder.
func (c call) sealFull(plain []byte, folder string) ([]byte, error) {
	key, err := c.container.module.Derive(c.ctx, fullBackupPurpose, 32)
	if err != nil {
		return nil, err
	}
	aead, err := newSealer(key)
	if err != nil {
		return nil, err
	}
	if len(plain)+blobMin > maxFullBackup {
		return nil, errs.NewBodyTooLarge(maxFullBackup)
	}
	header := []byte{fullBackupVersion}
	return aead.Seal(header, nil, plain, fullBackupContext(folder)), nil
}

// openFull opens a full backup of a folder.
func (c call) openFull(sealed []byte, folder string) ([]byte, error) {
	if len(sealed) < blobMin || len(sealed) > maxFullBackup || sealed[0] != fullBackupVersion {
		return nil, errs.NewForeignBackup()
	}
	key, err := c.container.module.Derive(c.ctx, fullBackupPurpose, 32)
	if err != nil {
		return nil, err
	}
	aead, err := newSealer(key)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed[blobHeader:], fullBackupContext(folder))
	if err != nil {
		return nil, errs.NewForeignBackup().Because(errSeal)
	}
	return plain, nil
}

func fullBackupContext(folder string) []byte { return append([]byte{fullBackupVersion}, folder...) }

// restorable is what a full backup holds, ready to be put in place.
type restorable struct {
	keys  []*keyObject
	roles RBAC
}

// key is the key of a name, compared without case; nil if there is none.
func (r restorable) key(name string) *keyObject {
	for _, o := range r.keys {
		if strings.EqualFold(o.Name, name) {
			return o
		}
	}
	return nil
}

// fetch reads the full backup of a folder.
func (c call) fetch(from BlobContainer, folder string) (held restorable, err error) {
	var sealed []byte
	err = c.useStorage("the folder holds no backup", "it gave no blob", func() (err error) {
		sealed, err = from.Get(c.ctx, folder+fullBackupBlob)
		return err
	})
	if err != nil {
		return held, err
	}
	plain, err := c.openFull(sealed, folder)
	if err != nil {
		return held, err
	}
	return c.readFull(plain)
}

// readFull reads the JSON of a full backup. What is over by now is left out.
func (c call) readFull(plain []byte) (held restorable, err error) {
	var from fullBackup
	if err := json.Unmarshal(plain, &from); err != nil {
		return held, errs.NewCorruptBackup()
	}
	held.roles = RBAC{Assignments: from.Roles.Assignments, Roles: from.Roles.Custom}
	if _, err := policy.CompileLocalAssignments(held.roles.Roles, held.roles.Assignments); err != nil {
		return held, errs.NewCorruptBackup()
	}
	for _, data := range from.Keys {
		o, err := keyLife.revive(c, data)
		if err != nil {
			return held, err
		}
		if !isPurged(o, c.unix()) {
			held.keys = append(held.keys, o)
		}
	}
	return held, nil
}
