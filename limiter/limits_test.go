package limiter_test

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/embedvault/embedvault/limiter"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var generations = []limiter.Limits{
	limiter.Documented2015(),
	limiter.Documented2019(),
	limiter.Documented2021(),
	limiter.Documented2025(),
	limiter.Unlimited(),
}

// The golden file is the published tables, as the limiter reads them.
func TestGenerations(t *testing.T) {
	const golden = "testdata/generations.golden"
	var b bytes.Buffer
	for _, l := range generations {
		fmt.Fprintf(&b, "%s: per %v, subscription × %d\n", l.Name, l.Window, l.Multiple)
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "  class\tcounted as\tvault\tsubscription\tunits EC, 2048, 3072, 4096")
		for c := range limiter.Class(limiter.NumClasses) {
			fmt.Fprintf(w, "  %v\t%v\t%s\t%s\t%s\n", c, l.Counts(c), limit(l.Limit(c)), limit(l.SubscriptionLimit(c)), prices(l, c))
		}
		w.Flush()
		fmt.Fprintln(&b)
	}
	if *update {
		if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("the limits differ from %s; if that is right, run with -update. They are now:\n%s", golden, b.Bytes())
	}
}

func limit(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

func prices(l limiter.Limits, c limiter.Class) string {
	var prices []string
	for k := range limiter.KeySize(limiter.NumKeySizes) {
		prices = append(prices, fmt.Sprint(l.Units(c, k)))
	}
	return strings.Join(prices, " ")
}

// The published tables give a limit for each size of key; the limiter has one
// limit and weights. They say the same if exactly so many uses fit.
func TestPublishedUsesPerSize(t *testing.T) {
	soft, hsm := limiter.KeyUse, limiter.HSMKeyUse
	for _, tt := range []struct {
		limits                        limiter.Limits
		class                         limiter.Class
		ec, rsa2048, rsa3072, rsa4096 int
	}{
		{limiter.Documented2015(), hsm, 1000, 1000, 1000, 1000},
		{limiter.Documented2015(), soft, 1500, 1500, 1500, 1500},
		{limiter.Documented2019(), hsm, 1000, 1000, 250, 125},
		{limiter.Documented2019(), soft, 2000, 2000, 500, 250},
		{limiter.Documented2021(), hsm, 2000, 2000, 500, 250},
		{limiter.Documented2021(), soft, 4000, 4000, 1000, 500},
		{limiter.Documented2025(), hsm, 2000, 2000, 500, 250},
		{limiter.Documented2025(), soft, 4000, 4000, 1000, 500},
	} {
		for size, want := range []int{tt.ec, tt.rsa2048, tt.rsa3072, tt.rsa4096} {
			size := limiter.KeySize(size)
			got := burst(newVault(tt.limits), 5000, tt.class, tt.limits.Units(tt.class, size), start)
			if got != want {
				t.Errorf("%s: %d uses of %v as %v fit, want %d", tt.limits.Name, got, size, tt.class, want)
			}
		}
	}
}

// The published examples of mixed sizes fit exactly, and nothing more does.
func TestPublishedMixtures(t *testing.T) {
	for _, tt := range []struct {
		limits           limiter.Limits
		rsa4096, rsa2048 int
	}{
		{limiter.Documented2019(), 124, 8},
		{limiter.Documented2021(), 248, 16},
		{limiter.Documented2025(), 248, 16},
	} {
		t.Run(tt.limits.Name, func(t *testing.T) {
			long := tt.limits.Units(limiter.HSMKeyUse, limiter.RSA4096)
			short := tt.limits.Units(limiter.HSMKeyUse, limiter.RSA2048)
			v := newVault(tt.limits)
			wantBurst(t, v, tt.rsa4096, tt.rsa4096, limiter.HSMKeyUse, long, start)
			wantBurst(t, v, tt.rsa2048, tt.rsa2048, limiter.HSMKeyUse, short, start)
			wantBurst(t, v, 1, 0, limiter.HSMKeyUse, short, start)
			if g := v.Usage(start)[limiter.HSMKeyUse]; g.Used != g.Limit {
				t.Errorf("%d of %d units used, want all", g.Used, g.Limit)
			}
		})
	}
}

// Which requests exhaust which others: the generations differ in what shares
// a limit with creating secrets.
func TestSharedLimits(t *testing.T) {
	for _, tt := range []struct {
		limits limiter.Limits
		fill   limiter.Class
		fits   int
		full   []limiter.Class
		free   []limiter.Class
	}{
		{limiter.Documented2019(), limiter.SecretCreate, 2000,
			[]limiter.Class{limiter.SecretUse},
			[]limiter.Class{limiter.Other, limiter.KeyUse, limiter.KeyImport, limiter.CertificateImport}},
		{limiter.Documented2021(), limiter.SecretCreate, 300,
			nil,
			[]limiter.Class{limiter.SecretUse, limiter.KeyImport, limiter.HSMKeyImport, limiter.CertificateImport}},
		{limiter.Documented2021(), limiter.CertificateImport, 4000,
			[]limiter.Class{limiter.Other},
			[]limiter.Class{limiter.SecretCreate, limiter.KeyImport}},
		{limiter.Documented2021(), limiter.HSMKeyImport, 2000,
			[]limiter.Class{limiter.HSMKeyUse},
			[]limiter.Class{limiter.SecretCreate, limiter.KeyImport, limiter.HSMKeyCreate}},
		{limiter.Documented2025(), limiter.HSMKeyImport, 300,
			[]limiter.Class{limiter.SecretCreate, limiter.KeyImport, limiter.CertificateImport},
			[]limiter.Class{limiter.SecretUse, limiter.Other, limiter.KeyUse, limiter.HSMKeyUse}},
	} {
		t.Run(fmt.Sprint(tt.limits.Name, " ", tt.fill), func(t *testing.T) {
			v := newVault(tt.limits)
			wantBurst(t, v, 5000, tt.fits, tt.fill, 1, start)
			for _, c := range tt.full {
				wantBurst(t, v, 1, 0, c, 1, start)
			}
			for _, c := range tt.free {
				wantBurst(t, v, 1, 1, c, 1, start)
			}
		})
	}
}

func TestOwnLimits(t *testing.T) {
	l := limiter.Limits{
		Window: time.Second,
		Max: [limiter.NumClasses]int{
			limiter.SecretUse: 3, limiter.KeyCreate: -1, limiter.HSMKeyUse: math.MinInt, limiter.Other: math.MaxInt,
		},
		Multiple: 2,
	}
	v := newVault(l)
	wantBurst(t, v, 4, 3, limiter.SecretUse, 1, start)
	wantBurst(t, v, 1, 0, limiter.SecretCreate, 1, start)
	wantBurst(t, v, 9, 9, limiter.KeyUse, 1<<40, start) // no limit given
	wantBurst(t, v, 1, 0, limiter.KeyCreate, 1, start)
	wantBurst(t, v, 1, 0, limiter.HSMKeyUse, 1, start)
	wantBurst(t, v, 2, 1, limiter.Other, math.MaxInt, start)
	wantBurst(t, v, 4, 3, limiter.SecretUse, 1, start.Add(time.Second))

	for _, tt := range []struct {
		class limiter.Class
		want  int
	}{{limiter.SecretUse, 6}, {limiter.KeyUse, 0}, {limiter.KeyCreate, 0}, {limiter.Other, 0}} {
		if got := l.SubscriptionLimit(tt.class); got != tt.want {
			t.Errorf("subscription limit of %v = %d, want %d", tt.class, got, tt.want)
		}
	}
	if l == (limiter.Limits{}) || limiter.Unlimited() == (limiter.Limits{}) {
		t.Error("the zero Limits must be told from others")
	}
}

// A number that is no class or size must not be a way around a limit, nor
// must it crash.
func TestUnknownNumbers(t *testing.T) {
	l := limiter.Documented2019()
	v := newVault(l)
	wantBurst(t, v, 3000, 2000, limiter.Class(200), 1, start)
	wantBurst(t, v, 1, 0, limiter.Other, 1, start)
	if got := l.Units(limiter.Class(limiter.NumClasses), limiter.KeySize(200)); got != 1 {
		t.Errorf("units of unknown class and size = %d, want 1", got)
	}
	l.Weight = [limiter.NumKeySizes]int{limiter.RSA4096: -8}
	if got := l.Units(limiter.KeyUse, limiter.RSA4096); got != 1 {
		t.Errorf("units of weight -8 = %d, want 1", got)
	}
}

func TestHSM(t *testing.T) {
	twins := map[limiter.Class]limiter.Class{
		limiter.KeyCreate: limiter.HSMKeyCreate,
		limiter.KeyUse:    limiter.HSMKeyUse,
		limiter.KeyImport: limiter.HSMKeyImport,
	}
	for c := range limiter.Class(limiter.NumClasses) {
		want, ok := twins[c]
		if !ok {
			want = c
		}
		if got := c.HSM(); got != want {
			t.Errorf("%v.HSM() = %v, want %v", c, got, want)
		}
	}
}

func TestRSASize(t *testing.T) {
	for _, tt := range []struct {
		bits int
		want limiter.KeySize
	}{
		{0, limiter.RSA2048}, {1024, limiter.RSA2048}, {2048, limiter.RSA2048}, {2049, limiter.RSA3072},
		{3072, limiter.RSA3072}, {3073, limiter.RSA4096}, {4096, limiter.RSA4096}, {16384, limiter.RSA4096},
	} {
		if got := limiter.RSASize(tt.bits); got != tt.want {
			t.Errorf("RSASize(%d) = %v, want %v", tt.bits, got, tt.want)
		}
	}
}
