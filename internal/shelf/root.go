package shelf

import (
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/btree"

	"github.com/embedvault/embedvault/errs"
)

// MaxKinds is how many kinds one container can have.
const MaxKinds = 8

// Root is the state of a container at one moment. It is immutable; the zero Root is an empty container.
type Root struct {
	kinds [MaxKinds]any // :: *collection[V, O] of the kind with that index, nil while it was never used
}

// Kind is one collection of a container, such as its keys. V is what one version holds, O what belongs to the object
// as a whole. A Kind is a typed index into a Root.
type Kind[V, O any] struct {
	index int
	words errs.Kind
}

// NewKind declares the kind at an index below [MaxKinds]. The words name the kind in errors.
func NewKind[V, O any](index int, words errs.Kind) Kind[V, O] {
	return Kind[V, O]{index, words}
}

// Index returns the place of the kind in a root.
func (k Kind[V, O]) Index() int { return k.index }

// Words returns how errors name the kind.
func (k Kind[V, O]) Words() errs.Kind { return k.words }

// Object is one named thing with all its versions. It is immutable once it is in a root.
type Object[V, O any] struct {
	Own      O
	Name     string        // as its creator spelt it; compared without case
	Versions []*Version[V] // oldest first, never empty; the last one is the current one
	Deletion *Deletion     // nil while the object is live
	Back     int64         // until when a recovered object is on its way back, in unix seconds; 0 or past: it is here
}

// Version is one version of an object. It is immutable once it is in a root.
type Version[V any] struct {
	ID   VersionID
	Tags map[string]string
	Data V
	Attributes
}

// Attributes are what every version of every kind carries. Times are unix seconds.
type Attributes struct {
	Created   int64 `json:"created"`
	Updated   int64 `json:"updated"`
	NotBefore int64 `json:"nbf,omitempty"` // 0: no limit
	Expires   int64 `json:"exp,omitempty"` // 0: no limit
	Enabled   bool  `json:"enabled"`
}

// Deletion says when an object was deleted and what becomes of it, in unix seconds.
type Deletion struct {
	At    int64 `json:"at"`    // when it was deleted
	Done  int64 `json:"done"`  // from when on it is deleted; before, it is being deleted
	Purge int64 `json:"purge"` // from when on it is gone
	Free  int64 `json:"free"`  // from when on its name is free: later than Purge while it is being purged
}

// VersionID identifies a version; it is shown as 32 hexadecimal digits.
type VersionID [16]byte

// String returns the 32 lower-case hexadecimal digits.
func (v VersionID) String() string { return hex.EncodeToString(v[:]) }

// ParseVersionID reads 32 hexadecimal digits of any case.
func ParseVersionID(s string) (v VersionID, ok bool) {
	if len(s) != 2*len(v) {
		return v, false
	}
	var digits [2 * len(v)]byte
	copy(digits[:], s)
	_, err := hex.Decode(v[:], digits[:])
	return v, err == nil
}

// Current returns the newest version. A disabled newest version is not skipped.
func (o *Object[V, O]) Current() *Version[V] { return o.Versions[len(o.Versions)-1] }

// Version returns the version with an id, nil if there is none.
func (o *Object[V, O]) Version(id VersionID) *Version[V] {
	for i := len(o.Versions) - 1; i >= 0; i-- {
		if o.Versions[i].ID == id {
			return o.Versions[i]
		}
	}
	return nil
}

type tree[V, O any] = btree.Map[string, *Object[V, O]]

// collection holds one kind of a root. A name is in one of the two trees or in none.
type collection[V, O any] struct {
	live, deleted *tree[V, O] // :: lower-case name → object
}

// treeDegree keeps nodes small enough that a write, which copies the nodes on its path, stays cheap.
const treeDegree = 16

func (k Kind[V, O]) in(r *Root) *collection[V, O] {
	c, _ := r.kinds[k.index].(*collection[V, O])
	return c
}

// folded is the form in which names are compared. Most are in it already.
func folded(name string) string {
	for i := range len(name) {
		if c := name[i]; c-'A' < 26 || c >= utf8.RuneSelf {
			return strings.ToLower(name)
		}
	}
	return name
}

// Live returns the live object of a name, nil if there is none at now.
func (k Kind[V, O]) Live(r *Root, name string, now int64) *Object[V, O] {
	if o := k.returning(r, name); o != nil && o.Back <= now {
		return o
	}
	return nil
}

// returning returns the live object of a name, even one that is not back yet.
func (k Kind[V, O]) returning(r *Root, name string) *Object[V, O] {
	if c := k.in(r); c != nil {
		o, _ := c.live.Get(folded(name))
		return o
	}
	return nil
}

// Deleted returns the soft-deleted object of a name, nil if there is none at now.
func (k Kind[V, O]) Deleted(r *Root, name string, now int64) *Object[V, O] {
	if o := k.leaving(r, name); o != nil && o.Deletion.Done <= now && now < o.Deletion.Purge {
		return o
	}
	return nil
}

// leaving returns the deleted object of a name, even one that is still being deleted or purged.
func (k Kind[V, O]) leaving(r *Root, name string) *Object[V, O] {
	if c := k.in(r); c != nil {
		o, _ := c.deleted.Get(folded(name))
		return o
	}
	return nil
}

// LiveAfter goes through the live objects in the order of their names, from the first one after a name.
func (k Kind[V, O]) LiveAfter(r *Root, name string, now int64) iter.Seq[*Object[V, O]] {
	return func(yield func(*Object[V, O]) bool) {
		if c := k.in(r); c != nil {
			after(c.live, name, func(o *Object[V, O]) bool { return o.Back > now || yield(o) })
		}
	}
}

// DeletedAfter goes through the soft-deleted objects in the order of their names, from the first one after a name.
func (k Kind[V, O]) DeletedAfter(r *Root, name string, now int64) iter.Seq[*Object[V, O]] {
	return func(yield func(*Object[V, O]) bool) {
		if c := k.in(r); c != nil {
			after(c.deleted, name, func(o *Object[V, O]) bool {
				return o.Deletion.Done > now || o.Deletion.Purge <= now || yield(o)
			})
		}
	}
}

// All goes through everything that is in the trees, also what is no longer there by the clock.
func (k Kind[V, O]) All(r *Root) iter.Seq[*Object[V, O]] {
	return func(yield func(*Object[V, O]) bool) {
		c := k.in(r)
		if c == nil {
			return
		}
		more := true
		show := func(_ string, o *Object[V, O]) bool { more = yield(o); return more }
		if c.live.Scan(show); more {
			c.deleted.Scan(show)
		}
	}
}

// Sound tells what is wrong with the trees of the kind: a name that is not its object's, or that is in both, or an object
// in the wrong one.
func (k Kind[V, O]) Sound(r *Root) error {
	c := k.in(r)
	if c == nil {
		return nil
	}
	var wrong []error
	check := func(deleted bool) func(string, *Object[V, O]) bool {
		return func(key string, o *Object[V, O]) bool {
			_, live := c.live.Get(key)
			switch {
			case key != folded(o.Name):
				wrong = append(wrong, fmt.Errorf("%s %s is kept as %s", k.words, o.Name, key))
			case deleted && live:
				wrong = append(wrong, fmt.Errorf("%s %s is both live and deleted", k.words, o.Name))
			case deleted != (o.Deletion != nil):
				wrong = append(wrong, fmt.Errorf("%s %s is not where its deletion says", k.words, o.Name))
			}
			return true
		}
	}
	c.live.Scan(check(false))
	c.deleted.Scan(check(true))
	return errors.Join(wrong...)
}

func after[V, O any](t *tree[V, O], name string, yield func(*Object[V, O]) bool) {
	pivot := folded(name)
	t.Ascend(pivot, func(key string, o *Object[V, O]) bool {
		return key == pivot && name != "" || yield(o)
	})
}

// Len returns how many live objects the kind has, those on their way back included.
func (k Kind[V, O]) Len(r *Root) int {
	if c := k.in(r); c != nil {
		return c.live.Len()
	}
	return 0
}
