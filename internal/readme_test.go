package internal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// readme returns the fenced blocks of README.md in one language.
func readme(t *testing.T, lang string) []block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, all := splitMarkdown(string(text))
	var blocks []block
	for _, b := range all {
		if b.lang == lang {
			blocks = append(blocks, b)
		}
	}
	if len(blocks) == 0 {
		t.Fatalf("README.md has no %s block", lang)
	}
	return blocks
}

// Every Go block of the README is a whole file and compiles for somebody who
// copies it into a module of their own.
func TestReadmeCode(t *testing.T) {
	users := map[string][]string{} // base module to the packages written for it
	dirs := map[string]string{}
	for _, b := range readme(t, "go") {
		f, err := parser.ParseFile(token.NewFileSet(), "", b.text, parser.SkipObjectResolution)
		if err != nil {
			t.Errorf("README.md:%d: not a whole Go file: %v", b.line, err)
			continue
		}
		file := goFile{ast: f}
		base := baseModule(t, file.imports())
		if dirs[base] == "" {
			dirs[base] = userModule(t, base)
		}
		name := "main.go"
		if strings.Contains(b.text, `"testing"`) {
			name = "user_test.go"
		}
		pkg := fmt.Sprintf("line%d", b.line)
		text := fmt.Sprintf("//line README.md:%d\n%s", b.line, b.text)
		writeFile(t, filepath.Join(dirs[base], pkg, name), text)
		users[base] = append(users[base], "./"+pkg)
	}
	for base, packages := range users {
		cmd := exec.CommandContext(t.Context(), "go", append([]string{"vet"}, packages...)...)
		cmd.Dir = dirs[base]
		cmd.Env = append(cmd.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("go vet of the README: %v\n%s", err, out)
		}
	}
}

// baseModule is the module whose requirements are enough for some imports: the
// main module ("."), or the nested one that they show the use of.
func baseModule(t *testing.T, imports []string) string {
	t.Helper()
	main := moduleFile(t, ".")
	for _, imported := range imports {
		if standard(imported) || !ours(imported) && provider(main, imported) != nil {
			continue
		}
		for _, dir := range nestedModules(t) {
			if imported == modulePath+"/"+dir || !ours(imported) && provider(moduleFile(t, dir), imported) != nil {
				return dir
			}
		}
	}
	return "."
}

// moduleFile are the requirements of the module in dir.
func moduleFile(t *testing.T, dir string) []dep {
	t.Helper()
	var mod struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal(run(t, filepath.Join(root(), dir), "mod", "edit", "-json"), &mod); err != nil {
		t.Fatal(err)
	}
	var deps []dep
	for _, r := range mod.Require {
		deps = append(deps, dep{path: r.Path, version: r.Version})
	}
	return deps
}

// userModule makes a module outside the repository that uses this checkout,
// with the versions base was tested with, so that nothing is fetched.
func userModule(t *testing.T, base string) string {
	t.Helper()
	dir := t.TempDir()
	version := func(path string) string { return path + "@v0.0.0" }
	args := []string{
		"mod", "edit", "-module=example.com/user", "-go=1.26",
		"-require=" + version(modulePath), "-replace=" + modulePath + "=" + root(),
	}
	if base != "." {
		path := modulePath + "/" + base
		args = append(args, "-require="+version(path), "-replace="+path+"="+filepath.Join(root(), base))
	}
	for _, d := range moduleFile(t, base) {
		if d.path != modulePath {
			args = append(args, "-require="+d.path+"@"+d.version)
		}
	}
	writeFile(t, filepath.Join(dir, "go.mod"), "module example.com/user\n")
	run(t, dir, args...)
	sums, err := os.ReadFile(filepath.Join(root(), base, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "go.sum"), string(sums))
	return dir
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The commands of the README name packages that exist, and the first thing a
// reader is told to run is what the check of the repository runs.
func TestReadmeCommands(t *testing.T) {
	var all bytes.Buffer
	for _, b := range readme(t, "sh") {
		dir := "."
		for i, line := range strings.Split(b.text, "\n") {
			for _, command := range splitCommands(line) {
				fmt.Fprintln(&all, command)
				if to, ok := strings.CutPrefix(command, "cd "); ok {
					dir = cd(dir, to)
					continue
				}
				for _, pkg := range packageArgs(command) {
					if !hasPackage(t, filepath.Join(dir, pkg)) {
						t.Errorf("README.md:%d: %s: no package %s", b.line+i, command, pkg)
					}
				}
			}
		}
	}
	if !strings.Contains(all.String(), "go test ./...\n") {
		t.Error("README.md does not say go test ./...")
	}
}

// cd is the directory after a change of directory; a change into a clone of
// this repository is its top.
func cd(dir, to string) string {
	to = strings.Trim(to, `"'`)
	if to == "-" || to == "embedvault" {
		return "."
	}
	return filepath.Join(dir, to)
}

var (
	shSeparator = regexp.MustCompile(`&&|;|\|`)
	shNoise     = regexp.MustCompile(`\s+#.*$|^\s*(\$\s+|#.*$)|^\(|\)$`)
)

// splitCommands are the simple commands of a line of shell.
func splitCommands(line string) []string {
	var commands []string
	for _, c := range shSeparator.Split(shNoise.ReplaceAllString(line, ""), -1) {
		if c = strings.TrimSpace(c); c != "" {
			commands = append(commands, c)
		}
	}
	return commands
}

// packageArgs are the packages a go command names by a relative path. What
// follows the package of go run belongs to the program.
func packageArgs(command string) []string {
	words := strings.Fields(command)
	if len(words) < 3 || words[0] != "go" || words[1] != "run" && words[1] != "test" {
		return nil
	}
	var packages []string
	for _, w := range words[2:] {
		if w == "." || strings.HasPrefix(w, "./") || strings.HasPrefix(w, "../") {
			packages = append(packages, w)
			if words[1] == "run" {
				break
			}
		}
	}
	return packages
}

// hasPackage says whether a directory, or for "..." one under it, holds Go files.
func hasPackage(t *testing.T, dir string) bool {
	t.Helper()
	dir, below := strings.CutSuffix(filepath.ToSlash(dir), "...")
	dir = filepath.ToSlash(filepath.Clean(dir))
	_, files := goFiles(t)
	for _, f := range files {
		if f.pkg == dir || below && (dir == "." || strings.HasPrefix(f.pkg, dir+"/")) {
			return true
		}
	}
	return false
}

func TestShellLines(t *testing.T) {
	for line, want := range map[string]string{
		"go test ./...": "./...",
		"$ go run ./vault/cmd/embedvault demo ./x":  "./vault/cmd/embedvault",
		"go test -run X ./vault ./errs # both":      "./vault ./errs",
		"(cd internal/bench && go test -bench . .)": ". .",
		"openssl version":                           "",
	} {
		var got []string
		for _, c := range splitCommands(line) {
			got = append(got, packageArgs(c)...)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q names packages %q, want %q", line, got, want)
		}
	}
	if hasPackage(t, "no/such/package") || !hasPackage(t, "internal") || !hasPackage(t, "./...") {
		t.Error("hasPackage does not tell what is here from what is not")
	}
}
