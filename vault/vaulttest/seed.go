package vaulttest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

// SetSecret sets a secret as the owner and returns the new version.
func (e *Env) SetSecret(name, value string) vault.Secret {
	e.tb.Helper()
	s, err := e.Owner().SetSecret(e.ctx(), name, value, nil)
	e.must(err)
	return s
}

// CreateKey makes a key as the owner and returns the new version.
func (e *Env) CreateKey(name string, spec crypto.Spec) vault.Key {
	e.tb.Helper()
	k, err := e.Owner().CreateKey(e.ctx(), name, spec, nil)
	e.must(err)
	return k
}

// Firewall replaces the network rules of the vault. Without DefaultAction Deny the other rules have no effect. They do not
// concern the owner, and a caller without an address matches none of them:
//
//	env.Grant("app", policy.SecretsGet)
//	env.Firewall(policy.NetworkRules{DefaultAction: policy.Deny, IPRules: []string{"198.51.100.0/24"}})
//	inside := env.As(vault.Principal("app").From(netip.MustParseAddr("198.51.100.7")))
func (e *Env) Firewall(rules policy.NetworkRules) {
	e.tb.Helper()
	e.must(e.vault.SetNetwork(e.ctx(), rules))
}

// grants are the rights that the environment has given, by access policies.
type grants struct {
	callers int                       // how many Allow has made
	held    map[string][]policy.Right // :: lower-case object id → rights
	order   []string                  // lower-case object ids as they came
	written []policy.AccessPolicy     // the entries that came of it
}

// Allow returns a client for a new caller with these rights and no other. The vault must be one that access policies
// protect, and the rights such as they can give.
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
// protect, and the rights such as they can give.
func (e *Env) Grant(objectID string, rights ...policy.Right) {
	e.tb.Helper()
	if e.vault.Options().RBAC != nil {
		e.tb.Fatalf("vaulttest: roles protect the vault %s; give one with SetRBAC", e.vault.Name())
	}
	for _, r := range rights {
		if r.Permission() == "" {
			e.tb.Fatalf("vaulttest: no access policy gives %v", r)
		}
	}
	objectID = strings.ToLower(objectID)
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Contains(e.grants.order, objectID) {
		e.grants.order = append(e.grants.order, objectID)
	}
	e.grants.held[objectID] = append(e.grants.held[objectID], rights...)
	e.applyLocked()
}

// Revoke takes rights from the principal with an object id that Grant gave it; without rights, all of them.
func (e *Env) Revoke(objectID string, rights ...policy.Right) {
	e.tb.Helper()
	objectID = strings.ToLower(objectID)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.grants.held[objectID] = slices.DeleteFunc(e.grants.held[objectID], func(r policy.Right) bool {
		return len(rights) == 0 || slices.Contains(rights, r)
	})
	e.applyLocked()
}

// applyLocked puts the entries of the grants beside those that the vault has otherwise.
func (e *Env) applyLocked() {
	e.tb.Helper()
	entries := slices.DeleteFunc(e.vault.Options().AccessPolicies, func(a policy.AccessPolicy) bool {
		return slices.ContainsFunc(e.grants.written, func(own policy.AccessPolicy) bool { return reflect.DeepEqual(a, own) })
	})
	e.grants.written = nil
	for _, id := range e.grants.order {
		if rights := e.grants.held[id]; len(rights) > 0 {
			e.grants.written = append(e.grants.written, entry(id, rights))
		}
	}
	e.must(e.vault.SetAccessPolicies(e.ctx(), append(entries, e.grants.written...)...))
}

// entry is the access policy that gives rights.
func entry(objectID string, rights []policy.Right) policy.AccessPolicy {
	a := policy.AccessPolicy{ObjectID: objectID}
	lists := map[string]*[]string{"keys": &a.Keys, "secrets": &a.Secrets, "certificates": &a.Certificates, "storage": &a.Storage}
	for _, r := range rights {
		list := lists[r.Collection()]
		*list = append(*list, r.Permission())
	}
	return a
}
