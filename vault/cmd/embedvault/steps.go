package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
)

// sign makes an RSA and an EC key and signs the file's SHA-256 with both.
func (d *demonstration) sign() {
	digest := sha256.Sum256(d.content)
	d.signWith("sign-rsa", vault.RSA(2048), vault.RS256, digest[:])
	d.signWith("sign-ec", vault.EC(vault.P256), vault.ES256, digest[:])
}

func (d *demonstration) signWith(name string, spec crypto.Spec, alg crypto.Algorithm, digest []byte) {
	var signature []byte
	d.table.do("create key "+name, func() (string, error) {
		key, err := d.owner.CreateKey(d.ctx, name, spec, nil)
		if err != nil {
			return spec.String(), err
		}
		public, err := key.JWK.PublicKey()
		d.files.writePublic(name+".pub.pem", public)
		return spec.String(), err
	})
	d.table.do("sign "+string(alg), func() (string, error) {
		r, err := d.owner.Sign(d.ctx, vault.Ref(name), alg, digest)
		signature = r.Value
		d.files.write(name+".sig", forOpenSSL(alg, signature), 0o644)
		return fmt.Sprintf("%d bytes", len(signature)), err
	})
	d.table.do("verify "+string(alg), func() (string, error) {
		ok, err := d.owner.Verify(d.ctx, vault.Ref(name), alg, digest, signature)
		if err == nil && !ok {
			err = errors.New("the signature does not verify")
		}
		return fmt.Sprint(ok), err
	})
}

// encrypt encrypts the file with a fresh data key, which an imported key wraps and unwraps.
func (d *demonstration) encrypt() {
	dataKey := make([]byte, 32)
	rand.Read(dataKey)
	var wrapped, sealed []byte
	d.table.do("import key transfer", func() (string, error) {
		private, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return "", err
		}
		d.files.writePrivate("transfer.pem", private)
		key, err := crypto.NewJWK(private)
		if err != nil {
			return "", err
		}
		_, err = d.owner.ImportKey(d.ctx, "transfer", key, nil)
		return "made outside the vault", err
	})
	d.table.do("wrapKey RSA-OAEP", func() (string, error) {
		r, err := d.owner.WrapKey(d.ctx, "transfer", vault.RSAOAEP, dataKey)
		wrapped = r.Value
		d.files.write("data.key.wrapped", wrapped, 0o644)
		return "a fresh data key", err
	})
	d.table.do("encrypt the file", func() (_ string, err error) {
		sealed, err = seal(dataKey, d.content)
		d.files.write("file.enc", sealed, 0o644)
		return "AES-256-GCM: nonce, ciphertext, tag", err
	})
	clear(dataKey)
	d.table.do("unwrapKey RSA-OAEP", func() (string, error) {
		r, err := d.owner.UnwrapKey(d.ctx, "transfer", vault.RSAOAEP, wrapped)
		dataKey = r.Value
		return "", err
	})
	d.table.do("decrypt the file", func() (string, error) {
		opened, err := open(dataKey, sealed)
		if err == nil && !slices.Equal(opened, d.content) {
			err = errors.New("the file came back changed")
		}
		return fmt.Sprintf("%d bytes, unchanged", len(opened)), err
	})
}

// keepSecret sets a secret and reads it back.
func (d *demonstration) keepSecret() {
	d.table.do("set secret db-password", func() (string, error) {
		s, err := d.owner.SetSecret(d.ctx, "db-password", "correct horse", nil)
		return s.Value.String(), err
	})
	d.table.do("get secret db-password", func() (string, error) {
		s, err := d.owner.GetSecret(d.ctx, "db-password")
		if err == nil && s.Value.Reveal() != "correct horse" {
			err = errors.New("the secret came back changed")
		}
		return s.Value.String(), err
	})
}

// beRefused meets each gate: the policy, the firewall, the token's time, and the limiter.
func (d *demonstration) beRefused() {
	get := func(c *vault.Client) error {
		_, err := c.GetSecret(d.ctx, "db-password")
		return err
	}
	d.table.expect("get without permission", errs.ForbiddenByPolicy, func() (string, error) {
		err := d.vault.SetAccessPolicies(d.ctx, policy.AccessPolicy{ObjectID: d.app.ObjectID(), Keys: []string{"sign"}})
		return "the policy grants keys/sign", errors.Join(err, get(d.vault.As(vault.Principal(d.app.ObjectID()))))
	})
	d.table.expect("get from outside", errs.ForbiddenByFirewall, func() (string, error) {
		err := d.vault.SetNetwork(d.ctx, policy.NetworkRules{DefaultAction: policy.Deny, IPRules: []string{"198.51.100.0/24"}})
		outside := vault.Principal(d.app.ObjectID()).From(netip.MustParseAddr("203.0.113.7"))
		return "only 198.51.100.0/24 is let in", errors.Join(err, get(d.vault.As(outside)))
	})
	d.table.expect("get with an old token", errs.Unauthorized, func() (string, error) {
		token, err := d.tenant.Token(d.ctx, d.app, identity.DefaultAudience)
		d.ahead.Add(int64(2 * time.Hour))
		return "two hours after it was issued", errors.Join(err, get(d.vault.As(vault.Bearer(token))))
	})
	d.table.expect("get too often", errs.Throttled, func() (string, error) {
		for n := 1; n <= 10_000; n++ {
			if err := get(d.owner); err != nil {
				return fmt.Sprintf("request %d within 10 s", n), err
			}
		}
		return "", nil
	})
}

// forOpenSSL turns the r and s of an ECDSA signature into the ASN.1 that openssl reads.
func forOpenSSL(alg crypto.Algorithm, signature []byte) []byte {
	if alg != vault.ES256 || len(signature) != 64 {
		return signature
	}
	der, err := asn1.Marshal([]*big.Int{new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])})
	if err != nil {
		return nil
	}
	return der
}

func aead(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func seal(key, plaintext []byte) ([]byte, error) {
	a, err := aead(key)
	if err != nil {
		return nil, err
	}
	return a.Seal(nil, nil, plaintext, nil), nil
}

func open(key, sealed []byte) ([]byte, error) {
	a, err := aead(key)
	if err != nil {
		return nil, err
	}
	return a.Open(nil, nil, sealed, nil)
}
