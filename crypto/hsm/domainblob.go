package hsm

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/binary"
	"encoding/json"
	"errors"

	"github.com/go-jose/go-jose/v4"
)

// ErrDomain answers whatever does not open as a security domain, whatever the
// reason.
var ErrDomain = errors.New("hsm: the blob is not a security domain that opens")

// maxDomainBlob bounds the blobs that are read: that of ten holders with keys
// of 4096 bits has 11 KiB.
const maxDomainBlob = 64 << 10

// maxItems bounds the items of a blob. A module's has one.
const maxItems = 16

// masterSize is the length in bytes of the master keys of blobs.
const masterSize = 32

// The names of what there is only one of.
const (
	domainVersion = 2
	domainKDF     = "sp108_kdf"
	domainSharing = "shamir_share"

	// domainTag is the item of a module: its secret, as it is.
	domainTag = "embedvault_domain_v1"
)

// wireDomain is a security domain as it is written. A master key encrypts
// the items. A module hands it out with the shares of the master key in
// SharedKeys, and takes it in with the whole of another in WrappedKey.
type wireDomain struct {
	EncData    wireItems   `json:"EncData"`
	SharedKeys *wireShares `json:"SharedKeys,omitempty"`
	WrappedKey *wireKey    `json:"WrappedKey,omitempty"`
	Version    int         `json:"version,omitempty"`
}

type wireItems struct {
	Data []wireItem `json:"data"`
	KDF  string     `json:"kdf"`
}

// wireItem is a secret of the module, a JWE by a key that follows from the
// master key and the tag.
type wireItem struct {
	JWE string `json:"compact_jwe"`
	Tag string `json:"tag"`
}

type wireShares struct {
	Shares    []wireKey `json:"enc_shares"`
	Algorithm string    `json:"key_algorithm"`
	Required  int       `json:"required"`
}

// wireKey is a master key or a share of one, a JWE to an RSA key.
type wireKey struct {
	JWE        string `json:"enc_key"`
	Thumbprint string `json:"x5t_256"` // of the certificate of the RSA key
}

// parseDomain reads a blob of either kind. What is none is ErrDomain.
func parseDomain(blob []byte) (wireDomain, error) {
	var d wireDomain
	if len(blob) > maxDomainBlob || json.Unmarshal(blob, &d) != nil ||
		d.Version != 0 && d.Version != domainVersion || // clients write none in what they make
		d.EncData.KDF != domainKDF || len(d.EncData.Data) == 0 || len(d.EncData.Data) > maxItems {
		return wireDomain{}, ErrDomain
	}
	if s := d.SharedKeys; s != nil && (s.Algorithm != domainSharing || len(s.Shares) > MaxHolders ||
		s.Required < MinQuorum || s.Required > len(s.Shares)) {
		return wireDomain{}, ErrDomain
	}
	return d, nil
}

// sealItem encrypts a secret by the master key.
func sealItem(master, secret []byte, tag string) (wireItem, error) {
	key := dataKey(master, tag)
	defer clear(key)
	text, err := sealJWE(jose.Recipient{Algorithm: jose.DIRECT, Key: key, KeyID: tag}, secret)
	return wireItem{text, tag}, err
}

// open returns the secret, which the caller overwrites.
func (i wireItem) open(master []byte) ([]byte, error) {
	key := dataKey(master, i.Tag)
	defer clear(key)
	return openJWE(jose.DIRECT, key, i.JWE)
}

// dataKey derives the key of the item with a tag, 512 bits, by NIST SP 800-108
// in counter mode with HMAC-SHA-512: one block, of which the label is the tag
// and the context is empty.
func dataKey(master []byte, tag string) []byte {
	const bits = 8 * sha512.Size
	mac := hmac.New(sha512.New, master)
	mac.Write(binary.BigEndian.AppendUint32(nil, 1))
	mac.Write([]byte(tag))
	mac.Write([]byte{0})
	mac.Write(binary.BigEndian.AppendUint32(nil, bits))
	return mac.Sum(nil)
}

// sealJWE returns a compact JWE by A256CBC-HS512.
func sealJWE(to jose.Recipient, secret []byte) (string, error) {
	encrypter, err := jose.NewEncrypter(jose.A256CBC_HS512, to, nil)
	if err != nil {
		return "", err
	}
	sealed, err := encrypter.Encrypt(secret)
	if err != nil {
		return "", err
	}
	return sealed.CompactSerialize()
}

// openJWE returns what sealJWE encrypted, which the caller overwrites. What
// does not open is ErrDomain.
func openJWE(algorithm jose.KeyAlgorithm, key any, text string) ([]byte, error) {
	sealed, err := jose.ParseEncryptedCompact(text, []jose.KeyAlgorithm{algorithm}, []jose.ContentEncryption{jose.A256CBC_HS512})
	if err != nil {
		return nil, ErrDomain
	}
	secret, err := sealed.Decrypt(key)
	if err != nil {
		return nil, ErrDomain
	}
	return secret, nil
}
