package wycheproof_test

import (
	"bytes"
	stdcrypto "crypto"
	_ "crypto/sha256"
	"crypto/sha3"
	_ "crypto/sha512"
	"testing"

	"github.com/embedvault/embedvault/crypto"
)

// hashes are those of the vectors whose digest is as long as an algorithm's,
// or longer: ECDSA uses the leftmost bits, so cutting changes nothing.
func digest(sha string, msg []byte) []byte {
	switch sha {
	case "SHAKE128":
		return sha3.SumSHAKE128(msg, 32)
	case "SHAKE256":
		return sha3.SumSHAKE256(msg, 64)
	}
	h := hashes[sha].New()
	h.Write(msg)
	return h.Sum(nil)
}

var hashes = map[string]stdcrypto.Hash{
	"SHA-1": stdcrypto.SHA1, "SHA-224": stdcrypto.SHA224, "SHA-256": stdcrypto.SHA256, "SHA-384": stdcrypto.SHA384,
	"SHA-512": stdcrypto.SHA512, "SHA-512/224": stdcrypto.SHA512_224, "SHA-512/256": stdcrypto.SHA512_256,
	"SHA3-224": stdcrypto.SHA3_224, "SHA3-256": stdcrypto.SHA3_256, "SHA3-384": stdcrypto.SHA3_384, "SHA3-512": stdcrypto.SHA3_512,
}

// runECDSA verifies signatures that are r and s.
func runECDSA(a crypto.Algorithm) func(*testing.T, file) *tally {
	return func(t *testing.T, f file) *tally {
		c := newTally()
		row, _ := crypto.Lookup(a)
		for _, g := range f.TestGroups {
			j := crypto.JWK{Kty: crypto.KeyTypeEC, Crv: row.Curve, X: fixed(g.PublicKey.Wx, row.Curve), Y: fixed(g.PublicKey.Wy, row.Curve)}
			k := newKey(t, public{spec: crypto.EC(row.Curve), jwk: j})
			for _, v := range g.Tests {
				ok, err := k.Verify(t.Context(), a, digest(g.SHA, v.Msg)[:row.Digest], v.Sig)
				if err != nil {
					t.Errorf("vector %d: %v", v.TcID, err)
				}
				c.outcome(t, v, ok, true, "")
			}
		}
		return c
	}
}

// fixed brings a coordinate to the width of the curve.
func fixed(b []byte, curve crypto.Curve) []byte {
	b = bytes.TrimLeft(b, "\x00")
	return append(make([]byte, curve.Size()-len(b)), b...)
}
