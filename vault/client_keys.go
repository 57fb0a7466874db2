package vault

import (
	"context"
	"iter"

	"github.com/embedvault/embedvault/crypto"
)

// CreateKey makes a key and adds it as the newest version of a name. nil options are the zero options. In a Managed HSM the
// key is in hardware whether the type is an -HSM one or not.
//
// A name that a deleted key holds is 409 (errs.ObjectIsDeletedButRecoverable); with Options.Lag also one that is being
// deleted or recovered (errs.ObjectIsBeingDeleted, errs.ObjectIsBeingRecovered). An -HSM type in a standard vault is 403
// (errs.HardwareKeysNotSupported). 400 (errs.BadParameter) is for
//
//   - a size, curve, exponent or operation that does not exist, and tags beyond their limits;
//   - a symmetric key in a vault, unless it is an -HSM one in a premium vault;
//   - the operation import with another one, or for another type than RSA-HSM;
//   - a release policy that is not well formed, has more than 16 authorities or one that does not answer, and one for a key
//     in software or in a standard vault;
//   - a version that can be released of a key that cannot, or the reverse, or with another policy than an immutable one;
//   - in a Managed HSM the 5001st key, of which deleted ones are none, and the 101st version of a key.
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
// crypto.NewJWK makes a JWK of a key of the standard library.
//
// Errors are those of CreateKey; a JWK that is no sound private key of a size that crypto.Spec has, or does not open, is 400
// (errs.BadParameter), and so is one wrapped to the key of another container, and a symmetric one that comes wrapped to a
// vault. The key that it was wrapped to can be absent (404, errs.KeyNotFound), disabled (403, errs.KeyDisabled) or without
// the operation import (403, errs.KeyOperationForbidden).
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

// UpdateKey changes attributes, operations, tags and the release policy of a version, and answers it. nil options change
// nothing but the time of the update.
//
// An absent key is 404 (errs.KeyNotFound). 400 (errs.BadParameter) is for operations, tags and release policies that
// CreateKey refuses, and for the release policy of a key that cannot be released, of one whose policy is immutable, and with
// a reference that names a version: only the newest one's can change.
func (c *Client) UpdateKey(ctx context.Context, key Ref, o *UpdateKeyOptions) (Key, error) {
	var in keyUpdate
	if o != nil {
		in.UpdateKeyOptions, in.asked = *o, o.Release.asked()
	}
	return run(c.ref(ctx, key), keyPatch, in, nil)
}

// RotateKey adds a version of the same type, size, operations, tags and release policy as the newest; it is enabled, and
// valid as long as the rotation policy's ExpiryTime says. An absent key is 404 (errs.KeyNotFound). In a Managed HSM, a key
// that was given no rotation policy and the 101st version are 400 (errs.BadParameter).
func (c *Client) RotateKey(ctx context.Context, name string) (Key, error) {
	return run(c.on(ctx, name, ""), keyRotate, nothing{}, nil)
}

// GetRotationPolicy returns the rotation policy of a key. A key that was given none has that of its product: in a vault its
// owner is told 30 days before it expires, in a Managed HSM nothing happens. An absent key is 404 (errs.KeyNotFound).
func (c *Client) GetRotationPolicy(ctx context.Context, name string) (RotationPolicy, error) {
	return run(c.on(ctx, name, ""), keyRotationPolicyGet, nothing{}, nil)
}

// SetRotationPolicy replaces the rotation policy of a key, and answers it as it is kept: in a vault with a Notify 30 days
// before expiry if it had none. Members that are read only are ignored. An absent key is 404 (errs.KeyNotFound); a policy
// that breaks a rule that RotationPolicy and LifetimeAction name is 400 (errs.BadParameter). In a Managed HSM a Rotate is at
// least 28 days after creation, and its time at least 28 days shorter than the ExpiryTime; in a vault these are 7.
func (c *Client) SetRotationPolicy(ctx context.Context, name string, p RotationPolicy) (RotationPolicy, error) {
	return run(c.on(ctx, name, ""), keyRotationPolicySet, rotationInput{p.ExpiryTime, p.Actions}, nil)
}

// BackupKey returns the key with all its versions as a blob that nobody can read. That of a vault opens only in this
// service, or one with its store, in a vault of the same subscription and geography; that of a Managed HSM only in one of the
// same security domain, whatever else it is.
//
// An absent key is 404 (errs.KeyNotFound), more than 500 versions are 400 (errs.BadParameter), and more than 128 MiB are 413
// (errs.RequestTooLarge). A Managed HSM adds the errors of hardware.
func (c *Client) BackupKey(ctx context.Context, name string) ([]byte, error) {
	return run(c.on(ctx, name, ""), keyBackup, nothing{}, nil)
}

// RestoreKey brings back a key from a blob of BackupKey, with its name and versions. A name that is taken, by a live or a
// deleted key, is 409 (errs.Conflict); a blob that does not open here is 400 (errs.MalformedBackupBlob), and in a Managed HSM
// the 5001st key 400 (errs.BadParameter).
func (c *Client) RestoreKey(ctx context.Context, backup []byte) (Key, error) {
	return run(c.on(ctx, "", ""), keyRestore, blob(backup), nil)
}

// ListKeys goes through the keys in the order of their names, 25 a request unless the options say fewer. It continues after
// the last name it showed, whatever is added or deleted meanwhile. An error ends the sequence: another page size than 1 to
// 25 is 400 (errs.BadArgument).
func (c *Client) ListKeys(ctx context.Context, o *ListOptions) iter.Seq2[KeyItem, error] {
	return pages(o, func(p cursor) (page[KeyItem], error) { return run(c.on(ctx, "", ""), keyList, p, nil) })
}

// ListKeyVersions goes through the versions of a key, oldest first, in pages as ListKeys does. A key that does not exist has
// none.
func (c *Client) ListKeyVersions(ctx context.Context, name string, o *ListOptions) iter.Seq2[KeyItem, error] {
	return pages(o, func(p cursor) (page[KeyItem], error) { return run(c.on(ctx, name, ""), keyListVersions, p, nil) })
}

// DeleteKey moves a key with all its versions among the deleted ones, which with Options.Lag takes so long. An absent one is
// 404 (errs.KeyNotFound).
func (c *Client) DeleteKey(ctx context.Context, name string) (Deleted[Key], error) {
	return run(c.on(ctx, name, ""), keyDelete, nothing{}, nil)
}

// GetDeletedKey returns a deleted key. A key that is not deleted, or not yet, is 404 (errs.KeyNotFound).
func (c *Client) GetDeletedKey(ctx context.Context, name string) (Deleted[Key], error) {
	return run(c.on(ctx, name, ""), keyGetDeleted, nothing{}, nil)
}

// ListDeletedKeys goes through the deleted keys in the order of their names, in pages as ListKeys does.
func (c *Client) ListDeletedKeys(ctx context.Context, o *ListOptions) iter.Seq2[Deleted[KeyItem], error] {
	return pages(o, func(p cursor) (page[Deleted[KeyItem]], error) {
		return run(c.on(ctx, "", ""), keyListDeleted, p, nil)
	})
}

// RecoverDeletedKey moves a deleted key back, as it was. A key that is not deleted is 404 (errs.KeyNotFound), one that
// is live 400 (errs.RequestNotAllowedOnNonDeletedObject), one that is still being deleted 409 (errs.ObjectIsBeingDeleted). In
// a Managed HSM the 5001st key is 400 (errs.BadParameter).
func (c *Client) RecoverDeletedKey(ctx context.Context, name string) (Key, error) {
	return run(c.on(ctx, name, ""), keyRecover, nothing{}, nil)
}

// PurgeDeletedKey takes a deleted key away for good. A key that is not deleted is 404 (errs.KeyNotFound), one that is
// live 400 (errs.ObjectMustBeDeletedPriorToBeingPurged), one that is still being deleted 409 (errs.ObjectIsBeingDeleted); with
// purge protection a deleted one is 403 (errs.Forbidden).
func (c *Client) PurgeDeletedKey(ctx context.Context, name string) error {
	_, err := run(c.on(ctx, name, ""), keyPurge, nothing{}, nil)
	return err
}
