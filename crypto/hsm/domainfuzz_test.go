package hsm_test

import (
	"bytes"
	"testing"

	"github.com/embedvault/embedvault/crypto/hsm"
)

// newFuzzCeremony is newCeremony with domains that are the same in all the
// processes of a fuzzing run.
func newFuzzCeremony(f *testing.F) (c ceremony, from, to []byte) {
	f.Helper()
	c = newCeremony(f)
	from, to = bytes.Repeat([]byte{1}, hsm.DomainSize), bytes.Repeat([]byte{2}, hsm.DomainSize)
	for m, secret := range map[*hsm.Module][]byte{c.from: from, c.to: to} {
		if err := m.RestoreDomain(secret); err != nil {
			f.Fatal(err)
		}
	}
	_, certificates := holders(f, 3)
	var err error
	if c.download, err = c.from.DownloadDomain(f.Context(), certificates, 2); err != nil {
		f.Fatal(err)
	}
	return c, from, to
}

// withByte returns b with one byte changed.
func withByte(b []byte, at uint16, value byte) []byte {
	b = bytes.Clone(b)
	b[int(at)%len(b)] = value
	return b
}

// FuzzUploadDomain: nothing is taken in but the domain that was handed out. It
// tries any text, and the right blob with a byte changed.
func FuzzUploadDomain(f *testing.F) {
	c, from, to := newFuzzCeremony(f)
	good := c.rewrap(f)
	f.Add(good, uint16(0), byte('{'))
	f.Add(c.download, uint16(len(good)/2), byte('A'))
	f.Add([]byte(`{"EncData":{"data":[{"compact_jwe":"....","tag":"embedvault_domain_v1"}],"kdf":"sp108_kdf"},"WrappedKey":{"enc_key":"....","x5t_256":""}}`), uint16(9), byte(0))
	f.Fuzz(func(t *testing.T, blob []byte, at uint16, value byte) {
		for _, blob := range [][]byte{blob, withByte(good, at, value)} {
			err := c.to.UploadDomain(blob, c.transfer)
			if got := secretOf(t, c.to); err != nil && !bytes.Equal(got, to) || err == nil && !bytes.Equal(got, from) {
				t.Fatalf("%s: %v", blob, err)
			}
			if err := c.to.RestoreDomain(to); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzRewrapDomain: what comes out is an upload of the domain that was handed
// out, if it is one for a module at all.
func FuzzRewrapDomain(f *testing.F) {
	c, from, _ := newFuzzCeremony(f)
	f.Add(c.download, uint16(0), byte('{'))
	f.Add(c.rewrap(f), uint16(len(c.download)/2), byte('A'))
	f.Add([]byte(`{"EncData":{"data":[{"compact_jwe":"....","tag":"t"}],"kdf":"sp108_kdf"},"SharedKeys":{"enc_shares":[{},{}],"key_algorithm":"shamir_share","required":2}}`), uint16(9), byte(0))
	f.Fuzz(func(t *testing.T, blob []byte, at uint16, value byte) {
		for _, blob := range [][]byte{blob, withByte(c.download, at, value)} {
			again, err := hsm.RewrapDomain(blob, c.transfer.Certificate(), c.holders)
			if err == nil && c.to.UploadDomain(again, c.transfer) == nil && !bytes.Equal(secretOf(t, c.to), from) {
				t.Fatalf("%s is another domain", blob)
			}
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
