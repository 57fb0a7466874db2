package shelf

import "slices"

// Look returns a live object and the version asked for: 32 hexadecimal digits, or "" for the current one. Both are nil if
// either is not there.
func (k Kind[V, O]) Look(r *Root, name, version string) (*Object[V, O], *Version[V]) {
	o := k.Live(r, name)
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
func (k Kind[V, O]) Find(r *Root, name, version string) (*Object[V, O], *Version[V], error) {
	o, v := k.Look(r, name, version)
	if o == nil {
		return nil, nil, k.Absent(name, version)
	}
	return o, v, nil
}

// Absent is the kind's 404.
func (k Kind[V, O]) Absent(name, version string) error { return k.words.NotFound(ref(name, version)) }

func ref(name, version string) string {
	if version == "" {
		return name
	}
	return name + "/" + version
}

// FindDeleted returns a soft-deleted object. The error is the kind's 404 for deleted objects.
func (k Kind[V, O]) FindDeleted(r *Root, name string, now int64) (*Object[V, O], error) {
	if o := k.Deleted(r, name, now); o != nil {
		return o, nil
	}
	return nil, k.words.DeletedNotFound(name)
}

// Free tells whether a version can be added under a name. The error is the 409 of a name that a soft-deleted object
// holds.
func (k Kind[V, O]) Free(r *Root, name string, now int64) error {
	if o := k.Deleted(r, name, now); o != nil {
		return k.words.DeletedButRecoverable(o.Name)
	}
	return nil
}

// Add puts a new current version under a name, with a new object if there is none. Errors are those of Free.
func (k Kind[V, O]) Add(tx *Tx, name string, v *Version[V], now int64) (*Object[V, O], error) {
	if err := k.Free(tx.root, name, now); err != nil {
		return nil, err
	}
	o := &Object[V, O]{Name: name, Versions: []*Version[V]{v}}
	if old := k.Live(tx.root, name); old != nil {
		o.Name, o.Own = old.Name, old.Own
		o.Versions = append(slices.Clone(old.Versions), v)
	}
	k.Put(tx, o)
	return o, nil
}

// Delete moves a live object with all its versions among the deleted ones, where it stays for a retention in seconds.
// The error is the kind's 404.
func (k Kind[V, O]) Delete(tx *Tx, name string, now, retention int64) (*Object[V, O], error) {
	o, _, err := k.Find(tx.root, name, "")
	if err != nil {
		return nil, err
	}
	gone := *o
	gone.Deletion = &Deletion{At: now, Purge: now + retention}
	k.Put(tx, &gone)
	return &gone, nil
}

// Recover moves a soft-deleted object back among the live ones. The errors are the 400 of an object that is live, and the
// kind's 404.
func (k Kind[V, O]) Recover(tx *Tx, name string, now int64) (*Object[V, O], error) {
	o := k.Deleted(tx.root, name, now)
	if o == nil {
		if live := k.Live(tx.root, name); live != nil {
			return nil, k.words.ExistsAlready(live.Name)
		}
		return nil, k.words.NotFound(name)
	}
	back := *o
	back.Deletion = nil
	k.Put(tx, &back)
	return &back, nil
}

// Purge takes a soft-deleted object away for good. The errors are the 400 of an object that is live, and the kind's 404.
func (k Kind[V, O]) Purge(tx *Tx, name string, now int64) error {
	if k.Deleted(tx.root, name, now) == nil {
		if k.Live(tx.root, name) != nil {
			return k.words.NotDeleted()
		}
		return k.words.NotFound(name)
	}
	k.remove(tx, name)
	return nil
}
