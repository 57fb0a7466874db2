package vault

import (
	"maps"
	"math/big"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/shelf"
	"github.com/embedvault/embedvault/limiter"
)

// maxKeyTag is the length of the name or value of a key's tag, in characters.
const maxKeyTag = 256

// Key is one version of a key as a caller sees it. It shares nothing mutable with the vault.
type Key struct {
	ID         ID
	JWK        crypto.JWK // the public part, and the operations it may be used for
	Attributes Attributes
	Tags       map[string]string
	// Release says to whom the key can be released; nil where it cannot be.
	Release *ReleasePolicy
	// Size is the length of a symmetric key in bits, of which the JWK says nothing; 0 for other types.
	Size int
}

// KeyItem is what a list shows of a key.
type KeyItem struct {
	ID         ID // without version in a list of keys
	Attributes Attributes
	Tags       map[string]string
	Exportable bool // whether the key can be released
	Size       int  // the length of a symmetric key in bits; 0 for other types
}

// CreateKeyOptions describe a new version of a key. The zero options are enabled, without limit of time, for every
// operation that the key's type allows.
type CreateKeyOptions struct {
	Operations []crypto.Operation // nil: all that the type allows
	Validity   Validity           // when it can be used, and whether at all
	Tags       map[string]string  // at most 15, names and values of at most 256 characters
	Release    *ReleasePolicy     // makes the key exportable and says to whom, which only a key in hardware can be; nil: it never leaves
}

// keyVersion is what a version of a key holds.
type keyVersion struct {
	key     *crypto.Key
	release *keptRelease // nil: the key never leaves
}

// symmetricSize is the length of a symmetric key in bits, 0 of others.
func (v *keyVersion) symmetricSize() int {
	if s := v.key.Spec(); s.Type.Base() == crypto.KeyTypeOct {
		return s.Size
	}
	return 0
}

var keys = shelf.NewKind[keyVersion, keyOwn](0, errs.Key)

type (
	keyObject = shelf.Object[keyVersion, keyOwn]
	keyRecord = shelf.Version[keyVersion]
)

var keyLife = life[keyVersion, keyOwn, Key, KeyItem]{
	codec[keyVersion, keyOwn]{keys, encodeKey, decodeKey}, showKey, keyItem,
}

// keyInput is the input of KeyCreate.
type keyInput struct {
	spec       crypto.Spec
	exportable bool
	asked      askedRelease // stands for the Release of the options
	CreateKeyOptions
}

func (in keyInput) validate(s *settings) error {
	spec, err := s.specOf(in.spec).Normalize()
	if err != nil {
		return err
	}
	if err := s.offered(spec.Type, false); err != nil {
		return err
	}
	if err := validOperations(in.Operations); err != nil {
		return err
	}
	if err := s.validRelease(spec.Type.HSM(), in.exportable, in.asked); err != nil {
		return err
	}
	if err := hsm.CheckImportOperation(spec.Type, in.Operations); err != nil {
		return err
	}
	return validTags(in.Tags, maxKeyTag)
}

func validOperations(ops []crypto.Operation) error {
	for _, op := range ops {
		if !crypto.KnownOperation(op) {
			return errs.NewInvalidValue()
		}
	}
	return nil
}

// creation charges the creation of a key: in software or in hardware.
func creation(in keyInput, p *prices) (limiter.Class, int) {
	return p.charged(limiter.KeyCreate, in.spec, in.spec.Type.HSM())
}

// importing charges the import of a key: in software or in hardware, by its size.
func importing(in importInput, p *prices) (limiter.Class, int) {
	spec := crypto.Spec{Type: in.jwk.Kty, Size: new(big.Int).SetBytes(in.jwk.N).BitLen()}
	return p.charged(limiter.KeyImport, spec, in.HSM || spec.Type.HSM())
}

// charged is what work of a class costs for a kind of key.
func (p *prices) charged(class limiter.Class, spec crypto.Spec, hardware bool) (limiter.Class, int) {
	if hardware {
		class = class.HSM()
	}
	return class, p[class][keySize(spec)]
}

// createKey makes a key and adds it as a version. The key is made before the vault is changed: nobody waits for it.
func createKey(c call, in keyInput) (out Key, err error) {
	release, err := in.asked.read()
	if err != nil {
		return out, err
	}
	if err = c.precheck(release); err != nil {
		return out, err
	}
	if err = c.consult(release); err != nil {
		return out, err
	}
	spec, err := c.set.specOf(in.spec).Normalize()
	if err != nil {
		return out, err
	}
	private, err := c.container.driver(spec.Type.HSM(), in.exportable).Generate(c.ctx, spec)
	if err != nil {
		return out, err
	}
	return addKey(c, private, in.CreateKeyOptions, release, nil)
}

// addKey adds a key that a driver holds as a version with a release policy, which stands for that of the options, if the vault
// is then as the caller needs it, who may also revise the version; nil needs nothing.
func addKey(c call, private crypto.Private, in CreateKeyOptions, release *keptRelease, needs func(*shelf.Root, *keyRecord) error) (out Key, err error) {
	v := &keyRecord{ID: newVersionID(), Attributes: in.Validity.fresh(c.unix()), Tags: ownTags(in.Tags)}
	ops := in.Operations
	if ops == nil {
		ops = private.Spec().DefaultOperations()
	}
	v.Data.release = release
	v.Data.key, err = crypto.NewKey(c.keyURL(v.ID), private, ops)
	if err != nil {
		return out, err
	}
	err = c.update(func(tx *shelf.Tx) error {
		if needs != nil {
			if err := needs(tx.Root(), v); err != nil {
				return err
			}
		}
		if err := c.follows(tx.Root(), v.Data); err != nil {
			return err
		}
		o, err := keys.Add(tx, c.name, v, c.unix())
		if err == nil {
			out = showKey(c.set, keyLife.id(c.container, o, v), v)
		}
		return err
	})
	return out, err
}

// follows tells whether a version may be added to those that the key has that the path names, if there is one.
func (c call) follows(r *shelf.Root, v keyVersion) error {
	o := keys.Live(r, c.name, c.unix())
	if o == nil {
		return nil
	}
	if most := c.container.maxKeyVersions; most != 0 && len(o.Versions) >= most {
		return errs.NewTooManyKeyVersions(most)
	}
	return v.mayFollow(&o.Current().Data)
}

// keyURL is the identifier under which a version of the key that the path names speaks of itself in errors. It has the
// name as the key's creator spelt it.
func (c call) keyURL(v shelf.VersionID) string {
	name := c.name
	if o := keys.Live(c.root, c.name, c.unix()); o != nil {
		name = o.Name
	}
	return ID{Collection: "keys", Name: name, host: c.container.host, version: v}.String()
}

func showKey(s *settings, id ID, v *keyRecord) Key {
	jwk := v.Data.key.JWK()
	jwk.KID = id.String()
	return Key{
		ID: id, JWK: jwk, Attributes: s.attributes(v.Attributes), Tags: maps.Clone(v.Tags),
		Release: s.shown(v.Data.release), Size: v.Data.symmetricSize(),
	}
}

func keyItem(s *settings, id ID, v *keyRecord) KeyItem {
	return KeyItem{
		ID: id, Attributes: s.attributes(v.Attributes), Tags: maps.Clone(v.Tags), Exportable: v.Data.release != nil,
		Size: v.Data.symmetricSize(),
	}
}

// ImportKeyOptions describe a version of a key that was made elsewhere. The zero options are those of CreateKeyOptions,
// with the operations that the JWK names.
type ImportKeyOptions struct {
	Validity Validity          // when it can be used, and whether at all
	Tags     map[string]string // at most 15, names and values of at most 256 characters
	HSM      bool              // keep it in hardware, whatever the JWK's kty says
	Release  *ReleasePolicy    // makes the key exportable and says to whom, which only a key in hardware can be; nil: it never leaves
}

// importInput is the input of KeyImport.
type importInput struct {
	jwk        crypto.JWK
	exportable bool
	asked      askedRelease // stands for the Release of the options
	ImportKeyOptions
}

func (in importInput) validate(s *settings) error {
	if err := in.validTransfer(s); err != nil {
		return err
	}
	if err := s.offered(in.jwk.Kty, in.HSM); err != nil {
		return err
	}
	if err := validOperations(in.jwk.KeyOps); err != nil {
		return err
	}
	hardware := in.HSM || in.jwk.Kty.HSM() || s.product().hardwareOnly
	kty := in.jwk.Kty
	if hardware {
		kty = hardened(kty)
	}
	if err := hsm.CheckImportOperation(kty, in.jwk.KeyOps); err != nil {
		return err
	}
	if err := s.validRelease(hardware, in.exportable, in.asked); err != nil {
		return err
	}
	return validTags(in.Tags, maxKeyTag)
}

// importKey takes a key in and adds it as a version.
func importKey(c call, in importInput) (out Key, err error) {
	release, err := in.asked.read()
	if err != nil {
		return out, err
	}
	if err = c.precheck(release); err != nil {
		return out, err
	}
	if in.HSM || c.container.hardwareOnly {
		in.jwk.Kty = hardened(in.jwk.Kty)
	}
	private, err := c.bring(in)
	if err != nil {
		return out, err
	}
	if err = c.consult(release); err != nil {
		return out, err
	}
	return addKey(c, private, CreateKeyOptions{Operations: in.jwk.KeyOps, Validity: in.Validity, Tags: in.Tags}, release, nil)
}
