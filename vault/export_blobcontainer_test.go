package vault

import "os"

// SyncedBlobs is DirectoryBlobs with another way to have files and folders kept for good.
func SyncedBlobs(dir string, sync func(*os.File) error) BlobContainer { return &directory{dir, sync} }
