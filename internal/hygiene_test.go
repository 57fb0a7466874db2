package internal_test

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The top of the repository is its table of contents.
func TestTopLevel(t *testing.T) {
	allowed := []string{
		"vault", "crypto", "policy", "limiter", "errs", "internal",
		"go.mod", "go.sum", "README.md", "LICENSE",
	}
	entries, err := os.ReadDir(root())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, ".") && !slices.Contains(allowed, name) {
			t.Errorf("%s does not belong at the top", name)
		}
	}
}

// machinePath matches a path of the machine something was written on. The
// alternatives are split so that this file does not match itself.
var machinePath = regexp.MustCompile(`(?:^|[^\w./})-])/(?:` +
	`work(?:/|\b[^-\w])|` + `root(?:/|\b[^-\w])|` + `tmp/(?:bash|team)|` + `(?:home|Users)/\w+/` + `)`)

// No text says where on some machine it came from.
func TestNoMachinePaths(t *testing.T) {
	err := walk(func(path string, read func() ([]byte, error)) error {
		text, err := read()
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			return err
		}
		for i, line := range bytes.Split(text, []byte("\n")) {
			if m := machinePath.Find(append(line, '\n')); m != nil {
				t.Errorf("%s:%d: %q is a path of one machine", path, i+1, bytes.TrimSpace(m))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMachinePath(t *testing.T) {
	slash := "/"
	for text, want := range map[string]bool{
		"see " + slash + "work/main/x.go\n":      true,
		`"` + slash + "root\"\n":                 true,
		slash + "tmp/bash_jobs.0/1\n":            true,
		"cd " + slash + "home/jo/go\n":           true,
		"https://example.com/work/item\n":        false,
		"the folder net" + slash + "root/x\n":    false,
		"a key at " + slash + "tmp/unseal.key\n": false,
		slash + "workspaces\n":                   false,
	} {
		if got := machinePath.MatchString(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
