package crypto

import "context"

// Driver makes, takes in and reopens private and symmetric keys. It is safe
// for concurrent use. It need not check what Key and Spec.Normalize check, but
// it must not panic on anything.
type Driver interface {
	// Generate makes a key for a normalized spec. A type of key that the driver
	// does not hold is errs.HardwareKeysNotSupported.
	Generate(ctx context.Context, s Spec) (Private, error)

	// Import takes in a key that somebody else made. Everything that is wrong
	// with the JWK itself is errs.BadParameter, with the text of
	// errs.NewInvalidJWK: members are missing, public and private part do not
	// belong together, the point is not on its curve, the CRT values contradict
	// each other, the size is not one of the service's.
	Import(ctx context.Context, j JWK) (Private, error)

	// Open returns the key whose Blob it is given. Any other input is an error.
	Open(ctx context.Context, blob []byte) (Private, error)
}

// Private is one private or symmetric key inside its driver. It is safe for
// concurrent use. Three verbs are enough: for RSA, wrapping is encryption under
// another name, and for AES the algorithm tells the two apart.
//
// Key has checked algorithm, type, size and curve, and the lengths of digest,
// plaintext and iv, before a Private sees them; Decrypt's input is as the
// caller sent it. Inputs are only read, and only during the call. Results
// belong to the caller.
type Private interface {
	// Spec says what key this is, normalized.
	Spec() Spec

	// Public returns the public part: kty with n and e, or crv, x and y; for a
	// symmetric key kty alone.
	Public() JWK

	// Blob returns what Driver.Open takes to give this key back. Unless the
	// driver says otherwise it is the key in the clear, for its keeper to seal.
	Blob() []byte

	// Sign signs a digest with an RSA or EC key, or returns the MAC of a value
	// under a symmetric key. An EC signature is r and s as fixed-width halves.
	Sign(ctx context.Context, a Algorithm, digest []byte) ([]byte, error)

	// Encrypt encrypts or wraps with a symmetric key. It is never called for
	// RSA and EC.
	Encrypt(ctx context.Context, a Algorithm, plaintext []byte, p Params) (Result, error)

	// Decrypt decrypts or unwraps with an RSA or symmetric key. Whatever does
	// not open is errs.BadParameter, with the text of errs.NewParameterIncorrect
	// and after comparable work.
	Decrypt(ctx context.Context, a Algorithm, ciphertext []byte, p Params) ([]byte, error)
}

// Params are the further inputs of AES-GCM and AES-CBC.
type Params struct {
	IV  []byte // AES-CBC both ways: 16 bytes; AES-GCM decrypt: the 12 bytes that encrypt made
	AAD []byte // AES-GCM: data that is authenticated and not encrypted, may be empty
	Tag []byte // AES-GCM decrypt: the 16 bytes that encrypt made
}

// Result is what encryption gives. Only AES-GCM and AES-CBC fill more than
// Value.
type Result struct {
	Value []byte // the ciphertext; with AES-GCM as long as the plaintext
	IV    []byte // the iv that was used
	Tag   []byte // AES-GCM: 16 bytes
	AAD   []byte // AES-GCM: the caller's own
}
