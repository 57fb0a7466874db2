package vault

import (
	"encoding/json"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
)

func (keyInput) read(r *Exchange) (in keyInput, err error) {
	body, err := readJSON[struct {
		Kty            crypto.KeyType     `json:"kty"`
		KeySize        int32              `json:"key_size"`
		PublicExponent int32              `json:"public_exponent"`
		KeyOps         []crypto.Operation `json:"key_ops"`
		Crv            crypto.Curve       `json:"crv"`
		Attributes     wireAttributes     `json:"attributes"`
		Tags           map[string]string  `json:"tags"`
		Release        *wireRelease       `json:"release_policy"`
	}](r, bodyLimit)
	if err != nil {
		return in, err
	}
	if err := body.Attributes.local(r); err != nil {
		return in, err
	}
	if in.exportable, in.asked, err = body.Attributes.leaves(r, body.Release); err != nil {
		return in, err
	}
	in.spec = crypto.Spec{Type: body.Kty, Size: int(body.KeySize), Curve: body.Crv, PublicExponent: int(body.PublicExponent)}
	in.Operations, in.Validity, in.Tags = body.KeyOps, body.Attributes.validity(), body.Tags
	return in, nil
}

func (importInput) read(r *Exchange) (in importInput, err error) {
	body, err := readJSON[struct {
		HSM        bool              `json:"Hsm"`
		Key        json.RawMessage   `json:"key"`
		Attributes wireAttributes    `json:"attributes"`
		Tags       map[string]string `json:"tags"`
		Release    *wireRelease      `json:"release_policy"`
	}](r, bodyLimit)
	if err != nil {
		return in, err
	}
	if in.exportable, in.asked, err = body.Attributes.leaves(r, body.Release); err != nil {
		return in, err
	}
	if len(body.Key) == 0 || in.jwk.UnmarshalJSON(body.Key) != nil {
		return in, errs.NewInvalidJWK()
	}
	in.Validity, in.Tags, in.HSM = body.Attributes.validity(), body.Tags, body.HSM
	return in, nil
}

func (keyUpdate) read(r *Exchange) (in keyUpdate, err error) {
	body, err := readJSON[struct {
		KeyOps     []crypto.Operation `json:"key_ops"`
		Attributes wireAttributes     `json:"attributes"`
		Tags       map[string]string  `json:"tags"`
		Release    *wireRelease       `json:"release_policy"`
	}](r, bodyLimit)
	if err != nil {
		return in, err
	}
	if body.Release != nil && r.api < v73 {
		return in, errs.NewExportableNotSupported()
	}
	in.Operations, in.Attributes, in.Tags = body.KeyOps, body.Attributes.update(), body.Tags
	in.exportable = body.Attributes.Exportable
	in.asked, err = body.Release.asked()
	return in, err
}

func (k Key) appendTo(dst []byte, r *Exchange) []byte {
	w := begin(dst)
	k.members(&w, r)
	return w.end()
}

func (k Key) members(w *object, r *Exchange) { k.attested(w, r, nil) }

// attested appends the members with, among the attributes, what a module states about the key.
func (k Key) attested(w *object, r *Exchange, a *hsm.Attestation) {
	jwk := k.JWK
	jwk.KID = string(k.ID.appendURL(nil, r.Host))
	w.Name("key")
	w.Buf = jwk.AppendJSON(w.Buf)
	w.attributes(&k.Attributes, r)
	w.exportable(k.Release != nil, r)
	if r.api >= v75 {
		w.text("hsmPlatform", hsmPlatform(r.managed || jwk.Kty.HSM()))
	}
	w.keySize(k.Size, r)
	w.attestation(a)
	w.Close('}')
	w.tags(k.Tags)
	if r.api >= v73 {
		w.release(k.Release)
	}
}

// hsmPlatform names what protects a key: software, or the modules in which all new keys are made.
func hsmPlatform(hardware bool) string {
	if hardware {
		return "2"
	}
	return "0"
}

func (k KeyItem) appendTo(dst []byte, r *Exchange) []byte {
	w := begin(dst)
	k.members(&w, r)
	return w.end()
}

func (k KeyItem) members(w *object, r *Exchange) {
	w.id("kid", k.ID, r.Host)
	w.attributes(&k.Attributes, r)
	w.exportable(k.Exportable, r)
	w.keySize(k.Size, r)
	w.Close('}')
	w.tags(k.Tags)
}

// keySize appends the size of a symmetric key.
func (w *object) keySize(bits int, r *Exchange) {
	if bits != 0 && r.api >= v2026 {
		w.number("key_size", int64(bits))
	}
}
