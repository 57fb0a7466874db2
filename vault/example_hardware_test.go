package vault_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"log"
	"math/big"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/vault"
)

// A key that was made elsewhere comes wrapped to a key of the vault (bring your own key): only hardware sees it in the clear.
func ExampleClient_ImportKey_wrapped() {
	v, ctx := open(nil)
	owner := v.As(vault.Owner())
	kek, err := owner.CreateKey(ctx, "kek", vault.RSA(2048).HSM(), &vault.CreateKeyOptions{
		Operations: []crypto.Operation{crypto.OpImport},
	})
	if err != nil {
		log.Fatal(err)
	}
	public, err := kek.JWK.PublicKey()
	if err != nil {
		log.Fatal(err)
	}

	// Where the key was made:
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	key, err := crypto.NewJWK(private)
	if err != nil {
		log.Fatal(err)
	}
	wrapped, err := hsm.WrapTransfer(public.(*rsa.PublicKey), kek.ID.String(), key, "an example")
	if err != nil {
		log.Fatal(err)
	}

	// At the vault:
	brought := crypto.JWK{Kty: crypto.KeyTypeECHSM, Crv: crypto.P256, T: wrapped.JSON()}
	if _, err := owner.ImportKey(ctx, "app", brought, nil); err != nil {
		log.Fatal(err)
	}
	digest := sha256.Sum256([]byte("a document"))
	signature, err := owner.Sign(ctx, "app", vault.ES256, digest[:])
	if err != nil {
		log.Fatal(err)
	}
	r, s := new(big.Int).SetBytes(signature.Value[:32]), new(big.Int).SetBytes(signature.Value[32:])
	fmt.Println(ecdsa.Verify(&private.PublicKey, digest[:], r, s))
	// Output: true
}

// Whoever trusts the root certificate of a module learns from its attestation where a key comes from and whether it can leave.
func ExampleClient_GetKeyAttestation() {
	h, ctx := fortress(nil)
	owner := h.As(vault.Owner())
	key, err := owner.CreateKey(ctx, "app", vault.EC(vault.P256), nil)
	if err != nil {
		log.Fatal(err)
	}
	attested, err := owner.GetKeyAttestation(ctx, "app")
	if err != nil {
		log.Fatal(err)
	}
	root, err := h.Module().Root() // reaches the verifier on a way of its own
	if err != nil {
		log.Fatal(err)
	}

	stated, err := hsm.Verify(attested.Attestation, root)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("of this key:", stated.KID == key.ID.String())
	fmt.Println(stated.Spec, stated.Origin, "exportable:", stated.Exportable)
	// Output:
	// of this key: true
	// EC-HSM P-256 generated exportable: false
}
