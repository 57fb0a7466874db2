package vault

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

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

// keptRelease is a release policy as a version keeps it: as it is stored and shown, and ready to be judged by.
type keptRelease struct {
	ReleasePolicy
	rules *policy.ReleasePolicy // what Data says
}

// kept returns the policy as a version keeps it. What is no policy is a 400.
func (r *ReleasePolicy) kept() (*keptRelease, error) {
	rules, err := policy.ParseReleasePolicy(r.Data)
	switch {
	case errors.Is(err, policy.ErrReleaseVersion):
		return nil, errs.NewPolicyVersion()
	case err != nil:
		return nil, errs.NewInvalidProperty("release_policy.data", sentence(err))
	}
	k := &keptRelease{rules: rules}
	k.ContentType, k.Immutable, k.Data = cmp.Or(r.ContentType, releaseContentType), r.Immutable, rules.JSON()
	return k, nil
}

// shown returns a policy as the product shows it, sharing nothing with what is kept; nil stays nil.
func (s *settings) shown(k *keptRelease) *ReleasePolicy {
	if k == nil {
		return nil
	}
	r := k.ReleasePolicy
	r.Data = bytes.Clone(r.Data)
	if s.Product == ProductManagedHSM {
		r.Data = sortMembers(r.Data, 0)
	}
	return &r
}

// askedRelease reads the release policy that a request brings, once for the whole request. nil: it brings none.
type askedRelease func() (*keptRelease, error)

// asked is the policy as that which a request brings; nil brings none.
func (r *ReleasePolicy) asked() askedRelease {
	if r == nil {
		return nil
	}
	return sync.OnceValues(r.kept)
}

// read returns the policy, nil if there is none.
func (a askedRelease) read() (*keptRelease, error) {
	if a == nil {
		return nil, nil
	}
	return a()
}

// validRelease checks what a new version says of its release: only a key in hardware can leave, and then by a policy.
func (s *settings) validRelease(hardware, exportable bool, asked askedRelease) error {
	switch {
	case exportable && s.Product == ProductKeyVault && s.SKU == Standard:
		return errs.NewExportableNotSupported()
	case exportable && !hardware:
		return errs.NewExportableNeedsHardware()
	case exportable && asked == nil:
		return errs.NewExportableNeedsPolicy()
	case !exportable && asked != nil:
		return errs.NewPolicyNeedsExportable()
	case asked == nil:
		return nil
	}
	switch release, err := asked.read(); {
	case err != nil:
		return err
	case !fits(release.ContentType, maxContentType):
		return errs.NewInvalidValue()
	case len(release.rules.Authorities()) > maxAuthorities:
		return errs.NewInvalidProperty("release_policy.data", fmt.Sprintf("There can be at most %d authorities", maxAuthorities))
	}
	return nil
}

// precheck refuses a new version for what the change itself would refuse it for, as far as that is known yet: before a key is
// made in vain and, since they are at addresses that the caller names, before the authorities of its policy are asked. The
// change finds out again: others are under way.
func (c call) precheck(release *keptRelease) error {
	if err := keys.Free(c.root, c.name, c.unix()); err != nil {
		return err
	}
	if most := c.container.maxKeys; most != 0 && keys.Len(c.root) >= most && keys.Live(c.root, c.name, c.unix()) == nil {
		return errs.NewTooManyKeys(most)
	}
	if err := c.follows(c.root, keyVersion{release: release}); err != nil || release == nil {
		return err
	}
	return c.container.module.Ready()
}

// consult tells whether the authorities of a policy answer, if there is one. It comes after all that is refused whatever they
// say.
func (c call) consult(release *keptRelease) error {
	if release == nil {
		return nil
	}
	for _, authority := range release.rules.Authorities() {
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
		return errs.NewAttestationUnreachable(authority).Because(err)
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

func (k *keptRelease) same(l *keptRelease) bool {
	return k.Immutable == l.Immutable && k.ContentType == l.ContentType && bytes.Equal(k.Data, l.Data)
}

// reviseRelease replaces the policy of the newest version of a key.
func (v *keyVersion) reviseRelease(c call, release *keptRelease) error {
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
