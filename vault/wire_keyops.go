package vault

import (
	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
)

// wireKeyOperation is the body of every operation with a key. In a verification, digest is the digest and value the
// signature.
type wireKeyOperation struct {
	Alg    *crypto.Algorithm `json:"alg"`
	Value  *string           `json:"value"`
	Digest *string           `json:"digest"`
	IV     *string           `json:"iv"`
	AAD    *string           `json:"aad"`
	Tag    *string           `json:"tag"`
}

func (keyOperation) read(r *Exchange) (in keyOperation, err error) {
	body, err := readJSON[wireKeyOperation](r, bodyLimit)
	if err != nil {
		return in, err
	}
	return body.input()
}

// input decodes the members. The algorithm and the value are required.
func (b wireKeyOperation) input() (in keyOperation, err error) {
	if b.Alg == nil || b.Value == nil {
		return in, errs.NewInvalidValue()
	}
	in.alg = *b.Alg
	for _, m := range []struct {
		name string
		text *string
		into *[]byte
	}{
		{"value", b.Value, &in.value}, {"iv", b.IV, &in.params.IV}, {"aad", b.AAD, &in.params.AAD}, {"tag", b.Tag, &in.params.Tag},
	} {
		if *m.into, err = fromBase64URL(m.name, m.text); err != nil {
			return in, err
		}
	}
	return in, nil
}

func (verification) read(r *Exchange) (in verification, err error) {
	body, err := readJSON[wireKeyOperation](r, bodyLimit)
	if err != nil {
		return in, err
	}
	if in.keyOperation, err = body.input(); err != nil {
		return in, err
	}
	if body.Digest == nil {
		return in, errs.NewInvalidValue()
	}
	in.signature = in.value
	in.value, err = fromBase64URL("digest", body.Digest)
	return in, err
}

func (k KeyResult) appendTo(dst []byte, r *Exchange) []byte {
	w := begin(dst)
	w.id("kid", k.ID, r.Host)
	if r.managed {
		w.text("alg", string(k.Algorithm))
	}
	w.bytes("value", k.Value)
	w.bytes("iv", k.IV)
	w.bytes("tag", k.Tag)
	w.bytes("aad", k.AAD)
	return w.end()
}

// verdict is the output of a verification.
type verdict bool

func (v verdict) appendTo(dst []byte, _ *Exchange) []byte {
	w := begin(dst)
	w.truth("value", bool(v))
	return w.end()
}
