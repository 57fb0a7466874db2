package vault

import (
	"errors"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/shelf"
)

// life is what every kind of object can go through: V is what a version holds, O what the object holds, R what a caller
// sees of one version, I what a list shows of it.
type life[V, O, R, I any] struct {
	codec[V, O]
	show func(*settings, ID, *shelf.Version[V]) R
	item func(*settings, ID, *shelf.Version[V]) I
}

// Deleted is a soft-deleted object.
type Deleted[T any] struct {
	Object T // its newest version, as it was
	Deletion
}

// Deletion says how a deleted object can be had back, and for how long.
type Deletion struct {
	// RecoveryID is the identifier under which the object is recovered or purged.
	RecoveryID string
	// DeletedAt is when it was deleted, ScheduledPurge when it will be gone for good.
	DeletedAt, ScheduledPurge time.Time
}

// update carries out a change of what the container holds, unless it then held more keys than it may. The same change takes
// away a few of the objects whose time is over.
func (c call) update(change func(*shelf.Tx) error) error {
	if c.container.admin != nil {
		over, err := c.sameDomain()
		if err != nil {
			return err
		}
		defer over()
	}
	return c.container.shelf.Update(c.ctx, func(tx *shelf.Tx) error {
		before := keys.Len(tx.Root())
		if err := change(tx); err != nil {
			return err
		}
		if most := c.container.maxKeys; most != 0 && keys.Len(tx.Root()) > max(most, before) {
			return errs.NewTooManyKeys(most)
		}
		for _, k := range kinds {
			k.sweep(tx, c.unix())
		}
		return nil
	})
}

// get answers the version asked for.
func (l life[V, O, R, I]) get(c call, _ nothing) (out R, err error) {
	o, v, err := l.kind.Find(c.root, c.name, c.version, c.unix())
	if err == nil {
		out = l.show(c.set, l.id(c.container, o, v), v)
	}
	return out, err
}

// delete moves the object with all its versions among the deleted ones.
func (l life[V, O, R, I]) delete(c call, _ nothing) (gone Deleted[R], err error) {
	err = c.update(func(tx *shelf.Tx) error {
		o, err := l.kind.Delete(tx, c.name, c.unix(), c.set.retention(), c.lag())
		if err == nil {
			gone = l.showDeleted(c, o)
		}
		return err
	})
	return gone, err
}

// getDeleted answers a deleted object.
func (l life[V, O, R, I]) getDeleted(c call, _ nothing) (gone Deleted[R], err error) {
	o, err := l.kind.FindDeleted(c.root, c.name, c.unix())
	if err == nil {
		gone = l.showDeleted(c, o)
	}
	return gone, err
}

// recover moves a deleted object back.
func (l life[V, O, R, I]) recover(c call, _ nothing) (back R, err error) {
	err = c.update(func(tx *shelf.Tx) error {
		o, err := l.kind.Recover(tx, c.name, c.unix(), c.lag())
		switch {
		case err == nil:
			back = l.show(c.set, l.id(c.container, o, o.Current()), o.Current())
		case c.container.recoversDeleted && errors.Is(err, errs.KeyNotFound):
			return l.kind.Words().DeletedNotFound(c.name)
		}
		return err
	})
	return back, err
}

// purge takes a deleted object away for good.
func (l life[V, O, R, I]) purge(c call, _ nothing) (nothing, error) {
	return nothing{}, c.update(func(tx *shelf.Tx) error {
		if c.set.PurgeProtection && l.kind.Deleted(tx.Root(), c.name, c.unix()) != nil {
			return errs.NewPurgeProtected(c.where())
		}
		return l.kind.Purge(tx, c.name, c.unix(), c.lag())
	})
}

func (l life[V, O, R, I]) showDeleted(c call, o *shelf.Object[V, O]) Deleted[R] {
	return Deleted[R]{l.show(c.set, l.id(c.container, o, o.Current()), o.Current()), l.deletion(c.container, o)}
}

func (l life[V, O, R, I]) deletion(in *container, o *shelf.Object[V, O]) Deletion {
	return Deletion{
		RecoveryID:     "https://" + in.host + "/deleted" + l.kind.Words().Plural() + "/" + o.Name,
		DeletedAt:      moment(o.Deletion.At),
		ScheduledPurge: moment(o.Deletion.Purge),
	}
}

// id identifies a version of an object.
func (l life[V, O, R, I]) id(in *container, o *shelf.Object[V, O], v *shelf.Version[V]) ID {
	id := l.baseID(in, o)
	id.version = v.ID
	return id
}

// baseID identifies an object as a whole.
func (l life[V, O, R, I]) baseID(in *container, o *shelf.Object[V, O]) ID {
	return ID{Vault: in.name, Collection: l.kind.Words().Plural(), Name: o.Name, host: in.host}
}
