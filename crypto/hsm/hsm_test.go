package hsm_test

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/entropy"
)

// testRSA gives RSA keys without waiting for primes, never the same twice.
func testRSA() func(int) (*rsa.PrivateKey, error) {
	var index atomic.Int64
	return func(bits int) (*rsa.PrivateKey, error) {
		return entropy.Shared().RSA(bits, int(index.Add(1))-1)
	}
}

func newModule(tb testing.TB, o hsm.Options) *hsm.Module {
	tb.Helper()
	if o.RSA == nil {
		o.RSA = testRSA()
	}
	m, err := hsm.New(&o)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func generate(tb testing.TB, d crypto.Driver, s crypto.Spec) crypto.Private {
	tb.Helper()
	p, err := d.Generate(tb.Context(), s)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// fixed imports the suite's fixed key.
func fixed(tb testing.TB, d crypto.Driver, s crypto.Spec) crypto.Private {
	tb.Helper()
	p, err := d.Import(tb.Context(), cryptotest.JWK(tb, s.HSM()))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func newKey(tb testing.TB, p crypto.Private, ops ...crypto.Operation) *crypto.Key {
	tb.Helper()
	k, err := crypto.NewKey("https://a.vault.azure.net/keys/k/1", p, ops)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// everySpec has one key of each form that a blob has.
var everySpec = []crypto.Spec{
	crypto.RSA(2048), crypto.EC(crypto.P256), crypto.EC(crypto.P384), crypto.EC(crypto.P521), crypto.EC(crypto.P256K),
	crypto.Oct(128), crypto.Oct(192), crypto.Oct(256),
}

func TestDriver(t *testing.T) {
	open := func(tb testing.TB) crypto.Driver { return newModule(tb, hsm.Options{Slots: 2}).Driver(false) }
	cryptotest.RunDriver(t, open, crypto.KeyTypeRSAHSM, crypto.KeyTypeECHSM, crypto.KeyTypeOctHSM)
}

func TestSoftwareTypes(t *testing.T) {
	d := newModule(t, hsm.Options{}).Driver(false)
	if _, err := d.Generate(t.Context(), crypto.EC(crypto.P256)); !errors.Is(err, errs.HardwareKeysNotSupported) {
		t.Errorf("Generate: %v", err)
	}
	if _, err := d.Import(t.Context(), cryptotest.JWK(t, crypto.EC(crypto.P256))); !errors.Is(err, errs.HardwareKeysNotSupported) {
		t.Errorf("Import: %v", err)
	}
}

func TestOptions(t *testing.T) {
	clock := func() time.Time { return time.Time{} }
	for name, c := range map[string]struct {
		o    hsm.Options
		good bool
	}{
		"zero":                    {hsm.Options{}, true},
		"one slot":                {hsm.Options{Slots: 1}, true},
		"fewer than no slots":     {hsm.Options{Slots: -1}, false},
		"profile":                 {hsm.Options{Profile: hsm.Profile{Generation: hsm.Published2025, Partitions: 3}, Clock: clock}, true},
		"profile without clock":   {hsm.Options{Profile: hsm.Profile{Generation: hsm.Published2021}}, false},
		"unpublished generation":  {hsm.Options{Profile: hsm.Profile{Generation: 3}, Clock: clock}, false},
		"too many partitions":     {hsm.Options{Profile: hsm.Profile{Partitions: 4}}, false},
		"fewer than no partition": {hsm.Options{Profile: hsm.Profile{Partitions: -1}}, false},
		"negative backlog":        {hsm.Options{Profile: hsm.Profile{Backlog: -1}}, false},
	} {
		m, err := hsm.New(&c.o)
		if (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		stated, err := hsm.Verify(attest(t, m, generate(t, m.Driver(false), crypto.Oct(128).HSM())), root(t, m))
		if err != nil || stated.Name != "module" || stated.Platform != "simulated" {
			t.Errorf("%s: %+v, %v", name, stated, err)
		}
	}
}

// TestOpenElsewhere: a blob opens in a module with the same domain, and in no
// other; and no byte of it can be changed.
func TestOpenElsewhere(t *testing.T) {
	one, other := newModule(t, hsm.Options{}), newModule(t, hsm.Options{})
	for _, s := range everySpec {
		blob := fixed(t, one.Driver(true), s).Blob()
		if _, err := other.Driver(true).Open(t.Context(), blob); err == nil {
			t.Errorf("%v: another module opens it", s)
		}
		for i := range blob {
			blob[i] ^= 1
			if _, err := one.Driver(true).Open(t.Context(), blob); err == nil {
				t.Errorf("%v: opens with byte %d changed", s, i)
			}
			blob[i] ^= 1
		}
	}
	p := fixed(t, one.Driver(false), crypto.EC(crypto.P256))
	move(t, one, other)
	if again, err := other.Driver(false).Open(t.Context(), p.Blob()); err != nil || again.Public().String() != p.Public().String() {
		t.Errorf("after the domain was restored there: %v", err)
	}
}

// move gives a module the domain of another.
func move(tb testing.TB, from, to *hsm.Module) {
	tb.Helper()
	if err := from.ExportDomain(to.RestoreDomain); err != nil {
		tb.Fatal(err)
	}
}

// receiver returns the RSA key of somebody outside.
func receiver(tb testing.TB, bits int) *rsa.PrivateKey {
	tb.Helper()
	k, err := entropy.Shared().RSA(bits, 1000)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// spellings returns how fmt and encoders would show b.
func spellings(b []byte) map[string]string {
	return map[string]string{
		"raw bytes": string(b), "base64url": base64.RawURLEncoding.EncodeToString(b), "base64": base64.StdEncoding.EncodeToString(b),
		"hex": hex.EncodeToString(b), "a number": new(big.Int).SetBytes(b).String(),
		"a slice": strings.Trim(fmt.Sprint(b), "[]"), "quoted": strings.Trim(fmt.Sprintf("%q", b), `"`),
	}
}
