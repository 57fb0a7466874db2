package hsm_test

import (
	"bytes"
	stdcrypto "crypto"
	"crypto/aes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/big"
	"os/exec"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
)

var encryptions = map[hsm.Encryption]stdcrypto.Hash{
	"": stdcrypto.SHA1, hsm.CKMRSAAESKeyWrap: stdcrypto.SHA1, hsm.RSAAESKeyWrap256: stdcrypto.SHA256, hsm.RSAAESKeyWrap384: stdcrypto.SHA384,
}

// TestRelease: the receiver gets the key, with nothing but the standard
// library and the form that the documentation describes.
func TestRelease(t *testing.T) {
	m := newModule(t, hsm.Options{})
	for e, hash := range encryptions {
		for _, bits := range []int{2048, 3072, 4096} {
			to := receiver(t, bits)
			for _, s := range everySpec {
				if bits != 2048 && s.Size > 256 {
					continue // the receiver's size does not depend on the key's
				}
				p := fixed(t, m.Driver(true), s)
				w, err := m.Release(t.Context(), p, &to.PublicKey, "receiver", e)
				if err != nil || w.KID != "receiver" || w.Generator != "" || w.Encryption == "" {
					t.Fatalf("%v by %q: %+v, %v", s, e, w, err)
				}
				byHand := unwrapByHand(t, to, hash, w.Ciphertext)
				checkReleased(t, cryptotest.JWK(t, s), byHand)
				if opened, err := w.Open(to); err != nil || !bytes.Equal(opened, byHand) {
					t.Errorf("Open: %v", err)
				}
				w.Ciphertext[len(w.Ciphertext)-1] ^= 1
				if _, err := w.Open(to); errs.StatusOf(err) != 400 {
					t.Errorf("Open of what was changed: %v", err)
				}
			}
		}
	}
}

// unwrapByHand is the receiver: RSA-OAEP, then RFC 5649, spelled out.
func unwrapByHand(t testing.TB, with *rsa.PrivateKey, hash stdcrypto.Hash, ciphertext []byte) []byte {
	t.Helper()
	key, err := rsa.DecryptOAEP(hash.New(), nil, with, ciphertext[:with.Size()], nil)
	if err != nil || len(key) != 32 {
		t.Fatalf("an AES key of %d bytes: %v", len(key), err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	wrapped := ciphertext[with.Size():]
	a, r, step := binary.BigEndian.Uint64(wrapped), bytes.Clone(wrapped[8:]), make([]byte, 16)
	for i := 6 * len(r) / 8; i > 0; i-- {
		at := (i - 1) * 8 % len(r)
		binary.BigEndian.PutUint64(step, a^uint64(i))
		copy(step[8:], r[at:at+8])
		block.Decrypt(step, step)
		a = binary.BigEndian.Uint64(step)
		copy(r[at:], step[8:])
	}
	if a>>32 != 0xa65959a6 || uint64(len(r))-a&0xffffffff > 7 {
		t.Fatalf("the integrity value is %x", a)
	}
	return r[:a&0xffffffff]
}

// checkReleased checks the outside form of the key want.
func checkReleased(t *testing.T, want crypto.JWK, got []byte) {
	t.Helper()
	if want.Kty == crypto.KeyTypeOct {
		if !bytes.Equal(got, want.K) {
			t.Error("another symmetric key came out")
		}
		return
	}
	if want.Crv == crypto.P256K { // which the standard library does not know
		if !bytes.Contains(got, want.D) || !bytes.Contains(got, append(bytes.Clone(want.X), want.Y...)) {
			t.Error("P-256K: another key came out")
		}
		return
	}
	k, err := x509.ParsePKCS8PrivateKey(got)
	if err != nil {
		t.Fatalf("%s %s: %v", want.Kty, want.Crv, err)
	}
	switch k := k.(type) {
	case *rsa.PrivateKey:
		if k.D.Cmp(new(big.Int).SetBytes(want.D)) != 0 || k.N.Cmp(new(big.Int).SetBytes(want.N)) != 0 {
			t.Error("another RSA key came out")
		}
	case *ecdsa.PrivateKey:
		if d, err := k.Bytes(); err != nil || !bytes.Equal(d, want.D) {
			t.Errorf("%s: another key came out", want.Crv)
		}
	default:
		t.Errorf("a %T came out", k)
	}
	if again, err := x509.MarshalPKCS8PrivateKey(k); err != nil || want.Kty == crypto.KeyTypeEC && !bytes.Equal(again, got) {
		t.Errorf("%s %s: the standard library writes it otherwise: %v", want.Kty, want.Crv, err)
	}
}

// TestReleaseRefuses: no key leaves that may not, and none to a weak receiver.
func TestReleaseRefuses(t *testing.T) {
	m, other := newModule(t, hsm.Options{}), newModule(t, hsm.Options{})
	stays, leaves := fixed(t, m.Driver(false), crypto.EC(crypto.P256)), fixed(t, m.Driver(true), crypto.EC(crypto.P256))
	to := &receiver(t, 2048).PublicKey
	_, err := m.Release(t.Context(), stays, to, "", "")
	wantError(t, "a key that stays", err, errs.NewKeyOperationForbidden("export"))

	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for name, release := range map[string]func() (hsm.Wrapped, error){
		"a key elsewhere":             func() (hsm.Wrapped, error) { return other.Release(t.Context(), leaves, to, "", "") },
		"no key":                      func() (hsm.Wrapped, error) { return m.Release(t.Context(), nil, to, "", "") },
		"no receiver":                 func() (hsm.Wrapped, error) { return m.Release(t.Context(), leaves, nil, "", "") },
		"an empty receiver":           func() (hsm.Wrapped, error) { return m.Release(t.Context(), leaves, &rsa.PublicKey{}, "", "") },
		"a receiver of 1024 bits":     func() (hsm.Wrapped, error) { return m.Release(t.Context(), leaves, &small.PublicKey, "", "") },
		"a receiver without exponent": func() (hsm.Wrapped, error) { return m.Release(t.Context(), leaves, &rsa.PublicKey{N: to.N}, "", "") },
		"a receiver beyond reason": func() (hsm.Wrapped, error) {
			return m.Release(t.Context(), leaves, &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 20000), E: 3}, "", "")
		},
		"another enc": func() (hsm.Wrapped, error) { return m.Release(t.Context(), leaves, to, "", "RSA_AES_KEY_WRAP_512") },
	} {
		w, err := release()
		if !errors.Is(err, errs.BadParameter) || w.Ciphertext != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s := m.Stats(); s.InUse != 0 {
		t.Errorf("a refused release keeps its key in use: %+v", s)
	}
}

// TestReleasedP256K holds the form of P-256K to a program that knows the curve.
func TestReleasedP256K(t *testing.T) {
	m := newModule(t, hsm.Options{})
	to := receiver(t, 2048)
	w, err := m.Release(t.Context(), fixed(t, m.Driver(true), crypto.EC(crypto.P256K)), &to.PublicKey, "", "")
	if err != nil {
		t.Fatal(err)
	}
	j := cryptotest.JWK(t, crypto.EC(crypto.P256K))
	got := unwrapByHand(t, to, stdcrypto.SHA1, w.Ciphertext)
	if out := opensslText(t, got); !bytes.Contains(out, []byte("secp256k1")) || !bytes.Contains(hexDigits(out), hexOf(j.D)) {
		t.Errorf("openssl reads %d bytes of %x…", len(out), got[:8])
	}
}

// opensslText returns what openssl prints of a private key.
func opensslText(t *testing.T, der []byte) []byte {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("there is no openssl program")
	}
	cmd := exec.Command("openssl", "pkey", "-inform", "DER", "-text", "-noout")
	cmd.Stdin = bytes.NewReader(der)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return out
}

// hexDigits takes the spaces and colons out of what openssl prints.
func hexDigits(text []byte) []byte {
	return bytes.ReplaceAll(bytes.Join(bytes.Fields(text), nil), []byte(":"), nil)
}

func hexOf(b []byte) []byte { return hex.AppendEncode(nil, b) }
