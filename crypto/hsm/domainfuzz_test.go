package hsm_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/embedvault/embedvault/crypto/hsm"
)

// FuzzUploadDomain: nothing is taken in but the domain that was handed out.
func FuzzUploadDomain(f *testing.F) {
	c := newCeremony(f)
	f.Add(c.rewrap(f))
	f.Add(c.download)
	f.Add([]byte(`{"EncData":{"data":[{"compact_jwe":"....","tag":"embedvault_domain_v1"}],"kdf":"sp108_kdf"},"WrappedKey":{"enc_key":"....","x5t_256":""}}`))
	before, want := secretOf(f, c.to), secretOf(f, c.from)
	f.Fuzz(func(t *testing.T, blob []byte) {
		err := c.to.UploadDomain(blob, c.transfer)
		if got := secretOf(t, c.to); err != nil && !bytes.Equal(got, before) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("%s: %v", blob, err)
		}
		if err := c.to.RestoreDomain(before); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzRewrapDomain: what comes out is an upload of the domain that was handed
// out.
func FuzzRewrapDomain(f *testing.F) {
	c := newCeremony(f)
	f.Add(c.download)
	f.Add(c.rewrap(f))
	f.Add([]byte(`{"EncData":{"data":[{"compact_jwe":"....","tag":"t"}],"kdf":"sp108_kdf"},"SharedKeys":{"enc_shares":[{},{}],"key_algorithm":"shamir_share","required":2}}`))
	want := secretOf(f, c.from)
	f.Fuzz(func(t *testing.T, blob []byte) {
		again, err := hsm.RewrapDomain(blob, c.transfer.Certificate(), c.holders)
		if err != nil {
			return
		}
		if !json.Valid(again) {
			t.Fatalf("%s", again)
		}
		if c.to.UploadDomain(again, c.transfer) == nil && !bytes.Equal(secretOf(t, c.to), want) {
			t.Fatalf("%s is another domain", blob)
		}
	})
}

// FuzzParseShare: a share is written in one way.
func FuzzParseShare(f *testing.F) {
	for _, s := range hsm.Split([]byte{0, 255}, 3, 2) {
		f.Add(s.Bytes())
	}
	f.Add([]byte{0, 3, 1, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := hsm.ParseShare(b, len(b)/2); err == nil && !bytes.Equal(s.Bytes(), b) {
			t.Fatalf("%x is written as %x", b, s.Bytes())
		}
	})
}

// FuzzParseDomainCertificate: a certificate that is read can hold a share.
func FuzzParseDomainCertificate(f *testing.F) {
	m := newModule(f, hsm.Options{})
	k, err := m.NewTransferKey()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(k.JWK())
	f.Add([]byte(`{"kty":"RSA","x5c":["AAAA"],"x5t#S256":""}`))
	f.Fuzz(func(t *testing.T, jwk []byte) {
		c, err := hsm.ParseDomainCertificate(jwk)
		if err == nil && len(c.Raw) == 0 {
			t.Fatalf("%s", jwk)
		}
	})
}
