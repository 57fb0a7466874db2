package bench_test

import (
	"sync"
	"testing"
)

// row is one operation, done by several sides. The first is ours; the others are what it is compared with.
type row struct {
	name string
	open func(tb testing.TB) []side
}

// side does the operation n times, and fails tb at the first answer that is wrong. Each side has a loop of its own: a call
// through a function value costs as much as the cheapest of what is measured here.
type side struct {
	name string
	run  func(tb testing.TB, n int)
}

// topic is a list of rows.
type topic struct {
	name string
	rows []row
}

// topics are all that is measured.
func topics() []topic {
	return []topic{
		{"limiter", limiterRows()}, {"policy", policyRows()}, {"token", tokenRows()}, {"crypto", cryptoRows()},
		{"vault", vaultRows()}, {"scaling", scalingRows()},
	}
}

func BenchmarkLimiter(b *testing.B) { benchmark(b, limiterRows()) }
func BenchmarkPolicy(b *testing.B)  { benchmark(b, policyRows()) }
func BenchmarkToken(b *testing.B)   { benchmark(b, tokenRows()) }
func BenchmarkCrypto(b *testing.B)  { benchmark(b, cryptoRows()) }
func BenchmarkVault(b *testing.B)   { benchmark(b, vaultRows()) }
func BenchmarkScaling(b *testing.B) { benchmark(b, scalingRows()) }

func benchmark(b *testing.B, rows []row) {
	for _, r := range rows {
		b.Run(r.name, func(b *testing.B) {
			for _, s := range r.open(b) {
				b.Run(s.name, func(b *testing.B) {
					b.ReportAllocs()
					s.run(b, b.N)
				})
			}
		})
	}
}

// Every side of every row runs, and finds its answers right.
func TestSides(t *testing.T) {
	for _, topic := range topics() {
		for _, r := range topic.rows {
			t.Run(topic.name+"/"+r.name, func(t *testing.T) {
				for _, s := range r.open(t) {
					t.Run(s.name, func(t *testing.T) { s.run(t, 4) })
				}
			})
		}
	}
}

// together lets every work do its share of n in a goroutine of its own.
func together(n int, works ...func(n int)) {
	var running sync.WaitGroup
	for _, work := range works {
		running.Go(func() { work(n / len(works)) })
	}
	running.Wait()
}

// next goes round an index, where a remainder would cost a division.
func next(i, n int) int {
	if i++; i == n {
		return 0
	}
	return i
}

// must is for what cannot fail unless the comparison itself is wrong.
func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		check(tb, err)
		return v
	}
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
