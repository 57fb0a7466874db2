package azuretest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/vaulttest"
)

func TestCodeWithoutInjectionPoint(t *testing.T) {
	env := vaulttest.Served(t, nil)
	env.SetSecret("db", "hunter2")
	t.Setenv("VAULT_URL", env.URL())
	if got, err := password(t.Context(), "db"); err != nil || got != "hunter2" {
		t.Errorf("%q %v", got, err)
	}
}

// Time passes for the vault and its tokens, and unmodified clients, which live on another clock, get along with it.
func TestClientsSurviveMonths(t *testing.T) {
	env := vaulttest.Served(t, nil)
	env.SetSecret("db", "hunter2")
	cred, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := azsecrets.NewClient(env.URL(), cred, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if got := must[azsecrets.GetSecretResponse](t)(client.GetSecret(t.Context(), "db", "", nil)); *got.Value != "hunter2" {
			t.Errorf("at %v: %q", env.Now(), *got.Value)
		}
		env.Advance(91 * 24 * time.Hour)
	}
}

func TestServedInParallel(t *testing.T) {
	for i := range 6 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			env := vaulttest.Served(t, &vaulttest.Options{Limits: new(limiter.Documented2019())})
			env.Advance(time.Duration(i) * 24 * time.Hour)
			want := fmt.Sprint("value ", i)
			env.SetSecret("db", want)
			if got, err := passwordAt(t.Context(), env.URL(), "db"); err != nil || got != want {
				t.Errorf("%q %v, want %q", got, err, want)
			}
		})
	}
}

func TestServedRefusals(t *testing.T) {
	env := vaulttest.Served(t, nil)
	env.SetSecret("db", "hunter2")
	_, err := passwordAt(t.Context(), env.URL(), "none")
	wants(t, err, 404, errs.SecretNotFound)
	env.Fail(vault.OpSecretGet, errs.Throttled).Times(1)
	if got, err := passwordAt(t.Context(), env.URL(), "db"); err != nil || got != "hunter2" {
		t.Errorf("the SDK did not try again: %q %v", got, err)
	}
	env.Revoke(env.Application().ObjectID(), policy.SecretsGet)
	_, err = passwordAt(t.Context(), env.URL(), "db")
	wants(t, err, 403, errs.Forbidden)
}
