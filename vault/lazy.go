package vault

import (
	"errors"
	"sync"
	"sync/atomic"
)

// lazy is a value that takes time to make and is made when somebody needs it. Those who need it meanwhile wait; nobody else
// does. A failure is told to all of them and forgotten.
type lazy[T any] struct {
	mu     sync.Mutex
	newest *making[T] // nil until somebody needs the value, and again when it is dropped
}

type making[T any] struct {
	once  sync.Once
	value atomic.Pointer[T]
	err   error
}

// get returns the value, which it makes if there is none.
func (l *lazy[T]) get(create func() (*T, error)) (*T, error) {
	l.mu.Lock()
	if l.newest == nil {
		l.newest = &making[T]{err: errors.New("vault: what makes it panicked")}
	}
	m := l.newest
	l.mu.Unlock()
	defer func() {
		if m.value.Load() == nil {
			l.forget(m)
		}
	}()
	m.once.Do(func() {
		v, err := create() // which may panic
		if m.err = err; err == nil {
			m.value.Store(v)
		}
	})
	return m.value.Load(), m.err
}

func (l *lazy[T]) forget(m *making[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.newest == m {
		l.newest = nil
	}
}

// drop has the next one who needs a value make another, unless v was replaced already.
func (l *lazy[T]) drop(v *T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.newest != nil && l.newest.value.Load() == v {
		l.newest = nil
	}
}
