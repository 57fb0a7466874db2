package main

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// sample leaves a file to be signed and returns its path.
func sample(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sample.bin")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// demonstrate runs the demo in this process and returns what it printed.
func demonstrate(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := run(context.Background(), append([]string{"demo"}, args...), &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	return out.String()
}

// Every step of the demo with its status and code.
var steps = [][3]string{
	{"create key sign-rsa", "200", "-"},
	{"sign RS256", "200", "-"},
	{"verify RS256", "200", "-"},
	{"create key sign-ec", "200", "-"},
	{"sign ES256", "200", "-"},
	{"verify ES256", "200", "-"},
	{"import key transfer", "200", "-"},
	{"wrapKey RSA-OAEP", "200", "-"},
	{"encrypt the file", "200", "-"},
	{"unwrapKey RSA-OAEP", "200", "-"},
	{"decrypt the file", "200", "-"},
	{"set secret db-password", "200", "-"},
	{"get secret db-password", "200", "-"},
	{"get without permission", "403", "Forbidden/ForbiddenByPolicy"},
	{"get from outside", "403", "Forbidden/ForbiddenByFirewall"},
	{"get with an old token", "401", "Unauthorized"},
	{"get too often", "429", "Throttled"},
}

func TestDemoPrintsEveryStep(t *testing.T) {
	t.Parallel()
	out := demonstrate(t, sample(t, []byte("a document")))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != len(steps)+1 || !regexp.MustCompile(`^STEP +STATUS +CODE +TIME +NOTE$`).MatchString(lines[0]) {
		t.Fatalf("printed\n%s", out)
	}
	for i, step := range steps {
		line := regexp.MustCompile(fmt.Sprintf(`^%s  +%s  +%s  +[0-9.]+(ns|µs|ms|s)(  +.*)?$`,
			regexp.QuoteMeta(step[0]), step[1], regexp.QuoteMeta(step[2])))
		if !line.MatchString(strings.TrimRight(lines[i+1], " ")) {
			t.Errorf("step %d is %q, want %v", i, lines[i+1], step)
		}
	}
	if strings.Contains(out, "correct horse") {
		t.Errorf("the secret is printed:\n%s", out)
	}
}

// What the demo leaves is verified and opened by another implementation: the openssl program.
func TestOpenSSLVerifiesAndOpens(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("there is no openssl")
	}
	t.Parallel()
	large := make([]byte, 1<<20)
	rand.Read(large)
	for name, content := range map[string][]byte{"text": []byte("a document\n"), "empty": {}, "a megabyte": large} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, dir := sample(t, content), filepath.Join(t.TempDir(), "new", "folder")
			demonstrate(t, "-out", dir, file)
			in := func(name string) string { return filepath.Join(dir, name) }

			other := sample(t, []byte("another document\n"))
			for _, key := range []string{"sign-rsa", "sign-ec"} {
				verify := []string{"dgst", "-sha256", "-verify", in(key + ".pub.pem"), "-signature", in(key + ".sig")}
				if out, err := openssl(append(verify, file)...); err != nil || !strings.Contains(out, "Verified OK") {
					t.Errorf("%s: %v: %s", key, err, out)
				}
				if out, err := openssl(append(verify, other)...); err == nil {
					t.Errorf("%s is a signature of another file, too: %s", key, out)
				}
			}

			opened := filepath.Join(t.TempDir(), "data.key")
			if out, err := openssl("pkeyutl", "-decrypt", "-inkey", in("transfer.pem"), "-pkeyopt", "rsa_padding_mode:oaep",
				"-in", in("data.key.wrapped"), "-out", opened); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if plain := decrypted(t, read(t, opened), read(t, in("file.enc"))); !bytes.Equal(plain, content) {
				t.Errorf("the file came back as %d other bytes", len(plain))
			}
		})
	}
}

func openssl(args ...string) (string, error) {
	out, err := exec.Command("openssl", args...).CombinedOutput()
	return string(out), err
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// decrypted opens nonce, ciphertext and tag of AES-256-GCM.
func decrypted(t *testing.T, key, sealed []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil || len(key) != 32 {
		t.Fatalf("a data key of %d bytes: %v", len(key), err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := gcm.Open(nil, sealed[:gcm.NonceSize()], sealed[gcm.NonceSize():], nil)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// The folder holds what the README names and nothing else, and its secret file is for its owner alone.
func TestDemoLeavesItsFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	demonstrate(t, sample(t, []byte("a document")), "-out", dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	want := []string{
		"data.key.wrapped", "file.enc", "sign-ec.pub.pem", "sign-ec.sig", "sign-rsa.pub.pem", "sign-rsa.sig", "transfer.pem",
	}
	if !slices.Equal(names, want) {
		t.Errorf("left %v, want %v", names, want)
	}
	if info, err := os.Stat(filepath.Join(dir, "transfer.pem")); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the private key is %v, %v", info.Mode(), err)
	}
	for _, name := range names {
		if content := read(t, filepath.Join(dir, name)); bytes.Contains(content, []byte("correct horse")) {
			t.Errorf("%s holds the secret", name)
		}
	}
}

// Without -out nothing is left anywhere near.
func TestDemoLeavesNothingUnasked(t *testing.T) {
	t.Parallel()
	file := sample(t, []byte("a document"))
	demonstrate(t, file)
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(entries) != 1 {
		t.Errorf("left %v, %v", entries, err)
	}
}

// Whatever is wrong is one line on standard error, which names it, and a status that is not zero. If it is the arguments, a
// second line says where to read about them, and the status is 2.
func TestDemoRefusesInOneLine(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "embedvault.exe")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	file := sample(t, []byte("a document"))
	dir := filepath.Dir(file)
	missing := filepath.Join(dir, "missing.txt")
	for name, c := range map[string]struct {
		args   []string
		says   []string
		status int
	}{
		"a missing file":                 {[]string{"demo", missing}, []string{missing, "no such file"}, 1},
		"a folder as file":               {[]string{"demo", dir}, []string{dir, "directory"}, 1},
		"a folder below a file":          {[]string{"demo", "-out", filepath.Join(file, "out"), file}, []string{file, "not a directory"}, 1},
		"a folder that is a file":        {[]string{"demo", "-out", file, file}, []string{file, "not a directory"}, 1},
		"a missing file and a folder":    {[]string{"demo", "-out", filepath.Join(dir, "unused"), missing}, []string{missing}, 1},
		"two files":                      {[]string{"demo", file, file}, []string{"one file"}, 2},
		"no file":                        {[]string{"demo"}, []string{"one file"}, 2},
		"an unknown flag":                {[]string{"demo", "-speed", file}, []string{"-speed"}, 2},
		"an unknown flag after the file": {[]string{"demo", file, "-speed"}, []string{"-speed"}, 2},
		"a flag without its value":       {[]string{"demo", file, "-out"}, []string{"-out"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			cmd := exec.Command(program, c.args...)
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if exit, ok := errors.AsType[*exec.ExitError](cmd.Run()); !ok || exit.ExitCode() != c.status {
				t.Errorf("ended with %v, want %d", exit, c.status)
			}
			line := stderr.String()
			if c.status == 2 {
				line = strings.TrimSuffix(line, "see embedvault help\n")
			}
			if hint := line != stderr.String(); hint != (c.status == 2) || strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "embedvault: ") {
				t.Errorf("said %q", line)
			}
			for _, word := range c.says {
				if !strings.Contains(line, word) {
					t.Errorf("%q does not say %q", line, word)
				}
			}
			if stdout.Len() != 0 {
				t.Errorf("printed %q", &stdout)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "unused")); err == nil {
		t.Error("a demo that was refused left a folder")
	}
}

// A folder in which nothing can be written is refused before any work is done.
func TestDemoNeedsAFolderThatCanBeWritten(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("this user may write everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := run(context.Background(), []string{"demo", "-out", dir, sample(t, nil)}, &out)
	if err == nil || !strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "\n") || out.Len() != 0 {
		t.Errorf("%v, printed %q", err, &out)
	}
}

// An unknown command shows how the program is used.
func TestUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"dance"}, {"-v"}} {
		if err := run(context.Background(), args, new(bytes.Buffer)); err == nil {
			t.Errorf("%v is a command", args)
		}
	}
}
