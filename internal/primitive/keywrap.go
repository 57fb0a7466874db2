package primitive

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"math"
)

const semiblock = 8

// Initial values: RFC 3394 2.2.3.1, and RFC 5649 3 without the length.
const (
	wrapIV    = 0xa6a6a6a6a6a6a6a6
	wrapPadIV = 0xa65959a6
)

// maxWrap bounds what is wrapped. RFC 5649 counts the length in 32 bits.
const maxWrap = math.MaxInt32

// Wrap wraps a key as in RFC 3394. ErrLength means that key is not a multiple
// of 8 bytes, shorter than 16 or of 2 GiB and more.
func (k *AES) Wrap(key []byte) ([]byte, error) {
	if len(key)%semiblock != 0 || len(key) < 2*semiblock || len(key) > maxWrap {
		return nil, ErrLength
	}
	buf := wrapBuffer(semiblock + len(key))
	copy(buf[semiblock:], key)
	wrapSteps(k.block, wrapIV, buf)
	return buf, nil
}

// Unwrap reverses Wrap.
func (k *AES) Unwrap(wrapped []byte) ([]byte, error) {
	if len(wrapped)%semiblock != 0 || len(wrapped) < 3*semiblock {
		return nil, ErrOpen
	}
	buf := wrapBuffer(len(wrapped))
	copy(buf, wrapped)
	if x := unwrapSteps(k.block, buf) ^ wrapIV; subtle.ConstantTimeEq(int32(x>>32)|int32(x), 0) != 1 {
		clear(buf)
		return nil, ErrOpen
	}
	return buf[semiblock:], nil
}

// WrapPad wraps a key as in RFC 5649. ErrLength means that key is empty or
// of 2 GiB and more.
func (k *AES) WrapPad(key []byte) ([]byte, error) {
	if len(key) == 0 || len(key) > maxWrap {
		return nil, ErrLength
	}
	padded := (len(key) + semiblock - 1) / semiblock * semiblock
	iv := uint64(wrapPadIV)<<32 | uint64(len(key))
	buf := wrapBuffer(semiblock + padded)
	copy(buf[semiblock:], key)
	if padded == semiblock {
		binary.BigEndian.PutUint64(buf, iv)
		k.block.Encrypt(buf, buf)
		return buf, nil
	}
	wrapSteps(k.block, iv, buf)
	return buf, nil
}

// UnwrapPad reverses WrapPad. Value, length and padding are checked together.
func (k *AES) UnwrapPad(wrapped []byte) ([]byte, error) {
	if len(wrapped)%semiblock != 0 || len(wrapped) < 2*semiblock {
		return nil, ErrOpen
	}
	buf := wrapBuffer(len(wrapped))
	copy(buf, wrapped)
	var a uint64
	if len(buf) == 2*semiblock {
		k.block.Decrypt(buf, buf)
		a = binary.BigEndian.Uint64(buf)
	} else {
		a = unwrapSteps(k.block, buf)
	}
	length, good := checkPadding(a, buf[semiblock:])
	if good != 1 {
		clear(buf)
		return nil, ErrOpen
	}
	return buf[semiblock : semiblock+length], nil
}

// checkPadding reports with 1 that a is the initial value of RFC 5649, that
// its length ends within the last 8 bytes of padded, and that zeros follow.
func checkPadding(a uint64, padded []byte) (length, good int) {
	pad := uint32(len(padded)) - uint32(a) // huge when the length is too long
	good = subtle.ConstantTimeEq(int32(uint32(a>>32)^wrapPadIV), 0)
	good &= subtle.ConstantTimeEq(int32(pad/semiblock), 0)
	length = len(padded) - int(pad%semiblock)
	for i := len(padded) - semiblock; i < len(padded); i++ {
		inPadding := subtle.ConstantTimeLessOrEq(length, i)
		good &= subtle.ConstantTimeSelect(inPadding, subtle.ConstantTimeByteEq(padded[i], 0), 1)
	}
	return length, good
}

// wrapBuffer returns n bytes with room behind them for the block that the
// steps work on: one allocation for both.
func wrapBuffer(n int) []byte { return make([]byte, n, n+BlockSize) }

// wrapSteps runs the wrapping process, RFC 3394 2.2.1, on a wrapBuffer: the
// key stands behind the first 8 bytes, which receive the integrity value.
func wrapSteps(block cipher.Block, iv uint64, buf []byte) {
	b := buf[len(buf) : len(buf)+BlockSize]
	binary.BigEndian.PutUint64(b, iv)
	t := uint64(0)
	for range 6 {
		for i := semiblock; i < len(buf); i += semiblock {
			t++
			copy(b[semiblock:], buf[i:i+semiblock])
			block.Encrypt(b, b)
			copy(buf[i:], b[semiblock:])
			binary.BigEndian.PutUint64(b, binary.BigEndian.Uint64(b)^t)
		}
	}
	copy(buf, b[:semiblock])
}

// unwrapSteps runs the unwrapping process, RFC 3394 2.2.2, on a wrapBuffer and
// returns the integrity value, which nobody has checked.
func unwrapSteps(block cipher.Block, buf []byte) uint64 {
	b := buf[len(buf) : len(buf)+BlockSize]
	copy(b, buf[:semiblock])
	t := uint64(6 * (len(buf)/semiblock - 1))
	for range 6 {
		for i := len(buf) - semiblock; i > 0; i -= semiblock {
			binary.BigEndian.PutUint64(b, binary.BigEndian.Uint64(b)^t)
			copy(b[semiblock:], buf[i:i+semiblock])
			block.Decrypt(b, b)
			copy(buf[i:], b[semiblock:])
			t--
		}
	}
	iv := binary.BigEndian.Uint64(b)
	clear(b)
	return iv
}
