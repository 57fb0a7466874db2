package vault_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"

	"github.com/go-jose/go-jose/v4"

	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
)

// What an environment does to which a key was released: it verifies the release, opens the key with its own, and decrypts
// what the vault has encrypted.
func ExampleClient_ReleaseKey_receiver() {
	ctx := context.Background()
	attestor := identity.NewAttestor(&identity.AttestorOptions{Authority: "https://attest.example"})
	svc, err := vault.New(&vault.Options{Attestation: attestor})
	if err != nil {
		log.Fatal(err)
	}
	v, err := svc.Vault(ctx, "contoso")
	if err != nil {
		log.Fatal(err)
	}
	owner := v.As(vault.Owner())
	if _, err := owner.CreateKey(ctx, "k", vault.RSA(2048).HSM(), &vault.CreateKeyOptions{
		Release: &vault.ReleasePolicy{Data: []byte(`{"version":"1.0.0","anyOf":[
			{"authority":"https://attest.example","allOf":[{"claim":"tee","equals":"enclave"}]}]}`)},
	}); err != nil {
		log.Fatal(err)
	}
	closed, err := owner.Encrypt(ctx, "k", vault.RSAOAEP256, []byte("for the enclave"), nil)
	if err != nil {
		log.Fatal(err)
	}
	certificate, err := svc.ReleaseCertificate() // reaches the environment on a way that it trusts
	if err != nil {
		log.Fatal(err)
	}

	environment, err := rsa.GenerateKey(rand.Reader, 2048) // it never leaves the environment
	if err != nil {
		log.Fatal(err)
	}
	target, err := attestor.Token(map[string]any{"tee": "enclave"}, &environment.PublicKey)
	if err != nil {
		log.Fatal(err)
	}
	nonce := rand.Text()
	release, err := owner.ReleaseKey(ctx, "k", target, &vault.ReleaseKeyOptions{Nonce: nonce})
	if err != nil {
		log.Fatal(err)
	}
	key, err := received(release, nonce, certificate, environment)
	if err != nil {
		log.Fatal(err)
	}
	plaintext, err := rsa.DecryptOAEP(sha256.New(), nil, key, closed.Value, nil)
	fmt.Println(string(plaintext), err)
	// Output: for the enclave <nil>
}

// received returns the RSA key in a release that the certificate has signed in answer to the nonce.
func received(release, nonce string, by *x509.Certificate, environment *rsa.PrivateKey) (*rsa.PrivateKey, error) {
	signed, err := jose.ParseSignedCompact(release, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, err
	}
	payload, err := signed.Verify(by.PublicKey)
	if err != nil {
		return nil, err
	}
	var statement struct {
		Request  struct{ Nonce string }
		Response struct {
			Key struct {
				Key struct {
					KeyHSM string `json:"key_hsm"`
				}
			}
		}
	}
	if err := json.Unmarshal(payload, &statement); err != nil {
		return nil, err
	}
	if statement.Request.Nonce != nonce {
		return nil, errors.New("the release is of another request")
	}
	keyHSM, err := base64.RawURLEncoding.DecodeString(statement.Response.Key.Key.KeyHSM)
	if err != nil {
		return nil, err
	}
	wrapped, err := hsm.ParseWrapped(keyHSM)
	if err != nil {
		return nil, err
	}
	der, err := wrapped.Open(environment)
	if err != nil {
		return nil, err
	}
	defer clear(der)
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("the released key is no RSA key")
	}
	return private, nil
}
