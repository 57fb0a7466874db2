package soft_test

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/soft"
)

// A key is made by a driver and used through crypto.Key.
func Example() {
	ctx := context.Background()
	spec, _ := crypto.EC(crypto.P256).Normalize()
	private, err := soft.New().Generate(ctx, spec)
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := crypto.NewKey("https://app.vault.azure.net/keys/signing/1", private, spec.DefaultOperations())
	if err != nil {
		fmt.Println(err)
		return
	}

	digest := sha256.Sum256([]byte("what is signed"))
	signature, err := key.Sign(ctx, crypto.ES256, digest[:])
	fmt.Println(len(signature), err)
	fmt.Println(key.Verify(ctx, crypto.ES256, digest[:], signature))

	_, err = key.Encrypt(ctx, crypto.RSAOAEP256, []byte("secret"), crypto.Params{})
	fmt.Println(err != nil) // key_ops has no encrypt
	// Output:
	// 64 <nil>
	// true <nil>
	// true
}

// What a driver's blob holds, the driver opens again.
func ExampleDriver_Open() {
	ctx := context.Background()
	driver := soft.New()
	private, err := driver.Generate(ctx, crypto.Oct(256))
	if err != nil {
		fmt.Println(err)
		return
	}
	stored := private.Blob() // to be sealed by who stores it
	again, err := driver.Open(ctx, stored)
	fmt.Println(again.Spec(), err)
	// Output: oct 256 <nil>
}
