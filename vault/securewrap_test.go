package vault_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"math/big"
	"strings"
	"testing"

	josecipher "github.com/go-jose/go-jose/v4/cipher"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/vault"
)

// rsaPrivate is an RSA key as the standard library has it.
func rsaPrivate(t *testing.T, j crypto.JWK) *rsa.PrivateKey {
	t.Helper()
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	der := got(asn1.Marshal(struct {
		Version                  int
		N, E, D, P, Q, DP, DQ, I *big.Int
	}{0, number(j.N), number(j.E), number(j.D), number(j.P), number(j.Q), number(j.DP), number(j.DQ), number(j.QI)}))(t)
	return got(x509.ParsePKCS1PrivateKey(der))(t)
}

// What comes out is an AES key of 256 bits, another one each time, wrapped: the standard library opens it with the key that
// was imported, and so does the container. Nothing that is answered or printed has it in the clear.
func TestSecureWrapUnderRSA(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, f *fort) {
		j := cryptotest.JWK(t, crypto.RSA(2048))
		private := rsaPrivate(t, j)
		seen := map[string]bool{}
		got(f.client.ImportKey(t.Context(), "k", j, &vault.ImportKeyOptions{HSM: true}))(t)
		opens := map[crypto.Algorithm]func([]byte) ([]byte, error){
			//lint:ignore SA1019 The service still has the algorithm.
			vault.RSA1_5: func(c []byte) ([]byte, error) { return rsa.DecryptPKCS1v15(nil, private, c) },
		}
		for alg, h := range map[crypto.Algorithm]func() hash.Hash{vault.RSAOAEP: sha1.New, vault.RSAOAEP256: sha256.New} {
			opens[alg] = func(c []byte) ([]byte, error) { return rsa.DecryptOAEP(h(), nil, private, c, nil) }
		}
		for range 3 {
			for alg, open := range opens {
				r := got(f.client.SecureWrapKey(t.Context(), "k", alg))(t)
				fresh := got(open(r.Value))(t)
				if len(fresh) != 32 || seen[string(fresh)] || r.Algorithm != alg || r.ID.Name != "k" {
					t.Errorf("%s: %v wraps a key of %d bytes", alg, r, len(fresh))
				}
				seen[string(fresh)] = true
				if opened := got(f.client.UnwrapKey(t.Context(), "k", alg, r.Value))(t); !bytes.Equal(opened.Value, fresh) {
					t.Errorf("%s: the container opens it to another key", alg)
				}
				if text := fmt.Sprintf("%v %+v %x", r, r, r); strings.Contains(text, hex.EncodeToString(fresh)) || strings.Contains(text, fmt.Sprint(fresh)) {
					t.Errorf("%s: printed in the clear: %s", alg, text)
				}
			}
		}
	})
}

// Under an AES key: what the go-jose library opens, and every algorithm that the key has for wrapping.
func TestSecureWrapUnderAES(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, f *fort) {
		for bits, algorithms := range map[int][]crypto.Algorithm{
			128: {crypto.A128KW, crypto.A128KWPAD, crypto.CKMAESKeyWrap, crypto.CKMAESKeyWrapPad},
			192: {crypto.A192KW, crypto.A192KWPAD, crypto.CKMAESKeyWrap, crypto.CKMAESKeyWrapPad},
			256: {crypto.A256KW, crypto.A256KWPAD, crypto.CKMAESKeyWrap, crypto.CKMAESKeyWrapPad},
		} {
			j := cryptotest.JWK(t, crypto.Oct(bits).HSM())
			name := fmt.Sprint("oct", bits)
			got(f.client.ImportKey(t.Context(), name, j, nil))(t)
			for i, alg := range algorithms {
				r := got(f.client.SecureWrapKey(t.Context(), vault.Ref(name), alg))(t)
				fresh := got(f.client.UnwrapKey(t.Context(), vault.Ref(name), alg, r.Value))(t).Value
				if len(fresh) != 32 || len(r.Value) != 40 {
					t.Errorf("%s: %d bytes wrap %d", alg, len(r.Value), len(fresh))
				}
				if i%2 != 0 { // go-jose knows RFC 3394 only
					continue
				}
				if opened, err := josecipher.KeyUnwrap(got(aes.NewCipher(j.K))(t), r.Value); err != nil || !bytes.Equal(opened, fresh) {
					t.Errorf("%s: go-jose opens it to another key: %v", alg, err)
				}
			}
		}
	})
}

// The form over a protocol: kid, alg and value in both products.
func TestSecureWrapOverAProtocol(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, f *fort) {
		k := got(f.client.CreateKey(t.Context(), "k", hardwareTypes["rsa"], nil))(t)
		const body = `{"alg":"RSA-OAEP-256"}`
		var answer map[string]string
		fine(t, json.Unmarshal([]byte(got(f.ask(t, vault.OpKeySecureWrap, "k", "2026-04-01", body))(t)), &answer))
		value := got(base64.RawURLEncoding.DecodeString(answer["value"]))(t)
		if opened := got(f.client.UnwrapKey(t.Context(), "k", vault.RSAOAEP256, value))(t); len(opened.Value) != 32 {
			t.Errorf("it opens to %d bytes", len(opened.Value))
		}
		if want := "https://" + elsewhere + "/keys/k/" + k.ID.Version(); len(answer) != 3 || answer["kid"] != want || answer["alg"] != "RSA-OAEP-256" {
			t.Errorf("%v", answer)
		}
		for name, c := range map[string]struct{ version, body string }{
			"an older version": {"2025-07-01", body}, "no algorithm": {"2026-04-01", `{}`}, "null": {"2026-04-01", `{"alg":null}`},
			"a number": {"2026-04-01", `{"alg":1}`}, "no body": {"2026-04-01", ""}, "no object": {"2026-04-01", `[]`},
			"no algorithm of ours": {"2026-04-01", `{"alg":"ROT13"}`},
		} {
			if answer, err := f.ask(t, vault.OpKeySecureWrap, "k", c.version, c.body); codes(err) != "BadParameter" || answer != "" {
				t.Errorf("%s: %s, %v", name, answer, err)
			}
		}
	})
}

// What is refused, and with which code: whatever wrapKey is.
func TestSecureWrapsThatAreRefused(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, f *fort) {
		ctx := t.Context()
		past := vault.Validity{Expires: start}
		for name, c := range map[string]struct {
			spec crypto.Spec
			with vault.CreateKeyOptions
		}{
			"rsa": {hardwareTypes["rsa"], vault.CreateKeyOptions{}}, "ec": {hardwareTypes["p256"], vault.CreateKeyOptions{}},
			"oct": {hardwareTypes["aes"], vault.CreateKeyOptions{}}, "expired": {hardwareTypes["aes"], vault.CreateKeyOptions{Validity: past}},
			"early":   {hardwareTypes["aes"], vault.CreateKeyOptions{Validity: vault.Validity{NotBefore: start.AddDate(1, 0, 0)}}},
			"off":     {hardwareTypes["aes"], vault.CreateKeyOptions{Validity: vault.Validity{Disabled: true}}},
			"unwraps": {hardwareTypes["aes"], vault.CreateKeyOptions{Operations: []crypto.Operation{crypto.OpUnwrapKey, crypto.OpEncrypt}}},
			"kek":     {hardwareTypes["rsa"], vault.CreateKeyOptions{Operations: []crypto.Operation{crypto.OpImport}}},
		} {
			got(f.client.CreateKey(ctx, name, c.spec, &c.with))(t)
		}
		for _, c := range []struct {
			key  vault.Ref
			alg  crypto.Algorithm
			want string
		}{
			{"rsa", vault.RSAOAEP, ""}, {"oct", crypto.A256KWPAD, ""}, {"off", crypto.A256KW, ""},
			{"nothing", vault.RSAOAEP, "KeyNotFound"}, {"rsa/" + aVersion, vault.RSAOAEP, "KeyNotFound"}, {"k_k", vault.RSAOAEP, "BadParameter"},
			{"rsa", crypto.A256KW, "BadParameter"}, {"rsa", vault.PS256, "BadParameter"}, {"rsa", "", "BadParameter"}, {"rsa", "ROT13", "BadParameter"},
			{"ec", vault.ES256, "Forbidden/KeyOperationForbidden"}, {"oct", crypto.A128KW, "BadParameter"}, {"oct", crypto.A256GCM, "BadParameter"},
			{"expired", crypto.A256KW, "Forbidden/KeyExpired"}, {"early", crypto.A256KW, "Forbidden/KeyNotYetValid"},
			{"unwraps", crypto.A256KW, "Forbidden/KeyOperationForbidden"}, {"kek", vault.RSAOAEP, "Forbidden/KeyOperationForbidden"},
		} {
			r, err := f.client.SecureWrapKey(ctx, c.key, c.alg)
			if codes(err) != c.want || err != nil && r.Value != nil {
				t.Errorf("%s, %s: %v, %v, want %s", c.key, c.alg, r, err, c.want)
			}
			if _, plain := f.client.WrapKey(ctx, c.key, c.alg, make([]byte, 32)); codes(plain) != codes(err) {
				t.Errorf("%s, %s: wrapKey answers %v", c.key, c.alg, plain)
			}
		}
	})
}

// eavesdropper is a key that keeps the very bytes that it wraps and unwraps.
type eavesdropper struct {
	crypto.Private
	heard *[][]byte
}

func (e eavesdropper) Encrypt(ctx context.Context, a crypto.Algorithm, plain []byte, p crypto.Params) (crypto.Result, error) {
	*e.heard = append(*e.heard, plain)
	return e.Private.Encrypt(ctx, a, plain, p)
}

func (e eavesdropper) Decrypt(ctx context.Context, a crypto.Algorithm, wrapped []byte, p crypto.Params) ([]byte, error) {
	plain, err := e.Private.Decrypt(ctx, a, wrapped, p)
	*e.heard = append(*e.heard, plain)
	return plain, err
}

// What nobody may see in the clear is wiped when it has been wrapped.
func TestWhatIsWrappedIsWiped(t *testing.T) {
	t.Parallel()
	w := newEnclave(t, nil)
	h, fortress := w.fortress(t)
	for in, c := range map[vault.Container]*vault.Client{w.vault: w.owner, h: fortress} {
		ctx, spec := t.Context(), crypto.Oct(256).HSM()
		got(c.CreateKey(ctx, "k", spec, leaving()))(t)
		var heard [][]byte
		fine(t, vault.WithPrivate(ctx, in, "k", func(p crypto.Private) crypto.Private { return eavesdropper{p, &heard} }))
		wiped := func(doing string) {
			t.Helper()
			if len(heard) != 1 || !bytes.Equal(heard[0], make([]byte, 32)) {
				t.Errorf("%v: %s left %x", in.Product(), doing, heard)
			}
			heard = nil
		}
		r := got(c.SecureWrapKey(ctx, "k", crypto.A256KW))(t)
		wiped("secureWrapKey")
		_, key := w.opened(t, got(c.SecureUnwrapKey(ctx, "k", crypto.A256KW, r.Value, w.target(t, good())))(t))
		wiped("secureUnwrapKey")
		if opened := got(c.UnwrapKey(ctx, "k", crypto.A256KW, r.Value))(t).Value; !bytes.Equal(opened, key) || bytes.Equal(key, make([]byte, 32)) {
			t.Errorf("%v: wrapped %x, released %x", in.Product(), opened, key)
		}
	}
}
