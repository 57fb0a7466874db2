package vaulttest

import (
	"fmt"
	"slices"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

// Set sets a secret as the owner and returns the new version.
func (e *Env) Set(name, value string) vault.Secret {
	e.tb.Helper()
	s, err := e.Owner().SetSecret(e.tb.Context(), name, value, nil)
	e.must(err)
	return s
}

// CreateKey makes a key as the owner and returns the new version.
func (e *Env) CreateKey(name string, spec crypto.Spec) vault.Key {
	e.tb.Helper()
	k, err := e.Owner().CreateKey(e.tb.Context(), name, spec, nil)
	e.must(err)
	return k
}

// Firewall replaces the network rules of the vault.
func (e *Env) Firewall(rules policy.NetworkRules) {
	e.tb.Helper()
	e.must(e.vault.SetNetwork(e.tb.Context(), rules))
}

// grants are the rights that the environment has given, by access policies.
type grants struct {
	callers int                       // how many Allow has made
	held    map[string][]policy.Right // :: object id → rights
	order   []string                  // object ids as they came
}

// Allow returns a client for a new caller with these rights and no other.
func (e *Env) Allow(rights ...policy.Right) *vault.Client {
	e.tb.Helper()
	e.mu.Lock()
	e.grants.callers++
	id := fmt.Sprintf("caller-%d", e.grants.callers)
	e.mu.Unlock()
	e.Grant(id, rights...)
	return e.As(vault.Principal(id))
}

// Grant gives rights to the principal with an object id, besides those it has. The vault must be one that access policies
// protect.
func (e *Env) Grant(objectID string, rights ...policy.Right) {
	e.tb.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Contains(e.grants.order, objectID) {
		e.grants.order = append(e.grants.order, objectID)
	}
	e.grants.held[objectID] = append(e.grants.held[objectID], rights...)
	e.applyLocked()
}

// Revoke takes rights from the principal with an object id; without rights, all that Grant gave it.
func (e *Env) Revoke(objectID string, rights ...policy.Right) {
	e.tb.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.grants.held[objectID] = slices.DeleteFunc(e.grants.held[objectID], func(r policy.Right) bool {
		return len(rights) == 0 || slices.Contains(rights, r)
	})
	e.applyLocked()
}

// applyLocked makes the vault's access policies those of the grants, besides the ones it was made with.
func (e *Env) applyLocked() {
	e.tb.Helper()
	entries := e.vault.Options().AccessPolicies
	entries = slices.DeleteFunc(entries, func(a policy.AccessPolicy) bool { return slices.Contains(e.grants.order, a.ObjectID) })
	for _, id := range e.grants.order {
		if rights := e.grants.held[id]; len(rights) > 0 {
			entries = append(entries, entry(id, rights))
		}
	}
	e.must(e.vault.SetAccessPolicies(e.tb.Context(), entries...))
}

// entry is the access policy that gives rights.
func entry(objectID string, rights []policy.Right) policy.AccessPolicy {
	a := policy.AccessPolicy{ObjectID: objectID}
	lists := map[string]*[]string{"keys": &a.Keys, "secrets": &a.Secrets, "certificates": &a.Certificates, "storage": &a.Storage}
	for _, r := range rights {
		if list := lists[r.Collection()]; list != nil && r.Permission() != "" {
			*list = append(*list, r.Permission())
		}
	}
	return a
}
