package vault_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

// hsmAttempt is one request to a Managed HSM over a protocol. Left alone, it succeeds.
type hsmAttempt struct {
	*world
	hsm     *vault.ManagedHSM
	caller  vault.Caller
	dormant bool
	role    string
	wire    vault.Exchange
	body    string
	before  func() // what goes on when the request comes
}

// hsmFaults are what can be wrong with it, in the order of the answers.
var hsmFaults = []struct {
	name, codes string
	spoil       func(failer, *hsmAttempt)
}{
	{"nobody", "Unauthorized", func(_ failer, a *hsmAttempt) { a.caller = vault.Caller{} }},
	{"wrong address", "Forbidden/ForbiddenByFirewall", func(tb failer, a *hsmAttempt) {
		fine(tb, a.hsm.SetNetwork(tb.Context(), policy.NetworkRules{DefaultAction: policy.Deny}))
	}},
	{"no role", "AccessDenied", func(_ failer, a *hsmAttempt) { a.role = policy.ManagedHSMCryptoAuditor }},
	{"malformed body", "BadParameter", func(_ failer, a *hsmAttempt) { a.body = `{"alg":` }},
	{"malformed name", "BadParameter", func(_ failer, a *hsmAttempt) { a.wire.Name = "under_score" }},
	{"unknown algorithm", "BadParameter", func(_ failer, a *hsmAttempt) { a.body = strings.Replace(a.body, "ES256", "ROT13", 1) }},
	{"not activated", "Forbidden/NotActivated", func(_ failer, a *hsmAttempt) { a.dormant = true }},
	{"restore running", "Conflict", func(tb failer, a *hsmAttempt) {
		a.before = func() {
			if a.dormant {
				return
			}
			owner := a.hsm.As(vault.Owner())
			backup := got(owner.StartBackup(tb.Context(), toStorage))(tb)
			a.clock.Advance(time.Hour)
			backup = got(owner.GetBackupStatus(tb.Context(), backup.ID))(tb)
			got(owner.StartRestore(tb.Context(), toStorage, backup.Folder()))(tb)
		}
	}},
	{"absent key", "KeyNotFound", func(_ failer, a *hsmAttempt) { a.wire.Name += "-absent" }},
}

func newHSMAttempt(tb failer) *hsmAttempt {
	tb.Helper()
	blobs := &shelfOfBlobs{blobs: map[string][]byte{}}
	storage := func(context.Context, string, vault.Value) (vault.BlobContainer, error) { return blobs, nil }
	a := &hsmAttempt{world: newWorld(tb, &vault.Options{Lag: time.Minute, Storage: storage}, nil), before: func() {}}
	a.hsm, _ = newHSM(tb, a.world, nil)
	a.caller, a.role = vault.Principal("app"), policy.ManagedHSMCryptoUser
	a.body = `{"alg":"ES256","value":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}`
	a.wire = vault.Exchange{Host: "fortress.managedhsm.azure.net", Query: "api-version=7.4", Length: -1, Name: "k"}
	return a
}

// make prepares the Managed HSM and makes the request.
func (a *hsmAttempt) make(tb failer) error {
	tb.Helper()
	if !a.dormant {
		fine(tb, a.hsm.Activate(tb.Context()))
		got(a.hsm.As(vault.Owner()).CreateKey(tb.Context(), "k", crypto.Spec{Type: crypto.KeyTypeECHSM}, nil))(tb)
	}
	fine(tb, a.hsm.SetRBAC(tb.Context(), vault.RBAC{Assignments: []policy.RoleAssignment{{Role: a.role, PrincipalID: "app", Scope: "/keys"}}}))
	a.clock.Advance(time.Hour)
	a.before()
	a.wire.Caller, a.wire.Body = a.caller.From(netip.MustParseAddr("203.0.113.7")), strings.NewReader(a.body)
	_, err := endpoint(vault.OpKeySign).Serve(tb.Context(), a.hsm, &a.wire, nil)
	return err
}

// Of two faults of a request to a Managed HSM the answer is the one further up the table.
func TestOrderOfErrorsOfAManagedHSM(t *testing.T) {
	t.Parallel()
	if err := newHSMAttempt(t).make(t); err != nil {
		t.Fatal(err)
	}
	for i, first := range hsmFaults {
		for _, second := range hsmFaults[i:] {
			a := newHSMAttempt(t)
			second.spoil(t, a)
			first.spoil(t, a)
			if err := a.make(t); codes(err) != first.codes {
				t.Errorf("%s and %s: %v", first.name, second.name, err)
			}
		}
	}
}
