package crypto

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
)

// JWK is a JSON Web Key as the service speaks it: RFC 7517 with the key types,
// the curve name P-256K and the member key_hsm that the service adds. Numbers
// are big-endian bytes. An empty member is an absent one. NewJWK makes one of a
// key of the standard library, and PublicKey gives one back.
//
// A JWK that carries a private part prints as its public part, under every verb
// that go vet lets pass. MarshalJSON does write private members, because an
// import request is made of them; Public takes them off.
type JWK struct {
	KID    string
	Kty    KeyType
	KeyOps []Operation

	N, E                []byte // RSA public key
	D, DP, DQ, QI, P, Q []byte // RSA private key; D is also the EC private scalar
	K                   []byte // symmetric key
	T                   []byte // key_hsm: a key wrapped for a module

	Crv  Curve
	X, Y []byte
}

// Public returns j without its private members and without key_hsm. It shares
// the bytes of the rest with j.
func (j JWK) Public() JWK {
	return JWK{KID: j.KID, Kty: j.Kty, KeyOps: j.KeyOps, N: j.N, E: j.E, Crv: j.Crv, X: j.X, Y: j.Y}
}

// clonePublic returns a public JWK that shares nothing with j.
func (j JWK) clonePublic() JWK {
	return JWK{
		KID: j.KID, Kty: j.Kty, KeyOps: slices.Clone(j.KeyOps),
		N: bytes.Clone(j.N), E: bytes.Clone(j.E),
		Crv: j.Crv, X: bytes.Clone(j.X), Y: bytes.Clone(j.Y),
	}
}

// String returns the JSON of the public part.
func (j JWK) String() string { return string(j.Public().AppendJSON(nil)) }

// GoString is String: no verb prints the private part.
func (j JWK) GoString() string { return j.String() }

// Format writes String for every verb.
func (j JWK) Format(f fmt.State, _ rune) { _, _ = f.Write(j.Public().AppendJSON(nil)) }

// LogValue logs the public part.
func (j JWK) LogValue() slog.Value { return slog.StringValue(j.String()) }
