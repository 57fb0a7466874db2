package vault

import (
	"github.com/embedvault/embedvault/crypto/hsm"
)

// statement signs what is released, with the request that it answers.
func (c call) statement(nonce string, k Key, wrapped hsm.Wrapped) (released, error) {
	signer, err := c.container.svc.releaseSigner()
	if err != nil {
		return "", err
	}
	k.JWK.T = wrapped.JSON()
	request := c.wire
	if request == nil {
		request = &Exchange{Host: c.container.host, api: newestVersion, managed: c.container.kind == ProductManagedHSM}
	}
	signed, err := signer.of[c.container.kind].Sign(appendStatement(nil, request, nonce, k, wrapped.Encryption))
	if err != nil {
		return "", err
	}
	text, err := signed.CompactSerialize()
	return released(text), err
}

// appendStatement appends the payload of a release. That of a Managed HSM names the type of the key outside of the hardware.
func appendStatement(dst []byte, r *Exchange, nonce string, k Key, e hsm.Encryption) []byte {
	if r.managed {
		k.JWK.Kty = k.JWK.Kty.Base()
	}
	w := begin(dst)
	w.open("request", '{')
	w.text("api-version", r.api.String())
	w.text("enc", string(e))
	w.id("kid", k.ID, r.Host)
	w.optional("nonce", nonce)
	w.Close('}')
	w.open("response", '{')
	w.open("key", '{')
	k.members(&w, r)
	w.Close('}')
	w.Close('}')
	if r.managed {
		return sortMembers(w.end(), len(dst))
	}
	return w.end()
}
