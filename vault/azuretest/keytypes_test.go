package azuretest_test

import (
	"bytes"
	stdcrypto "crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"math/big"
	"slices"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	k1ecdsa "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	kwp "github.com/google/tink/go/kwp/subtle"

	"github.com/embedvault/embedvault/vault/azuretest"
)

// hardware runs a test with clients of what has hardware keys.
func hardware(t *testing.T, test func(*testing.T, *azkeys.Client)) {
	t.Run("premium vault", func(t *testing.T) { test(t, azuretest.Keys(t, newEnv(t, nil))) })
	t.Run("Managed HSM", func(t *testing.T) {
		_, keys := newHSM(t)
		test(t, keys)
	})
}

// newRSA makes a key RSA-HSM named rsa, and returns its public half.
func newRSA(t *testing.T, keys *azkeys.Client) *rsa.PublicKey {
	t.Helper()
	made := must[azkeys.CreateKeyResponse](t)(keys.CreateKey(t.Context(), "rsa", azkeys.CreateKeyParameters{Kty: to.Ptr(azkeys.KeyTypeRSAHSM)}, nil))
	return publicOf(made.Key)
}

func publicOf(k *azkeys.JSONWebKey) *rsa.PublicKey {
	return &rsa.PublicKey{N: new(big.Int).SetBytes(k.N), E: int(new(big.Int).SetBytes(k.E).Int64())}
}

// signedBy signs the digest of a message.
func signedBy(t *testing.T, keys *azkeys.Client, name string, alg azkeys.SignatureAlgorithm, hash stdcrypto.Hash) (digest, signature []byte) {
	t.Helper()
	h := hash.New()
	h.Write([]byte("message"))
	digest = h.Sum(nil)
	signed := must[azkeys.SignResponse](t)(keys.Sign(t.Context(), name, "", azkeys.SignParameters{Algorithm: &alg, Value: digest}, nil))
	return digest, signed.Result
}

// What a hardware key has signed verifies by the standard library, and the vault says the same.
func TestHardwareRSASigns(t *testing.T) {
	hardware(t, func(t *testing.T, keys *azkeys.Client) {
		public := newRSA(t, keys)
		pss := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		for alg, hash := range map[azkeys.SignatureAlgorithm]stdcrypto.Hash{
			azkeys.SignatureAlgorithmRS256: stdcrypto.SHA256, azkeys.SignatureAlgorithmRS384: stdcrypto.SHA384, azkeys.SignatureAlgorithmRS512: stdcrypto.SHA512,
			azkeys.SignatureAlgorithmPS256: stdcrypto.SHA256, azkeys.SignatureAlgorithmPS384: stdcrypto.SHA384, azkeys.SignatureAlgorithmPS512: stdcrypto.SHA512,
		} {
			digest, signature := signedBy(t, keys, "rsa", alg, hash)
			err := rsa.VerifyPKCS1v15(public, hash, digest, signature)
			if alg[0] == 'P' {
				err = rsa.VerifyPSS(public, hash, digest, signature, pss)
			}
			verified := must[azkeys.VerifyResponse](t)(keys.Verify(t.Context(), "rsa", "", azkeys.VerifyParameters{Algorithm: &alg, Digest: digest, Signature: signature}, nil))
			if err != nil || !*verified.Value {
				t.Errorf("%s: %v, and the vault says %t", alg, err, *verified.Value)
			}
		}
	})
}

// What the standard library has encrypted to a hardware key, the vault decrypts and unwraps.
func TestHardwareRSAOpens(t *testing.T) {
	hardware(t, func(t *testing.T, keys *azkeys.Client) {
		public, plain := newRSA(t, keys), []byte("closed elsewhere")
		for alg, closed := range map[azkeys.EncryptionAlgorithm][]byte{
			azkeys.EncryptionAlgorithmRSAOAEP:    must[[]byte](t)(rsa.EncryptOAEP(sha1.New(), rand.Reader, public, plain, nil)),
			azkeys.EncryptionAlgorithmRSAOAEP256: must[[]byte](t)(rsa.EncryptOAEP(sha256.New(), rand.Reader, public, plain, nil)),
			//lint:ignore SA1019 The service still takes it.
			azkeys.EncryptionAlgorithmRSA15: must[[]byte](t)(rsa.EncryptPKCS1v15(rand.Reader, public, plain)),
		} {
			params := azkeys.KeyOperationParameters{Algorithm: &alg, Value: closed}
			decrypted := must[azkeys.DecryptResponse](t)(keys.Decrypt(t.Context(), "rsa", "", params, nil))
			unwrapped := must[azkeys.UnwrapKeyResponse](t)(keys.UnwrapKey(t.Context(), "rsa", "", params, nil))
			if !bytes.Equal(decrypted.Result, plain) || !bytes.Equal(unwrapped.Result, plain) {
				t.Errorf("%s: decrypted to %q, unwrapped to %q", alg, decrypted.Result, unwrapped.Result)
			}
		}
	})
}

func TestHardwareECSigns(t *testing.T) {
	hardware(t, func(t *testing.T, keys *azkeys.Client) {
		for curve, c := range map[azkeys.CurveName]struct {
			alg  azkeys.SignatureAlgorithm
			hash stdcrypto.Hash
			nist elliptic.Curve // nil for P-256K
		}{
			azkeys.CurveNameP256:  {azkeys.SignatureAlgorithmES256, stdcrypto.SHA256, elliptic.P256()},
			azkeys.CurveNameP384:  {azkeys.SignatureAlgorithmES384, stdcrypto.SHA384, elliptic.P384()},
			azkeys.CurveNameP521:  {azkeys.SignatureAlgorithmES512, stdcrypto.SHA512, elliptic.P521()},
			azkeys.CurveNameP256K: {azkeys.SignatureAlgorithmES256K, stdcrypto.SHA256, nil},
		} {
			made := must[azkeys.CreateKeyResponse](t)(keys.CreateKey(t.Context(), string(curve), azkeys.CreateKeyParameters{Kty: to.Ptr(azkeys.KeyTypeECHSM), Curve: &curve}, nil))
			digest, signature := signedBy(t, keys, string(curve), c.alg, c.hash)
			point, r, s := slices.Concat([]byte{4}, made.Key.X, made.Key.Y), signature[:len(signature)/2], signature[len(signature)/2:]
			good := false
			if c.nist == nil {
				good = verifiesK1(t, point, digest, r, s)
			} else {
				public := must[*ecdsa.PublicKey](t)(ecdsa.ParseUncompressedPublicKey(c.nist, point))
				good = ecdsa.Verify(public, digest, new(big.Int).SetBytes(r), new(big.Int).SetBytes(s))
			}
			if !good {
				t.Errorf("%s: the signature does not verify", c.alg)
			}
		}
	})
}

func verifiesK1(t *testing.T, point, digest, r, s []byte) bool {
	t.Helper()
	public := must[*secp256k1.PublicKey](t)(secp256k1.ParsePubKey(point))
	var rn, sn secp256k1.ModNScalar
	rn.SetByteSlice(r)
	sn.SetByteSlice(s)
	return k1ecdsa.NewSignature(&rn, &sn).Verify(digest, public)
}

// A symmetric key that was brought to a Managed HSM does there what the same key does elsewhere.
func TestHSMImportedSymmetric(t *testing.T) {
	_, keys := newHSM(t)
	ctx, key, plain := t.Context(), bytes.Repeat([]byte("key "), 8), []byte("some bytes, not of whole blocks")
	must[azkeys.ImportKeyResponse](t)(keys.ImportKey(ctx, "aes", azkeys.ImportKeyParameters{Key: &azkeys.JSONWebKey{
		Kty: to.Ptr(azkeys.KeyTypeOctHSM), K: key, KeyOps: to.SliceOfPtrs(azkeys.KeyOperationEncrypt, azkeys.KeyOperationDecrypt,
			azkeys.KeyOperationWrapKey, azkeys.KeyOperationUnwrapKey, azkeys.KeyOperationSign, azkeys.KeyOperationVerify),
	}}, nil))
	gcm := must[cipher.AEAD](t)(cipher.NewGCM(must[cipher.Block](t)(aes.NewCipher(key))))
	a256gcm, aad := to.Ptr(azkeys.EncryptionAlgorithmA256GCM), []byte("with this")
	closed := must[azkeys.EncryptResponse](t)(keys.Encrypt(ctx, "aes", "", azkeys.KeyOperationParameters{Algorithm: a256gcm, Value: plain, AdditionalAuthenticatedData: aad}, nil))
	if opened, err := gcm.Open(nil, closed.IV, append(closed.Result, closed.AuthenticationTag...), aad); err != nil || !bytes.Equal(opened, plain) {
		t.Errorf("A256GCM opened elsewhere to %q, %v", opened, err)
	}
	nonce := []byte("twelve bytes")
	sealed := gcm.Seal(nil, nonce, plain, aad)
	opened := must[azkeys.DecryptResponse](t)(keys.Decrypt(ctx, "aes", "", azkeys.KeyOperationParameters{
		Algorithm: a256gcm, Value: sealed[:len(plain)], AuthenticationTag: sealed[len(plain):], IV: nonce, AdditionalAuthenticatedData: aad,
	}, nil))
	if !bytes.Equal(opened.Result, plain) {
		t.Errorf("A256GCM closed elsewhere opened to %q", opened.Result)
	}
	pad := must[*kwp.KWP](t)(kwp.NewKWP(key))
	wrapped := must[azkeys.WrapKeyResponse](t)(keys.WrapKey(ctx, "aes", "", azkeys.KeyOperationParameters{Algorithm: to.Ptr[azkeys.EncryptionAlgorithm]("CKM_AES_KEY_WRAP_PAD"), Value: plain}, nil))
	if unwrapped, err := pad.Unwrap(wrapped.Result); err != nil || !bytes.Equal(unwrapped, plain) {
		t.Errorf("unwrapped elsewhere to %q, %v", unwrapped, err)
	}
	for alg, of := range map[azkeys.SignatureAlgorithm]func() hash.Hash{
		azkeys.SignatureAlgorithmHS256: sha256.New, azkeys.SignatureAlgorithmHS384: sha512.New384, azkeys.SignatureAlgorithmHS512: sha512.New,
	} {
		mac := hmac.New(of, key)
		mac.Write(plain)
		signed := must[azkeys.SignResponse](t)(keys.Sign(ctx, "aes", "", azkeys.SignParameters{Algorithm: &alg, Value: plain}, nil))
		if !hmac.Equal(signed.Result, mac.Sum(nil)) {
			t.Errorf("%s: another MAC", alg)
		}
	}
}
