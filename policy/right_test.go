package policy_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/policy"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares a text with a golden file that a person has read, or writes it.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("it is not what %s says; run go test -update and review the difference", path)
	}
}

// TestRightsTable compares the table with its rendering, so that a change to what a right is called is a reviewed one.
func TestRightsTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Every right: its collection, the access policy permission, the vault action, the Managed HSM action.\n\n")
	word := func(s string) string {
		if s == "" {
			return "-"
		}
		return strings.TrimPrefix(strings.TrimPrefix(s, "Microsoft.KeyVault/"), "vaults/")
	}
	for r := range policy.Rights() {
		line := fmt.Sprintf("%-29s%-16s%-18s%-40s%s", r, r.Collection(), word(r.Permission()), word(r.VaultAction()), word(r.HSMAction()))
		b.WriteString(line + "\n")
	}
	golden(t, "rights.golden", b.String())
}

func TestRightsAreDistinct(t *testing.T) {
	seen := make(map[string]policy.Right)
	count := 0
	for r := range policy.Rights() {
		count++
		if other, ok := seen[r.String()]; ok {
			t.Errorf("%d and %d are both called %v", other, r, r)
		}
		seen[r.String()] = r
		if r.Permission() == "" && r.VaultAction() == "" && r.HSMAction() == "" {
			t.Errorf("nothing can grant %v", r)
		}
		if (r.Permission() == "") != (r.VaultAction() == "") {
			t.Errorf("%v can be granted in one kind of vault only", r)
		}
	}
	if count != policy.NumRights-1 {
		t.Errorf("%d rights, but NumRights is %d", count, policy.NumRights)
	}
}

// TestNoRight: values that are no rights have no words, and no set ever has them.
func TestNoRight(t *testing.T) {
	for _, r := range []policy.Right{0, policy.Right(policy.NumRights), 127, 128, 128 + policy.KeysGet, 255} {
		if r.Collection()+r.Permission()+r.VaultAction()+r.HSMAction() != "" {
			t.Errorf("%d has a meaning", r)
		}
		if r.String() != "no right" {
			t.Errorf("%d is called %q", r, r)
		}
		if everything().Has(r) || policy.SetOf(r) != (policy.RightSet{}) {
			t.Errorf("%d is in a set", r)
		}
	}
}

func everything() policy.RightSet { return policy.SetOf(slices.Collect(policy.Rights())...) }

// TestRightSet compares sets with maps.
func TestRightSet(t *testing.T) {
	right := rapid.Custom(func(t *rapid.T) policy.Right {
		return policy.Right(rapid.IntRange(1, policy.NumRights-1).Draw(t, "right"))
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.SliceOf(right).Draw(t, "a"), rapid.SliceOf(right).Draw(t, "b")
		setA, setB := policy.SetOf(a...), policy.SetOf(b...)
		count := 0
		for r := range policy.Rights() {
			inA, inB := slices.Contains(a, r), slices.Contains(b, r)
			if inA {
				count++
			}
			if setA.Has(r) != inA || setA.Union(setB).Has(r) != (inA || inB) || setA.Minus(setB).Has(r) != (inA && !inB) {
				t.Fatalf("%v: wrong membership", r)
			}
		}
		if setA.Len() != count {
			t.Fatalf("Len is %d, want %d", setA.Len(), count)
		}
		if listed := slices.Collect(setA.All()); policy.SetOf(listed...) != setA || !slices.IsSorted(listed) || len(listed) != count {
			t.Fatalf("All yields %v", listed)
		}
	})
}

func TestRightSetString(t *testing.T) {
	set := policy.SetOf(policy.SecretsGet, policy.KeysGet)
	if got, want := set.String(), "{KeysGet SecretsGet}"; got != want {
		t.Errorf("String is %q, want %q", got, want)
	}
	for r := range set.All() {
		if r != policy.KeysGet {
			t.Errorf("first is %v", r)
		}
		break // All stops when asked to
	}
}
