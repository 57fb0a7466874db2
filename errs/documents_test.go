package errs_test

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/errs"
)

const (
	markdownFile = "ERRORS.md"
	pendingFile  = "testdata/pending.txt"
	pendingHead  = `# Rows of the catalogue that nothing outside this package answers with yet.
# The list only shrinks: "go test ./errs -update" takes rows off that came into
# use, and puts none on but those that are new to the catalogue.
`
)

// TestDocuments holds ERRORS.md and the list of pending rows to the catalogue
// and to the module's code. Both in one test: what is new to the catalogue is
// what the old ERRORS.md does not have.
func TestDocuments(t *testing.T) {
	known := rowsOf(read(t, markdownFile))
	pending := map[string]bool{}
	for line := range strings.Lines(string(read(t, pendingFile))) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			pending[line] = true
		}
	}
	used := rowsInUse(t)
	left := bytes.NewBufferString(pendingHead)
	for _, r := range sortedRows() {
		switch isNew := *update && !known[r.ID]; {
		case !used[r.ID] && (pending[r.ID] || isNew):
			fmt.Fprintln(left, r.ID)
		case !used[r.ID]:
			t.Errorf("nothing answers with %s any more, and the list of pending rows may only shrink", r.ID)
		case pending[r.ID] && !*update:
			t.Errorf("%s is in use and still in %s; run go test ./errs -update", r.ID, pendingFile)
		}
		delete(pending, r.ID)
	}
	for id := range pending {
		if !*update {
			t.Errorf("%s is in %s but not in the catalogue; run go test ./errs -update", id, pendingFile)
		}
	}
	want := markdown()
	if *update {
		write(t, pendingFile, left.Bytes())
		write(t, markdownFile, want)
	}
	if got := read(t, markdownFile); !bytes.Equal(got, want) {
		t.Errorf("%s is not what the catalogue says; run go test ./errs -update:\n%s", markdownFile, firstDifference(want, got))
	}
}

// read gives a file's content, nothing if there is no such file.
func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return data
}

// rowsOf gives the ids of an ERRORS.md.
func rowsOf(markdown []byte) map[string]bool {
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\|").FindAllSubmatch(markdown, -1) {
		ids[string(m[1])] = true
	}
	return ids
}

// sortedRows gives the catalogue by status, errors inside successful answers last.
func sortedRows() []errs.Row {
	rows := errs.Rows()
	slices.SortStableFunc(rows, func(a, b errs.Row) int {
		return cmp.Or(cmp.Compare(b.Status/400, a.Status/400), cmp.Compare(a.Status, b.Status))
	})
	return rows
}

func markdown() []byte {
	rows := sortedRows()
	count := map[errs.Grade]int{}
	calls := map[string]string{}
	for _, r := range rows {
		count[r.Grade]++
	}
	for _, s := range append(samples(), twins()...) {
		if id := errs.RowID(s.err); calls[id] == "" {
			calls[id] = s.call
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Errors

Everything the service can refuse with: %d rows, rendered from the catalogue by
`+"`go test ./errs -update`"+`. The grade says how a row is known: *recorded* (%d) in
an answer of the real service, quoted in an *issue* (%d), stated by the
documentation (*doc*, %d), or *inferred* (%d): written in the service's form
because the evidence is silent or partial. `+"`{…}`"+` stands for particulars,
`+"`\\r\\n`"+` for a line break that is part of the text.
`, len(rows), count[errs.Recorded], count[errs.Issue], count[errs.Doc], count[errs.Inferred])
	status := 0
	for _, r := range rows {
		if r.Status != status {
			status = r.Status
			fmt.Fprintf(&b, "\n## %s\n\n| row | code | inner code | message | product | grade | in Go | when |\n|--|--|--|--|--|--|--|--|\n", heading(status))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s | %s |\n", r.ID, dash(string(r.Code)), dash(string(r.Inner)),
			message(r), r.Container, r.Grade, dash(calls[r.ID]), strings.ReplaceAll(r.When, "|", `\|`))
	}
	return b.Bytes()
}

func heading(status int) string {
	if status == http.StatusOK {
		return "Inside successful answers"
	}
	return strconv.Itoa(status) + " " + http.StatusText(status)
}

func message(r errs.Row) string {
	var parts []string
	if r.Template != "" {
		parts = append(parts, "`"+strings.NewReplacer("\r", `\r`, "\n", `\n`, "|", `\|`).Replace(r.Template)+"`")
	}
	if r.Plain != "" {
		parts = append(parts, "(the body is "+r.Plain+")")
	}
	return strings.Join(parts, " ")
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// rowsInUse gives the rows that code outside this package can answer with: it
// mentions the constructor or, for a kind, both the kind and the method.
func rowsInUse(t *testing.T) map[string]bool {
	t.Helper()
	mentioned := mentions(t, "..")
	used := map[string]bool{}
	for _, s := range append(samples(), twins()...) {
		if !slices.ContainsFunc(s.refs, func(ref string) bool { return !mentioned[ref] }) {
			used[errs.RowID(s.err)] = true
		}
	}
	return used
}

// mentions gives what the packages of the module at root that import this one
// mention of it: names as they are, and all selectors with a dot in front.
func mentions(t *testing.T, root string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, dir := range packageDirs(t, root) {
		imports, selectors := false, map[string]bool{}
		for _, name := range sourceFiles(t, dir) {
			f, _ := parser.ParseFile(token.NewFileSet(), name, nil, 0) // what does not parse does not build either
			if f == nil {
				continue
			}
			pkg := importName(f)
			imports = imports || pkg != ""
			ast.Inspect(f, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok {
					selectors["."+sel.Sel.Name] = true
					if x, ok := sel.X.(*ast.Ident); ok && x.Name == pkg {
						found[sel.Sel.Name] = true
					}
				}
				return true
			})
		}
		if imports {
			for s := range selectors {
				found[s] = true
			}
		}
	}
	return found
}

// importName gives the name by which f knows this package, "" if it does not.
func importName(f *ast.File) string {
	for _, spec := range f.Imports {
		if path, _ := strconv.Unquote(spec.Path.Value); path == "github.com/embedvault/embedvault/errs" {
			if spec.Name != nil {
				return spec.Name.Name
			}
			return "errs"
		}
	}
	return ""
}

// packageDirs gives the folders of the module at root, this package's and
// those of nested modules left out.
func packageDirs(t *testing.T, root string) (dirs []string) {
	t.Helper()
	here, err := os.Stat(".")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || path == root {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		_, nested := os.Stat(filepath.Join(path, "go.mod"))
		if nested == nil || os.SameFile(info, here) || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		dirs = append(dirs, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

// sourceFiles gives the Go files of dir that are not tests.
func sourceFiles(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
}
