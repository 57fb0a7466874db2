package azuretest

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azcertificates"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// Env is an environment that clients can be made for. A *vaulttest.Env is one.
type Env interface {
	// Vault is the vault that clients talk to unless On names another.
	Vault() *vault.Vault
	// Transport reaches the vaults of the environment and the authority of their tenant.
	Transport() *rest.Transport
}

// Option says how a client differs from the default: the owner, inside the firewall, on the vault of the environment.
type Option func(*config)

type config struct {
	container vault.Container
	caller    *vault.Caller
	addr      netip.Addr
	transport *rest.Transport
}

// As makes a client the caller's: requests are made by it, whatever token they carry.
func As(caller vault.Caller) Option { return func(c *config) { c.caller = &caller } }

// From makes the requests of a client come from an address.
func From(addr netip.Addr) Option { return func(c *config) { c.addr = addr } }

// On makes a client talk to another vault of the environment, or to a Managed HSM.
func On(v vault.Container) Option { return func(c *config) { c.container = v } }

func configured(env Env, options []Option) config {
	c := config{container: env.Vault(), transport: env.Transport()}
	for _, o := range options {
		o(&c)
	}
	if c.addr.IsValid() {
		c.transport = c.transport.From(c.addr)
	}
	if c.caller != nil {
		c.transport = c.transport.As(*c.caller)
	}
	return c
}

// owned is configured for clients that nobody else authenticates.
func owned(env Env, options []Option) config {
	return configured(env, append([]Option{As(vault.Owner())}, options...))
}

// Keys returns a client for the keys of a vault or a Managed HSM.
func Keys(t testing.TB, env Env, options ...Option) *azkeys.Client {
	t.Helper()
	c := owned(env, options)
	client, err := azkeys.NewClient(c.container.URL(), Credential(), &azkeys.ClientOptions{ClientOptions: c.options()})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Secrets returns a client for the secrets of a vault.
func Secrets(t testing.TB, env Env, options ...Option) *azsecrets.Client {
	t.Helper()
	c := owned(env, options)
	client, err := azsecrets.NewClient(c.container.URL(), Credential(), &azsecrets.ClientOptions{ClientOptions: c.options()})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Certificates returns a client for the certificates of a vault.
func Certificates(t testing.TB, env Env, options ...Option) *azcertificates.Client {
	t.Helper()
	c := owned(env, options)
	client, err := azcertificates.NewClient(c.container.URL(), Credential(), &azcertificates.ClientOptions{ClientOptions: c.options()})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// ClientOptions returns options for clients, and for credentials of azidentity, that a program makes itself. Without As,
// a request is made by whomever its token is for.
func ClientOptions(env Env, options ...Option) azcore.ClientOptions {
	c := configured(env, options)
	return c.options()
}

func (c config) options() azcore.ClientOptions { return azcore.ClientOptions{Transport: c.transport} }

// Credential returns a credential whose tokens say nothing: it is for clients whose caller is given by As.
func Credential() azcore.TokenCredential { return placeholder{} }

// placeholder is a credential without an identity.
type placeholder struct{}

func (placeholder) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "placeholder", ExpiresOn: time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)}, nil
}
