package wycheproof_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"testing"

	_ "crypto/sha1"

	"github.com/embedvault/embedvault/crypto"
)

// sized leaves the groups out whose modulus is of another size than the service's.
func (c *tally) sized(groups []group) []group {
	return c.only(groups, func(g group) bool { return g.KeySize == 2048 || g.KeySize == 3072 || g.KeySize == 4096 }, "moduli of other sizes")
}

// hashed leaves the groups out whose hash none of the algorithms has, then sized.
func (c *tally) hashed(groups []group, algorithms map[string]crypto.Algorithm) []group {
	known := func(g group) bool { return algorithms[g.SHA] != "" }
	return c.sized(c.only(groups, known, "hashes that no algorithm uses"))
}

// rsaPublic makes a Key of a public key.
func rsaPublic(t *testing.T, g group) *crypto.Key {
	t.Helper()
	n, e := new(big.Int).SetBytes(g.PublicKey.Modulus), new(big.Int).SetBytes(g.PublicKey.PublicExponent)
	spec := crypto.Spec{Type: crypto.KeyTypeRSA, Size: n.BitLen(), PublicExponent: int(e.Int64())}
	return newKey(t, public{spec: spec, jwk: crypto.JWK{Kty: crypto.KeyTypeRSA, N: n.Bytes(), E: e.Bytes()}})
}

// hashOID names the hashes of DigestInfo that have no RS algorithm.
var hashOID = map[string]asn1.ObjectIdentifier{
	"SHA-1":       {1, 3, 14, 3, 2, 26},
	"SHA-224":     {2, 16, 840, 1, 101, 3, 4, 2, 4},
	"SHA-512/224": {2, 16, 840, 1, 101, 3, 4, 2, 5},
	"SHA-512/256": {2, 16, 840, 1, 101, 3, 4, 2, 6},
	"SHA3-224":    {2, 16, 840, 1, 101, 3, 4, 2, 7},
	"SHA3-256":    {2, 16, 840, 1, 101, 3, 4, 2, 8},
	"SHA3-384":    {2, 16, 840, 1, 101, 3, 4, 2, 9},
	"SHA3-512":    {2, 16, 840, 1, 101, 3, 4, 2, 10},
}

// pkcs1Input returns the algorithm and its input for a PKCS #1 v1.5 signature:
// RS256, RS384 and RS512 take the digest; under any other hash RSNULL pads the
// DigestInfo that is made here.
func pkcs1Input(t *testing.T, sha string, msg []byte) (crypto.Algorithm, []byte) {
	t.Helper()
	d := digest(sha, msg)
	switch sha {
	case "SHA-256":
		return crypto.RS256, d
	case "SHA-384":
		return crypto.RS384, d
	case "SHA-512":
		return crypto.RS512, d
	}
	info, err := asn1.Marshal(struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}{pkix.AlgorithmIdentifier{Algorithm: hashOID[sha], Parameters: asn1.NullRawValue}, d})
	if err != nil {
		t.Fatal(err)
	}
	return crypto.RSNULL, info
}

// runPKCS1Verify verifies PKCS #1 v1.5 signatures.
func runPKCS1Verify(t *testing.T, f file) *tally {
	c := newTally()
	for _, g := range c.sized(f.TestGroups) {
		k := rsaPublic(t, g)
		for _, v := range g.Tests {
			a, input := pkcs1Input(t, g.SHA, v.Msg)
			ok, err := k.Verify(t.Context(), a, input, v.Sig)
			if err != nil {
				t.Errorf("vector %d: %v", v.TcID, err)
			}
			reason := ""
			if v.Result == "acceptable" && v.Flags[0] == "MissingNull" {
				reason = "DigestInfo without its NULL, which RFC 8017 demands"
			}
			c.outcome(t, v, ok, true, reason)
		}
	}
	return c
}

// pkcs8 is an RSA key as JWK; some files have its CRT values nowhere else.
func pkcs8(t *testing.T, der []byte) crypto.JWK {
	t.Helper()
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		t.Fatal(err)
	}
	k := parsed.(*rsa.PrivateKey)
	return crypto.JWK{
		Kty: crypto.KeyTypeRSA, N: k.N.Bytes(), E: big.NewInt(int64(k.E)).Bytes(), D: k.D.Bytes(),
		P: k.Primes[0].Bytes(), Q: k.Primes[1].Bytes(),
		DP: k.Precomputed.Dp.Bytes(), DQ: k.Precomputed.Dq.Bytes(), QI: k.Precomputed.Qinv.Bytes(),
	}
}

// runPKCS1Sign makes PKCS #1 v1.5 signatures, which are deterministic. What is
// acceptable there, small exponents and SHA-1, is the caller's business.
func runPKCS1Sign(t *testing.T, f file) *tally {
	c := newTally()
	for _, g := range c.sized(f.TestGroups) {
		k := f.driver.importKey(t, pkcs8(t, g.PrivateKeyPkcs8))
		for _, v := range g.Tests {
			a, input := pkcs1Input(t, g.SHA, v.Msg)
			signature, err := k.Sign(t.Context(), a, input)
			c.outcome(t, v, err == nil, bytes.Equal(signature, v.Sig), "")
		}
	}
	return c
}

// runPSS verifies. The salt is as long as the hash and MGF1 uses the same
// hash; RFC 7518 3.5 knows no other signatures.
func runPSS(t *testing.T, f file) *tally {
	c := newTally()
	algorithms := map[string]crypto.Algorithm{"SHA-256": crypto.PS256, "SHA-384": crypto.PS384, "SHA-512": crypto.PS512}
	for _, g := range c.hashed(f.TestGroups, algorithms) {
		reason := ""
		if g.MGFSHA != g.SHA {
			reason = "MGF1 with another hash"
		} else if g.SLen != hashes[g.SHA].Size() {
			reason = "a salt of another length than the hash"
		}
		k := rsaPublic(t, g)
		for _, v := range g.Tests {
			ok, err := k.Verify(t.Context(), algorithms[g.SHA], digest(g.SHA, v.Msg), v.Sig)
			if err != nil {
				t.Errorf("vector %d: %v", v.TcID, err)
			}
			if v.Comment == fmt.Sprintf("s_len changed to %d", hashes[g.SHA].Size()) && g.MGFSHA == g.SHA {
				c.accept(t, v, ok, "the salt has the length of the hash")
				continue
			}
			c.outcome(t, v, ok, true, reason)
		}
	}
	return c
}

// runPKCS1Decrypt decrypts and unwraps.
func runPKCS1Decrypt(t *testing.T, f file) *tally {
	c := newTally()
	for _, g := range c.sized(f.TestGroups) {
		k := f.driver.importKey(t, g.PrivateKey.jwk())
		for _, v := range g.Tests {
			got, err := k.Decrypt(t.Context(), crypto.RSA1_5, v.CT, crypto.Params{})
			c.outcome(t, v, opens(t, v, err), bytes.Equal(got, v.Msg), "")
		}
	}
	return c
}

// runOAEP decrypts. The label is empty and MGF1 uses the same hash.
func runOAEP(t *testing.T, f file) *tally {
	c := newTally()
	algorithms := map[string]crypto.Algorithm{"SHA-1": crypto.RSAOAEP, "SHA-256": crypto.RSAOAEP256}
	for _, g := range c.hashed(f.TestGroups, algorithms) {
		k := f.driver.importKey(t, g.PrivateKey.jwk())
		for _, v := range g.Tests {
			reason := ""
			if g.MGFSHA != g.SHA {
				reason = "MGF1 with another hash"
			} else if len(v.Label) != 0 {
				reason = "a label"
			}
			got, err := k.UnwrapKey(t.Context(), algorithms[g.SHA], v.CT)
			c.outcome(t, v, opens(t, v, err), bytes.Equal(got, v.Msg), reason)
		}
	}
	return c
}

// runThreePrimes shows that a key of three primes is not imported, as it is
// and with the third prime forgotten.
func runThreePrimes(t *testing.T, f file) *tally {
	c := newTally()
	for _, g := range f.TestGroups {
		if len(g.PrivateKey.OtherPrimeInfos) == 0 {
			t.Fatal("a key of two primes")
		}
		if _, err := f.driver.importPrivate(t, g.PrivateKey.jwk()); err == nil {
			t.Error("a key of three primes was imported")
		}
		c.leave(g, "keys of three primes, which import refuses")
	}
	return c
}
