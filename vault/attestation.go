package vault

import "github.com/embedvault/embedvault/crypto/hsm"

// AttestedKey is a version of a key with what its module states about it.
type AttestedKey struct {
	Key
	// Attestation names the key by the URL of its version on the container's own host. hsm.Verify checks it against the
	// root certificate of the container's module.
	Attestation hsm.Attestation
}

// attestKey answers the version that the path names, attested by the module that it is in.
func attestKey(c call, _ nothing) (AttestedKey, error) {
	o, v := c.key.object, c.key.version
	if v == nil {
		return AttestedKey{}, keys.Absent(c.name, c.version)
	}
	k := showKey(c.set, keyLife.id(c.container, o, v), v)
	a, err := c.container.module.Attest(c.ctx, v.Data.key.Private(), k.ID.String())
	return AttestedKey{k, a}, err
}
