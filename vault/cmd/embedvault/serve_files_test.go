package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// contents are what the files of a directory hold, by name.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found[e.Name()] = string(text)
	}
	return found
}

// Files of a server that was killed make room for those of the next one, once that has its ports.
func testStaleFiles(t *testing.T, program string) {
	killed := start(t, program)
	env := killed.cmd.Args[len(killed.cmd.Args)-1]
	dir := filepath.Dir(env)
	killed.cmd.Process.Signal(syscall.SIGKILL)
	<-killed.ended
	left := contents(t, dir)
	if len(left) != 2 || !strings.HasPrefix(left["env"], "# ") || !strings.HasPrefix(left["env.pem"], "# ") {
		t.Fatalf("left behind: %q", left)
	}
	expectExit(t, program, 1, "256.0.0.1", "serve", "-listen", "256.0.0.1:0", "-env", env, "-expose")
	if now := contents(t, dir); now["env"] != left["env"] || now["env.pem"] != left["env.pem"] {
		t.Errorf("a server without ports has replaced files: %q", now)
	}
	if err := os.WriteFile(env, nil, 0o600); err != nil { // as mktemp leaves it
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program, "run", "-env", env, "--", "cat", env).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "export AZURE_CLIENT_ID=") || string(out) == left["env"] {
		t.Errorf("%v\n%s", err, out)
	}
	if now := contents(t, dir); len(now) != 0 {
		t.Errorf("left at the end: %q", now)
	}
}

// Whatever else is where the files belong stays as it is.
func testOthersFiles(t *testing.T, program string) {
	const own = "export PRECIOUS=1\n# made by embedvault\n"
	for _, name := range []string{"server", "server.pem"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(own), 0o600); err != nil {
			t.Fatal(err)
		}
		env := filepath.Join(dir, "server")
		expectExit(t, program, 2, name+" is no file that embedvault left", "serve", "-listen", "127.0.0.1:0", "-env", env)
		expectExit(t, program, 2, name+" is no file that embedvault left", "run", "-env", env, "--", "true")
		if now := contents(t, dir); len(now) != 1 || now[name] != own {
			t.Errorf("%s: %q", name, now)
		}
	}
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := os.WriteFile(target, []byte(marker+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for _, env := range []string{link, socket.Addr().String(), dir} {
		expectExit(t, program, 2, env+" is no file that embedvault left", "serve", "-listen", "127.0.0.1:0", "-env", env)
		if _, err := os.Lstat(env); err != nil {
			t.Error(err)
		}
	}
	// What somebody writes while the server runs is not the server's to remove either.
	s := start(t, program)
	env := s.cmd.Args[len(s.cmd.Args)-1]
	if err := os.WriteFile(env, []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	s.stop(t, os.Interrupt)
	if now := contents(t, filepath.Dir(env)); len(now) != 1 || now["env"] != own {
		t.Errorf("at the end: %q", now)
	}
}

// Who finds a port taken is told how to choose another one.
func testBusyPort(t *testing.T, program string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	env := filepath.Join(t.TempDir(), "env")
	expectExit(t, program, 1, "address already in use: choose another one with -listen", "serve", "-listen", l.Addr().String(), "-env", env)
	expectExit(t, program, 1, "address already in use: choose another one with -listen or -proxy", "run", "-proxy", l.Addr().String(), "--", "true")
	if _, err := os.Stat(env); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
