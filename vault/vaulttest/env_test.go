package vaulttest_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/vaulttest"
)

func TestFirstLines(t *testing.T) {
	env := vaulttest.New(t, nil)
	env.CreateKey("app", vault.RSA(2048))
	app := env.Allow(policy.KeysSign)
	digest := sha256.Sum256([]byte("message"))
	if _, err := app.Sign(t.Context(), "app", vault.RS256, digest[:]); err != nil {
		t.Fatal(err)
	}
	if _, err := app.GetSecret(t.Context(), "db"); !errors.Is(err, errs.Forbidden) {
		t.Errorf("a right that it was not given: %v", err)
	}
	env.Fail(vault.OpKeySign, errs.Throttled).Times(2)
	for i, want := range []int{429, 429, 200} {
		if _, err := app.Sign(t.Context(), "app", vault.RS256, digest[:]); errs.StatusOf(err) != want {
			t.Errorf("request %d: %v, want %d", i, err, want)
		}
	}
}

func TestGrantAndRevoke(t *testing.T) {
	env := vaulttest.New(t, &vaulttest.Options{Vault: &vault.VaultOptions{
		AccessPolicies: []policy.AccessPolicy{{ObjectID: "other", Secrets: []string{"get"}}},
	}})
	env.SetSecret("s", "v")
	get := func(who string) int {
		_, err := env.As(vault.Principal(who)).GetSecret(t.Context(), "s")
		return errs.StatusOf(err)
	}
	expect := func(step string, app, other int) {
		t.Helper()
		if a, o := get("app"), get("other"); a != app || o != other {
			t.Errorf("%s: %d and %d, want %d and %d", step, a, o, app, other)
		}
	}
	expect("at first", 403, 200)
	env.Grant("app", policy.SecretsGet, policy.SecretsSet)
	expect("granted", 200, 200)
	env.Revoke("app", policy.SecretsGet)
	expect("revoked one", 403, 200)
	env.Grant("app", policy.SecretsGet)
	env.Revoke("app")
	expect("revoked all", 403, 200)
}

func TestGrantKeepsWhatAPrincipalHas(t *testing.T) {
	env := vaulttest.New(t, &vaulttest.Options{Vault: &vault.VaultOptions{
		AccessPolicies: []policy.AccessPolicy{{ObjectID: "App", Secrets: []string{"get"}}},
	}})
	env.SetSecret("s", "v")
	env.Revoke("app")
	env.Grant("app", policy.SecretsList)
	if _, err := env.As(vault.Principal("APP")).GetSecret(t.Context(), "s"); err != nil {
		t.Errorf("Grant took a right away: %v", err)
	}
}

func TestGrantRefusesWhatItCannotGive(t *testing.T) {
	for name, give := range map[string]func(*vaulttest.Env){
		"no permission": func(e *vaulttest.Env) { e.Grant("app", policy.RoleAssignmentsRead) },
		"roles": func(e *vaulttest.Env) {
			if err := e.Vault().SetRBAC(context.Background(), new(vault.RBAC)); err != nil {
				t.Error(err)
			}
			e.Allow(policy.SecretsGet)
		},
	} {
		r := &recorder{TB: t}
		func() {
			defer func() { _ = recover() }()
			give(vaulttest.New(r, nil))
		}()
		if !r.failed {
			t.Errorf("%s: the test went on", name)
		}
	}
}

func TestSlowMeetsADeadline(t *testing.T) {
	vaulttest.Run(t, nil, func(t *testing.T, env *vaulttest.Env) {
		env.Slow(vault.OpSecretSet, time.Minute).Times(1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		before := env.Now()
		if _, err := env.Owner().SetSecret(ctx, "s", "v", nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if d := env.Now().Sub(before); d != time.Second {
			t.Errorf("gave up after %v", d)
		}
		if _, err := env.Owner().GetSecret(t.Context(), "s"); !errors.Is(err, errs.SecretNotFound) {
			t.Errorf("set all the same: %v", err)
		}
	})
}

func TestTheClockStandsUntilItIsTurned(t *testing.T) {
	env := vaulttest.New(t, nil)
	if !env.Now().Equal(vaulttest.Start) {
		t.Errorf("begins at %v", env.Now())
	}
	env.SetSecret("s", "v")
	if _, err := env.Owner().DeleteSecret(t.Context(), "s"); err != nil {
		t.Fatal(err)
	}
	env.Advance(90*24*time.Hour - time.Second)
	if _, err := env.Owner().GetDeletedSecret(t.Context(), "s"); err != nil {
		t.Errorf("a second before its purge: %v", err)
	}
	env.Advance(time.Second)
	if _, err := env.Owner().GetDeletedSecret(t.Context(), "s"); !errors.Is(err, errs.SecretNotFound) {
		t.Errorf("at its purge: %v", err)
	}
}

func TestInABubbleThereIsOneClock(t *testing.T) {
	vaulttest.Run(t, nil, func(t *testing.T, env *vaulttest.Env) {
		timer := time.NewTimer(time.Hour)
		before := env.Now()
		env.Advance(2 * time.Hour)
		select {
		case <-timer.C:
		default:
			t.Error("the timer did not fire")
		}
		if d := env.Now().Sub(before); d != 2*time.Hour {
			t.Errorf("the vault's clock went on by %v", d)
		}
	})
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	vaulttest.Run(t, &vaulttest.Options{Start: start}, func(t *testing.T, env *vaulttest.Env) {
		if s := env.SetSecret("s", "v"); !s.Attributes.Created.Equal(start) {
			t.Errorf("created %v, want %v", s.Attributes.Created, start)
		}
	})
}

func TestFaults(t *testing.T) {
	env := vaulttest.New(t, nil)
	ctx := t.Context()
	lost := errors.New("reply lost")

	env.Fail(vault.OpSecretSet, lost).AfterCommit().Times(1)
	if _, err := env.Owner().SetSecret(ctx, "s", "v", nil); !errors.Is(err, errs.Internal) || !errors.Is(err, lost) {
		t.Errorf("the reply was not lost: %v", err)
	}
	if s, err := env.Owner().GetSecret(ctx, "s"); err != nil || s.Value.Reveal() != "v" {
		t.Errorf("what was committed is not there: %v", err)
	}

	outage := env.Fail(vault.OpSecretGet, errs.Throttled).Delay(3 * time.Second)
	before := env.Now()
	for range 3 {
		if _, err := env.Owner().GetSecret(ctx, "s"); !errors.Is(err, errs.Throttled) {
			t.Errorf("the fault did not happen: %v", err)
		}
	}
	if d := env.Now().Sub(before); d != 9*time.Second {
		t.Errorf("three slow requests took %v", d)
	}
	outage.Clear()
	env.Slow(vault.OpSecretGet, time.Minute).Times(1)
	before = env.Now()
	for range 2 {
		if _, err := env.Owner().GetSecret(ctx, "s"); err != nil {
			t.Error(err)
		}
	}
	if d := env.Now().Sub(before); d != time.Minute {
		t.Errorf("one slow request took %v", d)
	}

	env.Fail(vault.OpSecretGet, errs.Throttled)
	if _, err := env.As(vault.Principal("stranger")).GetSecret(ctx, "s"); !errors.Is(err, errs.Forbidden) {
		t.Errorf("the fault came before the gates: %v", err)
	}
}

// A code on its own is the refusal that the product would send to the request.
func TestFaultsByTheirCode(t *testing.T) {
	env := vaulttest.New(t, nil)
	h := env.CreateManagedHSM("fortress", nil)
	user := env.Allow(policy.SecretsGet, policy.KeysGet)
	env.GrantRole(h, "app", policy.ManagedHSMCryptoUser, "/")
	const (
		caller = "The user, group or application 'appid=;oid="
		where  = "on key vault 'contoso;location=eastus'"
	)
	for _, c := range []struct {
		operation vault.Operation
		code      errs.Code
		do        func(*vault.Client) error
		in        *vault.Client
		texts     []string
	}{
		{vault.OpSecretGet, errs.SecretNotFound, getSecret, user, []string{"A secret with (name/id) k was not found in this key vault."}},
		{vault.OpSecretGet, errs.ForbiddenByPolicy, getSecret, user, []string{caller, "does not have secrets get permission", where}},
		{vault.OpSecretGet, errs.Conflict, getSecret, user, []string{"Secret k is currently in a deleted but recoverable state"}},
		{vault.OpKeyGet, errs.KeyNotFound, getKey, user, []string{"A key with (name/id) k was not found in this key vault."}},
		{vault.OpKeyGet, errs.KeyNotFound, getKey, h.As(vault.Principal("app")), []string{"Key not found: https://fortress.managedhsm.azure.net/keys/k ("}},
		{vault.OpKeyGet, errs.Forbidden, getKey, h.As(vault.Principal("app")), []string{"Not authorized to access Microsoft.KeyVault/managedHsm/keys/read/action on /keys/k ("}},
		{vault.OpKeyGet, errs.Unauthorized, getKey, user, []string{"AKV10000"}},
	} {
		fault := env.Fail(c.operation, c.code)
		err := c.do(c.in)
		fault.Clear()
		if !errors.Is(err, c.code) {
			t.Errorf("%s: %v", c.code, err)
			continue
		}
		for _, text := range c.texts {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s of %s: %q has no %q", c.code, c.operation, err, text)
			}
		}
		if strings.Contains(err.Error(), "{") || strings.Contains(err.Error(), "00000000-0000-0000") {
			t.Errorf("%s of %s is not filled in: %q", c.code, c.operation, err)
		}
	}
}

func getSecret(c *vault.Client) error {
	_, err := c.GetSecret(context.Background(), "k")
	return err
}

func getKey(c *vault.Client) error {
	_, err := c.GetKey(context.Background(), "k")
	return err
}

func TestAFaultOfNoCode(t *testing.T) {
	r := &recorder{TB: t}
	env := vaulttest.New(r, nil)
	defer func() {
		if recover() == nil || !strings.Contains(r.log.String(), `no error of the code "Foo"`) {
			t.Errorf("it is taken: %s", r.log.String())
		}
	}()
	env.Fail(vault.OpSecretGet, errs.Code("Foo"))
}

func TestLimitsOnRequest(t *testing.T) {
	env := vaulttest.New(t, &vaulttest.Options{Limits: new(limiter.Documented2019())})
	for range 10 {
		env.CreateKey("k", vault.EC(vault.P256))
	}
	if _, err := env.Owner().CreateKey(t.Context(), "k", vault.EC(vault.P256), nil); !errors.Is(err, errs.Throttled) {
		t.Errorf("the eleventh key in ten seconds: %v", err)
	}
	if u := env.Usage()[limiter.KeyCreate]; u.Used != 10 || u.Limit != 10 {
		t.Errorf("usage: %+v", u)
	}
	env.Advance(10 * time.Second)
	env.CreateKey("k", vault.EC(vault.P256))
}

func TestRSAKeysComeFromAPoolAndNeverTwice(t *testing.T) {
	draw := func() (moduli []string) {
		env := vaulttest.New(t, nil)
		for range 3 {
			moduli = append(moduli, string(env.CreateKey("k", vault.RSA(2048)).JWK.N))
		}
		return moduli
	}
	first, second := draw(), draw()
	if first[0] == first[1] || first[1] == first[2] || first[0] == first[2] {
		t.Error("the same key twice in one environment")
	}
	for i := range first {
		if first[i] != second[i] {
			t.Errorf("key %d differs between two environments", i)
		}
	}
}

func TestRequestsAreRemembered(t *testing.T) {
	env := vaulttest.New(t, nil)
	env.SetSecret("s", "v")
	env.CreateKey("k", vault.EC(vault.P256))
	if n := len(env.Requests()); n != 2 {
		t.Errorf("%d requests", n)
	}
	env.Advance(time.Hour)
	if r := env.Requests(vault.OpKeyCreate); len(r) != 1 || r[0].Name != "k" || r[0].Status != 200 || r[0].Duration != 0 {
		t.Errorf("%+v", r)
	}
	for range 12_000 {
		env.Owner().GetSecret(t.Context(), "s")
	}
	if n := len(env.Requests()); n > 10_000 || n < 5_000 {
		t.Errorf("%d requests are remembered", n)
	}
}

func TestFirewallAndFurtherVaults(t *testing.T) {
	env := vaulttest.New(t, nil)
	env.SetSecret("s", "v")
	env.Grant("app", policy.SecretsGet)
	env.Firewall(policy.NetworkRules{DefaultAction: policy.Deny, IPRules: []string{"198.51.100.0/24"}})
	for address, want := range map[string]int{"198.51.100.9": 200, "203.0.113.9": 403} {
		_, err := env.As(vault.Principal("app").From(netip.MustParseAddr(address))).GetSecret(t.Context(), "s")
		if errs.StatusOf(err) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
	other := env.CreateVault("fabrikam", nil)
	if _, err := other.As(vault.Owner()).GetSecret(t.Context(), "s"); !errors.Is(err, errs.SecretNotFound) {
		t.Errorf("the vaults share: %v", err)
	}
	if env.URL() != "https://contoso.vault.azure.net" {
		t.Error(env.URL())
	}
}

// recorder is a test whose failures are looked at.
type recorder struct {
	testing.TB
	failed   bool
	log      strings.Builder
	cleanups []func()
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Failed() bool     { return r.failed }
func (r *recorder) Errorf(format string, args ...any) {
	r.failed = true
	fmt.Fprintf(&r.log, format+"\n", args...)
}
func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic("the test ends here")
}
func (r *recorder) Logf(format string, args ...any) { fmt.Fprintf(&r.log, format+"\n", args...) }
func (r *recorder) end() string {
	for _, f := range r.cleanups {
		f()
	}
	return r.log.String()
}

func TestAFailedTestSaysWhyItWasRefused(t *testing.T) {
	r := &recorder{TB: t}
	env := vaulttest.New(r, nil)
	app := env.Allow(policy.KeysSign)
	if _, err := app.GetSecret(t.Context(), "db"); err == nil {
		t.Error("not refused")
	}
	env.Owner().Container().As(vault.Bearer("rubbish")).GetSecret(t.Context(), "db")
	r.failed = true
	text := r.end()
	for _, want := range []string{"SecretGet db", "caller-1", "secrets get", "smallest", "malformed"} {
		if !strings.Contains(text, want) {
			t.Errorf("the trace lacks %q:\n%s", want, text)
		}
	}
	quiet := &recorder{TB: t}
	vaulttest.New(quiet, nil).Allow().GetSecret(t.Context(), "db")
	if text := quiet.end(); text != "" {
		t.Errorf("a test that passed says %q", text)
	}
}

func TestStrictFailsOnWhatIsInferred(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(context.Context, *vault.Client) error
		fail bool
	}{
		"recorded": {func(ctx context.Context, c *vault.Client) error { _, err := c.GetSecret(ctx, "absent"); return err }, false},
		"inferred": {func(ctx context.Context, c *vault.Client) error {
			_, err := c.SetSecret(ctx, "s", strings.Repeat("x", 25601), nil)
			return err
		}, true},
	} {
		r := &recorder{TB: t}
		env := vaulttest.New(r, nil)
		env.Strict()
		if err := c.do(t.Context(), env.Owner()); err == nil {
			t.Errorf("%s: no error", name)
		}
		if text := r.end(); strings.Contains(text, "inferred") != c.fail {
			t.Errorf("%s: %q", name, text)
		}
	}
}

func TestManyEnvironmentsInParallel(t *testing.T) {
	for i := range 500 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			useEnvironment(t, fmt.Sprint("value ", i))
		})
	}
}

// A bubble ends only when every goroutine begun in it has ended, and fails the
// test when one never will. Counting the program's goroutines would also count
// those of package testing, which end when they please.
func TestEnvironmentsLeaveNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running sync.WaitGroup
		for i := range 500 {
			running.Go(func() { useEnvironment(t, fmt.Sprint("value ", i)) })
		}
		running.Wait()
	})
}

func useEnvironment(t *testing.T, value string) {
	env := vaulttest.New(t, nil)
	env.SetSecret("s", value)
	env.CreateKey("k", crypto.RSA(2048))
	if s, err := env.Allow(policy.SecretsGet).GetSecret(t.Context(), "s"); err != nil || s.Value.Reveal() != value {
		t.Errorf("%v", err)
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		vaulttest.New(quietly{b}, nil)
	}
}

// quietly drops what an environment wants done at the end, which would pile up.
type quietly struct{ testing.TB }

func (quietly) Cleanup(func()) {}

// The cleanup of a test may be the first that needs the application, whatever protects the vault.
func TestTheApplicationInACleanup(t *testing.T) {
	for name, o := range map[string]*vault.VaultOptions{"access policies": nil, "roles": {RBAC: &vault.RBAC{}}} {
		t.Run(name, func(t *testing.T) {
			env := vaulttest.New(t, &vaulttest.Options{Vault: o})
			env.SetSecret("s", "v")
			t.Cleanup(func() {
				app := vault.Principal(env.Application().ObjectID())
				if _, err := env.As(app).GetSecret(context.Background(), "s"); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
