package vaulttest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/vaulttest"
)

// exampleT stands in for the *testing.T of a test.
type exampleT struct{ testing.TB }

func (exampleT) Helper()                           {}
func (exampleT) Cleanup(func())                    {}
func (exampleT) Context() context.Context          { return context.Background() }
func (exampleT) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// A test makes an environment, and gives the code under test a client with the rights that it has in production. Months pass
// when the test says so.
func Example() {
	var t testing.TB = exampleT{} // of a test, its *testing.T

	env := vaulttest.New(t, nil)
	env.SetSecret("db", "hunter2")
	app := env.Allow(policy.SecretsGet, policy.SecretsDelete)

	secret, err := app.GetSecret(t.Context(), "db")
	fmt.Println(secret.Value.Reveal(), err)
	_, err = app.SetSecret(t.Context(), "db", "correct horse", nil)
	fmt.Println("not allowed:", errors.Is(err, errs.Forbidden))

	if _, err := app.DeleteSecret(t.Context(), "db"); err != nil {
		t.Fatalf("%v", err)
	}
	env.Advance(91 * 24 * time.Hour)
	_, err = env.Owner().RecoverDeletedSecret(t.Context(), "db")
	fmt.Println("too late to recover:", errors.Is(err, errs.SecretNotFound))
	// Output:
	// hunter2 <nil>
	// not allowed: true
	// too late to recover: true
}

// What goes wrong is scripted: here the first read is throttled, and the reply to the first write is lost, though the write is
// done.
func ExampleEnv_Fail() {
	var t testing.TB = exampleT{} // of a test, its *testing.T

	env := vaulttest.New(t, nil)
	env.SetSecret("db", "hunter2")
	env.Fail(vault.OpSecretGet, errs.Throttled).Times(1)
	env.Fail(vault.OpSecretSet, io.ErrUnexpectedEOF).AfterCommit().Times(1)

	app := env.Allow(policy.SecretsGet, policy.SecretsSet)
	_, err := app.GetSecret(t.Context(), "db")
	fmt.Println(errs.StatusOf(err))
	_, err = app.SetSecret(t.Context(), "db", "correct horse", nil)
	fmt.Println(errs.StatusOf(err))
	secret, err := app.GetSecret(t.Context(), "db")
	fmt.Println(secret.Value.Reveal(), err)
	// Output:
	// 429
	// 500
	// correct horse <nil>
}

// With limits, a vault throttles whoever asks too much of it: of the published ones, here ten new keys in ten seconds.
func ExampleOptions_limits() {
	var t testing.TB = exampleT{} // of a test, its *testing.T

	env := vaulttest.New(t, &vaulttest.Options{Limits: new(limiter.Documented2019())})
	app := env.Allow(policy.KeysCreate)
	create := func() int {
		_, err := app.CreateKey(t.Context(), "k", vault.EC(vault.P256), nil)
		return errs.StatusOf(err)
	}
	for range 10 {
		create()
	}
	fmt.Println(create())
	env.Advance(10 * time.Second)
	fmt.Println(create())
	// Output:
	// 429
	// 200
}

// A Managed HSM has roles instead of access policies, and symmetric keys. Its module makes trouble on request.
func ExampleEnv_CreateManagedHSM() {
	var t testing.TB = exampleT{} // of a test, its *testing.T

	env := vaulttest.New(t, nil)
	h := env.CreateManagedHSM("fortress", nil)
	env.GrantRole(h, "app", policy.ManagedHSMCryptoUser, "/keys/orders")
	for _, name := range []string{"orders", "salaries"} {
		if _, err := h.As(vault.Owner()).CreateKey(t.Context(), name, vault.Oct(256), nil); err != nil {
			t.Fatalf("%v", err)
		}
	}

	app := h.As(vault.Principal("app"))
	sealed, err := app.Encrypt(t.Context(), "orders", vault.A256GCM, []byte("three apples"), nil)
	fmt.Println(len(sealed.Value), err)
	_, err = app.Encrypt(t.Context(), "salaries", vault.A256GCM, []byte("too much"), nil)
	fmt.Println("not allowed:", errors.Is(err, errs.Forbidden))

	h.Module().Offline()
	_, err = app.Encrypt(t.Context(), "orders", vault.A256GCM, []byte("four apples"), nil)
	fmt.Println("no hardware:", errors.Is(err, errs.HardwareOffline))
	// Output:
	// 12 <nil>
	// not allowed: true
	// no hardware: true
}
