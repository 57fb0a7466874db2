package crypto_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"slices"
	"testing"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/soft"
	"github.com/embedvault/embedvault/errs"
)

const keyID = "https://a.vault.azure.net/keys/k/1"

// spy is a Private that counts what reaches it.
type spy struct {
	crypto.Private
	calls int
}

func (s *spy) Sign(ctx context.Context, a crypto.Algorithm, digest []byte) ([]byte, error) {
	s.calls++
	return s.Private.Sign(ctx, a, digest)
}

func (s *spy) Encrypt(ctx context.Context, a crypto.Algorithm, b []byte, p crypto.Params) (crypto.Result, error) {
	s.calls++
	return s.Private.Encrypt(ctx, a, b, p)
}

func (s *spy) Decrypt(ctx context.Context, a crypto.Algorithm, b []byte, p crypto.Params) ([]byte, error) {
	s.calls++
	return s.Private.Decrypt(ctx, a, b, p)
}

// spied makes a Key of the fixed key of a spec.
func spied(t *testing.T, spec crypto.Spec, ops ...crypto.Operation) (*crypto.Key, *spy) {
	t.Helper()
	p, err := soft.New().Import(t.Context(), cryptotest.JWK(t, spec))
	if err != nil {
		t.Fatal(err)
	}
	s := &spy{Private: p}
	k, err := crypto.NewKey(keyID, s, ops)
	if err != nil {
		t.Fatal(err)
	}
	return k, s
}

// call is one request to a key, whatever the operation.
func call(ctx context.Context, k *crypto.Key, op crypto.Operation, a crypto.Algorithm, input []byte, p crypto.Params) error {
	var err error
	switch op {
	case crypto.OpSign:
		_, err = k.Sign(ctx, a, input)
	case crypto.OpVerify:
		_, err = k.Verify(ctx, a, input, []byte("signature"))
	case crypto.OpEncrypt:
		_, err = k.Encrypt(ctx, a, input, p)
	case crypto.OpDecrypt:
		_, err = k.Decrypt(ctx, a, input, p)
	case crypto.OpWrapKey:
		_, err = k.WrapKey(ctx, a, input)
	case crypto.OpUnwrapKey:
		_, err = k.UnwrapKey(ctx, a, input)
	}
	return err
}

// TestRefusals: what a Key refuses, with which error, and that the driver does
// not see it.
func TestRefusals(t *testing.T) {
	bytesOf := func(n int) []byte { return make([]byte, n) }
	iv := crypto.Params{IV: bytesOf(16)}
	property := func(path, detail string) *errs.Error { return errs.NewInvalidProperty(path, detail) }
	unsupported := func(a crypto.Algorithm, t crypto.KeyType) *errs.Error {
		return errs.NewUnsupportedAlgorithm(string(a), string(t))
	}
	rsa2048, p256, oct128, oct256 := crypto.RSA(2048), crypto.EC(crypto.P256), crypto.Oct(128), crypto.Oct(256)
	for _, c := range []struct {
		name  string
		spec  crypto.Spec
		op    crypto.Operation
		alg   crypto.Algorithm
		input []byte
		p     crypto.Params
		want  *errs.Error
	}{
		{"an unknown algorithm", rsa2048, crypto.OpSign, "none", bytesOf(32), crypto.Params{}, unsupported("none", "RSA")},
		{"no algorithm", oct128, crypto.OpEncrypt, "", bytesOf(32), crypto.Params{}, unsupported("", "oct")},
		{"ES256 with RSA", rsa2048, crypto.OpSign, crypto.ES256, bytesOf(32), crypto.Params{}, unsupported("ES256", "RSA")},
		{"RS256 with EC", p256, crypto.OpVerify, crypto.RS256, bytesOf(32), crypto.Params{}, unsupported("RS256", "EC")},
		{"RSA-OAEP with EC", p256, crypto.OpEncrypt, crypto.RSAOAEP, bytesOf(32), crypto.Params{}, unsupported("RSA-OAEP", "EC")},
		{"HS256 with EC", p256, crypto.OpSign, crypto.HS256, bytesOf(32), crypto.Params{}, unsupported("HS256", "EC")},
		{"signing with an encryption algorithm", rsa2048, crypto.OpSign, crypto.RSAOAEP, bytesOf(32), crypto.Params{}, unsupported("RSA-OAEP", "RSA")},
		{"encrypting with a signature algorithm", rsa2048, crypto.OpEncrypt, crypto.RS256, bytesOf(32), crypto.Params{}, unsupported("RS256", "RSA")},
		{"encrypting with a wrapping algorithm", oct128, crypto.OpEncrypt, crypto.A128KW, bytesOf(32), crypto.Params{}, unsupported("A128KW", "oct")},
		{"wrapping with AES-GCM", oct128, crypto.OpWrapKey, crypto.A128GCM, bytesOf(32), crypto.Params{}, unsupported("A128GCM", "oct")},
		{"wrapping with AES-CBC", oct128, crypto.OpUnwrapKey, crypto.A128CBC, bytesOf(32), crypto.Params{}, unsupported("A128CBC", "oct")},
		{"A256GCM with 128 bits", oct128, crypto.OpEncrypt, crypto.A256GCM, bytesOf(32), crypto.Params{}, unsupported("A256GCM", "oct")},
		{"A128KW with 256 bits", oct256, crypto.OpWrapKey, crypto.A128KW, bytesOf(32), crypto.Params{}, unsupported("A128KW", "oct")},

		{"ES384 on P-256", p256, crypto.OpSign, crypto.ES384, bytesOf(48), crypto.Params{}, errs.NewCurveMismatch(keyID, "P-256", "ES384", "P-384")},
		{"ES256K on P-256", p256, crypto.OpVerify, crypto.ES256K, bytesOf(32), crypto.Params{}, errs.NewCurveMismatch(keyID, "P-256", "ES256K", "P-256K")},
		{"ES256 on P-256K, wrong length too", crypto.EC(crypto.P256K), crypto.OpSign, crypto.ES256, bytesOf(3), crypto.Params{}, errs.NewCurveMismatch(keyID, "P-256K", "ES256", "P-256")},

		{"a short digest", rsa2048, crypto.OpSign, crypto.RS256, bytesOf(31), crypto.Params{}, errs.NewInvalidLength("RS256", 31, 32)},
		{"a long digest", rsa2048, crypto.OpVerify, crypto.PS512, bytesOf(65), crypto.Params{}, errs.NewInvalidLength("PS512", 65, 64)},
		{"no digest", p256, crypto.OpSign, crypto.ES256, nil, crypto.Params{}, errs.NewInvalidLength("ES256", 0, 32)},
		{"a digest as long as P-521", crypto.EC(crypto.P521), crypto.OpSign, crypto.ES512, bytesOf(66), crypto.Params{}, errs.NewInvalidLength("ES512", 66, 64)},
		{"RSNULL beyond its limit", rsa2048, crypto.OpSign, crypto.RSNULL, bytesOf(246), crypto.Params{}, property("value", "RSNULL takes at most 245 bytes with a key of 2048 bits")},

		{"RSA1_5 beyond its limit", rsa2048, crypto.OpEncrypt, crypto.RSA1_5, bytesOf(246), crypto.Params{}, property("value", "RSA1_5 takes at most 245 bytes with a key of 2048 bits")},
		{"RSA-OAEP beyond its limit", crypto.RSA(3072), crypto.OpWrapKey, crypto.RSAOAEP, bytesOf(343), crypto.Params{}, property("value", "RSA-OAEP takes at most 342 bytes with a key of 3072 bits")},
		{"RSA-OAEP-256 beyond its limit", crypto.RSA(4096), crypto.OpEncrypt, crypto.RSAOAEP256, bytesOf(447), crypto.Params{}, property("value", "RSA-OAEP-256 takes at most 446 bytes with a key of 4096 bits")},
		{"A128CBC of 17 bytes", oct128, crypto.OpEncrypt, crypto.A128CBC, bytesOf(17), iv, property("value", "A128CBC takes a multiple of 16 bytes")},
		{"A256KW of 20 bytes", oct256, crypto.OpWrapKey, crypto.A256KW, bytesOf(20), crypto.Params{}, property("value", "A256KW takes a multiple of 8 bytes")},
		{"A256KW of 8 bytes", oct256, crypto.OpWrapKey, crypto.A256KW, bytesOf(8), crypto.Params{}, property("value", "A256KW takes at least 16 bytes")},
		{"padded wrap of nothing", oct256, crypto.OpWrapKey, crypto.CKMAESKeyWrapPad, nil, crypto.Params{}, property("value", "CKM_AES_KEY_WRAP_PAD takes at least 1 bytes")},

		{"A128CBC without iv", oct128, crypto.OpEncrypt, crypto.A128CBC, bytesOf(16), crypto.Params{}, property("iv", "A128CBC takes an iv of 16 bytes")},
		{"A128CBCPAD with a short iv", oct128, crypto.OpEncrypt, crypto.A128CBCPAD, bytesOf(16), crypto.Params{IV: bytesOf(12)}, property("iv", "A128CBCPAD takes an iv of 16 bytes")},
		{"A128CBC with aad", oct128, crypto.OpEncrypt, crypto.A128CBC, bytesOf(16), crypto.Params{IV: bytesOf(16), AAD: bytesOf(1)}, property("aad", "A128CBC takes no aad")},
		{"A128CBC with a tag", oct128, crypto.OpDecrypt, crypto.A128CBC, bytesOf(16), crypto.Params{IV: bytesOf(16), Tag: bytesOf(16)}, property("tag", "A128CBC takes no tag")},
		{"A128GCM with an iv", oct128, crypto.OpEncrypt, crypto.A128GCM, bytesOf(16), crypto.Params{IV: bytesOf(12)}, property("iv", "A128GCM makes its own iv")},
		{"A128GCM with a tag", oct128, crypto.OpEncrypt, crypto.A128GCM, bytesOf(16), crypto.Params{Tag: bytesOf(16)}, property("tag", "A128GCM makes the tag")},
		{"RSA-OAEP with an iv", rsa2048, crypto.OpEncrypt, crypto.RSAOAEP, bytesOf(16), iv, property("iv", "RSA-OAEP takes no iv")},
		{"RSA-OAEP with aad", rsa2048, crypto.OpDecrypt, crypto.RSAOAEP, bytesOf(256), crypto.Params{AAD: bytesOf(1)}, property("aad", "RSA-OAEP takes no aad")},
	} {
		k, s := spied(t, c.spec, allOperations...)
		err := call(t.Context(), k, c.op, c.alg, c.input, c.p)
		if err == nil || err.Error() != c.want.Error() || !errors.Is(err, errs.BadParameter) || errs.StatusOf(err) != 400 {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if s.calls != 0 {
			t.Errorf("%s: the driver was asked", c.name)
		}
	}
}

// TestKeyOps: a key does what its key_ops list and nothing else, and says so
// before it looks at anything else.
func TestKeyOps(t *testing.T) {
	for _, spec := range []crypto.Spec{crypto.RSA(2048), crypto.EC(crypto.P256), crypto.Oct(256)} {
		for i, missing := range allOperations {
			others := slices.Delete(slices.Clone(allOperations), i, i+1)
			k, s := spied(t, spec, append(others, crypto.OpImport, crypto.OpExport)...)
			err := call(t.Context(), k, missing, "no algorithm", nil, crypto.Params{IV: []byte{1}})
			want := errs.NewKeyOperationForbidden(string(missing))
			if err == nil || err.Error() != want.Error() || !errors.Is(err, errs.Forbidden) || s.calls != 0 {
				t.Errorf("%v without %s: %v, want %v", spec, missing, err, want)
			}
			alone, _ := spied(t, spec, missing)
			if err := call(t.Context(), alone, missing, "no algorithm", nil, crypto.Params{}); errors.Is(err, errs.Forbidden) {
				t.Errorf("%v with %s alone: %v", spec, missing, err)
			}
		}
	}
}

func TestCancelled(t *testing.T) {
	cause := errors.New("the caller left")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	k, s := spied(t, crypto.Oct(128))
	for _, op := range allOperations {
		if err := call(ctx, k, op, "no algorithm", nil, crypto.Params{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", op, err)
		}
	}
	if s.calls != 0 {
		t.Error("the driver was asked")
	}
}

// TestPublicOperations: what needs the public key alone never reaches the driver.
func TestPublicOperations(t *testing.T) {
	for _, spec := range []crypto.Spec{crypto.RSA(2048), crypto.EC(crypto.P521), crypto.EC(crypto.P256K)} {
		k, s := spied(t, spec, allOperations...)
		for _, a := range crypto.Algorithms() {
			row, _ := crypto.Lookup(a)
			if row.Type != spec.Type || row.Curve != spec.Curve {
				continue
			}
			input := make([]byte, row.Digest)
			for _, op := range []crypto.Operation{crypto.OpVerify, crypto.OpEncrypt, crypto.OpWrapKey} {
				if row.Allows(op) {
					if err := call(t.Context(), k, op, a, input, crypto.Params{}); err != nil {
						t.Errorf("%v: %s with %s: %v", spec, op, a, err)
					}
				}
			}
		}
		if s.calls != 0 {
			t.Errorf("%v: the driver was asked %d times", spec, s.calls)
		}
	}
}

func TestWithOperations(t *testing.T) {
	ops := []crypto.Operation{crypto.OpVerify, crypto.OpSign}
	k, _ := spied(t, crypto.EC(crypto.P256), ops...)
	ops[0] = crypto.OpEncrypt
	none := k.WithOperations(nil)
	if got := k.Operations(); !slices.Equal(got, []crypto.Operation{crypto.OpVerify, crypto.OpSign}) {
		t.Errorf("the key's operations became %v", got)
	}
	if len(none.Operations()) != 0 || none.Private() != k.Private() || none.ID() != k.ID() || none.Spec() != k.Spec() {
		t.Errorf("WithOperations changed more than operations: %v", none)
	}
	if _, err := none.Sign(t.Context(), crypto.ES256, make([]byte, 32)); !errors.Is(err, errs.Forbidden) {
		t.Errorf("a key without operations signs: %v", err)
	}
	if _, err := none.WithOperations([]crypto.Operation{"future", crypto.OpSign}).Sign(t.Context(), crypto.ES256, make([]byte, 32)); err != nil {
		t.Errorf("a key that may sign: %v", err)
	}
}

// TestKeySharesNothing: a caller may change what it got.
func TestKeySharesNothing(t *testing.T) {
	for _, spec := range []crypto.Spec{crypto.RSA(2048), crypto.EC(crypto.P384), crypto.EC(crypto.P256K)} {
		k, _ := spied(t, spec, crypto.OpSign)
		want := k.JWK().String()
		j := k.JWK()
		for _, member := range [][]byte{j.N, j.E, j.X, j.Y} {
			clear(member)
		}
		j.KeyOps[0], k.Operations()[0] = "changed", "changed"
		switch pub := k.PublicKey().(type) {
		case *rsa.PublicKey:
			pub.N.SetInt64(1)
		case *ecdsa.PublicKey:
			*pub = ecdsa.PublicKey{}
		case *secp256k1.PublicKey:
			*pub = secp256k1.PublicKey{}
		}
		if got := k.JWK().String(); got != want {
			t.Errorf("%v became %s", spec, got)
		}
		if p := k.PublicKey(); p == nil {
			t.Errorf("%v has no public key", spec)
		}
	}
}

// TestPublicKey: the standard library's form of the public part.
func TestPublicKey(t *testing.T) {
	r, _ := spied(t, crypto.RSA(2048))
	if pub, ok := r.PublicKey().(*rsa.PublicKey); !ok || !bytes.Equal(pub.N.Bytes(), r.JWK().N) || pub.E != 65537 {
		t.Errorf("RSA: %T", r.PublicKey())
	}
	e, _ := spied(t, crypto.EC(crypto.P521))
	pub, ok := e.PublicKey().(*ecdsa.PublicKey)
	if !ok {
		t.Fatalf("EC: %T", e.PublicKey())
	}
	if point, err := pub.Bytes(); err != nil || !bytes.Equal(point, slices.Concat([]byte{4}, e.JWK().X, e.JWK().Y)) {
		t.Errorf("EC: %x, %v", point, err)
	}
	k, _ := spied(t, crypto.EC(crypto.P256K))
	if pub, ok := k.PublicKey().(*secp256k1.PublicKey); !ok || !bytes.Equal(pub.SerializeUncompressed()[1:33], k.JWK().X) {
		t.Errorf("P-256K: %T", k.PublicKey())
	}
	o, _ := spied(t, crypto.Oct(128))
	if pub := o.PublicKey(); pub != nil {
		t.Errorf("oct: %T", pub)
	}
}

// faulty is a Private with a public part or spec of its own.
type faulty struct {
	crypto.Private
	spec   crypto.Spec
	public crypto.JWK
}

func (f faulty) Spec() crypto.Spec  { return f.spec }
func (f faulty) Public() crypto.JWK { return f.public }

func TestNewKeyRefuses(t *testing.T) {
	r, e := cryptotest.JWK(t, crypto.RSA(2048)).Public(), cryptotest.JWK(t, crypto.EC(crypto.P256)).Public()
	rsaSpec := crypto.Spec{Type: crypto.KeyTypeRSA, Size: 2048, PublicExponent: 65537}
	change := func(j crypto.JWK, f func(*crypto.JWK)) crypto.JWK { f(&j); return j }
	if _, err := crypto.NewKey(keyID, nil, nil); err == nil {
		t.Error("a key without a private key")
	}
	if _, err := crypto.NewKey(keyID, faulty{spec: rsaSpec, public: r}, []crypto.Operation{"signing"}); err == nil {
		t.Error("a key with an unknown operation")
	}
	for name, f := range map[string]faulty{
		"no spec":                  {public: r},
		"a spec not normalized":    {spec: crypto.RSA(2048), public: r},
		"another type":             {spec: rsaSpec, public: e},
		"another size":             {spec: crypto.Spec{Type: "RSA", Size: 3072, PublicExponent: 65537}, public: r},
		"another exponent":         {spec: crypto.Spec{Type: "RSA", Size: 2048, PublicExponent: 3}, public: r},
		"an exponent of 300 bytes": {spec: rsaSpec, public: change(r, func(j *crypto.JWK) { j.E = bytes.Repeat([]byte{1}, 300) })},
		"no modulus":               {spec: rsaSpec, public: change(r, func(j *crypto.JWK) { j.N = nil })},
		"another curve":            {spec: crypto.EC(crypto.P384), public: e},
		"a point off the curve":    {spec: crypto.EC(crypto.P256), public: change(e, func(j *crypto.JWK) { j.X = j.Y })},
		"a short coordinate":       {spec: crypto.EC(crypto.P256), public: change(e, func(j *crypto.JWK) { j.X = j.X[1:] })},
		"a point off P-256K":       {spec: crypto.EC(crypto.P256K), public: change(e, func(j *crypto.JWK) { j.Crv = crypto.P256K })},
	} {
		if _, err := crypto.NewKey(keyID, f, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestKeyKeepsNoPrivateMembers: a careless driver does not make a key leak.
func TestKeyKeepsNoPrivateMembers(t *testing.T) {
	careless := faulty{spec: crypto.Oct(128), public: cryptotest.JWK(t, crypto.Oct(128))}
	k, err := crypto.NewKey(keyID, careless, allOperations)
	if err != nil {
		t.Fatal(err)
	}
	if j := k.JWK(); j.K != nil || j.KID != "" || !slices.Equal(j.KeyOps, allOperations) {
		t.Errorf("the key shows %#v", j)
	}
}

// TestVerifyRefusesForeignForms: an ECDSA signature is r and s and nothing
// else, both from 1 to one less than the order.
func TestVerifyRefusesForeignForms(t *testing.T) {
	for curve, a := range map[crypto.Curve]crypto.Algorithm{crypto.P256: crypto.ES256, crypto.P256K: crypto.ES256K} {
		k, _ := spied(t, crypto.EC(curve), crypto.OpVerify, crypto.OpSign)
		digest := bytes.Repeat([]byte{5}, 32)
		good, err := k.Sign(t.Context(), a, digest)
		if err != nil {
			t.Fatal(err)
		}
		zero, most := make([]byte, 32), bytes.Repeat([]byte{255}, 32)
		for name, signature := range map[string][]byte{
			"r zero": slices.Concat(zero, good[32:]), "s zero": slices.Concat(good[:32], zero), "both zero": slices.Concat(zero, zero),
			"r too large": slices.Concat(most, good[32:]), "s too large": slices.Concat(good[:32], most),
			"halves swapped":             slices.Concat(good[32:], good[:32]),
			"one byte more in each half": slices.Concat([]byte{0}, good[:32], []byte{0}, good[32:]),
		} {
			if ok, err := k.Verify(t.Context(), a, digest, signature); ok || err != nil {
				t.Errorf("%s, %s: %t, %v", a, name, ok, err)
			}
		}
	}
}
