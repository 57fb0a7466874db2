package hsm_test

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"math/big"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
)

// hostileKeys are private RSA keys that are none.
func hostileKeys(good, other *rsa.PrivateKey) map[string]*rsa.PrivateKey {
	of := func(n *big.Int) *rsa.PrivateKey { // with what was precomputed for another one
		k := *good
		k.N = n
		return &k
	}
	return map[string]*rsa.PrivateKey{
		"nil":                   nil,
		"empty":                 {},
		"a public key":          {PublicKey: good.PublicKey},
		"without a modulus":     of(nil),
		"of the modulus 0":      of(new(big.Int)),
		"of the modulus 1":      of(big.NewInt(1)),
		"of a negative modulus": {PublicKey: rsa.PublicKey{N: new(big.Int).Neg(good.N), E: good.E}, D: good.D, Primes: good.Primes},
		"of an even modulus":    {PublicKey: rsa.PublicKey{N: new(big.Int).SetBit(good.N, 0, 0), E: good.E}, D: good.D, Primes: good.Primes},
		"of a huge modulus":     {PublicKey: rsa.PublicKey{N: new(big.Int).SetBit(good.N, 20000, 1), E: good.E}, D: good.D, Primes: good.Primes},
		"of another modulus":    {PublicKey: other.PublicKey, D: good.D, Primes: good.Primes},
		"without an exponent":   {PublicKey: rsa.PublicKey{N: good.N}, D: good.D, Primes: good.Primes},
		"of a negative one":     {PublicKey: rsa.PublicKey{N: good.N, E: -3}, D: good.D, Primes: good.Primes},
		"without a secret":      {PublicKey: good.PublicKey, Primes: good.Primes},
		"of the secret 0":       {PublicKey: good.PublicKey, D: new(big.Int), Primes: good.Primes},
		"without primes in it":  {PublicKey: good.PublicKey, D: good.D, Primes: []*big.Int{nil, nil}},
		"of primes of 0":        {PublicKey: good.PublicKey, D: good.D, Primes: []*big.Int{{}, {}}},
		"of three primes":       {PublicKey: good.PublicKey, D: good.D, Primes: []*big.Int{nil, good.Primes[0], {}}},
	}
}

// TestNothingPanicsOnHostileKeys: a key or certificate that is none has an
// error, wherever it is handed in.
func TestNothingPanicsOnHostileKeys(t *testing.T) {
	c := newCeremony(t)
	m, ctx := c.from, t.Context()
	good, leaves := receiver(t, 2048), fixed(t, c.from.Driver(true), crypto.Oct(256))
	released, err := m.Release(ctx, leaves, &good.PublicKey, "", "")
	if err != nil {
		t.Fatal(err)
	}
	a, b, d := c.holders[0], c.holders[1], c.holders[2]
	for name, private := range hostileKeys(good, a.Key) {
		public := (*rsa.PublicKey)(nil)
		if private != nil {
			public = &private.PublicKey
		}
		refuses(t, "Open with a key "+name, errs.BadParameter, func() error { return second(released.Open(private)) })
		refuses(t, "RewrapDomain by a key "+name, hsm.QuorumError{Required: 2, Opened: 1}, func() error {
			return second(hsm.RewrapDomain(c.download, c.transfer.Certificate(), []hsm.DomainHolder{{Certificate: a.Certificate, Key: private}, b}))
		})
		if public != nil && public.N != nil && (public.Equal(&good.PublicKey) || public.Equal(&a.Key.PublicKey)) {
			continue // the public half is one
		}
		certificate := &x509.Certificate{PublicKey: public, Raw: []byte("hostile")}
		for call, run := range map[string]func() error{
			"WrapTransfer": func() error { return second(hsm.WrapTransfer(public, kekID, cryptotest.JWK(t, crypto.Oct(128)), "")) },
			"Release":      func() error { return second(m.Release(ctx, leaves, public, "", "")) },
			"DownloadDomain": func() error {
				return second(m.DownloadDomain(t.Context(), []*x509.Certificate{a.Certificate, b.Certificate, certificate}, 2))
			},
			"RewrapDomain": func() error { return second(hsm.RewrapDomain(c.download, certificate, c.holders)) },
		} {
			refuses(t, call+" to a key "+name, errs.BadParameter, run)
		}
	}
	stated := attest(t, m, leaves)
	for name, certificate := range map[string]*x509.Certificate{
		"nil": nil, "empty": {}, "of no RSA key": {PublicKey: (*rsa.PublicKey)(nil)}, "of no EC key": {PublicKey: (*ecdsa.PublicKey)(nil)}, "of a value": {PublicKey: good.PublicKey},
	} {
		refuses(t, "DownloadDomain to a certificate "+name, errs.BadParameter, func() error {
			return second(m.DownloadDomain(t.Context(), []*x509.Certificate{certificate, a.Certificate, d.Certificate}, 2))
		})
		refuses(t, "RewrapDomain to a certificate "+name, errs.BadParameter, func() error { return second(hsm.RewrapDomain(c.download, certificate, c.holders)) })
		refuses(t, "RewrapDomain by a certificate "+name, hsm.QuorumError{Required: 2, Opened: 1}, func() error {
			return second(hsm.RewrapDomain(c.download, c.transfer.Certificate(), []hsm.DomainHolder{{Certificate: certificate, Key: a.Key}, b}))
		})
		refuses(t, "Verify from a certificate "+name, nil, func() error { return second(hsm.Verify(stated, certificate)) })
	}
	ec := crypto.JWK{Kty: crypto.KeyTypeECHSM, Crv: crypto.P256}
	kek := newKEK(t, m, crypto.OpImport)
	for call, run := range map[string]func() error{
		"ImportTransfer by no key":          func() error { return second(m.Driver(false).ImportTransfer(ctx, nil, released, ec)) },
		"ImportTransfer of nothing":         func() error { return second(m.Driver(false).ImportTransfer(ctx, kek, hsm.Wrapped{}, ec)) },
		"Import of nothing":                 func() error { return second(m.Driver(false).Import(ctx, crypto.JWK{})) },
		"Import of no number":               func() error { return second(m.Driver(false).Import(ctx, crypto.JWK{Kty: crypto.KeyTypeRSAHSM})) },
		"Generate of nothing":               func() error { return second(m.Driver(false).Generate(ctx, crypto.Spec{})) },
		"Release of nothing":                func() error { return second(m.Release(ctx, nil, &good.PublicKey, "", "")) },
		"Attest of nothing":                 func() error { return second(m.Attest(ctx, nil, "")) },
		"DownloadDomain to nobody":          func() error { return second(m.DownloadDomain(t.Context(), nil, 2)) },
		"Open of nothing":                   func() error { return second(hsm.Wrapped{}.Open(good)) },
		"ParseDomainCertificate of nothing": func() error { return second(hsm.ParseDomainCertificate(nil)) },
		"WrapTransfer of a key by no number": func() error {
			return second(hsm.WrapTransfer(&good.PublicKey, "", crypto.JWK{Kty: crypto.KeyTypeEC, Crv: crypto.P256K}, ""))
		},
	} {
		refuses(t, call, errs.BadParameter, run)
	}
	refuses(t, "ImportTransfer by an empty key", errs.KeyOperationForbidden, func() error { return second(m.Driver(false).ImportTransfer(ctx, new(crypto.Key), released, ec)) })
	for name, with := range map[string]*hsm.TransferKey{"nil": nil, "empty": {}} {
		refuses(t, "UploadDomain with a key "+name, hsm.ErrDomain, func() error { return m.UploadDomain(c.rewrap(t), with) })
	}
}

// refuses runs a call that has an error, this one unless nil, and does not
// panic.
func refuses(t *testing.T, call string, want error, run func() error) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s panics: %v", call, r)
		}
	}()
	if err := run(); err == nil || want != nil && !errors.Is(err, want) {
		t.Errorf("%s: %v", call, err)
	}
}
