package vault

import (
	"context"
	"iter"
	"strings"
)

// SetSecret adds a version to a secret, or makes the secret, with a value of at most 25600 bytes. nil options are the
// zero options.
//
// A name that a deleted secret holds is 409 (errs.ObjectIsDeletedButRecoverable); with Options.Lag also one that is being
// deleted or recovered (errs.ObjectIsBeingDeleted, errs.ObjectIsBeingRecovered). A condition that does not hold is 409
// (errs.WriterConflict), and a value that is too long or no UTF-8, a content type or tags beyond their limits are 400
// (errs.BadParameter).
func (c *Client) SetSecret(ctx context.Context, name, value string, o *SetSecretOptions) (Secret, error) {
	in := secretInput{value: value}
	if o != nil {
		in.SetSecretOptions = *o
	}
	return run(c.on(ctx, name, ""), secretSet, in, nil)
}

// GetSecret returns a version of a secret with its value: the newest if the reference names none. It returns an expired
// version too; a disabled one is 403 (errs.SecretDisabled), an absent one 404 (errs.SecretNotFound).
func (c *Client) GetSecret(ctx context.Context, secret Ref) (Secret, error) {
	return run(c.ref(ctx, secret), secretGet, nothing{}, nil)
}

// GetSecretIfNewer returns the newest version of a secret with its value if it is another than the one given, and whether
// it is. It is a request like GetSecret, with the same errors; the modelled service has no such condition.
func (c *Client) GetSecretIfNewer(ctx context.Context, name, than string) (s Secret, newer bool, err error) {
	s, err = run(c.on(ctx, name, ""), secretGet, nothing{}, nil)
	if err != nil || strings.EqualFold(s.ID.Version(), than) {
		return Secret{}, false, err
	}
	return s, true, nil
}

// UpdateSecret changes attributes, content type and tags of a version, and answers it without its value. nil options change
// nothing but the time of the update. An absent secret is 404 (errs.SecretNotFound), a content type or tags beyond their
// limits are 400 (errs.BadParameter).
func (c *Client) UpdateSecret(ctx context.Context, secret Ref, o *UpdateSecretOptions) (Secret, error) {
	var in secretUpdate
	if o != nil {
		in.UpdateSecretOptions = *o
	}
	return run(c.ref(ctx, secret), secretPatch, in, nil)
}

// BackupSecret returns the secret with all its versions as a blob that nobody can read. It opens only in this service, or one
// with its store, in a vault of the same subscription and geography. An absent secret is 404 (errs.SecretNotFound), and more
// than 500 versions are 400 (errs.BadParameter).
func (c *Client) BackupSecret(ctx context.Context, name string) ([]byte, error) {
	return run(c.on(ctx, name, ""), secretBackup, nothing{}, nil)
}

// RestoreSecret brings back a secret from a blob of BackupSecret, with its name and versions, and answers the newest without
// its value. A name that is taken, by a live or a deleted secret, is 409 (errs.Conflict); a blob that does not open here is
// 400 (errs.MalformedBackupBlob).
func (c *Client) RestoreSecret(ctx context.Context, backup []byte) (Secret, error) {
	return run(c.on(ctx, "", ""), secretRestore, blob(backup), nil)
}

// ListSecrets goes through the secrets in the order of their names, without values, 25 a request unless the options say
// fewer. It continues after the last name it showed, whatever is added or deleted meanwhile. An error ends the sequence:
// another page size than 1 to 25 is 400 (errs.BadArgument).
func (c *Client) ListSecrets(ctx context.Context, o *ListOptions) iter.Seq2[SecretItem, error] {
	return pages(o, func(p cursor) (page[SecretItem], error) { return run(c.on(ctx, "", ""), secretList, p, nil) })
}

// ListSecretVersions goes through the versions of a secret, oldest first, without values, in pages as ListSecrets does. A
// secret that does not exist has none.
func (c *Client) ListSecretVersions(ctx context.Context, name string, o *ListOptions) iter.Seq2[SecretItem, error] {
	return pages(o, func(p cursor) (page[SecretItem], error) {
		return run(c.on(ctx, name, ""), secretListVersions, p, nil)
	})
}

// DeleteSecret moves a secret with all its versions among the deleted ones, which with Options.Lag takes so long. An absent
// one is 404 (errs.SecretNotFound).
func (c *Client) DeleteSecret(ctx context.Context, name string) (Deleted[Secret], error) {
	return run(c.on(ctx, name, ""), secretDelete, nothing{}, nil)
}

// GetDeletedSecret returns a deleted secret, without its value. A secret that is not deleted, or not yet, is 404
// (errs.SecretNotFound), a disabled one 403 (errs.SecretDisabled).
func (c *Client) GetDeletedSecret(ctx context.Context, name string) (Deleted[Secret], error) {
	return run(c.on(ctx, name, ""), secretGetDeleted, nothing{}, nil)
}

// ListDeletedSecrets goes through the deleted secrets in the order of their names, in pages as ListSecrets does.
func (c *Client) ListDeletedSecrets(ctx context.Context, o *ListOptions) iter.Seq2[Deleted[SecretItem], error] {
	return pages(o, func(p cursor) (page[Deleted[SecretItem]], error) {
		return run(c.on(ctx, "", ""), secretListDeleted, p, nil)
	})
}

// RecoverDeletedSecret moves a deleted secret back, as it was. A secret that is not deleted is 404
// (errs.SecretNotFound), one that is live 400 (errs.RequestNotAllowedOnNonDeletedObject), one that is still being deleted 409
// (errs.ObjectIsBeingDeleted).
func (c *Client) RecoverDeletedSecret(ctx context.Context, name string) (Secret, error) {
	return run(c.on(ctx, name, ""), secretRecover, nothing{}, nil)
}

// PurgeDeletedSecret takes a deleted secret away for good. A secret that is not deleted is 404 (errs.SecretNotFound),
// one that is live 400 (errs.ObjectMustBeDeletedPriorToBeingPurged), one that is still being deleted 409
// (errs.ObjectIsBeingDeleted); in a vault with purge protection a deleted one is 403 (errs.Forbidden).
func (c *Client) PurgeDeletedSecret(ctx context.Context, name string) error {
	_, err := run(c.on(ctx, name, ""), secretPurge, nothing{}, nil)
	return err
}
