package azuretest_test

import (
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/azuretest"
	"github.com/embedvault/embedvault/vault/vaulttest"
)

// TestFaults lets an environment of vaulttest fail under an SDK client, which retries in the environment's time.
func TestFaults(t *testing.T) {
	vaulttest.Run(t, nil, func(t *testing.T, env *vaulttest.Env) {
		env.SetSecret("db", "x")
		env.Fail(vault.OpSecretGet, errs.Throttled).Times(2)
		begin := env.Now()
		got := must[azsecrets.GetSecretResponse](t)(azuretest.Secrets(t, env).GetSecret(t.Context(), "db", "", nil))
		if *got.Value != "x" || env.Now().Sub(begin) < time.Second {
			t.Errorf("got %q after %v", *got.Value, env.Now().Sub(begin))
		}
		if n := len(env.Requests(vault.OpSecretGet)); n != 4 { // the challenge, two faults, the answer
			t.Errorf("%d requests", n)
		}
	})
}
