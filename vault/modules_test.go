package vault_test

import (
	"testing"

	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/vault"
)

// What the options of a Managed HSM make is another one, with hardware of its own.
func TestOptionsMakeAnotherManagedHSM(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w, h, c := hsmWorld(t, nil, 0)
	fine(t, h.Activate(ctx))
	o := h.Options()
	twin := got(w.svc.CreateManagedHSM(ctx, "twin", &o))(t)
	if twin.Module() == h.Module() {
		t.Error("both have one module")
	}
	twin.Module().Tamper()
	got(c.CreateKey(ctx, "k", vault.EC(vault.P256), nil))(t)
}

// A module is the hardware of one container.
func TestAModuleBelongsToOneContainer(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w, h, _ := hsmWorld(t, nil, 0)
	for whose, module := range map[string]*hsm.Module{"the vaults'": w.svc.Module(), "another's": h.Module()} {
		if _, err := w.svc.CreateManagedHSM(ctx, "twin", &vault.ManagedHSMOptions{Module: module}); codes(err) != "BadParameter" {
			t.Errorf("%s module: %v", whose, err)
		}
	}
	if w.svc.LookupManagedHSM("twin") != nil {
		t.Error("it was made all the same")
	}
}
