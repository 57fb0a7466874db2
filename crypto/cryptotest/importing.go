package cryptotest

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
)

// importing: the fixed keys are taken in and work, with leading zeros and
// members of another type too, and RSA primes in either order.
func (s *suite) importing(t *testing.T) {
	s.eachSpec(t, func(t *testing.T, spec crypto.Spec) {
		j := JWK(t, spec)
		for what, variant := range accepted(j) {
			p, err := s.driver.Import(t.Context(), variant)
			if err != nil {
				t.Fatalf("%s: Import: %v", what, err)
			}
			if p.Spec() != spec {
				t.Errorf("%s: Spec() = %+v, want %+v", what, p.Spec(), spec)
			}
			if want := (crypto.JWK{Kty: j.Kty, N: j.N, E: j.E, Crv: j.Crv, X: j.X, Y: j.Y}); p.Public().String() != want.String() {
				t.Errorf("%s: Public() = %v, want %v", what, p.Public(), want)
			}
			checkPublic(t, p)
			glance(t, p)
		}
		s.reopen(t, s.fixed(t, spec))
	})
}

// accepted returns j and other ways to write it.
func accepted(j crypto.JWK) map[string]crypto.JWK {
	variants := map[string]crypto.JWK{"as it is": j}
	zeros := j
	for _, member := range []*[]byte{&zeros.N, &zeros.E, &zeros.D, &zeros.P, &zeros.Q, &zeros.DP, &zeros.DQ, &zeros.QI, &zeros.X, &zeros.Y} {
		if len(*member) > 0 {
			*member = append([]byte{0, 0}, *member...)
		}
	}
	foreign := j
	foreign.KID, foreign.KeyOps = "https://other/keys/k", []crypto.Operation{"whatever"}
	if j.Kty.Base() == crypto.KeyTypeRSA {
		foreign.Crv = crypto.P256
		variants["primes swapped"] = swapped(j)
		variants["leading zeros"] = zeros
	}
	if j.Kty.Base() == crypto.KeyTypeEC {
		foreign.N, foreign.K = []byte{1}, []byte{2}
		variants["leading zeros"] = zeros
	}
	variants["foreign members"] = foreign
	return variants
}

// swapped exchanges the primes of an RSA key and what depends on their order.
func swapped(j crypto.JWK) crypto.JWK {
	j.P, j.Q, j.DP, j.DQ = j.Q, j.P, j.DQ, j.DP
	p, q := new(big.Int).SetBytes(j.P), new(big.Int).SetBytes(j.Q)
	j.QI = new(big.Int).ModInverse(q, p).Bytes()
	return j
}

// importRefuses: whatever is wrong with a JWK, the answer is the same.
func (s *suite) importRefuses(t *testing.T) {
	for _, kty := range s.types {
		for what, j := range broken(t, JWK(t, specs(kty)[0])) {
			_, err := s.driver.Import(t.Context(), j)
			wantSame(t, string(kty)+" "+what, err, errs.NewInvalidJWK())
		}
	}
	for what, j := range map[string]crypto.JWK{"empty": {}, "of an unknown type": {Kty: "OKP", D: []byte{1}}} {
		_, err := s.driver.Import(t.Context(), j)
		wantSame(t, what, err, errs.NewInvalidJWK())
	}
}

func broken(t *testing.T, j crypto.JWK) map[string]crypto.JWK {
	switch j.Kty.Base() {
	case crypto.KeyTypeRSA:
		return brokenRSA(t, j)
	case crypto.KeyTypeEC:
		return brokenEC(j)
	}
	cut := func(n int) crypto.JWK { return crypto.JWK{Kty: j.Kty, K: text(n)} }
	return map[string]crypto.JWK{
		"without k": {Kty: j.Kty}, "1 byte": cut(1), "15 bytes": cut(15), "17 bytes": cut(17), "31 bytes": cut(31),
		"33 bytes": cut(33), "64 bytes": cut(64), "only a wrapped key": {Kty: j.Kty, T: text(100)},
	}
}

// with returns j after a change.
func with(j crypto.JWK, change func(*crypto.JWK)) crypto.JWK {
	change(&j)
	return j
}

func brokenRSA(t *testing.T, j crypto.JWK) map[string]crypto.JWK {
	variants := map[string]crypto.JWK{
		"only the public part":          j.Public(),
		"p and q swapped without qi":    with(j, func(j *crypto.JWK) { j.P, j.Q, j.DP, j.DQ = j.Q, j.P, j.DQ, j.DP }),
		"dp and dq swapped":             with(j, func(j *crypto.JWK) { j.DP, j.DQ = j.DQ, j.DP }),
		"p equal to q":                  with(j, func(j *crypto.JWK) { j.Q, j.DQ = j.P, j.DP }),
		"an exponent that is even":      with(j, func(j *crypto.JWK) { j.E = []byte{1, 0, 0} }),
		"an exponent of 1":              with(j, func(j *crypto.JWK) { j.E = []byte{1} }),
		"an exponent of 5 bytes":        with(j, func(j *crypto.JWK) { j.E = []byte{1, 0, 0, 0, 1} }),
		"another exponent":              with(j, func(j *crypto.JWK) { j.E = []byte{3} }),
		"a huge modulus":                with(j, func(j *crypto.JWK) { j.N = text(1 << 16) }),
		"a huge private exponent":       with(j, func(j *crypto.JWK) { j.D = text(1 << 16) }),
		"primes that are not prime":     compositePrimes(j),
		"a modulus of 1024 bits":        tinyRSA(t),
		"all members the same number 1": {Kty: j.Kty, N: one, E: one, D: one, P: one, Q: one, DP: one, DQ: one, QI: one},
	}
	for name, member := range map[string]func(*crypto.JWK) *[]byte{
		"n": func(j *crypto.JWK) *[]byte { return &j.N }, "e": func(j *crypto.JWK) *[]byte { return &j.E },
		"d": func(j *crypto.JWK) *[]byte { return &j.D }, "p": func(j *crypto.JWK) *[]byte { return &j.P },
		"q": func(j *crypto.JWK) *[]byte { return &j.Q }, "dp": func(j *crypto.JWK) *[]byte { return &j.DP },
		"dq": func(j *crypto.JWK) *[]byte { return &j.DQ }, "qi": func(j *crypto.JWK) *[]byte { return &j.QI },
	} {
		variants["without "+name] = with(j, func(j *crypto.JWK) { *member(j) = nil })
		variants["zero "+name] = with(j, func(j *crypto.JWK) { *member(j) = []byte{0} })
		variants["changed "+name] = with(j, func(j *crypto.JWK) { *member(j) = flip(*member(j), 0) })
		variants["even "+name] = with(j, func(j *crypto.JWK) { m := *member(j); *member(j) = flip(m, len(m)-1) })
	}
	for name, v := range variants {
		v.Kty = j.Kty
		variants[name] = v
	}
	return variants
}

var one = []byte{1}

// compositePrimes returns a key of the right size whose first prime is a
// product. Every relation between its numbers holds, except that it signs.
func compositePrimes(j crypto.JWK) crypto.JWK {
	unit := big.NewInt(1)
	e := new(big.Int).SetBytes(j.E)
	q := new(big.Int).SetBytes(j.Q)
	qMinus1 := new(big.Int).Sub(q, unit)
	p := new(big.Int).Lsh(big.NewInt(3), 1022) // from here on, multiples of 3
	for p.Add(p, big.NewInt(3)); ; p.Add(p, big.NewInt(6)) {
		pMinus1 := new(big.Int).Sub(p, unit)
		dp := new(big.Int).ModInverse(e, pMinus1)
		lambda := new(big.Int).Mul(pMinus1, qMinus1)
		lambda.Div(lambda, new(big.Int).GCD(nil, nil, pMinus1, qMinus1))
		d, qi := new(big.Int).ModInverse(e, lambda), new(big.Int).ModInverse(q, p)
		if dp == nil || d == nil || qi == nil {
			continue
		}
		j.N, j.D, j.P = new(big.Int).Mul(p, q).Bytes(), d.Bytes(), p.Bytes()
		j.DP, j.DQ, j.QI = dp.Bytes(), new(big.Int).Mod(d, qMinus1).Bytes(), qi.Bytes()
		return j
	}
}

func brokenEC(j crypto.JWK) map[string]crypto.JWK {
	order, _ := new(big.Int).SetString("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)
	return map[string]crypto.JWK{
		"only the public part":           j.Public(),
		"without x":                      with(j, func(j *crypto.JWK) { j.X = nil }),
		"without y":                      with(j, func(j *crypto.JWK) { j.Y = nil }),
		"without crv":                    with(j, func(j *crypto.JWK) { j.Crv = "" }),
		"an unknown curve":               with(j, func(j *crypto.JWK) { j.Crv = "P-224" }),
		"another curve of the same size": with(j, func(j *crypto.JWK) { j.Crv = crypto.P256K }),
		"a larger curve":                 with(j, func(j *crypto.JWK) { j.Crv = crypto.P521 }),
		"a point that is off the curve":  with(j, func(j *crypto.JWK) { j.Y = flip(j.Y, 31) }),
		"the opposite point":             with(j, func(j *crypto.JWK) { j.Y = opposite(j.Y) }),
		"another scalar":                 with(j, func(j *crypto.JWK) { j.D = flip(j.D, 31) }),
		"a scalar of zero":               with(j, func(j *crypto.JWK) { j.D = make([]byte, 32) }),
		"the order as scalar":            with(j, func(j *crypto.JWK) { j.D = order.Bytes() }),
		"a scalar beyond the order":      with(j, func(j *crypto.JWK) { j.D = new(big.Int).Add(order, new(big.Int).SetBytes(j.D)).Bytes() }),
		"a scalar that is too long":      with(j, func(j *crypto.JWK) { j.D = append([]byte{1}, j.D...) }),
		"a coordinate that is too long":  with(j, func(j *crypto.JWK) { j.X = append([]byte{1}, j.X...) }),
		"the point at infinity":          with(j, func(j *crypto.JWK) { j.X, j.Y = make([]byte, 32), make([]byte, 32) }),
	}
}

// opposite returns the other coordinate of a point on P-256.
func opposite(y []byte) []byte {
	p, _ := new(big.Int).SetString("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", 16)
	return bytes.TrimLeft(p.Sub(p, new(big.Int).SetBytes(y)).Bytes(), "\x00")
}

// tinyRSA returns a sound key of 1024 bits.
func tinyRSA(t *testing.T) crypto.JWK {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	return crypto.JWK{
		N: k.N.Bytes(), E: big.NewInt(int64(k.E)).Bytes(), D: k.D.Bytes(),
		P: k.Primes[0].Bytes(), Q: k.Primes[1].Bytes(),
		DP: k.Precomputed.Dp.Bytes(), DQ: k.Precomputed.Dq.Bytes(), QI: k.Precomputed.Qinv.Bytes(),
	}
}
