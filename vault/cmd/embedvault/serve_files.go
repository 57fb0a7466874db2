package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/embedvault/embedvault/internal/frontdoor"
)

// stdout stands for the output instead of a file.
const stdout = "-"

// bundleSuffix makes the name of the file of certificates from that of the environment.
const bundleSuffix = ".pem"

// leaveBundle writes the certificates that clients need, which everybody may read.
func (s *site) leaveBundle(env string, environ []string) error {
	path := env + bundleSuffix
	if env == "" || env == stdout {
		dir, err := os.MkdirTemp("", "embedvault-")
		if err != nil {
			return err
		}
		s.dir = dir
		path = filepath.Join(dir, "ca.pem")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	s.access.Bundle = path
	return s.leave(file{path, marked(s.front.Bundle(frontdoor.Roots(environ)))}, 0o644)
}

// publish tells programs how to reach the site: in the file, if one is named, and on the output, where the secret
// stands only if the output was asked for.
func (s *site) publish(env string, c console) error {
	variables := s.access.Variables(c.environ)
	var all, open strings.Builder
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		line := "export " + name + "=" + quoted(value) + "\n"
		all.WriteString(line)
		if name != frontdoor.SecretName || env == stdout {
			open.WriteString(line)
		}
	}
	if env != "" && env != stdout {
		if err := s.leave(file{env, marked([]byte(all.String()))}, 0o600); err != nil {
			return err
		}
	}
	_, err := fmt.Fprint(c.out, open.String())
	return err
}

// quoted is a value as a shell reads it.
func quoted(value string) string {
	plain := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("-._~/:@%+,", r)
	}
	if strings.IndexFunc(value, func(r rune) bool { return !plain(r) }) < 0 {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

// file is a file of the site.
type file struct {
	path    string
	content []byte
}

// leave writes a file, and remembers to remove it. It replaces none that somebody else has put there in the meantime.
func (s *site) leave(f file, mode os.FileMode) error {
	if err := checkMarker(f.path); err != nil {
		return err
	}
	if err := f.write(mode); err != nil {
		return err
	}
	s.files = append(s.files, f)
	return nil
}

// write puts the file in place in one step: whoever looks sees all of it, or what was there before.
func (f file) write(mode os.FileMode) error {
	temp, err := os.CreateTemp(filepath.Dir(f.path), "."+filepath.Base(f.path)+"-")
	if err != nil {
		return err
	}
	_, err = temp.Write(f.content)
	if err == nil {
		err = temp.Chmod(mode)
	}
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp.Name(), f.path)
	}
	if err != nil {
		os.Remove(temp.Name())
	}
	return err
}

// remove removes the file, unless somebody has put another one in its place.
func (f file) remove() error {
	if found, err := os.ReadFile(f.path); err != nil || !bytes.Equal(found, f.content) {
		return nil
	}
	return os.Remove(f.path)
}

// marker is the first line of every file of a site. No other file is replaced or removed.
const marker = "# made by embedvault, which replaces this file when it starts and removes it when it ends\n"

// marked is a file's content below the marker.
func marked(content []byte) []byte { return append([]byte(marker), content...) }

// filesFor are the files of a site with an environment in a file.
func filesFor(env string) []string {
	if env == "" || env == stdout {
		return nil
	}
	return []string{env, env + bundleSuffix}
}

// checkFiles makes sure that where files are to be, there are none or what an earlier site left. Its errors are usageErrors.
func checkFiles(env string) error {
	for _, path := range filesFor(env) {
		if err := checkMarker(path); err != nil {
			return usageError{err}
		}
	}
	return nil
}

// checkMarker refuses a path at which there is something without the marker. An empty file, such as mktemp makes, is nothing.
func checkMarker(path string) error {
	is, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !is.Mode().IsRegular() {
		return notOurs(path)
	}
	if is.Size() == 0 {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	first := make([]byte, len(marker))
	if _, err := io.ReadFull(f, first); err != nil || string(first) != marker {
		return notOurs(path)
	}
	return nil
}

func notOurs(path string) error {
	return fmt.Errorf("-env: %s is no file that embedvault left: it is not replaced", path)
}

// removeStale removes what an earlier site left that could not clean up: who waits for the file would take it for the new
// one.
func removeStale(env string) error {
	for _, path := range filesFor(env) {
		if err := checkMarker(path); err != nil {
			return err
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
