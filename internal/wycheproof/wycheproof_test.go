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
)

var update = flag.Bool("update", false, "write the golden file anew")

// kinds says of every file of the project what becomes of it: how it is run,
// or why it does not apply. Exactly one pattern matches each.
var kinds = []struct {
	pattern string
	run     func(*testing.T, file) *tally
	reason  string
}{
	{`^aes_(gcm|gmac)_test`, runGCM, ""},
	{`^aes_cbc_pkcs5_test`, runCBC, ""},
	{`^aes_wrap_test`, runKeyWrap, ""},
	{`^aes_kwp_test`, runKeyWrapPad, ""},
	{`^hmac_sha256_test`, runHMAC(crypto.HS256), ""},
	{`^hmac_sha384_test`, runHMAC(crypto.HS384), ""},
	{`^hmac_sha512_test`, runHMAC(crypto.HS512), ""},
	{`^ecdsa_secp256r1_\w+_p1363_test`, runECDSA(crypto.ES256), ""},
	{`^ecdsa_secp256k1_\w+_p1363_test`, runECDSA(crypto.ES256K), ""},
	{`^ecdsa_secp384r1_\w+_p1363_test`, runECDSA(crypto.ES384), ""},
	{`^ecdsa_secp521r1_\w+_p1363_test`, runECDSA(crypto.ES512), ""},
	{`^rsa_signature_`, runPKCS1Verify, ""},
	{`^rsa_pkcs1_\d+_sig_gen_test`, runPKCS1Sign, ""},
	{`^rsa_pkcs1_\d+_test`, runPKCS1Decrypt, ""},
	{`^rsa_pss_`, runPSS, ""},
	{`^rsa_oaep_`, runOAEP, ""},
	{`^rsa_three_primes_`, runThreePrimes, ""},

	{`^ecdsa_(brainpool|secp160|secp192|secp224)`, nil, "no such curve"},
	{`^ecdsa_secp(256|384|521)\w+_(sha256|sha384|sha512|sha3_256|sha3_384|sha3_512|shake128|shake256|sha256_bitcoin)_test`, nil, "signatures in DER; the service's are r and s"},
	{`^(ed25519|ed448|x25519|x448)_`, nil, "no Edwards and Montgomery curves"},
	{`^ecdh_`, nil, "no key agreement"},
	{`^(dsa|bls|mldsa|mlkem)_`, nil, "no such signature scheme or KEM"},
	{`^hmac_(sha1|sha224|sha3_|sha512_2|sm3)`, nil, "no algorithm uses the hash"},
	{`^aes_(ccm|cmac|eax|ff1|gcm_siv|siv|xts)|^aead_aes_siv|^a(128|192|256)cbc_hs`, nil, "no such mode of AES"},
	{`^(aegis|aria|ascon|camellia|c2sp|chacha20|xchacha20|morus|seed|sm4)`, nil, "no such cipher"},
	{`^(siphash|vmac|kmac)`, nil, "no such MAC"},
	{`^(hkdf|pbkdf2|pbes2)_`, nil, "no key derivation"},
	{`^json_web_`, nil, "JOSE messages and how a library picks keys for them; keys alone are served here"},
	{`^(primality|ec_prime_order_curves)_`, nil, "parameters, not keys"},
}

// TestVectors runs every file that applies and compares the counts.
func TestVectors(t *testing.T) {
	names, err := fs.Glob(wycheproof.TestVectors, "*")
	if err != nil {
		t.Fatal(err)
	}
	var report bytes.Buffer
	files, run, all := 0, newTally(), 0
	for _, name := range names {
		kind := kindOf(t, name)
		if kind < 0 {
			continue
		}
		if kinds[kind].run == nil {
			fmt.Fprintf(&report, "%s: %s\n", name, kinds[kind].reason)
			continue
		}
		t.Run(name, func(t *testing.T) {
			f := load(t, name)
			c := kinds[kind].run(t, f)
			if c.total() != f.NumberOfTests || f.NumberOfTests == 0 {
				t.Errorf("%d vectors are counted, the file says %d", c.total(), f.NumberOfTests)
			}
			fmt.Fprintf(&report, "%s: %v\n", name, c)
			all += c.total()
			if c.leaves() < c.total() {
				files++
			}
			run.add(c)
		})
	}
	fmt.Fprintf(&report, "in all: %d files; %d vectors in the files that are run, and something in %d of these applies: %v\n", len(names), all, files, run)
	golden(t, report.Bytes())
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
