package hsm

import (
	"bytes"
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

// label is what the readable part of a blob says, but for the public part,
// which is read from the blob when somebody asks.
type label struct {
	spec       crypto.Spec
	origin     Origin
	exportable bool
	handle     handle
	size       int // bytes of the label in its blob
}

// fixed is the length of a label without its public part.
const fixed = 4 + len(handle{})

// letter finds what stands for v.
func letter[V comparable](letters map[byte]V, v V) byte {
	for b, known := range letters {
		if known == v {
			return b
		}
	}
	return 0
}

// encode returns the label as it stands in a blob, with the public part of j.
func (l label) encode(j crypto.JWK) []byte {
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
		return append(b, j.N...)
	case crypto.KeyTypeECHSM:
		return append(append(b, j.X...), j.Y...)
	}
	return append(b, byte(l.spec.Size/8))
}

// parseLabel reads the label of a blob. Nobody has checked yet that it is the
// module's own.
func parseLabel(blob []byte) (l label, err error) {
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
	l.size = fixed + l.readSize(blob[fixed:])
	if sound, err := l.spec.Normalize(); err != nil || sound != l.spec || len(blob) < l.size+nonceSize+tagSize {
		return label{}, errBlob
	}
	return l, nil
}

// readSize completes the spec from the public part at the front of b, and
// returns the length of that. A part that is cut leaves the spec unsound.
func (l *label) readSize(b []byte) int {
	switch {
	case l.spec.Type == crypto.KeyTypeECHSM:
		return 2 * l.spec.Curve.Size()
	case l.spec.Type == crypto.KeyTypeRSAHSM && len(b) >= 6:
		modulus := int(binary.BigEndian.Uint16(b))
		l.spec.Size, l.spec.PublicExponent = 8*modulus, int(binary.BigEndian.Uint32(b[2:]))
		return 6 + modulus
	case l.spec.Type == crypto.KeyTypeOctHSM && len(b) >= 1:
		l.spec.Size = 8 * int(b[0])
		return 1
	}
	return 0
}

// public returns the public part from the blob that the label is of. The
// caller owns it.
func (l label) public(blob []byte) crypto.JWK {
	j := crypto.JWK{Kty: l.spec.Type, Crv: l.spec.Curve}
	part := bytes.Clone(blob[fixed:l.size])
	switch l.spec.Type {
	case crypto.KeyTypeRSAHSM:
		j.N, j.E = part[6:], big.NewInt(int64(l.spec.PublicExponent)).Bytes()
	case crypto.KeyTypeECHSM:
		half := len(part) / 2
		j.X, j.Y = part[:half:half], part[half:]
	}
	return j
}
