package crypto

import (
	"fmt"

	"github.com/embedvault/embedvault/errs"
)

func (i *Info) checkDigest(s Spec, digest []byte) error {
	if i.Digest != 0 && len(digest) != i.Digest {
		return errs.NewInvalidLength(string(i.Algorithm), len(digest), i.Digest)
	}
	return i.checkMax(s, digest)
}

// checkMax refuses what does not fit under the modulus with its padding. What
// the service says then is not recorded.
func (i *Info) checkMax(s Spec, value []byte) error {
	if limit := s.Size/8 - i.Overhead; i.Overhead != 0 && len(value) > limit {
		return refuse("value", "%s takes at most %d bytes with a key of %d bits", i.Algorithm, limit, s.Size)
	}
	return nil
}

func (i *Info) checkPlaintext(s Spec, plaintext []byte) error {
	if err := i.checkMax(s, plaintext); err != nil {
		return err
	}
	if len(plaintext) < i.Min {
		return refuse("value", "%s takes at least %d bytes", i.Algorithm, i.Min)
	}
	if i.Multiple != 0 && len(plaintext)%i.Multiple != 0 {
		return refuse("value", "%s takes a multiple of %d bytes", i.Algorithm, i.Multiple)
	}
	return nil
}

// checkSealParams checks the parameters of encryption. AES-GCM under an iv of
// the caller's is broken by the first repetition, so it makes its own.
func (i *Info) checkSealParams(p Params) error {
	if err := i.checkForeignParams(p); err != nil {
		return err
	}
	if i.Mechanism == AESGCM {
		if len(p.IV) != 0 {
			return refuse("iv", "%s makes its own iv", i.Algorithm)
		}
		if len(p.Tag) != 0 {
			return refuse("tag", "%s makes the tag", i.Algorithm)
		}
		return nil
	}
	if len(p.IV) != i.IV {
		return refuse("iv", "%s takes an iv of %d bytes", i.Algorithm, i.IV)
	}
	return nil
}

// checkForeignParams refuses parameters that the algorithm does not have.
// Dropping aad in silence would promise an authentication that nobody does.
func (i *Info) checkForeignParams(p Params) error {
	switch {
	case len(p.IV) != 0 && i.IV == 0:
		return refuse("iv", "%s takes no iv", i.Algorithm)
	case len(p.AAD) != 0 && i.Mechanism != AESGCM:
		return refuse("aad", "%s takes no aad", i.Algorithm)
	case len(p.Tag) != 0 && i.Mechanism != AESGCM:
		return refuse("tag", "%s takes no tag", i.Algorithm)
	}
	return nil
}

// refuse says what is wrong with a member of the request.
func refuse(member, format string, args ...any) error {
	return errs.NewInvalidProperty(member, fmt.Sprintf(format, args...))
}
