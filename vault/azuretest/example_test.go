package azuretest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/azuretest"
	"github.com/embedvault/embedvault/vault/rest"
)

// service is an environment of a vault and the way to it. In a test, vaulttest.New(t, nil) is one with more to it.
type service struct {
	vault *vault.Vault
	*rest.Handler
}

func (s service) Vault() *vault.Vault { return s.vault }

// A test gets the SDK's own client and asks the vault's error about what came back.
func Example() {
	var t testing.T // a test has one
	ctx := context.Background()
	svc, err := vault.New(nil)
	if err != nil {
		panic(err)
	}
	v, err := svc.CreateVault(ctx, "contoso", nil)
	if err != nil {
		panic(err)
	}
	env := service{v, rest.New(svc, nil)}
	secrets := azuretest.Secrets(&t, env, azuretest.As(vault.Principal("nobody")))
	_, err = secrets.GetSecret(ctx, "db", "", nil)
	fmt.Println(errors.Is(azuretest.Err(err), errs.AccessDenied))
	// Output: true
}
