package primitive

import (
	"crypto/rsa"
	"crypto/x509"
)

// The encoding of a private key is two bytes and the key:
//
//	version  1
//	kind     'R'  PKCS #1 RSAPrivateKey, RFC 8017 A.1.2
//	         'A'  AES key
//	         '2' '3' '5' 'K'  private scalar on P-256, P-384, P-521, P-256K,
//	                          as wide as the curve
//
// It holds the key in the clear.
const version = 1

var kindOfCurve = map[Curve]byte{P256: '2', P384: '3', P521: '5', P256K: 'K'}

// MarshalRSA encodes an RSA key.
func MarshalRSA(k *rsa.PrivateKey) []byte {
	return append([]byte{version, 'R'}, x509.MarshalPKCS1PrivateKey(k)...)
}

// Marshal encodes the key.
func (k *EC) Marshal() []byte {
	return append([]byte{version, kindOfCurve[k.curve]}, k.Scalar()...)
}

// Marshal encodes the key.
func (k *AES) Marshal() []byte {
	return append([]byte{version, 'A'}, k.key...)
}

// Marshal encodes an *rsa.PrivateKey, *EC or *AES, in the clear: the caller
// overwrites it. Of anything else it returns nil.
func Marshal(key any) []byte {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return MarshalRSA(k)
	case *EC:
		return k.Marshal()
	case *AES:
		return k.Marshal()
	}
	return nil
}

// Unmarshal decodes what MarshalRSA and Marshal encode, and returns an
// *rsa.PrivateKey, *EC or *AES, checked and ready to use. Everything else is
// ErrKey.
func Unmarshal(b []byte) (any, error) {
	if len(b) < 2 || b[0] != version {
		return nil, ErrKey
	}
	kind, b := b[1], b[2:]
	switch kind {
	case 'R':
		return unmarshalRSA(b)
	case 'A':
		return orErrKey(NewAES(b))
	}
	for curve, k := range kindOfCurve {
		if k == kind && len(b) == curve.Size() {
			return orErrKey(NewEC(curve, b))
		}
	}
	return nil, ErrKey
}

// orErrKey keeps a nil pointer from becoming an interface that is not nil.
func orErrKey[K any](k *K, err error) (any, error) {
	if err != nil {
		return nil, ErrKey
	}
	return k, nil
}

// maxRSA bounds the numbers that are parsed; 4096 bits take 2350 bytes.
const maxRSA = 4096

// unmarshalRSA leaves the check of the numbers to the parser; that the key
// works was shown when it was made or imported.
func unmarshalRSA(der []byte) (any, error) {
	if len(der) > maxRSA {
		return nil, ErrKey
	}
	k, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil || len(k.Primes) != 2 {
		return nil, ErrKey
	}
	if bits := k.N.BitLen(); bits != 2048 && bits != 3072 && bits != 4096 || k.E < 3 {
		return nil, ErrKey
	}
	return k, nil
}
