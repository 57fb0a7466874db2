package policy_test

import (
	"fmt"
	"testing"

	"github.com/embedvault/embedvault/policy"
)

func TestPrincipal(t *testing.T) {
	info := policy.PrincipalInfo{
		TenantID: "home", ObjectID: "ALICE", AppID: "app", DisplayName: "Alice", ResourceID: "/subscriptions/s", Groups: []string{"red"},
	}
	p := policy.NewPrincipal(info)
	info.Groups[0] = "blue"
	p.Groups()[0] = "green"
	if got := p.Groups(); len(got) != 1 || got[0] != "red" {
		t.Errorf("groups changed to %v", got)
	}
	for got, want := range map[string]string{
		p.TenantID(): "home", p.ObjectID(): "ALICE", p.AppID(): "app", p.DisplayName(): "Alice", p.ResourceID(): "/subscriptions/s",
		p.String(): "name=Alice;appid=app;oid=ALICE;tenant=home",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if p.ID() != policy.ParseID("alice") {
		t.Errorf("ID is %v", p.ID())
	}
}

func TestNobodyPrints(t *testing.T) {
	var none *policy.Principal
	for _, p := range []*policy.Principal{none, policy.NewPrincipal(policy.PrincipalInfo{})} {
		if got := fmt.Sprint(p); got != "nobody" {
			t.Errorf("prints as %q", got)
		}
	}
}

// TestSimilarIDsDoNotCollide: ids that differ in one digit, as tests make them up, are different principals.
func TestSimilarIDsDoNotCollide(t *testing.T) {
	var entries []policy.AccessPolicy
	for i := range policy.MaxAccessPolicies / 2 {
		entries = append(entries, entry(fmt.Sprintf("00000000-0000-0000-0000-%012x", 2*i+2), "keys", "get"))
	}
	access, err := policy.CompileAccessPolicies(entries)
	if err != nil {
		t.Fatal(err)
	}
	for i := range policy.MaxAccessPolicies {
		id := fmt.Sprintf("00000000-0000-0000-0000-%012x", i+1)
		if got := access.Allows(who(id), policy.KeysGet); got != (i%2 == 1) {
			t.Errorf("%s: %v", id, got)
		}
	}
}
