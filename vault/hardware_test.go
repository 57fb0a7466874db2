package vault_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

var hardwareTypes = map[string]crypto.Spec{
	"rsa":   {Type: crypto.KeyTypeRSAHSM, Size: 2048},
	"p256":  {Type: crypto.KeyTypeECHSM, Curve: crypto.P256},
	"p256k": {Type: crypto.KeyTypeECHSM, Curve: crypto.P256K},
	"aes":   {Type: crypto.KeyTypeOctHSM, Size: 256},
}

// employ does with a key what its type is for, and undoes it.
func employ(t *testing.T, c *vault.Client, ref vault.Ref, spec crypto.Spec) error {
	t.Helper()
	ctx, digest := t.Context(), bytes.Repeat([]byte{7}, 32)
	switch {
	case spec.Type == crypto.KeyTypeOctHSM:
		sealed, err := c.Encrypt(ctx, ref, crypto.A256GCM, digest, &vault.EncryptOptions{AAD: []byte("with this")})
		if err != nil {
			return err
		}
		opened, err := c.Decrypt(ctx, ref, crypto.A256GCM, sealed.Value, &vault.DecryptOptions{IV: sealed.IV, Tag: sealed.Tag, AAD: []byte("with this")})
		if err == nil && !bytes.Equal(opened.Value, digest) {
			t.Errorf("%s: opened to something else", ref)
		}
		return err
	default:
		alg := map[crypto.KeyType]crypto.Algorithm{crypto.KeyTypeRSAHSM: vault.PS256, crypto.KeyTypeECHSM: vault.ES256}[spec.Type]
		if spec.Curve == crypto.P256K {
			alg = vault.ES256K
		}
		signature, err := c.Sign(ctx, ref, alg, digest)
		if err != nil {
			return err
		}
		if ok := got(c.Verify(ctx, ref, alg, digest, signature.Value))(t); !ok {
			t.Errorf("%s: the signature does not verify", ref)
		}
		return nil
	}
}

func TestHardwareKeysOfAPremiumVault(t *testing.T) {
	t.Parallel()
	unlimited, s := limiter.Unlimited(), store.NewMemory()
	w := newWorld(t, &vault.Options{Limits: &unlimited, Store: s}, nil)
	ctx := t.Context()
	for name, spec := range hardwareTypes {
		k := got(w.owner.CreateKey(ctx, name, spec, nil))(t)
		if k.JWK.Kty != spec.Type {
			t.Errorf("%s: made as %s", name, k.JWK.Kty)
		}
		fine(t, employ(t, w.owner, vault.Ref(name), spec))
		rotated := got(w.owner.RotateKey(ctx, name))(t)
		if rotated.JWK.Kty != spec.Type || !slices.Equal(rotated.JWK.KeyOps, k.JWK.KeyOps) {
			t.Errorf("%s: rotated to %v", name, rotated.JWK)
		}
		blob := got(w.owner.BackupKey(ctx, name))(t)
		got(w.owner.DeleteKey(ctx, name))(t)
		fine(t, w.owner.PurgeDeletedKey(ctx, name))
		got(w.owner.RestoreKey(ctx, blob))(t)
		fine(t, employ(t, w.owner, k.ID.Ref(), spec))
	}
	again := got(vault.New(&vault.Options{Limits: &unlimited, Store: s, Now: w.clock.Now}))(t)
	c := got(again.Vault(ctx, "contoso"))(t).As(vault.Owner())
	for name, spec := range hardwareTypes {
		if err := employ(t, c, vault.Ref(name), spec); err != nil {
			t.Errorf("%s, opened again: %v", name, err)
		}
	}
	if n := again.Module().Stats().Loads; n == 0 {
		t.Error("the module has loaded nothing")
	}
}

func TestImportIntoHardware(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	for name, spec := range map[string]crypto.Spec{"rsa": crypto.RSA(2048), "ec": crypto.EC(crypto.P384)} {
		k := got(w.owner.ImportKey(t.Context(), name, cryptotest.JWK(t, spec), &vault.ImportKeyOptions{HSM: true}))(t)
		if k.JWK.Kty != spec.Type+"-HSM" || !k.JWK.Kty.HSM() {
			t.Errorf("%s: imported as %s", name, k.JWK.Kty)
		}
	}
	if used := w.vault.Usage()[limiter.HSMKeyUse].Used; used != 2 {
		t.Errorf("%d units of hardware use, want 2", used)
	}
}

// A module in trouble answers at once, with what it has; keys in software do not notice.
func TestTroubleWithTheModule(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	spec := hardwareTypes["p256"]
	got(w.owner.CreateKey(t.Context(), "hard", spec, nil))(t)
	got(w.owner.CreateKey(t.Context(), "soft", vault.EC(vault.P256), nil))(t)
	module := w.svc.Module()
	expect := func(step string, want errs.Code) {
		t.Helper()
		if err := employ(t, w.owner, "hard", spec); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", step, err, want)
		}
		if _, err := w.owner.Sign(t.Context(), "soft", vault.ES256, make([]byte, 32)); err != nil {
			t.Errorf("%s: a key in software: %v", step, err)
		}
	}
	module.Busy(1)
	expect("busy", errs.HardwareBusy)
	fine(t, employ(t, w.owner, "hard", spec))
	module.LoseSession()
	expect("session lost", errs.HardwareSessionLost)
	fine(t, employ(t, w.owner, "hard", spec))
	module.Offline()
	expect("offline", errs.HardwareOffline)
	module.Online()
	fine(t, employ(t, w.owner, "hard", spec))
	module.Tamper()
	expect("tampered", errs.HardwareTampered)
}

// import stands alone among the operations of a key, and only of one in hardware.
func TestKeysThatKeysAreBroughtWith(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	ctx, only := t.Context(), []crypto.Operation{crypto.OpImport}
	rsa := hardwareTypes["rsa"]
	got(w.owner.CreateKey(ctx, "kek", rsa, &vault.CreateKeyOptions{Operations: only}))(t)
	for name, c := range map[string]struct {
		spec crypto.Spec
		ops  []crypto.Operation
	}{
		"software":  {vault.RSA(2048), only},
		"EC":        {hardwareTypes["p256"], only},
		"not alone": {rsa, []crypto.Operation{crypto.OpImport, crypto.OpUnwrapKey}},
	} {
		if _, err := w.owner.CreateKey(ctx, "new", c.spec, &vault.CreateKeyOptions{Operations: c.ops}); codes(err) != "BadParameter" {
			t.Errorf("%s: %v", name, err)
		}
	}
	brought := cryptotest.JWK(t, crypto.RSA(2048))
	brought.KeyOps = []crypto.Operation{crypto.OpImport, crypto.OpSign}
	if _, err := w.owner.ImportKey(ctx, "brought", brought, &vault.ImportKeyOptions{HSM: true}); codes(err) != "BadParameter" {
		t.Errorf("import: %v", err)
	}
	both := &vault.UpdateKeyOptions{Operations: []crypto.Operation{crypto.OpImport, crypto.OpSign}}
	if _, err := w.owner.UpdateKey(ctx, "kek", both); codes(err) != "BadParameter" {
		t.Errorf("update: %v", err)
	}
}
