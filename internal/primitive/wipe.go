package primitive

import (
	"crypto/rsa"
	"math/big"
)

// Wiping overwrites what this package keeps of a key. What the standard library
// derives from it is out of reach: the key schedule of AES, the precomputed
// numbers of RSA and ECDSA. A key that was wiped must not be used, and must not
// be wiped while it is used: a signature with half a key can give it away.

// Wipe overwrites the key.
func (k *AES) Wipe() { clear(k.key) }

// Wipe overwrites the private scalar.
func (k *EC) Wipe() {
	k.k1.Zero()
	if k.nist != nil {
		//lint:ignore SA1019 There is no other way to reach the number.
		wipeInt(k.nist.D)
	}
}

// WipeRSA overwrites the secret numbers of a key, and forgets what was
// precomputed from them.
func WipeRSA(k *rsa.PrivateKey) {
	for _, n := range append([]*big.Int{k.D, k.Precomputed.Dp, k.Precomputed.Dq, k.Precomputed.Qinv}, k.Primes...) {
		wipeInt(n)
	}
	k.Precomputed = rsa.PrecomputedValues{}
}

func wipeInt(n *big.Int) {
	if n != nil {
		words := n.Bits()
		clear(words[:cap(words)])
	}
}
