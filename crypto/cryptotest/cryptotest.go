// Package cryptotest is the definition of a correct crypto.Driver: a suite
// that every driver passes unchanged.
//
//	func TestDriver(t *testing.T) {
//		open := func(testing.TB) crypto.Driver { return soft.New() }
//		cryptotest.RunDriver(t, open, crypto.KeyTypeRSA, crypto.KeyTypeEC, crypto.KeyTypeOct)
//	}
//
// The suite asks the driver for every size and curve of the types it serves,
// runs every algorithm of the table on the keys it gets, and compares them on
// fixed keys with the standard library. It takes in what must be refused:
// broken keys, broken blobs, ciphertexts that do not open, algorithms of
// another type, types that are not served. For -HSM types it also checks that
// a blob does not show the key.
//
// JWK gives tests the fixed keys.
package cryptotest

import (
	"context"
	"errors"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
)

// RunDriver tests the driver that open returns, which serves exactly these
// types of keys. Open is called once for each of the suite's parts.
func RunDriver(t *testing.T, open func(testing.TB) crypto.Driver, types ...crypto.KeyType) {
	if len(types) == 0 {
		t.Fatal("cryptotest: a driver serves at least one type of key")
	}
	parts := []struct {
		name string
		run  func(*suite, *testing.T)
	}{
		{"Generate", (*suite).generate},
		{"Import", (*suite).importing},
		{"ImportRefuses", (*suite).importRefuses},
		{"Reference", (*suite).reference},
		{"OpenRefuses", (*suite).openRefuses},
		{"DoesNotOpen", (*suite).doesNotOpen},
		{"OtherAlgorithms", (*suite).otherAlgorithms},
		{"OtherTypes", (*suite).otherTypes},
		{"Cancelled", (*suite).cancelled},
		{"Concurrent", (*suite).concurrent},
		{"Secrecy", (*suite).secrecy},
	}
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) {
			part.run(&suite{driver: open(t), types: types}, t)
		})
	}
}

// suite is one driver under test.
type suite struct {
	driver crypto.Driver
	types  []crypto.KeyType
}

// specs returns every key of one type: all sizes, all curves.
func specs(t crypto.KeyType) []crypto.Spec {
	switch t.Base() {
	case crypto.KeyTypeRSA:
		return []crypto.Spec{{Type: t, Size: 2048}, {Type: t, Size: 3072}, {Type: t, Size: 4096}}
	case crypto.KeyTypeEC:
		return []crypto.Spec{{Type: t, Curve: crypto.P256}, {Type: t, Curve: crypto.P384}, {Type: t, Curve: crypto.P521}, {Type: t, Curve: crypto.P256K}}
	}
	return []crypto.Spec{{Type: t, Size: 128}, {Type: t, Size: 192}, {Type: t, Size: 256}}
}

// eachSpec runs f for every key that the driver serves.
func (s *suite) eachSpec(t *testing.T, f func(*testing.T, crypto.Spec)) {
	for _, kty := range s.types {
		for _, spec := range specs(kty) {
			t.Run(spec.String(), func(t *testing.T) { f(t, normalized(t, spec)) })
		}
	}
}

// fixed imports the fixed key of a spec.
func (s *suite) fixed(t *testing.T, spec crypto.Spec) crypto.Private {
	t.Helper()
	p, err := s.driver.Import(t.Context(), JWK(t, spec))
	if err != nil {
		t.Fatalf("Import of the fixed %v key: %v", spec, err)
	}
	return p
}

func normalized(t *testing.T, spec crypto.Spec) crypto.Spec {
	t.Helper()
	n, err := spec.Normalize()
	if err != nil {
		t.Fatalf("Normalize(%+v): %v", spec, err)
	}
	return n
}

// newKey makes a Key that may do everything.
func newKey(t *testing.T, p crypto.Private) *crypto.Key {
	t.Helper()
	k, err := crypto.NewKey("https://a.vault.azure.net/keys/k/1", p, []crypto.Operation{
		crypto.OpEncrypt, crypto.OpDecrypt, crypto.OpSign, crypto.OpVerify, crypto.OpWrapKey, crypto.OpUnwrapKey,
	})
	if err != nil {
		t.Fatalf("NewKey: %v", err)
	}
	return k
}

// algorithms returns the rows that a key of this spec computes.
func algorithms(spec crypto.Spec) []crypto.Info {
	var rows []crypto.Info
	for _, a := range crypto.Algorithms() {
		row, _ := crypto.Lookup(a)
		if row.Type == spec.Type.Base() && row.Curve == spec.Curve && (row.Size == 0 || row.Size == spec.Size) {
			rows = append(rows, row)
		}
	}
	return rows
}

// must returns the bytes of a call that must not fail: must(t)(k.Sign(…)).
func must(t *testing.T) func([]byte, error) []byte {
	t.Helper()
	return func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

// wantRefused checks for a refusal of the request: one of the catalogue, and
// no fault of the service.
func wantRefused(t *testing.T, what string, err error) {
	t.Helper()
	var refusal *errs.Error
	if !errors.As(err, &refusal) || refusal.Status >= 500 {
		t.Errorf("%s: got %v, want a refusal of the catalogue", what, err)
	}
}

// wantSame checks for exactly the error want: same status, same text.
func wantSame(t *testing.T, what string, err error, want *errs.Error) {
	t.Helper()
	var got *errs.Error
	if !errors.As(err, &got) || got.Error() != want.Error() || got.Status != want.Status {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

// cancelled: a driver does not begin what nobody waits for.
func (s *suite) cancelled(t *testing.T) {
	blob := s.fixed(t, specs(s.types[0])[0]).Blob()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.driver.Generate(ctx, normalized(t, specs(s.types[0])[0])); !errors.Is(err, context.Canceled) {
		t.Errorf("Generate: %v", err)
	}
	if _, err := s.driver.Import(ctx, JWK(t, specs(s.types[0])[0])); !errors.Is(err, context.Canceled) {
		t.Errorf("Import: %v", err)
	}
	if _, err := s.driver.Open(ctx, blob); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v", err)
	}
}
