package soft_test

import (
	"bytes"
	stdcrypto "crypto"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/soft"
)

// openssl runs the openssl program in a folder of its own.
type openssl struct {
	t   *testing.T
	dir string
}

func newOpenSSL(t *testing.T) openssl {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("there is no openssl program")
	}
	return openssl{t, t.TempDir()}
}

// file writes a file for openssl and returns its path.
func (o openssl) file(name string, content []byte) string {
	o.t.Helper()
	path := filepath.Join(o.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		o.t.Fatal(err)
	}
	return path
}

// run returns the standard output of openssl with these arguments.
func (o openssl) run(args ...string) []byte {
	o.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command("openssl", args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		o.t.Errorf("openssl %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return stdout.Bytes()
}

// key writes the fixed RSA or EC key in the form that openssl reads.
func (o openssl) key(j crypto.JWK) string {
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	var der []byte
	var err error
	if j.Kty == crypto.KeyTypeRSA {
		der, err = asn1.Marshal(struct {
			Version                  int
			N, E, D, P, Q, DP, DQ, I *big.Int
		}{0, number(j.N), number(j.E), number(j.D), number(j.P), number(j.Q), number(j.DP), number(j.DQ), number(j.QI)})
	} else {
		der, err = asn1.Marshal(struct {
			Version int
			D       []byte
			Curve   asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
		}{1, j.D, curveOID[j.Crv]})
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return o.file("key.der", der)
}

var curveOID = map[crypto.Curve]asn1.ObjectIdentifier{
	crypto.P256:  {1, 2, 840, 10045, 3, 1, 7},
	crypto.P384:  {1, 3, 132, 0, 34},
	crypto.P521:  {1, 3, 132, 0, 35},
	crypto.P256K: {1, 3, 132, 0, 10},
}

// TestOpenSSL: for every algorithm, openssl accepts what the driver makes, or
// makes the same, and the driver accepts what openssl makes.
func TestOpenSSL(t *testing.T) {
	o := newOpenSSL(t)
	for _, a := range crypto.Algorithms() {
		row, _ := crypto.Lookup(a)
		spec := crypto.Spec{Type: row.Type, Curve: row.Curve, Size: row.Size}
		j := cryptotest.JWK(t, spec)
		c := opensslCase{openssl: openssl{t, o.dir}, row: row, jwk: j, key: importKey(t, j)}
		t.Run(string(a), func(t *testing.T) {
			c.t = t
			switch row.Mechanism {
			case crypto.PKCS1v15Signature, crypto.PSS, crypto.ECDSA:
				c.signature()
			case crypto.HMAC:
				c.mac()
			case crypto.PKCS1v15, crypto.OAEP:
				c.rsaEncryption()
			case crypto.AESCBC, crypto.AESCBCPad:
				c.cbc()
			case crypto.AESKeyWrap, crypto.AESKeyWrapPad:
				c.keyWrap()
			case crypto.AESGCM:
				c.gcm()
			default:
				t.Errorf("nothing compares %v with openssl", row.Mechanism)
			}
		})
	}
}

func importKey(t *testing.T, j crypto.JWK) *crypto.Key {
	t.Helper()
	p, err := soft.New().Import(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	return newKey(t, p)
}

func newKey(t *testing.T, p crypto.Private) *crypto.Key {
	t.Helper()
	k, err := crypto.NewKey("https://a.vault.azure.net/keys/k/1", p, []crypto.Operation{
		crypto.OpEncrypt, crypto.OpDecrypt, crypto.OpSign, crypto.OpVerify, crypto.OpWrapKey, crypto.OpUnwrapKey,
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// opensslCase compares one algorithm on one key.
type opensslCase struct {
	openssl
	row crypto.Info
	jwk crypto.JWK
	key *crypto.Key
}

func (c opensslCase) check(what string, got, want []byte, err error) {
	c.t.Helper()
	if err != nil || !bytes.Equal(got, want) {
		c.t.Errorf("%s: %x, %v; want %x", what, got, err, want)
	}
}

// padding returns the pkeyutl options of the mechanism.
func (c opensslCase) padding() []string {
	hash := map[stdcrypto.Hash]string{stdcrypto.SHA1: "sha1", stdcrypto.SHA256: "sha256", stdcrypto.SHA384: "sha384", stdcrypto.SHA512: "sha512"}[c.row.Hash]
	var opts []string
	switch c.row.Mechanism {
	case crypto.PKCS1v15Signature:
		opts = []string{"rsa_padding_mode:pkcs1"}
	case crypto.PSS:
		opts = []string{"rsa_padding_mode:pss", "rsa_pss_saltlen:digest", "rsa_mgf1_md:" + hash}
	case crypto.PKCS1v15:
		opts = []string{"rsa_padding_mode:pkcs1"}
	case crypto.OAEP:
		opts = []string{"rsa_padding_mode:oaep", "rsa_oaep_md:" + hash, "rsa_mgf1_md:" + hash}
	}
	if c.row.Type == crypto.KeyTypeRSA && c.row.Digest != 0 {
		opts = append(opts, "digest:"+hash)
	}
	var args []string
	for _, opt := range opts {
		args = append(args, "-pkeyopt", opt)
	}
	return args
}

func (c opensslCase) pkeyutl(args ...string) []byte {
	c.t.Helper()
	args = append([]string{"pkeyutl", "-inkey", c.openssl.key(c.jwk), "-keyform", "DER"}, args...)
	return c.run(append(args, c.padding()...)...)
}

func (c opensslCase) signature() {
	size := c.row.Digest
	if size == 0 {
		size = 36
	}
	digest := bytes.Repeat([]byte{0x5c}, size)
	in := c.file("digest", digest)
	ours, err := c.key.Sign(c.t.Context(), c.row.Algorithm, digest)
	if err != nil {
		c.t.Fatal(err)
	}
	out := c.pkeyutl("-verify", "-in", in, "-sigfile", c.file("signature", c.toDER(ours)))
	if !bytes.Contains(out, []byte("Verified Successfully")) {
		c.t.Errorf("openssl says %s", out)
	}
	theirs := c.fromDER(c.pkeyutl("-sign", "-in", in))
	if ok, err := c.key.Verify(c.t.Context(), c.row.Algorithm, digest, theirs); !ok || err != nil {
		c.t.Errorf("openssl's signature verifies: %t, %v", ok, err)
	}
}

type derSignature struct{ R, S *big.Int }

// toDER turns r and s into openssl's form; RSA signatures have one form.
func (c opensslCase) toDER(signature []byte) []byte {
	if c.row.Mechanism != crypto.ECDSA {
		return signature
	}
	half := len(signature) / 2
	der, err := asn1.Marshal(derSignature{new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])})
	if err != nil {
		c.t.Fatal(err)
	}
	return der
}

func (c opensslCase) fromDER(der []byte) []byte {
	if c.row.Mechanism != crypto.ECDSA {
		return der
	}
	var s derSignature
	if _, err := asn1.Unmarshal(der, &s); err != nil {
		c.t.Fatal(err)
	}
	half := c.row.Curve.Size()
	signature := make([]byte, 2*half)
	s.R.FillBytes(signature[:half])
	s.S.FillBytes(signature[half:])
	return signature
}

func (c opensslCase) mac() {
	data := []byte("what is authenticated")
	hash := fmt.Sprintf("-sha%d", 8*c.row.Hash.Size())
	want := c.run("dgst", hash, "-mac", "HMAC", "-macopt", "hexkey:"+hex.EncodeToString(c.jwk.K), "-binary", c.file("data", data))
	got, err := c.key.Sign(c.t.Context(), c.row.Algorithm, data)
	c.check("the MAC", got, want, err)
}

func (c opensslCase) rsaEncryption() {
	plaintext := []byte("a key of 32 bytes, or about that")
	r, err := c.key.Encrypt(c.t.Context(), c.row.Algorithm, plaintext, crypto.Params{})
	if err != nil {
		c.t.Fatal(err)
	}
	c.check("openssl decrypts", c.pkeyutl("-decrypt", "-in", c.file("ciphertext", r.Value)), plaintext, nil)
	theirs := c.pkeyutl("-encrypt", "-in", c.file("plaintext", plaintext))
	got, err := c.key.Decrypt(c.t.Context(), c.row.Algorithm, theirs, crypto.Params{})
	c.check("we decrypt", got, plaintext, err)
}

// enc runs a cipher of openssl on data.
func (c opensslCase) enc(cipher, iv string, data []byte, args ...string) []byte {
	c.t.Helper()
	args = append([]string{"enc", "-" + cipher, "-K", hex.EncodeToString(c.jwk.K), "-iv", iv, "-in", c.file("data", data)}, args...)
	return c.run(args...)
}

func (c opensslCase) cbc() {
	iv := bytes.Repeat([]byte{0xc3}, 16)
	plaintext := bytes.Repeat([]byte("16 bytes a block"), 3)
	args := []string{"-nopad"}
	if c.row.Mechanism == crypto.AESCBCPad {
		plaintext, args = plaintext[:41], nil
	}
	cipher := fmt.Sprintf("aes-%d-cbc", c.row.Size)
	want := c.enc(cipher, hex.EncodeToString(iv), plaintext, args...)
	r, err := c.key.Encrypt(c.t.Context(), c.row.Algorithm, plaintext, crypto.Params{IV: iv})
	c.check("the ciphertext", r.Value, want, err)
	got, err := c.key.Decrypt(c.t.Context(), c.row.Algorithm, want, crypto.Params{IV: iv})
	c.check("we decrypt", got, plaintext, err)
}

func (c opensslCase) keyWrap() {
	key, suffix, iv := bytes.Repeat([]byte{0x1e}, 40), "wrap", "A6A6A6A6A6A6A6A6"
	if c.row.Mechanism == crypto.AESKeyWrapPad {
		key, suffix, iv = key[:37], "wrap-pad", "A65959A6"
	}
	want := c.enc(fmt.Sprintf("id-aes%d-%s", 8*len(c.jwk.K), suffix), iv, key, "-nopad")
	got, err := c.key.WrapKey(c.t.Context(), c.row.Algorithm, key)
	c.check("the wrapped key", got, want, err)
	got, err = c.key.UnwrapKey(c.t.Context(), c.row.Algorithm, want)
	c.check("we unwrap", got, key, err)
}

// authEnveloped is the part of CMS AuthEnvelopedData (RFC 5083) that is used
// here: the one thing openssl's program encrypts with AES-GCM.
type authEnveloped struct {
	Version    int
	Recipients asn1.RawValue
	Content    struct {
		Type asn1.ObjectIdentifier
		Algo struct {
			ID     asn1.ObjectIdentifier
			Params struct {
				Nonce  []byte
				TagLen int
			}
		}
		Value []byte `asn1:"tag:0"`
	}
	Tag []byte
}

type kekRecipient struct {
	Version  int
	KeyID    asn1.RawValue
	WrapAlgo asn1.RawValue
	Wrapped  []byte
}

// gcm lets openssl make a CMS message: a fresh key wrapped with ours, and the
// text under the fresh key. Unwrapping and decrypting gives the text back.
func (c opensslCase) gcm() {
	plaintext := []byte("what nobody else reads")
	der := c.run("cms", "-encrypt", "-binary", "-in", c.file("data", plaintext), fmt.Sprintf("-aes-%d-gcm", c.row.Size),
		"-secretkey", hex.EncodeToString(c.jwk.K), "-secretkeyid", "01", "-outform", "DER")
	var info struct {
		Type    asn1.ObjectIdentifier
		Content authEnveloped `asn1:"explicit,tag:0"`
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		c.t.Fatal(err)
	}
	var recipient kekRecipient
	if _, err := asn1.UnmarshalWithParams(info.Content.Recipients.Bytes, &recipient, "tag:2"); err != nil {
		c.t.Fatal(err)
	}
	fresh, err := c.key.UnwrapKey(c.t.Context(), crypto.CKMAESKeyWrap, recipient.Wrapped)
	if err != nil {
		c.t.Fatal(err)
	}
	p := crypto.Params{IV: info.Content.Content.Algo.Params.Nonce, Tag: info.Content.Tag}
	k := importKey(c.t, crypto.JWK{Kty: crypto.KeyTypeOct, K: fresh})
	got, err := k.Decrypt(c.t.Context(), c.row.Algorithm, info.Content.Content.Value, p)
	c.check("we decrypt", got, plaintext, err)
}
