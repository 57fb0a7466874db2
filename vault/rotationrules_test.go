package vault_test

import (
	"strings"
	"testing"

	"github.com/embedvault/embedvault/vault"
)

// A refusal of a rotation policy names the bound that was broken, of the product that refuses.
func TestTheBoundsOfARotation(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w, h, fortress := hsmWorld(t, nil, 0)
	fine(t, h.Activate(ctx))
	both := map[vault.Product]*vault.Client{vault.ProductKeyVault: w.owner, vault.ProductManagedHSM: fortress}
	for _, c := range both {
		got(c.CreateKey(ctx, "k", vault.EC(vault.P256), nil))(t)
	}
	for _, test := range []struct {
		on            vault.Product
		expiry        vault.Period
		action        vault.ActionType
		after, before vault.Period
		want          string // "": accepted
	}{
		{vault.ProductKeyVault, "", vault.Rotate, "P6D", "", "at least P7D"},
		{vault.ProductKeyVault, "", vault.Rotate, "P7D", "", ""},
		{vault.ProductKeyVault, "P90D", vault.Rotate, "", "P6D", "at least P7D"},
		{vault.ProductKeyVault, "P90D", vault.Rotate, "", "P84D", "at least P7D within"},
		{vault.ProductKeyVault, "P90D", vault.Rotate, "", "P83D", ""},
		{vault.ProductManagedHSM, "", vault.Rotate, "P27D", "", "at least P28D"},
		{vault.ProductManagedHSM, "", vault.Rotate, "P28D", "", ""},
		{vault.ProductManagedHSM, "P90D", vault.Rotate, "", "P5D", "at least P7D"},
		{vault.ProductManagedHSM, "P90D", vault.Rotate, "", "P10D", ""},
		{vault.ProductManagedHSM, "P90D", vault.Rotate, "", "P63D", "at least P28D within"},
		{vault.ProductManagedHSM, "P90D", vault.Rotate, "", "P62D", ""},
		{vault.ProductManagedHSM, "P56D", vault.Rotate, "", "P28D", ""},
		{vault.ProductManagedHSM, "P90D", vault.Notify, "", "P5D", ""},
		{vault.ProductManagedHSM, "", vault.Notify, "P1D", "", ""},
		{vault.ProductManagedHSM, "", vault.Notify, "", "soon", "must be a period"},
	} {
		_, err := both[test.on].SetRotationPolicy(ctx, "k", vault.RotationPolicy{
			ExpiryTime: test.expiry,
			Actions:    []vault.LifetimeAction{{Action: test.action, After: test.after, Before: test.before}},
		})
		if err == nil && test.want == "" {
			continue
		}
		if err == nil || test.want == "" || codes(err) != "BadParameter" || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v", test, err)
		}
	}
}
