package vault

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// BlobContainer is where full backups of Managed HSMs are kept, such as a container of a storage account. What reaches it is
// sealed. Names are relative and have one folder in front, such as mhsm-fortress-20260102030405/backup.sealed.
//
// It is called in the goroutine of the request, for one request at a time of a Managed HSM; it must be safe for concurrent
// use by several of them. A panic is an error.
type BlobContainer interface {
	// Put keeps a blob under a name, whole or not at all, in place of one that has the name. It does not keep data.
	Put(ctx context.Context, name string, data []byte) error
	// Get returns the blob of a name. The error for one that is not there is fs.ErrNotExist.
	Get(ctx context.Context, name string) ([]byte, error)
}

// DirectoryBlobs returns the container whose blobs are the files of a directory, for their owner alone. The directory is made
// when the first blob is put into it. No name leads out of it.
func DirectoryBlobs(dir string) BlobContainer { return directory(dir) }

type directory string

// Put implements [BlobContainer]. It writes another file first, which then gets the name.
func (d directory) Put(ctx context.Context, name string, data []byte) (err error) {
	if err := errors.Join(ctx.Err(), blobName(name)); err != nil {
		return err
	}
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	draft := name + "." + rand.Text()
	defer func() {
		if err != nil {
			_ = root.Remove(draft) // what remains is in nobody's way
		}
	}()
	if err := write(root, draft, data); err != nil {
		return err
	}
	return root.Rename(draft, name)
}

// write makes a file that was not there and has it kept for good.
func write(root *os.Root, name string, data []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Get implements [BlobContainer].
func (d directory) Get(ctx context.Context, name string) ([]byte, error) {
	if err := errors.Join(ctx.Err(), blobName(name)); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > maxFullBackup:
		return nil, fmt.Errorf("vault: %s is no blob of at most %d bytes", name, maxFullBackup)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFullBackup+1))
}

// blobName tells whether a blob can have a name.
func blobName(name string) error {
	if !fs.ValidPath(name) || name == "." {
		return &fs.PathError{Op: "blob", Path: name, Err: fs.ErrInvalid}
	}
	return nil
}
