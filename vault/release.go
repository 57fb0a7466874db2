package vault

import (
	"unicode/utf8"

	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy/identity"
)

// releaseInput is the input of KeyRelease.
type releaseInput struct {
	target, nonce string
	encryption    hsm.Encryption
}

// maxNonce bounds the nonce of a release, in bytes.
const maxNonce = 1024

func (in releaseInput) validate(*settings) error {
	switch {
	case in.target == "" || len(in.nonce) > maxNonce || !utf8.ValidString(in.nonce):
		return errs.NewInvalidValue()
	case in.encryption != "" && !in.encryption.Known():
		return errs.NewInvalidProperty("enc", "It must be CKM_RSA_AES_KEY_WRAP, RSA_AES_KEY_WRAP_256 or RSA_AES_KEY_WRAP_384")
	}
	return nil
}

// released is the output of KeyRelease and of KeySecureUnwrap: a compact JWS.
type released string

// release answers a key, wrapped to the environment that an attestation speaks of, if the key's policy lets it go there. An
// expired key is released all the same; a disabled one is not.
func release(c call, in releaseInput) (released, error) {
	v := c.key.version
	if v == nil {
		return "", keys.Absent(c.name, c.version)
	}
	if !v.Attributes.Enabled {
		return "", errs.NewKeyDisabled("release")
	}
	to, err := c.attested(v.Data.release, in.target)
	if err != nil {
		return "", err
	}
	wrapped, err := c.container.module.Release(c.ctx, v.Data.key.Private(), to.Receiver, to.ReceiverID, in.encryption)
	if err != nil {
		return "", err
	}
	shown := showKey(c.set, keyLife.id(c.container, c.key.object, v), v)
	return c.statement(in.nonce, shown, wrapped)
}

// attested returns the environment that a token speaks of, if a policy lets a key go there.
func (c call) attested(release *keptRelease, token string) (*identity.Attestation, error) {
	if release == nil {
		return nil, errs.NewKeyOperationForbidden("release")
	}
	to, err := identity.VerifyAttestation(c.ctx, token, release.rules.Authorities(), c.container.svc.attestation, c.now)
	if err == nil {
		d := release.rules.Evaluate(to.Issuer, to.Claims)
		if d.Allowed {
			return to, nil
		}
		err = d
	}
	if isContextual(c.ctx, err) {
		return nil, err
	}
	return nil, errs.NewAttestationRefused().Because(err)
}
