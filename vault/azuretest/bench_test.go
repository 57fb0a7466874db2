package azuretest_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
	keysfake "github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	secretsfake "github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets/fake"

	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/azuretest"
	"github.com/embedvault/embedvault/vault/rest"
)

// BenchmarkSDK measures one call of an SDK client in one process: through the transport of this module, to the SDK's own
// scripted fake that answers the same, and over TLS to a server on the loopback interface.
func BenchmarkSDK(b *testing.B) {
	env := newEnv(b, nil)
	owner := env.vault.As(vault.Owner())
	if _, err := owner.SetSecret(b.Context(), "s", "value", nil); err != nil {
		b.Fatal(err)
	}
	if _, err := owner.CreateKey(b.Context(), "k", vault.RSA(2048), nil); err != nil {
		b.Fatal(err)
	}
	key := must[azkeys.GetKeyResponse](b)(azuretest.Keys(b, env).GetKey(b.Context(), "k", "", nil))
	secret := must[azsecrets.GetSecretResponse](b)(azuretest.Secrets(b, env).GetSecret(b.Context(), "s", "", nil))
	through := azuretest.ClientOptions(env, azuretest.As(vault.Owner()))
	for name, options := range map[string]struct{ keys, secrets azcore.ClientOptions }{
		"transport": {through, through},
		"sdkfake":   {fakeKeys(key), fakeSecrets(secret)},
		"tls":       {loopback(b, env), loopback(b, env)},
	} {
		keys := must[*azkeys.Client](b)(azkeys.NewClient(env.vault.URL(), azuretest.Credential(), &azkeys.ClientOptions{ClientOptions: options.keys}))
		secrets := must[*azsecrets.Client](b)(azsecrets.NewClient(env.vault.URL(), azuretest.Credential(), &azsecrets.ClientOptions{ClientOptions: options.secrets}))
		measure(b, "GetSecret/"+name, func(ctx context.Context) error {
			_, err := secrets.GetSecret(ctx, "s", "", nil)
			return err
		})
		measure(b, "GetKey/"+name, func(ctx context.Context) error {
			_, err := keys.GetKey(ctx, "k", "", nil)
			return err
		})
	}
}

func measure(b *testing.B, name string, call func(context.Context) error) {
	b.Run(name, func(b *testing.B) {
		ctx := b.Context()
		b.ReportAllocs()
		for b.Loop() {
			if err := call(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func fakeKeys(key azkeys.GetKeyResponse) azcore.ClientOptions {
	return azcore.ClientOptions{Transport: keysfake.NewServerTransport(&keysfake.Server{
		GetKey: func(context.Context, string, string, *azkeys.GetKeyOptions) (r azfake.Responder[azkeys.GetKeyResponse], e azfake.ErrorResponder) {
			r.SetResponse(http.StatusOK, key, nil)
			return r, e
		},
	})}
}

func fakeSecrets(secret azsecrets.GetSecretResponse) azcore.ClientOptions {
	return azcore.ClientOptions{Transport: secretsfake.NewServerTransport(&secretsfake.Server{
		GetSecret: func(context.Context, string, string, *azsecrets.GetSecretOptions) (r azfake.Responder[azsecrets.GetSecretResponse], e azfake.ErrorResponder) {
			r.SetResponse(http.StatusOK, secret, nil)
			return r, e
		},
	})}
}

// loopback serves the vaults of an environment over TLS; whatever the host, the client finds it there. The owner makes
// the requests.
func loopback(b *testing.B, env *environment) azcore.ClientOptions {
	h := rest.New(env.svc, &rest.Options{Place: func(c vault.Caller, _ *http.Request) vault.Caller {
		if c == (vault.Caller{}) {
			return c
		}
		return vault.Owner()
	}})
	server := httptest.NewTLSServer(h)
	b.Cleanup(server.Close)
	client := server.Client()
	transport := client.Transport.(*http.Transport)
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // its certificate is for another name
	return azcore.ClientOptions{Transport: client}
}
