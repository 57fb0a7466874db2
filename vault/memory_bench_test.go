package vault_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/vault"
)

// BenchmarkMemory holds a million secrets with a name of 20 bytes and a value of 32, and reports what each costs in heap
// and how long a full collection takes.
func BenchmarkMemory(b *testing.B) {
	const n = 1_000_000
	unlimited := limiter.Unlimited()
	for b.Loop() {
		before := heap()
		svc, err := vault.New(&vault.Options{Limits: &unlimited})
		must(b, err)
		v, err := svc.Vault(b.Context(), "memory")
		must(b, err)
		owner := v.As(vault.Owner())
		for i := range n {
			_, err := owner.SetSecret(b.Context(), fmt.Sprintf("secret-%013d", i*7919%n), fmt.Sprintf("%032d", i), nil)
			must(b, err)
		}
		held := heap() - before
		start := time.Now()
		runtime.GC()
		b.ReportMetric(float64(time.Since(start).Microseconds())/1000, "GC-ms")
		b.ReportMetric(float64(held)/n, "B/secret")
		runtime.KeepAlive(svc)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkGet reads secrets in random order from vaults of several sizes.
func BenchmarkGet(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("objects=%d", n), func(b *testing.B) {
			unlimited := limiter.Unlimited()
			_, app := pipelineVault(b, vault.Options{Limits: &unlimited}, n)
			names := make([]vault.Ref, n)
			for i := range names {
				names[i] = vault.Ref(fmt.Sprintf("secret-%08d", i*7919%n))
			}
			ctx := b.Context()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := app.GetSecret(ctx, names[i%n]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
