package policy

import (
	"crypto/sha256"
	"encoding/hex"
)

// ID identifies a tenant, a principal, a group or an application. Two spellings of one identifier are one ID, so IDs
// are compared with ==. The zero ID identifies nothing.
type ID [16]byte

// ParseID returns the ID that s spells. A GUID, in upper or lower case, is itself. Any other text that is not empty
// stands for an ID derived from it, always the same and never that of a random GUID, so that a program or a test may
// call its principals "alice" and "build". Letters compare without regard to case. The empty string and the GUID of all
// zeros are the zero ID.
func ParseID(s string) ID {
	if s == "" {
		return ID{}
	}
	if id, ok := parseGUID(s); ok {
		return id
	}
	return derivedID(s)
}

// derivedID hashes a text that is no GUID. The version and variant bits mark it as a custom UUID (RFC 9562, version 8),
// which no directory hands out.
func derivedID(s string) ID {
	var buf [64]byte
	sum := sha256.Sum256(appendLower(buf[:0], s))
	id := ID(sum[:16])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// parseGUID reads the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx.
func parseGUID(s string) (id ID, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ID{}, false
	}
	var digits [32]byte
	copy(digits[0:], s[0:8])
	copy(digits[8:], s[9:13])
	copy(digits[12:], s[14:18])
	copy(digits[16:], s[19:23])
	copy(digits[20:], s[24:36])
	if _, err := hex.Decode(id[:], digits[:]); err != nil {
		return ID{}, false
	}
	return id, true
}

// IsZero reports whether the ID identifies nothing.
func (id ID) IsZero() bool { return id == ID{} }

// String returns the ID as a lower-case GUID.
func (id ID) String() string {
	var b [36]byte
	hex.Encode(b[0:], id[0:4])
	hex.Encode(b[9:], id[4:6])
	hex.Encode(b[14:], id[6:8])
	hex.Encode(b[19:], id[8:10])
	hex.Encode(b[24:], id[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}
