package vault

import (
	"context"
	"iter"

	"github.com/embedvault/embedvault/crypto"
)

// CreateKey makes a key and adds it as the newest version of a name. nil options are the zero options. A name that a
// deleted key holds is 409 (errs.ObjectIsDeletedButRecoverable); a key type protected by hardware on a standard vault is
// 403 (errs.HardwareKeysNotSupported), a symmetric one 400 (errs.BadParameter). If a Managed HSM gets another security domain
// meanwhile, this and every other change is 503 (errs.HardwareBusy).
func (c *Client) CreateKey(ctx context.Context, name string, spec crypto.Spec, o *CreateKeyOptions) (Key, error) {
	in := keyInput{spec: spec}
	if o != nil {
		in.CreateKeyOptions, in.exportable, in.asked = *o, o.Release != nil, o.Release.asked()
	}
	return run(c.on(ctx, name, ""), keyCreate, in, nil)
}

// ImportKey takes in a key that was made elsewhere and adds it as the newest version of a name. nil options are the zero
// options. A JWK whose member T is set (hsm.WrapTransfer) is opened in the module of the container, with the key that it
// was wrapped to: its Kty is an -HSM type, Crv that of an EC key, and the other members do not count.
//
// Errors are those of CreateKey; a JWK that is no sound private key, or does not open, is 400 (errs.BadParameter). The key
// that it was wrapped to can be absent (errs.KeyNotFound), disabled (errs.KeyDisabled) or without the operation import
// (errs.KeyOperationForbidden).
func (c *Client) ImportKey(ctx context.Context, name string, key crypto.JWK, o *ImportKeyOptions) (Key, error) {
	in := importInput{jwk: key}
	if o != nil {
		in.ImportKeyOptions, in.exportable, in.asked = *o, o.Release != nil, o.Release.asked()
	}
	return run(c.on(ctx, name, ""), keyImport, in, nil)
}

// GetKey returns the public part of a version of a key: the newest if the reference names none. An absent one is 404
// (errs.KeyNotFound).
func (c *Client) GetKey(ctx context.Context, key Ref) (Key, error) {
	return run(c.ref(ctx, key), keyGet, nothing{}, nil)
}

// UpdateKey changes attributes, operations and tags of a version, and answers it. nil options change nothing but the time
// of the update. An absent key is 404 (errs.KeyNotFound).
func (c *Client) UpdateKey(ctx context.Context, key Ref, o *UpdateKeyOptions) (Key, error) {
	var in keyUpdate
	if o != nil {
		in.UpdateKeyOptions, in.asked = *o, o.Release.asked()
	}
	return run(c.ref(ctx, key), keyPatch, in, nil)
}

// RotateKey adds a version of the same type, size and operations as the newest; it is valid as long as the rotation
// policy's ExpiryTime says. An absent key is 404 (errs.KeyNotFound).
func (c *Client) RotateKey(ctx context.Context, name string) (Key, error) {
	return run(c.on(ctx, name, ""), keyRotate, nothing{}, nil)
}

// GetRotationPolicy returns the rotation policy of a key. A key without one has the service's: its owner is told 30 days
// before it expires. An absent key is 404 (errs.KeyNotFound).
func (c *Client) GetRotationPolicy(ctx context.Context, name string) (RotationPolicy, error) {
	return run(c.on(ctx, name, ""), keyRotationPolicyGet, nothing{}, nil)
}

// SetRotationPolicy replaces the rotation policy of a key, and answers it as it is kept: with a Notify 30 days before
// expiry if it had none. Members that are read only are ignored. An absent key is 404 (errs.KeyNotFound).
func (c *Client) SetRotationPolicy(ctx context.Context, name string, p RotationPolicy) (RotationPolicy, error) {
	return run(c.on(ctx, name, ""), keyRotationPolicySet, rotationInput{p.ExpiryTime, p.Actions}, nil)
}

// BackupKey returns the key with all its versions, at most 500, as a blob that only this service, or one with its store, can
// open, and only in the same subscription and geography. An absent key is 404 (errs.KeyNotFound).
func (c *Client) BackupKey(ctx context.Context, name string) ([]byte, error) {
	return run(c.on(ctx, name, ""), keyBackup, nothing{}, nil)
}

// RestoreKey brings back a key from a blob, with its name and versions. A name that is taken, by a live or a deleted key,
// is 409 (errs.Conflict); a blob that does not open here is 400 (errs.MalformedBackupBlob).
func (c *Client) RestoreKey(ctx context.Context, backup []byte) (Key, error) {
	return run(c.on(ctx, "", ""), keyRestore, blob(backup), nil)
}

// ListKeys goes through the keys in the order of their names, 25 a request. It continues after the last name it showed,
// whatever is added or deleted meanwhile. An error ends the sequence.
func (c *Client) ListKeys(ctx context.Context, o *ListOptions) iter.Seq2[KeyItem, error] {
	return pages(o, func(p cursor) (page[KeyItem], error) { return run(c.on(ctx, "", ""), keyList, p, nil) })
}

// ListKeyVersions goes through the versions of a key, oldest first, 25 a request. A key that does not exist has none.
func (c *Client) ListKeyVersions(ctx context.Context, name string, o *ListOptions) iter.Seq2[KeyItem, error] {
	return pages(o, func(p cursor) (page[KeyItem], error) { return run(c.on(ctx, name, ""), keyListVersions, p, nil) })
}

// DeleteKey moves a key with all its versions among the deleted ones. An absent one is 404 (errs.KeyNotFound).
func (c *Client) DeleteKey(ctx context.Context, name string) (Deleted[Key], error) {
	return run(c.on(ctx, name, ""), keyDelete, nothing{}, nil)
}

// GetDeletedKey returns a deleted key. A key that is not deleted is 404 (errs.KeyNotFound).
func (c *Client) GetDeletedKey(ctx context.Context, name string) (Deleted[Key], error) {
	return run(c.on(ctx, name, ""), keyGetDeleted, nothing{}, nil)
}

// ListDeletedKeys goes through the deleted keys in the order of their names, 25 a request.
func (c *Client) ListDeletedKeys(ctx context.Context, o *ListOptions) iter.Seq2[Deleted[KeyItem], error] {
	return pages(o, func(p cursor) (page[Deleted[KeyItem]], error) {
		return run(c.on(ctx, "", ""), keyListDeleted, p, nil)
	})
}

// RecoverDeletedKey moves a deleted key back, as it was. A key that is not deleted is 404 (errs.KeyNotFound), one that
// is live 400 (errs.RequestNotAllowedOnNonDeletedObject).
func (c *Client) RecoverDeletedKey(ctx context.Context, name string) (Key, error) {
	return run(c.on(ctx, name, ""), keyRecover, nothing{}, nil)
}

// PurgeDeletedKey takes a deleted key away for good. A key that is not deleted is 404 (errs.KeyNotFound), one that is
// live 400 (errs.ObjectMustBeDeletedPriorToBeingPurged); in a vault with purge protection it is 403.
func (c *Client) PurgeDeletedKey(ctx context.Context, name string) error {
	_, err := run(c.on(ctx, name, ""), keyPurge, nothing{}, nil)
	return err
}
