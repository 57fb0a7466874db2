package vault_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

// newHSM makes a Managed HSM in a world, and the client of its owner.
func newHSM(tb failer, w *world, o *vault.HSMOptions) (*vault.HSM, *vault.Client) {
	tb.Helper()
	h := got(w.svc.CreateManagedHSM(tb.Context(), "fortress", o))(tb)
	return h, h.As(vault.Owner())
}

// Before it is activated a Managed HSM answers only about its security domain.
func TestAManagedHSMIsActivatedFirst(t *testing.T) {
	t.Parallel()
	_, c := newHSM(t, newWorld(t, nil, nil), nil)
	if _, err := c.CreateKey(t.Context(), "k", vault.RSA(2048), nil); !errors.Is(err, errs.NotActivated) || errs.StatusOf(err) != 403 {
		t.Errorf("created a key: %v", err)
	}
}

// What only the other product has is not found, with every right and without any.
func TestProductsHaveTheirOwnOperations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	h, c := newHSM(t, w, nil)
	for who, c := range map[string]*vault.Client{"owner": c, "nobody in particular": h.As(vault.Principal("p"))} {
		if _, err := c.GetSecret(t.Context(), "s"); !errors.Is(err, errs.NotFound) {
			t.Errorf("%s got a secret of a Managed HSM: %v", who, err)
		}
	}
	if _, err := w.owner.GetRandomBytes(t.Context(), 1); !errors.Is(err, errs.NotFound) {
		t.Errorf("a vault gave random bytes: %v", err)
	}
	if _, err := h.As(vault.Principal("p")).CreateKey(t.Context(), "k", crypto.EC(crypto.P256), nil); !errors.Is(err, errs.AccessDenied) {
		t.Errorf("without a role: %v", err)
	} else if d, ok := errors.AsType[policy.Decision](err); !ok || d.Gate != policy.GateLocalRBAC {
		t.Errorf("the decision is %v", d)
	}
}

// The firewall of a Managed HSM knows ten addresses and no virtual networks.
func TestTheFirewallOfAManagedHSM(t *testing.T) {
	t.Parallel()
	for want, rules := range map[string]policy.NetworkRules{
		"there can be at most 10 addresses":          {IPRules: strings.Split("20.1.2.3"+strings.Repeat(",20.1.2.0/24", 10), ",")},
		"a managed hsm has no virtual network rules": {VirtualNetworkRules: []string{"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/n/subnets/s"}},
	} {
		_, err := newWorld(t, nil, nil).svc.CreateManagedHSM(t.Context(), "fortress", &vault.HSMOptions{Network: rules})
		if codes(err) != "BadParameter" || !strings.Contains(strings.ToLower(err.Error()), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
