package cryptotest

import (
	"bytes"
	"testing"

	"github.com/embedvault/embedvault/crypto"
)

// generate: every key that can be asked for works, is what was asked for,
// survives its blob, and is not made twice.
func (s *suite) generate(t *testing.T) {
	s.eachSpec(t, func(t *testing.T, spec crypto.Spec) { s.generateOne(t, spec, exercise) })
	if kty := s.served(crypto.KeyTypeRSA); kty != "" {
		for _, e := range []int{3, 1<<31 - 1} {
			s.generateOne(t, crypto.Spec{Type: kty, Size: 2048, PublicExponent: e}, glance)
		}
	}
	if kty := s.served(crypto.KeyTypeEC); kty != "" {
		a, b := s.mustGenerate(t, crypto.Spec{Type: kty, Curve: crypto.P256}), s.mustGenerate(t, crypto.Spec{Type: kty, Curve: crypto.P256})
		if bytes.Equal(a.Public().X, b.Public().X) {
			t.Error("two generated keys are the same")
		}
	}
}

func (s *suite) generateOne(t *testing.T, spec crypto.Spec, try func(*testing.T, crypto.Private)) {
	p := s.mustGenerate(t, spec)
	if p.Spec() != spec {
		t.Errorf("Spec() = %+v, want %+v", p.Spec(), spec)
	}
	checkPublic(t, p)
	try(t, p)
	s.reopen(t, p)
}

func (s *suite) mustGenerate(t *testing.T, spec crypto.Spec) crypto.Private {
	t.Helper()
	p, err := s.driver.Generate(t.Context(), spec)
	if err != nil {
		t.Fatalf("Generate(%+v): %v", spec, err)
	}
	return p
}

// served returns the type of this family that the driver serves, or "".
func (s *suite) served(base crypto.KeyType) crypto.KeyType {
	for _, kty := range s.types {
		if kty.Base() == base {
			return kty
		}
	}
	return ""
}

// checkPublic: Public has the members of its type and no others.
func checkPublic(t *testing.T, p crypto.Private) {
	t.Helper()
	j := p.Public()
	if j.Kty != p.Spec().Type || j.Crv != p.Spec().Curve {
		t.Errorf("Public() is of type %q and curve %q, want %v", j.Kty, j.Crv, p.Spec())
	}
	for name, member := range map[string][]byte{
		"d": j.D, "dp": j.DP, "dq": j.DQ, "qi": j.QI, "p": j.P, "q": j.Q, "k": j.K, "key_hsm": j.T,
	} {
		if member != nil {
			t.Errorf("Public() shows %s", name)
		}
	}
	rsa, ec := p.Spec().Type.Base() == crypto.KeyTypeRSA, p.Spec().Type.Base() == crypto.KeyTypeEC
	for name, ok := range map[string]bool{
		"n": (len(j.N) > 0) == rsa, "e": (len(j.E) > 0) == rsa,
		"x": (len(j.X) > 0) == ec, "y": (len(j.Y) > 0) == ec,
	} {
		if !ok {
			t.Errorf("Public() of %v: member %s is there and should not be, or the reverse", p.Spec(), name)
		}
	}
}

// reopen: the blob gives the same key back, and one works with what the other made.
func (s *suite) reopen(t *testing.T, p crypto.Private) {
	t.Helper()
	again, err := s.driver.Open(t.Context(), p.Blob())
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	if again.Spec() != p.Spec() || again.Public().String() != p.Public().String() {
		t.Fatalf("the blob gave back another key: %v", again.Public())
	}
	row := algorithms(p.Spec())[0] // every type of key signs or makes a MAC
	digest := text(row.Digest)
	signature := must(t)(newKey(t, again).Sign(t.Context(), row.Algorithm, digest))
	if ok, err := newKey(t, p).Verify(t.Context(), row.Algorithm, digest, signature); !ok || err != nil {
		t.Errorf("the original does not verify what the reopened key signed: %v", err)
	}
}
