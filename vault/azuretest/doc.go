// Package azuretest gives tests the clients of the Azure SDK on vaults of the process: azkeys, azsecrets and
// azcertificates as they are, with their authentication, their retries and their check that a challenge belongs to the
// vault, and no socket, certificate or environment.
//
//	keys := azuretest.Keys(t, env)                                          // as the owner
//	keys = azuretest.Keys(t, env, azuretest.As(vault.Principal("app")))     // as somebody else
//	_, err := keys.Sign(ctx, "app", "", params, nil)
//	errors.Is(azuretest.Err(err), errs.Forbidden)
//
// Code that makes its own clients takes [ClientOptions], and a [Credential] or one of azidentity's: the authority of the
// vault's tenant is reached in the same way. A client talks to the vaults of its environment and to nobody else.
//
// Served are azkeys on vaults and Managed HSMs and azsecrets on vaults; a vault has no certificates yet and answers
// azcertificates with 404. The clients of azadmin, which administer a Managed HSM, take the same [ClientOptions].
//
// One thing the SDK shares between the tests of a process: it keeps the token of a machine's own (system-assigned)
// managed identity for all clients. Tests that need several such machines give each a user-assigned identity, whose id
// is the environment's own.
//
// It is a module of its own, so that programs which embed a vault do not depend on the SDK.
package azuretest
