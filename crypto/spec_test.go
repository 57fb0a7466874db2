package crypto_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
)

func TestNormalize(t *testing.T) {
	rsa := func(bits, e int) crypto.Spec {
		return crypto.Spec{Type: crypto.KeyTypeRSA, Size: bits, PublicExponent: e}
	}
	for _, c := range []struct {
		name     string
		in, want crypto.Spec
	}{
		{"RSA alone", crypto.Spec{Type: crypto.KeyTypeRSA}, rsa(2048, 65537)},
		{"RSA 3072", crypto.RSA(3072), rsa(3072, 65537)},
		{"RSA 4096 with an exponent", rsa(4096, 3), rsa(4096, 3)},
		{"the largest exponent", rsa(2048, 1<<31-1), rsa(2048, 1<<31-1)},
		{"RSA with a curve", crypto.Spec{Type: crypto.KeyTypeRSA, Curve: "no curve"}, rsa(2048, 65537)},
		{"RSA-HSM", crypto.RSA(0).HSM(), crypto.Spec{Type: crypto.KeyTypeRSAHSM, Size: 2048, PublicExponent: 65537}},
		{"EC alone", crypto.EC(""), crypto.EC(crypto.P256)},
		{"EC P-256K", crypto.EC(crypto.P256K), crypto.EC(crypto.P256K)},
		{"EC with a size and an exponent", crypto.Spec{Type: crypto.KeyTypeEC, Curve: crypto.P521, Size: 17, PublicExponent: 4}, crypto.EC(crypto.P521)},
		{"EC-HSM", crypto.EC("").HSM(), crypto.Spec{Type: crypto.KeyTypeECHSM, Curve: crypto.P256}},
		{"oct alone", crypto.Oct(0), crypto.Oct(256)},
		{"oct 128 with a curve", crypto.Spec{Type: crypto.KeyTypeOct, Size: 128, Curve: "x", PublicExponent: 2}, crypto.Oct(128)},
		{"oct-HSM", crypto.Oct(192).HSM(), crypto.Spec{Type: crypto.KeyTypeOctHSM, Size: 192}},
	} {
		got, err := c.in.Normalize()
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", c.name, got, err, c.want)
		}
		if again, err := got.Normalize(); err != nil || again != got {
			t.Errorf("%s: normalized twice: %+v, %v", c.name, again, err)
		}
	}
}

func TestNormalizeRefuses(t *testing.T) {
	property := func(path, detail string) string { return errs.NewInvalidProperty(path, detail).Error() }
	size := property("key_size", "The size of an RSA key is 2048, 3072 or 4096 bits")
	exponent := property("public_exponent", "The exponent of an RSA key is an odd number from 3 to 2147483647")
	beyond := int64(1)<<31 + 1 // does not fit an int everywhere
	for _, c := range []struct {
		name string
		in   crypto.Spec
		want string
	}{
		{"nothing", crypto.Spec{}, errs.NewInvalidValue().Error()},
		{"OKP", crypto.Spec{Type: "OKP"}, errs.NewInvalidValue().Error()},
		{"rsa in lower case", crypto.Spec{Type: "rsa"}, errs.NewInvalidValue().Error()},
		{"RSA 1024", crypto.RSA(1024), size},
		{"RSA 2049", crypto.RSA(2049), size},
		{"RSA -2048", crypto.RSA(-2048), size},
		{"RSA 8192", crypto.RSA(8192), size},
		{"exponent 1", crypto.Spec{Type: crypto.KeyTypeRSA, PublicExponent: 1}, exponent},
		{"exponent 4", crypto.Spec{Type: crypto.KeyTypeRSA, PublicExponent: 4}, exponent},
		{"exponent -3", crypto.Spec{Type: crypto.KeyTypeRSA, PublicExponent: -3}, exponent},
		{"exponent 2³¹+1", crypto.Spec{Type: crypto.KeyTypeRSA, PublicExponent: int(beyond)}, exponent},
		{"P-224", crypto.EC("P-224"), property("crv", "The curve of an EC key is P-256, P-384, P-521 or P-256K")},
		{"SECP256K1", crypto.EC("SECP256K1"), property("crv", "The curve of an EC key is P-256, P-384, P-521 or P-256K")},
		{"oct 512", crypto.Oct(512), property("key_size", "The size of a symmetric key is 128, 192 or 256 bits")},
	} {
		got, err := c.in.Normalize()
		if err == nil || err.Error() != c.want || !errors.Is(err, errs.BadParameter) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if got != (crypto.Spec{}) {
			t.Errorf("%s: refused and yet %+v", c.name, got)
		}
	}
}

func TestKeyType(t *testing.T) {
	for _, c := range []struct {
		kty, base crypto.KeyType
		hsm       bool
	}{
		{crypto.KeyTypeRSA, crypto.KeyTypeRSA, false},
		{crypto.KeyTypeRSAHSM, crypto.KeyTypeRSA, true},
		{crypto.KeyTypeEC, crypto.KeyTypeEC, false},
		{crypto.KeyTypeECHSM, crypto.KeyTypeEC, true},
		{crypto.KeyTypeOct, crypto.KeyTypeOct, false},
		{crypto.KeyTypeOctHSM, crypto.KeyTypeOct, true},
		{"OKP-HSM", "OKP-HSM", false},
	} {
		if c.kty.Base() != c.base || c.kty.HSM() != c.hsm {
			t.Errorf("%s: base %s, HSM %t", c.kty, c.kty.Base(), c.kty.HSM())
		}
	}
	if got := (crypto.Spec{Type: "OKP"}).HSM().Type; got != "OKP" {
		t.Errorf("an unknown type became %s", got)
	}
}

func TestDefaultOperations(t *testing.T) {
	six := []crypto.Operation{crypto.OpEncrypt, crypto.OpDecrypt, crypto.OpSign, crypto.OpVerify, crypto.OpWrapKey, crypto.OpUnwrapKey}
	two := []crypto.Operation{crypto.OpSign, crypto.OpVerify}
	four := []crypto.Operation{crypto.OpEncrypt, crypto.OpDecrypt, crypto.OpWrapKey, crypto.OpUnwrapKey}
	for _, c := range []struct {
		spec crypto.Spec
		want []crypto.Operation
	}{
		{crypto.RSA(2048), six}, {crypto.RSA(2048).HSM(), six},
		{crypto.EC(crypto.P384), two}, {crypto.EC(crypto.P384).HSM(), two},
		{crypto.Oct(128), four}, {crypto.Oct(128).HSM(), four},
		{crypto.Spec{Type: "OKP"}, nil},
	} {
		got := c.spec.DefaultOperations()
		if !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.spec, got, c.want)
		}
		for _, op := range got {
			if !crypto.KnownOperation(op) {
				t.Errorf("%v: %s is not known", c.spec, op)
			}
		}
	}
	for _, op := range []crypto.Operation{"", "Sign", "wrapkey", "deriveKey"} {
		if crypto.KnownOperation(op) {
			t.Errorf("%q is a known operation", op)
		}
	}
}

func TestCurveSize(t *testing.T) {
	for curve, want := range map[crypto.Curve]int{crypto.P256: 32, crypto.P384: 48, crypto.P521: 66, crypto.P256K: 32, "": 0, "P-224": 0} {
		if got := curve.Size(); got != want {
			t.Errorf("%s: %d bytes, want %d", curve, got, want)
		}
	}
}
