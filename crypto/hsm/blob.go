package hsm

import (
	"encoding/binary"
	"math/big"

	"github.com/embedvault/embedvault/crypto"
)

// A blob is a key sealed under the domain of its module, behind a label that
// anybody can read and nobody can change:
//
//	version     1
//	kind        'R' RSA; '2' '3' '5' 'K' the curves; 'A' AES
//	origin      'g' generated, 'i' imported, 't' transferred
//	exportable  1, or 0
//	handle      16 random bytes, by which slots know the key
//	public      R: size in bytes (2), exponent (4), modulus
//	            curves: x, y; A: size in bytes (1)
//	sealed      nonce (24), ciphertext, tag (16)
//
// Numbers are big-endian. The label is the associated data of the sealing.
const blobVersion = 1

// handle names a key within its module.
type handle [16]byte

// Origin says how a key came into its module.
type Origin string

// The origins.
const (
	Generated   Origin = "generated"   // the module made it
	Imported    Origin = "imported"    // it came in the clear
	Transferred Origin = "transferred" // it came wrapped to a key of the module
)

// origins and kinds give the letters of a blob.
var (
	origins = map[byte]Origin{'g': Generated, 'i': Imported, 't': Transferred}
	kinds   = map[byte]crypto.Spec{
		'R': {Type: crypto.KeyTypeRSAHSM},
		'2': {Type: crypto.KeyTypeECHSM, Curve: crypto.P256},
		'3': {Type: crypto.KeyTypeECHSM, Curve: crypto.P384},
		'5': {Type: crypto.KeyTypeECHSM, Curve: crypto.P521},
		'K': {Type: crypto.KeyTypeECHSM, Curve: crypto.P256K},
		'A': {Type: crypto.KeyTypeOctHSM},
	}
)

// label is the readable part of a blob.
type label struct {
	spec       crypto.Spec
	origin     Origin
	exportable bool
	handle     handle
	public     crypto.JWK
	size       int // bytes of the label in its blob
}

// letter finds what stands for v.
func letter[V comparable](letters map[byte]V, v V) byte {
	for b, known := range letters {
		if known == v {
			return b
		}
	}
	return 0
}

// encode returns the label as it stands in a blob.
func (l label) encode() []byte {
	kind := crypto.Spec{Type: l.spec.Type, Curve: l.spec.Curve}
	b := []byte{blobVersion, letter(kinds, kind), letter(origins, l.origin), 0}
	if l.exportable {
		b[3] = 1
	}
	b = append(b, l.handle[:]...)
	switch l.spec.Type {
	case crypto.KeyTypeRSAHSM:
		b = binary.BigEndian.AppendUint16(b, uint16(l.spec.Size/8))
		b = binary.BigEndian.AppendUint32(b, uint32(l.spec.PublicExponent))
		return append(b, l.public.N...)
	case crypto.KeyTypeECHSM:
		return append(append(b, l.public.X...), l.public.Y...)
	}
	return append(b, byte(l.spec.Size/8))
}

// parseLabel reads the label of a blob. What it returns shares the blob's
// bytes. Nobody has checked yet that the label is the module's own.
func parseLabel(blob []byte) (l label, err error) {
	const fixed = 4 + len(l.handle)
	if len(blob) < fixed || blob[0] != blobVersion || blob[3] > 1 {
		return label{}, errBlob
	}
	known := false
	if l.spec, known = kinds[blob[1]]; !known {
		return label{}, errBlob
	}
	if l.origin, known = origins[blob[2]]; !known {
		return label{}, errBlob
	}
	l.exportable = blob[3] == 1
	copy(l.handle[:], blob[4:])
	n, ok := l.readPublic(blob[fixed:])
	if !ok {
		return label{}, errBlob
	}
	l.size = fixed + n
	if sound, err := l.spec.Normalize(); err != nil || sound != l.spec || len(blob) < l.size+nonceSize+tagSize {
		return label{}, errBlob
	}
	return l, nil
}

// readPublic reads the public part, which is at the front of b, and returns
// its length.
func (l *label) readPublic(b []byte) (n int, ok bool) {
	l.public.Kty, l.public.Crv = l.spec.Type, l.spec.Curve
	switch l.spec.Type {
	case crypto.KeyTypeRSAHSM:
		if len(b) < 6 {
			return 0, false
		}
		modulus, e := int(binary.BigEndian.Uint16(b)), binary.BigEndian.Uint32(b[2:])
		n = 6 + modulus
		if len(b) < n {
			return 0, false
		}
		l.spec.Size, l.spec.PublicExponent = 8*modulus, int(e)
		l.public.N, l.public.E = b[6:n:n], big.NewInt(int64(e)).Bytes()
	case crypto.KeyTypeECHSM:
		size := l.spec.Curve.Size()
		n = 2 * size
		if len(b) < n {
			return 0, false
		}
		l.public.X, l.public.Y = b[:size:size], b[size:n:n]
	default:
		n = 1
		if len(b) < n {
			return 0, false
		}
		l.spec.Size = 8 * int(b[0])
	}
	return n, true
}
