package vault_test

import (
	"net/netip"
	"testing"

	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

// TestAllowed asks the gates of an operation before a request is made, and leaves no trace of it.
func TestAllowed(t *testing.T) {
	audited := 0
	svc, err := vault.New(&vault.Options{Audit: func(vault.Event) { audited++ }})
	if err != nil {
		t.Fatal(err)
	}
	v, err := svc.CreateVault(t.Context(), "contoso", &vault.VaultOptions{
		AccessPolicies: []policy.AccessPolicy{{ObjectID: "maker", Keys: []string{"create"}}},
		Network:        policy.NetworkRules{DefaultAction: policy.Deny, IPRules: []string{"20.0.0.1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	inside, outside := policy.Source{Addr: netip.MustParseAddr("20.0.0.1")}, policy.Source{Addr: netip.MustParseAddr("20.0.0.2")}
	for name, c := range map[string]struct {
		caller          vault.Caller
		create, imports bool
	}{
		"the owner":           {vault.Owner(), true, true},
		"nobody":              {vault.Caller{}, false, false},
		"a token of nobody":   {vault.Bearer("x").Via(inside), false, false},
		"a maker":             {vault.Principal("maker").Via(inside), true, false},
		"a maker, elsewhere":  {vault.Principal("maker").Via(outside), false, false},
		"somebody without it": {vault.Principal("reader").Via(inside), false, false},
	} {
		for _, e := range vault.Endpoints() {
			want := c.create
			switch e.Operation() {
			case vault.OpKeyCreate:
			case vault.OpKeyImport:
				want = c.imports
			default:
				continue
			}
			if got := e.Allowed(v, &vault.Exchange{Caller: c.caller, Name: "k"}); got != want {
				t.Errorf("%s, %s: %v, want %v", name, e.Operation(), got, want)
			}
		}
	}
	if audited != 0 {
		t.Errorf("%d requests were audited", audited)
	}
}
