package hsm

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"math/big"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/primitive"
)

// material is a key that is open: an *rsa.PrivateKey, *primitive.EC or
// *primitive.AES.
type material any

// errMaterial is the answer to a key asked for what its type does not compute,
// which the caller has checked.
var errMaterial = errors.New("hsm: the key does not compute this")

const defaultExponent = 65537

// generate makes the key of a normalized spec.
func generate(s crypto.Spec) (material, error) {
	switch s.Type {
	case crypto.KeyTypeRSAHSM:
		return primitive.GenerateRSA(s.Size, s.PublicExponent)
	case crypto.KeyTypeECHSM:
		return primitive.GenerateEC(primitive.Curve(s.Curve))
	}
	return primitive.GenerateAES(s.Size)
}

// fromJWK returns the private key of a JWK, software or -HSM.
func fromJWK(j crypto.JWK) (material, error) {
	switch j.Kty.Base() {
	case crypto.KeyTypeRSA:
		return primitive.NewRSA(primitive.RSANumbers{N: j.N, E: j.E, D: j.D, P: j.P, Q: j.Q, DP: j.DP, DQ: j.DQ, QI: j.QI})
	case crypto.KeyTypeEC:
		return primitive.NewECPair(primitive.Curve(j.Crv), j.D, j.X, j.Y)
	case crypto.KeyTypeOct:
		return primitive.NewAES(j.K)
	}
	return nil, primitive.ErrKey
}

// describe returns spec and public part of a key.
func describe(m material) (crypto.Spec, crypto.JWK) {
	switch k := m.(type) {
	case *rsa.PrivateKey:
		s := crypto.Spec{Type: crypto.KeyTypeRSAHSM, Size: k.N.BitLen(), PublicExponent: k.E}
		return s, crypto.JWK{Kty: s.Type, N: k.N.Bytes(), E: big.NewInt(int64(k.E)).Bytes()}
	case *primitive.EC:
		s := crypto.Spec{Type: crypto.KeyTypeECHSM, Curve: crypto.Curve(k.Curve())}
		x, y := k.Point()
		return s, crypto.JWK{Kty: s.Type, Crv: s.Curve, X: x, Y: y}
	case *primitive.AES:
		s := crypto.Spec{Type: crypto.KeyTypeOctHSM, Size: k.Bits()}
		return s, crypto.JWK{Kty: s.Type}
	}
	return crypto.Spec{}, crypto.JWK{}
}

// wipe overwrites what of a key can be reached. What the standard library
// makes of it is out of reach and left to the garbage collector.
func wipe(m material) {
	switch k := m.(type) {
	case *rsa.PrivateKey:
		primitive.WipeRSA(k)
	case *primitive.EC:
		k.Wipe()
	case *primitive.AES:
		k.Wipe()
	}
}

// sign computes the signature or MAC of a row that is the key's own.
func sign(m material, row *crypto.Info, digest []byte) ([]byte, error) {
	switch k := m.(type) {
	case *rsa.PrivateKey:
		if row.Mechanism == crypto.PSS {
			return primitive.SignPSS(k, row.Hash, digest)
		}
		return rsa.SignPKCS1v15(nil, k, row.Hash, digest)
	case *primitive.EC:
		return k.Sign(digest)
	case *primitive.AES:
		return k.MAC(row.Hash, digest), nil
	}
	return nil, errMaterial
}

// encrypt encrypts or wraps by a row that is the key's own.
func encrypt(m material, row *crypto.Info, plaintext []byte, p crypto.Params) (r crypto.Result, err error) {
	k, ok := m.(*primitive.AES)
	if !ok {
		return crypto.Result{}, errMaterial
	}
	switch row.Mechanism {
	case crypto.AESGCM:
		r.AAD = p.AAD
		r.IV, r.Value, r.Tag = k.Seal(plaintext, p.AAD)
		return r, nil
	case crypto.AESCBC:
		r.IV = bytes.Clone(p.IV)
		r.Value, err = k.EncryptCBC(p.IV, plaintext)
	case crypto.AESCBCPad:
		r.IV = bytes.Clone(p.IV)
		r.Value, err = k.EncryptCBCPad(p.IV, plaintext)
	case crypto.AESKeyWrap:
		r.Value, err = k.Wrap(plaintext)
	case crypto.AESKeyWrapPad:
		r.Value, err = k.WrapPad(plaintext)
	default:
		err = errMaterial
	}
	if err != nil {
		return crypto.Result{}, err
	}
	return r, nil
}

// decrypt decrypts or unwraps by a row that is the key's own. What does not
// open has the service's one answer.
func decrypt(m material, row *crypto.Info, ciphertext []byte, p crypto.Params) ([]byte, error) {
	plaintext, err := decryptRow(m, row, ciphertext, p)
	if errors.Is(err, primitive.ErrOpen) {
		return nil, errs.NewParameterIncorrect()
	}
	return plaintext, err
}

func decryptRow(m material, row *crypto.Info, ciphertext []byte, p crypto.Params) ([]byte, error) {
	switch k := m.(type) {
	case *rsa.PrivateKey:
		if row.Mechanism == crypto.OAEP {
			return primitive.DecryptOAEP(k, row.Hash, ciphertext)
		}
		return primitive.DecryptPKCS1v15(k, ciphertext)
	case *primitive.AES:
		switch row.Mechanism {
		case crypto.AESGCM:
			return k.Open(p.IV, ciphertext, p.Tag, p.AAD)
		case crypto.AESCBC:
			return k.DecryptCBC(p.IV, ciphertext)
		case crypto.AESCBCPad:
			return k.DecryptCBCPad(p.IV, ciphertext)
		case crypto.AESKeyWrap:
			return k.Unwrap(ciphertext)
		case crypto.AESKeyWrapPad:
			return k.UnwrapPad(ciphertext)
		}
	}
	return nil, errMaterial
}
