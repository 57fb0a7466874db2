package azuretest_test

import (
	"bytes"
	stdcrypto "crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
	kwp "github.com/google/tink/go/kwp/subtle"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault/azuretest"
)

// sdkPolicy is the release policy of the SDK's own tests.
const sdkPolicy = `{"anyOf":[{"allOf":[{"claim":"sdk-test","equals":"true"}],"authority":"https://attest.azurewebsites.net/"}],"version":"1.0.0"}`

// exportable is a key that is released by that policy.
func exportable(kty azkeys.KeyType) azkeys.CreateKeyParameters {
	return azkeys.CreateKeyParameters{
		Kty: to.Ptr(kty), KeyAttributes: &azkeys.KeyAttributes{Exportable: to.Ptr(true)},
		KeyOps:        []*azkeys.KeyOperation{to.Ptr(azkeys.KeyOperationEncrypt), to.Ptr(azkeys.KeyOperationDecrypt)},
		ReleasePolicy: &azkeys.KeyReleasePolicy{EncodedPolicy: []byte(sdkPolicy), Immutable: to.Ptr(true)},
	}
}

// testToken is a token of the attester, as the SDK's tests get it.
func testToken(t *testing.T, env *environment) string {
	t.Helper()
	client := &http.Client{Transport: env.Transport()}
	resp := must[*http.Response](t)(client.Get("https://attest.azurewebsites.net/generate-test-token"))
	defer resp.Body.Close()
	var body struct{ Token string }
	if err := json.Unmarshal(must[[]byte](t)(io.ReadAll(resp.Body)), &body); err != nil || body.Token == "" {
		t.Fatalf("%v: %s", err, resp.Status)
	}
	return body.Token
}

// checkRelease opens what was released, as the environment does: the service has signed it, it names the key, and the key
// in it decrypts what the vault has encrypted.
func checkRelease(t *testing.T, env *environment, keys *azkeys.Client, value string, kid azkeys.ID) {
	t.Helper()
	parts := strings.Split(value, ".")
	if len(parts) != 3 {
		t.Fatalf("released %q", value)
	}
	var payload struct {
		Request  struct{ Kid, Nonce string }
		Response struct {
			Key struct {
				Key struct {
					KeyHSM string `json:"key_hsm"`
				}
			}
		}
	}
	decode := base64.RawURLEncoding.DecodeString
	service, digest := must[*x509.Certificate](t)(env.svc.ReleaseCertificate()), sha256.Sum256([]byte(parts[0]+"."+parts[1]))
	if err := rsa.VerifyPKCS1v15(service.PublicKey.(*rsa.PublicKey), stdcrypto.SHA256, digest[:], must[[]byte](t)(decode(parts[2]))); err != nil {
		t.Errorf("the service has not signed: %v", err)
	}
	if err := json.Unmarshal(must[[]byte](t)(decode(parts[1])), &payload); err != nil {
		t.Fatal(err)
	}
	var wrapped struct{ Ciphertext string }
	if err := json.Unmarshal(must[[]byte](t)(decode(payload.Response.Key.Key.KeyHSM)), &wrapped); err != nil {
		t.Fatal(err)
	}
	key := must[*rsa.PrivateKey](t)(env.attestor.TestKey())
	ciphertext := must[[]byte](t)(decode(wrapped.Ciphertext))
	ephemeral := must[[]byte](t)(rsa.DecryptOAEP(sha1.New(), nil, key, ciphertext[:key.Size()], nil))
	if payload.Request.Kid != string(kid) || payload.Request.Nonce != "fresh" || len(ephemeral) != 32 {
		t.Errorf("released %+v", payload)
	}
	der := must[[]byte](t)(must[*kwp.KWP](t)(kwp.NewKWP(ephemeral)).Unwrap(ciphertext[key.Size():]))
	private := must[any](t)(x509.ParsePKCS8PrivateKey(der)).(*rsa.PrivateKey)
	secret := []byte("for the environment's eyes")
	closed := must[azkeys.EncryptResponse](t)(keys.Encrypt(t.Context(), kid.Name(), kid.Version(), azkeys.KeyOperationParameters{
		Algorithm: to.Ptr(azkeys.EncryptionAlgorithmRSAOAEP256), Value: secret,
	}, nil))
	if opened := must[[]byte](t)(rsa.DecryptOAEP(sha256.New(), nil, private, closed.Result, nil)); !bytes.Equal(opened, secret) {
		t.Errorf("opened to %q", opened)
	}
}

func TestPremiumVaultHardware(t *testing.T) {
	env := newEnv(t, nil)
	keys, ctx := azuretest.Keys(t, env), t.Context()
	made := must[azkeys.CreateKeyResponse](t)(keys.CreateKey(ctx, "rsa", azkeys.CreateKeyParameters{Kty: to.Ptr(azkeys.KeyTypeRSAHSM)}, nil))
	if *made.Key.Kty != azkeys.KeyTypeRSAHSM || *made.Attributes.HSMPlatform != "2" {
		t.Errorf("made %v on %v", *made.Key.Kty, *made.Attributes.HSMPlatform)
	}
	curve := must[azkeys.CreateKeyResponse](t)(keys.CreateKey(ctx, "ec", azkeys.CreateKeyParameters{
		Kty: to.Ptr(azkeys.KeyTypeECHSM), Curve: to.Ptr(azkeys.CurveNameP256K),
	}, nil))
	digest := bytes.Repeat([]byte{1}, 32)
	es256k := to.Ptr(azkeys.SignatureAlgorithmES256K)
	signed := must[azkeys.SignResponse](t)(keys.Sign(ctx, "ec", "", azkeys.SignParameters{Algorithm: es256k, Value: digest}, nil))
	verified := must[azkeys.VerifyResponse](t)(keys.Verify(ctx, "ec", curve.Key.KID.Version(), azkeys.VerifyParameters{Algorithm: es256k, Digest: digest, Signature: signed.Result}, nil))
	if !*verified.Value {
		t.Error("the signature does not verify")
	}
}

func TestRelease(t *testing.T) {
	env := newEnv(t, nil)
	keys, ctx := azuretest.Keys(t, env), t.Context()
	made := must[azkeys.CreateKeyResponse](t)(keys.CreateKey(ctx, "out", exportable(azkeys.KeyTypeRSAHSM), nil))
	if !*made.Attributes.Exportable || !*made.ReleasePolicy.Immutable {
		t.Errorf("made %+v", made.ReleasePolicy)
	}
	params := azkeys.ReleaseParameters{TargetAttestationToken: to.Ptr(testToken(t, env)), Nonce: to.Ptr("fresh"), Algorithm: to.Ptr(azkeys.KeyEncryptionAlgorithmCKMRSAAESKEYWRAP)}
	released := must[azkeys.ReleaseResponse](t)(keys.Release(ctx, "out", "", params, nil))
	checkRelease(t, env, keys, *released.Value, *made.Key.KID)
	params.TargetAttestationToken = to.Ptr("no token")
	_, err := keys.Release(ctx, "out", "", params, nil)
	wants(t, err, 403, errs.AccessDenied)
	_, err = keys.UpdateKey(ctx, "out", "", azkeys.UpdateKeyParameters{ReleasePolicy: &azkeys.KeyReleasePolicy{
		EncodedPolicy: []byte(strings.Replace(sdkPolicy, "true", "false", 1)),
	}}, nil)
	wants(t, err, 400, errs.BadParameter)
}
