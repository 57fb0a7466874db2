package internal_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

const depsHead = `# The modules embedvault is built and tested with, and why each is worth it.
#
# build     a package users import links it
# test      only tests and the model kit link it
# indirect  a module of the above needs it
#
# After a change of go.mod: go test ./internal -update, and write down the reason.

`

// modelKit is the one package outside tests that may link a module for tests.
const modelKit = "vault/vaulttest/model"

// dep is a line of deps.txt.
type dep struct{ path, version, use, why string }

// deps.txt is go.mod with reasons: a module or version is never added,
// dropped or changed by the way.
func TestDeps(t *testing.T) {
	reasons := readReasons(t)
	deps := required(t)
	for i, d := range deps {
		deps[i].why = reasons[d.path]
		if d.use != "indirect" && len(strings.Fields(deps[i].why)) < 3 {
			t.Errorf("deps.txt: say why %s is worth depending on", d.path)
		}
	}
	golden(t, "deps.txt", renderDeps(deps))
}

func readReasons(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("deps.txt")
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) > 3 && fields[0] != "#" {
			reasons[fields[0]] = strings.Join(fields[3:], " ")
		}
	}
	return reasons
}

// required are the modules go.mod names, each with the use our imports make of it.
func required(t *testing.T) []dep {
	t.Helper()
	var mod struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal(run(t, root(), "mod", "edit", "-json"), &mod); err != nil {
		t.Fatal(err)
	}
	var deps []dep
	for _, r := range mod.Require {
		deps = append(deps, dep{path: r.Path, version: r.Version, use: "indirect"})
	}
	_, files := goFiles(t)
	for _, f := range files {
		for _, imported := range f.imports() {
			if moduleOf(f.pkg) != "" || ours(imported) || standard(imported) {
				continue
			}
			d := provider(deps, imported)
			switch {
			case d == nil:
				t.Errorf("%s imports %s, of no module in go.mod and deps.txt", f.path, imported)
			case !f.test && f.pkg != modelKit:
				d.use = "build"
			case d.use == "indirect":
				d.use = "test"
			}
		}
	}
	return deps
}

// standard says whether a path belongs to the standard library.
func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

// provider is the module with the longest path that a package can be of.
func provider(deps []dep, importPath string) (best *dep) {
	for i, d := range deps {
		if importPath == d.path || strings.HasPrefix(importPath, d.path+"/") {
			if best == nil || len(d.path) > len(best.path) {
				best = &deps[i]
			}
		}
	}
	return best
}

func renderDeps(deps []dep) string {
	order := []string{"build", "test", "indirect"}
	slices.SortFunc(deps, func(a, b dep) int {
		if a.use != b.use {
			return slices.Index(order, a.use) - slices.Index(order, b.use)
		}
		return strings.Compare(a.path, b.path)
	})
	var out strings.Builder
	out.WriteString(depsHead)
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	for _, d := range deps {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", d.path, d.version, d.use, d.why)
	}
	w.Flush()
	var trimmed strings.Builder
	for line := range strings.Lines(out.String()) {
		trimmed.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return trimmed.String()
}

// Of a module with many packages only those named are used. Tink's keyset
// packages register protocol buffers under names that its successor registers
// too: a binary that links both panics at start, and many programs link the
// successor. What is named here knows no protocol buffers.
var onlyPackages = map[string][]string{
	"github.com/google/tink/go": {"aead/subtle", "kwp/subtle", "tink"},
}

func TestPackagesOfModules(t *testing.T) {
	_, files := goFiles(t)
	for _, f := range files {
		for _, imported := range f.imports() {
			for module, packages := range onlyPackages {
				name, of := strings.CutPrefix(imported, module+"/")
				if of && moduleOf(f.pkg) == "" && !slices.Contains(packages, name) {
					t.Errorf("%s imports %s; of %s only %v may be used", f.path, imported, module, packages)
				}
			}
		}
	}
}

// Nothing a user links brings protocol buffers or a second Tink with it.
func TestLinkedPackages(t *testing.T) {
	forbidden := map[string]string{
		"google.golang.org/protobuf":       "its registry is global",
		"github.com/golang/protobuf":       "its registry is global",
		"github.com/google/tink/go/keyset": "collides with Tink's successor at start",
		"github.com/google/tink/go/proto":  "collides with Tink's successor at start",
		"github.com/tink-crypto/tink-go":   "the program chooses its Tink, not a library",
		"pgregory.net/rapid":               "defines flags; only tests and the model kit link it",
	}
	for _, p := range goList(t, root(), "-json=ImportPath,Deps", "./...") {
		if p.short() == modelKit {
			continue
		}
		for _, d := range p.Deps {
			for _, prefix := range slices.Sorted(maps.Keys(forbidden)) {
				if d == prefix || strings.HasPrefix(d, prefix+"/") {
					t.Errorf("%s links %s: %s", p.short(), d, forbidden[prefix])
				}
			}
		}
	}
}
