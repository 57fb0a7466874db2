package internal_test

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// Every exported name says what it is, and every package what its model is.
// A const or var may be spoken for by the comment of its group or its line, and
// every field of a struct of options says what zero means.
func TestDocComments(t *testing.T) {
	fset, files := goFiles(t)
	d := docs{t: t, fset: fset}
	packages := map[string]bool{}
	for _, f := range files {
		if f.test {
			continue
		}
		packages[f.pkg] = packages[f.pkg] || f.ast.Doc != nil
		for _, decl := range f.ast.Decls {
			d.decl(decl)
		}
	}
	for pkg, commented := range packages {
		if !commented {
			t.Errorf("package %s has no package comment", pkg)
		}
	}
}

// docs reports exported names without a comment.
type docs struct {
	t    *testing.T
	fset *token.FileSet
}

func (d docs) want(name *ast.Ident, comments ...*ast.CommentGroup) {
	if name.IsExported() && !slices.ContainsFunc(comments, says) {
		d.t.Errorf("%s: %s has no doc comment", d.fset.Position(name.Pos()), name.Name)
	}
}

// says tells a comment of words from none and from a directive.
func says(c *ast.CommentGroup) bool { return c != nil && strings.TrimSpace(c.Text()) != "" }

func (d docs) decl(decl ast.Decl) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil || ast.IsExported(receiver(decl)) {
			d.want(decl.Name, decl.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			d.spec(decl, spec)
		}
	}
}

func (d docs) spec(decl *ast.GenDecl, spec ast.Spec) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			d.want(name, decl.Doc, spec.Doc, spec.Comment)
		}
	case *ast.TypeSpec:
		own := spec.Doc
		if !decl.Lparen.IsValid() {
			own = decl.Doc
		}
		d.want(spec.Name, own, spec.Comment)
		if spec.Name.IsExported() {
			d.members(spec)
		}
	}
}

// members looks at the methods of an interface and the fields of options.
func (d docs) members(spec *ast.TypeSpec) {
	var list *ast.FieldList
	switch typ := spec.Type.(type) {
	case *ast.InterfaceType:
		list = typ.Methods
	case *ast.StructType:
		if strings.HasSuffix(spec.Name.Name, "Options") {
			list = typ.Fields
		}
	}
	if list == nil {
		return
	}
	for _, field := range list.List {
		for _, name := range field.Names {
			d.want(name, field.Doc, field.Comment)
		}
	}
}

// receiver is the name of the type a method belongs to.
func receiver(fn *ast.FuncDecl) string {
	typ := fn.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.IndexListExpr:
			typ = t.X
		case *ast.Ident:
			return t.Name
		default:
			return ""
		}
	}
}
