package identity

import (
	"slices"
)

// Group is a security group. A token lists the groups its bearer is in, directly
// or through other groups, at the moment it is issued.
type Group struct {
	object
	members map[*object]struct{} // guarded by tenant.mu
}

// NewGroup adds an empty group. It fails with [ErrName], [ErrID], [ErrTaken] or [ErrFull].
func (t *Tenant) NewGroup(name string, o *ObjectOptions) (*Group, error) {
	o = o.orZero()
	g := &Group{members: map[*object]struct{}{}}
	if err := t.add(g, name, t.idOr(o.ObjectID)); err != nil {
		return nil, err
	}
	return g, nil
}

func (o *ObjectOptions) orZero() *ObjectOptions {
	if o == nil {
		return &ObjectOptions{}
	}
	return o
}

// Add makes objects members. A group may hold groups, and the same member may be
// added again. It fails with [ErrForeign] and changes nothing if one of them, or
// the group, is not in the directory.
func (g *Group) Add(members ...Object) error {
	g.tenant.mu.Lock()
	defer g.tenant.mu.Unlock()
	for _, m := range members {
		if m == nil || g.deleted || m.base().deleted || m.base().tenant != g.tenant {
			return ErrForeign
		}
	}
	for _, m := range members {
		o := m.base()
		if o.memberOf == nil {
			o.memberOf = map[*Group]struct{}{}
		}
		o.memberOf[g] = struct{}{}
		g.members[o] = struct{}{}
	}
	return nil
}

// Remove takes objects out of the group. Those that are not in it are ignored.
func (g *Group) Remove(members ...Object) {
	g.tenant.mu.Lock()
	defer g.tenant.mu.Unlock()
	for _, m := range members {
		if m != nil && m.base().tenant == g.tenant {
			delete(m.base().memberOf, g)
			delete(g.members, m.base())
		}
	}
}

func (g *Group) emptyLocked() {
	for o := range g.members {
		delete(o.memberOf, g)
	}
	clear(g.members)
}

// groupsLocked lists the object ids of all groups the object is in, sorted. Each
// group is visited once, so groups that hold each other do no harm.
func (o *object) groupsLocked() []string {
	seen := map[*Group]struct{}{}
	next := []*object{o}
	for len(next) > 0 {
		at := next[len(next)-1]
		next = next[:len(next)-1]
		for g := range at.memberOf {
			if _, again := seen[g]; !again {
				seen[g] = struct{}{}
				next = append(next, &g.object)
			}
		}
	}
	ids := make([]string, 0, len(seen))
	for g := range seen {
		ids = append(ids, g.id)
	}
	slices.Sort(ids)
	return ids
}
