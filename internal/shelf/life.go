package shelf

import (
	"slices"

	"github.com/embedvault/embedvault/errs"
)

// Look returns a live object and the version asked for: 32 hexadecimal digits, or "" for the current one. Both are nil if
// either is not there.
func (k Kind[V, O]) Look(r *Root, name, version string, now int64) (*Object[V, O], *Version[V]) {
	o := k.Live(r, name, now)
	if o == nil {
		return nil, nil
	}
	if version == "" {
		return o, o.Current()
	}
	if id, ok := ParseVersionID(version); ok {
		if v := o.Version(id); v != nil {
			return o, v
		}
	}
	return nil, nil
}

// Find is Look with an error for what is not there: the kind's 404, with the name as asked for.
func (k Kind[V, O]) Find(r *Root, name, version string, now int64) (*Object[V, O], *Version[V], error) {
	o, v := k.Look(r, name, version, now)
	if o == nil {
		return nil, nil, k.Absent(name, version)
	}
	return o, v, nil
}

// Absent is the kind's 404.
func (k Kind[V, O]) Absent(name, version string) error {
	if version != "" {
		name += "/" + version
	}
	return k.words.NotFound(name)
}

// FindDeleted returns a soft-deleted object. The error is the kind's 404 for deleted objects.
func (k Kind[V, O]) FindDeleted(r *Root, name string, now int64) (*Object[V, O], error) {
	if o := k.Deleted(r, name, now); o != nil {
		return o, nil
	}
	return nil, k.words.DeletedNotFound(name)
}

// Free tells whether a version can be added under a name. The errors are the 409s of a name that a deleted object holds,
// or one on its way from or to the deleted ones.
func (k Kind[V, O]) Free(r *Root, name string, now int64) error {
	if o := k.returning(r, name); o != nil && o.Back > now {
		return k.words.BeingRecovered(o.Name)
	}
	o := k.leaving(r, name)
	switch {
	case o == nil || o.Deletion.Free <= now:
		return nil
	case o.Deletion.Done > now || o.Deletion.Purge <= now:
		return k.words.BeingDeleted(o.Name)
	}
	return k.words.DeletedButRecoverable(o.Name)
}

// Taken tells whether anything has a name, live, deleted, or between the two.
func (k Kind[V, O]) Taken(r *Root, name string, now int64) bool {
	return k.returning(r, name) != nil || k.Free(r, name, now) != nil
}

// Add puts a new current version under a name, with a new object if there is none. Errors are those of Free.
func (k Kind[V, O]) Add(tx *Tx, name string, v *Version[V], now int64) (*Object[V, O], error) {
	if err := k.Free(tx.root, name, now); err != nil {
		return nil, err
	}
	o := &Object[V, O]{Name: name, Versions: []*Version[V]{v}}
	if old := k.Live(tx.root, name, now); old != nil {
		o.Name, o.Own = old.Name, old.Own
		// The newest version is the one created last: a request that came earlier and was carried out later is stamped
		// when it was.
		v.Created = max(v.Created, old.Current().Created)
		v.Updated = max(v.Updated, v.Created)
		o.Versions = append(slices.Clone(old.Versions), v)
	}
	k.Put(tx, o)
	return o, nil
}

// Revise puts an edited copy of a version in its place. The errors are the kind's 404 and the edit's.
func (k Kind[V, O]) Revise(tx *Tx, name, version string, now int64, edit func(*Version[V]) error) (*Object[V, O], *Version[V], error) {
	o, v, err := k.Find(tx.root, name, version, now)
	if err != nil {
		return nil, nil, err
	}
	edited := *v
	if err := edit(&edited); err != nil {
		return nil, nil, err
	}
	next := *o
	next.Versions = slices.Clone(o.Versions)
	next.Versions[slices.Index(o.Versions, v)] = &edited
	k.Put(tx, &next)
	return &next, &edited, nil
}

// Own replaces what belongs to an object as a whole. The error is the kind's 404.
func (k Kind[V, O]) Own(tx *Tx, name string, now int64, own O) error {
	o, _, err := k.Find(tx.root, name, "", now)
	if err != nil {
		return err
	}
	next := *o
	next.Own = own
	k.Put(tx, &next)
	return nil
}

// Delete moves a live object with all its versions among the deleted ones, where it stays for a retention. Deleting takes
// a lag, in which the object is neither live nor deleted. Both are seconds. The error is the kind's 404.
func (k Kind[V, O]) Delete(tx *Tx, name string, now, retention, lag int64) (*Object[V, O], error) {
	o, _, err := k.Find(tx.root, name, "", now)
	if err != nil {
		return nil, err
	}
	gone := *o
	gone.Back = 0
	gone.Deletion = &Deletion{At: now, Done: now + lag, Purge: now + retention, Free: now + retention}
	k.Put(tx, &gone)
	return &gone, nil
}

// Recover moves a soft-deleted object back among the live ones, which takes a lag in seconds. The errors are the 400 of an
// object that is live, the 409 of one that is still being deleted, and the kind's 404.
func (k Kind[V, O]) Recover(tx *Tx, name string, now, lag int64) (*Object[V, O], error) {
	o := k.Deleted(tx.root, name, now)
	if o == nil {
		return nil, k.whyNotDeleted(tx.root, name, now, k.words.ExistsAlready, k.words.RecoverWhileDeleting)
	}
	back := *o
	back.Deletion = nil
	if lag > 0 {
		back.Back = now + lag
	}
	k.Put(tx, &back)
	return &back, nil
}

// Purge takes a soft-deleted object away for good; its name is free after a lag in seconds. The errors are the 400 of an
// object that is live, the 409 of one that is still being deleted, and the kind's 404.
func (k Kind[V, O]) Purge(tx *Tx, name string, now, lag int64) error {
	o := k.Deleted(tx.root, name, now)
	switch {
	case o == nil:
		return k.whyNotDeleted(tx.root, name, now,
			func(string) *errs.Error { return k.words.NotDeleted() },
			func(string) *errs.Error { return k.words.PurgeWhileDeleting() })
	case lag == 0:
		k.remove(tx, name)
	default:
		going := *o
		going.Deletion = &Deletion{At: o.Deletion.At, Done: o.Deletion.Done, Purge: now, Free: now + lag}
		k.Put(tx, &going)
	}
	return nil
}

// whyNotDeleted is the error of a request for a deleted object that is not there.
func (k Kind[V, O]) whyNotDeleted(r *Root, name string, now int64, live, leaving func(string) *errs.Error) error {
	if o := k.Live(r, name, now); o != nil {
		return live(o.Name)
	}
	if o := k.leaving(r, name); o != nil && o.Deletion.Done > now {
		return leaving(o.Name)
	}
	return k.words.NotFound(name)
}
