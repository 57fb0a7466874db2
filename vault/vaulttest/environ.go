package vaulttest

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/embedvault/embedvault/internal/frontdoor"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault/rest"
)

// The application that programs are told to be by their environment. It has the same ids in every environment, so that
// one set of variables is good for all of them.
const (
	applicationName = "vaulttest"
	clientID        = "0c1d2e3f-0000-4000-8000-000000000001"
	objectID        = "0c1d2e3f-0000-4000-8000-000000000002"
	secretLifetime  = 100 * 365 * 24 * time.Hour
)

// clientSecret is the secret of the application, as long as the process lives.
var clientSecret = sync.OnceValue(rand.Text)

// Application returns the application that programs of this environment are, if they take their credentials from the
// variables that [Main] and [Server.Environ] set. It has every right in the vault and every role in Managed HSMs that
// [Env.CreateManagedHSM] makes: take some with
//
//	env.Revoke(env.Application().ObjectID(), policy.SecretsGet)
//
// or, in a Managed HSM and in a vault with roles, by replacing the assignments. The first call, which [Env.Serve] and
// [Served] make, gives it all that; with Options.Lag, its roles in what is there by then count when the lag is over.
func (e *Env) Application() *identity.Application {
	e.tb.Helper()
	e.making.Lock()
	defer e.making.Unlock()
	if o, ok := e.tenant.Lookup(clientID); ok {
		return o.(*identity.Application)
	}
	app, err := newApplication(e.tenant)
	e.must(err)
	e.administer()
	for _, h := range e.hsms {
		e.must(h.AddRoleAssignments(e.ctx(), everyRole()...))
	}
	return app
}

func newApplication(tenant *identity.Tenant) (*identity.Application, error) {
	app, err := tenant.NewApplication(applicationName, &identity.ObjectOptions{ObjectID: objectID, ClientID: clientID})
	if err != nil {
		return nil, err
	}
	_, err = app.AddSecret(&identity.SecretOptions{Text: clientSecret(), Lifetime: secretLifetime})
	return app, err
}

// administer gives the application every right in the vault.
func (e *Env) administer() {
	e.tb.Helper()
	if rbac := e.vault.Options().RBAC; rbac != nil {
		rbac.Assignments = append(rbac.Assignments, policy.RoleAssignment{
			Role: policy.KeyVaultAdministrator, PrincipalID: objectID, Scope: e.vault.Resource(),
		})
		e.must(e.vault.SetRBAC(e.ctx(), rbac))
		return
	}
	e.Grant(objectID, everyPermission()...)
}

// everyPermission is a right for each permission of access policies, so that to revoke one takes its permission.
func everyPermission() (rights []policy.Right) {
	seen := map[[2]string]bool{}
	for r := range policy.Rights() {
		permission := [2]string{r.Collection(), r.Permission()}
		if permission[1] != "" && !seen[permission] {
			seen[permission] = true
			rights = append(rights, r)
		}
	}
	return rights
}

// Server is an environment that other processes reach.
type Server struct {
	front  *frontdoor.Front
	access frontdoor.Access
}

// Serve opens the environment to other processes until the test ends: on two free ports of 127.0.0.1, under the hosts of
// the service. A process reaches them with the variables of [Server.Environ]. It fails in a bubble of [Run], whose time
// other processes do not share.
func (e *Env) Serve(tb testing.TB) *Server {
	tb.Helper()
	if _, bubbled := e.clock.(*bubble); bubbled {
		tb.Fatal("vaulttest: Serve in a bubble: other processes do not share its time")
	}
	e.Application()
	outside, err := frontdoor.Outside(os.Environ())
	if err != nil {
		tb.Fatalf("vaulttest: Serve: %v", err)
	}
	f, err := frontdoor.Open(&frontdoor.Options{Handler: e.rest, Outside: outside, Now: time.Now})
	if err != nil {
		tb.Fatalf("vaulttest: Serve: %v", err)
	}
	tb.Cleanup(f.Close)
	path := filepath.Join(tb.TempDir(), "ca.pem")
	if err := os.WriteFile(path, f.Bundle(frontdoor.Roots(os.Environ())), 0o600); err != nil {
		tb.Fatalf("vaulttest: Serve: %v", err)
	}
	return &Server{f, e.access(f, path)}
}

// access is what a program is told that reaches the environment through a front.
func (e *Env) access(f *frontdoor.Front, bundle string) frontdoor.Access {
	e.making.Lock()
	defer e.making.Unlock()
	hsm := ""
	if len(e.hsms) > 0 {
		hsm = e.hsms[0].URL()
	}
	return frontdoor.Access{
		HSMURL:   hsm,
		TenantID: e.tenant.ID(), ClientID: clientID, ClientSecret: clientSecret(), VaultURL: e.URL(),
		Proxy: f.Proxy().String(), Addr: f.Addr().String(), Bundle: bundle,
	}
}

// Environ returns the variables, as NAME=VALUE, with which a program in any language reaches the environment: credentials
// of [Env.Application], the address of the vault as AZURE_KEYVAULT_URL, that of the first Managed HSM there is as
// AZURE_MANAGEDHSM_URL, a proxy that leads to it and tunnels all other hosts, and a file of certificates that holds the
// proxy's, the system's and those that NODE_EXTRA_CA_CERTS and REQUESTS_CA_BUNDLE of the process name. They belong after
// those of the process:
//
//	cmd.Env = append(os.Environ(), env.Serve(t).Environ()...)
//
// Programs written in Go for Windows and macOS do not read such a file.
func (s *Server) Environ() []string { return s.access.Variables(os.Environ()) }

// restOptions are the options of a door whose clients live on the system's clock while the service may not.
func restOptions(c clock, o *rest.Options) *rest.Options {
	var is rest.Options
	if o != nil {
		is = *o
	}
	if _, apart := c.(*standing); apart && is.ClientNow == nil {
		is.ClientNow = time.Now
	}
	return &is
}
