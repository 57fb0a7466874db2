package policy

import (
	"fmt"
	"slices"
	"sync"
)

// MaxAccessPolicies is the most entries that a vault's access policy may have.
const MaxAccessPolicies = 1024

// AccessPolicy is one entry of a vault's access policy: permissions on everything in the vault for one principal.
//
// Permissions are the service's words ("get", "wrapKey", …), compared without regard to case; "all" stands for every
// permission of its list. Its JSON is the entry of the property accessPolicies in Azure Resource Manager.
type AccessPolicy struct {
	// TenantID is the directory of the principal. Empty means the vault's own.
	TenantID string
	// ObjectID is the principal: a user, a service principal, a managed identity or a group. It must not be empty.
	ObjectID string
	// ApplicationID, unless empty, limits the entry to calls that come through this application, as when an application
	// calls on behalf of a user who must not have the same rights without it.
	ApplicationID string

	Keys         []string
	Secrets      []string
	Certificates []string
	Storage      []string
}

// Rights returns the rights that the entry's permissions give. It fails on a permission that the service does not know.
func (e AccessPolicy) Rights() (RightSet, error) {
	var all RightSet
	for _, collection := range collections {
		for _, permission := range *e.list(collection) {
			set, ok := permissionRights()[collection+" "+lower(permission)]
			if !ok {
				return RightSet{}, fmt.Errorf("policy: unknown permission %q for %s", permission, collection)
			}
			all = all.Union(set)
		}
	}
	return all, nil
}

// collections are those that access policies have a list of permissions for.
var collections = [...]string{"keys", "secrets", "certificates", "storage"}

// list returns the permissions for one of the collections.
func (e *AccessPolicy) list(collection string) *[]string {
	switch collection {
	case "keys":
		return &e.Keys
	case "secrets":
		return &e.Secrets
	case "certificates":
		return &e.Certificates
	default:
		return &e.Storage
	}
}

// Clone returns an entry that shares no slice with e.
func (e AccessPolicy) Clone() AccessPolicy {
	for _, collection := range collections {
		list := e.list(collection)
		*list = slices.Clone(*list)
	}
	return e
}

// permissionRights maps a permission such as "keys wrapkey" or "keys all" to the rights it gives.
var permissionRights = sync.OnceValue(func() map[string]RightSet {
	rights := make(map[string]RightSet)
	for r := range Rights() {
		row := r.row()
		for _, permission := range row.permissions {
			for _, word := range [...]string{permission, "all"} {
				key := row.collection + " " + lower(word)
				set := rights[key]
				set.add(r)
				rights[key] = set
			}
		}
	}
	return rights
})

// AccessPolicies is a vault's access policy, compiled. It never changes. nil allows nothing.
type AccessPolicies struct {
	grants  idTable[grant]
	entries []compiledEntry
}

// grant is what entries with one object id, tenant and application give together. With its id it fills a cache line.
type grant struct {
	tenant ID
	app    ID
	rights RightSet
}

// compiledEntry keeps an entry as it was written, for Explain.
type compiledEntry struct {
	source AccessPolicy
	id     ID
	grant  grant
}

// CompileAccessPolicies compiles the entries of an access policy, of which there may be [MaxAccessPolicies]. It fails on
// an unknown permission and on an entry without an object id. Several entries for one principal add up.
func CompileAccessPolicies(entries []AccessPolicy) (*AccessPolicies, error) {
	if len(entries) > MaxAccessPolicies {
		return nil, fmt.Errorf("policy: %d access policy entries, at most %d are allowed", len(entries), MaxAccessPolicies)
	}
	return compileAccessPolicies(entries)
}

func compileAccessPolicies(entries []AccessPolicy) (*AccessPolicies, error) {
	a := &AccessPolicies{grants: newIDTable[grant](len(entries)), entries: make([]compiledEntry, 0, len(entries))}
	for i, entry := range entries {
		rights, err := entry.Rights()
		if err != nil {
			return nil, err
		}
		id := ParseID(entry.ObjectID)
		if id.IsZero() {
			return nil, fmt.Errorf("policy: access policy entry %d has no object id", i)
		}
		g := grant{rights: rights, tenant: ParseID(entry.TenantID), app: ParseID(entry.ApplicationID)}
		if g.app.IsZero() && entry.ApplicationID != "" {
			return nil, fmt.Errorf("policy: access policy entry %d has an application id of zeros, which would limit nothing", i)
		}
		a.entries = append(a.entries, compiledEntry{source: entry.Clone(), id: id, grant: g})
		a.add(id, g)
	}
	return a, nil
}

func (a *AccessPolicies) add(id ID, g grant) {
	a.grants.insert(id, id.hash(), g, func(old *grant) bool {
		same := old.tenant == g.tenant && old.app == g.app
		if same {
			old.rights = old.rights.Union(g.rights)
		}
		return same
	})
}

// Allows reports whether an entry gives p the right. It takes no lock and does not allocate.
func (a *AccessPolicies) Allows(p *Principal, r Right) bool {
	if a == nil || p == nil || a.grants.empty() {
		return false
	}
	for _, s := range p.subjects {
		for i := s.hash; ; i++ {
			slot := a.grants.at(i)
			if slot.id.IsZero() {
				break
			}
			if slot.id == s.id && slot.value.gives(p, r) {
				return true
			}
		}
	}
	return false
}

func (g *grant) gives(p *Principal, r Right) bool { return g.rights.Has(r) && g.isFor(p) }

// isFor reports whether a grant to one of p's subjects applies to p. A tenant that either side leaves open is the
// vault's own, which both then share: a token always names its tenant, and tokens of other tenants are not accepted.
func (g *grant) isFor(p *Principal) bool {
	return g.inTenantOf(p) && (g.app.IsZero() || g.app == p.app)
}

func (g *grant) inTenantOf(p *Principal) bool {
	return g.tenant == p.tenant || g.tenant.IsZero() || p.tenant.IsZero()
}
