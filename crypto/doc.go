// Package crypto is what a vault does with keys: the algorithms it offers, the
// JSON Web Key it speaks, the Key that answers requests and the Driver that
// holds the private part.
//
// # The model
//
// There is one table of algorithms. A row says which type of key an algorithm
// needs, of which size or on which curve, which operations it serves and how
// long its input may be. Everything else reads the table: KnownAlgorithm and
// Lookup, the checks of Key, and the drivers, which learn from a row's
// Mechanism and Hash what to compute.
//
// A Key is the portable half of a key. It is immutable, safe for concurrent
// use and costs nothing to share. It refuses a request in this order, and a
// driver sees only what passed:
//
//  1. the context is done: the context's own error;
//  2. key_ops does not list the operation: 403, errs.KeyOperationForbidden;
//  3. the algorithm is unknown, or not for this operation, type or size of
//     key: 400, errs.BadParameter;
//  4. the key lies on another curve: 400, errs.BadParameter;
//  5. the digest has another length than the algorithm's, a plaintext one that
//     the algorithm cannot take, or there is a parameter that the algorithm does
//     not have: 400, errs.BadParameter.
//
// What does not open is 400, errs.BadParameter, with the same text and
// comparable work whatever the reason. A signature that does not verify is an
// answer (false), not an error.
//
// Errors are matched by these codes, with errors.Is; errors.As to *errs.Error
// gives status and text.
//
// A Driver is the other half: it makes, imports and reopens private keys and
// performs the three operations that need one (see Private). Verify, and
// Encrypt and WrapKey with RSA, need only the public key; Key does them itself,
// so they cost a hardware module nothing.
// Package crypto/soft is the driver that keeps keys in memory, and
// crypto/cryptotest the suite that every driver passes.
//
// # What is signed
//
// As in the service, Sign and Verify take a digest and never hash, with two
// exceptions: RSNULL pads the value as it is, and HS256, HS384 and HS512
// compute the MAC of the value as it is.
//
// # Names
//
// The standard library's package of the same name is imported as stdcrypto
// where both are needed.
package crypto
