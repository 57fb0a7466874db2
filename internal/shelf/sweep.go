package shelf

// sweepStep is how many deleted objects a change looks at for those whose time is over.
const sweepStep = 8

// Sweep takes away some of the deleted objects whose names are free at now. Each call looks at a few of them, and goes on
// where the one before ended, so that each is looked at again and again as changes come. It belongs at the end of a
// change, which it does not make one: a transaction that changes nothing sweeps nothing.
func (k Kind[V, O]) Sweep(tx *Tx, now int64) {
	c := k.in(tx.root)
	if c == nil || len(tx.changes) == 0 {
		return
	}
	var over []string
	seen, from := 0, tx.swept[k.index]
	c.deleted.Ascend(from, func(key string, o *Object[V, O]) bool {
		if key == from && from != "" {
			return true
		}
		if seen++; o.Deletion.Free <= now {
			over = append(over, o.Name)
		}
		tx.swept[k.index] = key
		return seen < sweepStep
	})
	if seen < sweepStep {
		tx.swept[k.index] = "" // the end was reached; the next one begins anew
	}
	for _, name := range over {
		k.remove(tx, name)
	}
}

// Over tells whether the name of an object is free at now, so that nothing of it need be kept.
func (o *Object[V, O]) Over(now int64) bool { return o.Deletion != nil && o.Deletion.Free <= now }
