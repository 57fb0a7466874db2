package store_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/vault/store"
)

// all is what a store holds.
func all(ctx context.Context, s store.Store) (map[store.Key]string, error) {
	records := map[store.Key]string{}
	for r, err := range s.Records(ctx) {
		if err != nil {
			return nil, err
		}
		records[r.Key] = string(r.Value)
	}
	return records, nil
}

func put(key byte, value string) store.Batch {
	return store.Batch{Put: []store.Record{{Key: store.Key{key}, Value: []byte(value)}}}
}

// A store holds what a map would after the same batches.
func TestMemoryIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, naive := store.NewMemory(), map[store.Key]string{}
		for range rapid.IntRange(0, 20).Draw(t, "batches") {
			var b store.Batch
			for _, key := range rapid.SliceOfNDistinct(rapid.ByteRange(0, 9), 0, 5, rapid.ID[byte]).Draw(t, "keys") {
				if rapid.Bool().Draw(t, "delete") {
					b.Delete = append(b.Delete, store.Key{key})
					delete(naive, store.Key{key})
					continue
				}
				value := rapid.String().Draw(t, "value")
				b.Put = append(b.Put, store.Record{Key: store.Key{key}, Value: []byte(value)})
				naive[store.Key{key}] = value
			}
			if err := s.Commit(context.Background(), b); err != nil {
				t.Fatal(err)
			}
			held, err := all(context.Background(), s)
			if diff := cmp.Diff(naive, held); diff != "" || err != nil {
				t.Fatalf("%v: %s", err, diff)
			}
		}
	})
}

// Neither what is committed nor what is read is shared with the store.
func TestMemorySharesNothing(t *testing.T) {
	s := store.NewMemory()
	value := []byte("value")
	if err := s.Commit(t.Context(), store.Batch{Put: []store.Record{{Value: value}}}); err != nil {
		t.Fatal(err)
	}
	clear(value)
	for r, err := range s.Records(t.Context()) {
		if err != nil || !bytes.Equal(r.Value, []byte("value")) {
			t.Errorf("the store holds %q, %v after its caller changed what it gave", r.Value, err)
		}
		clear(r.Value)
	}
	for r := range s.Records(t.Context()) {
		if string(r.Value) != "value" {
			t.Errorf("the store holds %q after a reader changed what it got", r.Value)
		}
	}
}

// A reader sees the records of one moment, and may commit meanwhile.
func TestMemoryReadsOneMoment(t *testing.T) {
	s := store.NewMemory()
	for key := range byte(5) {
		if err := s.Commit(t.Context(), put(key, "old")); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	for r, err := range s.Records(t.Context()) {
		if err != nil || string(r.Value) != "old" {
			t.Errorf("%v: %q, %v", r.Key, r.Value, err)
		}
		seen++
		for key := range byte(10) {
			if err := s.Commit(t.Context(), put(key, "new")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if seen != 5 {
		t.Errorf("saw %d records", seen)
	}
	if held, err := all(t.Context(), s); len(held) != 10 || err != nil {
		t.Errorf("afterwards: %v, %v", held, err)
	}
}

func TestMemoryStopsWhenItsReaderDoes(t *testing.T) {
	s := store.NewMemory()
	b := put(1, "a")
	b.Put = append(b.Put, put(2, "b").Put...)
	if err := s.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	for range s.Records(t.Context()) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	records, failures := 0, 0
	for _, err := range s.Records(ctx) {
		if err == nil {
			records++
			cancel()
			continue
		}
		failures++
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a reader that gave up: %v", err)
		}
	}
	if records != 1 || failures != 1 {
		t.Errorf("a reader that gave up saw %d records and %d errors", records, failures)
	}
}

func TestMemoryCommitsNothingForACancelledCaller(t *testing.T) {
	s := store.NewMemory()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Commit(ctx, put(1, "a")); !errors.Is(err, context.Canceled) {
		t.Errorf("committed: %v", err)
	}
	if held, err := all(t.Context(), s); len(held) != 0 || err != nil {
		t.Errorf("the store holds %v, %v", held, err)
	}
}

func TestMemoryIsClosedForGood(t *testing.T) {
	s := store.NewMemory()
	if err := s.Commit(t.Context(), put(1, "a")); err != nil {
		t.Fatal(err)
	}
	begun := s.Records(t.Context())
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if err := s.Commit(t.Context(), put(2, "b")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("commit: %v", err)
	}
	if _, err := all(t.Context(), s); !errors.Is(err, store.ErrClosed) {
		t.Errorf("records: %v", err)
	}
	for r, err := range begun {
		if err != nil || string(r.Value) != "a" {
			t.Errorf("a reader from before sees %q, %v", r.Value, err)
		}
	}
}

// Batches are whole: a reader sees all of one or none.
func TestMemoryBatchesAreWhole(t *testing.T) {
	s := store.NewMemory()
	var writers sync.WaitGroup
	for id := range byte(4) {
		writers.Go(func() {
			for range 200 {
				value := []byte{id}
				b := store.Batch{Put: []store.Record{{Key: store.Key{1}, Value: value}, {Key: store.Key{2}, Value: value}}}
				if err := s.Commit(t.Context(), b); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 200 {
		held, err := all(t.Context(), s)
		if values := slices.Compact(slices.Sorted(maps.Values(held))); len(values) > 1 || err != nil {
			t.Errorf("half of two batches: %q, %v", values, err)
		}
	}
	writers.Wait()
}
