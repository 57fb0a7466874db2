package vault_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"

	"github.com/embedvault/embedvault/vault"
)

// A container in memory is one, however its address is written, and shares nothing with who puts or gets.
func TestMemoryStorage(t *testing.T) {
	t.Parallel()
	ctx, all := t.Context(), vault.MemoryStorage()
	data := []byte("kept")
	fine(t, got(all(ctx, "https://account.example/backups", vault.Value{}))(t).Put(ctx, "f/b", data))
	data[0] = 'x'
	for _, uri := range []string{"https://account.example/backups/", "https://Account.Example/backups", "http://account.example/backups"} {
		blobs := got(all(ctx, uri, vault.NewValue("se=2030")))(t)
		kept := got(blobs.Get(ctx, "f/b"))(t)
		if string(kept) != "kept" {
			t.Errorf("%s: %q", uri, kept)
		}
		kept[0] = 'y'
	}
	other := got(all(ctx, "https://account.example/others", vault.Value{}))(t)
	if _, err := other.Get(ctx, "f/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("another container: %v", err)
	}
	if _, err := all(ctx, "account", vault.Value{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no address: %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := other.Put(ended, "late", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("too late: %v", err)
	}
	if _, err := other.Get(ctx, "late"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what came too late is there: %v", err)
	}
}
