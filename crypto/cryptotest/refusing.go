package cryptotest

import (
	"bytes"
	"math/big"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
)

// openRefuses: a blob that is not whole is an error, and no input panics.
func (s *suite) openRefuses(t *testing.T) {
	garbage := [][]byte{nil, {}, {0}, {1}, text(2), text(100), bytes.Repeat([]byte{0xff}, 4096)}
	for _, blob := range garbage {
		if p, err := s.driver.Open(t.Context(), blob); err == nil {
			t.Errorf("Open of %d bytes of garbage gave a %v key", len(blob), p.Spec())
		}
	}
	for _, kty := range s.types {
		blob := s.fixed(t, specs(kty)[0]).Blob()
		for n := range blob {
			if _, err := s.driver.Open(t.Context(), blob[:n]); err == nil {
				t.Errorf("Open of the first %d of %d bytes of a %s blob succeeds", n, len(blob), kty)
			}
		}
		if _, err := s.driver.Open(t.Context(), append(bytes.Clone(blob), 0)); err == nil {
			t.Errorf("Open of a %s blob and one more byte succeeds", kty)
		}
		for i := range blob {
			// What is changed in the right place may be another key; it must
			// only be an answer.
			_, _ = s.driver.Open(t.Context(), flip(blob, i))
		}
	}
}

// doesNotOpen: one answer for every reason.
func (s *suite) doesNotOpen(t *testing.T) {
	s.eachSpec(t, func(t *testing.T, spec crypto.Spec) {
		if spec.Size > 2048 {
			return // padding does not depend on the size
		}
		k := newKey(t, s.fixed(t, spec))
		for _, row := range algorithms(spec) {
			switch row.Mechanism {
			case crypto.PKCS1v15, crypto.OAEP:
				rsaDoesNotOpen(t, k, row)
			case crypto.AESGCM:
				gcmDoesNotOpen(t, k, row)
			case crypto.AESCBC, crypto.AESCBCPad:
				cbcDoesNotOpen(t, k, row)
			case crypto.AESKeyWrap, crypto.AESKeyWrapPad:
				wrapDoesNotOpen(t, k, row)
			}
		}
	})
}

// rsaDoesNotOpen tries ciphertexts of wrong lengths and values, and well
// encrypted blocks with every fault of padding.
func rsaDoesNotOpen(t *testing.T, k *crypto.Key, row crypto.Info) {
	t.Helper()
	size := k.Spec().Size / 8
	n := new(big.Int).SetBytes(k.JWK().N)
	e := big.NewInt(int64(k.Spec().PublicExponent))
	raw := func(front ...byte) []byte { // a block that begins so, with no zero byte after
		block := append(front, bytes.Repeat([]byte{0xa5}, size-len(front))...)
		return new(big.Int).Exp(new(big.Int).SetBytes(block), e, n).FillBytes(make([]byte, size))
	}
	zero := make([]byte, size)
	causes := map[string][]byte{
		"empty": nil, "one byte": {1}, "short": zero[1:], "long": make([]byte, size+1), "all zero": zero,
		"the modulus": n.Bytes(), "above the modulus": bytes.Repeat([]byte{0xff}, size),
		"no separator":  raw(0, 2),
		"block type 1":  raw(0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0),
		"block type 0":  raw(0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0),
		"first byte 1":  raw(1, 2, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0),
		"short padding": raw(0, 2, 9, 9, 9, 9, 9, 9, 9, 0),
		"no padding":    raw(0, 2, 0),
		"not ours":      raw(0x5a),
		"leading zero":  append([]byte{0}, raw(0, 2, 9, 9, 9, 9, 9, 9, 9, 9, 0)...),
		"zero less":     raw(0, 2, 9, 9, 9, 9, 9, 9, 9, 9, 0)[1:],
	}
	for cause, ciphertext := range causes {
		wantDoesNotOpen(t, k, row, cause, ciphertext, crypto.Params{})
	}
	if row.Mechanism == crypto.OAEP {
		r, err := k.Encrypt(t.Context(), row.Algorithm, text(20), crypto.Params{}) // by the public key
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range []int{size / 2, size - 1} {
			wantDoesNotOpen(t, k, row, "changed", flip(r.Value, i), crypto.Params{})
		}
	}
}

func gcmDoesNotOpen(t *testing.T, k *crypto.Key, row crypto.Info) {
	t.Helper()
	aad := text(20)
	r, err := k.Encrypt(t.Context(), row.Algorithm, text(40), crypto.Params{AAD: aad})
	if err != nil || len(r.IV) != 12 || len(r.Tag) != 16 {
		t.Fatalf("%s: %d bytes iv, %d tag, %v", row.Algorithm, len(r.IV), len(r.Tag), err)
	}
	good := crypto.Params{IV: r.IV, AAD: aad, Tag: r.Tag}
	for cause, change := range map[string]func(*crypto.Params){
		"no iv": func(p *crypto.Params) { p.IV = nil }, "short iv": func(p *crypto.Params) { p.IV = p.IV[1:] },
		"long iv":    func(p *crypto.Params) { p.IV = append(bytes.Clone(p.IV), 0) },
		"another iv": func(p *crypto.Params) { p.IV = flip(p.IV, 0) },
		"no tag":     func(p *crypto.Params) { p.Tag = nil }, "short tag": func(p *crypto.Params) { p.Tag = p.Tag[:12] },
		"long tag":    func(p *crypto.Params) { p.Tag = append(bytes.Clone(p.Tag), 0) },
		"another tag": func(p *crypto.Params) { p.Tag = flip(p.Tag, 15) },
		"no aad":      func(p *crypto.Params) { p.AAD = nil }, "another aad": func(p *crypto.Params) { p.AAD = flip(p.AAD, 0) },
	} {
		p := good
		change(&p)
		wantDoesNotOpen(t, k, row, cause, r.Value, p)
	}
	wantDoesNotOpen(t, k, row, "empty", nil, good)
	wantDoesNotOpen(t, k, row, "short", r.Value[1:], good)
	wantDoesNotOpen(t, k, row, "changed", flip(r.Value, 0), good)
}

// cbcDoesNotOpen knows the one fault of AES-CBC that shows without padding:
// length. Under padding, a block of zeros at the end is never well padded.
func cbcDoesNotOpen(t *testing.T, k *crypto.Key, row crypto.Info) {
	t.Helper()
	p := crypto.Params{IV: text(16)}
	r, err := k.Encrypt(t.Context(), row.Algorithm, make([]byte, 64), p)
	if err != nil || len(r.Value) < 64 {
		t.Fatalf("%s: %d bytes of ciphertext, %v", row.Algorithm, len(r.Value), err)
	}
	wantDoesNotOpen(t, k, row, "short", r.Value[1:], p)
	wantDoesNotOpen(t, k, row, "one byte", r.Value[:1], p)
	wantDoesNotOpen(t, k, row, "no iv", r.Value, crypto.Params{})
	wantDoesNotOpen(t, k, row, "short iv", r.Value, crypto.Params{IV: p.IV[1:]})
	wantDoesNotOpen(t, k, row, "long iv", r.Value, crypto.Params{IV: text(17)})
	if row.Mechanism == crypto.AESCBCPad {
		wantDoesNotOpen(t, k, row, "empty", nil, p)
		wantDoesNotOpen(t, k, row, "without the last block", r.Value[:64], p)
		for last, cause := range map[byte]string{17: "padding of 17", 0xff: "padding of 255", 0: "padding of 0", 2: "padding that differs"} {
			iv := bytes.Clone(p.IV) // decides the plaintext of the first block, which is zero
			iv[15] ^= last
			wantDoesNotOpen(t, k, row, cause, r.Value[:16], crypto.Params{IV: iv})
		}
	}
}

func wrapDoesNotOpen(t *testing.T, k *crypto.Key, row crypto.Info) {
	t.Helper()
	for _, n := range []int{16, 24, 32} {
		wrapped := must(t)(k.WrapKey(t.Context(), row.Algorithm, text(n)))
		for i := range wrapped {
			wantDoesNotOpen(t, k, row, "changed", flip(wrapped, i), crypto.Params{})
			wantDoesNotOpen(t, k, row, "cut", wrapped[:i], crypto.Params{})
		}
		wantDoesNotOpen(t, k, row, "a block more", append(bytes.Clone(wrapped), make([]byte, 8)...), crypto.Params{})
	}
}

// wantDoesNotOpen checks decrypt and unwrap, whichever the algorithm has.
func wantDoesNotOpen(t *testing.T, k *crypto.Key, row crypto.Info, cause string, ciphertext []byte, p crypto.Params) {
	t.Helper()
	if row.Allows(crypto.OpDecrypt) {
		_, err := k.Decrypt(t.Context(), row.Algorithm, ciphertext, p)
		wantSame(t, string(row.Algorithm)+" decrypt, "+cause, err, errs.NewParameterIncorrect())
	}
	if row.Allows(crypto.OpUnwrapKey) {
		_, err := k.UnwrapKey(t.Context(), row.Algorithm, ciphertext)
		wantSame(t, string(row.Algorithm)+" unwrap, "+cause, err, errs.NewParameterIncorrect())
	}
}

// otherAlgorithms: a key asked directly, past Key, for what it does not
// compute refuses it.
func (s *suite) otherAlgorithms(t *testing.T) {
	s.eachSpec(t, func(t *testing.T, spec crypto.Spec) {
		p := s.fixed(t, spec)
		own := map[crypto.Algorithm]crypto.Info{}
		for _, row := range algorithms(spec) {
			own[row.Algorithm] = row
		}
		for _, a := range append(crypto.Algorithms(), "", "none", "rs256") {
			row := own[a]
			asymmetric := spec.Type.Base() != crypto.KeyTypeOct
			if !row.Allows(crypto.OpSign) {
				_, err := p.Sign(t.Context(), a, text(32))
				wantRefused(t, "Sign "+string(a), err)
			}
			if sealing := row.Allows(crypto.OpEncrypt) || row.Allows(crypto.OpWrapKey); !sealing || asymmetric {
				_, err := p.Encrypt(t.Context(), a, text(32), crypto.Params{IV: text(16)})
				wantRefused(t, "Encrypt "+string(a), err)
			}
			if opening := row.Allows(crypto.OpDecrypt) || row.Allows(crypto.OpUnwrapKey); !opening {
				_, err := p.Decrypt(t.Context(), a, text(32), crypto.Params{IV: text(16)})
				wantRefused(t, "Decrypt "+string(a), err)
			}
		}
	})
}

// otherTypes: a driver neither makes nor takes in what it does not serve.
func (s *suite) otherTypes(t *testing.T) {
	for _, kty := range []crypto.KeyType{
		crypto.KeyTypeRSA, crypto.KeyTypeRSAHSM, crypto.KeyTypeEC, crypto.KeyTypeECHSM, crypto.KeyTypeOct, crypto.KeyTypeOctHSM,
	} {
		if s.serves(kty) {
			continue
		}
		for _, spec := range specs(kty) {
			_, err := s.driver.Generate(t.Context(), normalized(t, spec))
			wantRefused(t, "Generate "+spec.String(), err)
			_, err = s.driver.Import(t.Context(), JWK(t, spec))
			wantRefused(t, "Import "+spec.String(), err)
		}
	}
	_, err := s.driver.Generate(t.Context(), crypto.Spec{Type: "OKP"})
	wantRefused(t, "Generate OKP", err)
}

func (s *suite) serves(kty crypto.KeyType) bool {
	for _, own := range s.types {
		if own == kty {
			return true
		}
	}
	return false
}
