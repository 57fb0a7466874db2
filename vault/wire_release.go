package vault

import (
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
)

// wireRelease is a release policy of a request.
type wireRelease struct {
	ContentType string  `json:"contentType"`
	Immutable   bool    `json:"immutable"`
	Data        *string `json:"data"`
}

// asked decodes the policy; nil stays nil.
func (p *wireRelease) asked() (askedRelease, error) {
	if p == nil {
		return nil, nil
	}
	data, err := fromBase64URL("release_policy.data", p.Data)
	if err != nil {
		return nil, err
	}
	release := &ReleasePolicy{ContentType: p.ContentType, Immutable: p.Immutable, Data: data}
	return release.asked(), nil
}

// release appends the release policy of a key; nil is an absent member.
func (w *object) release(p *ReleasePolicy) {
	if p == nil {
		return
	}
	w.open("release_policy", '{')
	w.optional("contentType", p.ContentType)
	w.bytes("data", p.Data)
	w.truth("immutable", p.Immutable)
	w.Close('}')
}

// leaves is what a new version says of its release. An api-version that is older than the attribute refuses it.
func (a wireAttributes) leaves(r *Exchange, p *wireRelease) (exportable bool, release askedRelease, err error) {
	exportable = a.Exportable != nil && *a.Exportable
	if exportable && r.api < v73 {
		return false, nil, errs.NewExportableNotSupported()
	}
	release, err = p.asked()
	return exportable, release, err
}

// exportable appends whether a key can leave. Most versions tell of every key, the first only of those that can.
func (w *object) exportable(yes bool, r *Exchange) {
	if r.api >= v74 || r.api == v73 && yes {
		w.truth("exportable", yes)
	}
}

func (releaseInput) read(r *Exchange) (in releaseInput, err error) {
	body, err := readJSON[struct {
		Target string         `json:"target"`
		Nonce  string         `json:"nonce"`
		Enc    hsm.Encryption `json:"enc"`
	}](r, bodyLimit)
	return releaseInput{body.Target, body.Nonce, body.Enc}, err
}

func (secureUnwrapInput) read(r *Exchange) (in secureUnwrapInput, err error) {
	body, err := readJSON[struct {
		wireKeyOperation
		Target string `json:"target"`
	}](r, bodyLimit)
	if err != nil {
		return in, err
	}
	in.target = body.Target
	in.keyOperation, err = body.input()
	return in, err
}

func (v released) appendTo(dst []byte, _ *Exchange) []byte {
	w := begin(dst)
	w.text("value", string(v))
	return w.end()
}
