package vault

import "github.com/embedvault/embedvault/crypto"

// The algorithms, under the names that the service gives them. What each takes is in the table of package crypto.
const (
	RS256 = crypto.RS256
	RS384 = crypto.RS384
	RS512 = crypto.RS512
	PS256 = crypto.PS256
	PS384 = crypto.PS384
	PS512 = crypto.PS512

	ES256  = crypto.ES256
	ES256K = crypto.ES256K
	ES384  = crypto.ES384
	ES512  = crypto.ES512

	RSA1_5     = crypto.RSA1_5
	RSAOAEP    = crypto.RSAOAEP
	RSAOAEP256 = crypto.RSAOAEP256

	// With symmetric keys, which are in hardware alone. Those for keys of 128 and 192 bits are in package crypto.

	HS256   = crypto.HS256
	A256GCM = crypto.A256GCM
	A256KW  = crypto.A256KW
)

// The curves.
const (
	P256  = crypto.P256
	P384  = crypto.P384
	P521  = crypto.P521
	P256K = crypto.P256K
)

// RSA describes an RSA key of 2048, 3072 or 4096 bits: protected by software in a vault, unless it is RSA(bits).HSM(), and
// by hardware in a Managed HSM.
func RSA(bits int) crypto.Spec { return crypto.RSA(bits) }

// EC describes an elliptic-curve key, which is protected as one of RSA is.
func EC(curve crypto.Curve) crypto.Spec { return crypto.EC(curve) }

// Oct describes a symmetric key in hardware, of 128, 192 or 256 bits.
func Oct(bits int) crypto.Spec { return crypto.Oct(bits).HSM() }
