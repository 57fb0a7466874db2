package internal_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// block is a fenced block of a document.
type block struct {
	lang string // the word after the fence
	line int    // of its first line, counted from 1
	text string
}

// splitMarkdown separates the fenced blocks of a document from its prose,
// which keeps its line numbers.
func splitMarkdown(text string) (prose []string, blocks []block) {
	var open *block
	var fence string
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case open == nil && (strings.HasPrefix(trimmed, "```") || strings.HasPrefix(trimmed, "~~~")):
			fence = trimmed[:3]
			lang, _, _ := strings.Cut(strings.TrimLeft(trimmed, "`~"), " ")
			open = &block{lang: lang, line: i + 2}
			line = ""
		case open != nil && trimmed == fence:
			blocks = append(blocks, *open)
			open, line = nil, ""
		case open != nil:
			open.text += line + "\n"
			line = ""
		}
		prose = append(prose, line)
	}
	return prose, blocks
}

var (
	mdCode    = regexp.MustCompile("`[^`]*`")
	mdLink    = regexp.MustCompile(`\]\(<?([^()\s>]+)>?(?:\s+"[^"]*")?\)|^\s*\[[^\]]+\]:\s+(\S+)`)
	mdScheme  = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:`)
	mdHeading = regexp.MustCompile(`^#{1,6}\s+(.*?)\s*#*$`)
	mdDropped = regexp.MustCompile(`[^\p{L}\p{N}\s_-]`)
)

// Links inside the repository lead somewhere, to the heading they name too.
func TestLinks(t *testing.T) {
	err := walk(func(file string, read func() ([]byte, error)) error {
		if !strings.HasSuffix(file, ".md") {
			return nil
		}
		text, err := read()
		if err != nil {
			return err
		}
		prose, _ := splitMarkdown(string(text))
		for i, line := range prose {
			for _, m := range mdLink.FindAllStringSubmatch(mdCode.ReplaceAllString(line, "``"), -1) {
				if problem := checkLink(file, m[1]+m[2]); problem != "" {
					t.Errorf("%s:%d: %s", file, i+1, problem)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkLink says what is wrong with a link that stands in a file.
func checkLink(file, link string) string {
	if mdScheme.MatchString(link) || strings.HasPrefix(link, "//") {
		return "" // somebody else's page
	}
	target, heading, _ := strings.Cut(link, "#")
	switch {
	case target == "":
		target = file
	case strings.HasPrefix(target, "/"):
		target = strings.TrimPrefix(target, "/")
	default:
		target = path.Join(path.Dir(file), target)
	}
	onDisk := filepath.Join(root(), filepath.FromSlash(target))
	if _, err := os.Stat(onDisk); err != nil || strings.HasPrefix(target, "..") {
		return "link to " + link + ": no such file in the repository"
	}
	if heading == "" || !strings.HasSuffix(target, ".md") {
		return ""
	}
	text, err := os.ReadFile(onDisk)
	if err != nil {
		return err.Error()
	}
	if !anchors(string(text))[heading] {
		return "link to " + link + ": no such heading"
	}
	return ""
}

// anchors are the names the headings of a document get when it is shown.
func anchors(text string) map[string]bool {
	prose, _ := splitMarkdown(text)
	names := map[string]bool{}
	for _, line := range prose {
		if m := mdHeading.FindStringSubmatch(line); m != nil {
			name := mdDropped.ReplaceAllString(strings.ToLower(m[1]), "")
			names[strings.ReplaceAll(name, " ", "-")] = true
		}
	}
	return names
}

// The checks above find what they should: a test that reads no document would
// pass as well.
func TestMarkdown(t *testing.T) {
	const text = "# One *door*, two\n[a](b.md) `[not](x.md)`\n```go\npackage p\n```\n~~~\n# no heading\n~~~\n"
	prose, blocks := splitMarkdown(text)
	if len(blocks) != 2 || blocks[0] != (block{"go", 4, "package p\n"}) || blocks[1].lang != "" {
		t.Errorf("blocks: %+v", blocks)
	}
	if got := anchors(text); !got["one-door-two"] || len(got) != 1 {
		t.Errorf("anchors: %v", got)
	}
	if m := mdLink.FindStringSubmatch(prose[1]); m == nil || m[1] != "b.md" {
		t.Errorf("link: %v", m)
	}
	if checkLink("README.md", "internal/no-such-file.md") == "" || checkLink("README.md", "../README.md") == "" {
		t.Error("a link that leads nowhere was taken")
	}
}
