package entropy_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/embedvault/embedvault/internal/entropy"
)

// The keys are the same on every machine and for ever: golden files depend on them.
func TestKeysAreAFunctionOfTheLabel(t *testing.T) {
	for index, want := range []string{"a99feecb9f1c58d5", "3df681988c10ff7f"} {
		key, err := entropy.NewPool("").RSA(2048, index)
		if err != nil {
			t.Fatal(err)
		}
		if err := key.Validate(); err != nil {
			t.Error(err)
		}
		sum := sha256.Sum256(key.N.Bytes())
		if got := hex.EncodeToString(sum[:8]); got != want {
			t.Errorf("key %d is %s, want %s", index, got, want)
		}
	}
}

func TestTheDiskOnlySavesTime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	first, err := entropy.NewPool(dir).RSA(2048, 0)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	kept, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"kept": kept, "torn": kept[:100], "garbage": []byte("x"), "changed": bytes.Repeat(kept, 2)} {
		if err := os.WriteFile(files[0], content, 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := entropy.NewPool(dir).RSA(2048, 0)
		if err != nil || !again.Equal(first) {
			t.Errorf("%s: another key: %v", name, err)
		}
	}
	unwritable := filepath.Join(files[0], "below a file")
	if again, err := entropy.NewPool(unwritable).RSA(2048, 0); err != nil || !again.Equal(first) {
		t.Errorf("without a disk: %v", err)
	}
}

func TestOneKeyForAllWhoAsk(t *testing.T) {
	p := entropy.NewPool(t.TempDir())
	var wg sync.WaitGroup
	first, err := p.RSA(2048, 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 8 {
		wg.Go(func() {
			if key, err := p.RSA(2048, 1); err != nil || key != first {
				t.Error("another key", err)
			}
		})
	}
	wg.Wait()
	if allocs := testing.AllocsPerRun(100, func() { p.RSA(2048, 1) }); allocs > 0 {
		t.Errorf("%v allocations for a key that is parsed", allocs)
	}
}

func BenchmarkPool(b *testing.B) {
	p := entropy.NewPool(b.TempDir())
	for name, bits := range map[string]int{"RSA-2048": 2048, "RSA-4096": 4096} {
		b.Run(name, func(b *testing.B) {
			if _, err := p.RSA(bits, 0); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				p.RSA(bits, 0)
			}
		})
	}
}
