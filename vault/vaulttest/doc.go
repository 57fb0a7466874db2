// Package vaulttest gives a test a vault of its own: the real service, with real cryptography, policies, limits and
// errors, on a clock that the test turns.
//
//	env := vaulttest.New(t, nil)
//	env.Owner().CreateKey(t.Context(), "app", vault.RSA(2048), nil)
//	app := env.Allow(policy.KeysSign) // a caller with this right and no other
//	sig, err := app.Sign(t.Context(), "app", vault.RS256, digest[:])
//
// # An environment
//
// [New] makes a service with one premium vault in which nothing else happens: no limits, no delays, a clock that stands
// still until [Env.Advance]. Environments share nothing, so tests run in parallel; there is no socket and no goroutine to
// clean up. RSA keys come from a pool that is derived once and kept, so that even RSA-4096 takes no time; never the same
// key twice in one environment.
//
// When the test ends, the state of the service is checked for things that cannot be. When it fails, every refused request
// is printed; a denial with the decision that led to it: who called, which rule refused, and the smallest grant that would
// have helped. The test finds that decision in the error too:
//
//	if d, ok := errors.AsType[policy.Decision](err); ok { t.Log(d.Smallest) }
//
// A panic inside the vault fails the test.
//
// # Managed HSMs
//
// [Env.CreateManagedHSM] adds a Managed HSM to the service, activated and with clients of its own. It has roles instead of
// access policies, which [Env.GrantRole] gives. Its full backups go to storage in memory, whatever address is named, unless
// Options.Storage leads elsewhere. Keys are released, by a vault too, to whom [Env.Attestor] attests: it signs whatever a test
// wants to be true of an environment.
//
// # Three ways to the code under test
//
// Code that takes a Go client gets [Env.Owner], [Env.Allow] or [Env.As]. Code that takes an HTTP client or the options of
// an Azure SDK gets [Env.HTTP] or [Env.Transport], which need no socket. Code that takes nothing is reached through a
// proxy on loopback, see [Main] and [Served].
//
// # What goes wrong
//
// [Env.Fail] makes an operation fail, before it does anything or after it did everything, once or a number of times.
// [Env.Slow] makes it take time on the test's clock. Options.Limits throttles as the service does, Options.Lag makes
// deletion, recovery, changes of roles, full backup and restore take their time. The simulated hardware is taken offline, or
// kept busy, by the Module of a Managed HSM or, for vaults, of the service.
//
// # Time
//
// Outside a bubble only the vault and its tokens live on the test's clock, which begins at [Start]; an SDK's retries and
// token cache, and whatever the code under test asks time.Now, live on the system's. A key that such code lets expire in an
// hour does not expire in the vault however far it is advanced: use [Env.Now], or Run. [Run] puts the whole
// test in a bubble of testing/synctest, where there is one clock for all.
package vaulttest
