package shelf

import "github.com/tidwall/btree"

// writable returns the kind's collection as a copy that belongs to the transaction.
func (k Kind[V, O]) writable(tx *Tx) *collection[V, O] {
	c := k.in(tx.root)
	if tx.own[k.index] {
		return c
	}
	if c == nil {
		c = &collection[V, O]{
			live:    btree.NewMap[string, *Object[V, O]](treeDegree),
			deleted: btree.NewMap[string, *Object[V, O]](treeDegree),
		}
	} else {
		c = &collection[V, O]{live: c.live.Copy(), deleted: c.deleted.Copy()}
	}
	tx.own[k.index] = true
	tx.root.kinds[k.index] = c
	return c
}

// Put shows an object in the tree that its deletion calls for, in place of whatever has its name.
func (k Kind[V, O]) Put(tx *Tx, o *Object[V, O]) {
	c, key := k.writable(tx), folded(o.Name)
	to, from := c.live, c.deleted
	if o.Deletion != nil {
		to, from = from, to
	}
	before, moved := from.Delete(key)
	if same, ok := to.Set(key, o); ok {
		before, moved = same, true
	}
	change := Change{Kind: k.index, Name: key, After: o}
	if moved {
		change.Before = before
	}
	tx.changes = append(tx.changes, change)
}

// Drop takes away whatever has a name, live or deleted, for good and at once.
func (k Kind[V, O]) Drop(tx *Tx, name string) { k.remove(tx, name) }

// remove takes a name away for good.
func (k Kind[V, O]) remove(tx *Tx, name string) {
	c, key := k.writable(tx), folded(name)
	for _, tree := range []*tree[V, O]{c.live, c.deleted} {
		if o, ok := tree.Delete(key); ok {
			tx.changes = append(tx.changes, Change{Kind: k.index, Name: key, Before: o})
		}
	}
}
