package azuretest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/azuretest"
	"github.com/embedvault/embedvault/vault/vaulttest"
)

// The first week of a service developer: ten tests, each of a few lines, of what is otherwise met in production. The file
// needs no other: what the tests share stands at its end.

// Monday: a storm of requests is throttled. Two retries end before the window of ten seconds does, the SDK's own three may
// by their jitter, and five ride it out.
func TestWeekThrottlingStorm(t *testing.T) {
	for retries, want := range map[int32]int{2: 429, 5: 200} {
		vaulttest.Run(t, &vaulttest.Options{Limits: new(limiter.Documented2019())}, func(t *testing.T, env *vaulttest.Env) {
			env.SetSecret("db", "x")
			options := azuretest.ClientOptions(env, azuretest.As(vault.Owner()))
			options.Retry.MaxRetries = retries
			secrets := must[*azsecrets.Client](t)(azsecrets.NewClient(env.URL(), azuretest.Credential(), &azsecrets.ClientOptions{ClientOptions: options}))
			var err error
			for i := 0; i < 2500 && err == nil; i++ { // 2000 in ten seconds is the limit
				_, err = secrets.GetSecret(t.Context(), "db", "", nil)
			}
			if status := errs.StatusOf(azuretest.Err(err)); status != want {
				t.Errorf("%d retries: %d, want %d", retries, status, want)
			}
		})
	}
}

// Monday: the token expires between two pages, and the client gets another one.
func TestWeekExpiryMidPager(t *testing.T) {
	vaulttest.Run(t, nil, func(t *testing.T, env *vaulttest.Env) {
		secrets := clientOfApp(t, env, policy.SecretsList)
		for i := range 60 {
			env.SetSecret(fmt.Sprintf("s%02d", i), "x")
		}
		n := 0
		for pager := secrets.NewListSecretPropertiesPager(nil); pager.More(); env.Advance(61 * time.Minute) {
			page := must[azsecrets.ListSecretPropertiesResponse](t)(pager.NextPage(t.Context()))
			n += len(page.Value)
		}
		if n != 60 {
			t.Errorf("%d secrets, want 60", n)
		}
	})
}

// Tuesday: a rotated key signs with its new version, and the old signature still verifies.
func TestWeekRotation(t *testing.T) {
	env := vaulttest.New(t, nil)
	env.CreateKey("app", vault.EC(vault.P256))
	keys, digest := azuretest.Keys(t, env), make([]byte, 32)
	es256 := azkeys.SignatureAlgorithmES256
	old := must[azkeys.SignResponse](t)(keys.Sign(t.Context(), "app", "", azkeys.SignParameters{Algorithm: &es256, Value: digest}, nil))
	rotated := must[azkeys.RotateKeyResponse](t)(keys.RotateKey(t.Context(), "app", nil))
	verify := azkeys.VerifyParameters{Algorithm: &es256, Digest: digest, Signature: old.Result}
	verified := must[azkeys.VerifyResponse](t)(keys.Verify(t.Context(), "app", old.KID.Version(), verify, nil))
	if !*verified.Value || rotated.Key.KID.Version() == old.KID.Version() {
		t.Error("the old signature is lost")
	}
}

// Tuesday: a deleted secret holds its name.
func TestWeekNameHeldByADeletedSecret(t *testing.T) {
	env := vaulttest.New(t, nil)
	env.SetSecret("db", "x")
	secrets := azuretest.Secrets(t, env)
	must[azsecrets.DeleteSecretResponse](t)(secrets.DeleteSecret(t.Context(), "db", nil))
	_, err := secrets.SetSecret(t.Context(), "db", azsecrets.SetSecretParameters{Value: new("y")}, nil)
	wants(t, err, 409, errs.ObjectIsDeletedButRecoverable)
	env.Advance(90 * 24 * time.Hour)
	must[azsecrets.SetSecretResponse](t)(secrets.SetSecret(t.Context(), "db", azsecrets.SetSecretParameters{Value: new("y")}, nil))
}

// Wednesday: a role is missing, and the error says which would have helped.
func TestWeekMissingRole(t *testing.T) {
	env := vaulttest.New(t, &vaulttest.Options{Vault: &vault.VaultOptions{RBAC: new(vault.RBAC)}})
	env.SetSecret("db", "x")
	app := vault.Principal("app")
	_, err := azuretest.Secrets(t, env, azuretest.As(app)).GetSecret(t.Context(), "db", "", nil)
	wants(t, err, 403, errs.ForbiddenByRbac)
	_, err = env.As(app).GetSecret(t.Context(), "db") // the same refusal, with its decision
	if d, ok := errors.AsType[policy.Decision](err); !ok || d.Smallest == "" {
		t.Errorf("%v", err)
	}
}

// Wednesday: the firewall lets the office in, and nobody else.
func TestWeekFirewall(t *testing.T) {
	env := vaulttest.New(t, nil)
	env.SetSecret("db", "x")
	env.Firewall(policy.NetworkRules{DefaultAction: policy.Deny, IPRules: []string{"198.51.100.0/24"}})
	office := azuretest.From(netip.MustParseAddr("198.51.100.7"))
	must[azsecrets.GetSecretResponse](t)(azuretest.Secrets(t, env, office).GetSecret(t.Context(), "db", "", nil))
	cafe := azuretest.From(netip.MustParseAddr("203.0.113.7"))
	_, err := azuretest.Secrets(t, env, cafe).GetSecret(t.Context(), "db", "", nil)
	wants(t, err, 403, errs.ForbiddenByFirewall)
}

// Thursday: a set was committed but the reply was lost, so the retry makes a second version.
func TestWeekCommittedButTheReplyWasLost(t *testing.T) {
	vaulttest.Run(t, nil, func(t *testing.T, env *vaulttest.Env) {
		env.Fail(vault.OpSecretSet, errs.Internal).AfterCommit().Times(1)
		secrets := azuretest.Secrets(t, env)
		must[azsecrets.SetSecretResponse](t)(secrets.SetSecret(t.Context(), "db", azsecrets.SetSecretParameters{Value: new("x")}, nil))
		versions := 0
		for _, err := range env.Owner().ListSecretVersions(t.Context(), "db", nil) {
			if versions++; err != nil {
				t.Error(err)
			}
		}
		if versions != 2 {
			t.Errorf("%d versions", versions)
		}
	})
}

// Thursday: tests run in parallel, each with a vault of the same name.
func TestWeekParallelTests(t *testing.T) {
	for i := range 20 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			env := vaulttest.New(t, nil)
			env.SetSecret("db", fmt.Sprint(i))
			got := must[azsecrets.GetSecretResponse](t)(azuretest.Secrets(t, env).GetSecret(t.Context(), "db", "", nil))
			if *got.Value != fmt.Sprint(i) {
				t.Errorf("the value of another test: %s", *got.Value)
			}
		})
	}
}

// Friday: a process of its own, in any language, finds the vault by its environment.
func TestWeekSidecarProcess(t *testing.T) {
	if os.Getenv("SIDECAR") != "" { // what the process does
		fmt.Println(password(t.Context(), "db"))
		return
	}
	env := vaulttest.New(t, nil)
	env.SetSecret("db", "hunter2")
	sidecar := exec.Command(os.Args[0], "-test.run=^TestWeekSidecarProcess$", "-test.v")
	sidecar.Env = append(append(os.Environ(), env.Serve(t).Environ()...), "SIDECAR=1", "VAULT_URL="+env.URL())
	out, err := sidecar.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("hunter2 <nil>")) {
		t.Errorf("%v\n%s", err, out)
	}
}

// Friday: the code under test makes its own client of what it finds in the environment, and nothing is handed in.
func TestWeekCodeWithoutInjectionPoint(t *testing.T) {
	env := vaulttest.Served(t, nil)
	env.SetSecret("db", "hunter2")
	t.Setenv("VAULT_URL", env.URL())
	if got, err := password(t.Context(), "db"); err != nil || got != "hunter2" {
		t.Errorf("%q, %v", got, err)
	}
}

// clientOfApp is a client of an application that gets its tokens with a secret, and has these rights.
func clientOfApp(t *testing.T, env *vaulttest.Env, rights ...policy.Right) *azsecrets.Client {
	t.Helper()
	app, err := env.Tenant().NewApplication("app", nil)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := app.AddSecret(nil)
	if err != nil {
		t.Fatal(err)
	}
	env.Grant(app.ObjectID(), rights...)
	options := azuretest.ClientOptions(env)
	cred := must[*azidentity.ClientSecretCredential](t)(azidentity.NewClientSecretCredential(env.Tenant().ID(), app.ClientID(), secret.Reveal(),
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options}))
	return must[*azsecrets.Client](t)(azsecrets.NewClient(env.URL(), cred, &azsecrets.ClientOptions{ClientOptions: options}))
}

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
	secret, err := client.GetSecret(ctx, name, "", nil)
	if err != nil {
		return "", err
	}
	return *secret.Value, nil
}

// must returns the result of a call, or ends the test with its error.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// wants checks that an error of the SDK is what the vault means.
func wants(t testing.TB, err error, status int, code errs.Code) {
	t.Helper()
	meant := azuretest.Err(err)
	if err == nil || errs.StatusOf(meant) != status || !errors.Is(meant, code) {
		t.Errorf("%v, want %d %s", err, status, code)
	}
}
