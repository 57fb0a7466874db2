package vaulttest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/embedvault/embedvault/internal/frontdoor"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// current is the street of the process while Main runs.
var current atomic.Pointer[street]

// Served makes an environment like [New], and serves it to all code of the process that finds its vault by an address
// and its credentials in the environment, as azidentity.NewDefaultAzureCredential(nil) does. It needs [Main].
//
// Each environment has a host and a tenant of its own, so tests run in parallel and share nothing. Without a Name in the
// options the vault has a name that no other one has; [Env.URL] is its address. Vaults made by [Env.CreateVault] and Managed
// HSMs made by [Env.CreateManagedHSM] are served too. Their names are the test's own: they have to differ from those of the
// same product in other environments that are served at the time, else requests are answered with a 421 that says so.
//
// One host they have in common: that of [Env.Attestor]. Nothing in a request to it says which environment is meant, so while
// several are served it is answered with a 421, and the way to a token is Attestor itself, [Env.HTTP] or [Env.Transport].
// Release does not depend on it: a vault asks its own attestor.
//
// Served does not work in a bubble of [Run], which has no sockets.
func Served(tb testing.TB, o *Options) *Env {
	tb.Helper()
	s := current.Load()
	if s == nil {
		tb.Fatal("vaulttest: Served needs func TestMain(m *testing.M) { vaulttest.Main(m) } in the package of the test")
	}
	var is Options
	if o != nil {
		is = *o
	}
	is.Name = cmp.Or(is.Name, fmt.Sprintf("%s-%d", DefaultVault, s.count.Add(1)))
	e := newEnv(tb, &is, new(standing))
	e.Application()
	if err := s.enter(e); err != nil {
		tb.Fatalf("vaulttest: Served: %v", err)
	}
	tb.Cleanup(func() { s.leave(e) })
	return e
}

// street is where the served environments of a process have their houses. It is the handler behind the front door.
type street struct {
	lobby *rest.Handler // answers for hosts that are nobody's
	count atomic.Int64

	mu   sync.RWMutex
	envs []*Env
}

// newStreet makes an empty street, with the tenant that programs are told is theirs. Each environment has another one,
// which clients learn from the challenge of its vault.
func newStreet() (*street, *identity.Tenant, error) {
	tenant := identity.New(&identity.Options{NewKey: tenantKey})
	if _, err := newApplication(tenant); err != nil {
		return nil, nil, err
	}
	svc, err := vault.New(&vault.Options{Tenant: tenant})
	if err != nil {
		return nil, nil, err
	}
	return &street{lobby: rest.New(svc, nil)}, tenant, nil
}

// enter begins to serve an environment.
func (s *street) enter(e *Env) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.envs {
		if other.svc.Lookup(e.vault.Name()) != nil {
			return fmt.Errorf("another environment has a vault named %s", e.vault.Name())
		}
	}
	s.envs = append(s.envs, e)
	return nil
}

func (s *street) leave(e *Env) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.envs = slices.DeleteFunc(s.envs, func(other *Env) bool { return other == e })
}

// ServeHTTP lets the environment answer that a request is for.
func (s *street) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	meant, clash := addressee(r)
	switch houses := s.find(meant); len(houses) {
	case 0:
		s.lobby.ServeHTTP(w, r)
	case 1:
		houses[0].rest.ServeHTTP(w, r)
	default:
		http.Error(w, "vaulttest: several served environments "+clash, http.StatusMisdirectedRequest)
	}
}

// find returns the environments that are meant.
func (s *street) find(meant func(*Env) bool) (found []*Env) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, e := range s.envs {
		if meant(e) {
			found = append(found, e)
		}
	}
	return found
}

// addressee tells which environments a request is for, and what is to be said of several. An attestation differs with the
// environment, by clock and key, and nothing in a request for one says which is meant.
func addressee(r *http.Request) (meant func(*Env) bool, clash string) {
	if product, name, ok := rest.ContainerOf(r.Host); ok {
		return func(e *Env) bool { return e.svc.Find(product, name) != nil },
			fmt.Sprintf("have a %s named %s: names must differ", product, name)
	}
	if frontdoor.Attests(r.Host) {
		return func(*Env) bool { return true },
			"attest at this address, each by its own clock and key: get the token from Env.Attestor, or by Env.HTTP"
	}
	tenant := tenantOf(r.URL)
	return func(e *Env) bool { return e.tenant.ID() == tenant }, "have the tenant " + tenant
}

// tenantOf is the tenant that a request to an authority is about, in lower case.
func tenantOf(u *url.URL) string {
	if endpoint, err := url.Parse(u.Query().Get("authorization_endpoint")); err == nil && endpoint.Host != "" {
		u = endpoint
	}
	tenant, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return strings.ToLower(tenant)
}
