package vault

import (
	"strings"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/shelf"
)

// A key is brought to a container's module as its JWK's key_hsm: wrapped to a key exchange key (KEK) of the same
// container, which the wrapped key names by its URL.

// wrapped tells whether the key comes wrapped. Its other members then do not count.
func (in importInput) wrapped() bool { return len(in.jwk.T) > 0 }

// validTransfer judges what is said of a key that comes wrapped: it goes into hardware only, and symmetric keys are
// brought to a Managed HSM only.
func (in importInput) validTransfer(s *settings) error {
	if !in.wrapped() {
		return nil
	}
	kty := in.jwk.Kty
	if in.HSM || s.product().hardwareOnly {
		kty = hardened(kty)
	}
	if err := s.offered(kty, true); err != nil {
		return err
	}
	switch {
	case kty == crypto.KeyTypeRSAHSM,
		kty == crypto.KeyTypeECHSM && in.jwk.Crv.Size() != 0,
		kty == crypto.KeyTypeOctHSM && s.product().symmetricTransfer:
		return nil
	}
	return errs.NewInvalidJWK()
}

// bring gives the key of an import to the driver of its type.
func (c call) bring(in importInput) (crypto.Private, error) {
	if !in.wrapped() {
		return c.container.driver(in.jwk.Kty.HSM(), in.exportable).Import(c.ctx, in.jwk)
	}
	w, err := hsm.ParseWrapped(in.jwk.T)
	if err != nil {
		return nil, err
	}
	kek, err := c.exchangeKey(w.KID)
	if err != nil {
		return nil, err
	}
	return c.container.module.Driver(in.exportable).ImportTransfer(c.ctx, kek, w, in.jwk)
}

// exchangeKey finds the KEK of a URL. It must be enabled; that it is past its time is no matter, as when unwrapping.
func (c call) exchangeKey(url string) (*crypto.Key, error) {
	name, version, ok := c.keyAt(url)
	if !ok {
		return nil, errs.NewInvalidProperty("key_hsm", "The header's kid is not the URL of a key here")
	}
	v := findKey(c.root, name, version, c.unix()).version
	if v == nil {
		return nil, keys.Absent(name, version)
	}
	if !v.Attributes.Enabled {
		return nil, errs.NewKeyDisabled(string(crypto.OpImport))
	}
	return v.Data.key, nil
}

// keyAt reads the URL of a key of the container, with a version or without, on its own host or that of the request.
func (c call) keyAt(url string) (name, version string, ok bool) {
	rest, https := strings.CutPrefix(url, "https://")
	host, path, _ := strings.Cut(rest, "/")
	path, isKey := strings.CutPrefix(path, "keys/")
	name, version, _ = strings.Cut(path, "/")
	if !https || !isKey || validName(name) != nil {
		return "", "", false
	}
	if _, ok := shelf.ParseVersionID(version); !ok && version != "" {
		return "", "", false
	}
	return name, version, strings.EqualFold(host, c.container.host) || strings.EqualFold(host, c.host())
}
