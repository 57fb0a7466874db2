package vault

// Lazy is what is made when somebody needs it.
type Lazy[T any] struct{ lazy[T] }

// Get returns the value, which it makes if there is none.
func (l *Lazy[T]) Get(create func() (*T, error)) (*T, error) { return l.get(create) }

// Drop has the next one who needs a value make another, unless v was replaced already.
func (l *Lazy[T]) Drop(v *T) { l.drop(v) }
