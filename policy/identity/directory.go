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
	o.tenant.removeLocked(o)
	for g := range o.memberOf {
		delete(g.members, o)
	}
	o.memberOf = nil
}

// removeLocked takes an object out of the tenant's maps, and its members out of a group.
func (t *Tenant) removeLocked(o *object) {
	for _, k := range o.keys {
		if g, ok := t.byID[k].(*Group); ok {
			g.emptyLocked()
		}
		delete(t.byID, k)
	}
	name := strings.ToLower(o.name)
	t.byName[name] = slices.DeleteFunc(t.byName[name], func(other Object) bool { return other.base() == o })
	if len(t.byName[name]) == 0 {
		delete(t.byName, name)
	}
	t.count--
	t.gone = append(t.gone, o)
	t.gone = slices.Delete(t.gone, 0, max(0, len(t.gone)-maxGone))
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
	t.byName[strings.ToLower(name)] = append(t.byName[strings.ToLower(name)], self)
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

// Lookup finds the object with this id, in any letter case: an object id, a client
// id, the object id of an app registration, the resource id of a managed identity or
// the principal name of a user.
func (t *Tenant) Lookup(id string) (Object, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	o, ok := t.byID[strings.ToLower(id)]
	return o, ok
}

// Named lists the objects with this display name in any letter case, in the order
// they were added. There may be several: names are not unique.
func (t *Tenant) Named(name string) []Object {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Clone(t.byName[strings.ToLower(name)])
}

// maxGone is how many deleted objects a tenant remembers to explain denials by.
const maxGone = 100

// maxConfused is how many ids a principal carries that it may be confused with.
const maxConfused = 16

// describe adds what the directory knows, and tokens do not say, about a bearer:
// its display name, its groups if the token left them out, and the ids somebody may
// have granted access to by mistake.
func (t *Tenant) describe(info *policy.PrincipalInfo, groupsElsewhere bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	self, ok := t.byID[strings.ToLower(info.ObjectID)]
	if !ok || info.TenantID != t.id {
		return
	}
	info.DisplayName = or(info.DisplayName, self.DisplayName())
	info.OtherIDs = t.confusedLocked(self)
	if groupsElsewhere {
		info.Groups = self.base().groupsLocked()
	}
}

// confusedLocked lists ids that are easily taken for that of self: its other ids,
// those of its namesakes, and those of deleted ones. policy knows the client id.
func (t *Tenant) confusedLocked(self Object) []policy.OtherID {
	var ids []policy.OtherID
	if a, ok := self.(*Application); ok {
		ids = append(ids, policy.OtherID{ID: a.registrationID, Of: "the object id of the app registration, not of its service principal"})
	}
	name := self.base().name
	for _, other := range t.byName[strings.ToLower(name)] {
		if other != self && len(ids) < maxConfused/2 {
			ids = append(ids, policy.OtherID{ID: other.ObjectID(), Of: fmt.Sprintf("another object named %q", name)})
		}
	}
	for _, former := range slices.Backward(t.gone) {
		if strings.EqualFold(former.name, name) && len(ids) < maxConfused {
			ids = append(ids, policy.OtherID{ID: former.id, Of: fmt.Sprintf("a deleted object named %q", name)})
		}
	}
	return ids
}
