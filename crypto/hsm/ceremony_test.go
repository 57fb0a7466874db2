package hsm_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/entropy"
)

// domainBlob is a blob as the documentation of the format has it.
type domainBlob struct {
	EncData struct {
		Data []domainItem `json:"data"`
		KDF  string       `json:"kdf"`
	}
	SharedKeys *domainShares `json:",omitempty"`
	WrappedKey *domainKey    `json:",omitempty"`
	Version    int           `json:"version,omitempty"`
}

type domainItem struct {
	CompactJWE string `json:"compact_jwe"`
	Tag        string `json:"tag"`
}

type domainShares struct {
	EncShares    []domainKey `json:"enc_shares"`
	KeyAlgorithm string      `json:"key_algorithm"`
	Required     int         `json:"required"`
}

type domainKey struct {
	EncKey string `json:"enc_key"`
	X5T256 string `json:"x5t_256"`
}

func readBlob(tb testing.TB, text []byte) (b domainBlob) {
	tb.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		tb.Fatal(err)
	}
	return b
}

func (b domainBlob) text(tb testing.TB) []byte {
	tb.Helper()
	text, err := json.Marshal(b)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// holder makes somebody with a key of the pool and a certificate.
func holder(tb testing.TB, bits, index int) hsm.DomainHolder {
	tb.Helper()
	key, err := entropy.Shared().RSA(bits, 2000+index)
	if err != nil {
		tb.Fatal(err)
	}
	return hsm.DomainHolder{Certificate: certify(tb, &key.PublicKey, key), Key: key}
}

// certify makes a certificate of a public key.
func certify(tb testing.TB, public any, by *rsa.PrivateKey) *x509.Certificate {
	tb.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "holder"},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, public, by)
	if err != nil {
		tb.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		tb.Fatal(err)
	}
	return c
}

func holders(tb testing.TB, n int) (all []hsm.DomainHolder, certificates []*x509.Certificate) {
	tb.Helper()
	for i := range n {
		h := holder(tb, 2048, i)
		all, certificates = append(all, h), append(certificates, h.Certificate)
	}
	return all, certificates
}

func thumbprint(c *x509.Certificate) string {
	h := sha256.Sum256(c.Raw)
	return base64.RawURLEncoding.EncodeToString(h[:])
}

// ceremony is a module whose domain three hold, of whom two are required, and
// another module that waits for it.
type ceremony struct {
	from, to *hsm.Module
	holders  []hsm.DomainHolder
	download []byte
	transfer *hsm.TransferKey
}

func newCeremony(tb testing.TB) ceremony {
	tb.Helper()
	c := ceremony{from: newModule(tb, hsm.Options{Name: "one"}), to: newModule(tb, hsm.Options{Name: "other"})}
	all, certificates := holders(tb, 3)
	c.holders = all
	var err error
	if c.download, err = c.from.DownloadDomain(tb.Context(), certificates, 2); err != nil {
		tb.Fatal(err)
	}
	if c.transfer, err = c.to.NewTransferKey(); err != nil {
		tb.Fatal(err)
	}
	return c
}

func (c ceremony) rewrap(tb testing.TB) []byte {
	tb.Helper()
	blob, err := hsm.RewrapDomain(c.download, c.transfer.Certificate(), c.holders[:2])
	if err != nil {
		tb.Fatal(err)
	}
	return blob
}

func secretOf(tb testing.TB, m *hsm.Module) (secret []byte) {
	tb.Helper()
	err := m.ExportDomain(func(s []byte) error {
		secret = bytes.Clone(s)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return secret
}

// TestCeremony: any two of three bring the domain into another module, which
// then opens the keys of the first and attests under the same root.
func TestCeremony(t *testing.T) {
	c := newCeremony(t)
	p := fixed(t, c.from.Driver(false), crypto.EC(crypto.P256))
	root, err := c.from.Root()
	if err != nil {
		t.Fatal(err)
	}
	a, b, d := c.holders[0], c.holders[1], c.holders[2]
	stranger := holder(t, 2048, 9)
	for name, some := range map[string][]hsm.DomainHolder{
		"a b": {a, b}, "a d": {a, d}, "d b": {d, b}, "all": {d, a, b}, "with strangers": {stranger, b, stranger, d}, "one twice": {b, b, a},
		"one without a key": {{Certificate: a.Certificate}, b, d}, "one with the key of another": {{Certificate: a.Certificate, Key: b.Key}, b, d},
	} {
		to := newModule(t, hsm.Options{})
		transfer, err := to.NewTransferKey()
		if err != nil {
			t.Fatal(err)
		}
		to.Tamper()
		blob, err := hsm.RewrapDomain(c.download, transfer.Certificate(), some)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := to.UploadDomain(blob, transfer); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := to.Driver(false).Open(t.Context(), p.Blob())
		if err != nil || again.Public().String() != p.Public().String() {
			t.Fatalf("%s: %v, %v", name, again, err)
		}
		attestation, err := to.Attest(t.Context(), again, attestedID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := hsm.Verify(attestation, root); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestQuorum: too few holders learn how many it takes.
func TestQuorum(t *testing.T) {
	c := newCeremony(t)
	a, b := c.holders[0], c.holders[1]
	repeated := readBlob(t, c.download)
	repeated.SharedKeys.EncShares[1] = repeated.SharedKeys.EncShares[0]
	broken := readBlob(t, c.download)
	broken.SharedKeys.EncShares[0].EncKey = spoil(broken.SharedKeys.EncShares[0].EncKey, 3)
	foreign := readBlob(t, c.download)
	foreign.SharedKeys.EncShares[0].EncKey = jweTo(t, a.Certificate.PublicKey, []byte("no share"))
	for name, call := range map[string]struct {
		blob   []byte
		some   []hsm.DomainHolder
		opened int
	}{
		"nobody":                  {c.download, nil, 0},
		"one":                     {c.download, c.holders[:1], 1},
		"one twice":               {c.download, []hsm.DomainHolder{a, a}, 1},
		"one share twice":         {repeated.text(t), []hsm.DomainHolder{a, b}, 1},
		"one share broken":        {broken.text(t), []hsm.DomainHolder{a, b}, 1},
		"one share is none":       {foreign.text(t), []hsm.DomainHolder{a, b}, 1},
		"one and a stranger":      {c.download, []hsm.DomainHolder{a, holder(t, 2048, 9)}, 1},
		"keys exchanged":          {c.download, []hsm.DomainHolder{{a.Certificate, b.Key}, {b.Certificate, a.Key}}, 0},
		"no certificates":         {c.download, []hsm.DomainHolder{{nil, a.Key}, {nil, b.Key}}, 0},
		"no keys":                 {c.download, []hsm.DomainHolder{{a.Certificate, nil}, {b.Certificate, new(rsa.PrivateKey)}}, 0},
		"public keys as privates": {c.download, []hsm.DomainHolder{{a.Certificate, &rsa.PrivateKey{PublicKey: a.Key.PublicKey}}, b}, 1},
	} {
		blob, err := hsm.RewrapDomain(call.blob, c.transfer.Certificate(), call.some)
		if quorum, ok := errors.AsType[hsm.QuorumError](err); !ok || quorum != (hsm.QuorumError{Required: 2, Opened: call.opened}) || blob != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := (hsm.QuorumError{Required: 2, Opened: 1}).Error(); got != "hsm: the security domain takes 2 shares, 1 opened" {
		t.Error(got)
	}
}

// spoil changes a character in the middle of one of the five parts of a JWE.
func spoil(text string, part int) string {
	parts := strings.Split(text, ".")
	b := []byte(parts[part])
	b[len(b)/2] ^= 'A' ^ 'B'
	if !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", rune(b[len(b)/2])) {
		b[len(b)/2] = 'A'
	}
	parts[part] = string(b)
	return strings.Join(parts, ".")
}

func jweTo(tb testing.TB, public any, plaintext []byte) string {
	tb.Helper()
	return jwe(tb, jose.Recipient{Algorithm: jose.RSA_OAEP_256, Key: public, KeyID: "not used"}, plaintext)
}

func jwe(tb testing.TB, to jose.Recipient, plaintext []byte) string {
	tb.Helper()
	e, err := jose.NewEncrypter(jose.A256CBC_HS512, to, nil)
	if err != nil {
		tb.Fatal(err)
	}
	sealed, err := e.Encrypt(plaintext)
	if err != nil {
		tb.Fatal(err)
	}
	text, err := sealed.CompactSerialize()
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

func openJWE(tb testing.TB, text string, algorithm jose.KeyAlgorithm, key any) (header jose.Header, plaintext []byte) {
	tb.Helper()
	sealed, err := jose.ParseEncryptedCompact(text, []jose.KeyAlgorithm{algorithm}, []jose.ContentEncryption{jose.A256CBC_HS512})
	if err != nil {
		tb.Fatal(err)
	}
	if plaintext, err = sealed.Decrypt(key); err != nil {
		tb.Fatal(err)
	}
	return sealed.Header, plaintext
}

// keyOf derives the key of an item by the letter of SP 800-108, 4.1.
func keyOf(master []byte, tag string) []byte {
	h := hmac.New(sha512.New, master)
	h.Write([]byte("\x00\x00\x00\x01" + tag + "\x00" + "\x00\x00\x02\x00"))
	return h.Sum(nil)
}

// TestDomainByHand opens what a module hands out with nothing of ours: shares
// by go-jose, the master key by math/big.
func TestDomainByHand(t *testing.T) {
	c := newCeremony(t)
	b := readBlob(t, c.download)
	if b.Version != 2 || b.EncData.KDF != "sp108_kdf" || b.SharedKeys.KeyAlgorithm != "shamir_share" ||
		b.SharedKeys.Required != 2 || len(b.SharedKeys.EncShares) != 3 || b.WrappedKey != nil || len(b.EncData.Data) != 1 {
		t.Fatalf("%+v", b)
	}
	words := make([][]byte, 3)
	for i, s := range b.SharedKeys.EncShares {
		if s.X5T256 != thumbprint(c.holders[i].Certificate) {
			t.Fatalf("share %d is that of %s", i, s.X5T256)
		}
		_, words[i] = openJWE(t, s.EncKey, jose.RSA_OAEP_256, c.holders[i].Key)
		if len(words[i]) != 64 {
			t.Fatalf("share %d has %d bytes", i, len(words[i]))
		}
	}
	// Two points of a line: at 0 it is (v₁x₂ − v₂x₁) / (x₂ − x₁).
	master, prime := make([]byte, 32), big.NewInt(257)
	for i := range master {
		one, two := binary.LittleEndian.Uint16(words[0][2*i:]), binary.LittleEndian.Uint16(words[2][2*i:])
		x1, v1, x2, v2 := int64(one>>9), int64(one&511), int64(two>>9), int64(two&511)
		slope := new(big.Int).ModInverse(new(big.Int).Mod(big.NewInt(x2-x1), prime), prime)
		at0 := slope.Mul(slope, big.NewInt(v1*x2-v2*x1))
		master[i] = byte(at0.Mod(at0, prime).Int64())
	}
	item := b.EncData.Data[0]
	header, secret := openJWE(t, item.CompactJWE, jose.DIRECT, keyOf(master, item.Tag))
	if header.KeyID != item.Tag || item.Tag != hsm.DomainTag {
		t.Errorf("the item %s has the kid %s", item.Tag, header.KeyID)
	}
	if !bytes.Equal(secret, secretOf(t, c.from)) {
		t.Error("the item is not the domain")
	}
}

// uploadByHand makes the blob of an upload as other clients do.
func uploadByHand(tb testing.TB, transfer *x509.Certificate, secret []byte) domainBlob {
	tb.Helper()
	return uploadItemByHand(tb, transfer, hsm.DomainTag, secret)
}

func uploadItemByHand(tb testing.TB, transfer *x509.Certificate, tag string, secret []byte) domainBlob {
	tb.Helper()
	master := make([]byte, 32)
	rand.Read(master)
	var b domainBlob
	b.EncData.KDF = "sp108_kdf"
	b.EncData.Data = []domainItem{itemByHand(tb, master, tag, secret)}
	b.WrappedKey = &domainKey{EncKey: jweTo(tb, transfer.PublicKey, master), X5T256: thumbprint(transfer)}
	return b
}

func itemByHand(tb testing.TB, master []byte, tag string, secret []byte) domainItem {
	tb.Helper()
	return domainItem{jwe(tb, jose.Recipient{Algorithm: jose.DIRECT, Key: keyOf(master, tag), KeyID: tag}, secret), tag}
}

func TestUploadByHand(t *testing.T) {
	c := newCeremony(t)
	want := secretOf(t, c.from)
	if err := c.to.UploadDomain(uploadByHand(t, c.transfer.Certificate(), want).text(t), c.transfer); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(secretOf(t, c.to), want) {
		t.Error("another domain")
	}
}

// TestUploadRefused: whatever is no domain for this module has one answer and
// leaves the domain and its keys.
func TestUploadRefused(t *testing.T) {
	c := newCeremony(t)
	before, secret := secretOf(t, c.to), secretOf(t, c.from)
	p := fixed(t, c.to.Driver(false), crypto.EC(crypto.P256))
	good := c.rewrap(t)
	other, err := c.to.NewTransferKey()
	if err != nil {
		t.Fatal(err)
	}
	changed := func(change func(*domainBlob)) []byte {
		b := readBlob(t, good)
		change(&b)
		return b.text(t)
	}
	byHand := func(change func(*domainBlob)) []byte {
		b := uploadByHand(t, c.transfer.Certificate(), secret)
		change(&b)
		return b.text(t)
	}
	to := c.transfer.Certificate().PublicKey
	cases := map[string]struct {
		blob []byte
		with *hsm.TransferKey
	}{
		"no transfer key":         {good, nil},
		"another transfer key":    {good, other},
		"another, named":          {changed(func(b *domainBlob) { b.WrappedKey.X5T256 = thumbprint(other.Certificate()) }), other},
		"shares":                  {c.download, c.transfer},
		"nothing":                 {nil, c.transfer},
		"no JSON":                 {good[1:], c.transfer},
		"too long":                {append(bytes.Repeat([]byte(" "), hsm.MaxDomainBlob), good...), c.transfer},
		"another version":         {changed(func(b *domainBlob) { b.Version = 1 }), c.transfer},
		"another derivation":      {changed(func(b *domainBlob) { b.EncData.KDF = "kdf" }), c.transfer},
		"no key":                  {changed(func(b *domainBlob) { b.WrappedKey = nil }), c.transfer},
		"no item":                 {changed(func(b *domainBlob) { b.EncData.Data = nil }), c.transfer},
		"two items":               {changed(func(b *domainBlob) { b.EncData.Data = append(b.EncData.Data, b.EncData.Data[0]) }), c.transfer},
		"an item named otherwise": {changed(func(b *domainBlob) { b.EncData.Data[0].Tag = "other" }), c.transfer},
		"an item of another name": {uploadItemByHand(t, c.transfer.Certificate(), "other", secret).text(t), c.transfer},
		"another item":            {byHand(func(b *domainBlob) { b.EncData.Data[0] = itemByHand(t, make([]byte, 32), hsm.DomainTag, secret) }), c.transfer},
		"the share of a holder":   {changed(func(b *domainBlob) { b.WrappedKey.EncKey = readBlob(t, c.download).SharedKeys.EncShares[0].EncKey }), c.transfer},
		"a short master key":      {byHand(func(b *domainBlob) { b.WrappedKey.EncKey = jweTo(t, to, make([]byte, 31)) }), c.transfer},
		"another master key":      {byHand(func(b *domainBlob) { b.WrappedKey.EncKey = jweTo(t, to, make([]byte, 32)) }), c.transfer},
		"a master key by OAEP-1": {byHand(func(b *domainBlob) {
			b.WrappedKey.EncKey = jwe(t, jose.Recipient{Algorithm: jose.RSA_OAEP, Key: to}, make([]byte, 32))
		}), c.transfer},
		"a short secret":           {uploadByHand(t, c.transfer.Certificate(), secret[1:]).text(t), c.transfer},
		"a long secret":            {uploadByHand(t, c.transfer.Certificate(), append(secret, 0)).text(t), c.transfer},
		"a certificate of no name": {changed(func(b *domainBlob) { b.WrappedKey.X5T256 = "" }), c.transfer},
	}
	for part := range 5 {
		cases[fmt.Sprintf("the key changed in part %d", part)] = struct {
			blob []byte
			with *hsm.TransferKey
		}{changed(func(b *domainBlob) { b.WrappedKey.EncKey = spoil(b.WrappedKey.EncKey, part) }), c.transfer}
		if part != 1 { // empty in an item
			cases[fmt.Sprintf("the item changed in part %d", part)] = struct {
				blob []byte
				with *hsm.TransferKey
			}{changed(func(b *domainBlob) { b.EncData.Data[0].CompactJWE = spoil(b.EncData.Data[0].CompactJWE, part) }), c.transfer}
		}
	}
	for name, call := range cases {
		if err := c.to.UploadDomain(call.blob, call.with); !errors.Is(err, hsm.ErrDomain) {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(secretOf(t, c.to), before) {
			t.Fatalf("%s: another domain", name)
		}
		if _, err := c.to.Driver(false).Open(t.Context(), p.Blob()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if err := c.from.UploadDomain(good, c.transfer); !errors.Is(err, hsm.ErrDomain) {
		t.Errorf("with the transfer key of another module: %v", err)
	}
	if err := c.to.UploadDomain(good, c.transfer); err != nil {
		t.Errorf("the blob as it was: %v", err)
	}
}

// TestRewrapRefused: a blob that was changed does not go through the hands of
// those who could open it.
func TestRewrapRefused(t *testing.T) {
	c := newCeremony(t)
	changed := func(change func(*domainBlob)) []byte {
		b := readBlob(t, c.download)
		change(&b)
		return b.text(t)
	}
	share := func(x, v uint16) string {
		return jweTo(t, c.holders[0].Certificate.PublicKey, bytes.Repeat(binary.LittleEndian.AppendUint16(nil, x<<9|v), 32))
	}
	for name, blob := range map[string][]byte{
		"nothing":            nil,
		"an upload":          c.rewrap(t),
		"too long":           append(bytes.Repeat([]byte(" "), hsm.MaxDomainBlob), c.download...),
		"the item changed":   changed(func(b *domainBlob) { b.EncData.Data[0].CompactJWE = spoil(b.EncData.Data[0].CompactJWE, 3) }),
		"its name changed":   changed(func(b *domainBlob) { b.EncData.Data[0].Tag = "other" }),
		"too many items":     changed(func(b *domainBlob) { b.EncData.Data = make([]domainItem, 17) }),
		"too many shares":    changed(func(b *domainBlob) { b.SharedKeys.EncShares = make([]domainKey, 11) }),
		"one is enough":      changed(func(b *domainBlob) { b.SharedKeys.Required = 1 }),
		"all and one":        changed(func(b *domainBlob) { b.SharedKeys.Required = 4 }),
		"another sharing":    changed(func(b *domainBlob) { b.SharedKeys.KeyAlgorithm = "xor_split" }),
		"another version":    changed(func(b *domainBlob) { b.Version = 3 }),
		"a false share":      changed(func(b *domainBlob) { b.SharedKeys.EncShares[0].EncKey = share(1, 0) }),
		"a share at false x": changed(func(b *domainBlob) { b.SharedKeys.EncShares[0].EncKey = share(3, 256) }),
	} {
		if again, err := hsm.RewrapDomain(blob, c.transfer.Certificate(), c.holders[:2]); !errors.Is(err, hsm.ErrDomain) || again != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, to := range map[string]*x509.Certificate{
		"none": nil, "EC": ecCertificate(t), "with the exponent 2": certify(t, evenExponent(c.holders[0].Key), c.holders[0].Key),
	} {
		if _, err := hsm.RewrapDomain(c.download, to, c.holders); !errors.Is(err, errs.BadParameter) {
			t.Errorf("transfer certificate %s: %v", name, err)
		}
	}
}

func evenExponent(k *rsa.PrivateKey) *rsa.PublicKey { return &rsa.PublicKey{N: k.N, E: 2} }

func ecCertificate(tb testing.TB) *x509.Certificate {
	tb.Helper()
	m := newModule(tb, hsm.Options{})
	root, err := m.Root()
	if err != nil {
		tb.Fatal(err)
	}
	return root
}

func TestDownloadRefused(t *testing.T) {
	m := newModule(t, hsm.Options{})
	all, certificates := holders(t, 11)
	for name, c := range map[string]struct {
		certificates []*x509.Certificate
		required     int
	}{
		"two holders":             {certificates[:2], 2},
		"eleven holders":          {certificates, 2},
		"one is enough":           {certificates[:3], 1},
		"four of three":           {certificates[:3], 4},
		"one twice":               {append(certificates[:3:3], certificates[0]), 2},
		"the second twice":        {append(certificates[:3:3], certificates[1]), 2},
		"one key twice":           {append(certificates[:3:3], certify(t, &all[0].Key.PublicKey, all[1].Key)), 2},
		"nobody":                  {append(certificates[:3:3], nil), 2},
		"an EC key":               {append(certificates[:3:3], ecCertificate(t)), 2},
		"a key that does nothing": {append(certificates[:3:3], certify(t, evenExponent(all[4].Key), all[4].Key)), 2},
		"a small key":             {append(certificates[:3:3], certify(t, &rsa.PublicKey{N: new(big.Int).Rsh(all[4].Key.N, 1), E: 65537}, all[4].Key)), 2},
		"a huge key":              {append(certificates[:3:3], certify(t, &rsa.PublicKey{N: new(big.Int).SetBit(new(big.Int), 4096, 1), E: 65537}, all[4].Key)), 2},
	} {
		if blob, err := m.DownloadDomain(t.Context(), c.certificates, c.required); !errors.Is(err, errs.BadParameter) || blob != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	m.Tamper()
	if _, err := m.DownloadDomain(t.Context(), certificates[:3], 2); !errors.Is(err, errs.HardwareTampered) {
		t.Errorf("tampered with: %v", err)
	}
}

// TestLargestDomain: ten holders with the largest keys, all of them required.
func TestLargestDomain(t *testing.T) {
	m := newModule(t, hsm.Options{})
	var all []hsm.DomainHolder
	var certificates []*x509.Certificate
	for i := range 10 {
		h := holder(t, 4096, i)
		all, certificates = append(all, h), append(certificates, h.Certificate)
	}
	blob, err := m.DownloadDomain(t.Context(), certificates, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(blob) > 11<<10 {
		t.Errorf("%d bytes", len(blob))
	}
	to := newModule(t, hsm.Options{})
	transfer, err := to.NewTransferKey()
	if err != nil {
		t.Fatal(err)
	}
	if blob, err = hsm.RewrapDomain(blob, transfer.Certificate(), all); err != nil {
		t.Fatal(err)
	}
	if err := to.UploadDomain(blob, transfer); err != nil || !bytes.Equal(secretOf(t, m), secretOf(t, to)) {
		t.Errorf("%v", err)
	}
}

// TestDownloadAgain: every download has a master key of its own, and others may
// hold it; the module and its keys stay.
func TestDownloadAgain(t *testing.T) {
	m := newModule(t, hsm.Options{})
	before := secretOf(t, m)
	_, certificates := holders(t, 5)
	seen := map[string]bool{}
	for n := 3; n <= 5; n++ {
		blob, err := m.DownloadDomain(t.Context(), certificates[:n], n-1)
		if err != nil {
			t.Fatal(err)
		}
		b := readBlob(t, blob)
		for _, text := range []string{b.EncData.Data[0].CompactJWE, b.SharedKeys.EncShares[0].EncKey} {
			if seen[text] {
				t.Error("twice the same")
			}
			seen[text] = true
		}
		for form, spelling := range spellings(before) {
			if bytes.Contains(blob, []byte(spelling)) {
				t.Errorf("the blob shows the domain as %s", form)
			}
		}
	}
	if !bytes.Equal(before, secretOf(t, m)) {
		t.Error("another domain")
	}
}

// TestForeignItems: what other makers of blobs put into a domain goes through
// RewrapDomain as it is.
func TestForeignItems(t *testing.T) {
	c := newCeremony(t)
	rapid.Check(t, func(rt *rapid.T) {
		master := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(rt, "master key")
		plain := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 1, 100), 1, 3).Draw(rt, "items")
		b := readBlob(t, c.download)
		for i, s := range hsm.Split(master, 3, 2) {
			b.SharedKeys.EncShares[i].EncKey = jweTo(t, c.holders[i].Certificate.PublicKey, s.Bytes())
		}
		b.EncData.Data = nil
		for i, p := range plain {
			b.EncData.Data = append(b.EncData.Data, itemByHand(t, master, fmt.Sprint("item ", i), p))
		}
		blob, err := hsm.RewrapDomain(b.text(t), c.holders[2].Certificate, c.holders[:2])
		if err != nil {
			rt.Fatal(err)
		}
		again := readBlob(t, blob)
		_, fresh := openJWE(t, again.WrappedKey.EncKey, jose.RSA_OAEP_256, c.holders[2].Key)
		if again.WrappedKey.X5T256 != thumbprint(c.holders[2].Certificate) || bytes.Equal(fresh, master) || len(again.EncData.Data) != len(plain) {
			rt.Fatalf("%s", blob)
		}
		for i, item := range again.EncData.Data {
			header, p := openJWE(t, item.CompactJWE, jose.DIRECT, keyOf(fresh, fmt.Sprint("item ", i)))
			if !bytes.Equal(p, plain[i]) || header.KeyID != item.Tag {
				rt.Fatalf("item %d is %x, want %x", i, p, plain[i])
			}
		}
	})
}
