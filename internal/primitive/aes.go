package primitive

import (
	"bytes"
	stdcrypto "crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/subtle"
)

// Sizes of AES-GCM and AES-CBC in bytes.
const (
	NonceSize = 12
	TagSize   = 16
	BlockSize = aes.BlockSize
)

// AES is a symmetric key of 128, 192 or 256 bits with its key schedule. It
// encrypts, wraps and authenticates; HMAC uses the same bytes. It is immutable.
type AES struct {
	key   []byte
	block cipher.Block
	open  cipher.AEAD
	seal  cipher.AEAD // makes its own nonce and puts it first
}

// GenerateAES makes a key of 128, 192 or 256 bits; ErrKey for another size.
func GenerateAES(bits int) (*AES, error) {
	if bits != 128 && bits != 192 && bits != 256 {
		return nil, ErrKey
	}
	key := make([]byte, bits/8)
	rand.Read(key) // never fails
	return NewAES(key)
}

// NewAES returns the key of these 16, 24 or 32 bytes; ErrKey for another length.
func NewAES(key []byte) (*AES, error) {
	k := &AES{key: bytes.Clone(key)}
	var err error
	if k.block, err = aes.NewCipher(k.key); err != nil {
		return nil, ErrKey
	}
	if k.open, err = cipher.NewGCM(k.block); err != nil {
		return nil, err
	}
	if k.seal, err = cipher.NewGCMWithRandomNonce(k.block); err != nil {
		return nil, err
	}
	return k, nil
}

// Bits returns the size of the key.
func (k *AES) Bits() int { return 8 * len(k.key) }

// Bytes returns the key itself. The caller owns the slice.
func (k *AES) Bytes() []byte { return bytes.Clone(k.key) }

// MAC returns the HMAC of data under the key.
func (k *AES) MAC(hash stdcrypto.Hash, data []byte) []byte {
	m := hmac.New(hash.New, k.key)
	m.Write(data)
	return m.Sum(nil)
}

// Seal encrypts with AES-GCM under a fresh random nonce. The three results are
// parts of one allocation.
func (k *AES) Seal(plaintext, aad []byte) (nonce, ciphertext, tag []byte) {
	b := k.seal.Seal(nil, nil, plaintext, aad)
	end := len(b) - TagSize
	return b[:NonceSize:NonceSize], b[NonceSize:end:end], b[end:]
}

// Open reverses Seal. A nonce or tag of another length does not open.
func (k *AES) Open(nonce, ciphertext, tag, aad []byte) ([]byte, error) {
	if len(nonce) != NonceSize || len(tag) != TagSize {
		return nil, ErrOpen
	}
	b := make([]byte, 0, len(ciphertext)+TagSize)
	b = append(append(b, ciphertext...), tag...)
	plaintext, err := k.open.Open(b[:0], nonce, b, aad)
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}

// EncryptCBC encrypts whole blocks with AES-CBC. ErrLength means that iv is
// not one block, or plaintext not a number of them.
func (k *AES) EncryptCBC(iv, plaintext []byte) ([]byte, error) {
	if len(iv) != BlockSize || len(plaintext)%BlockSize != 0 {
		return nil, ErrLength
	}
	out := make([]byte, len(plaintext))
	cipher.NewCBCEncrypter(k.block, iv).CryptBlocks(out, plaintext)
	return out, nil
}

// DecryptCBC reverses EncryptCBC. Wrong lengths do not open; nothing else can
// be found wrong.
func (k *AES) DecryptCBC(iv, ciphertext []byte) ([]byte, error) {
	if len(iv) != BlockSize || len(ciphertext)%BlockSize != 0 {
		return nil, ErrOpen
	}
	out := make([]byte, len(ciphertext))
	cipher.NewCBCDecrypter(k.block, iv).CryptBlocks(out, ciphertext)
	return out, nil
}

// EncryptCBCPad is EncryptCBC after padding to whole blocks as in PKCS #7.
func (k *AES) EncryptCBCPad(iv, plaintext []byte) ([]byte, error) {
	n := BlockSize - len(plaintext)%BlockSize
	padded := make([]byte, 0, len(plaintext)+n)
	padded = append(append(padded, plaintext...), bytes.Repeat([]byte{byte(n)}, n)...)
	return k.EncryptCBC(iv, padded)
}

// DecryptCBCPad reverses EncryptCBCPad. The time to check the padding does not
// depend on it.
func (k *AES) DecryptCBCPad(iv, ciphertext []byte) ([]byte, error) {
	out, err := k.DecryptCBC(iv, ciphertext)
	if err != nil || len(out) == 0 {
		return nil, ErrOpen
	}
	last := out[len(out)-BlockSize:]
	n := int(last[BlockSize-1])
	good := subtle.ConstantTimeLessOrEq(1, n) & subtle.ConstantTimeLessOrEq(n, BlockSize)
	for i := range last {
		inPadding := subtle.ConstantTimeLessOrEq(BlockSize-n, i)
		good &= subtle.ConstantTimeSelect(inPadding, subtle.ConstantTimeByteEq(last[i], byte(n)), 1)
	}
	if good != 1 {
		clear(out)
		return nil, ErrOpen
	}
	return out[:len(out)-n], nil
}
