package vault

import "github.com/embedvault/embedvault/errs"

// restoreLimit bounds the body of a restore, in bytes: the largest blob, encoded, in its member.
const restoreLimit = maxBlob/3*4 + 1<<10

func (blob) read(r *Exchange) (blob, error) {
	body, err := readJSON[struct {
		Value *string `json:"value"`
	}](r, restoreLimit)
	if err != nil {
		return nil, err
	}
	if body.Value == nil {
		return nil, errs.NewInvalidValue()
	}
	return fromBase64URL("value", body.Value)
}

func (b blob) appendTo(dst []byte, _ *Exchange) []byte {
	w := begin(dst)
	w.Name("value")
	w.Base64URL(b)
	return w.end()
}
