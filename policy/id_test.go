package policy_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/policy"
)

const guid = "0a1b2c3d-4e5f-4789-8abc-def012345678"

func TestParseID(t *testing.T) {
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{guid, guid, true},
		{guid, strings.ToUpper(guid), true},
		{"alice", "alice", true},
		{"alice", "ALICE", true},
		{"alice", "alicia", false},
		{"alice", "", false},
		{"", policy.AllPrincipals, true},
		{guid, guid[:35] + "9", false},
		{guid, "{" + guid + "}", false}, // a brace makes it a text of its own
		{guid, strings.ReplaceAll(guid, "-", ""), false},
		{"k", "\u212a", false}, // the Kelvin sign is no k
	} {
		if same := policy.ParseID(test.a) == policy.ParseID(test.b); same != test.same {
			t.Errorf("%q and %q: same is %v, want %v", test.a, test.b, same, test.same)
		}
	}
	if got := policy.ParseID(strings.ToUpper(guid)).String(); got != guid {
		t.Errorf("String is %q, want %q", got, guid)
	}
	if !policy.ParseID("").IsZero() || policy.ParseID("x").IsZero() {
		t.Error("only the empty text is the zero ID")
	}
}

// TestDerivedIDsAreStable: ids of names are the same in every program and release, as they may be stored.
func TestDerivedIDsAreStable(t *testing.T) {
	for text, want := range map[string]string{
		"alice":                         "2bd806c9-7f0e-80af-9a1f-c3328fa763a9",
		"Managed HSM EKM Administrator": policy.ManagedHSMEkmAdministrator,
	} {
		if got := policy.ParseID(text).String(); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

// TestIDsRoundTrip: an id prints as a GUID that parses to it, and GUIDs other than derived ones print as themselves.
func TestIDsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := policy.ParseID(rapid.String().Draw(t, "text"))
		if again := policy.ParseID(id.String()); again != id {
			t.Fatalf("%v parses to %v", id, again)
		}
	})
}

func FuzzParseID(f *testing.F) {
	for _, seed := range []string{"", guid, strings.ToUpper(guid), "alice", guid[:35] + "g", guid + "0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id := policy.ParseID(s)
		if id != policy.ParseID(s) || id != policy.ParseID(id.String()) {
			t.Fatal("not stable")
		}
		if id.IsZero() && s != "" && s != policy.AllPrincipals {
			t.Fatal("a text became the zero ID")
		}
	})
}
