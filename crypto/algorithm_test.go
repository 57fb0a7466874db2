package crypto_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/embedvault/embedvault/crypto"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file under testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; -update writes it anew. It would be:\n%s", path, got)
	}
}

// TestAlgorithmTable is the table as a reviewer reads it.
func TestAlgorithmTable(t *testing.T) {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "algorithm\tkey\tmechanism\thash\toperations\tinput")
	for _, a := range crypto.Algorithms() {
		row, _ := crypto.Lookup(a)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", a, keyOf(row), row.Mechanism, hashOf(row), operationsOf(row), inputOf(row))
	}
	w.Flush()
	var lines []string
	for line := range strings.Lines(b.String()) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	golden(t, "algorithms.txt", []byte(strings.Join(lines, "\n")+"\n"))
}

func keyOf(row crypto.Info) string {
	switch {
	case row.Curve != "":
		return fmt.Sprintf("%s %s", row.Type, row.Curve)
	case row.Size != 0:
		return fmt.Sprintf("%s %d", row.Type, row.Size)
	}
	return string(row.Type)
}

func hashOf(row crypto.Info) string {
	if row.Hash == 0 {
		return "-"
	}
	return row.Hash.String()
}

func operationsOf(row crypto.Info) string {
	var names []string
	for _, op := range row.Operations() {
		names = append(names, string(op))
	}
	return strings.Join(names, " ")
}

func inputOf(row crypto.Info) string {
	var rules []string
	if row.Digest != 0 {
		rules = append(rules, fmt.Sprintf("%d bytes", row.Digest))
	}
	if row.Overhead != 0 {
		var limits []string
		for _, bits := range []int{2048, 3072, 4096} {
			limits = append(limits, fmt.Sprint(bits/8-row.Overhead))
		}
		rules = append(rules, "at most "+strings.Join(limits, "/"))
	}
	if row.Min != 0 {
		rules = append(rules, fmt.Sprintf("at least %d", row.Min))
	}
	if row.Multiple != 0 {
		rules = append(rules, fmt.Sprintf("multiple of %d", row.Multiple))
	}
	if row.IV != 0 {
		rules = append(rules, fmt.Sprintf("iv %d", row.IV))
	}
	if rules == nil {
		return "any"
	}
	return strings.Join(rules, ", ")
}

func TestLookup(t *testing.T) {
	if len(crypto.Algorithms()) != 34 {
		t.Errorf("the table has %d rows, want 34", len(crypto.Algorithms()))
	}
	for _, a := range crypto.Algorithms() {
		row, ok := crypto.Lookup(a)
		if !ok || !crypto.KnownAlgorithm(a) || row.Algorithm != a {
			t.Errorf("%s: Lookup gives %q, %t", a, row.Algorithm, ok)
		}
		if row.Hash != 0 && !row.Hash.Available() {
			t.Errorf("%s: the hash is not linked", a)
		}
		for _, op := range allOperations {
			if row.Allows(op) != slices.Contains(row.Operations(), op) {
				t.Errorf("%s: Allows(%s) contradicts Operations()", a, op)
			}
		}
	}
	for _, a := range []crypto.Algorithm{"", "none", "rs256", "RS1", "ES257", "EdDSA", "dir", "A256GCMKW"} {
		if _, ok := crypto.Lookup(a); ok || crypto.KnownAlgorithm(a) {
			t.Errorf("%q is known", a)
		}
	}
}

// TestAlgorithmsShareNothing: changing what the functions return changes no table.
func TestAlgorithmsShareNothing(t *testing.T) {
	crypto.Algorithms()[0] = "changed"
	row, _ := crypto.Lookup(crypto.RS256)
	row.Digest, row.Operations()[0] = 99, "changed"
	again, _ := crypto.Lookup(crypto.RS256)
	if crypto.Algorithms()[0] != crypto.RS256 || again.Digest != 32 || again.Operations()[0] != crypto.OpSign {
		t.Error("the table was changed from outside")
	}
}

func TestMechanismString(t *testing.T) {
	if got := crypto.AESKeyWrapPad.String(); got != "AES-KWP" {
		t.Errorf("AESKeyWrapPad is %q", got)
	}
	for _, m := range []crypto.Mechanism{0, 200} {
		if got := m.String(); got != "unknown mechanism" {
			t.Errorf("Mechanism(%d) is %q", m, got)
		}
	}
}
