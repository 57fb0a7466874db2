package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"

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
	// policy.ReleasePolicy.Evaluate. What comes back is written anew: by a vault in its own order of members, by a
	// Managed HSM in that of their names.
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
	if r != nil && s.Product == ProductManagedHSM {
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
	case exportable && s.Product == ProductKeyVault && s.SKU == Standard:
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
	if err != nil || kept == nil {
		return nil, err
	}
	if err := c.container.module.Ready(); err != nil {
		return nil, err
	}
	if most := c.container.maxKeys; most != 0 && keys.Len(c.root) >= most && keys.Live(c.root, c.name, c.unix()) == nil {
		return nil, errs.NewTooManyKeys(most)
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

// mayFollow tells whether a version may follow the newest one of its key: whether keys can leave is settled with the
// first, and an immutable policy with the one that brings it.
func (v *keyVersion) mayFollow(before *keyVersion) error {
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
