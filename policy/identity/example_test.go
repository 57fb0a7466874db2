package identity_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/embedvault/embedvault/policy/identity"
)

// A token goes from the directory to a caller and from there to a vault, which
// learns from it who is calling.
func Example() {
	ctx := context.Background()
	dir := identity.New(nil)
	billing, err := dir.NewApplication("billing", nil)
	if err != nil {
		log.Fatal(err)
	}
	token, err := dir.Token(ctx, billing, "")
	if err != nil {
		log.Fatal(err)
	}

	verifier := identity.NewVerifier(dir, "", "")
	caller, err := verifier.Verify(token, time.Now())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(caller.DisplayName(), caller.ObjectID() == billing.ObjectID(), caller.AppID() == billing.ClientID())
	// Output: billing true true
}

// A client signs in with its id and secret, and fails as it would in the cloud.
func ExampleTenant_Authenticate() {
	ctx := context.Background()
	dir := identity.New(nil)
	billing, err := dir.NewApplication("billing", &identity.ObjectOptions{ClientID: "3f1c2b6a-8f5e-4d0b-9d4e-0c6f6c1f2a11"})
	if err != nil {
		log.Fatal(err)
	}
	secret, err := billing.AddSecret(nil)
	if err != nil {
		log.Fatal(err)
	}
	client, err := dir.Authenticate(ctx, billing.ClientID(), secret.Reveal())
	fmt.Println(client == billing, err)

	billing.ExpireSecrets()
	_, err = dir.Authenticate(ctx, billing.ClientID(), secret.Reveal())
	fmt.Println(errors.Is(err, identity.SecretExpired))

	_, err = dir.Authenticate(ctx, "somebody", secret.Reveal())
	var refusal *identity.AuthError
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Status, refusal.OAuth, refusal.Code)
	}
	// Output:
	// true <nil>
	// true
	// 400 unauthorized_client AADSTS700016
}

// A refusal says which check failed and what it compared.
func ExampleVerifier_Verify() {
	ctx := context.Background()
	dir := identity.New(nil)
	billing, err := dir.NewApplication("billing", nil)
	if err != nil {
		log.Fatal(err)
	}
	token, err := dir.Token(ctx, billing, "https://management.azure.com")
	if err != nil {
		log.Fatal(err)
	}
	_, err = identity.NewVerifier(dir, "", "").Verify(token, time.Now())
	fmt.Println(err)
	fmt.Println(errors.Is(err, identity.WrongAudience))
	// Output:
	// identity: token refused: wrong audience: aud: expected https://vault.azure.net, found https://management.azure.com
	// true
}

// A token of the old key is refused from the moment the keys roll, also by a vault
// that has seen it before.
func ExampleTenant_RollKeys() {
	ctx := context.Background()
	dir := identity.New(nil)
	verifier := identity.NewVerifier(dir, "", "")
	web, err := dir.NewManagedIdentity("/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/shop", nil)
	if err != nil {
		log.Fatal(err)
	}
	token, err := dir.Token(ctx, web, "")
	if err != nil {
		log.Fatal(err)
	}
	_, before := verifier.Verify(token, time.Now())
	dir.RollKeys()
	_, after := verifier.Verify(token, time.Now())
	fmt.Println(before, errors.Is(after, identity.UnknownKey))
	// Output: <nil> true
}

// An explanation shows every check, also of a token that fails the first.
func ExampleVerifier_Explain() {
	now := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	dir := identity.New(&identity.Options{TenantID: "contoso", Now: func() time.Time { return now }})
	billing, err := dir.NewApplication("billing", nil)
	if err != nil {
		log.Fatal(err)
	}
	token, err := dir.Token(context.Background(), billing, "https://vault.azure.net/")
	if err != nil {
		log.Fatal(err)
	}
	x := identity.NewVerifier(dir, "", "").Explain(token, now.Add(3*time.Hour))
	for _, name := range []string{"signature", "exp", "aud", "tid"} {
		row := x.Row(name)
		fmt.Printf("%-9s %-5v %s, %s\n", row.Name, row.OK, row.Found, row.Expected)
	}
	// Output:
	// signature true  good, good
	// exp       false 2026-03-14T10:00:00Z, not before 2026-03-14T12:00:00Z
	// aud       false https://vault.azure.net/, https://vault.azure.net
	// tid       true  contoso, contoso
}
