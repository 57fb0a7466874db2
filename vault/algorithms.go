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
)

// The curves.
const (
	P256  = crypto.P256
	P384  = crypto.P384
	P521  = crypto.P521
	P256K = crypto.P256K
)

// RSA describes an RSA key protected by software, of 2048, 3072 or 4096 bits.
func RSA(bits int) crypto.Spec { return crypto.RSA(bits) }

// EC describes an elliptic-curve key protected by software.
func EC(curve crypto.Curve) crypto.Spec { return crypto.EC(curve) }
