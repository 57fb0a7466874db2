package vaulttest

import (
	"bytes"
	"context"
	"io/fs"
	"sync"

	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

// CreateManagedHSM makes a Managed HSM in the service, activated. nil options are the zero HSMOptions. Give a principal roles
// in it with SetRoles, or name administrators who do:
//
//	h := env.CreateManagedHSM("fortress", nil)
//	err := h.SetRoles(ctx, []policy.RoleAssignment{{Role: policy.ManagedHSMCryptoUser, PrincipalID: "app", Scope: "/keys/orders"}}, nil)
//	key, err := h.As(vault.Owner()).CreateKey(ctx, "orders", vault.Oct(256), nil)
//	sealed, err := h.As(vault.Principal("app")).Encrypt(ctx, "orders", vault.A256GCM, plaintext, nil)
//
// Its trouble is made with [vault.HSM.Module], that of vaults with [Env.Service] and its Module.
func (e *Env) CreateManagedHSM(name string, o *vault.HSMOptions) *vault.HSM {
	e.tb.Helper()
	h, err := e.svc.CreateManagedHSM(e.ctx(), name, o)
	e.must(err)
	e.must(h.Activate(e.ctx()))
	e.mu.Lock()
	e.hsms = append(e.hsms, h)
	e.mu.Unlock()
	if _, there := e.tenant.Lookup(clientID); there {
		e.administerHSM(h)
	}
	return h
}

// managedHSMs are those that the environment has made.
func (e *Env) managedHSMs() []*vault.HSM {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]*vault.HSM(nil), e.hsms...)
}

// administerHSM gives the application every role in a Managed HSM.
func (e *Env) administerHSM(h *vault.HSM) {
	e.tb.Helper()
	owner := h.As(vault.Owner())
	for _, role := range policy.HSMRoles() {
		_, err := owner.CreateRoleAssignment(e.ctx(), "/", policy.RoleAssignment{Role: role.ID, PrincipalID: objectID})
		e.must(err)
	}
}

// shelves is storage in memory, a container for each address.
type shelves struct {
	mu  sync.Mutex
	all map[string]*shelf
}

func (s *shelves) open(_ context.Context, uri string, _ vault.Value) (vault.BlobContainer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]*shelf{}
	}
	if s.all[uri] == nil {
		s.all[uri] = &shelf{blobs: map[string][]byte{}}
	}
	return s.all[uri], nil
}

// shelf is a container of blobs.
type shelf struct {
	mu    sync.Mutex
	blobs map[string][]byte
}

// Put implements vault.BlobContainer.
func (s *shelf) Put(ctx context.Context, name string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[name] = bytes.Clone(data)
	return ctx.Err()
}

// Get implements vault.BlobContainer.
func (s *shelf) Get(ctx context.Context, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.blobs[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return bytes.Clone(data), ctx.Err()
}
