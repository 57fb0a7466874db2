package hsm_test

import (
	"bytes"
	"crypto/aes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
)

const kekID = "https://a.vault.azure.net/keys/kek/1"

// newKEK makes a key exchange key of a module.
func newKEK(t *testing.T, m *hsm.Module, ops ...crypto.Operation) *crypto.Key {
	t.Helper()
	return newKey(t, generate(t, m.Driver(false), crypto.RSA(2048).HSM()), ops...)
}

// transfer wraps a key to a new key exchange key of a module.
func transfer(t *testing.T, m *hsm.Module, j crypto.JWK) (*crypto.Key, hsm.Wrapped) {
	t.Helper()
	kek := newKEK(t, m, crypto.OpImport)
	w, err := hsm.WrapTransfer(kek.PublicKey().(*rsa.PublicKey), kekID, j, "a test")
	if err != nil {
		t.Fatal(err)
	}
	return kek, w
}

func TestTransfer(t *testing.T) {
	m := newModule(t, hsm.Options{})
	for _, s := range append(everySpec, crypto.RSA(3072), crypto.RSA(4096)) {
		j := cryptotest.JWK(t, s)
		kek, made := transfer(t, m, j)
		w, err := hsm.ParseWrapped(made.JSON())
		if err != nil || w.KID != kekID || w.Generator != "a test" || w.Encryption != hsm.CKMRSAAESKeyWrap || !bytes.Equal(w.Ciphertext, made.Ciphertext) {
			t.Fatalf("%v: %+v, %v", s, w, err)
		}
		p, err := m.Driver(false).ImportTransfer(t.Context(), kek, w, crypto.JWK{Kty: s.HSM().Type, Crv: s.Curve})
		if err != nil {
			t.Fatalf("%v: %v", s, err)
		}
		want := fixed(t, m.Driver(false), s)
		if p.Spec() != want.Spec() || p.Public().String() != want.Public().String() {
			t.Errorf("%v: came in as %v", s, p)
		}
		if s.Type == crypto.KeyTypeOct {
			got, _ := p.Sign(t.Context(), crypto.HS256, nil)
			if mac, _ := want.Sign(t.Context(), crypto.HS256, nil); !bytes.Equal(got, mac) {
				t.Errorf("%v: came in as another key", s)
			}
		}
	}
}

// TestTransferMadeElsewhere: a blob that only the standard library had a hand
// in, written as the documentation of the format says.
func TestTransferMadeElsewhere(t *testing.T) {
	m := newModule(t, hsm.Options{})
	kek := newKEK(t, m, crypto.OpImport)
	k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	w := hsm.Wrapped{KID: kekID, Encryption: hsm.CKMRSAAESKeyWrap, Ciphertext: wrapByHand(t, kek.PublicKey().(*rsa.PublicKey), der)}
	p, err := m.Driver(false).ImportTransfer(t.Context(), kek, w, crypto.JWK{Kty: crypto.KeyTypeECHSM, Crv: crypto.P384})
	if err != nil {
		t.Fatal(err)
	}
	if point, _ := k.PublicKey.Bytes(); !bytes.Equal(point[1:], append(p.Public().X, p.Public().Y...)) {
		t.Error("another key came in")
	}
}

// wrapByHand is RSA-OAEP of an AES key and RFC 5649 under it, spelled out.
func wrapByHand(t *testing.T, to *rsa.PublicKey, plain []byte) []byte {
	t.Helper()
	return wrapUnder(t, to, bytes.Repeat([]byte{0x11}, 32), plain)
}

// wrapUnder is wrapByHand with an AES key of the caller's.
func wrapUnder(t *testing.T, to *rsa.PublicKey, key, plain []byte) []byte {
	t.Helper()
	front, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, to, key, nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	a := append([]byte{0xa6, 0x59, 0x59, 0xa6}, byte(len(plain)>>24), byte(len(plain)>>16), byte(len(plain)>>8), byte(len(plain)))
	r := append(bytes.Clone(plain), make([]byte, (8-len(plain)%8)%8)...)
	step := make([]byte, 16)
	for i := range 6 * len(r) / 8 {
		at := i * 8 % len(r)
		copy(step, a)
		copy(step[8:], r[at:at+8])
		block.Encrypt(step, step)
		counter := new(big.Int).SetInt64(int64(i + 1)).FillBytes(make([]byte, 8))
		for j := range a {
			a[j] = step[j] ^ counter[j]
		}
		copy(r[at:], step[8:])
	}
	return append(append(front, a...), r...)
}

// p256DER is a key of P-256 as PKCS #8, by the standard library.
func p256DER(t *testing.T) []byte {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestTransferRefuses: the rules of the key exchange key, and one answer to
// whatever is wrong with what is wrapped.
func TestTransferRefuses(t *testing.T) {
	m, other := newModule(t, hsm.Options{}), newModule(t, hsm.Options{})
	d, ec := m.Driver(false), crypto.JWK{Kty: crypto.KeyTypeECHSM, Crv: crypto.P256}
	kek, good := transfer(t, m, cryptotest.JWK(t, crypto.EC(crypto.P256)))
	public := kek.PublicKey().(*rsa.PublicKey)
	byHand := func(plain []byte) hsm.Wrapped {
		return hsm.Wrapped{KID: kekID, Encryption: hsm.CKMRSAAESKeyWrap, Ciphertext: wrapByHand(t, public, plain)}
	}
	changed := func(i int) hsm.Wrapped {
		w := good
		w.Ciphertext = bytes.Clone(w.Ciphertext)
		w.Ciphertext[(i+len(w.Ciphertext))%len(w.Ciphertext)] ^= 1
		return w
	}
	ecDER := p256DER(t)
	under := func(size int) hsm.Wrapped {
		return hsm.Wrapped{KID: kekID, Encryption: hsm.CKMRSAAESKeyWrap, Ciphertext: wrapUnder(t, public, make([]byte, size), ecDER)}
	}
	later := good
	later.Encryption = hsm.RSAAESKeyWrap256
	der, _ := x509.MarshalPKCS8PrivateKey(receiver(t, 2048))
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	smallDER, _ := x509.MarshalPKCS8PrivateKey(small)
	for name, c := range map[string]struct {
		w hsm.Wrapped
		j crypto.JWK
	}{
		"front changed": {changed(0), ec}, "front's end changed": {changed(255), ec}, "middle changed": {changed(256), ec}, "end changed": {changed(-1), ec},
		"empty": {hsm.Wrapped{Encryption: hsm.CKMRSAAESKeyWrap}, ec}, "front alone": {hsm.Wrapped{Encryption: hsm.CKMRSAAESKeyWrap, Ciphertext: good.Ciphertext[:256]}, ec},
		"cut":         {hsm.Wrapped{Encryption: hsm.CKMRSAAESKeyWrap, Ciphertext: good.Ciphertext[:len(good.Ciphertext)-8]}, ec},
		"another enc": {later, ec}, "no enc": {hsm.Wrapped{Ciphertext: good.Ciphertext}, ec},
		"another curve": {good, crypto.JWK{Kty: crypto.KeyTypeECHSM, Crv: crypto.P384}}, "no curve": {good, crypto.JWK{Kty: crypto.KeyTypeECHSM}},
		"said to be RSA": {good, crypto.JWK{Kty: crypto.KeyTypeRSAHSM}}, "said to be oct": {good, crypto.JWK{Kty: crypto.KeyTypeOctHSM}},
		"said to be software": {good, crypto.JWK{Kty: crypto.KeyTypeEC, Crv: crypto.P256}}, "said to be nothing": {good, crypto.JWK{}},
		"under AES-128": {under(16), ec}, "under AES-192": {under(24), ec},
		"no PKCS #8":   {byHand([]byte("this is not a key")), crypto.JWK{Kty: crypto.KeyTypeRSAHSM}},
		"RSA 1024":     {byHand(smallDER), crypto.JWK{Kty: crypto.KeyTypeRSAHSM}},
		"bytes behind": {byHand(append(der, 0)), crypto.JWK{Kty: crypto.KeyTypeRSAHSM}},
		"oct of 33":    {byHand(make([]byte, 33)), crypto.JWK{Kty: crypto.KeyTypeOctHSM}},
		"far too long": {byHand(make([]byte, 5000)), crypto.JWK{Kty: crypto.KeyTypeRSAHSM}},
	} {
		_, err := d.ImportTransfer(t.Context(), kek, c.w, c.j)
		wantError(t, name, err, errs.NewInvalidJWK())
	}

	if _, err := d.ImportTransfer(t.Context(), kek, under(32), ec); err != nil {
		t.Errorf("under AES-256: %v", err)
	}
	_, err := d.ImportTransfer(t.Context(), newKEK(t, m, crypto.OpUnwrapKey), good, ec)
	wantError(t, "KEK without import", err, errs.NewKeyOperationForbidden("import"))
	for name, kek := range map[string]*crypto.Key{
		"KEK with more":          newKEK(t, m, crypto.OpImport, crypto.OpUnwrapKey),
		"KEK in another module":  newKEK(t, other, crypto.OpImport),
		"KEK that is no RSA-HSM": newKey(t, generate(t, d, crypto.Oct(256).HSM()), crypto.OpImport),
		"KEK that is an EC key":  newKey(t, generate(t, d, crypto.EC(crypto.P256).HSM()), crypto.OpImport),
	} {
		if _, err := d.ImportTransfer(t.Context(), kek, good, ec); !errors.Is(err, errs.BadParameter) || !strings.Contains(err.Error(), "has invalid value") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"a public key":       second(hsm.WrapTransfer(public, kekID, cryptotest.JWK(t, crypto.RSA(2048)).Public(), "")),
		"nothing":            second(hsm.WrapTransfer(public, kekID, crypto.JWK{}, "")),
		"a KEK of 1024 bits": second(hsm.WrapTransfer(&small.PublicKey, kekID, cryptotest.JWK(t, crypto.Oct(128)), "")),
		"no KEK":             second(hsm.WrapTransfer(nil, kekID, cryptotest.JWK(t, crypto.Oct(128)), "")),
	} {
		if !errors.Is(err, errs.BadParameter) {
			t.Errorf("WrapTransfer of %s: %v", name, err)
		}
	}
}

func TestCheckImportOperation(t *testing.T) {
	for _, c := range []struct {
		kty  crypto.KeyType
		ops  []crypto.Operation
		good bool
	}{
		{crypto.KeyTypeRSAHSM, []crypto.Operation{crypto.OpImport}, true},
		{crypto.KeyTypeRSAHSM, []crypto.Operation{crypto.OpImport, crypto.OpImport}, false},
		{crypto.KeyTypeRSAHSM, []crypto.Operation{crypto.OpWrapKey, crypto.OpImport}, false},
		{crypto.KeyTypeRSA, []crypto.Operation{crypto.OpImport}, false},
		{crypto.KeyTypeOctHSM, []crypto.Operation{crypto.OpImport}, false},
		{crypto.KeyTypeEC, []crypto.Operation{crypto.OpSign}, true},
		{crypto.KeyTypeRSA, nil, true},
	} {
		if err := hsm.CheckImportOperation(c.kty, c.ops); (err == nil) != c.good || err != nil && !errors.Is(err, errs.BadParameter) {
			t.Errorf("%s %v: %v", c.kty, c.ops, err)
		}
	}
}

func TestParseWrappedRefuses(t *testing.T) {
	const good = `{"schema_version":"1.0.0","header":{"kid":"k","alg":"dir","enc":"CKM_RSA_AES_KEY_WRAP"},"ciphertext":"AAAA","generator":"g"}`
	if w, err := hsm.ParseWrapped([]byte(good)); err != nil || string(w.JSON()) != good {
		t.Fatalf("%s, %v", w.JSON(), err)
	}
	for name, change := range map[string][2]string{
		"another schema": {"1.0.0", "2.0.0"}, "no schema": {`"schema_version":"1.0.0",`, ""}, "another alg": {`"dir"`, `"RSA-OAEP"`},
		"another enc": {"CKM_RSA", "CKM_AES"}, "no ciphertext": {"AAAA", ""}, "no base64url": {"AAAA", "AA+/"}, "padded": {"AAAA", "AA=="},
		"not canonical": {"AAAA", "AB"}, "kid a number": {`"k"`, "7"}, "cut": {`"g"}`, ""}, "too long": {`"g"`, `"` + strings.Repeat("g", 17<<10) + `"`},
	} {
		_, err := hsm.ParseWrapped([]byte(strings.Replace(good, change[0], change[1], 1)))
		wantError(t, name, err, errs.NewInvalidJWK())
	}
	for _, text := range []string{"", "null", "[]", "{}", "7"} {
		_, err := hsm.ParseWrapped([]byte(text))
		wantError(t, text, err, errs.NewInvalidJWK())
	}
}

// TestWrappedForm: the members and their order are those of the format.
func TestWrappedForm(t *testing.T) {
	w := hsm.Wrapped{KID: "k&1", Encryption: hsm.RSAAESKeyWrap384, Ciphertext: []byte{1, 2}}
	const want = `{"schema_version":"1.0.0","header":{"kid":"k\u00261","alg":"dir","enc":"RSA_AES_KEY_WRAP_384"},"ciphertext":"AQI"}`
	if got := string(w.JSON()); got != want || !json.Valid([]byte(got)) {
		t.Error(got)
	}
}
