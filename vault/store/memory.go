package store

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
)

// Memory is a store that lives as long as its process. A service opened on it again finds all that was committed.
type Memory struct {
	mu      sync.Mutex
	records map[Key][]byte // nil once closed; values are never changed once in the map
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{records: map[Key][]byte{}} }

// Format prints how many records there are, and none of them, for every verb.
func (m *Memory) Format(f fmt.State, _ rune) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Fprintf(f, "memory store of %d records", len(m.records))
}

// Records implements [Store]. It shows the records of the moment of the call.
func (m *Memory) Records(ctx context.Context) iter.Seq2[Record, error] {
	m.mu.Lock()
	defer m.mu.Unlock()
	records, closed := maps.Clone(m.records), m.records == nil
	return func(yield func(Record, error) bool) {
		if closed {
			yield(Record{}, ErrClosed)
			return
		}
		for key, value := range records {
			if err := ctx.Err(); err != nil {
				yield(Record{}, err)
				return
			}
			if !yield(Record{key, slices.Clone(value)}, nil) {
				return
			}
		}
	}
}

// Commit implements [Store]. It returns the context's error or [ErrClosed].
func (m *Memory) Commit(ctx context.Context, b Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.records == nil {
		return ErrClosed
	}
	for _, r := range b.Put {
		m.records[r.Key] = slices.Clone(r.Value)
	}
	for _, key := range b.Delete {
		delete(m.records, key)
	}
	return nil
}

// Close implements [Store].
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records = nil
	return nil
}
