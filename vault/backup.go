package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/shelf"
)

// Limits of a backup.
const (
	maxBackupVersions = 500
	maxBlob           = 128 << 20 // bytes; 500 versions of the largest secret with the largest tags fit
)

// A backup blob is one byte of version and the sealed JSON of a backup. The sealing key belongs to a subscription and a
// geography of one service: elsewhere the blob does not open.
const (
	blobVersion = 1
	blobHeader  = 1
	blobMin     = blobHeader + 12 + 16 // nonce and tag
)

// backup is what a blob seals: the record of an object and of all its versions.
type backup struct {
	Object   record   `json:"object"`
	Versions []record `json:"versions"`
}

// backup answers the object with all its versions, sealed.
func (l life[V, O, R, I]) backup(c call, _ nothing) (blob, error) {
	o, _, err := l.kind.Find(c.root, c.name, "", c.unix())
	if err != nil {
		return nil, err
	}
	if len(o.Versions) > maxBackupVersions {
		return nil, errs.NewTooManyVersions(maxBackupVersions)
	}
	plain, err := l.snapshot(o)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	if len(plain) > maxBlob-blobMin {
		return nil, errs.NewBodyTooLarge(maxBlob)
	}
	aead, err := c.blobKey()
	if err != nil {
		return nil, err
	}
	header := []byte{blobVersion}
	return aead.Seal(header, nil, plain, header), nil
}

// snapshot is the object with all its versions, as JSON of a backup. That of a vault's object holds the secret or private key
// in the clear; the caller overwrites it.
func (l life[V, O, R, I]) snapshot(o *shelf.Object[V, O]) ([]byte, error) {
	records, _, err := l.records(shelf.Change{Kind: l.kind.Index(), Name: o.Name, After: o})
	if err != nil {
		return nil, err
	}
	defer wipe(records)
	last := len(records) - 1
	return json.Marshal(backup{records[last], records[:last]})
}

// wipe overwrites what records say of secrets and private keys.
func wipe(records []record) {
	for _, r := range records {
		clear(r.Data)
	}
}

// blob is the output of a backup and the input of a restore.
type blob []byte

func (b blob) validate(*settings) error {
	switch {
	case len(b) < blobMin || len(b) > maxBlob:
		return errs.NewCorruptBackup()
	case b[0] != blobVersion:
		return errs.NewUnknownBackupVersion()
	}
	return nil
}

// restore brings an object back from its backup, as it was, under the name it had.
func (l life[V, O, R, I]) restore(c call, b blob) (out R, err error) {
	o, err := l.unseal(c, b)
	if err != nil {
		return out, err
	}
	err = c.update(func(tx *shelf.Tx) error {
		if l.kind.Taken(tx.Root(), o.Name, c.unix()) {
			return l.kind.Words().RestoreConflict(l.id(c.container, o, o.Current()).String())
		}
		l.kind.Put(tx, o)
		out = l.show(c.set, l.id(c.container, o, o.Current()), o.Current())
		return nil
	})
	return out, err
}

// errSeal is why a backup does not open: nothing tells the reasons apart.
var errSeal = errors.New("vault: its seal does not open: it was changed, or made elsewhere")

// unseal opens a blob of the kind.
func (l life[V, O, R, I]) unseal(c call, b blob) (*shelf.Object[V, O], error) {
	aead, err := c.blobKey()
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, b[blobHeader:], b[:blobHeader])
	if err != nil {
		return nil, errs.NewForeignBackup().Because(errSeal)
	}
	defer clear(plain)
	return l.revive(c, plain)
}

// revive reads the JSON of a backup of the kind.
func (l life[V, O, R, I]) revive(c call, plain []byte) (*shelf.Object[V, O], error) {
	var held backup
	defer func() { wipe(held.Versions) }()
	if err := json.Unmarshal(plain, &held); err != nil || held.Object.Kind != l.kind.Index() || validName(held.Object.Name) != nil {
		return nil, errs.NewCorruptBackup()
	}
	o, err := l.read(c.ctx, c.container, held.Object, held.Versions)
	switch trouble, ok := errors.AsType[*errs.Error](err); {
	case err == nil:
	case isContextual(c.ctx, err), ok && trouble.Status >= 500: // of the module, not of the blob
		return nil, err
	default:
		return nil, errs.NewCorruptBackup()
	}
	return o, nil
}

// blobKey seals blobs of the vault's subscription and geography, or of the Managed HSM's security domain.
func (c call) blobKey() (cipher.AEAD, error) {
	key, err := c.backupSecret()
	if err != nil {
		return nil, err
	}
	return newSealer(key)
}

// newSealer seals under a key, which it overwrites, and adds the nonce.
func newSealer(key []byte) (cipher.AEAD, error) {
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// backupSecret is the secret of that key: of a vault derived from the service's root, of a Managed HSM from its security
// domain.
func (c call) backupSecret() ([]byte, error) {
	if c.container.kind == ProductKeyVault {
		context := "embedvault backup|" + strings.ToLower(c.set.Subscription) + "|" + geography(c.set.Region)
		return hkdf.Key(sha256.New, c.container.svc.root[:], nil, context, 32)
	}
	return c.container.module.Derive(c.ctx, "backup of an object", 32)
}
