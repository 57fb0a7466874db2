package wycheproof_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"testing"

	"github.com/c2sp/wycheproof"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/crypto/soft"
)

var update = flag.Bool("update", false, "write the golden file anew")

// kinds says of every file of the project what becomes of it: how it is run,
// with public keys alone or with those of every driver, or why it does not
// apply. Exactly one pattern matches each.
var kinds = []struct {
	pattern string
	run     func(*testing.T, file) *tally
	public  bool
	reason  string
}{
	{pattern: `^aes_(gcm|gmac)_test`, run: runGCM},
	{pattern: `^aes_cbc_pkcs5_test`, run: runCBC},
	{pattern: `^aes_wrap_test`, run: runKeyWrap},
	{pattern: `^aes_kwp_test`, run: runKeyWrapPad},
	{pattern: `^hmac_sha256_test`, run: runHMAC(crypto.HS256)},
	{pattern: `^hmac_sha384_test`, run: runHMAC(crypto.HS384)},
	{pattern: `^hmac_sha512_test`, run: runHMAC(crypto.HS512)},
	{pattern: `^ecdsa_secp256r1_\w+_p1363_test`, run: runECDSA(crypto.ES256), public: true},
	{pattern: `^ecdsa_secp256k1_\w+_p1363_test`, run: runECDSA(crypto.ES256K), public: true},
	{pattern: `^ecdsa_secp384r1_\w+_p1363_test`, run: runECDSA(crypto.ES384), public: true},
	{pattern: `^ecdsa_secp521r1_\w+_p1363_test`, run: runECDSA(crypto.ES512), public: true},
	{pattern: `^rsa_signature_`, run: runPKCS1Verify, public: true},
	{pattern: `^rsa_pkcs1_\d+_sig_gen_test`, run: runPKCS1Sign},
	{pattern: `^rsa_pkcs1_\d+_test`, run: runPKCS1Decrypt},
	{pattern: `^rsa_pss_`, run: runPSS, public: true},
	{pattern: `^rsa_oaep_`, run: runOAEP},
	{pattern: `^rsa_three_primes_`, run: runThreePrimes},

	{pattern: `^ecdsa_(brainpool|secp160|secp192|secp224)`, reason: "no such curve"},
	{pattern: `^ecdsa_secp(256|384|521)\w+_(sha256|sha384|sha512|sha3_256|sha3_384|sha3_512|shake128|shake256|sha256_bitcoin)_test`, reason: "signatures in DER; the service's are r and s"},
	{pattern: `^(ed25519|ed448|x25519|x448)_`, reason: "no Edwards and Montgomery curves"},
	{pattern: `^ecdh_`, reason: "no key agreement"},
	{pattern: `^(dsa|bls|mldsa|mlkem)_`, reason: "no such signature scheme or KEM"},
	{pattern: `^hmac_(sha1|sha224|sha3_|sha512_2|sm3)`, reason: "no algorithm uses the hash"},
	{pattern: `^aes_(ccm|cmac|eax|ff1|gcm_siv|siv|xts)|^aead_aes_siv|^a(128|192|256)cbc_hs`, reason: "no such mode of AES"},
	{pattern: `^(aegis|aria|ascon|camellia|c2sp|chacha20|xchacha20|morus|seed|sm4)`, reason: "no such cipher"},
	{pattern: `^(siphash|vmac|kmac)`, reason: "no such MAC"},
	{pattern: `^(hkdf|pbkdf2|pbes2)_`, reason: "no key derivation"},
	{pattern: `^json_web_`, reason: "JOSE messages and how a library picks keys for them; keys alone are served here"},
	{pattern: `^(primality|ec_prime_order_curves)_`, reason: "parameters, not keys"},
}

// TestVectors runs every file that applies and compares the counts.
func TestVectors(t *testing.T) {
	names, err := fs.Glob(wycheproof.TestVectors, "*")
	if err != nil {
		t.Fatal(err)
	}
	module, err := hsm.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	public := newSummary(driver{name: "public keys"})
	private := []*summary{
		newSummary(driver{name: "soft", Driver: soft.New()}),
		newSummary(driver{name: "hsm", Driver: module.Driver(false), hsm: true}),
	}
	var report bytes.Buffer
	for _, name := range names {
		kind := kindOf(t, name)
		switch {
		case kind < 0:
		case kinds[kind].run == nil:
			fmt.Fprintf(&report, "%s: %s\n", name, kinds[kind].reason)
		case kinds[kind].public:
			public.run(t, &report, name, kinds[kind].run)
		default:
			for _, s := range private {
				s.run(t, &report, name, kinds[kind].run)
			}
		}
	}
	fmt.Fprintf(&report, "in all: %d files\n", len(names))
	for _, s := range append(private, public) {
		fmt.Fprintf(&report, "%s: %d files, something in %d of these applies; %d vectors: %v\n", s.driver.name, s.files, s.applying, s.total(), s.tally)
	}
	golden(t, report.Bytes())
}

// summary is what the files come to with the keys of one driver.
type summary struct {
	driver          driver
	files, applying int
	*tally
}

func newSummary(d driver) *summary { return &summary{driver: d, tally: newTally()} }

// run runs a file with the keys of the driver.
func (s *summary) run(t *testing.T, report *bytes.Buffer, name string, vectors func(*testing.T, file) *tally) {
	t.Run(name+", "+s.driver.name, func(t *testing.T) {
		f := load(t, name, s.driver)
		c := vectors(t, f)
		if c.total() != f.NumberOfTests || f.NumberOfTests == 0 {
			t.Errorf("%d vectors are counted, the file says %d", c.total(), f.NumberOfTests)
		}
		fmt.Fprintf(report, "%s, %s: %v\n", name, s.driver.name, c)
		s.files++
		if c.leaves() < c.total() {
			s.applying++
		}
		s.add(c)
	})
}

// kindOf returns the one kind of a file.
func kindOf(t *testing.T, name string) int {
	t.Helper()
	found := -1
	for i, k := range kinds {
		if !regexp.MustCompile(k.pattern).MatchString(name) {
			continue
		}
		if found >= 0 {
			t.Errorf("%s: is of two kinds, %s and %s", name, kinds[found].pattern, k.pattern)
		}
		found = i
	}
	if found < 0 {
		t.Errorf("%s: is of no kind", name)
	}
	return found
}

func golden(t *testing.T, got []byte) {
	t.Helper()
	const path = "testdata/vectors.txt"
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; -update writes it anew. It would be:\n%s", path, got)
	}
}
