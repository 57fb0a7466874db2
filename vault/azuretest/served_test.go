package azuretest_test

import (
	"context"
	"fmt"
	"os"
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

func TestMain(m *testing.M) {
	if os.Getenv("SIDECAR") != "" { // another process, which some test has started
		os.Exit(m.Run())
	}
	vaulttest.Main(m)
}

// password is production code: it makes its own client, of what it finds in its environment.
func password(ctx context.Context, name string) (string, error) {
	return passwordAt(ctx, os.Getenv("VAULT_URL"), name)
}

func passwordAt(ctx context.Context, vaultURL, name string) (string, error) {
	cred, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return "", err
	}
	client, err := azsecrets.NewClient(vaultURL, cred, nil)
	if err != nil {
		return "", err
	}
	return valueOf(client.GetSecret(ctx, name, "", nil))
}

func valueOf(s azsecrets.GetSecretResponse, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return *s.Value, nil
}

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
		if got, err := valueOf(client.GetSecret(t.Context(), "db", "", nil)); err != nil || got != "hunter2" {
			t.Errorf("at %v: %q %v", env.Now(), got, err)
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
