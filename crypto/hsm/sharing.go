package hsm

import (
	"crypto/rand"
	"encoding/binary"
)

// prime is the order of the field that secrets are shared over, the smallest
// that has every byte.
const prime = 257

// maxShares is how many shares a secret can have.
const maxShares = 126

// share is one share of a secret by Shamir: the values at x of the polynomials
// whose values at 0 are the bytes of the secret.
//
// Encoded it is one little-endian uint16 for every byte of the secret: x in the
// upper seven bits, the value, which can be 256, in the lower nine.
type share struct {
	x      uint16 // 1 to maxShares
	values []uint16
}

const valueBits = 9

// split makes n shares of a secret, of which any required give it back and
// fewer say nothing about it. It is for callers that have checked that
// 1 <= required <= n <= maxShares, and overwrite the shares.
func split(secret []byte, n, required int) []share {
	shares := make([]share, n)
	for i := range shares {
		shares[i] = share{uint16(i + 1), make([]uint16, len(secret))}
	}
	polynomial := make([]uint16, required)
	defer clear(polynomial)
	for i, b := range secret {
		randomElements(polynomial)
		polynomial[0] = uint16(b)
		for _, s := range shares {
			s.values[i] = evaluate(polynomial, s.x)
		}
	}
	return shares
}

// randomElements fills e with elements of the field, each equally likely.
func randomElements(e []uint16) {
	var b [2]byte
	defer clear(b[:])
	for i := 0; i < len(e); {
		rand.Read(b[:]) // never fails
		// 65535 is 255 times the prime: without it every remainder is as frequent.
		if w := binary.LittleEndian.Uint16(b[:]); w != 65535 {
			e[i] = w % prime
			i++
		}
	}
}

// evaluate returns the value of a polynomial, lowest coefficient first, at x.
func evaluate(polynomial []uint16, x uint16) uint16 {
	v := uint32(0)
	for i := len(polynomial) - 1; i >= 0; i-- {
		v = (v*uint32(x) + uint32(polynomial[i])) % prime
	}
	return uint16(v)
}

// combine returns the secret of as many shares as are required for it; the
// caller overwrites it. With fewer, or with one that is false, it is some other
// secret or ErrDomain, as shares are that do not fit each other.
func combine(shares []share) ([]byte, error) {
	if len(shares) == 0 {
		return nil, ErrDomain
	}
	secret, wide := make([]byte, len(shares[0].values)), uint32(0)
	weights, err := weights(shares)
	if err != nil {
		return nil, err
	}
	for i := range secret {
		v := uint32(0)
		for j, s := range shares {
			v = (v + weights[j]*uint32(s.values[i])) % prime
		}
		secret[i] = byte(v)
		wide |= v >> 8
	}
	if wide != 0 { // 256 is no byte
		clear(secret)
		return nil, ErrDomain
	}
	return secret, nil
}

// weights returns what the value of each share counts at 0: the polynomials of
// Lagrange there.
func weights(shares []share) ([]uint32, error) {
	weights := make([]uint32, len(shares))
	for i, s := range shares {
		above, below := uint32(1), uint32(1)
		for j, other := range shares {
			switch {
			case i == j:
			case s.x == other.x || len(s.values) != len(other.values):
				return nil, ErrDomain
			default:
				above = above * uint32(other.x) % prime
				below = below * (prime + uint32(other.x) - uint32(s.x)) % prime
			}
		}
		weights[i] = above * inverse(below) % prime
	}
	return weights, nil
}

// inverse returns 1/a by Fermat: a to the power of the prime less 2.
func inverse(a uint32) uint32 {
	power := uint32(1)
	for range prime - 2 {
		power = power * a % prime
	}
	return power
}

// bytes encodes the share. The caller overwrites it.
func (s share) bytes() []byte {
	b := make([]byte, 0, 2*len(s.values))
	for _, v := range s.values {
		b = binary.LittleEndian.AppendUint16(b, s.x<<valueBits|v)
	}
	return b
}

// parseShare reads an encoded share of a secret of size bytes, which the caller
// overwrites. What is none is ErrDomain.
func parseShare(b []byte, size int) (share, error) {
	if size == 0 || len(b) != 2*size {
		return share{}, ErrDomain
	}
	s := share{binary.LittleEndian.Uint16(b) >> valueBits, make([]uint16, size)}
	sound := s.x >= 1 && s.x <= maxShares
	for i := range s.values {
		w := binary.LittleEndian.Uint16(b[2*i:])
		s.values[i] = w & (1<<valueBits - 1)
		sound = sound && w>>valueBits == s.x && s.values[i] < prime
	}
	if !sound {
		clear(s.values)
		return share{}, ErrDomain
	}
	return s, nil
}
