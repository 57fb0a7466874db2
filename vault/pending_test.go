package vault_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

const pendingRights = "testdata/pending.txt"

// Every right is what some operation needs, or waits in a list for the operation that will. The list only shrinks: a
// right that an operation needs must leave it, and none may join.
func TestEveryRightIsNeeded(t *testing.T) {
	t.Parallel()
	needed := map[string]bool{}
	for _, row := range vault.Table() {
		needed[row.Right.String()] = true
	}
	text := got(os.ReadFile(pendingRights))(t)
	pending := strings.Fields(string(text))
	if !slices.IsSorted(pending) {
		t.Errorf("%s is not sorted", pendingRights)
	}
	known := map[string]bool{}
	for right := range policy.Rights() {
		name := right.String()
		known[name] = true
		switch waits := slices.Contains(pending, name); {
		case needed[name] && waits:
			t.Errorf("%s is needed now: take it out of %s", name, pendingRights)
		case !needed[name] && !waits:
			t.Errorf("no operation needs %s", name)
		}
	}
	for _, name := range pending {
		if !known[name] {
			t.Errorf("%s waits in %s and is no right", name, pendingRights)
		}
	}
}
