package hsm_test

import (
	"bytes"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
)

// newFuzzModule is newModule with a domain that is the same in all the
// processes of a fuzzing run.
func newFuzzModule(f *testing.F) *hsm.Module {
	f.Helper()
	m := newModule(f, hsm.Options{})
	if err := m.RestoreDomain(bytes.Repeat([]byte{1}, hsm.DomainSize)); err != nil {
		f.Fatal(err)
	}
	return m
}

// FuzzOpen: no blob makes trouble, and none opens but those of the keys that
// the module took in, which do not leave it.
func FuzzOpen(f *testing.F) {
	m, to := newFuzzModule(f), receiver(f, 2048)
	d := m.Driver(false)
	known := map[string]bool{}
	for _, s := range everySpec {
		p := fixed(f, d, s)
		known[p.Public().String()] = true
		f.Add(p.Blob())
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		p, err := d.Open(t.Context(), blob)
		if err != nil {
			return
		}
		if !known[p.Public().String()] || !bytes.Equal(p.Blob(), blob) {
			t.Fatalf("%v opens", p)
		}
		if _, err := m.Release(t.Context(), p, &to.PublicKey, "", ""); err == nil {
			t.Fatalf("%v has become exportable", p)
		}
	})
}

// FuzzParseWrapped: what parses is written in one way.
func FuzzParseWrapped(f *testing.F) {
	f.Add([]byte(`{"schema_version":"1.0.0","header":{"kid":"k","alg":"dir","enc":"CKM_RSA_AES_KEY_WRAP"},"ciphertext":"AAAA","generator":"g"}`))
	f.Add([]byte(`{"schema_version":"1.0.0","header":{"kid":"","alg":"dir","enc":"RSA_AES_KEY_WRAP_384"},"ciphertext":"AQ"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := hsm.ParseWrapped(data)
		if err != nil {
			return
		}
		again, err := hsm.ParseWrapped(w.JSON())
		if err != nil && len(w.JSON()) <= 16<<10 || err == nil && (again.KID != w.KID || !bytes.Equal(again.Ciphertext, w.Ciphertext)) {
			t.Fatalf("%s: %v", w.JSON(), err)
		}
	})
}

// FuzzPKCS8: what is taken in is a key, and its own form is taken in again.
func FuzzPKCS8(f *testing.F) {
	m := newModule(f, hsm.Options{})
	to := receiver(f, 2048)
	for _, s := range everySpec[:5] {
		w, err := m.Release(f.Context(), fixed(f, m.Driver(true), s), &to.PublicKey, "", "")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(unwrapByHand(f, to, encryptions[""], w.Ciphertext))
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		once, ok := hsm.ParsePKCS8(der)
		if !ok {
			return
		}
		if twice, ok := hsm.ParsePKCS8(once); !ok || !bytes.Equal(once, twice) {
			t.Fatalf("%x is written as %x, then as %x", der, once, twice)
		}
	})
}

// FuzzVerify: nothing verifies but what the module stated.
func FuzzVerify(f *testing.F) {
	m := newFuzzModule(f)
	p := fixed(f, m.Driver(false), crypto.EC(crypto.P256))
	good, err := m.Attest(f.Context(), p, attestedID)
	if err != nil {
		f.Fatal(err)
	}
	root, err := m.Root()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good.CertificatePEMFile, good.PrivateKeyAttestation, good.PublicKeyAttestation)
	f.Fuzz(func(t *testing.T, chain, private, public []byte) {
		a := hsm.Attestation{CertificatePEMFile: chain, PrivateKeyAttestation: private, PublicKeyAttestation: public, Version: hsm.AttestationVersion}
		if s, err := hsm.Verify(a, root); err == nil && (s.KID != attestedID || s.Public.String() != p.Public().String()) {
			t.Fatalf("%+v", s)
		}
	})
}
