package cryptotest

import (
	"bytes"
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"math/big"
	"testing"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	secp256k1ecdsa "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"

	"github.com/embedvault/embedvault/crypto"
)

// reference: on the fixed keys the driver computes what the standard library
// computes, and opens what it makes. Whatever is deterministic is compared
// byte for byte.
func (s *suite) reference(t *testing.T) {
	s.eachSpec(t, func(t *testing.T, spec crypto.Spec) {
		k, j := newKey(t, s.fixed(t, spec)), JWK(t, spec)
		switch spec.Type.Base() {
		case crypto.KeyTypeRSA:
			referenceRSA(t, k, standardRSA(t, j))
		case crypto.KeyTypeEC:
			referenceEC(t, k)
		case crypto.KeyTypeOct:
			referenceOct(t, k, j.K)
		}
	})
	if kty := s.served(crypto.KeyTypeOct); kty != "" {
		s.keyWrapVectors(t, kty)
	}
}

// standardRSA is the same key in the standard library.
func standardRSA(t *testing.T, j crypto.JWK) *rsa.PrivateKey {
	t.Helper()
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	k := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: number(j.N), E: int(number(j.E).Int64())},
		D:         number(j.D),
		Primes:    []*big.Int{number(j.P), number(j.Q)},
	}
	k.Precompute()
	if err := k.Validate(); err != nil {
		t.Fatalf("the fixed key: %v", err)
	}
	return k
}

func referenceRSA(t *testing.T, k *crypto.Key, std *rsa.PrivateKey) {
	t.Helper()
	for _, row := range algorithms(k.Spec()) {
		input := text(cmp.Or(row.Digest, 36))
		switch row.Mechanism {
		case crypto.PKCS1v15Signature:
			want, err := rsa.SignPKCS1v15(nil, std, row.Hash, input)
			got := must(t)(k.Sign(t.Context(), row.Algorithm, input))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: another signature than the standard library's", row.Algorithm)
			}
		case crypto.PSS:
			got := must(t)(k.Sign(t.Context(), row.Algorithm, input))
			salt := &rsa.PSSOptions{SaltLength: row.Hash.Size()}
			if err := rsa.VerifyPSS(&std.PublicKey, row.Hash, input, got, salt); err != nil {
				t.Errorf("%s: the standard library refuses the signature: %v", row.Algorithm, err)
			}
		case crypto.OAEP:
			r, err := k.Encrypt(t.Context(), row.Algorithm, input, crypto.Params{})
			if err != nil {
				t.Fatalf("%s: %v", row.Algorithm, err)
			}
			back, err := rsa.DecryptOAEP(row.Hash.New(), nil, std, r.Value, nil)
			if err != nil || !bytes.Equal(back, input) {
				t.Errorf("%s: the standard library opens it as %x: %v", row.Algorithm, back, err)
			}
			theirs := must(t)(rsa.EncryptOAEP(row.Hash.New(), rand.Reader, &std.PublicKey, input, nil))
			if back := must(t)(k.Decrypt(t.Context(), row.Algorithm, theirs, crypto.Params{})); !bytes.Equal(back, input) {
				t.Errorf("%s: opens the standard library's as %x", row.Algorithm, back)
			}
		case crypto.PKCS1v15:
			r, err := k.Encrypt(t.Context(), row.Algorithm, input, crypto.Params{})
			if err != nil {
				t.Fatalf("%s: %v", row.Algorithm, err)
			}
			if back, err := std.Decrypt(nil, r.Value, nil); err != nil || !bytes.Equal(back, input) {
				t.Errorf("%s: the standard library opens it as %x: %v", row.Algorithm, back, err)
			}
		}
	}
}

func referenceEC(t *testing.T, k *crypto.Key) {
	t.Helper()
	for _, row := range algorithms(k.Spec()) {
		digest := text(row.Digest)
		for range 8 { // short halves are one in 128
			signature := must(t)(k.Sign(t.Context(), row.Algorithm, digest))
			r, s := signature[:len(signature)/2], signature[len(signature)/2:]
			var ok bool
			switch pub := k.PublicKey().(type) {
			case *ecdsa.PublicKey:
				ok = ecdsa.Verify(pub, digest, new(big.Int).SetBytes(r), new(big.Int).SetBytes(s))
			case *secp256k1.PublicKey:
				var rs, ss secp256k1.ModNScalar
				ok = !rs.SetByteSlice(r) && !ss.SetByteSlice(s) && secp256k1ecdsa.NewSignature(&rs, &ss).Verify(digest, pub)
			}
			if !ok {
				t.Fatalf("%s: the signature does not verify elsewhere", row.Algorithm)
			}
		}
	}
}

func referenceOct(t *testing.T, k *crypto.Key, key []byte) {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	iv, aad, plaintext := text(16), text(20), text(48)
	for _, row := range algorithms(k.Spec()) {
		switch row.Mechanism {
		case crypto.HMAC:
			m := hmac.New(row.Hash.New, key)
			m.Write(plaintext)
			if got := must(t)(k.Sign(t.Context(), row.Algorithm, plaintext)); !bytes.Equal(got, m.Sum(nil)) {
				t.Errorf("%s: another MAC than the standard library's", row.Algorithm)
			}
		case crypto.AESGCM:
			sealed := gcm.Seal(nil, iv[:12], plaintext, aad)
			p := crypto.Params{IV: iv[:12], AAD: aad, Tag: sealed[48:]}
			if got := must(t)(k.Decrypt(t.Context(), row.Algorithm, sealed[:48], p)); !bytes.Equal(got, plaintext) {
				t.Errorf("%s: opens the standard library's as %x", row.Algorithm, got)
			}
		case crypto.AESCBC, crypto.AESCBCPad:
			input := plaintext
			if row.Mechanism == crypto.AESCBCPad {
				input = append(bytes.Clone(plaintext), bytes.Repeat([]byte{16}, 16)...)
			}
			want := make([]byte, len(input))
			cipher.NewCBCEncrypter(block, iv).CryptBlocks(want, input)
			r, err := k.Encrypt(t.Context(), row.Algorithm, plaintext, crypto.Params{IV: iv})
			if err != nil || !bytes.Equal(r.Value, want) {
				t.Errorf("%s: %x, the standard library says %x (%v)", row.Algorithm, r.Value, want, err)
			}
		}
	}
}

// keyWrapVectors are RFC 3394 4.1, 4.2, 4.3 and 4.6, and RFC 5649 6.
func (s *suite) keyWrapVectors(t *testing.T, kty crypto.KeyType) {
	for _, v := range []struct {
		rfc, kek, key, wrapped string
		algorithms             []crypto.Algorithm
	}{
		{
			"RFC 3394 4.1", "000102030405060708090A0B0C0D0E0F", "00112233445566778899AABBCCDDEEFF",
			"1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5",
			[]crypto.Algorithm{crypto.A128KW, crypto.CKMAESKeyWrap},
		},
		{
			"RFC 3394 4.2", "000102030405060708090A0B0C0D0E0F1011121314151617", "00112233445566778899AABBCCDDEEFF",
			"96778B25AE6CA435F92B5B97C050AED2468AB8A17AD84E5D",
			[]crypto.Algorithm{crypto.A192KW, crypto.CKMAESKeyWrap},
		},
		{
			"RFC 3394 4.3", "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", "00112233445566778899AABBCCDDEEFF",
			"64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7",
			[]crypto.Algorithm{crypto.A256KW, crypto.CKMAESKeyWrap},
		},
		{
			"RFC 3394 4.6", "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
			"00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
			"28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21",
			[]crypto.Algorithm{crypto.A256KW, crypto.CKMAESKeyWrap},
		},
		{
			"RFC 5649 6, 20 bytes", "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8", "c37b7e6492584340bed12207808941155068f738",
			"138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a",
			[]crypto.Algorithm{crypto.A192KWPAD, crypto.CKMAESKeyWrapPad},
		},
		{
			"RFC 5649 6, 7 bytes", "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8", "466f7250617369",
			"afbeb0f07dfbf5419200f2ccb50bb24f",
			[]crypto.Algorithm{crypto.A192KWPAD, crypto.CKMAESKeyWrapPad},
		},
	} {
		p, err := s.driver.Import(t.Context(), crypto.JWK{Kty: kty, K: unhex(t, v.kek)})
		if err != nil {
			t.Fatalf("%s: Import: %v", v.rfc, err)
		}
		for _, a := range v.algorithms {
			if got := must(t)(newKey(t, p).WrapKey(t.Context(), a, unhex(t, v.key))); !bytes.Equal(got, unhex(t, v.wrapped)) {
				t.Errorf("%s, %s: wrapped to %x", v.rfc, a, got)
			}
			if got := must(t)(newKey(t, p).UnwrapKey(t.Context(), a, unhex(t, v.wrapped))); !bytes.Equal(got, unhex(t, v.key)) {
				t.Errorf("%s, %s: unwrapped to %x", v.rfc, a, got)
			}
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	return must(t)(hex.DecodeString(s))
}
