// Package hsm is a hardware security module that is simulated in the memory of
// the process: a driver for the key types RSA-HSM, EC-HSM and oct-HSM whose
// keys leave it only sealed, and what such a module does beside holding keys.
//
// # The model
//
// A Module has one secret, its security domain: 32 random bytes. Everything
// else follows from it, above all the key under which it seals its keys. A
// sealed key, a blob, can be kept anywhere; only a module with the same domain
// opens it. Two modules have different domains until ExportDomain and
// RestoreDomain give one that of the other.
//
// To be used, a key is opened into one of the module's slots. There are few of
// them: a key that is not in a slot is loaded, and the one that was used least
// recently loses its place. It is overwritten then, or, if an operation still
// works with it, when the last such operation ends: overwriting a key under a
// running signature would give a wrong signature, and one wrong RSA signature
// gives the key away. Stats shows loads and evictions.
//
// A key is made by Driver, which fixes for its whole life whether it may leave
// the module: Module.Driver(true) makes keys that may. Such a key is released
// wrapped to an RSA key of the receiver (Module.Release), who opens it with
// Wrapped.Open. A key is brought from elsewhere wrapped to an RSA key of the
// module (WrapTransfer), and comes in by Driver.ImportTransfer. For every key the
// module signs where it comes from and whether it may leave (Module.Attest);
// anybody who knows the module's root certificate can check that (Verify).
//
// # The ceremony of the security domain
//
// A domain that only one module has is lost with it. DownloadDomain hands it out
// in a blob whose master key is shared among 3 to 10 holders of certificates: as
// many of them as are required open it together, fewer learn nothing. To bring
// it into another module, that one makes a transfer key (NewTransferKey), the
// holders encrypt the domain to it where they meet (RewrapDomain, which needs no
// module), and UploadDomain takes it in. The blobs have the form of a managed
// HSM's, so its client tools do the part of the holders as well. What is inside
// is this package's own: a domain cannot be moved to or from a real one.
//
// # Trouble
//
// Busy, LoseSession, Offline and Tamper make the module answer as one in
// trouble does. Every answer is immediate:
//
//	Busy(n)      503, errs.HardwareBusy, to the next n operations
//	LoseSession  503, errs.HardwareSessionLost, to the next operation; the slots are empty after it
//	Offline      503, errs.HardwareOffline, until Online
//	Tamper       500, errs.HardwareTampered, until RestoreDomain; the domain and all slots are overwritten
//
// The most lasting trouble answers first. A module that its Profile keeps busy
// answers errs.HardwareBusy as well.
//
// Operations that run already end as if nothing had happened. Those that need
// only a public key are done by crypto.Key, without the module; who wants them
// to fail with it asks Ready first.
//
// A Profile gives the module the published speed of a real one, on a clock
// that the program hands in.
//
// # What it is not
//
// There is no hardware and no certification. Keys in use lie in the memory of
// the process. The module overwrites the buffers and numbers it can reach; the
// standard library keeps copies that nothing can overwrite, such as the
// key schedule of AES and what an RSA or ECDSA key precomputes, until the
// garbage collector reuses their memory.
package hsm
