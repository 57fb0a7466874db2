package internal_test

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// The budget of size, in lines, comments and blank ones included. Tests are
// outside it: a long table of cases is easier to read than two short ones.
const (
	fileP90 = 400
	fileMax = 600
	funcP90 = 35

	// A package with this many files is held to the percentiles by itself too,
	// so that small packages around it cannot hide it.
	bigPackage = 20
)

// sized is a file or a function and its length.
type sized struct {
	name  string
	lines int
}

func TestBudget(t *testing.T) {
	fset, files := goFiles(t)
	fileSizes, funcSizes := map[string][]sized{}, map[string][]sized{}
	add := func(sizes map[string][]sized, pkg string, s sized) {
		sizes[""] = append(sizes[""], s)
		sizes[pkg] = append(sizes[pkg], s)
	}
	for _, f := range files {
		if f.test {
			continue
		}
		lines := bytes.Count(f.src, []byte("\n"))
		add(fileSizes, f.pkg, sized{f.path, lines})
		if lines > fileMax {
			t.Errorf("%s has %d lines, more than %d", f.path, lines, fileMax)
		}
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				from, to := fset.Position(fn.Pos()), fset.Position(fn.End())
				name := fmt.Sprintf("%s:%d %s", f.path, from.Line, fn.Name.Name)
				add(funcSizes, f.pkg, sized{name, to.Line - from.Line + 1})
			}
		}
	}
	for pkg := range fileSizes {
		if pkg == "" || len(fileSizes[pkg]) >= bigPackage {
			checkP90(t, cmp.Or(pkg, "the repository")+": files", fileSizes[pkg], fileP90)
			checkP90(t, cmp.Or(pkg, "the repository")+": functions", funcSizes[pkg], funcP90)
		}
	}
}

// checkP90 fails when more than a tenth is longer than limit, and shows the longest.
func checkP90(t *testing.T, what string, sizes []sized, limit int) {
	t.Helper()
	if len(sizes) == 0 {
		return
	}
	slices.SortFunc(sizes, func(a, b sized) int { return cmp.Compare(b.lines, a.lines) })
	p90 := sizes[len(sizes)/10].lines
	if p90 <= limit {
		return
	}
	var longest strings.Builder
	for _, s := range sizes[:len(sizes)/10+1] {
		fmt.Fprintf(&longest, "\n%6d  %s", s.lines, s.name)
	}
	t.Errorf("%s: the 90th percentile is %d lines, more than %d:%s", what, p90, limit, &longest)
}
