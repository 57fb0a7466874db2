package internal_test

import (
	"go/ast"
	"strings"
	"testing"
)

// ambient is what no library code takes from around itself: a time, a
// randomness, a setting or a log that no caller handed in cannot be turned,
// replayed or isolated by one.
var ambient = map[string][]string{
	"time": {"Now", "Since", "Until", "Sleep", "After", "Tick"},
	"os": {
		"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Unsetenv",
		"UserHomeDir", "UserCacheDir", "UserConfigDir", "Exit",
	},
	"log":       {"*"},
	"log/slog":  {"Default", "SetDefault", "Debug", "Info", "Warn", "Error"},
	"math/rand": {"*"},
	"math/rand/v2": {
		"Int", "IntN", "Int32", "Int32N", "Int64", "Int64N", "Uint32", "Uint32N", "Uint64", "Uint64N",
		"UintN", "N", "Float32", "Float64", "Perm", "Shuffle", "NormFloat64", "ExpFloat64",
	},
}

// exceptions are the places that may, each with its reason. A line no code
// needs any more is an error too.
var exceptions = map[[2]string]string{
	{"policy/identity", "time.Now"}:        "the default of Options.Now, for a tenant used without a vault",
	{"vault", "time.Now"}:                  "the default of Options.Now: the one clock of a vault",
	{"vault/cmd/embedvault", "time.Now"}:   "a program may look at the clock",
	{"vault/cmd/embedvault", "os.Exit"}:    "a program has a status",
	{"vault/cmd/embedvault", "time.Since"}: "it shows how long its steps took",
	{"vault/cmd/embedvault", "os.Environ"}: "it hands its environment on to the program it runs",
	{"vault/vaulttest", "time.Now"}:        "in a bubble it is the bubble's clock; outside, sockets and certificates live on it",
	{"vault/vaulttest", "time.Until"}:      "in a bubble it is the bubble's clock",
	{"vault/vaulttest", "time.Sleep"}:      "in a bubble it lets everything that waits go on",
	{"vault/vaulttest", "os.Environ"}:      "what a child process gets is built on it",
	{"vault/vaulttest", "os.LookupEnv"}:    "Main puts back what it set",
	{"vault/vaulttest", "os.Setenv"}:       "Main leads code that takes nothing by its environment",
	{"vault/vaulttest", "os.Unsetenv"}:     "Main puts back what it set",
	{"vault/vaulttest", "os.Exit"}:         "Main ends as testing.M.Run says",
	{"internal/entropy", "os.UserCacheDir"}: "test keys are kept there only for speed; " +
		"they are derived again when it is absent",
}

func TestNothingAmbient(t *testing.T) {
	fset, files := goFiles(t)
	used := map[[2]string]bool{}
	present := map[string]bool{}
	for _, f := range files {
		if f.test || moduleOf(f.pkg) != "" {
			continue
		}
		present[f.pkg] = true
		names := importNames(f.ast)
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					t.Errorf("%s: func init: what a package does at start cannot be chosen, ordered or tested", fset.Position(n.Pos()))
				}
			case *ast.SelectorExpr:
				use, ok := ambientUse(names, n)
				if !ok {
					return true
				}
				key := [2]string{f.pkg, use}
				used[key] = true
				if exceptions[key] == "" {
					t.Errorf("%s: %s: take it as an argument or an option", fset.Position(n.Pos()), use)
				}
			}
			return true
		})
	}
	for key := range exceptions {
		if present[key[0]] && !used[key] {
			t.Errorf("the exception for %s in %s is not needed any more", key[1], key[0])
		}
	}
}

// ambientUse names what a selector takes from around, as "time.Now".
func ambientUse(names map[string]string, sel *ast.SelectorExpr) (string, bool) {
	x, ok := sel.X.(*ast.Ident)
	if !ok {
		return "", false
	}
	path := names[x.Name]
	for _, name := range ambient[path] {
		if name == sel.Sel.Name || name == "*" {
			return path + "." + sel.Sel.Name, true
		}
	}
	return "", false
}

// importNames maps the name a file uses to the path it imports.
func importNames(f *ast.File) map[string]string {
	names := map[string]string{}
	for _, spec := range f.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		name := strings.TrimSuffix(path, "/v2")
		name = name[strings.LastIndexByte(name, '/')+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = path
	}
	return names
}
