package errs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/errs"
)

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

func TestEveryRowIsWellFormed(t *testing.T) {
	seen, byID := map[string]bool{}, map[string]errs.Row{}
	for _, r := range errs.Rows() {
		byID[r.ID] = r
	}
	id := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	for _, r := range errs.Rows() {
		check := func(ok bool, what string) {
			if !ok {
				t.Errorf("%s: %s", r.ID, what)
			}
		}
		check(id.MatchString(r.ID), "id is not lower case with hyphens")
		check(!seen[r.ID], "id is used twice")
		check(http.StatusText(r.Status) != "", "status does not exist")
		check(r.Code != "" && r.Template != "" || r.Code == "" && r.Plain != "", "has neither code and text nor a plain body")
		check(!strings.ContainsAny(placeholder.ReplaceAllString(r.Template, ""), "{}"), "has a brace that is no placeholder")
		check(strings.HasSuffix(r.When, "."), "when is not a sentence")
		check(r.Twin == "" || byID[r.Twin].Container == "managed HSM" && r.Container == "vault", "twin is not of the other product")
		check(r.Container != "vault" || !strings.Contains(r.Template, "Activity ID"), "a vault shows no activity this way")
		seen[r.ID] = true
	}
}

// goFiles parses the non-test files of this package.
func goFiles(t *testing.T) []*ast.File {
	t.Helper()
	var files []*ast.File
	for _, name := range sourceFiles(t, ".") {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

func TestEveryRowIsListed(t *testing.T) {
	declared, listed := map[string]bool{}, map[string]bool{}
	for _, f := range goFiles(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			switch v := spec.Values[0].(type) {
			case *ast.CompositeLit:
				name := spec.Names[0].Name
				if typ, ok := v.Type.(*ast.Ident); ok && typ.Name == "row" {
					declared[name] = true
				}
				if name == "catalogue" || name == "lives" {
					for _, e := range v.Elts {
						listed[e.(*ast.UnaryExpr).X.(*ast.Ident).Name] = true
					}
				}
			case *ast.CallExpr:
				if fn, ok := v.Fun.(*ast.Ident); ok && fn.Name == "kinds" {
					declared[spec.Names[0].Name] = true
				}
			}
			return true
		})
	}
	if len(declared) < 50 {
		t.Fatalf("found only %d rows; does this test still read the source?", len(declared))
	}
	for name := range declared {
		if !listed[name] {
			t.Errorf("row %s is not in the catalogue", name)
		}
	}
}

// A constant that nothing answers with is of no use to anybody.
func TestEveryCodeIsAnsweredWith(t *testing.T) {
	count := 0
	for _, f := range goFiles(t) {
		for _, d := range f.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok || decl.Tok != token.CONST {
				continue
			}
			for _, s := range decl.Specs {
				spec := s.(*ast.ValueSpec)
				if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Code" {
					continue
				}
				count++
				code := errs.Code(strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`))
				if !slices.ContainsFunc(errs.Rows(), func(r errs.Row) bool { return (&errs.Error{Code: r.Code, Inner: r.Inner}).Is(code) }) {
					t.Errorf("no row bears %s", spec.Names[0].Name)
				}
			}
		}
	}
	if count < 40 {
		t.Fatalf("found only %d codes; does this test still read the source?", count)
	}
}

func TestSamplesAreComplete(t *testing.T) {
	sampled := map[string]bool{"ForManagedHSM": true, "About": true, "Because": true} // by twins; what they answer with is sampled
	for _, s := range samples() {
		for _, ref := range s.refs {
			sampled[strings.TrimPrefix(ref, ".")] = true
		}
	}
	for _, f := range goFiles(t) {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.IsExported() && returnsError(fn) && !sampled[fn.Name.Name] {
				t.Errorf("%s has no sample", fn.Name.Name)
			}
		}
	}
}

// returnsError reports whether fn's one result is *Error.
func returnsError(fn *ast.FuncDecl) bool {
	if fn.Type.Results == nil || len(fn.Type.Results.List) != 1 {
		return false
	}
	star, ok := fn.Type.Results.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	name, ok := star.X.(*ast.Ident)
	return ok && name.Name == "Error"
}

func TestConstructorsFillEveryPlaceholder(t *testing.T) {
	for _, s := range append(samples(), twins()...) {
		if left := placeholder.FindString(s.err.Message); left != "" {
			t.Errorf("%s leaves %s: %s", s.call, left, s.err.Message)
		}
	}
}
