package bench_test

import (
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	ratios = flag.Bool("ratios", false, "measure the rows in turn and print ratios")
	only   = flag.String("rows", "", "with -ratios: `regexp` of the rows to measure")
	passes = flag.Int("passes", 12, "with -ratios: passes over all rows")
	length = flag.Duration("sample", 50*time.Millisecond, "with -ratios: how long a side is measured in each pass")
)

// TestRatios measures, and asserts nothing. See the package comment.
func TestRatios(t *testing.T) {
	if !*ratios {
		t.Skip("a measurement; it runs with the flag -ratios")
	}
	matches := openMatches(t, regexp.MustCompile(*only))
	for pass := range *passes {
		for _, m := range matches {
			m.measure(t, pass%2 == 1)
		}
	}
	printHead(os.Stdout)
	for _, m := range matches {
		m.print(os.Stdout)
	}
}

// match is a row that is being measured.
type match struct {
	name  string
	sides []*measured
}

// measured is a side and what it took in each pass.
type measured struct {
	side
	n             int       // operations in a sample
	ns            []float64 // an operation, by pass
	bytes, allocs float64   // an operation, in the last pass
}

func openMatches(t *testing.T, wanted *regexp.Regexp) (matches []match) {
	for _, topic := range topics() {
		for _, r := range topic.rows {
			m := match{name: topic.name + "/" + r.name}
			if !wanted.MatchString(m.name) {
				continue
			}
			for _, s := range r.open(t) {
				m.sides = append(m.sides, &measured{side: s, n: calibrate(t, s)})
			}
			matches = append(matches, m)
		}
	}
	return matches
}

// calibrate returns how many operations make a sample.
func calibrate(t *testing.T, s side) int {
	for n := 1; ; n *= 2 {
		begin := time.Now()
		s.run(t, n)
		if took := time.Since(begin); took > *length/8 {
			return max(1, int(float64(n)*float64(*length)/float64(took)))
		}
	}
}

// measure takes a sample of each side, so close together that their ratio means something.
func (m match) measure(t *testing.T, backwards bool) {
	runtime.GC()
	for i := range m.sides {
		if backwards {
			i = len(m.sides) - 1 - i
		}
		m.sides[i].sample(t)
	}
}

func (m *measured) sample(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := time.Now()
	m.run(t, m.n)
	took := time.Since(begin)
	runtime.ReadMemStats(&after)
	n := float64(m.n)
	m.ns = append(m.ns, float64(took.Nanoseconds())/n)
	m.bytes = math.Round(float64(after.TotalAlloc-before.TotalAlloc) / n)
	m.allocs = math.Round(float64(after.Mallocs-before.Mallocs) / n)
}

// printHead says what was measured with which versions on what.
func printHead(w io.Writer) {
	fmt.Fprintf(w, "%s %s/%s, GOMAXPROCS %d, %d passes, samples of %v\n", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		runtime.GOMAXPROCS(0), *passes, *length)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if slices.Contains(peers, module.Path) {
				fmt.Fprintln(w, module.Path, module.Version)
			}
		}
	}
	fmt.Fprint(w, `
Medians over the passes and, in brackets, quartiles. The last two columns compare the first side of the row with this one.

| row | side | time | B/op | allocs | first ÷ this | first − this |
|---|---|---:|---:|---:|---:|---:|
`)
}

// peers are the modules compared with.
var peers = []string{
	"github.com/casbin/casbin/v2", "github.com/cedar-policy/cedar-go", "github.com/go-jose/go-jose/v4",
	"github.com/tailscale/setec", "github.com/tink-crypto/tink-go/v2", "golang.org/x/time",
}

func (m match) print(w io.Writer) {
	first := m.sides[0]
	for i, s := range m.sides {
		fmt.Fprintf(w, "| %s | %s | %s | %.0f | %.0f |", m.name, s.name, spreadOf(s.ns, nanoseconds), s.bytes, s.allocs)
		if i == 0 {
			fmt.Fprintln(w, " | |")
			continue
		}
		var ratio, difference []float64
		for pass, ns := range s.ns {
			ratio = append(ratio, first.ns[pass]/ns)
			difference = append(difference, first.ns[pass]-ns)
		}
		fmt.Fprintf(w, " %s | %s |\n", spreadOf(ratio, threeDigits), spreadOf(difference, nanoseconds))
	}
}

// spreadOf writes the median and the quartiles.
func spreadOf(values []float64, format func(float64) string) string {
	values = slices.Sorted(slices.Values(values))
	return fmt.Sprintf("%s (%s–%s)", format(quantile(values, 0.5)), format(quantile(values, 0.25)), format(quantile(values, 0.75)))
}

// quantile of ascending values, between two of them by their distance.
func quantile(values []float64, q float64) float64 {
	at := q * float64(len(values)-1)
	low := int(at)
	high := min(low+1, len(values)-1)
	return values[low] + (at-float64(low))*(values[high]-values[low])
}

func threeDigits(v float64) string {
	if math.Abs(v) >= 999.5 {
		return fmt.Sprintf("%.0f", v)
	}
	return strings.TrimSuffix(fmt.Sprintf("%#.3g", v), ".")
}

func nanoseconds(ns float64) string {
	switch size := math.Abs(ns); {
	case size >= 999.5e3:
		return threeDigits(ns/1e6) + " ms"
	case size >= 999.5:
		return threeDigits(ns/1e3) + " µs"
	}
	return threeDigits(ns) + " ns"
}

// What the table is computed with.
func TestQuantile(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   string
	}{
		{[]float64{7}, "7.00 (7.00–7.00)"},
		{[]float64{40, 10, 30, 20}, "25.0 (17.5–32.5)"},
		{[]float64{1, 2, 3, 4, 1000}, "3.00 (2.00–4.00)"},
	} {
		if got := spreadOf(c.values, threeDigits); got != c.want {
			t.Errorf("%v: %s, want %s", c.values, got, c.want)
		}
	}
	var texts []string
	for _, ns := range []float64{0, -0.25, 8.125, 999.4, 999.6, 12_345, 2_570_000} {
		texts = append(texts, nanoseconds(ns))
	}
	const want = "0.00 ns, -0.250 ns, 8.12 ns, 999 ns, 1.00 µs, 12.3 µs, 2.57 ms"
	if got := strings.Join(texts, ", "); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
