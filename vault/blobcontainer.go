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
	"path/filepath"
	"runtime"
	"syscall"
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
// when the first blob is put into it. No name leads out of it. A blob that was put is there after a power cut.
func DirectoryBlobs(dir string) BlobContainer { return &directory{dir, (*os.File).Sync} }

type directory struct {
	path string
	sync func(*os.File) error // (*os.File).Sync: what a file or folder holds outlives a power cut
}

// Put implements [BlobContainer]. It writes another file first, which then gets the name.
func (d *directory) Put(ctx context.Context, name string, data []byte) (err error) {
	if err := errors.Join(ctx.Err(), blobName(name)); err != nil {
		return err
	}
	if err := d.mkdirAll(d.path); err != nil {
		return err
	}
	root, err := os.OpenRoot(d.path)
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
	if err := d.write(root, draft, data); err != nil {
		return err
	}
	if err := root.Rename(draft, name); err != nil {
		return err
	}
	return d.syncParents(root, name)
}

// mkdirAll makes a directory, and those above it, unless it is there, and syncs the one above, which holds its name: also if
// it was there, since whoever else has just made it may not have come to that, or have failed in it.
func (d *directory) mkdirAll(dir string) error {
	above := filepath.Dir(dir)
	_, err := os.Stat(dir)
	there := err == nil
	if !there {
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := d.mkdirAll(above); err != nil {
			return err
		}
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	folder, err := os.Open(above)
	if there && errors.Is(err, fs.ErrPermission) { // it was made by somebody who may see what is above
		return nil
	}
	return d.syncDir(folder, err)
}

// write makes a file that was not there, and syncs it.
func (d *directory) write(root *os.Root, name string, data []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.Write(data); err == nil {
		err = d.sync(f)
	}
	return errors.Join(err, f.Close())
}

// syncParents syncs the folders that a name is in, from the innermost to the root.
func (d *directory) syncParents(root *os.Root, name string) error {
	for name != "." {
		name = path.Dir(name)
		if err := d.syncDir(root.Open(name)); err != nil {
			return err
		}
	}
	return nil
}

// syncDir syncs a folder that was opened, or not, and closes it. A system that does not sync folders is no error.
func (d *directory) syncDir(folder *os.File, err error) error {
	if err != nil {
		return err
	}
	err = d.sync(folder)
	if runtime.GOOS == "windows" || errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, folder.Close())
}

// Get implements [BlobContainer].
func (d *directory) Get(ctx context.Context, name string) ([]byte, error) {
	if err := errors.Join(ctx.Err(), blobName(name)); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if info, err := root.Stat(name); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() { // a pipe would not even open
		return nil, noBlob(name)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBlob(f, name)
}

// readBlob reads a file that may still grow.
func readBlob(f *os.File, name string) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFullBackup {
		return nil, noBlob(name)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFullBackup+1))
	if len(data) > maxFullBackup {
		return nil, noBlob(name)
	}
	return data, err
}

func noBlob(name string) error {
	return fmt.Errorf("vault: %s is no blob of at most %d bytes", name, maxFullBackup)
}

// blobName tells whether a blob can have a name.
func blobName(name string) error {
	if !fs.ValidPath(name) || name == "." {
		return &fs.PathError{Op: "blob", Path: name, Err: fs.ErrInvalid}
	}
	return nil
}
