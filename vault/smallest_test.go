package vault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

// grant reads what a refusal proposes, "role R at S for object id O".
func grant(tb failer, smallest string) policy.RoleAssignment {
	tb.Helper()
	role, rest, _ := strings.Cut(strings.TrimPrefix(smallest, "role "), " at ")
	scope, who, ok := strings.Cut(rest, " for object id ")
	if !ok {
		tb.Fatalf("%q proposes no role", smallest)
	}
	return policy.RoleAssignment{Role: role, Scope: scope, PrincipalID: who}
}

// Whoever gets what a refusal proposes is not refused again, whatever the operation.
func TestTheSmallestGrantIsEnough(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w, h, _ := activeHSM(t, nil, nil)
	for _, in := range []struct {
		container vault.Container
		give      func(...policy.RoleAssignment) error
	}{
		{h, func(a ...policy.RoleAssignment) error { return h.SetRBAC(ctx, vault.RBAC{Assignments: a}) }},
		{w.vault, func(a ...policy.RoleAssignment) error { return w.vault.SetRBAC(ctx, &vault.RBAC{Assignments: a}) }},
	} {
		for _, e := range vault.Endpoints() {
			if !e.Offered(in.container.Product()) {
				continue
			}
			fine(t, in.give())
			ask := func() error {
				_, err := e.Serve(ctx, in.container, &vault.Exchange{
					Caller: vault.Principal("app"), Host: fmt.Sprintf("contoso.%s", in.container.Product().Domain()), Query: "api-version=7.6",
					Name: "k", Scope: "/keys/k", Length: -1, Body: strings.NewReader("{}"),
				}, nil)
				return err
			}
			refused, ok := errors.AsType[policy.Decision](ask())
			if !ok {
				t.Errorf("%s asks for no right in a %v", e.Operation(), in.container.Product())
				continue
			}
			if err := in.give(grant(t, refused.Smallest)); err != nil {
				t.Errorf("%s: %q cannot be given: %v", e.Operation(), refused.Smallest, err)
			} else if again, ok := errors.AsType[policy.Decision](ask()); ok {
				t.Errorf("%s: %q is not enough: %v", e.Operation(), refused.Smallest, again)
			}
		}
	}
}
