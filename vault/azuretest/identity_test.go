package azuretest_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	kvpolicy "github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/azuretest"
	"github.com/embedvault/embedvault/vault/rest"
)

// mayReadSecrets lets an object of the directory read and write secrets.
func (e *environment) mayReadSecrets(t testing.TB, o identity.Object) {
	t.Helper()
	err := e.vault.SetAccessPolicies(t.Context(), kvpolicy.AccessPolicy{ObjectID: o.ObjectID(), Secrets: []string{"get", "set"}})
	if err != nil {
		t.Fatal(err)
	}
}

// secretsWith is a client with a credential of azidentity.
func (e *environment) secretsWith(t testing.TB, c azcore.TokenCredential) *azsecrets.Client {
	t.Helper()
	return must[*azsecrets.Client](t)(azsecrets.NewClient(e.vault.URL(), c, &azsecrets.ClientOptions{ClientOptions: azuretest.ClientOptions(e)}))
}

// app registers an application with a secret that may read secrets.
func (e *environment) app(t testing.TB) (*identity.Application, string) {
	t.Helper()
	app := must[*identity.Application](t)(e.tenant.NewApplication("billing", nil))
	secret := must[identity.Secret](t)(app.AddSecret(nil))
	e.mayReadSecrets(t, app)
	return app, secret.Reveal()
}

func TestClientSecretCredential(t *testing.T) {
	env := newEnv(t, nil)
	app, secret := env.app(t)
	options := &azidentity.ClientSecretCredentialOptions{ClientOptions: azuretest.ClientOptions(env)}
	credential := must[*azidentity.ClientSecretCredential](t)(azidentity.NewClientSecretCredential(tenantID, app.ClientID(), secret, options))
	secrets := env.secretsWith(t, credential)
	must[azsecrets.SetSecretResponse](t)(secrets.SetSecret(t.Context(), "db", set("x"), nil))
	if got := must[azsecrets.GetSecretResponse](t)(secrets.GetSecret(t.Context(), "db", "", nil)); *got.Value != "x" {
		t.Errorf("got %q", *got.Value)
	}
	_, err := secrets.DeleteSecret(t.Context(), "db", nil)
	wants(t, err, 403, errs.ForbiddenByPolicy)
}

func TestRefusedCredentials(t *testing.T) {
	env := newEnv(t, nil)
	app, secret := env.app(t)
	expired := must[*identity.Application](t)(env.tenant.NewApplication("late", nil))
	late := must[identity.Secret](t)(expired.AddSecret(&identity.SecretOptions{Lifetime: -time.Hour}))
	for name, c := range map[string]struct {
		tenant, client, secret string
		want                   identity.Code
	}{
		"wrong secret":   {tenantID, app.ClientID(), "wrong", identity.SecretInvalid},
		"expired secret": {tenantID, expired.ClientID(), late.Reveal(), identity.SecretExpired},
		"wrong client":   {tenantID, "0a1b2c3d-0000-4000-8000-000000000000", secret, identity.AppNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			options := &azidentity.ClientSecretCredentialOptions{ClientOptions: azuretest.ClientOptions(env)}
			credential := must[*azidentity.ClientSecretCredential](t)(azidentity.NewClientSecretCredential(c.tenant, c.client, c.secret, options))
			_, err := env.secretsWith(t, credential).GetSecret(t.Context(), "db", "", nil)
			if !errors.Is(azuretest.Err(err), c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

// TestTokenForAnotherResource asks for the audience with a slash: it is given, and the vault refuses it.
func TestTokenForAnotherResource(t *testing.T) {
	env := newEnv(t, nil)
	app, secret := env.app(t)
	options := &azidentity.ClientSecretCredentialOptions{ClientOptions: azuretest.ClientOptions(env)}
	credential := must[*azidentity.ClientSecretCredential](t)(azidentity.NewClientSecretCredential(tenantID, app.ClientID(), secret, options))
	token := must[azcore.AccessToken](t)(credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://vault.azure.net//.default"}}))
	_, err := env.vault.As(vault.Bearer(token.Token)).GetSecret(t.Context(), "db")
	if e, ok := errors.AsType[*errs.Error](err); !ok || e.Status != 401 || e.Message != "AKV10022: Invalid audience. Expected https://vault.azure.net, found: https://vault.azure.net/." {
		t.Errorf("%v", err)
	}
}

func TestClientCertificateCredential(t *testing.T) {
	env := newEnv(t, nil)
	app, _ := env.app(t)
	key := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "billing"}, NotAfter: time.Now().Add(time.Hour)}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))
	certificate := must[*x509.Certificate](t)(x509.ParseCertificate(der))
	options := &azidentity.ClientCertificateCredentialOptions{ClientOptions: azuretest.ClientOptions(env)}
	login := func() error {
		credential := must[*azidentity.ClientCertificateCredential](t)(azidentity.NewClientCertificateCredential(tenantID, app.ClientID(), []*x509.Certificate{certificate}, key, options))
		_, err := env.secretsWith(t, credential).SetSecret(t.Context(), "db", set("x"), nil)
		return err
	}
	if err := login(); !errors.Is(azuretest.Err(err), identity.AssertionInvalid) {
		t.Errorf("with a certificate that is not the application's: %v", err)
	}
	if err := app.AddCertificate(certificate); err != nil {
		t.Fatal(err)
	}
	if err := login(); err != nil {
		t.Error(err)
	}
}

func TestWorkloadIdentityCredential(t *testing.T) {
	env := newEnv(t, nil)
	app, _ := env.app(t)
	cluster := must[*identity.Cluster](t)(identity.NewCluster("https://cluster.example", must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))))
	if err := app.AddFederation(cluster.Trust("system:serviceaccount:shop:billing")); err != nil {
		t.Fatal(err)
	}
	for subject, want := range map[string]error{
		"system:serviceaccount:shop:billing": nil,
		"system:serviceaccount:shop:other":   identity.FederationNotFound,
	} {
		file := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(file, []byte(must[string](t)(cluster.Token(subject, time.Now()))), 0o600); err != nil {
			t.Fatal(err)
		}
		credential := must[*azidentity.WorkloadIdentityCredential](t)(azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: azuretest.ClientOptions(env), ClientID: app.ClientID(), TenantID: tenantID, TokenFilePath: file,
		}))
		_, err := env.secretsWith(t, credential).SetSecret(t.Context(), "db", set("x"), nil)
		if !errors.Is(azuretest.Err(err), want) {
			t.Errorf("as %s: %v, want %v", subject, err, want)
		}
	}
}

// machine makes an environment whose machine has the managed identities of resources; the first may read secrets.
func machine(resources ...string) (*environment, []*identity.ManagedIdentity, error) {
	env, err := makeEnv(nil, limiter.Unlimited())
	if err != nil {
		return nil, nil, err
	}
	var all []*identity.ManagedIdentity
	for _, r := range resources {
		m, err := env.tenant.NewManagedIdentity(r, nil)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, m)
	}
	env.handler = rest.New(env.svc, &rest.Options{Identities: all})
	return env, all, nil
}

// systemAssigned is an environment on a machine with an identity of its own. There is one: the SDK keeps the token of
// the machine's own identity for the whole process.
var systemAssigned = sync.OnceValues(func() (*environment, error) {
	env, _, err := machine(virtualMachine, userAssigned)
	return env, err
})

const (
	virtualMachine = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm"
	userAssigned   = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one"
)

func TestManagedIdentityOfAMachine(t *testing.T) {
	clearEnvironment(t)
	env := must[*environment](t)(systemAssigned())
	lookup := func(id string) identity.Object {
		o, _ := env.tenant.Lookup(id)
		return o
	}
	vm, user := lookup(virtualMachine), lookup(userAssigned).(*identity.ManagedIdentity)
	for name, c := range map[string]struct {
		id    azidentity.ManagedIDKind
		whose identity.Object
	}{
		"system":         {nil, vm},
		"by client id":   {azidentity.ClientID(user.ClientID()), user},
		"by resource id": {azidentity.ResourceID(userAssigned), user},
		"by object id":   {azidentity.ObjectID(user.ObjectID()), user},
	} {
		t.Run(name, func(t *testing.T) {
			env.mayReadSecrets(t, c.whose)
			must[azsecrets.SetSecretResponse](t)(env.secretsWith(t, env.managed(t, c.id)).SetSecret(t.Context(), "db", set("x"), nil))
		})
	}
	t.Run("another's", func(t *testing.T) {
		if _, err := env.secretsWith(t, env.managed(t, azidentity.ClientID("nobody"))).GetSecret(t.Context(), "db", "", nil); err == nil {
			t.Error("an identity that the machine does not have got a token")
		}
	})
}

func (e *environment) managed(t testing.TB, id azidentity.ManagedIDKind) azcore.TokenCredential {
	t.Helper()
	return must[*azidentity.ManagedIdentityCredential](t)(azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{
		ClientOptions: azuretest.ClientOptions(e), ID: id,
	}))
}

func TestManagedIdentityOfAppService(t *testing.T) {
	clearEnvironment(t)
	env, all, err := machine(userAssigned)
	if err != nil {
		t.Fatal(err)
	}
	env.mayReadSecrets(t, all[0])
	id := azidentity.ClientID(all[0].ClientID())
	t.Setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token/")
	t.Setenv("IDENTITY_HEADER", "wrong")
	if _, err := env.secretsWith(t, env.managed(t, id)).GetSecret(t.Context(), "db", "", nil); err == nil {
		t.Error("a token without the secret of the platform")
	}
	t.Setenv("IDENTITY_HEADER", rest.DefaultIdentityHeader)
	must[azsecrets.SetSecretResponse](t)(env.secretsWith(t, env.managed(t, id)).SetSecret(t.Context(), "db", set("x"), nil))
}

// clearEnvironment takes away everything that a credential could find outside the process.
func clearEnvironment(t *testing.T) {
	t.Helper()
	for _, line := range os.Environ() {
		name, _, _ := strings.Cut(line, "=")
		t.Setenv(name, "") // to be restored
		os.Unsetenv(name)
	}
	t.Setenv("PATH", t.TempDir())
	t.Setenv("HOME", t.TempDir())
}

func TestDefaultAzureCredential(t *testing.T) {
	clearEnvironment(t)
	env := must[*environment](t)(systemAssigned())
	vm, _ := env.tenant.Lookup(virtualMachine)
	env.mayReadSecrets(t, vm)
	credential := must[*azidentity.DefaultAzureCredential](t)(azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: azuretest.ClientOptions(env),
	}))
	must[azsecrets.SetSecretResponse](t)(env.secretsWith(t, credential).SetSecret(t.Context(), "db", set("x"), nil))
}

func TestEnvironmentCredential(t *testing.T) {
	clearEnvironment(t)
	env := newEnv(t, nil)
	app, secret := env.app(t)
	t.Setenv("AZURE_TENANT_ID", tenantID)
	t.Setenv("AZURE_CLIENT_ID", app.ClientID())
	t.Setenv("AZURE_CLIENT_SECRET", secret)
	credential := must[*azidentity.DefaultAzureCredential](t)(azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: azuretest.ClientOptions(env),
	}))
	must[azsecrets.SetSecretResponse](t)(env.secretsWith(t, credential).SetSecret(t.Context(), "db", set("x"), nil))
}

// TestAuthorityOnASocket lets a credential find the authority at an address of its own, over TLS.
func TestAuthorityOnASocket(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	tenant := identity.New(&identity.Options{TenantID: tenantID, Authority: server.URL})
	unlimited := limiter.Unlimited()
	svc := must[*vault.Service](t)(vault.New(&vault.Options{Tenant: tenant, Limits: &unlimited}))
	v := must[*vault.Vault](t)(svc.CreateVault(context.Background(), "contoso", nil))
	server.Config.Handler = rest.New(svc, nil)
	env := &environment{svc: svc, vault: v, tenant: tenant, handler: rest.New(svc, nil)}
	app, secret := env.app(t)
	credential := must[*azidentity.ClientSecretCredential](t)(azidentity.NewClientSecretCredential(tenantID, app.ClientID(), secret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions: azcore.ClientOptions{Transport: server.Client(), Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: server.URL}}, DisableInstanceDiscovery: true,
	}))
	must[azsecrets.SetSecretResponse](t)(env.secretsWith(t, credential).SetSecret(t.Context(), "db", set("x"), nil))
}
