package azuretest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/azuretest"
)

// A test gets the SDK's own client and asks the vault's error about what came back.
func Example() {
	var t testing.T // a test has one
	env := newEnv(&t, nil)
	secrets := azuretest.Secrets(&t, env, azuretest.As(vault.Principal("nobody")))
	_, err := secrets.GetSecret(context.Background(), "db", "", nil)
	fmt.Println(errors.Is(azuretest.Err(err), errs.AccessDenied))
	// Output: true
}
