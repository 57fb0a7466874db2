package hsm

import (
	stdcrypto "crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/primitive"
)

// Encryption is how a key is wrapped to an RSA key: the member enc of a
// release and of a wrapped key. All wrap with RSA-OAEP a fresh AES-256 key, and
// with that, as in RFC 5649, the key; they differ in the hash of OAEP.
type Encryption string

// The encryptions. That the two later ones differ from the first only by the
// hash in their names is inferred from these.
const (
	CKMRSAAESKeyWrap Encryption = "CKM_RSA_AES_KEY_WRAP" // SHA-1; the default
	RSAAESKeyWrap256 Encryption = "RSA_AES_KEY_WRAP_256" // SHA-256
	RSAAESKeyWrap384 Encryption = "RSA_AES_KEY_WRAP_384" // SHA-384
)

// hash returns the hash of OAEP, 0 for an encryption that does not exist.
func (e Encryption) hash() stdcrypto.Hash {
	switch e {
	case CKMRSAAESKeyWrap:
		return stdcrypto.SHA1
	case RSAAESKeyWrap256:
		return stdcrypto.SHA256
	case RSAAESKeyWrap384:
		return stdcrypto.SHA384
	}
	return 0
}

// Known reports whether there is such an encryption.
func (e Encryption) Known() bool { return e.hash() != 0 }

// Wrapped is a key wrapped to an RSA key: the JSON that the member key_hsm of
// a JWK carries. It holds nothing secret in the clear.
type Wrapped struct {
	KID        string     // the RSA key it is wrapped to
	Encryption Encryption // how
	Ciphertext []byte     // the AES key by RSA-OAEP, then the key by RFC 5649
	Generator  string     // the program that made it; "" is absent
}

const (
	wrappedSchema    = "1.0.0"
	wrappedAlgorithm = "dir"
)

// maxWrapped bounds what ParseWrapped reads: a key of 4096 bits wrapped to
// one of 4096 takes less than 4 KiB.
const maxWrapped = 16 << 10

// wireWrapped is Wrapped as it is written.
type wireWrapped struct {
	SchemaVersion string     `json:"schema_version"`
	Header        wireHeader `json:"header"`
	Ciphertext    string     `json:"ciphertext"`
	Generator     string     `json:"generator,omitempty"`
}

type wireHeader struct {
	KID string     `json:"kid"`
	Alg string     `json:"alg"`
	Enc Encryption `json:"enc"`
}

// errNotWrapped is why what ParseWrapped is given is no wrapped key.
var errNotWrapped = errors.New("hsm: this is not the JSON of a wrapped key, decoded from base64url")

// ParseWrapped reads a wrapped key from the bytes of the member key_hsm, decoded
// from base64url. What is none, is longer than 16 KiB, or is of a schema,
// algorithm or encryption that does not exist, is errs.BadParameter.
func ParseWrapped(data []byte) (Wrapped, error) {
	var wire wireWrapped
	if len(data) > maxWrapped || json.Unmarshal(data, &wire) != nil {
		return Wrapped{}, errs.NewInvalidJWK().Because(errNotWrapped)
	}
	ciphertext, err := base64.RawURLEncoding.Strict().DecodeString(wire.Ciphertext)
	if err != nil || len(ciphertext) == 0 || wire.Header.Enc.hash() == 0 ||
		wire.SchemaVersion != wrappedSchema || wire.Header.Alg != wrappedAlgorithm {
		return Wrapped{}, errs.NewInvalidJWK().Because(errNotWrapped)
	}
	return Wrapped{wire.Header.KID, wire.Header.Enc, ciphertext, wire.Generator}, nil
}

// JSON writes w so that ParseWrapped gives it back.
func (w Wrapped) JSON() []byte {
	data, _ := json.Marshal(wireWrapped{ // strings always marshal
		wrappedSchema, wireHeader{w.KID, wrappedAlgorithm, w.Encryption},
		base64.RawURLEncoding.EncodeToString(w.Ciphertext), w.Generator,
	})
	return data
}

// Open unwraps a key with the RSA key that it was wrapped to: what an
// environment does to which a key was released. An RSA or EC key comes as
// PKCS #8, which x509.ParsePKCS8PrivateKey reads but for P-256K, a symmetric one
// as its bytes; the caller overwrites it. Whatever does not open is
// errs.BadParameter.
func (w Wrapped) Open(with *rsa.PrivateKey) ([]byte, error) {
	if with == nil || with.N == nil || w.Encryption.hash() == 0 {
		return nil, errs.NewParameterIncorrect()
	}
	portable, err := unwrap(with, w.Encryption, w.Ciphertext)
	if err != nil {
		return nil, errs.NewParameterIncorrect()
	}
	return portable, nil
}

// wrapped wraps the outside form of a key, which it overwrites, to the RSA key
// named kid.
func wrapped(to *rsa.PublicKey, kid string, e Encryption, portable []byte) (Wrapped, error) {
	defer clear(portable)
	ciphertext, err := wrap(to, e, portable)
	if err != nil {
		return Wrapped{}, err
	}
	return Wrapped{KID: kid, Encryption: e, Ciphertext: ciphertext}, nil
}

// Bounds of the RSA key that a key is wrapped to.
const (
	minReceiver = 2048
	maxReceiver = 16384
)

// wrap wraps the outside form of a key to an RSA key.
func wrap(to *rsa.PublicKey, e Encryption, portable []byte) ([]byte, error) {
	if e.hash() == 0 {
		return nil, errs.NewInvalidProperty("enc", "The encryption is CKM_RSA_AES_KEY_WRAP, RSA_AES_KEY_WRAP_256 or RSA_AES_KEY_WRAP_384")
	}
	if to == nil || to.N == nil || to.N.BitLen() < minReceiver || to.N.BitLen() > maxReceiver {
		return nil, errs.NewInvalidProperty("target", "The receiver's key is an RSA key of 2048 bits or more")
	}
	ephemeral := make([]byte, 32)
	defer clear(ephemeral)
	rand.Read(ephemeral) // never fails
	aes, err := primitive.NewAES(ephemeral)
	if err != nil {
		return nil, err
	}
	front, err := rsa.EncryptOAEP(e.hash().New(), rand.Reader, to, ephemeral, nil)
	if err != nil {
		return nil, errs.NewInvalidProperty("target", "The receiver's key does not encrypt")
	}
	behind, err := aes.WrapPad(portable)
	if err != nil {
		return nil, err
	}
	return append(front, behind...), nil
}

// unwrap opens what wrap made. Whatever does not open is primitive.ErrOpen; a
// front that does not open costs what a key that does not costs.
func unwrap(with *rsa.PrivateKey, e Encryption, ciphertext []byte) ([]byte, error) {
	size := with.Size()
	if len(ciphertext) <= size {
		return nil, primitive.ErrOpen
	}
	ephemeral, failed := primitive.DecryptOAEP(with, e.hash(), ciphertext[:size])
	if failed != nil || len(ephemeral) != 32 {
		failed = primitive.ErrOpen
		ephemeral = make([]byte, 32)
		rand.Read(ephemeral)
	}
	defer clear(ephemeral)
	aes, err := primitive.NewAES(ephemeral)
	if err != nil {
		return nil, err
	}
	portable, err := aes.UnwrapPad(ciphertext[size:])
	if err != nil || failed != nil {
		return nil, primitive.ErrOpen
	}
	return portable, nil
}
