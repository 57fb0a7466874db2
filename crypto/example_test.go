package crypto_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"

	"github.com/embedvault/embedvault/crypto"
)

// A row of the algorithm table.
func ExampleLookup() {
	row, ok := crypto.Lookup(crypto.ES512)
	fmt.Println(ok, row.Mechanism, row.Curve, row.Hash, row.Digest, row.Operations())
	// Output: true ECDSA P-521 SHA-512 64 [sign verify]
}

// What a request leaves out is filled in, and what belongs to another type of
// key is ignored.
func ExampleSpec_Normalize() {
	spec, err := crypto.Spec{Type: crypto.KeyTypeRSAHSM, Curve: "P-256"}.Normalize()
	fmt.Println(spec, spec.PublicExponent, err)
	_, err = crypto.RSA(1024).Normalize()
	fmt.Println(err != nil)
	// Output:
	// RSA-HSM 2048 65537 <nil>
	// true
}

// A JWK never prints its private part.
func ExampleJWK() {
	var j crypto.JWK
	err := json.Unmarshal([]byte(`{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1","use":"enc","key_ops":["unwrapKey","wrapKey"]}`), &j)
	fmt.Println(j, err)
	wire, _ := json.Marshal(j)
	fmt.Println(len(wire) > len(j.String()))
	// Output:
	// {"kty":"oct","key_ops":["unwrapKey","wrapKey"]} <nil>
	// true
}

// A key of the standard library becomes a JWK to import, and the public part of
// a JWK a key to verify with.
func ExampleNewJWK() {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	j, err := crypto.NewJWK(private)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(j.Kty, j.Crv, len(j.D))
	public, err := j.Public().PublicKey()
	fmt.Println(private.PublicKey.Equal(public), err)
	// Output:
	// EC P-256 32
	// true <nil>
}
