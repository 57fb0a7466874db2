package wycheproof_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/embedvault/embedvault/crypto"
)

// octKey imports a symmetric key, or gives the reason why there is none.
func octKey(t *testing.T, d driver, v vector, keySize int) (*crypto.Key, string) {
	t.Helper()
	if keySize != 128 && keySize != 192 && keySize != 256 {
		return nil, "keys of other sizes"
	}
	return d.importKey(t, crypto.JWK{Kty: crypto.KeyTypeOct, K: v.Key}), ""
}

// aes names an algorithm of this key size.
func aes(g group, suffix string) crypto.Algorithm {
	return crypto.Algorithm(fmt.Sprintf("A%d%s", g.KeySize, suffix))
}

// runGCM decrypts. Encryption makes its own nonce, so that the vectors cannot
// prescribe one.
func runGCM(t *testing.T, f file) *tally {
	c := newTally()
	run := func(g group) bool { return g.IVSize == 96 }
	for _, g := range c.only(f.TestGroups, run, "nonces of other lengths than 12 bytes") {
		for _, v := range g.Tests {
			k, _ := octKey(t, f.driver, v, g.KeySize)
			p := crypto.Params{IV: v.IV, AAD: v.AAD, Tag: v.Tag}
			if f.name == "aes_gmac_test.json" {
				p.AAD, v.Msg = v.Msg, nil
			}
			got, err := k.Decrypt(t.Context(), aes(g, "GCM"), v.CT, p)
			c.outcome(t, v, opens(t, v, err), bytes.Equal(got, v.Msg), "")
		}
	}
	return c
}

// runCBC decrypts, and encrypts what is valid.
func runCBC(t *testing.T, f file) *tally {
	c := newTally()
	for _, g := range f.TestGroups {
		for _, v := range g.Tests {
			k, _ := octKey(t, f.driver, v, g.KeySize)
			p := crypto.Params{IV: v.IV}
			got, err := k.Decrypt(t.Context(), aes(g, "CBCPAD"), v.CT, p)
			right := bytes.Equal(got, v.Msg)
			if v.Result == "valid" {
				r, err := k.Encrypt(t.Context(), aes(g, "CBCPAD"), v.Msg, p)
				right = right && err == nil && bytes.Equal(r.Value, v.CT)
			}
			c.outcome(t, v, opens(t, v, err), right, "")
		}
	}
	return c
}

func runKeyWrap(t *testing.T, f file) *tally {
	return runWrap(t, f, "KW", crypto.CKMAESKeyWrap)
}

func runKeyWrapPad(t *testing.T, f file) *tally {
	return runWrap(t, f, "KWPAD", crypto.CKMAESKeyWrapPad)
}

// runWrap unwraps, and wraps what is valid, under both names of the algorithm.
func runWrap(t *testing.T, f file, suffix string, pkcs11 crypto.Algorithm) *tally {
	c := newTally()
	for _, g := range f.TestGroups {
		for _, v := range g.Tests {
			k, _ := octKey(t, f.driver, v, g.KeySize)
			got, err := k.UnwrapKey(t.Context(), aes(g, suffix), v.CT)
			_, errToo := k.UnwrapKey(t.Context(), pkcs11, v.CT)
			right := bytes.Equal(got, v.Msg) && (err == nil) == (errToo == nil)
			if v.Result == "valid" {
				wrapped, err := k.WrapKey(t.Context(), pkcs11, v.Msg)
				right = right && err == nil && bytes.Equal(wrapped, v.CT)
			}
			reason := ""
			if v.Result == "acceptable" && len(v.Msg) == 8 {
				reason = "RFC 3394 wraps at least 16 bytes"
			}
			c.outcome(t, v, opens(t, v, err), right, reason)
		}
	}
	return c
}

// runHMAC verifies, and makes the MAC of what is valid.
func runHMAC(a crypto.Algorithm) func(*testing.T, file) *tally {
	return func(t *testing.T, f file) *tally {
		c := newTally()
		row, _ := crypto.Lookup(a)
		for _, g := range f.TestGroups {
			for _, v := range g.Tests {
				k, reason := octKey(t, f.driver, v, g.KeySize)
				if reason != "" {
					c.leftOut[reason]++
					continue
				}
				if g.TagSize != 8*row.Hash.Size() {
					reason = "truncated MACs"
				}
				ok, err := k.Verify(t.Context(), a, v.Msg, v.Tag)
				if err != nil {
					t.Errorf("vector %d: %v", v.TcID, err)
				}
				mac, err := k.Sign(t.Context(), a, v.Msg)
				right := err == nil && bytes.Equal(mac, v.Tag)
				c.outcome(t, v, ok, right, reason)
			}
		}
		return c
	}
}
