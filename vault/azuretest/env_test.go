package azuretest_test

import (
	"context"
	"testing"

	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// environment is a service with a vault and a tenant.
type environment struct {
	svc      *vault.Service
	vault    *vault.Vault
	tenant   *identity.Tenant
	attestor *identity.Attestor
	handler  *rest.Handler
}

func (e *environment) Vault() *vault.Vault        { return e.vault }
func (e *environment) Transport() *rest.Transport { return e.handler.Transport() }

const tenantID = "0a1b2c3d-0000-4000-8000-00000000000f"

// newEnv makes an environment without rate limits.
func newEnv(t testing.TB, o *vault.VaultOptions) *environment {
	t.Helper()
	return limitedEnv(t, o, limiter.Unlimited())
}

// limitedEnv makes an environment with limits.
func limitedEnv(t testing.TB, o *vault.VaultOptions, limits limiter.Limits) *environment {
	t.Helper()
	return must[*environment](t)(makeEnv(o, limits))
}

func makeEnv(o *vault.VaultOptions, limits limiter.Limits) (*environment, error) {
	tenant := identity.New(&identity.Options{TenantID: tenantID})
	attestor := identity.NewAttestor(nil)
	svc, err := vault.New(&vault.Options{Tenant: tenant, Limits: &limits, Attestation: attestor})
	if err != nil {
		return nil, err
	}
	v, err := svc.CreateVault(context.Background(), "contoso", o)
	if err != nil {
		return nil, err
	}
	return &environment{svc, v, tenant, attestor, rest.New(svc, nil)}, nil
}
