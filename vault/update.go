package vault

import (
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/shelf"
)

// AttributesUpdate says what to change of a version's attributes. nil leaves a member as it is; the zero time takes a
// limit away.
type AttributesUpdate struct {
	Enabled            *bool
	NotBefore, Expires *time.Time
}

func (u AttributesUpdate) apply(a *shelf.Attributes, now int64) {
	if u.Enabled != nil {
		a.Enabled = *u.Enabled
	}
	if u.NotBefore != nil {
		a.NotBefore = seconds(*u.NotBefore)
	}
	if u.Expires != nil {
		a.Expires = seconds(*u.Expires)
	}
	a.Updated = now
}

// UpdateKeyOptions say what to change of a version of a key. The zero options change nothing but the time of the update.
type UpdateKeyOptions struct {
	// Operations replace what the key may be used for. nil: unchanged.
	Operations []crypto.Operation
	// Attributes that are nil are unchanged.
	Attributes AttributesUpdate
	// Tags replace all tags; an empty map takes them away. nil: unchanged. Limits are those of CreateKeyOptions.
	Tags map[string]string
	// Release replaces the release policy of the newest version, unless that is immutable. nil: unchanged.
	Release *ReleasePolicy
}

// keyUpdate is the input of KeyUpdate.
type keyUpdate struct {
	UpdateKeyOptions
	asked      askedRelease // stands for the Release of the options
	exportable *bool        // what a request says again of the key; nil: nothing
}

func (in keyUpdate) validate(s *settings) error {
	if in.asked != nil {
		if err := s.validRelease(true, true, in.asked); err != nil {
			return err
		}
	}
	if err := validOperations(in.Operations); err != nil {
		return err
	}
	return validTags(in.Tags, maxKeyTag)
}

// updateKey changes attributes, operations, tags and the release policy of a version. It is tried before the authorities of
// a policy are asked.
func updateKey(c call, in keyUpdate) (Key, error) {
	release, err := in.asked.read()
	if err != nil {
		return Key{}, err
	}
	revise := in.revision(c, release)
	if release != nil {
		_, v, err := keys.Find(c.root, c.name, c.version, c.unix())
		if err != nil {
			return Key{}, err
		}
		trial := *v
		if err := revise(&trial); err != nil {
			return Key{}, err
		}
		if err := c.consult(release); err != nil {
			return Key{}, err
		}
	}
	return keyLife.revise(c, revise)
}

// revision is what the update does to a version, or why it cannot. It changes nothing that the version shares with others.
func (in keyUpdate) revision(c call, release *keptRelease) func(*keyRecord) error {
	return func(v *keyRecord) error {
		if in.exportable != nil && *in.exportable != (v.Data.release != nil) {
			return errs.NewExportableFixed()
		}
		if err := v.Data.reviseRelease(c, release); err != nil {
			return err
		}
		if in.Operations != nil {
			if err := hsm.CheckImportOperation(v.Data.key.Spec().Type, in.Operations); err != nil {
				return err
			}
			v.Data.key = v.Data.key.WithOperations(in.Operations)
		}
		reviseTags(&v.Tags, in.Tags)
		in.Attributes.apply(&v.Attributes, c.unix())
		return nil
	}
}

// UpdateSecretOptions say what to change of a version of a secret. The zero options change nothing but the time of the
// update. The value of a version never changes.
type UpdateSecretOptions struct {
	// ContentType replaces the content type, at most 255 characters. nil: unchanged.
	ContentType *string
	// Attributes that are nil are unchanged.
	Attributes AttributesUpdate
	// Tags replace all tags; an empty map takes them away. nil: unchanged. Limits are those of SetSecretOptions.
	Tags map[string]string
}

// secretUpdate is the input of SecretUpdate.
type secretUpdate struct{ UpdateSecretOptions }

func (in secretUpdate) validate(*settings) error {
	if in.ContentType != nil {
		if err := validContentType(*in.ContentType); err != nil {
			return err
		}
	}
	return validTags(in.Tags, maxSecretTag)
}

// updateSecret changes attributes, content type and tags of a version.
func updateSecret(c call, in secretUpdate) (Secret, error) {
	return secretLife.revise(c, func(v *secretRecord) error {
		if in.ContentType != nil {
			v.Data.contentType = *in.ContentType
		}
		reviseTags(&v.Tags, in.Tags)
		in.Attributes.apply(&v.Attributes, c.unix())
		return nil
	})
}

func reviseTags(tags *map[string]string, replacement map[string]string) {
	if replacement != nil {
		*tags = ownTags(replacement)
	}
}

// revise edits the version that the path names, the newest if it names none.
func (l life[V, O, R, I]) revise(c call, edit func(*shelf.Version[V]) error) (out R, err error) {
	err = c.update(func(tx *shelf.Tx) error {
		o, v, err := l.kind.Revise(tx, c.name, c.version, c.unix(), edit)
		if err == nil {
			out = l.show(c.set, l.id(c.container, o, v), v)
		}
		return err
	})
	return out, err
}
