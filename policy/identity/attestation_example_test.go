package identity_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
)

// An attestor says what an environment is and which key it holds. A vault verifies that before it evaluates a release
// policy, and encrypts what it releases for that key.
func ExampleVerifyAttestation() {
	enclave, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		log.Fatal(err)
	}
	attestor := identity.NewAttestor(nil)
	token, err := attestor.Token(map[string]any{"x-ms-attestation-type": "sevsnpvm"}, &enclave.PublicKey)
	if err != nil {
		log.Fatal(err)
	}
	p, err := policy.ParseReleasePolicy([]byte(`{"version": "1.0.0", "anyOf": [{
		"authority": "https://attest.azurewebsites.net/", "allOf": [{"claim": "x-ms-attestation-type", "equals": "sevsnpvm"}]
	}]}`))
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	attestation, err := identity.VerifyAttestation(ctx, token, p.Authorities(), attestor, time.Now())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Evaluate(attestation.Issuer, attestation.Claims).Allowed, attestation.Receiver.Equal(&enclave.PublicKey))

	_, err = identity.VerifyAttestation(ctx, token, p.Authorities(), attestor, time.Now().Add(9*time.Hour))
	fmt.Println(errors.Is(err, identity.Expired))
	_, err = identity.VerifyAttestation(ctx, token, []string{"https://sharedweu.weu.attest.azure.net"}, attestor, time.Now())
	fmt.Println(err)
	// Output:
	// true true
	// true
	// identity: token refused: wrong issuer: iss: expected https://sharedweu.weu.attest.azure.net
}
