// Package store is where the records of a service live.
//
// The live state of a service is in memory; a [Store] makes it outlive the process. A service hands it one [Batch] for
// each commit and shows nothing of a change before the store has said that it is durable. Keys and values are opaque to
// a store: it neither reads nor orders them.
package store

import (
	"context"
	"errors"
	"iter"
)

// ErrClosed is returned by a store that was closed.
var ErrClosed = errors.New("store: closed")

// Store keeps the records of one service. It is safe for concurrent use. Records hold secrets in the clear: who may read
// them, and that nobody changes them, is the store's affair. A service finds out about records that are missing or do not
// fit together, not about a value that was changed to another.
type Store interface {
	// Records goes through all records, in no particular order. It stops at the first error, which it yields.
	Records(ctx context.Context) iter.Seq2[Record, error]
	// Commit makes a batch durable, all of it or none of it, before it returns. An error means that nothing of the
	// batch will ever be seen.
	Commit(ctx context.Context, b Batch) error
	// Close releases the store. A use after it fails with [ErrClosed].
	Close() error
}

// Key names a record.
type Key [16]byte

// Record is a key with its value. The value belongs to whoever receives it.
type Record struct {
	Key   Key
	Value []byte
}

// Batch is one atomic set of changes. No key is in it twice.
type Batch struct {
	Put    []Record
	Delete []Key // a key without a record is no error
}
