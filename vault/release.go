package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
)

// ReleasePolicy says to what environments an exportable key may be released.
type ReleasePolicy struct {
	// ContentType is the type of Data. "": "application/json; charset=utf-8".
	ContentType string
	// Immutable policies cannot be changed, nor can this be taken back.
	Immutable bool
	// Data is the policy, JSON that policy.ParseReleasePolicy reads; values of different types are compared as texts, see
	// policy.ReleasePolicy.Evaluate. What comes back is written anew: by a vault in its own order of members, by a Managed HSM
	// in that of their names.
	Data []byte
}

// maxAuthorities is how many authorities a release policy may name: each of them is asked.
const maxAuthorities = 16

// releaseContentType is that of a release policy which does not say.
const releaseContentType = "application/json; charset=utf-8"

// clone returns a policy that shares nothing with r; nil stays nil.
func (r *ReleasePolicy) clone() *ReleasePolicy {
	if r == nil {
		return nil
	}
	c := *r
	c.Data = bytes.Clone(r.Data)
	return &c
}

// shown returns a policy as the product shows it, sharing nothing with what is kept.
func (s *settings) shown(kept *ReleasePolicy) *ReleasePolicy {
	r := kept.clone()
	if r != nil && s.Product == ManagedHSM {
		r.Data = sortMembers(r.Data, 0)
	}
	return r
}

// normalised returns the policy as it is kept; nil stays nil. What is no policy is a 400.
func (r *ReleasePolicy) normalised() (*ReleasePolicy, error) {
	if r == nil {
		return nil, nil
	}
	parsed, err := r.parsed()
	if err != nil {
		return nil, err
	}
	kept := &ReleasePolicy{ContentType: r.ContentType, Immutable: r.Immutable, Data: parsed.JSON()}
	if kept.ContentType == "" {
		kept.ContentType = releaseContentType
	}
	return kept, nil
}

func (r *ReleasePolicy) parsed() (*policy.ReleasePolicy, error) {
	parsed, err := policy.ParseReleasePolicy(r.Data)
	switch {
	case errors.Is(err, policy.ErrReleaseVersion):
		return nil, errs.NewPolicyVersion()
	case err != nil:
		return nil, errs.NewInvalidProperty("release_policy.data", sentence(err))
	}
	return parsed, nil
}

// validRelease checks what a new version says of its release: only a key in hardware can leave, and then by a policy.
func (s *settings) validRelease(hardware, exportable bool, release *ReleasePolicy) error {
	switch {
	case exportable && s.Product == KeyVault && s.SKU == Standard:
		return errs.NewExportableNotSupported()
	case exportable && !hardware:
		return errs.NewExportableNeedsHardware()
	case exportable && release == nil:
		return errs.NewExportableNeedsPolicy()
	case !exportable && release != nil:
		return errs.NewPolicyNeedsExportable()
	case release == nil:
		return nil
	}
	if !fits(release.ContentType, maxContentType) {
		return errs.NewInvalidValue()
	}
	parsed, err := release.parsed()
	if err == nil && len(parsed.Authorities()) > maxAuthorities {
		return errs.NewInvalidProperty("release_policy.data", fmt.Sprintf("There can be at most %d authorities", maxAuthorities))
	}
	return err
}

// settled returns the policy of a new version as it is kept, if the version may follow those of its key.
func (c call) settled(release *ReleasePolicy) (*ReleasePolicy, error) {
	if err := keys.Free(c.root, c.name, c.unix()); err != nil {
		return nil, err
	}
	kept, err := release.normalised()
	if err != nil {
		return nil, err
	}
	return kept, c.follows(c.root, keyVersion{release: kept})
}

// consult tells whether the authorities of a policy answer. It comes after all that is refused whatever they say: they are
// asked at addresses that the caller names.
func (c call) consult(release *ReleasePolicy) error {
	if release == nil {
		return nil
	}
	parsed, err := release.parsed()
	if err != nil {
		return err
	}
	for _, authority := range parsed.Authorities() {
		if err := c.container.svc.askAuthority(c.ctx, authority); err != nil {
			return err
		}
	}
	return nil
}

// askAuthority tells whether an authority of attestations answers. Without Options.Attestation none does.
func (s *Service) askAuthority(ctx context.Context, authority string) error {
	err := identity.ErrAttestationUnreachable
	if s.attestation != nil {
		_, err = s.attestation.AttestationKeys(ctx, authority)
	}
	if err != nil && !isContextual(ctx, err) {
		refusal := errs.NewAttestationUnreachable(authority)
		refusal.Cause = err
		return refusal
	}
	return err
}

// succeeds tells whether a version may follow the newest one of its key: whether keys can leave is settled with the
// first, and an immutable policy with the one that brings it.
func (v keyVersion) succeeds(before *keyVersion) error {
	switch {
	case (v.release == nil) != (before.release == nil):
		return errs.NewExportableFixed()
	case before.release != nil && before.release.Immutable && !v.release.same(before.release):
		return errs.NewPolicyImmutable()
	}
	return nil
}

func (r *ReleasePolicy) same(s *ReleasePolicy) bool {
	return r.Immutable == s.Immutable && r.ContentType == s.ContentType && bytes.Equal(r.Data, s.Data)
}

// reviseRelease replaces the policy of the newest version of a key.
func (v *keyVersion) reviseRelease(c call, release *ReleasePolicy) error {
	switch {
	case release == nil:
		return nil
	case c.version != "":
		return errs.NewPolicyNeedsVersionless()
	case v.release == nil:
		return errs.NewPolicyNeedsExportable()
	case v.release.Immutable && !release.same(v.release):
		return errs.NewPolicyImmutable()
	}
	v.release = release
	return nil
}

// releaseInput is the input of KeyRelease.
type releaseInput struct {
	target, nonce string
	encryption    hsm.Encryption
}

// maxNonce bounds the nonce of a release, in bytes.
const maxNonce = 1024

func (in releaseInput) validate(*settings) error {
	switch {
	case in.target == "" || len(in.nonce) > maxNonce || !fits(in.nonce, maxNonce):
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
	return c.statement(in, shown, wrapped)
}

// attested returns the environment that a token speaks of, if a policy lets a key go there.
func (c call) attested(release *ReleasePolicy, token string) (*identity.Attestation, error) {
	if release == nil {
		return nil, errs.NewKeyOperationForbidden("release")
	}
	rules, err := release.parsed()
	if err != nil {
		return nil, err
	}
	to, err := identity.VerifyAttestation(c.ctx, token, rules.Authorities(), c.container.svc.attestation, c.now)
	if err == nil {
		d := rules.Evaluate(to.Issuer, to.Claims)
		if d.Allowed {
			return to, nil
		}
		err = d
	}
	if isContextual(c.ctx, err) {
		return nil, err
	}
	refusal := errs.NewAttestationRefused()
	refusal.Cause = err
	return nil, refusal
}

// secureUnwrapInput is the input of KeySecureUnwrap.
type secureUnwrapInput struct {
	keyOperation
	target string
}

func (in secureUnwrapInput) validate(s *settings) error {
	if in.target == "" {
		return errs.NewInvalidValue()
	}
	return in.keyOperation.validate(s)
}

// secureUnwrap answers a wrapped key, wrapped again to the environment that an attestation speaks of, if the policy of the
// key it was wrapped with lets it go there.
func secureUnwrap(c call, in secureUnwrapInput) (released, error) {
	key, id, err := usable(c, crypto.OpUnwrapKey)
	if err != nil {
		return "", err
	}
	to, err := c.attested(c.key.version.Data.release, in.target)
	if err != nil {
		return "", err
	}
	target, err := key.UnwrapKey(c.ctx, in.alg, in.value)
	if err != nil {
		return "", err
	}
	defer clear(target)
	wrapped, err := hsm.WrapTransfer(to.Receiver, to.ReceiverID, crypto.JWK{Kty: crypto.KeyTypeOct, K: target}, "")
	if err != nil {
		return "", errs.NewParameterIncorrect()
	}
	shown := Key{ID: id, JWK: crypto.JWK{Kty: crypto.KeyTypeOct}, Release: c.set.shown(c.key.version.Data.release)}
	return c.statement(releaseInput{target: in.target}, shown, wrapped)
}
