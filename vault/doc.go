// Package vault is Azure Key Vault and Managed HSM inside the process: the modelled service, with real cryptography, its
// policies, its firewall, its rate limits and its errors, on a clock that the program turns.
//
// # The model
//
// A [Service] holds containers, as a region of the real service does. A [Vault] is one container: it has settings, which
// its own methods change as the control plane does, and objects, keys and secrets, each with versions. A [Client], made
// by [Vault.As], makes requests to a vault as a [Caller].
//
//	svc, err := vault.New(nil)
//	v, err := svc.Vault(ctx, "contoso")
//	owner := v.As(vault.Owner())
//	key, err := owner.CreateKey(ctx, "app", vault.RSA(2048), nil)
//	sig, err := owner.Sign(ctx, "app", vault.RS256, digest[:])
//
// A [ManagedHSM] is the other product: it has keys in a module of its own, roles of its own and no secrets. It is made by
// [Service.ManagedHSM] or [Service.CreateManagedHSM], and can be used once its security domain was downloaded, which
// [ManagedHSM.Activate] does for a program that needs no ceremony; the same Client makes requests to it. Both are a
// [Container].
//
// Every request takes the same way, and the first gate that refuses it decides the error: who calls (401), from where
// (403), with what right (403), how much was asked for lately (429), whether the request is well formed (400), and at
// last what the vault holds (404, 409, or the answer). So a caller without a right learns nothing of what exists, and a
// malformed request is throttled like any other.
//
// # Objects
//
// An object has a name, compared without case, and versions, of which the newest is meant when a [Ref] names none. It is
// deleted as a whole, kept for the retention of the vault, and in that time recovered as it was or purged; its name is
// not free until then. Everything a method returns is the caller's own.
//
// # Rights
//
// [Owner] is the program itself and may do everything. What another caller may do is decided in a vault by access policies
// ([Vault.SetAccessPolicies]) or, instead of them, by the roles of the platform ([Vault.SetRBAC]); in a Managed HSM always by
// its own roles, which hold at "/" or at "/keys/{name}". Whoever has the right gives those by requests
// ([Client.CreateRoleAssignment]), and makes roles that are not built in ([Client.SetRoleDefinition]); the program does
// without a request ([ManagedHSM.SetRBAC], [Container.AddRoleAssignments]).
//
// # Keys that leave, and keys that are brought
//
// A key in hardware that is made with a [ReleasePolicy] can leave ([Client.ReleaseKey]): wrapped to the key of an environment
// that an authority of Options.Attestation attests as the policy wants it. No other key ever does, but sealed, in a backup. A
// key that was made elsewhere is brought with [Client.ImportKey], in the clear or wrapped for the module by hsm.WrapTransfer.
// [Client.GetKeyAttestation] proves where a key came from and whether it can leave.
//
// # What is kept
//
// Without Options.Store all of it lives in memory and ends with the process. With a store, what a request answered, or a
// method of a container returned, is durable: a service that is made on the same store has the containers with their
// settings, policies and roles, the objects with all versions, deleted ones too, and the security domains of Managed HSMs and
// of its own module for vaults; that of Options.Module is the program's to keep. Backups open in both. What goes on is not
// kept: how far downloads, backups and restores are, the key that an upload is encrypted to, the certificate that signs
// released keys, and what was used of the rate limits.
//
// A full backup of a Managed HSM ([Client.StartBackup]) goes where Options.Storage leads it, such as to a directory
// ([DirectoryStorage]), and is restored from there by any Managed HSM of the same security domain.
//
// # Errors
//
// Errors are those of package errs, with the service's own codes and texts: errors.Is(err, errs.Forbidden) tests for a
// code, errors.As to *errs.Error gives status, inner code and message. Those that every request can meet stand in the
// comment of [Client]. A refusal carries the decision that led to it, for a test to print, as its cause.
//
// # Time
//
// Options.Now is the only clock. A deleted object is gone the instant the clock says so; a key is valid or not by it; the
// rate limits are windows on it.
//
// # For protocols
//
// Most programs need nothing of this: they call a Client, or let package rest answer clients of the service. Who writes a
// door for another protocol finds in [Endpoints] the operations with method and path, fills an [Exchange] with what a
// request has brought, and hands it to [Endpoint.Serve], which reads the body and writes the JSON of the answer; the request
// passes the gates of one by a Client, in their order. One that names no operation goes to Refuse of its [Container], so that
// it is authenticated, throttled and audited as well.
package vault
