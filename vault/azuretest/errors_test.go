package azuretest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	kvpolicy "github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/azuretest"
)

func TestCallers(t *testing.T) {
	env := newEnv(t, &vault.VaultOptions{
		AccessPolicies: []kvpolicy.AccessPolicy{{ObjectID: "reader", Secrets: []string{"get"}}},
		Network:        kvpolicy.NetworkRules{DefaultAction: kvpolicy.Deny, IPRules: []string{"20.1.2.3"}},
	})
	allowed := azuretest.From(netip.MustParseAddr("20.1.2.3"))
	get := func(o ...azuretest.Option) error {
		_, err := azuretest.Secrets(t, env, o...).GetSecret(t.Context(), "db", "", nil)
		return err
	}
	wants(t, get(), 404, errs.SecretNotFound)
	wants(t, get(azuretest.As(vault.Principal("reader")), allowed), 404, errs.SecretNotFound)
	wants(t, get(azuretest.As(vault.Principal("reader"))), 403, errs.ForbiddenByFirewall)
	wants(t, get(azuretest.As(vault.Principal("stranger")), allowed), 403, errs.AccessDenied)
	wants(t, get(azuretest.From(netip.MustParseAddr("20.1.2.4"))), 403, errs.ForbiddenByFirewall)
	wants(t, get(azuretest.As(vault.Bearer("nonsense"))), 401, errs.Unauthorized)
}

func TestOtherVault(t *testing.T) {
	env := newEnv(t, nil)
	other := must[*vault.Vault](t)(env.svc.CreateVault(t.Context(), "fabrikam", nil))
	s := must[azsecrets.SetSecretResponse](t)(azuretest.Secrets(t, env, azuretest.On(other)).SetSecret(t.Context(), "db", set("x"), nil))
	if !strings.HasPrefix(string(*s.ID), "https://fabrikam.vault.azure.net/secrets/db/") {
		t.Errorf("id %v", *s.ID)
	}
	_, err := azuretest.Secrets(t, env).GetSecret(t.Context(), "db", "", nil)
	wants(t, err, 404, errs.SecretNotFound)
}

func TestUnknownHost(t *testing.T) {
	env := newEnv(t, nil)
	options := azuretest.ClientOptions(env, azuretest.As(vault.Owner()))
	options.Retry.MaxRetries = -1
	client := must[*azsecrets.Client](t)(azsecrets.NewClient("https://nobody.vault.azure.net", azuretest.Credential(), &azsecrets.ClientOptions{ClientOptions: options}))
	_, err := client.GetSecret(t.Context(), "db", "", nil)
	if dns, ok := errors.AsType[*net.DNSError](err); !ok || !dns.IsNotFound {
		t.Errorf("%v, want an unknown host", err)
	}
}

// TestNoCertificatesYet asks for what the vault has no operations for.
func TestNoCertificatesYet(t *testing.T) {
	_, err := azuretest.Certificates(t, newEnv(t, nil)).GetCertificate(t.Context(), "web", "", nil)
	if answered, ok := errors.AsType[*azcore.ResponseError](err); !ok || answered.StatusCode != http.StatusNotFound {
		t.Errorf("%v, want 404", err)
	}
}

// TestRetriesAfterThrottling lets the SDK wait, in virtual time, until the vault lets it through.
func TestRetriesAfterThrottling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := limitedEnv(t, nil, limiter.Documented2019())
		keys := azuretest.Keys(t, env)
		for range 10 { // as many software keys as may be created in ten seconds
			must[azkeys.CreateKeyResponse](t)(keys.CreateKey(t.Context(), "k", ecKey(), nil))
		}
		time.Sleep(6 * time.Second)
		begin := time.Now()
		must[azkeys.CreateKeyResponse](t)(keys.CreateKey(t.Context(), "k", ecKey(), nil))
		if waited := time.Since(begin); waited < 4*time.Second {
			t.Errorf("the eleventh key took %v", waited)
		}
	})
}

func TestThrottledForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := limitedEnv(t, nil, limiter.Documented2019())
		keys := azuretest.Keys(t, env)
		var err error
		options := policy.WithRetryOptions(t.Context(), policy.RetryOptions{MaxRetries: -1})
		for range 11 {
			_, err = keys.CreateKey(options, "k", ecKey(), nil)
		}
		wants(t, err, 429, errs.Throttled)
	})
}

// unavailable answers the first requests with a 503, and hands the others on.
type unavailable struct {
	policy.Transporter
	left int
}

func (u *unavailable) Do(r *http.Request) (*http.Response, error) {
	if u.left--; u.left >= 0 {
		return &http.Response{StatusCode: http.StatusServiceUnavailable, Status: "503 Service Unavailable", Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
	}
	return u.Transporter.Do(r)
}

func TestRetriesAfter503(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := newEnv(t, nil)
		options := azuretest.ClientOptions(env, azuretest.As(vault.Owner()))
		options.Transport = &unavailable{options.Transport, 2}
		client := must[*azsecrets.Client](t)(azsecrets.NewClient(env.vault.URL(), azuretest.Credential(), &azsecrets.ClientOptions{ClientOptions: options}))
		begin := time.Now()
		must[azsecrets.SetSecretResponse](t)(client.SetSecret(t.Context(), "db", set("x"), nil))
		if time.Since(begin) == 0 {
			t.Error("the client did not wait")
		}
	})
}

func TestErrLeavesOthersAlone(t *testing.T) {
	if err := azuretest.Err(context.Canceled); err != context.Canceled {
		t.Errorf("%v", err)
	}
	if err := azuretest.Err(nil); err != nil {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := azuretest.Secrets(t, newEnv(t, nil)).GetSecret(ctx, "db", "", nil)
	if !errors.Is(azuretest.Err(err), context.Canceled) {
		t.Errorf("%v, want a cancelled context", err)
	}
}
