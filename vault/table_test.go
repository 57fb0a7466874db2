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

// The path shape that every row of a vault has: a collection, live or deleted, then names and at most one literal.
var shape = regexp.MustCompile(`^/(deleted)?(keys|secrets)(/\{name\}(/\{version\})?)?(/[a-z]+)?$`)

// The path shapes of the rows that a Managed HSM alone has, by what the names of their operations begin with. What begins
// something that ends later is answered with 202.
var administrationShapes = map[string]*regexp.Regexp{
	"RandomBytes":    regexp.MustCompile(`^/rng$`),
	"Setting":        regexp.MustCompile(`^/settings(/\{setting\})?$`),
	"Ekm":            regexp.MustCompile(`^/ekm(/[a-z]+)?$`),
	"SecurityDomain": regexp.MustCompile(`^/securitydomain/(download|upload)(/pending)?$`),
	"Backup":         regexp.MustCompile(`^/(prebackup|backup(/\{job\}/pending)?)$`),
	"Restore":        regexp.MustCompile(`^/(prerestore|restore(/\{job\}/pending)?)$`),
	"KeyRestore":     regexp.MustCompile(`^/keys/\{name\}/restore$`),
	"RoleDefinition": regexp.MustCompile(`^/providers/Microsoft\.Authorization/roleDefinitions(/\{role\})?$`),
	"RoleAssignment": regexp.MustCompile(`^/providers/Microsoft\.Authorization/roleAssignments(/\{role\})?$`),
}

func TestRowsAreSound(t *testing.T) {
	t.Parallel()
	seen, routes := map[vault.Operation]bool{}, map[string]bool{}
	for _, row := range vault.Table() {
		if route := row.Method + " " + row.Path; seen[row.Operation] || routes[route] {
			t.Errorf("%s, %s, has two rows", row.Operation, route)
		} else {
			seen[row.Operation], routes[route] = true, true
		}
		if !slices.Contains([]string{"GET", "PUT", "PATCH", "POST", "DELETE"}, row.Method) {
			t.Errorf("%s: the method is %s", row.Operation, row.Method)
		}
		if !slices.Contains(slices.Collect(policy.Rights()), row.Right) {
			t.Errorf("%s needs the right %v, which is none", row.Operation, row.Right)
		}
		if row.Right.VaultAction() == "" {
			soundAdministration(t, row)
		} else {
			soundObjects(t, row)
		}
	}
}

// soundObjects checks a row that a vault has.
func soundObjects(t *testing.T, row vault.Row) {
	t.Helper()
	parts := shape.FindStringSubmatch(row.Path)
	if parts == nil {
		t.Errorf("%s: the path is %s", row.Operation, row.Path)
		return
	}
	deleted, collection := parts[1] != "", parts[2]
	about := map[string]string{"keys": "Key", "secrets": "Secret"}[collection]
	if !strings.HasPrefix(string(row.Operation), about) {
		t.Errorf("%s is about %s", row.Operation, collection)
	}
	if want := map[bool]int{true: 204, false: 200}[row.Method == "DELETE" && deleted]; row.Status != want {
		t.Errorf("%s answers %d, want %d", row.Operation, row.Status, want)
	}
	if row.Right.Collection() != collection || row.Right.Permission() == "" {
		t.Errorf("%s needs the right %v, which is none about %s in a vault", row.Operation, row.Right, collection)
	}
	if !strings.HasPrefix(row.Class.String(), about) {
		t.Errorf("%s is counted as %v", row.Operation, row.Class)
	}
}

// soundAdministration checks a row that a Managed HSM alone has.
func soundAdministration(t *testing.T, row vault.Row) {
	t.Helper()
	about := ""
	for prefix, shape := range administrationShapes {
		if strings.HasPrefix(string(row.Operation), prefix) && shape.MatchString(row.Path) {
			about = prefix
		}
	}
	if about == "" {
		t.Errorf("%s: the path is %s", row.Operation, row.Path)
	}
	last := row.Path[strings.LastIndexByte(row.Path, '/')+1:]
	role := strings.HasPrefix(about, "Role")
	if last == "pending" && row.Method != "GET" {
		t.Errorf("%s asks how far something is by %s", row.Operation, row.Method)
	}
	want := 200
	switch begins := row.Method == "POST" || row.Method == "PUT"; {
	case begins && role:
		want = 201
	case begins && slices.Contains([]string{"download", "upload", "backup", "prebackup", "restore", "prerestore"}, last):
		want = 202
	}
	if row.Status != want {
		t.Errorf("%s answers %d, want %d", row.Operation, row.Status, want)
	}
	class := limiter.SecretUse
	if role {
		class = limiter.Other
	}
	if bound := limiter.Documented2025().ManagedHSM().Max[row.Class]; (bound != 0) != role {
		t.Errorf("%s is bounded to %d a second", row.Operation, bound)
	}
	if row.Right.HSMAction() == "" || row.Class != class {
		t.Errorf("%s needs the right %v and is counted as %v", row.Operation, row.Right, row.Class)
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
		class := row.Class.String()
		if row.Right.VaultAction() == "" && row.Class != limiter.Other {
			class = "" // no limit of a Managed HSM is on it
		}
		fmt.Fprintf(&b, "| %s | %s | `%s` | %d | %s | %s | %s | %s |\n", row.Operation, row.Method, row.Path, row.Status,
			row.Right.Permission(), strings.TrimPrefix(row.Right.VaultAction(), "Microsoft.KeyVault/vaults/"),
			strings.TrimPrefix(row.Right.HSMAction(), "Microsoft.KeyVault/managedHsm/"), class)
	}
	golden(t, "OPERATIONS.md", b.String())
}
