package vault

import (
	"encoding/json"
	"fmt"

	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
)

// defaultRequired is the quorum of a request that does not say.
const defaultRequired = hsm.MinQuorum

func (in domainHolders) read(r *Exchange) (domainHolders, error) {
	body, err := readJSON[struct {
		Certificates []json.RawMessage `json:"certificates"`
		Required     *int              `json:"required"`
	}](r, bodyLimit)
	if err != nil {
		return in, err
	}
	in.required = defaultRequired
	if body.Required != nil {
		in.required = *body.Required
	}
	if err := validQuorum(len(body.Certificates), in.required); err != nil { // before they are parsed
		return in, err
	}
	for i, jwk := range body.Certificates {
		c, err := hsm.ParseDomainCertificate(jwk)
		if err != nil {
			detail := fmt.Sprintf("certificate %d is not the JWK of a certificate of an RSA key of 2048 to 4096 bits", i+1)
			return in, errs.NewInvalidSecurityDomain(detail)
		}
		in.certificates = append(in.certificates, c)
	}
	return in, nil
}

func (domainBlob) read(r *Exchange) (domainBlob, error) {
	body, err := readJSON[struct {
		Value *string `json:"value"`
	}](r, bodyLimit)
	if err != nil {
		return nil, err
	}
	if body.Value == nil {
		return nil, errs.NewInvalidValue()
	}
	return domainBlob(*body.Value), nil
}

func (b domainBlob) appendTo(dst []byte, r *Exchange) []byte {
	r.AsyncOperation = "https://" + r.Host + "/securitydomain/download/pending"
	w := begin(dst)
	w.text("value", string(b))
	return w.end()
}

func (s SecurityDomainStatus) appendTo(dst []byte, _ *Exchange) []byte {
	w := begin(dst)
	w.text("status", string(s))
	w.text("status_details", "") // there is nothing to say
	return w.end()
}

func (b uploadBegun) appendTo(dst []byte, r *Exchange) []byte {
	r.AsyncOperation = "https://" + r.Host + "/securitydomain/upload/pending"
	return b.SecurityDomainStatus.appendTo(dst, r)
}

// appendTo writes the JWK as a text: so its clients read it.
func (k SecurityDomainTransferKey) appendTo(dst []byte, _ *Exchange) []byte {
	w := begin(dst)
	w.text("key_format", "jwk")
	w.text("transfer_key", string(k.JWK))
	return w.end()
}
