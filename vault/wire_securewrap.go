package vault

import (
	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
)

func (secureWrap) read(r *Exchange) (in secureWrap, err error) {
	body, err := readJSON[struct {
		Alg *crypto.Algorithm `json:"alg"`
	}](r, bodyLimit)
	if err != nil {
		return in, err
	}
	if body.Alg == nil {
		return in, errs.NewInvalidValue()
	}
	return secureWrap{*body.Alg}, nil
}

// The answer names the algorithm in both products.
func (k freshKey) appendTo(dst []byte, r *Exchange) []byte {
	w := begin(dst)
	w.id("kid", k.ID, r.Host)
	w.text("alg", string(k.Algorithm))
	w.bytes("value", k.Value)
	return w.end()
}
