package crypto_test

import (
	stdcrypto "crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"testing"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/go-jose/go-jose/v4"
	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/soft"
	"github.com/embedvault/embedvault/errs"
)

// everySpec is every size and curve that has a public part.
var everySpec = []crypto.Spec{
	crypto.RSA(2048), crypto.RSA(3072), crypto.RSA(4096),
	crypto.EC(crypto.P256), crypto.EC(crypto.P384), crypto.EC(crypto.P521), crypto.EC(crypto.P256K),
}

// theirs returns the fixed key of a spec as somebody else reads it.
func theirs(t testing.TB, spec crypto.Spec) any {
	t.Helper()
	j := cryptotest.JWK(t, spec)
	if spec.Curve == crypto.P256K { // which go-jose does not have
		return secp256k1.PrivKeyFromBytes(j.D).ToECDSA()
	}
	var read jose.JSONWebKey
	if err := json.Unmarshal(j.AppendJSON(nil), &read); err != nil {
		t.Fatal(err)
	}
	return read.Key
}

func publicOf(private any) stdcrypto.PublicKey {
	return private.(interface{ Public() stdcrypto.PublicKey }).Public()
}

// TestNewJWK: keys that somebody else has read are the fixed ones again.
func TestNewJWK(t *testing.T) {
	for _, spec := range everySpec {
		want, key := cryptotest.JWK(t, spec), theirs(t, spec)
		j, err := crypto.NewJWK(key)
		if got := string(j.AppendJSON(nil)); err != nil || got != string(want.AppendJSON(nil)) {
			t.Errorf("%v: %v, %v", spec, j, err)
		}
		j, err = crypto.NewJWK(publicOf(key))
		if got := string(j.AppendJSON(nil)); err != nil || got != want.Public().String() {
			t.Errorf("the public part of %v: %v, %v", spec, j, err)
		}
	}
	for _, bits := range []int{128, 192, 256} {
		want := cryptotest.JWK(t, crypto.Oct(bits))
		given := slices.Clone(want.K)
		j, err := crypto.NewJWK(given)
		clear(given)
		if got := string(j.AppendJSON(nil)); err != nil || got != string(want.AppendJSON(nil)) {
			t.Errorf("%d bits: %v, %v", bits, j, err)
		}
	}
}

// TestJWKPublicKey: the standard library's form, of every type that can have one.
func TestJWKPublicKey(t *testing.T) {
	for _, spec := range everySpec {
		want := publicOf(theirs(t, spec)).(interface {
			Equal(stdcrypto.PublicKey) bool
		})
		for _, j := range []crypto.JWK{cryptotest.JWK(t, spec), cryptotest.JWK(t, spec).Public(), cryptotest.JWK(t, spec.HSM())} {
			got, err := j.PublicKey()
			if err != nil || !want.Equal(got) {
				t.Errorf("%v: %v, %v", spec, got, err)
			}
		}
	}
}

// TestPublicKeyOfP256K: the curve is one that the standard library verifies on.
func TestPublicKeyOfP256K(t *testing.T) {
	j := cryptotest.JWK(t, crypto.EC(crypto.P256K))
	p, err := soft.New().Import(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("a text"))
	s, err := p.Sign(t.Context(), crypto.ES256K, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	public, err := j.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	r, v := new(big.Int).SetBytes(s[:32]), new(big.Int).SetBytes(s[32:])
	if !ecdsa.Verify(public.(*ecdsa.PublicKey), digest[:], r, v) {
		t.Error("the signature does not verify")
	}
}

// TestJWKPublicKeyIsWidened: a number is the same with zeros before it and without.
func TestJWKPublicKeyIsWidened(t *testing.T) {
	for _, spec := range everySpec {
		j := cryptotest.JWK(t, spec)
		want, _ := j.PublicKey()
		for _, member := range []*[]byte{&j.N, &j.E, &j.X, &j.Y} {
			if len(*member) > 0 {
				*member = append([]byte{0}, *member...)
			}
		}
		if got, err := j.PublicKey(); err != nil || !want.(interface {
			Equal(stdcrypto.PublicKey) bool
		}).Equal(got) {
			t.Errorf("%v: %v", spec, err)
		}
	}
}

func TestJWKPublicKeyRefuses(t *testing.T) {
	r, e, k := cryptotest.JWK(t, crypto.RSA(2048)), cryptotest.JWK(t, crypto.EC(crypto.P256)), cryptotest.JWK(t, crypto.EC(crypto.P256K))
	even := slices.Clone(r.N)
	even[len(even)-1] &^= 1
	for name, j := range map[string]crypto.JWK{
		"nothing": {}, "an unknown type": {Kty: "OKP", Crv: "Ed25519", X: make([]byte, 32)}, "a symmetric key": cryptotest.JWK(t, crypto.Oct(256)),
		"RSA without numbers": {Kty: "RSA"}, "RSA without e": {Kty: "RSA", N: r.N}, "RSA without n": {Kty: "RSA", E: r.E},
		"RSA of 1024 bits": {Kty: "RSA", N: r.N[128:], E: r.E}, "RSA of 2056 bits": {Kty: "RSA", N: append([]byte{1}, r.N...), E: r.E},
		"an even n": {Kty: "RSA", N: even, E: r.E}, "an even e": {Kty: "RSA", N: r.N, E: []byte{4}}, "e is one": {Kty: "RSA", N: r.N, E: []byte{1}},
		"an e of 33 bits": {Kty: "RSA", N: r.N, E: []byte{1, 0, 0, 0, 1}}, "an e as long as n": {Kty: "RSA", N: r.N, E: r.N},
		"EC without a curve": {Kty: "EC", X: e.X, Y: e.Y}, "a foreign curve": {Kty: "EC", Crv: "P-224", X: e.X, Y: e.Y},
		"EC without a point": {Kty: "EC", Crv: "P-256"}, "EC without y": {Kty: "EC", Crv: "P-256", X: e.X},
		"beside the curve": {Kty: "EC", Crv: "P-256", X: e.Y, Y: e.X}, "on another curve": {Kty: "EC", Crv: "P-256K", X: e.X, Y: e.Y},
		"of another curve": {Kty: "EC", Crv: "P-256", X: k.X, Y: k.Y}, "on a wider curve": {Kty: "EC", Crv: "P-384", X: e.X, Y: e.Y},
		"a long coordinate": {Kty: "EC", Crv: "P-256", X: append([]byte{1}, e.X...), Y: e.Y},
		"RSA on a curve":    {Kty: "EC", Crv: "P-256", N: r.N, E: r.E}, "EC as RSA": {Kty: "RSA", Crv: "P-256", X: e.X, Y: e.Y},
	} {
		if key, err := j.PublicKey(); key != nil || !errors.Is(err, errs.BadParameter) {
			t.Errorf("%s: %v, %v", name, key, err)
		}
	}
}

// oddCurve is one that nobody knows, and that cannot be compared.
type oddCurve struct {
	elliptic.Curve
	_ []int
}

// at returns a public key that nobody has checked.
func at(c elliptic.Curve, x, y *big.Int) *ecdsa.PublicKey {
	k := &ecdsa.PublicKey{Curve: c}
	//lint:ignore SA1019 Keys that are broken on purpose have no other form.
	k.X, k.Y = x, y
	return k
}

func TestNewJWKRefuses(t *testing.T) {
	r, e := theirs(t, crypto.RSA(2048)).(*rsa.PrivateKey), theirs(t, crypto.EC(crypto.P256)).(*ecdsa.PrivateKey)
	k1 := theirs(t, crypto.EC(crypto.P256K)).(*ecdsa.PrivateKey)
	x, y := e.X, e.Y
	three := &rsa.PrivateKey{PublicKey: r.PublicKey, D: r.D, Primes: slices.Concat(r.Primes, []*big.Int{big.NewInt(3)})}
	for name, key := range map[string]any{
		"nothing": nil, "a text": "key", "a value": *r, "Ed25519": make(ed25519.PrivateKey, 64), "a JWK": crypto.JWK{},
		"no bytes": []byte{}, "15 bytes": make([]byte, 15), "33 bytes": make([]byte, 33),
		"nil *rsa.PublicKey": (*rsa.PublicKey)(nil), "nil *rsa.PrivateKey": (*rsa.PrivateKey)(nil),
		"nil *ecdsa.PublicKey": (*ecdsa.PublicKey)(nil), "nil *ecdsa.PrivateKey": (*ecdsa.PrivateKey)(nil),
		"an empty *rsa.PublicKey": &rsa.PublicKey{}, "an empty *rsa.PrivateKey": &rsa.PrivateKey{},
		"an empty *ecdsa.PublicKey": &ecdsa.PublicKey{}, "an empty *ecdsa.PrivateKey": &ecdsa.PrivateKey{},
		"a negative n": &rsa.PublicKey{N: new(big.Int).Neg(r.N), E: r.E}, "a negative e": &rsa.PublicKey{N: r.N, E: -r.E},
		"e is even": &rsa.PublicKey{N: r.N, E: 2}, "e is zero": &rsa.PublicKey{N: r.N}, "RSA of 1024 bits": &rsa.PublicKey{N: new(big.Int).Rsh(r.N, 1024), E: r.E},
		"three primes": three, "one prime": &rsa.PrivateKey{PublicKey: r.PublicKey, D: r.D, Primes: r.Primes[:1]},
		"no primes": &rsa.PrivateKey{PublicKey: r.PublicKey, D: r.D}, "nil primes": &rsa.PrivateKey{PublicKey: r.PublicKey, D: r.D, Primes: make([]*big.Int, 2)},
		"no d": &rsa.PrivateKey{PublicKey: r.PublicKey, Primes: r.Primes},
		"no x": at(elliptic.P256(), nil, y), "no curve": at(nil, x, y),
		"an unknown curve": at(oddCurve{}, x, y), "P-224": at(elliptic.P224(), x, y),
		"beside the curve": at(elliptic.P256(), y, x), "on another curve": at(k1.Curve, x, y),
		"a negative coordinate": at(elliptic.P256(), x, new(big.Int).Neg(y)),
		"a long coordinate":     at(elliptic.P256(), x, new(big.Int).Lsh(y, 8)),
	} {
		j, err := crypto.NewJWK(key)
		if !errors.Is(err, errs.BadParameter) || string(j.AppendJSON(nil)) != "{}" {
			t.Errorf("%s: %v, %v", name, j, err)
		}
	}
}

// wrong draws a number in the place of a good one.
func wrong(t *rapid.T, good *big.Int) *big.Int {
	switch rapid.IntRange(0, 4).Draw(t, "how") {
	case 0:
		return nil
	case 1:
		return new(big.Int).Neg(good)
	case 2:
		return new(big.Int).Add(good, big.NewInt(rapid.Int64Range(-4, 4).Draw(t, "off")))
	case 3:
		return new(big.Int).Lsh(good, rapid.UintRange(0, 4200).Draw(t, "shift"))
	}
	return new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 70).Draw(t, "bytes"))
}

// TestNewJWKOfWrongNumbers: a private key of which one number was changed is
// refused, or is one that a driver takes in.
func TestNewJWKOfWrongNumbers(t *testing.T) {
	r := theirs(t, crypto.RSA(2048)).(*rsa.PrivateKey)
	rapid.Check(t, func(rt *rapid.T) {
		k := &rsa.PrivateKey{PublicKey: r.PublicKey, D: r.D, Primes: slices.Clone(r.Primes), Precomputed: r.Precomputed}
		member := rapid.SampledFrom([]**big.Int{&k.N, &k.D, &k.Primes[0], &k.Primes[1], &k.Precomputed.Dp, &k.Precomputed.Qinv}).Draw(rt, "member")
		*member = wrong(rt, *member)
		checkImportable(rt, k)
	})
	for _, c := range []crypto.Curve{crypto.P256, crypto.P384, crypto.P521, crypto.P256K} {
		e := theirs(t, crypto.EC(c)).(*ecdsa.PrivateKey)
		rapid.Check(t, func(rt *rapid.T) {
			k := *e
			//lint:ignore SA1019 They are broken on purpose.
			member := rapid.SampledFrom([]**big.Int{&k.D, &k.X, &k.Y}).Draw(rt, "member")
			*member = wrong(rt, *member)
			checkImportable(rt, &k)
		})
	}
}

func checkImportable(t *rapid.T, key any) {
	j, err := crypto.NewJWK(key)
	if err != nil {
		if !errors.Is(err, errs.BadParameter) {
			t.Fatalf("refused with %v", err)
		}
		return
	}
	if _, err := soft.New().Import(t.Context(), j); err != nil {
		t.Fatalf("%v was made and cannot be imported: %v", j, err)
	}
}
