// Package primitive is the cryptography a key driver computes with, over the
// standard library: RSA and EC private keys that were checked before they are
// used, AES with the modes and key wraps of the service, and one compact
// encoding of private keys.
//
// It knows no algorithm by name and no error of the service. Whatever does not
// open is ErrOpen, whatever the reason, after comparable work; a key that is
// not sound is ErrKey. Lengths that a caller must get right are checked all
// the same and are errors, never panics.
package primitive

import "errors"

var (
	// ErrOpen is the one answer to a ciphertext that does not open.
	ErrOpen = errors.New("primitive: the ciphertext does not open")

	// ErrKey is the one answer to a key whose parts are missing, of a wrong
	// size or inconsistent. It does not say which: parts of a key are secret.
	ErrKey = errors.New("primitive: the key is not sound")

	// ErrLength is a plaintext or initialization vector of a length that the
	// mechanism does not take.
	ErrLength = errors.New("primitive: the input has the wrong length")
)
