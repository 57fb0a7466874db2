package hsm_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
)

// A key is made in a module, used through crypto.Key and kept as a blob that
// only the module can open.
func Example() {
	ctx := context.Background()
	module, err := hsm.New(&hsm.Options{Name: "seven"})
	if err != nil {
		fmt.Println(err)
		return
	}
	private, err := module.Driver(false).Generate(ctx, crypto.EC(crypto.P256).HSM())
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := crypto.NewKey("https://app.vault.azure.net/keys/signing/1", private, []crypto.Operation{crypto.OpSign, crypto.OpVerify})
	if err != nil {
		fmt.Println(err)
		return
	}
	digest := sha256.Sum256([]byte("what is signed"))
	signature, err := key.Sign(ctx, crypto.ES256, digest[:])
	fmt.Println(len(signature), err)

	again, err := module.Driver(false).Open(ctx, private.Blob())
	fmt.Println(again, err)
	fmt.Println("loads:", module.Stats().Loads)
	// Output:
	// 64 <nil>
	// EC-HSM P-256 key of simulated HSM seven <nil>
	// loads: 1
}

// A module in trouble answers at once, and as a real one would.
func ExampleModule_Offline() {
	ctx := context.Background()
	module, err := hsm.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	module.Offline()
	_, err = module.Driver(false).Generate(ctx, crypto.Oct(256).HSM())
	fmt.Println(errs.StatusOf(err), errors.Is(err, errs.HardwareOffline))
	module.Online()
	_, err = module.Driver(false).Generate(ctx, crypto.Oct(256).HSM())
	fmt.Println(err)
	// Output:
	// 503 true
	// <nil>
}

// Whoever trusts the module's root learns from an attestation where a key
// comes from and whether it can leave.
func ExampleVerify() {
	ctx := context.Background()
	module, err := hsm.New(&hsm.Options{Name: "seven"})
	if err != nil {
		fmt.Println(err)
		return
	}
	const kid = "https://app.vault.azure.net/keys/signing/1"
	private, err := module.Driver(false).Generate(ctx, crypto.EC(crypto.P256).HSM())
	if err != nil {
		fmt.Println(err)
		return
	}
	attestation, err := module.Attest(ctx, private, kid)
	if err != nil {
		fmt.Println(err)
		return
	}
	root, err := module.Root() // goes to the verifier on another way
	if err != nil {
		fmt.Println(err)
		return
	}

	stated, err := hsm.Verify(attestation, root)
	if err != nil || stated.KID != kid {
		fmt.Println("not believed:", err)
		return
	}
	fmt.Println(stated.Spec, stated.Origin, stated.Exportable)
	// Output: EC-HSM P-256 generated false
}

// A module that was tampered with knows its keys again when its domain is
// restored.
func ExampleModule_RestoreDomain() {
	module, err := hsm.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var kept []byte // wrapped to somebody, in earnest
	err = module.ExportDomain(func(secret []byte) error {
		kept = bytes.Clone(secret)
		return nil
	})
	fmt.Println(err)
	module.Tamper()
	fmt.Println(errors.Is(module.Ready(), errs.HardwareTampered))
	fmt.Println(module.RestoreDomain(kept), module.Ready())
	// Output:
	// <nil>
	// true
	// <nil> <nil>
}
