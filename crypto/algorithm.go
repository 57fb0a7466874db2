package crypto

import (
	stdcrypto "crypto"
	_ "crypto/sha1"   // RSA-OAEP
	_ "crypto/sha256" // what the table names
	_ "crypto/sha512" // what the table names
)

// Algorithm is the member alg of a request: the JWA name, or a PKCS #11 name
// for the two key wraps the service names after it.
type Algorithm string

// The algorithms of a vault and of a Managed HSM.
const (
	RS256  Algorithm = "RS256"
	RS384  Algorithm = "RS384"
	RS512  Algorithm = "RS512"
	PS256  Algorithm = "PS256"
	PS384  Algorithm = "PS384"
	PS512  Algorithm = "PS512"
	RSNULL Algorithm = "RSNULL"

	ES256  Algorithm = "ES256"
	ES256K Algorithm = "ES256K"
	ES384  Algorithm = "ES384"
	ES512  Algorithm = "ES512"

	HS256 Algorithm = "HS256"
	HS384 Algorithm = "HS384"
	HS512 Algorithm = "HS512"

	RSA1_5     Algorithm = "RSA1_5"
	RSAOAEP    Algorithm = "RSA-OAEP"
	RSAOAEP256 Algorithm = "RSA-OAEP-256"

	A128GCM    Algorithm = "A128GCM"
	A192GCM    Algorithm = "A192GCM"
	A256GCM    Algorithm = "A256GCM"
	A128CBC    Algorithm = "A128CBC"
	A192CBC    Algorithm = "A192CBC"
	A256CBC    Algorithm = "A256CBC"
	A128CBCPAD Algorithm = "A128CBCPAD"
	A192CBCPAD Algorithm = "A192CBCPAD"
	A256CBCPAD Algorithm = "A256CBCPAD"

	A128KW           Algorithm = "A128KW"
	A192KW           Algorithm = "A192KW"
	A256KW           Algorithm = "A256KW"
	A128KWPAD        Algorithm = "A128KWPAD"
	A192KWPAD        Algorithm = "A192KWPAD"
	A256KWPAD        Algorithm = "A256KWPAD"
	CKMAESKeyWrap    Algorithm = "CKM_AES_KEY_WRAP"
	CKMAESKeyWrapPad Algorithm = "CKM_AES_KEY_WRAP_PAD"
)

// Mechanism is what an algorithm computes, once its name has chosen key and
// hash. A driver switches on it and need not know any algorithm by name.
type Mechanism uint8

// The mechanisms and where they are specified.
const (
	PKCS1v15Signature Mechanism = iota + 1 // RFC 8017 8.2; without a hash the value is padded as it is
	PSS                                    // RFC 8017 8.1, salt as long as the hash, MGF1 with the same hash
	ECDSA                                  // FIPS 186-5, r and s as fixed-width big-endian halves
	HMAC                                   // RFC 2104, not truncated
	PKCS1v15                               // RFC 8017 7.2
	OAEP                                   // RFC 8017 7.1, empty label, MGF1 with the same hash
	AESGCM                                 // SP 800-38D, 12-byte nonce, 16-byte tag
	AESCBC                                 // SP 800-38A, no padding
	AESCBCPad                              // the same with PKCS #7 padding
	AESKeyWrap                             // RFC 3394 with its default initial value
	AESKeyWrapPad                          // RFC 5649
)

var mechanismNames = [...]string{
	PKCS1v15Signature: "RSASSA-PKCS1-v1_5", PSS: "RSASSA-PSS", ECDSA: "ECDSA", HMAC: "HMAC",
	PKCS1v15: "RSAES-PKCS1-v1_5", OAEP: "RSAES-OAEP",
	AESGCM: "AES-GCM", AESCBC: "AES-CBC", AESCBCPad: "AES-CBC-PKCS7",
	AESKeyWrap: "AES-KW", AESKeyWrapPad: "AES-KWP",
}

// String returns the name that the standards use.
func (m Mechanism) String() string {
	if int(m) < len(mechanismNames) && mechanismNames[m] != "" {
		return mechanismNames[m]
	}
	return "unknown mechanism"
}

// Info is one row of the algorithm table.
type Info struct {
	Algorithm Algorithm
	Mechanism Mechanism
	Hash      stdcrypto.Hash // 0 when the mechanism has none
	Type      KeyType        // software form of the key it needs: RSA, EC or oct
	Curve     Curve          // the curve it needs; "" for RSA and oct
	Size      int            // bits of the oct key it needs; 0 for any size

	Digest   int // bytes that sign and verify take; 0 when the length is free
	Overhead int // bytes of an RSA modulus that padding takes from the input
	Min      int // shortest plaintext in bytes
	Multiple int // plaintext is a multiple of this many bytes; 0 for any
	IV       int // bytes of iv; 0 when the algorithm has none

	ops opSet
}

// Operations returns the operations the algorithm serves.
func (i Info) Operations() []Operation { return i.ops.list() }

// Allows reports whether the algorithm serves op.
func (i Info) Allows(op Operation) bool { return i.ops.has(op) }

// What a row can serve.
var (
	signing    = setOf(OpSign, OpVerify)
	encrypting = setOf(OpEncrypt, OpDecrypt)
	wrapping   = setOf(OpWrapKey, OpUnwrapKey)
)

// algorithms is the table. It is written once and never changed.
var algorithms = []Info{
	rsaSignature(RS256, PKCS1v15Signature, stdcrypto.SHA256),
	rsaSignature(RS384, PKCS1v15Signature, stdcrypto.SHA384),
	rsaSignature(RS512, PKCS1v15Signature, stdcrypto.SHA512),
	rsaSignature(PS256, PSS, stdcrypto.SHA256),
	rsaSignature(PS384, PSS, stdcrypto.SHA384),
	rsaSignature(PS512, PSS, stdcrypto.SHA512),
	{Algorithm: RSNULL, Mechanism: PKCS1v15Signature, Type: KeyTypeRSA, Overhead: 11, ops: signing},

	ecSignature(ES256, P256, stdcrypto.SHA256),
	ecSignature(ES256K, P256K, stdcrypto.SHA256),
	ecSignature(ES384, P384, stdcrypto.SHA384),
	ecSignature(ES512, P521, stdcrypto.SHA512),

	{Algorithm: HS256, Mechanism: HMAC, Type: KeyTypeOct, Hash: stdcrypto.SHA256, ops: signing},
	{Algorithm: HS384, Mechanism: HMAC, Type: KeyTypeOct, Hash: stdcrypto.SHA384, ops: signing},
	{Algorithm: HS512, Mechanism: HMAC, Type: KeyTypeOct, Hash: stdcrypto.SHA512, ops: signing},

	{Algorithm: RSA1_5, Mechanism: PKCS1v15, Type: KeyTypeRSA, Overhead: 11, ops: encrypting | wrapping},
	{Algorithm: RSAOAEP, Mechanism: OAEP, Type: KeyTypeRSA, Hash: stdcrypto.SHA1, Overhead: 42, ops: encrypting | wrapping},
	{Algorithm: RSAOAEP256, Mechanism: OAEP, Type: KeyTypeRSA, Hash: stdcrypto.SHA256, Overhead: 66, ops: encrypting | wrapping},

	{Algorithm: A128GCM, Mechanism: AESGCM, Type: KeyTypeOct, Size: 128, IV: 12, ops: encrypting},
	{Algorithm: A192GCM, Mechanism: AESGCM, Type: KeyTypeOct, Size: 192, IV: 12, ops: encrypting},
	{Algorithm: A256GCM, Mechanism: AESGCM, Type: KeyTypeOct, Size: 256, IV: 12, ops: encrypting},
	{Algorithm: A128CBC, Mechanism: AESCBC, Type: KeyTypeOct, Size: 128, IV: 16, Multiple: 16, ops: encrypting},
	{Algorithm: A192CBC, Mechanism: AESCBC, Type: KeyTypeOct, Size: 192, IV: 16, Multiple: 16, ops: encrypting},
	{Algorithm: A256CBC, Mechanism: AESCBC, Type: KeyTypeOct, Size: 256, IV: 16, Multiple: 16, ops: encrypting},
	{Algorithm: A128CBCPAD, Mechanism: AESCBCPad, Type: KeyTypeOct, Size: 128, IV: 16, ops: encrypting},
	{Algorithm: A192CBCPAD, Mechanism: AESCBCPad, Type: KeyTypeOct, Size: 192, IV: 16, ops: encrypting},
	{Algorithm: A256CBCPAD, Mechanism: AESCBCPad, Type: KeyTypeOct, Size: 256, IV: 16, ops: encrypting},

	keyWrap(A128KW, AESKeyWrap, 128), keyWrap(A192KW, AESKeyWrap, 192), keyWrap(A256KW, AESKeyWrap, 256),
	keyWrap(A128KWPAD, AESKeyWrapPad, 128), keyWrap(A192KWPAD, AESKeyWrapPad, 192), keyWrap(A256KWPAD, AESKeyWrapPad, 256),
	keyWrap(CKMAESKeyWrap, AESKeyWrap, 0), keyWrap(CKMAESKeyWrapPad, AESKeyWrapPad, 0),
}

func rsaSignature(a Algorithm, m Mechanism, h stdcrypto.Hash) Info {
	return Info{Algorithm: a, Mechanism: m, Type: KeyTypeRSA, Hash: h, Digest: h.Size(), ops: signing}
}

func ecSignature(a Algorithm, c Curve, h stdcrypto.Hash) Info {
	return Info{Algorithm: a, Mechanism: ECDSA, Type: KeyTypeEC, Curve: c, Hash: h, Digest: h.Size(), ops: signing}
}

func keyWrap(a Algorithm, m Mechanism, bits int) Info {
	i := Info{Algorithm: a, Mechanism: m, Type: KeyTypeOct, Size: bits, Min: 1, ops: wrapping}
	if m == AESKeyWrap {
		i.Min, i.Multiple = 16, 8
	}
	return i
}

// rows finds a row of algorithms by name.
var rows = func() map[Algorithm]*Info {
	m := make(map[Algorithm]*Info, len(algorithms))
	for i := range algorithms {
		m[algorithms[i].Algorithm] = &algorithms[i]
	}
	return m
}()

// Lookup returns the row of an algorithm, and false when there is none.
func Lookup(a Algorithm) (Info, bool) {
	row, ok := rows[a]
	if !ok {
		return Info{}, false
	}
	return *row, true
}

// KnownAlgorithm reports whether the table has a row for a.
func KnownAlgorithm(a Algorithm) bool {
	_, ok := rows[a]
	return ok
}

// Algorithms returns all algorithms in the order of the table.
func Algorithms() []Algorithm {
	names := make([]Algorithm, len(algorithms))
	for i := range algorithms {
		names[i] = algorithms[i].Algorithm
	}
	return names
}
