package vault_test

import (
	"bytes"
	"crypto/aes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/vault"
)

// exchangeKey makes a key that others are wrapped to.
func (f *fort) exchangeKey(t *testing.T, name string) vault.Key {
	t.Helper()
	only := &vault.CreateKeyOptions{Operations: []crypto.Operation{crypto.OpImport}}
	return got(f.client.CreateKey(t.Context(), name, crypto.RSA(2048).HSM(), only))(t)
}

// brought is a key as it is imported: wrapped to a key exchange key, under an address of that.
func brought(t *testing.T, kek vault.Key, at string, j crypto.JWK) crypto.JWK {
	t.Helper()
	w := got(hsm.WrapTransfer(rsaPublic(t, kek.JWK), at, j, "a test"))(t)
	return crypto.JWK{Kty: crypto.Spec{Type: j.Kty}.HSM().Type, Crv: j.Crv, T: w.JSON()}
}

// Keys of every kind come in wrapped, are those that were wrapped, and stay: in a backup and in the store.
func TestKeysAreBroughtWrapped(t *testing.T) {
	t.Parallel()
	specs := map[string]crypto.Spec{
		"rsa2048": crypto.RSA(2048), "rsa3072": crypto.RSA(3072), "rsa4096": crypto.RSA(4096), "p256": crypto.EC(crypto.P256),
		"p384": crypto.EC(crypto.P384), "p521": crypto.EC(crypto.P521), "p256k": crypto.EC(crypto.P256K),
		"oct128": crypto.Oct(128), "oct192": crypto.Oct(192), "oct256": crypto.Oct(256),
	}
	inBoth(t, func(t *testing.T, f *fort) {
		kek := f.exchangeKey(t, "kek")
		came := map[string]crypto.JWK{}
		for name, spec := range specs {
			if spec.Type == crypto.KeyTypeOct && !f.managed() {
				continue
			}
			came[name] = cryptotest.JWK(t, spec)
			k := got(f.client.ImportKey(t.Context(), name, brought(t, kek, kek.JWK.KID, came[name]), nil))(t)
			if k.JWK.Kty != spec.HSM().Type || k.JWK.T != nil {
				t.Errorf("%s came in as %v", name, k.JWK)
			}
			f.prove(t, vault.Ref(name), came[name])
			f.backedUp(t, name)
		}
		f.reopen(t)
		for name, j := range came {
			f.prove(t, vault.Ref(name), j)
			a := got(f.client.GetKeyAttestation(t.Context(), vault.Ref(name)))(t)
			if s := got(hsm.Verify(a.Attestation, got(f.module.Root())(t)))(t); s.Origin != hsm.Transferred || s.Exportable {
				t.Errorf("%s is attested as %s, exportable %t", name, s.Origin, s.Exportable)
			}
		}
	})
}

// The key exchange key is found by every address that it has, and the type may be said with Hsm.
func TestAddressesOfAKeyExchangeKey(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, f *fort) {
		j := cryptotest.JWK(t, crypto.EC(crypto.P256))
		kek := f.exchangeKey(t, "kek")
		path, _ := strings.CutPrefix(kek.JWK.KID, f.container.URL())
		for i, at := range []string{
			kek.JWK.KID, f.container.URL() + "/keys/kek", f.container.URL() + "/keys/KEK/", strings.ToUpper(f.container.URL()[8:]) + path,
			elsewhere + path,
		} {
			if !strings.HasPrefix(at, "https://") {
				at = "https://" + at
			}
			in := brought(t, kek, at, j)
			in.Kty = crypto.KeyTypeEC
			body := fmt.Sprintf(`{"Hsm":true,"key":%s}`, got(json.Marshal(in))(t))
			name := fmt.Sprint("k", i)
			if _, err := f.ask(t, vault.OpKeyImport, vault.Ref(name), "7.4", body); err != nil {
				t.Errorf("%s: %v", at, err)
				continue
			}
			f.prove(t, vault.Ref(name), j)
		}
	})
}

// transferred is the body of an import whose blob is put together by hand.
func transferred(kid string, ciphertext []byte, kty crypto.KeyType, crv crypto.Curve) string {
	blob := fmt.Sprintf(`{"schema_version":"1.0.0","header":{"kid":%q,"alg":"dir","enc":"CKM_RSA_AES_KEY_WRAP"},"ciphertext":%q,"generator":"somebody's HSM"}`,
		kid, base64.RawURLEncoding.EncodeToString(ciphertext))
	return fmt.Sprintf(`{"key":{"kty":%q,"crv":%q,"key_ops":["sign","encrypt","decrypt"],"key_hsm":%q},"attributes":{"enabled":true}}`,
		kty, crv, base64.RawURLEncoding.EncodeToString([]byte(blob)))
}

// wrapByHand is RSA-OAEP of an AES key and RFC 5649 under it, spelled out.
func wrapByHand(t *testing.T, to *rsa.PublicKey, plain []byte) []byte {
	t.Helper()
	key := make([]byte, 32)
	rand.Read(key)
	front := got(rsa.EncryptOAEP(sha1.New(), rand.Reader, to, key, nil))(t)
	block := got(aes.NewCipher(key))(t)
	a := binary.BigEndian.AppendUint32([]byte{0xa6, 0x59, 0x59, 0xa6}, uint32(len(plain)))
	r := append(bytes.Clone(plain), make([]byte, (8-len(plain)%8)%8)...)
	step := make([]byte, 16)
	for i := range 6 * len(r) / 8 {
		at := i * 8 % len(r)
		copy(step, a)
		copy(step[8:], r[at:at+8])
		block.Encrypt(step, step)
		binary.BigEndian.PutUint64(a, binary.BigEndian.Uint64(step)^uint64(i+1))
		copy(r[at:], step[8:])
	}
	return append(append(front, a...), r...)
}

// Keys made and wrapped by the standard library alone.
func TestKeysWrappedByTheStandardLibrary(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, f *fort) {
		kek := f.exchangeKey(t, "kek")
		bring := func(name string, plain []byte, is crypto.JWK) {
			t.Helper()
			body := transferred(kek.JWK.KID, wrapByHand(t, rsaPublic(t, kek.JWK), plain), is.Kty, is.Crv)
			got(f.ask(t, vault.OpKeyImport, vault.Ref(name), "7.4", body))(t)
			f.prove(t, vault.Ref(name), is)
		}
		r := got(rsa.GenerateKey(rand.Reader, 2048))(t)
		bring("rsa", got(x509.MarshalPKCS8PrivateKey(r))(t), crypto.JWK{Kty: crypto.KeyTypeRSAHSM, N: r.N.Bytes(), E: []byte{1, 0, 1}})
		nist := map[crypto.Curve]elliptic.Curve{crypto.P256: elliptic.P256(), crypto.P384: elliptic.P384(), crypto.P521: elliptic.P521()}
		for crv, curve := range nist {
			k := got(ecdsa.GenerateKey(curve, rand.Reader))(t)
			point := got(k.PublicKey.Bytes())(t)[1:]
			is := crypto.JWK{Kty: crypto.KeyTypeECHSM, Crv: crv, X: point[:crv.Size()], Y: point[crv.Size():]}
			bring(strings.ToLower(string(crv)), got(x509.MarshalPKCS8PrivateKey(k))(t), is)
		}
		if f.managed() {
			secret := make([]byte, 32)
			rand.Read(secret)
			bring("oct", secret, crypto.JWK{Kty: crypto.KeyTypeOctHSM, K: secret})
		}
	})
}

// Keys made and wrapped by the program openssl alone.
func TestKeysWrappedByOpenSSL(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("there is no openssl program")
	}
	inBoth(t, func(t *testing.T, f *fort) {
		dir := t.TempDir()
		file := func(name string) string { return filepath.Join(dir, name) }
		openssl := func(args ...string) []byte {
			t.Helper()
			return got(exec.CommandContext(t.Context(), "openssl", args...).Output())(t)
		}
		kek := f.exchangeKey(t, "kek")
		spki := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: got(x509.MarshalPKIXPublicKey(rsaPublic(t, kek.JWK)))(t)})
		fine(t, os.WriteFile(file("kek"), spki, 0o600))
		for crv, curve := range map[crypto.Curve]string{crypto.P256K: "secp256k1", crypto.P384: "secp384r1", "": "RSA"} {
			kind := []string{"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:" + curve}
			if crv == "" {
				kind = []string{"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"}
			}
			openssl(append([]string{"genpkey", "-out", file("key")}, kind...)...)
			openssl("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in", file("key"), "-out", file("der"))
			openssl("rand", "-out", file("aes"), "32")
			front := openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", file("kek"), "-pkeyopt", "rsa_padding_mode:oaep", "-in", file("aes"))
			secret := hex.EncodeToString(got(os.ReadFile(file("aes")))(t))
			behind := openssl("enc", "-id-aes256-wrap-pad", "-iv", "A65959A6", "-K", secret, "-in", file("der"), "-nopad")

			public := openssl("pkey", "-in", file("key"), "-pubout", "-outform", "DER")
			is := crypto.JWK{Kty: crypto.KeyTypeECHSM, Crv: crv}
			if crv == "" {
				n := got(x509.ParsePKIXPublicKey(public))(t).(*rsa.PublicKey).N.Bytes()
				is = crypto.JWK{Kty: crypto.KeyTypeRSAHSM, N: n, E: []byte{1, 0, 1}}
			} else {
				point := public[len(public)-2*crv.Size():]
				is.X, is.Y = point[:crv.Size()], point[crv.Size():]
			}
			body := transferred(kek.JWK.KID, append(front, behind...), is.Kty, crv)
			got(f.ask(t, vault.OpKeyImport, vault.Ref(curve), "7.4", body))(t)
			f.prove(t, vault.Ref(curve), is)
		}
	})
}

// What is refused, and with which code. No refusal shows anything of the key.
func TestWrappedKeysThatAreRefused(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, f *fort) {
		ctx, j := t.Context(), cryptotest.JWK(t, crypto.EC(crypto.P256))
		kek, url := f.exchangeKey(t, "kek"), f.container.URL()
		at := func(kid string) crypto.JWK { return brought(t, kek, kid, j) }
		good := at(kek.JWK.KID)
		as := func(edit func(*crypto.JWK)) crypto.JWK {
			in := good
			edit(&in)
			return in
		}
		got(f.client.CreateKey(ctx, "worker", crypto.RSA(2048).HSM(), nil))(t)
		got(f.client.CreateKey(ctx, "curve", crypto.EC(crypto.P256).HSM(), nil))(t)
		f.exchangeKey(t, "off")
		got(f.client.UpdateKey(ctx, "off", &vault.UpdateKeyOptions{Attributes: vault.AttributesUpdate{Enabled: new(false)}}))(t)
		f.exchangeKey(t, "other")
		f.exchangeKey(t, "gone")
		got(f.client.DeleteKey(ctx, "gone"))(t)
		got(f.client.CreateKey(ctx, "taken", crypto.EC(crypto.P256).HSM(), nil))(t)
		got(f.client.DeleteKey(ctx, "taken"))(t)

		const bad, absent = "BadParameter", "KeyNotFound"
		for name, c := range map[string]struct {
			in   crypto.JWK
			want string
		}{
			"no such KEK": {at(url + "/keys/nothing"), absent}, "no such version": {at(url + "/keys/kek/" + aVersion), absent},
			"KEK is deleted": {at(url + "/keys/gone"), absent},
			"another host":   {at("https://fabrikam.vault.azure.net/keys/kek"), bad}, "a host that begins like it": {at(url + ".example/keys/kek"), bad},
			"http": {at(strings.Replace(url, "https", "http", 1) + "/keys/kek"), bad}, "a secret": {at(url + "/secrets/kek"), bad},
			"a deleted key's address": {at(url + "/deletedkeys/kek"), bad}, "the name alone": {at("kek"), bad}, "nothing": {at(""), bad},
			"no name": {at(url + "/keys/"), bad}, "no key": {at(url), bad}, "a name that none has": {at(url + "/keys/k_k"), bad},
			"too long an address": {at(kek.JWK.KID + "/sign"), bad}, "no version": {at(url + "/keys/kek/" + strings.Repeat("v", 9000)), bad},
			"KEK without import": {at(url + "/keys/worker"), "Forbidden/KeyOperationForbidden"}, "KEK is a curve": {at(url + "/keys/curve"), "Forbidden/KeyOperationForbidden"},
			"KEK is disabled": {at(url + "/keys/off"), "Forbidden/KeyDisabled"}, "another KEK": {at(url + "/keys/other"), bad},
			"no blob":       {as(func(j *crypto.JWK) { j.T = []byte("no blob") }), bad},
			"a huge blob":   {as(func(j *crypto.JWK) { j.T = append(j.T, bytes.Repeat([]byte(" "), 20<<10)...) }), bad},
			"no curve":      {as(func(j *crypto.JWK) { j.Crv = "" }), bad},
			"another curve": {as(func(j *crypto.JWK) { j.Crv = crypto.P384 }), bad}, "no such curve": {as(func(j *crypto.JWK) { j.Crv = "P-1" }), bad},
			"another type": {as(func(j *crypto.JWK) { j.Kty = crypto.KeyTypeRSAHSM }), bad}, "no type": {as(func(j *crypto.JWK) { j.Kty = "" }), bad},
			"no such type": {as(func(j *crypto.JWK) { j.Kty = "OKP-HSM" }), bad}, "no such operation": {as(func(j *crypto.JWK) { j.KeyOps = []crypto.Operation{"fly"} }), bad},
		} {
			_, err := f.client.ImportKey(ctx, "new", c.in, nil)
			if codes(err) != c.want {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
			if text := fmt.Sprintf("%v %+v", err, c.in); len(text) > 2000 || strings.Contains(text, base64.RawURLEncoding.EncodeToString(j.D)) {
				t.Errorf("%s: the refusal is %d bytes: %.500s", name, len(text), text)
			}
		}
		if _, err := f.client.ImportKey(ctx, "taken", good, nil); codes(err) != "Conflict/ObjectIsDeletedButRecoverable" {
			t.Errorf("a taken name: %v", err)
		}
		if _, err := f.client.GetKey(ctx, "new"); codes(err) != absent {
			t.Errorf("after refusals alone: %v", err)
		}
	})
}

// Where wrapped keys go: into hardware, so to no standard vault; symmetric ones to a Managed HSM alone.
func TestWhereWrappedKeysGo(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, f *fort) {
		kek := f.exchangeKey(t, "kek")
		soft := brought(t, kek, kek.JWK.KID, cryptotest.JWK(t, crypto.EC(crypto.P256)))
		soft.Kty = crypto.KeyTypeEC
		oct := brought(t, kek, kek.JWK.KID, cryptotest.JWK(t, crypto.Oct(256)))
		want := map[bool]string{true: "", false: "BadParameter"}[f.managed()]
		for _, in := range []crypto.JWK{soft, oct} {
			k, err := f.client.ImportKey(t.Context(), "new", in, nil)
			if codes(err) != want || err == nil && !k.JWK.Kty.HSM() {
				t.Errorf("%s: %v, %v", in.Kty, k.JWK, err)
			}
		}
	})
	w := newWorld(t, nil, &vault.VaultOptions{SKU: vault.Standard})
	for kty, want := range map[crypto.KeyType]string{
		crypto.KeyTypeRSAHSM: "Forbidden/HardwareKeysNotSupported", crypto.KeyTypeRSA: "Forbidden/HardwareKeysNotSupported",
		crypto.KeyTypeOctHSM: "BadParameter",
	} {
		if _, err := w.owner.ImportKey(t.Context(), "new", crypto.JWK{Kty: kty, T: []byte("{}")}, nil); codes(err) != want {
			t.Errorf("%s in a standard vault: %v", kty, err)
		}
	}
}

// A key exchange key that has expired still opens what was wrapped to it.
func TestAnExpiredKeyExchangeKeyOpens(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, f *fort) {
		kek := f.exchangeKey(t, "kek")
		got(f.client.UpdateKey(t.Context(), "kek", &vault.UpdateKeyOptions{Attributes: vault.AttributesUpdate{Expires: new(start)}}))(t)
		j := cryptotest.JWK(t, crypto.RSA(2048))
		got(f.client.ImportKey(t.Context(), "new", brought(t, kek, kek.JWK.KID, j), nil))(t)
		f.prove(t, "new", j)
	})
}

// A wrapped key is counted as an import into hardware.
func TestWhatAWrappedKeyCosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	f := &fort{world: w, container: w.vault, client: w.owner}
	kek := f.exchangeKey(t, "kek")
	before := w.vault.Usage()[limiter.HSMKeyUse].Used
	got(w.owner.ImportKey(t.Context(), "new", brought(t, kek, kek.JWK.KID, cryptotest.JWK(t, crypto.RSA(2048))), nil))(t)
	if used := w.vault.Usage()[limiter.HSMKeyUse].Used - before; used != 1 {
		t.Errorf("%d units of hardware use, want 1", used)
	}
}

// FuzzKeyExchangeKeyAddress: whatever names the key exchange key, an import is answered with one of few codes.
func FuzzKeyExchangeKeyAddress(f *testing.F) {
	w := newWorld(f, nil, nil)
	for _, kid := range []string{"", "https://contoso.vault.azure.net/keys/k", "https://contoso.vault.azure.net/keys/k/" + aVersion, "https:///keys//"} {
		f.Add(kid)
	}
	f.Fuzz(func(t *testing.T, kid string) {
		in := crypto.JWK{Kty: crypto.KeyTypeRSAHSM, T: hsm.Wrapped{KID: kid, Encryption: hsm.CKMRSAAESKeyWrap, Ciphertext: []byte{1}}.JSON()}
		w.clock.Advance(time.Minute)
		switch _, err := w.owner.ImportKey(t.Context(), "new", in, nil); codes(err) {
		case "BadParameter":
		case "KeyNotFound":
			if !strings.HasPrefix(strings.ToLower(kid), "https://contoso.vault.azure.net/keys/") {
				t.Errorf("%q is looked up: %v", kid, err)
			}
		default:
			t.Errorf("%q: %v", kid, err)
		}
	})
}

// A key exchange key does nothing else, however it came.
func TestTheOperationImportOfAnImportedKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	for what, j := range map[string]crypto.JWK{"software": cryptotest.JWK(t, crypto.RSA(2048)), "ec": cryptotest.JWK(t, crypto.EC(crypto.P256)), "two": cryptotest.JWK(t, crypto.RSA(2048))} {
		j.KeyOps = []crypto.Operation{crypto.OpImport}
		o := &vault.ImportKeyOptions{}
		if what == "two" {
			j.KeyOps = append(j.KeyOps, crypto.OpDecrypt)
			o.HSM = true
		}
		if _, err := w.owner.ImportKey(t.Context(), what, j, o); errs.StatusOf(err) != 400 {
			t.Errorf("%s: %v", what, err)
		}
	}
}
