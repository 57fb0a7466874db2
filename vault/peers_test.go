package vault_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault"
)

// What imitations of the service often get wrong, one test each. The evidence is in the comment: a page of the service's
// documentation or a public report.

// secrets/about-secrets: nbf and exp of a secret inform only; seen live for an expired one.
func TestExpiredAndNotYetValidSecretsAreReturned(t *testing.T) {
	w := newWorld(t, nil, nil)
	for name, v := range map[string]vault.Validity{
		"expired": {Expires: start.Add(-time.Hour)}, "early": {NotBefore: start.Add(time.Hour)},
	} {
		got(w.owner.SetSecret(t.Context(), name, name, &vault.SetSecretOptions{Validity: v}))(t)
		if s := got(w.owner.GetSecret(t.Context(), vault.Ref(name)))(t); s.Value.Reveal() != name {
			t.Errorf("%s: no value", name)
		}
	}
}

// key attributes: outside its validity a key still decrypts, verifies and unwraps; it does not encrypt, sign or wrap. A
// disabled key refuses what needs its private half; what needs the public half passed in a live test.
func TestKeysOutsideTheirValidityStillOpen(t *testing.T) {
	past, future := start.Add(-time.Hour), start.Add(time.Hour)
	closed := "encrypt sign wrapKey"
	for name, c := range map[string]struct {
		is      vault.AttributesUpdate
		refused string
		want    error
	}{
		"valid":      {vault.AttributesUpdate{}, "", nil},
		"expired":    {vault.AttributesUpdate{Expires: &past}, closed, errs.KeyExpired},
		"expires":    {vault.AttributesUpdate{Expires: new(start)}, closed, errs.KeyExpired}, // this instant
		"early":      {vault.AttributesUpdate{NotBefore: &future}, closed, errs.KeyNotYetValid},
		"begins":     {vault.AttributesUpdate{NotBefore: new(start)}, "", nil}, // this instant
		"disabled":   {vault.AttributesUpdate{Enabled: new(false)}, "decrypt sign unwrapKey", errs.KeyDisabled},
		"overridden": {vault.AttributesUpdate{Enabled: new(false), Expires: &past}, "decrypt encrypt sign wrapKey unwrapKey", errs.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil, nil)
			ctx, o := t.Context(), w.owner
			got(o.CreateKey(ctx, "k", vault.RSA(2048), nil))(t)
			digest := make([]byte, 32)
			sealed := got(o.Encrypt(ctx, "k", vault.RSAOAEP, digest, nil))(t).Value
			signature := got(o.Sign(ctx, "k", vault.RS256, digest))(t).Value
			got(o.UpdateKey(ctx, "k", &vault.UpdateKeyOptions{Attributes: c.is}))(t)
			got(o.GetKey(ctx, "k"))(t)    // is never gated
			got(o.BackupKey(ctx, "k"))(t) // nor this
			for op, use := range map[string]func() error{
				"encrypt":   func() error { _, err := o.Encrypt(ctx, "k", vault.RSAOAEP, digest, nil); return err },
				"decrypt":   func() error { _, err := o.Decrypt(ctx, "k", vault.RSAOAEP, sealed, nil); return err },
				"sign":      func() error { _, err := o.Sign(ctx, "k", vault.RS256, digest); return err },
				"verify":    func() error { _, err := o.Verify(ctx, "k", vault.RS256, digest, signature); return err },
				"wrapKey":   func() error { _, err := o.WrapKey(ctx, "k", vault.RSAOAEP, digest); return err },
				"unwrapKey": func() error { _, err := o.UnwrapKey(ctx, "k", vault.RSAOAEP, sealed); return err },
			} {
				err := use()
				if refused := strings.Contains(" "+c.refused+" ", " "+op+" "); refused != errors.Is(err, errs.Forbidden) || refused && !errors.Is(err, c.want) {
					t.Errorf("%s: %v", op, err)
				}
			}
		})
	}
}

// azure-sdk-for-js#24756: a disabled secret is 403 with an inner code, also among the deleted ones.
func TestADisabledSecretIsForbidden(t *testing.T) {
	w := newWorld(t, nil, nil)
	off := &vault.SetSecretOptions{Validity: vault.Validity{Disabled: true}}
	got(w.owner.SetSecret(t.Context(), "s", "v", off))(t)
	_, live := w.owner.GetSecret(t.Context(), "s")
	got(w.owner.DeleteSecret(t.Context(), "s"))(t)
	_, deleted := w.owner.GetDeletedSecret(t.Context(), "s")
	for _, err := range []error{live, deleted} {
		if codes(err) != "Forbidden/SecretDisabled" || errs.StatusOf(err) != 403 {
			t.Errorf("%v", err)
		}
	}
}

// soft-delete overview: the name of a deleted object is held for it.
func TestANameOfADeletedObjectIsHeld(t *testing.T) {
	w := newWorld(t, nil, nil)
	got(w.owner.SetSecret(t.Context(), "s", "v", nil))(t)
	got(w.owner.DeleteSecret(t.Context(), "s"))(t)
	_, err := w.owner.SetSecret(t.Context(), "S", "v", nil)
	if codes(err) != "Conflict/ObjectIsDeletedButRecoverable" || errs.StatusOf(err) != 409 {
		t.Errorf("%v", err)
	}
	if s := got(w.owner.RecoverDeletedSecret(t.Context(), "s"))(t); s.Attributes.Created.IsZero() {
		t.Error("the deleted secret was lost")
	}
}

// about-keys-details: an EC key signs and verifies, nothing else.
func TestECKeysSignAndVerifyOnly(t *testing.T) {
	w := newWorld(t, nil, nil)
	for _, curve := range []crypto.Curve{vault.P256, vault.P384, vault.P521, vault.P256K} {
		k := got(w.owner.CreateKey(t.Context(), "k", vault.EC(curve), nil))(t)
		if len(k.JWK.KeyOps) != 2 || k.JWK.KeyOps[0] != crypto.OpSign || k.JWK.KeyOps[1] != crypto.OpVerify {
			t.Errorf("%s: key_ops %v", curve, k.JWK.KeyOps)
		}
	}
}

// REST reference: the value comes back from set and get and nothing else.
func TestValuesComeFromSetAndGetOnly(t *testing.T) {
	w := newWorld(t, nil, nil)
	ctx, c := t.Context(), w.owner
	shown := map[string]vault.Value{}
	note := func(op string, s vault.Secret, err error) {
		t.Helper()
		fine(t, err)
		shown[op] = s.Value
	}
	s, err := c.SetSecret(ctx, "s", "v", nil)
	note("set", s, err)
	s, err = c.GetSecret(ctx, "s")
	note("get", s, err)
	s, err = c.UpdateSecret(ctx, "s", nil)
	note("update", s, err)
	blob := got(c.BackupSecret(ctx, "s"))(t)
	gone, err := c.DeleteSecret(ctx, "s")
	note("delete", gone.Object, err)
	gone, err = c.GetDeletedSecret(ctx, "s")
	note("get deleted", gone.Object, err)
	s, err = c.RecoverDeletedSecret(ctx, "s")
	note("recover", s, err)
	got(c.DeleteSecret(ctx, "s"))(t)
	fine(t, c.PurgeDeletedSecret(ctx, "s"))
	s, err = c.RestoreSecret(ctx, blob)
	note("restore", s, err)
	for op, value := range shown {
		if has := value.Reveal() != ""; has != (op == "set" || op == "get") {
			t.Errorf("%s shows the value: %t", op, has)
		}
	}
}

// REST reference: an update without a member leaves the member as it is.
func TestAnUpdateWithoutEnabledLeavesItDisabled(t *testing.T) {
	w := newWorld(t, nil, nil)
	got(w.owner.SetSecret(t.Context(), "s", "v", &vault.SetSecretOptions{Validity: vault.Validity{Disabled: true}}))(t)
	s := got(w.owner.UpdateSecret(t.Context(), "s", &vault.UpdateSecretOptions{Tags: map[string]string{"a": "b"}}))(t)
	if s.Attributes.Enabled {
		t.Error("enabled again")
	}
}

// AzureSignTool#219: the code, and no time in the text.
func TestThrottledSaysWhy(t *testing.T) {
	w := newWorld(t, nil, nil)
	var err error
	for range 2001 {
		_, err = w.owner.GetSecret(t.Context(), "absent")
	}
	want := "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached"
	if e := errs.From(err); e.Code != errs.Throttled || e.Status != 429 || e.Message != want {
		t.Errorf("%v", err)
	}
}

// about-keys: plain oct is for no vault.
func TestPlainSymmetricKeysAreRefused(t *testing.T) {
	w := newWorld(t, nil, nil)
	if _, err := w.owner.CreateKey(t.Context(), "k", crypto.Oct(256), nil); codes(err) != "BadParameter" {
		t.Errorf("%v", err)
	}
	k := crypto.JWK{Kty: crypto.KeyTypeOct, K: make([]byte, 32)}
	if _, err := w.owner.ImportKey(t.Context(), "k", k, nil); codes(err) != "BadParameter" {
		t.Errorf("%v", err)
	}
}

// A list of the versions of what does not exist is empty, not 404.
func TestVersionsOfAnUnknownObjectAreAnEmptyList(t *testing.T) {
	w := newWorld(t, nil, nil)
	if n := len(collect(t, w.owner.ListKeyVersions(t.Context(), "absent", nil))); n != 0 {
		t.Errorf("%d versions", n)
	}
	if n := len(collect(t, w.owner.ListSecretVersions(t.Context(), "absent", nil))); n != 0 {
		t.Errorf("%d versions", n)
	}
}

// azure-sdk-for-net#31581 and #26027: set after recover, and restore after purge, can fail for a while.
func TestRecoverAndPurgeTakeTime(t *testing.T) {
	w := newWorld(t, &vault.Options{Lag: 3 * time.Second}, nil)
	ctx, c := t.Context(), w.owner
	got(c.SetSecret(ctx, "s", "v", nil))(t)
	blob := got(c.BackupSecret(ctx, "s"))(t)
	got(c.DeleteSecret(ctx, "s"))(t)
	w.clock.Advance(3 * time.Second)
	got(c.RecoverDeletedSecret(ctx, "s"))(t)
	if _, err := c.SetSecret(ctx, "s", "v", nil); codes(err) != "Conflict/ObjectIsBeingRecovered" {
		t.Errorf("set after recover: %v", err)
	}
	w.clock.Advance(3 * time.Second)
	got(c.DeleteSecret(ctx, "s"))(t)
	w.clock.Advance(3 * time.Second)
	fine(t, c.PurgeDeletedSecret(ctx, "s"))
	if _, err := c.RestoreSecret(ctx, blob); codes(err) != "Conflict" {
		t.Errorf("restore after purge: %v", err)
	}
	w.clock.Advance(3 * time.Second)
	got(c.RestoreSecret(ctx, blob))(t)
}
