package vault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/vault"
)

// get asks for a secret that is not there, which costs one unit, and returns the status.
func get(tb failer, v *vault.Vault) int {
	_, err := v.As(vault.Owner()).GetSecret(tb.Context(), "nothing")
	return errs.StatusOf(err)
}

// take makes requests until n are through.
func take(tb failer, v *vault.Vault, n int) {
	tb.Helper()
	for i := range n {
		if status := get(tb, v); status != 404 {
			tb.Fatalf("request %d: %d", i+1, status)
		}
	}
}

// The 2001st request within ten seconds is refused. Room comes back ten seconds after what it was used by, to the
// microsecond, and as much as was used then.
func TestTheWindowSlides(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	take(t, w.vault, 1500)
	w.clock.Advance(4 * time.Second)
	take(t, w.vault, 500)
	if status := get(t, w.vault); status != 429 {
		t.Errorf("request 2001: %d", status)
	}
	w.clock.Advance(6*time.Second - time.Microsecond)
	_, err := w.owner.GetSecret(t.Context(), "nothing")
	if errs.From(err).Status != 429 || errs.From(err).RetryAfter != time.Microsecond {
		t.Errorf("a microsecond before there is room: %v, again after %v", err, errs.From(err).RetryAfter)
	}
	w.clock.Advance(time.Microsecond)
	take(t, w.vault, 1500)
	if status := get(t, w.vault); status != 429 {
		t.Errorf("with all the room taken that came back: %d", status)
	}
	w.clock.Advance(4 * time.Second)
	take(t, w.vault, 500)
	if status := get(t, w.vault); status != 429 {
		t.Errorf("with the rest of the room taken: %d", status)
	}
}

// Secrets, keys and the creation of keys are counted apart.
func TestClassesDoNotShareRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	vault.WithDriver(w.svc, hollowDriver{})
	take(t, w.vault, 2000)
	for i := range 10 {
		got(w.owner.CreateKey(t.Context(), fmt.Sprint("key-", i), vault.RSA(4096), nil))(t)
	}
	if _, err := w.owner.CreateKey(t.Context(), "key-10", vault.EC(vault.P256), nil); codes(err) != "Throttled" {
		t.Errorf("the eleventh key: %v", err)
	}
	if _, err := w.owner.RotateKey(t.Context(), "key-0"); codes(err) != "Throttled" {
		t.Errorf("an eleventh key by rotation: %v", err)
	}
	if _, err := w.owner.SetSecret(t.Context(), "s", "v", nil); codes(err) != "Throttled" {
		t.Errorf("to set a secret is counted with the uses of secrets: %v", err)
	}
	for i := range 250 {
		if err := use(w.owner, "key-0", vault.RS256, make([]byte, 32))(); err != nil {
			t.Fatalf("use %d of an RSA-4096 key: %v", i+1, err)
		}
	}
	if err := use(w.owner, "key-0", vault.RS256, make([]byte, 32))(); codes(err) != "Throttled" {
		t.Errorf("use 251 of an RSA-4096 key: %v", err)
	}
}

// Five vaults of a subscription have their full limits; six share those of five. Elsewhere nothing of it is felt.
func TestVaultsShareTheLimitOfTheirSubscription(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	vaults := []*vault.Vault{w.vault}
	add := func(name string, o vault.VaultOptions) *vault.Vault {
		if o.Subscription == "" {
			o.Subscription = subscription
		}
		if o.Region == "" {
			o.Region = "westeurope"
		}
		return got(w.svc.CreateVault(t.Context(), name, &o))(t)
	}
	for i := range 5 {
		vaults = append(vaults, add(fmt.Sprint("vault", i), vault.VaultOptions{}))
	}
	for _, v := range vaults[:5] {
		take(t, v, 2000)
		if status := get(t, v); status != 429 {
			t.Errorf("%s, request 2001: %d", v.Name(), status)
		}
	}
	_, err := vaults[5].As(vault.Owner()).GetSecret(t.Context(), "nothing")
	var full vault.Throttling
	if !errors.As(err, &full) || full.Scope != limiter.ScopeSubscription || full.Used != 10_000 || full.Limit != 10_000 ||
		full.RetryAfter != 10*time.Second {
		t.Errorf("the sixth vault: %v, because of %+v", err, full)
	}
	for _, elsewhere := range []*vault.Vault{
		add("another-region", vault.VaultOptions{Region: "eastus"}),
		add("another-owner", vault.VaultOptions{Subscription: vault.DefaultSubscription}),
	} {
		take(t, elsewhere, 2000)
	}
	w.clock.Advance(10 * time.Second)
	take(t, vaults[5], 2000)
}

func TestUnlimited(t *testing.T) {
	t.Parallel()
	unlimited := limiter.Unlimited()
	w := newWorld(t, &vault.Options{Limits: &unlimited}, nil)
	take(t, w.vault, 20_000)
	if usage := w.vault.Usage(); usage != (limiter.Usage{}) {
		t.Errorf("usage is counted: %v", usage)
	}
}

// A key of a Managed HSM has 100 versions, whatever way they come in, and no authority is asked about one more. In a vault
// it may have more.
func TestAKeyHas100Versions(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w, authorities := listening(t)
	h, c := newHSM(t, w, nil)
	fine(t, h.Activate(ctx))
	create := func(c *vault.Client) error {
		return second(c.CreateKey(ctx, "k", crypto.EC(crypto.P256).HSM(), leaving()))
	}
	got(c.CreateKey(ctx, "k", crypto.EC(crypto.P256).HSM(), leaving()))(t)
	got(c.SetRotationPolicy(ctx, "k", vault.RotationPolicy{ExpiryTime: "P90D", Actions: []vault.LifetimeAction{{Action: vault.Rotate, After: "P60D"}}}))(t)
	own := cryptotest.JWK(t, crypto.EC(crypto.P256))
	ways := map[string]func() error{
		"create": func() error { return create(c) },
		"import": func() error {
			return second(c.ImportKey(ctx, "k", own, &vault.ImportKeyOptions{HSM: true, Release: leaving().Release}))
		},
		"rotate": func() error { return second(c.RotateKey(ctx, "k")) },
	}
	for range 33 {
		for _, add := range ways {
			fine(t, add())
		}
	}
	authorities.asked = nil
	for way, add := range ways {
		if err := add(); codes(err) != "BadParameter" || !strings.Contains(err.Error(), "The key has 100 versions") || len(authorities.asked) != 0 {
			t.Errorf("%s: %v, and %q was asked", way, err, authorities.asked)
		}
	}
	h.Module().Offline() // so that making a key in vain would be another error
	if err := second(c.CreateKey(ctx, "k", crypto.EC(crypto.P256).HSM(), nil)); !strings.Contains(fmt.Sprint(err), "The key has 100 versions") {
		t.Errorf("without a module: %v", err)
	}
	h.Module().Online()
	if n := len(collect(t, c.ListKeyVersions(ctx, "k", nil))); n != 100 {
		t.Errorf("%d versions", n)
	}
	for range 101 {
		fine(t, create(w.owner))
	}
}

// The limit of keys holds whatever way keys come in. Nobody is asked about one that would be too many.
func TestTheLimitOfKeysHoldsForEveryWay(t *testing.T) {
	if testing.Short() {
		t.Skip()
	}
	t.Parallel()
	w, authorities := listening(t)
	ctx := t.Context()
	h, c := newHSM(t, w, nil)
	fine(t, h.Activate(ctx))
	got(c.CreateKey(ctx, "first", vault.EC(vault.P256), nil))(t)
	blob := got(c.BackupKey(ctx, "first"))(t)
	got(c.DeleteKey(ctx, "first"))(t)
	fine(t, c.PurgeDeletedKey(ctx, "first"))
	got(c.CreateKey(ctx, "second", vault.EC(vault.P256), nil))(t)
	got(c.DeleteKey(ctx, "second"))(t)
	got(c.CreateKey(ctx, "leaves", crypto.Oct(128), leaving()))(t)
	for i := range 4999 {
		got(c.CreateKey(ctx, fmt.Sprint("k", i), crypto.Oct(128), nil))(t)
	}
	if _, err := c.CreateKey(ctx, "more", crypto.Oct(128), nil); codes(err) != "BadParameter" {
		t.Errorf("create: %v", err)
	}
	authorities.asked = nil
	if _, err := c.CreateKey(ctx, "more", crypto.Oct(128), leaving()); codes(err) != "BadParameter" || len(authorities.asked) != 0 {
		t.Errorf("create one that leaves: %v, and %q was asked", err, authorities.asked)
	}
	got(c.CreateKey(ctx, "leaves", crypto.Oct(128), leaving()))(t) // a version is no key
	if len(authorities.asked) != 1 {
		t.Errorf("about a version %q was asked", authorities.asked)
	}
	if _, err := c.RestoreKey(ctx, blob); err == nil {
		t.Error("RestoreKey exceeds the limit")
	}
	if _, err := c.RecoverDeletedKey(ctx, "second"); err == nil {
		t.Error("RecoverDeletedKey exceeds the limit")
	}
}
