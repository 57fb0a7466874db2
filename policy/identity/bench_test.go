package identity_test

import (
	"strings"
	"testing"

	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
)

// benchToken is a token of an application: 1.1 KB, as those of most callers.
func benchToken(b *testing.B) (*identity.Tenant, *identity.Verifier, string) {
	dir, _ := tenant(b)
	text := token(b, dir, app(b, dir, "billing"))
	if len(text) < 1000 || len(text) > 1200 {
		b.Fatalf("the token has %d bytes", len(text))
	}
	return dir, identity.NewVerifier(dir, "", ""), text
}

// BenchmarkVerifyHit looks at a token again, in another copy as it comes out of the
// next request.
func BenchmarkVerifyHit(b *testing.B) {
	_, v, text := benchToken(b)
	must[*policy.Principal](b)(v.Verify(text, start))
	again := strings.Clone(text)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(again, start); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyHitParallel(b *testing.B) {
	_, v, text := benchToken(b)
	must[*policy.Principal](b)(v.Verify(text, start))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		again := strings.Clone(text)
		for pb.Next() {
			if _, err := v.Verify(again, start); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkVerifyHitCrowd has as many tokens as are remembered, so most hits are
// found under the lock.
func BenchmarkVerifyHitCrowd(b *testing.B) {
	dir := identity.New(&identity.Options{NewKey: pool(smallKey), Now: newClock().Now})
	v := identity.NewVerifier(dir, "", "")
	m := must[*identity.ManagedIdentity](b)(dir.NewManagedIdentity(webApp, nil))
	texts := make([]string, identity.MaxRemembered)
	for i := range texts {
		texts[i] = token(b, dir, m)
		must[*policy.Principal](b)(v.Verify(texts[i], start))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := v.Verify(texts[i%len(texts)], start); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifyFirst is a token nobody has seen: cryptography each time.
func BenchmarkVerifyFirst(b *testing.B) {
	dir, _, text := benchToken(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := identity.NewVerifier(dir, "", "").Verify(text, start); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRefuse(b *testing.B) {
	_, v, text := benchToken(b)
	f := newForge(b, text, rsaKey())
	for name, wrong := range map[string]string{
		"expired":     f.claim("exp", 1),
		"algorithm":   f.sign(f.head.with("alg", "none"), f.claims),
		"not-a-token": "hunter2",
		"huge":        strings.Repeat("A", 10<<20),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(wrong, start); err == nil {
					b.Fatal("accepted")
				}
			}
		})
	}
}

func BenchmarkIssue(b *testing.B) {
	dir, _ := tenant(b)
	a := app(b, dir, "a")
	token(b, dir, a)
	b.ReportAllocs()
	for b.Loop() {
		token(b, dir, a)
	}
}

func BenchmarkNewTenant(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		dir := identity.New(nil)
		identity.NewVerifier(dir, "", "")
	}
}
