package crypto

import (
	"cmp"
	"strconv"

	"github.com/embedvault/embedvault/errs"
)

// KeyType is the JWK member kty: the family of a key and whether a hardware
// module holds it.
type KeyType string

// The key types of a vault and of a Managed HSM. The -HSM form of a type
// computes the same things and never leaves its module.
const (
	KeyTypeRSA    KeyType = "RSA"
	KeyTypeRSAHSM KeyType = "RSA-HSM"
	KeyTypeEC     KeyType = "EC"
	KeyTypeECHSM  KeyType = "EC-HSM"
	KeyTypeOct    KeyType = "oct"
	KeyTypeOctHSM KeyType = "oct-HSM"
)

// HSM reports whether a key of this type lives in a hardware module.
func (t KeyType) HSM() bool {
	return t == KeyTypeRSAHSM || t == KeyTypeECHSM || t == KeyTypeOctHSM
}

// Base returns the software form of t: KeyTypeRSA for KeyTypeRSAHSM, and t
// itself when it has no -HSM suffix or is unknown.
func (t KeyType) Base() KeyType {
	switch t {
	case KeyTypeRSAHSM:
		return KeyTypeRSA
	case KeyTypeECHSM:
		return KeyTypeEC
	case KeyTypeOctHSM:
		return KeyTypeOct
	}
	return t
}

// Curve is the JWK member crv.
type Curve string

// The curves of EC keys. P256K is secp256k1, which the service named SECP256K1
// before api-version 7.0.
const (
	P256  Curve = "P-256"
	P384  Curve = "P-384"
	P521  Curve = "P-521"
	P256K Curve = "P-256K"
)

// Size returns the length in bytes of a coordinate and of a private scalar on
// the curve, and 0 for a curve that is not one of ours.
func (c Curve) Size() int {
	switch c {
	case P256, P256K:
		return 32
	case P384:
		return 48
	case P521:
		return 66
	}
	return 0
}

// Operation is one value of the JWK member key_ops.
type Operation string

// The operations a key can be allowed. Import marks a key that only unwraps
// keys brought to a module, export one that may be released.
const (
	OpEncrypt   Operation = "encrypt"
	OpDecrypt   Operation = "decrypt"
	OpSign      Operation = "sign"
	OpVerify    Operation = "verify"
	OpWrapKey   Operation = "wrapKey"
	OpUnwrapKey Operation = "unwrapKey"
	OpImport    Operation = "import"
	OpExport    Operation = "export"
)

// operations gives every operation its bit in an opSet.
var operations = [...]Operation{OpEncrypt, OpDecrypt, OpSign, OpVerify, OpWrapKey, OpUnwrapKey, OpImport, OpExport}

// KnownOperation reports whether op is a value key_ops may hold.
func KnownOperation(op Operation) bool { return bit(op) != 0 }

// opSet is a set of operations, one bit each.
type opSet uint8

// bit returns the set of op alone, empty when op is unknown.
func bit(op Operation) opSet {
	for i, known := range operations {
		if op == known {
			return 1 << i
		}
	}
	return 0
}

func setOf(ops ...Operation) opSet {
	var s opSet
	for _, op := range ops {
		s |= bit(op)
	}
	return s
}

func (s opSet) has(op Operation) bool { return s&bit(op) != 0 }

// list returns the operations of the set in the order of the constants.
func (s opSet) list() []Operation {
	var ops []Operation
	for i, op := range operations {
		if s&(1<<i) != 0 {
			ops = append(ops, op)
		}
	}
	return ops
}

// Spec says what key to make. Members that belong to another type of key are
// ignored, as the service ignores key_size with EC and crv with RSA.
type Spec struct {
	Type           KeyType
	Size           int   // bits of an RSA or oct key; 0 is 2048 for RSA and 256 for oct
	Curve          Curve // curve of an EC key; "" is P-256
	PublicExponent int   // of an RSA key, odd and at most 2³¹−1; 0 is 65537
}

// Defaults for what a Spec leaves out. The service's default size of a
// symmetric key is not recorded; 256 is ours.
const (
	defaultRSASize  = 2048
	defaultOctSize  = 256
	defaultCurve    = P256
	defaultExponent = 65537
	maxExponent     = 1<<31 - 1
)

// RSA asks for a software RSA key of 2048, 3072 or 4096 bits.
func RSA(bits int) Spec { return Spec{Type: KeyTypeRSA, Size: bits} }

// EC asks for a software EC key on a curve.
func EC(c Curve) Spec { return Spec{Type: KeyTypeEC, Curve: c} }

// Oct asks for a software symmetric key of 128, 192 or 256 bits.
func Oct(bits int) Spec { return Spec{Type: KeyTypeOct, Size: bits} }

// HSM returns s for a hardware module: RSA becomes RSA-HSM, and so on.
func (s Spec) HSM() Spec {
	switch s.Type {
	case KeyTypeRSA:
		s.Type = KeyTypeRSAHSM
	case KeyTypeEC:
		s.Type = KeyTypeECHSM
	case KeyTypeOct:
		s.Type = KeyTypeOctHSM
	}
	return s
}

// String returns type and size or curve, as in "RSA 2048" and "EC-HSM P-256".
func (s Spec) String() string {
	if s.Type.Base() == KeyTypeEC {
		return string(s.Type) + " " + string(s.Curve)
	}
	return string(s.Type) + " " + strconv.Itoa(s.Size)
}

// Normalize fills in what is absent and clears what belongs to another type,
// so that equal keys have equal specs. A type, size, curve or exponent
// that does not exist is errs.BadParameter.
func (s Spec) Normalize() (Spec, error) {
	switch s.Type.Base() {
	case KeyTypeRSA:
		return s.normalizeRSA()
	case KeyTypeEC:
		n := Spec{Type: s.Type, Curve: cmp.Or(s.Curve, defaultCurve)}
		if n.Curve.Size() == 0 {
			return Spec{}, refuse("crv", "The curve of an EC key is P-256, P-384, P-521 or P-256K")
		}
		return n, nil
	case KeyTypeOct:
		n := Spec{Type: s.Type, Size: cmp.Or(s.Size, defaultOctSize)}
		if n.Size != 128 && n.Size != 192 && n.Size != 256 {
			return Spec{}, refuse("key_size", "The size of a symmetric key is 128, 192 or 256 bits")
		}
		return n, nil
	}
	return Spec{}, errs.NewInvalidValue()
}

func (s Spec) normalizeRSA() (Spec, error) {
	n := Spec{
		Type:           s.Type,
		Size:           cmp.Or(s.Size, defaultRSASize),
		PublicExponent: cmp.Or(s.PublicExponent, defaultExponent),
	}
	if n.Size != 2048 && n.Size != 3072 && n.Size != 4096 {
		return Spec{}, refuse("key_size", "The size of an RSA key is 2048, 3072 or 4096 bits")
	}
	if e := n.PublicExponent; e < 3 || e > maxExponent || e%2 == 0 {
		return Spec{}, refuse("public_exponent", "The exponent of an RSA key is an odd number from 3 to 2147483647")
	}
	return n, nil
}

// DefaultOperations returns the key_ops of a key that was made without any:
// sign and verify for EC, all six for RSA. What the service gives a symmetric
// key is not recorded; it gets the four that its recordings ask for, and sign
// and verify must be asked for by name.
func (s Spec) DefaultOperations() []Operation {
	switch s.Type.Base() {
	case KeyTypeRSA:
		return []Operation{OpEncrypt, OpDecrypt, OpSign, OpVerify, OpWrapKey, OpUnwrapKey}
	case KeyTypeEC:
		return []Operation{OpSign, OpVerify}
	case KeyTypeOct:
		return []Operation{OpEncrypt, OpDecrypt, OpWrapKey, OpUnwrapKey}
	}
	return nil
}
