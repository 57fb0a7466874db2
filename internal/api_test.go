package internal_test

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// api.txt is the exported API of every package users import, a line a thing,
// sorted: a change to it is a diff somebody reviews.
func TestAPI(t *testing.T) {
	var lines []string
	for _, p := range publicPackages(t) {
		lines = append(lines, apiOf(p)...)
	}
	slices.Sort(lines)
	golden(t, "api.txt", strings.Join(slices.Compact(lines), "\n")+"\n")
}

// public says whether users can import a package, as opposed to run it or not at all.
func public(p listed) bool {
	return p.Name != "main" && p.ImportPath != modulePath &&
		!slices.Contains(strings.Split(p.short(), "/"), "internal")
}

// publicPackages loads the type information the compiler wrote for every public package.
func publicPackages(t *testing.T) []*types.Package {
	t.Helper()
	var paths []string
	for _, p := range goList(t, root(), "-json=ImportPath,Name", "./...") {
		if public(p) {
			paths = append(paths, p.ImportPath)
		}
	}
	if len(paths) == 0 {
		t.Fatal("no public packages")
	}
	exports := map[string]string{}
	for _, p := range goList(t, root(), append([]string{"-export", "-deps", "-json=ImportPath,Export,Error"}, paths...)...) {
		if ours(p.ImportPath) && p.Export == "" {
			t.Errorf("%s does not compile", p.short())
		}
		exports[p.ImportPath] = p.Export
	}
	if t.Failed() {
		t.FailNow()
	}
	imp := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	var packages []*types.Package
	for _, path := range paths {
		p, err := imp.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	return packages
}

// apiWriter writes down the API of one package.
type apiWriter struct {
	pkg   *types.Package
	lines []string
}

func apiOf(pkg *types.Package) []string {
	w := &apiWriter{pkg: pkg}
	for _, name := range pkg.Scope().Names() {
		if obj := pkg.Scope().Lookup(name); obj.Exported() {
			w.object(obj)
		}
	}
	return w.lines
}

func (w *apiWriter) add(format string, args ...any) {
	w.lines = append(w.lines, fmt.Sprintf("pkg %s, ", short(w.pkg.Path()))+fmt.Sprintf(format, args...))
}

func (w *apiWriter) object(obj types.Object) {
	switch obj := obj.(type) {
	case *types.Const:
		typ := ""
		if b, ok := obj.Type().(*types.Basic); !ok || b.Info()&types.IsUntyped == 0 {
			typ = " " + w.typ(obj.Type())
		}
		w.add("const %s%s = %s", obj.Name(), typ, obj.Val().ExactString())
	case *types.Var:
		w.add("var %s %s", obj.Name(), w.typ(obj.Type()))
	case *types.Func:
		sig := obj.Signature()
		w.add("func %s%s%s", obj.Name(), w.typeParams(sig.TypeParams()), w.signature(sig))
	case *types.TypeName:
		w.typeName(obj)
	}
}

func (w *apiWriter) typeName(obj *types.TypeName) {
	if obj.IsAlias() {
		target := obj.Type()
		if alias, ok := target.(*types.Alias); ok {
			target = alias.Rhs()
		}
		w.add("type %s = %s", obj.Name(), w.typ(target))
		return
	}
	named := obj.Type().(*types.Named)
	head := "type " + obj.Name() + w.typeParams(named.TypeParams())
	switch under := named.Underlying().(type) {
	case *types.Struct:
		w.add("%s struct", head)
		w.fields(head+" struct", under)
	case *types.Interface:
		w.add("%s interface", head)
		w.methods(head+" interface", under)
	default:
		w.add("%s %s", head, w.typ(under))
	}
	for m := range named.Methods() {
		if m.Exported() {
			sig := m.Signature()
			w.add("method (%s) %s%s", w.typ(sig.Recv().Type()), m.Name(), w.signature(sig))
		}
	}
}

func (w *apiWriter) fields(head string, s *types.Struct) {
	for f := range s.Fields() {
		switch {
		case f.Embedded() && f.Exported():
			w.add("%s, embedded %s", head, w.typ(f.Type()))
		case f.Exported():
			w.add("%s, field %s %s", head, f.Name(), w.typ(f.Type()))
		}
	}
}

func (w *apiWriter) methods(head string, i *types.Interface) {
	closed := false
	for m := range i.Methods() {
		if m.Exported() {
			w.add("%s, method %s%s", head, m.Name(), w.signature(m.Signature()))
		} else {
			closed = true
		}
	}
	if closed {
		w.add("%s, unexported methods", head)
	}
}

// signature is the parameters and results without their names.
func (w *apiWriter) signature(sig *types.Signature) string {
	params := w.tuple(sig.Params())
	if sig.Variadic() {
		last := len(params) - 1
		params[last] = "..." + strings.TrimPrefix(params[last], "[]")
	}
	s := "(" + strings.Join(params, ", ") + ")"
	switch results := w.tuple(sig.Results()); len(results) {
	case 0:
		return s
	case 1:
		return s + " " + results[0]
	default:
		return s + " (" + strings.Join(results, ", ") + ")"
	}
}

func (w *apiWriter) tuple(tuple *types.Tuple) []string {
	var s []string
	for v := range tuple.Variables() {
		s = append(s, w.typ(v.Type()))
	}
	return s
}

func (w *apiWriter) typeParams(list *types.TypeParamList) string {
	var s []string
	for p := range list.TypeParams() {
		s = append(s, p.Obj().Name()+" "+w.typ(p.Constraint()))
	}
	if len(s) == 0 {
		return ""
	}
	return "[" + strings.Join(s, ", ") + "]"
}

// typ spells a type as this repository does: its own package unqualified, the
// standard crypto as stdcrypto beside ours.
func (w *apiWriter) typ(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		switch p.Path() {
		case w.pkg.Path():
			return ""
		case "crypto":
			return "stdcrypto"
		}
		return p.Name()
	})
}
