package identity

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/embedvault/embedvault/policy"
)

// Object is something with an object id in a directory: an [*Application]'s
// service principal, a [*ManagedIdentity], a [*User] or a [*Group]. Its ids and
// names never change.
type Object interface {
	// ObjectID is the id that access is granted to.
	ObjectID() string
	// DisplayName is what people call it; several objects may share it.
	DisplayName() string
	fmt.Stringer

	base() *object
}

// Identity is an [Object] that can be given tokens: all but a [*Group], and what
// [User.Through] returns.
type Identity interface {
	Object
	// subjectLocked is what a token issued now says about the identity, or why
	// it gets none. The tenant's lock is held.
	subjectLocked(now time.Time) (subject, Code)
}

// ObjectOptions choose ids that are otherwise random GUIDs. They need not be
// GUIDs, but must be unique in the tenant; letter case does not tell them apart.
type ObjectOptions struct {
	// ObjectID is the object id, of the service principal for an application.
	ObjectID string
	// ClientID is the client id; read for applications and managed identities.
	ClientID string
	// UPN is the user principal name, such as ada@contoso.example; read for users.
	// Empty: the user's tokens carry no upn.
	UPN string
}

// object is what all directory objects have in common. The fields after the blank
// line are guarded by tenant.mu, the others fixed.
type object struct {
	tenant *Tenant
	id     string
	name   string
	keys   []string // its entries in tenant.byID

	deleted  bool
	disabled bool
	fail     Code
	memberOf map[*Group]struct{}
}

func (o *object) base() *object { return o }

// ObjectID is the id that access is granted to.
func (o *object) ObjectID() string { return o.id }

// DisplayName is what people call the object; others may have the same name.
func (o *object) DisplayName() string { return o.name }

// String is the display name and the object id.
func (o *object) String() string { return fmt.Sprintf("%s (%s)", o.name, o.id) }

// Delete takes the object out of the directory and out of every group. It gets no
// further tokens; those it has stay good until they expire. Deleting again does
// nothing.
func (o *object) Delete() {
	o.tenant.mu.Lock()
	defer o.tenant.mu.Unlock()
	if o.deleted {
		return
	}
	o.deleted = true
	for _, k := range o.keys {
		if g, ok := o.tenant.byID[k].(*Group); ok {
			g.emptyLocked()
		}
		delete(o.tenant.byID, k)
	}
	o.tenant.count--
	o.tenant.gone = append(o.tenant.gone, o)
	o.tenant.gone = o.tenant.gone[max(0, len(o.tenant.gone)-maxGone):]
	for g := range o.memberOf {
		delete(g.members, o)
	}
	o.memberOf = nil
}

// add puts an object that New…-functions filled into the directory under its ids.
func (t *Tenant) add(self Object, name string, ids ...string) error {
	if name == "" || len(name) > 256 {
		return ErrName
	}
	if slices.ContainsFunc(ids, func(id string) bool { return len(id) > 1024 }) {
		return ErrID
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count >= MaxObjects {
		return ErrFull
	}
	o := self.base()
	for _, id := range ids {
		k := strings.ToLower(id)
		if _, taken := t.byID[k]; taken || slices.Contains(o.keys, k) {
			return fmt.Errorf("%w: %s", ErrTaken, clip(id))
		}
		o.keys = append(o.keys, k)
	}
	o.tenant, o.id, o.name = t, o.keys[0], name
	for _, k := range o.keys {
		t.byID[k] = self
	}
	t.count++
	return nil
}

// idOr is an id a caller chose, or a new one.
func (t *Tenant) idOr(chosen string) string {
	if chosen != "" {
		return chosen
	}
	return t.chance.guid()
}

// Lookup finds the object with this object id, client id or (for a managed
// identity) resource id, in any letter case.
func (t *Tenant) Lookup(id string) (Object, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	o, ok := t.byID[strings.ToLower(id)]
	return o, ok
}

// Named lists the objects with this display name in any letter case, in the order
// of their object ids. There may be several: names are not unique.
func (t *Tenant) Named(name string) []Object {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var found []Object
	for k, o := range t.byID {
		if k == o.ObjectID() && strings.EqualFold(o.DisplayName(), name) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b Object) int { return strings.Compare(a.ObjectID(), b.ObjectID()) })
	return found
}

// maxGone is how many deleted objects a tenant remembers to explain denials by.
const maxGone = 100

// maxConfused is how many ids a principal carries that it may be confused with.
const maxConfused = 16

// describe adds what the directory knows, and tokens do not say, about a bearer:
// its display name, its groups if the token left them out, and the ids somebody may
// have granted access to by mistake.
func (t *Tenant) describe(info *policy.PrincipalInfo, groupsElsewhere bool) {
	self, ok := t.Lookup(info.ObjectID)
	if !ok || info.TenantID != t.id {
		return
	}
	name := self.DisplayName()
	info.DisplayName = or(info.DisplayName, name)
	if a, ok := self.(*Application); ok {
		info.OtherIDs = append(info.OtherIDs, policy.OtherID{ID: a.registrationID, Of: "the object id of the app registration, not of its service principal"})
	}
	for _, other := range t.Named(name) {
		if other != self {
			info.OtherIDs = append(info.OtherIDs, policy.OtherID{ID: other.ObjectID(), Of: fmt.Sprintf("another object named %q", name)})
		}
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, former := range t.gone {
		if strings.EqualFold(former.name, name) {
			info.OtherIDs = append(info.OtherIDs, policy.OtherID{ID: former.id, Of: fmt.Sprintf("a deleted object named %q", name)})
		}
	}
	info.OtherIDs = info.OtherIDs[:min(len(info.OtherIDs), maxConfused)]
	if groupsElsewhere {
		info.Groups = self.base().groupsLocked()
	}
}
