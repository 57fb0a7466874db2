package vault

import (
	"bytes"
	"context"
	"io/fs"
	"strings"
	"sync"
)

// MemoryStorage returns what Options.Storage can be: storage that is gone when nobody has it any more. Every container
// exists, under its host, compared without case, and path; SAS tokens are not looked at.
func MemoryStorage() func(ctx context.Context, uri string, sas Value) (BlobContainer, error) {
	s := &memoryStorage{containers: map[string]*memoryBlobs{}}
	return s.open
}

type memoryStorage struct {
	mu         sync.Mutex
	containers map[string]*memoryBlobs // :: host and path → what is there
}

func (s *memoryStorage) open(_ context.Context, uri string, _ Value) (BlobContainer, error) {
	u, err := parseStorageURI(uri)
	if err != nil {
		return nil, fs.ErrNotExist
	}
	at := strings.ToLower(u.Host) + "/" + strings.Trim(u.EscapedPath(), "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.containers[at] == nil {
		s.containers[at] = &memoryBlobs{blobs: map[string][]byte{}}
	}
	return s.containers[at], nil
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
