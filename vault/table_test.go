package vault_test

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

// variants are methods that make the request of another one and do more with the answer.
var variants = map[string]string{"GetSecretIfNewer": "GetSecret"}

// notRequests are the methods of a Client that ask nothing of the container.
var notRequests = []string{"Container"}

// only over REST can be asked what has one answer.
var onlyREST = regexp.MustCompile("^Ekm")

// Every method of a Client is one request of one operation, and every operation has its method.
func TestEveryMethodIsOneOperation(t *testing.T) {
	t.Parallel()
	unlimited := limiter.Unlimited()
	methods := map[vault.Operation][]string{}
	client := reflect.TypeFor[*vault.Client]()
	for i := range client.NumMethod() {
		name := client.Method(i).Name
		if slices.Contains(notRequests, name) {
			continue
		}
		w := newWorld(t, &vault.Options{Limits: &unlimited}, nil)
		got(w.owner.CreateKey(t.Context(), "thing", vault.EC(vault.P256), nil))(t)
		got(w.owner.SetSecret(t.Context(), "thing", "value", nil))(t)
		w.trail.take()
		call(t, reflect.ValueOf(w.owner).Method(i))
		events := w.trail.take()
		if len(events) != 1 {
			t.Errorf("%s made %d requests", name, len(events))
			continue
		}
		methods[events[0].Operation] = append(methods[events[0].Operation], name)
	}
	for _, row := range vault.Table() {
		own := slices.DeleteFunc(methods[row.Operation], func(m string) bool { return variants[m] != "" })
		if len(own) != 1 && !onlyREST.MatchString(string(row.Operation)) {
			t.Errorf("%s is the operation of %v, want one method", row.Operation, own)
		}
		delete(methods, row.Operation)
	}
	if len(methods) != 0 {
		t.Errorf("methods of operations that have no row: %v", methods)
	}
	for variant, method := range variants {
		if _, ok := client.MethodByName(variant); !ok {
			t.Errorf("%s, a variant of %s, is no method", variant, method)
		}
	}
}

// call calls a method with arguments of its kind, and goes through a sequence that it returns.
func call(t *testing.T, method reflect.Value) {
	t.Helper()
	var in []reflect.Value
	for i := range method.Type().NumIn() {
		in = append(in, argument(t, method.Type().In(i)))
	}
	for _, out := range method.Call(in) {
		if out.Kind() != reflect.Func {
			continue
		}
		yield := reflect.MakeFunc(out.Type().In(0), func([]reflect.Value) []reflect.Value {
			return []reflect.Value{reflect.ValueOf(true)}
		})
		out.Call([]reflect.Value{yield})
	}
}

// argument is a plausible value of a type; options are nil.
func argument(t *testing.T, in reflect.Type) reflect.Value {
	switch in {
	case reflect.TypeFor[context.Context]():
		return reflect.ValueOf(t.Context())
	case reflect.TypeFor[string](), reflect.TypeFor[vault.Ref]():
		return reflect.ValueOf("thing").Convert(in)
	case reflect.TypeFor[[]byte]():
		return reflect.ValueOf(make([]byte, 32))
	case reflect.TypeFor[crypto.Algorithm]():
		return reflect.ValueOf(vault.ES256)
	case reflect.TypeFor[crypto.Spec]():
		return reflect.ValueOf(vault.EC(vault.P256))
	}
	return reflect.Zero(in)
}

const aVersion = "0123456789abcdef0123456789abcdef"

// spellings are the paths that a pattern stands for. A version may be missing, with its slash or without.
func spellings(pattern string) []string {
	named := strings.ReplaceAll(pattern, "{name}", "thing")
	if !strings.Contains(named, "/{version}") {
		return []string{named}
	}
	return []string{
		strings.ReplaceAll(named, "/{version}", "/"+aVersion),
		strings.ReplaceAll(named, "/{version}", "/"),
		strings.ReplaceAll(named, "/{version}", ""),
	}
}

// route finds the rows that a request could mean. Of several, those are meant that spell out most of the path.
func route(method, path string) (found []vault.Row) {
	most := -1
	for _, row := range vault.Table() {
		pattern := regexp.QuoteMeta(row.Path)
		pattern = strings.ReplaceAll(pattern, `/\{version\}`, `(/[^/]*)?`)
		pattern = strings.ReplaceAll(pattern, `\{name\}`, `[^/]+`)
		if row.Method != method || !regexp.MustCompile("^"+pattern+"$").MatchString(path) {
			continue
		}
		literal := strings.Count(row.Path, "/") - strings.Count(row.Path, "{")
		if literal > most {
			found, most = nil, literal
		}
		if literal == most {
			found = append(found, row)
		}
	}
	return found
}

// Every path routes to its own operation, however it is spelled, and none hides another.
func TestEveryPathRoutesToItself(t *testing.T) {
	t.Parallel()
	for _, row := range vault.Table() {
		for _, path := range spellings(row.Path) {
			if found := route(row.Method, path); len(found) != 1 || found[0].Operation != row.Operation {
				t.Errorf("%s %s, a path of %s, routes to %v", row.Method, path, row.Operation, found)
			}
		}
	}
}

// The path shape that every row of a vault has: a collection, live or deleted, then names and at most one literal.
var shape = regexp.MustCompile(`^/(deleted)?(keys|secrets)(/\{name\}(/\{version\})?)?(/[a-z]+)?$`)

func TestRowsAreSound(t *testing.T) {
	t.Parallel()
	seen := map[vault.Operation]bool{}
	for _, row := range vault.Table() {
		if seen[row.Operation] {
			t.Errorf("%s has two rows", row.Operation)
		}
		seen[row.Operation] = true
		if row.Right.VaultAction() == "" {
			if row.Right.HSMAction() == "" || row.Class != limiter.SecretUse && row.Class != limiter.Other {
				t.Errorf("%s needs the right %v and is counted as %v", row.Operation, row.Right, row.Class)
			}
			continue
		}
		parts := shape.FindStringSubmatch(row.Path)
		if parts == nil {
			t.Errorf("%s: the path is %s", row.Operation, row.Path)
			continue
		}
		deleted, collection := parts[1] != "", parts[2]
		if !strings.HasPrefix(string(row.Operation), map[string]string{"keys": "Key", "secrets": "Secret"}[collection]) {
			t.Errorf("%s is about %s", row.Operation, collection)
		}
		if want := map[bool]int{true: 204, false: 200}[row.Method == "DELETE" && deleted]; row.Status != want {
			t.Errorf("%s answers %d, want %d", row.Operation, row.Status, want)
		}
		if !slices.Contains([]string{"GET", "PUT", "PATCH", "POST", "DELETE"}, row.Method) {
			t.Errorf("%s: the method is %s", row.Operation, row.Method)
		}
		if !slices.Contains(slices.Collect(policy.Rights()), row.Right) || row.Right.Collection() != collection ||
			row.Right.Permission() == "" || row.Right.VaultAction() == "" {
			t.Errorf("%s needs the right %v, which is none about %s in a vault", row.Operation, row.Right, collection)
		}
		if about := map[bool]string{true: "Key", false: "Secret"}[collection == "keys"]; !strings.HasPrefix(row.Class.String(), about) {
			t.Errorf("%s is counted as %v", row.Operation, row.Class)
		}
	}
}

// The rights of a vault that no operation needs yet stand in testdata/pending.txt, which only shrinks: -update takes out
// what has come into use and adds nothing.
func TestEveryRightIsUsedOrPending(t *testing.T) {
	const path = "testdata/pending.txt"
	used := map[string]bool{}
	for _, row := range vault.Table() {
		used[row.Right.String()] = true
	}
	file := string(got(os.ReadFile(path))(t))
	var kept []string
	pending := map[string]bool{}
	for line := range strings.Lines(file) {
		right := strings.TrimSpace(line)
		if strings.HasPrefix(right, "#") {
			kept = append(kept, line)
			continue
		}
		pending[right] = true
		if !used[right] {
			kept = append(kept, line)
		} else if !*update {
			t.Errorf("%s is used and still pending; go test -update takes it out", right)
		}
	}
	for right := range policy.Rights() {
		if !used[right.String()] && !pending[right.String()] {
			t.Errorf("no operation needs %v, and it is not pending", right)
		}
	}
	if *update {
		fine(t, os.WriteFile(path, []byte(strings.Join(kept, "")), 0o644))
	}
}

// OPERATIONS.md is the table, for people.
func TestOperationsDocument(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Operations\n\n" +
		"What a vault and a Managed HSM can be asked, rendered from the table by `go test ./vault -update`. A `{version}` may be\n" +
		"left out, with its slash or without: then the newest is meant. The permission is that of an access policy, the data actions\n" +
		"are those of a role of a vault and of a Managed HSM; their prefixes `Microsoft.KeyVault/vaults/` and\n" +
		"`Microsoft.KeyVault/managedHsm/` are left out. What has no action in a product is not offered there. The class is whose\n" +
		"rate limit the request is counted against in a vault; whatever concerns a key in hardware is counted with the class of that\n" +
		"name. The status is that of a success. A scope may stand before `/providers`: `/keys` or `/keys/{name}`.\n")
	section := ""
	for _, row := range vault.Table() {
		if collection := row.Right.Collection(); collection != section {
			section = collection
			fmt.Fprintf(&b, "\n## %s%s\n\n", strings.ToUpper(section[:1]), section[1:])
			b.WriteString("| operation | method | path | status | permission | vault | Managed HSM | class |\n|---|---|---|--:|---|---|---|---|\n")
		}
		fmt.Fprintf(&b, "| %s | %s | `%s` | %d | %s | %s | %s | %v |\n", row.Operation, row.Method, row.Path, row.Status,
			row.Right.Permission(), strings.TrimPrefix(row.Right.VaultAction(), "Microsoft.KeyVault/vaults/"),
			strings.TrimPrefix(row.Right.HSMAction(), "Microsoft.KeyVault/managedHsm/"), row.Class)
	}
	golden(t, "OPERATIONS.md", b.String())
}
