// Package internal_test holds the rules of the repository as tests: which
// package may import which, how long a file may be, what the exported API is,
// which modules it all needs, and that the documents tell the truth.
//
// The tests read the source files themselves as well as asking the go command,
// so a cached result of go test is never older than the files it speaks of.
package internal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const modulePath = "github.com/embedvault/embedvault"

var update = flag.Bool("update", false, "rewrite the golden files of this directory")

// root is the top of the repository, absolute.
var root = sync.OnceValue(func() string {
	dir, err := filepath.Abs("..")
	if err != nil {
		panic(err)
	}
	return dir
})

// listed is what the go command says of one package.
type listed struct {
	ImportPath, Dir, Name, Export      string
	Standard                           bool
	Imports, TestImports, XTestImports []string
	Deps                               []string
	Error                              *struct{ Err string }
}

// short is the import path from the top of the repository; "." for the top.
func (p listed) short() string { return short(p.ImportPath) }

func short(importPath string) string {
	if importPath == modulePath {
		return "."
	}
	return strings.TrimPrefix(importPath, modulePath+"/")
}

// ours says whether an import path lies in this repository.
func ours(importPath string) bool {
	return importPath == modulePath || strings.HasPrefix(importPath, modulePath+"/")
}

// goList asks the go command about the packages of the module in dir. A package
// that does not compile is still listed, with its Error.
func goList(t *testing.T, dir string, args ...string) []listed {
	t.Helper()
	out := run(t, dir, append([]string{"list", "-e"}, args...)...)
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("go list in %s: %v", dir, err)
		}
		all = append(all, p)
	}
}

// run runs the go command in dir, outside any workspace, and returns what it prints.
func run(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return out
}

// goFile is one parsed source file of ours.
type goFile struct {
	path string // from the top of the repository, with slashes
	pkg  string // its directory, likewise
	test bool
	src  []byte
	ast  *ast.File
}

// goFiles parses every Go file of the repository, nested modules included,
// once. A file that does not parse fails every test that asks.
func goFiles(t *testing.T) (*token.FileSet, []goFile) {
	t.Helper()
	p := parsed()
	if p.err != nil {
		t.Fatal(p.err)
	}
	return p.fset, p.files
}

// imports are the paths a file imports.
func (f goFile) imports() []string {
	var paths []string
	for _, spec := range f.ast.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, `"`))
	}
	return paths
}

type parsedFiles struct {
	fset  *token.FileSet
	files []goFile
	err   error
}

var parsed = sync.OnceValue(func() parsedFiles {
	p := parsedFiles{fset: token.NewFileSet()}
	p.err = walk(func(path string, read func() ([]byte, error)) error {
		if !strings.HasSuffix(path, ".go") || strings.HasPrefix(path, ".") || strings.Contains(path, "testdata/") {
			return nil
		}
		src, err := read()
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(p.fset, path, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		p.files = append(p.files, goFile{
			path: path, pkg: pathDir(path), test: strings.HasSuffix(path, "_test.go"), src: src, ast: f,
		})
		return nil
	})
	return p
})

// walk visits every file of the repository except what git keeps for itself.
func walk(visit func(path string, read func() ([]byte, error)) error) error {
	return filepath.WalkDir(root(), func(file string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // a temporary file of another test
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		rel, err := filepath.Rel(root(), file)
		if err != nil {
			return err
		}
		return visit(filepath.ToSlash(rel), func() ([]byte, error) { return os.ReadFile(file) })
	})
}

func pathDir(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i]
	}
	return "."
}

// nestedModules lists the directories, from the top, that have their own go.mod.
func nestedModules(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := walk(func(path string, _ func() ([]byte, error)) error {
		if strings.HasSuffix(path, "/go.mod") && !strings.Contains(path, "testdata/") {
			dirs = append(dirs, pathDir(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

// golden compares got with the file of that name in this directory, or writes
// it when the flag -update is given.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := lineDiff(string(want), got); diff != "" {
		t.Errorf("%s is not what the source says; review the change and run go test ./internal -update\n%s", name, diff)
	}
}

// lineDiff shows the lines only one of two texts has, the first forty of them.
func lineDiff(want, got string) string {
	const shown = 40
	var diff []string
	only := func(mark, a, b string) {
		in := map[string]bool{}
		for line := range strings.Lines(b) {
			in[line] = true
		}
		for line := range strings.Lines(a) {
			if !in[line] {
				diff = append(diff, mark+strings.TrimSuffix(line, "\n"))
			}
		}
	}
	only("- ", want, got)
	only("+ ", got, want)
	if len(diff) == 0 && want != got {
		return "the same lines in another order"
	}
	if more := len(diff) - shown; more > 0 {
		diff = append(diff[:shown], fmt.Sprintf("and %d lines more", more))
	}
	return strings.Join(diff, "\n")
}
