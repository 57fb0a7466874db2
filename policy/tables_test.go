package policy_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/policy"
)

// lines returns the lines of a file in testdata as words, without comments and empty ones.
func lines(t *testing.T, name string) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows [][]string
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		line := scanner.Text()
		if words := strings.Fields(line); len(words) > 0 && words[0] != "#" {
			rows = append(rows, words)
		}
	}
	return rows
}

// titles returns what the comments of a grid call its columns.
func titles(t *testing.T, name string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]string)
	for line := range strings.Lines(string(data)) {
		if words := strings.Fields(line); len(words) > 2 && words[0] == "#" {
			names[words[1]] = strings.Join(words[2:], " ")
		}
	}
	return names
}

func rightNamed(t *testing.T, name string) policy.Right {
	t.Helper()
	for r := range policy.Rights() {
		if r.String() == name {
			return r
		}
	}
	t.Fatalf("there is no right %s", name)
	return 0
}

// TestEveryPermission checks each permission against each right, through a compiled policy.
func TestEveryPermission(t *testing.T) {
	alice := policy.NewPrincipal(policy.PrincipalInfo{ObjectID: "alice"})
	together := make(map[string]policy.RightSet)
	for _, row := range lines(t, "permissions.txt") {
		collection, permission := row[0], row[1]
		var want policy.RightSet
		for _, name := range row[2:] {
			want = want.Union(policy.SetOf(rightNamed(t, name)))
		}
		together[collection] = together[collection].Union(want)
		for _, spelling := range []string{permission, strings.ToUpper(permission)} {
			checkAccess(t, entry("alice", collection, spelling), alice, want)
		}
	}
	var all policy.RightSet
	for collection, want := range together {
		checkAccess(t, entry("alice", collection, "all"), alice, want)
		all = all.Union(want)
	}
	for r := range policy.Rights() {
		if all.Has(r) != (r.VaultAction() != "") {
			t.Errorf("%v: some permission gives it: %v", r, all.Has(r))
		}
	}
}

func checkAccess(t *testing.T, e policy.AccessPolicy, p *policy.Principal, want policy.RightSet) {
	t.Helper()
	access, err := policy.CompileAccessPolicies([]policy.AccessPolicy{e})
	if err != nil {
		t.Error(err)
		return
	}
	for r := range policy.Rights() {
		if got := access.Allows(p, r); got != want.Has(r) {
			t.Errorf("%+v: %v is %v, want %v", e, r, got, want.Has(r))
		}
	}
	if set, err := e.Rights(); err != nil || set != want {
		t.Errorf("%+v: Rights are %v, %v, want %v", e, set, err, want)
	}
}

// entry returns an access policy entry with permissions in one collection.
func entry(id, collection string, permissions ...string) policy.AccessPolicy {
	e := policy.AccessPolicy{ObjectID: id}
	switch collection {
	case "keys":
		e.Keys = permissions
	case "secrets":
		e.Secrets = permissions
	case "certificates":
		e.Certificates = permissions
	case "storage":
		e.Storage = permissions
	}
	return e
}

// TestEveryVaultRole checks each built-in role against each right, through a compiled assignment on the vault.
func TestEveryVaultRole(t *testing.T) {
	checkRoles(t, "roles-vault.txt", policy.VaultRoles(), policy.Right.VaultAction, func(a policy.RoleAssignment) (*policy.Assignments, error) {
		a.Scope = vaultID
		return policy.CompileAssignments(vaultID, nil, []policy.RoleAssignment{a}, nil)
	})
}

// TestEveryHSMRole does the same for a Managed HSM.
func TestEveryHSMRole(t *testing.T) {
	checkRoles(t, "roles-hsm.txt", policy.HSMRoles(), policy.Right.HSMAction, func(a policy.RoleAssignment) (*policy.Assignments, error) {
		a.Scope = "/"
		return policy.CompileLocalAssignments(nil, []policy.RoleAssignment{a})
	})
}

func checkRoles(t *testing.T, file string, defs []policy.RoleDefinition, action func(policy.Right) string,
	compile func(policy.RoleAssignment) (*policy.Assignments, error),
) {
	rows, names := lines(t, file), titles(t, file)
	header := rows[0][1:]
	if len(header) != len(defs) {
		t.Fatalf("%d roles are in the table, %d built in", len(header), len(defs))
	}
	want := make([]policy.RightSet, len(header))
	listed := policy.RightSet{}
	for _, row := range rows[1:] {
		right := rightNamed(t, row[0])
		listed = listed.Union(policy.SetOf(right))
		for i, mark := range row[1:] {
			if mark == "x" {
				want[i] = want[i].Union(policy.SetOf(right))
			}
		}
	}
	for r := range policy.Rights() {
		if listed.Has(r) != (action(r) != "") {
			t.Errorf("%v: in the table is %v, has an action is %v", r, listed.Has(r), action(r) != "")
		}
	}
	alice := policy.NewPrincipal(policy.PrincipalInfo{ObjectID: "alice"})
	for i, short := range header {
		for _, ref := range []string{names[short], idOf(t, defs, names[short]), "/x/" + strings.ToUpper(idOf(t, defs, names[short]))} {
			roles, err := compile(policy.RoleAssignment{Role: ref, PrincipalID: "alice"})
			if err != nil {
				t.Error(err)
				continue
			}
			for r := range policy.Rights() {
				if got := roles.Allows(alice, r, ""); got != want[i].Has(r) {
					t.Errorf("%s: %v is %v, want %v", ref, r, got, want[i].Has(r))
				}
			}
		}
	}
}

func idOf(t *testing.T, defs []policy.RoleDefinition, name string) string {
	t.Helper()
	for _, def := range defs {
		if def.Name == name {
			return def.ID
		}
	}
	t.Fatalf("no built-in role is called %q", name)
	return ""
}
