package vault

import (
	"bytes"
	"context"
	"io/fs"
	"sync"
)

// MemoryStorage returns what Options.Storage can be: storage that is gone when nobody has it any more. Every container
// exists, and SAS tokens are not looked at.
func MemoryStorage() func(ctx context.Context, uri string, sas Value) (BlobContainer, error) {
	s := &memoryStorage{containers: map[string]*memoryBlobs{}}
	return s.open
}

type memoryStorage struct {
	mu         sync.Mutex
	containers map[string]*memoryBlobs // by their address
}

func (s *memoryStorage) open(_ context.Context, uri string, _ Value) (BlobContainer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.containers[uri] == nil {
		s.containers[uri] = &memoryBlobs{blobs: map[string][]byte{}}
	}
	return s.containers[uri], nil
}

type memoryBlobs struct {
	mu    sync.Mutex
	blobs map[string][]byte
}

// Put implements BlobContainer.
func (m *memoryBlobs) Put(ctx context.Context, name string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.blobs[name] = bytes.Clone(data)
	return nil
}

// Get implements BlobContainer.
func (m *memoryBlobs) Get(ctx context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.blobs[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return bytes.Clone(data), ctx.Err()
}
