package vault

import (
	"crypto/rand"
	"maps"
	"strings"
	"unicode/utf8"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/shelf"
)

// Limits of a secret.
const (
	maxSecret      = 25600 // bytes
	maxContentType = 255   // characters
	maxSecretTag   = 512   // characters
)

// Secret is one version of a secret as a caller sees it. It shares nothing mutable with the vault.
type Secret struct {
	ID          ID
	Value       Value // only in the answers to SetSecret and GetSecret
	ContentType string
	Attributes  Attributes
	Tags        map[string]string
}

// SecretItem is what a list shows of a secret.
type SecretItem struct {
	ID          ID // without version in a list of secrets
	ContentType string
	Attributes  Attributes
	Tags        map[string]string
}

// SetSecretOptions describe a new version of a secret. The zero options are enabled, without limit of time.
type SetSecretOptions struct {
	ContentType string            // at most 255 characters
	Validity    Validity          // when it is to be used, and whether at all
	Tags        map[string]string // at most 15, names and values of at most 512 characters
	// IfVersion makes the set conditional: it must be the newest version, or NoVersion where there must be no such
	// secret. Otherwise the answer is 409 (errs.WriterConflict) and nothing is set. "": unconditional. The modelled
	// service has no such condition.
	IfVersion string
}

// NoVersion is the IfVersion of a secret that does not exist.
const NoVersion = "none"

// secretVersion is what a version of a secret holds.
type secretVersion struct {
	value       Value
	contentType string
}

var secrets = shelf.NewKind[secretVersion, struct{}](1, errs.Secret)

type secretRecord = shelf.Version[secretVersion]

var secretLife = life[secretVersion, struct{}, Secret, SecretItem]{
	codec[secretVersion, struct{}]{secrets, encodeSecret, decodeSecret}, showSecret, secretItem,
}

// secretInput is the input of SecretSet.
type secretInput struct {
	value string
	SetSecretOptions
}

func (in secretInput) validate(*settings) error {
	if len(in.value) > maxSecret {
		return errs.NewValueTooLong("Secret", maxSecret)
	}
	if !utf8.ValidString(in.value) { // no JSON could bring it
		return errs.NewInvalidValue()
	}
	if err := validContentType(in.ContentType); err != nil {
		return err
	}
	return validTags(in.Tags, maxSecretTag)
}

func validContentType(s string) error {
	if !fits(s, maxContentType) {
		return errs.NewInvalidValue()
	}
	return nil
}

// setSecret adds a version.
func setSecret(c call, in secretInput) (out Secret, err error) {
	v := &secretRecord{
		ID: newVersionID(), Attributes: in.Validity.fresh(c.unix()), Tags: ownTags(in.Tags),
		Data: secretVersion{NewValue(in.value), in.ContentType},
	}
	err = c.update(func(tx *shelf.Tx) error {
		if err := in.condition(c, tx.Root()); err != nil {
			return err
		}
		o, err := secrets.Add(tx, c.name, v, c.unix())
		if err == nil {
			out = revealSecret(c.set, secretLife.id(c.container, o, v), v)
		}
		return err
	})
	return out, err
}

// condition tells whether the newest version is the one that the caller expects.
func (in secretInput) condition(c call, r *shelf.Root) error {
	if in.IfVersion == "" {
		return nil
	}
	newest := NoVersion
	if o := secrets.Live(r, c.name, c.unix()); o != nil {
		newest = o.Current().ID.String()
	}
	if !strings.EqualFold(in.IfVersion, newest) {
		return errs.NewWriterConflict(c.name)
	}
	return nil
}

// getSecret answers a version with its value. A version that is not enabled is refused; one outside its validity is not:
// for a secret, NotBefore and Expires only inform.
func getSecret(c call, _ nothing) (Secret, error) {
	o, v, err := secrets.Find(c.root, c.name, c.version, c.unix())
	if err != nil {
		return Secret{}, err
	}
	if !v.Enabled {
		return Secret{}, errs.NewSecretDisabled("get")
	}
	return revealSecret(c.set, secretLife.id(c.container, o, v), v), nil
}

// getDeletedSecret answers a deleted secret. The service refuses a disabled one here too.
func getDeletedSecret(c call, _ nothing) (Deleted[Secret], error) {
	gone, err := secretLife.getDeleted(c, nothing{})
	if err == nil && !gone.Object.Attributes.Enabled {
		return Deleted[Secret]{}, errs.NewSecretDisabled("get")
	}
	return gone, err
}

// revealSecret shows a version with its value.
func revealSecret(s *settings, id ID, v *secretRecord) Secret {
	return Secret{
		ID: id, Value: v.Data.value, ContentType: v.Data.contentType, Attributes: s.attributes(v.Attributes), Tags: maps.Clone(v.Tags),
	}
}

func showSecret(s *settings, id ID, v *secretRecord) Secret {
	return Secret{
		ID: id, ContentType: v.Data.contentType, Attributes: s.attributes(v.Attributes), Tags: maps.Clone(v.Tags),
	}
}

func secretItem(s *settings, id ID, v *secretRecord) SecretItem {
	return SecretItem{
		ID: id, ContentType: v.Data.contentType, Attributes: s.attributes(v.Attributes), Tags: maps.Clone(v.Tags),
	}
}

func newVersionID() (id shelf.VersionID) {
	rand.Read(id[:])
	return id
}
