package azuretest_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"slices"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/azuretest"
)

// newHSM makes an environment with an active Managed HSM, and a client for it.
func newHSM(t *testing.T) (*environment, *azkeys.Client) {
	t.Helper()
	env := newEnv(t, nil)
	h := must[*vault.ManagedHSM](t)(env.svc.CreateManagedHSM(t.Context(), "fortress", nil))
	if err := h.Activate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return env, azuretest.Keys(t, env, azuretest.On(h))
}

func TestHSMKeyTypes(t *testing.T) {
	_, keys := newHSM(t)
	for kty, want := range map[azkeys.KeyType]azkeys.KeyType{
		azkeys.KeyTypeRSA: azkeys.KeyTypeRSAHSM, azkeys.KeyTypeRSAHSM: azkeys.KeyTypeRSAHSM,
		azkeys.KeyTypeEC: azkeys.KeyTypeECHSM, azkeys.KeyTypeOct: azkeys.KeyTypeOctHSM, azkeys.KeyTypeOctHSM: azkeys.KeyTypeOctHSM,
	} {
		made := must[azkeys.CreateKeyResponse](t)(keys.CreateKey(t.Context(), "k-"+string(kty), azkeys.CreateKeyParameters{Kty: to.Ptr(kty)}, nil))
		if *made.Key.Kty != want {
			t.Errorf("%s was made as %s", kty, *made.Key.Kty)
		}
		if host := "fortress.managedhsm.azure.net"; made.Key.KID.Name() != "k-"+string(kty) || !bytes.Contains([]byte(*made.Key.KID), []byte(host)) {
			t.Errorf("kid %s", *made.Key.KID)
		}
	}
	private := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	d, public := must[[]byte](t)(private.Bytes()), must[[]byte](t)(private.PublicKey.Bytes())
	imported := must[azkeys.ImportKeyResponse](t)(keys.ImportKey(t.Context(), "mine", azkeys.ImportKeyParameters{Key: &azkeys.JSONWebKey{
		Kty: to.Ptr(azkeys.KeyTypeEC), Crv: to.Ptr(azkeys.CurveNameP256), D: d, X: public[1:33], Y: public[33:],
	}}, nil))
	if *imported.Key.Kty != azkeys.KeyTypeECHSM {
		t.Errorf("imported as %s", *imported.Key.Kty)
	}
	_, err := keys.ImportKey(t.Context(), "none", azkeys.ImportKeyParameters{Key: &azkeys.JSONWebKey{}}, nil)
	wants(t, err, 400, errs.BadParameter)
}

func TestHSMSymmetric(t *testing.T) {
	_, keys := newHSM(t)
	ctx, plain := t.Context(), bytes.Repeat([]byte("sixteen bytes..."), 2)
	must[azkeys.CreateKeyResponse](t)(keys.CreateKey(ctx, "aes", azkeys.CreateKeyParameters{
		Kty: to.Ptr(azkeys.KeyTypeOctHSM), KeySize: to.Ptr(int32(256)), KeyOps: to.SliceOfPtrs(azkeys.KeyOperationEncrypt,
			azkeys.KeyOperationDecrypt, azkeys.KeyOperationWrapKey, azkeys.KeyOperationUnwrapKey, azkeys.KeyOperationSign, azkeys.KeyOperationVerify),
	}, nil))
	for alg, in := range map[azkeys.EncryptionAlgorithm]azkeys.KeyOperationParameters{
		azkeys.EncryptionAlgorithmA256GCM:    {AdditionalAuthenticatedData: []byte("with this")},
		azkeys.EncryptionAlgorithmA256CBC:    {IV: bytes.Repeat([]byte{7}, 16)},
		azkeys.EncryptionAlgorithmA256CBCPAD: {IV: bytes.Repeat([]byte{7}, 16)},
	} {
		in.Algorithm, in.Value = to.Ptr(alg), plain
		closed := must[azkeys.EncryptResponse](t)(keys.Encrypt(ctx, "aes", "", in, nil))
		opened := must[azkeys.DecryptResponse](t)(keys.Decrypt(ctx, "aes", "", azkeys.KeyOperationParameters{
			Algorithm: to.Ptr(alg), Value: closed.Result, IV: closed.IV, AuthenticationTag: closed.AuthenticationTag, AdditionalAuthenticatedData: closed.AdditionalAuthenticatedData,
		}, nil))
		if !bytes.Equal(opened.Result, plain) {
			t.Errorf("%s opened to %q", alg, opened.Result)
		}
	}
	for _, alg := range []azkeys.EncryptionAlgorithm{azkeys.EncryptionAlgorithmA256KW, "CKM_AES_KEY_WRAP_PAD"} {
		wrapped := must[azkeys.WrapKeyResponse](t)(keys.WrapKey(ctx, "aes", "", azkeys.KeyOperationParameters{Algorithm: to.Ptr(alg), Value: plain}, nil))
		opened := must[azkeys.UnwrapKeyResponse](t)(keys.UnwrapKey(ctx, "aes", "", azkeys.KeyOperationParameters{Algorithm: to.Ptr(alg), Value: wrapped.Result}, nil))
		if !bytes.Equal(opened.Result, plain) {
			t.Errorf("%s opened to %x", alg, opened.Result)
		}
	}
	hs256 := to.Ptr(azkeys.SignatureAlgorithmHS256)
	mac := must[azkeys.SignResponse](t)(keys.Sign(ctx, "aes", "", azkeys.SignParameters{Algorithm: hs256, Value: plain}, nil))
	verified := must[azkeys.VerifyResponse](t)(keys.Verify(ctx, "aes", "", azkeys.VerifyParameters{Algorithm: hs256, Digest: plain, Signature: mac.Result}, nil))
	if !*verified.Value || len(mac.Result) != 32 {
		t.Errorf("a MAC of %d bytes", len(mac.Result))
	}
}

// What administers a Managed HSM, such as a client of azadmin, is a pipeline with the same options.
func TestHSMAdministration(t *testing.T) {
	env, _ := newHSM(t)
	options := azuretest.ClientOptions(env, azuretest.As(vault.Owner()))
	auth := runtime.NewBearerTokenPolicy(azuretest.Credential(), []string{"https://managedhsm.azure.net/.default"}, nil)
	pipeline := runtime.NewPipeline("admin", "v1", runtime.PipelineOptions{PerRetry: []policy.Policy{auth}}, &options)
	for _, path := range []string{"/settings", "/providers/Microsoft.Authorization/roleAssignments", "/securitydomain/upload"} {
		r := must[*policy.Request](t)(runtime.NewRequest(t.Context(), http.MethodGet, "https://fortress.managedhsm.azure.net"+path+"?api-version=7.5"))
		if resp := must[*http.Response](t)(pipeline.Do(r)); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %v", path, azuretest.Err(runtime.NewResponseError(resp)))
		}
	}
}

func TestHSMRandomBytes(t *testing.T) {
	_, keys := newHSM(t)
	ask := func() []byte {
		return must[azkeys.GetRandomBytesResponse](t)(keys.GetRandomBytes(t.Context(), azkeys.GetRandomBytesParameters{Count: to.Ptr(int32(100))}, nil)).Value
	}
	first, second := ask(), ask()
	if len(first) != 100 || bytes.Equal(first, second) || bytes.Count(first, []byte{0}) > 50 {
		t.Errorf("%x, then %x", first, second)
	}
	for _, n := range []int32{0, 129, -1} {
		_, err := keys.GetRandomBytes(t.Context(), azkeys.GetRandomBytesParameters{Count: to.Ptr(n)}, nil)
		wants(t, err, 400, errs.BadParameter)
	}
}

func TestHSMRotation(t *testing.T) {
	_, keys := newHSM(t)
	ctx := t.Context()
	first := must[azkeys.CreateKeyResponse](t)(keys.CreateKey(ctx, "turning", azkeys.CreateKeyParameters{Kty: to.Ptr(azkeys.KeyTypeECHSM)}, nil))
	_, err := keys.RotateKey(ctx, "turning", nil)
	wants(t, err, 400, errs.BadParameter) // a policy must be there first
	set := azkeys.KeyRotationPolicy{
		Attributes: &azkeys.KeyRotationPolicyAttributes{ExpiryTime: to.Ptr("P90D")},
		LifetimeActions: []*azkeys.LifetimeAction{{
			Action:  &azkeys.LifetimeActionType{Type: to.Ptr(azkeys.KeyRotationPolicyActionRotate)},
			Trigger: &azkeys.LifetimeActionTrigger{TimeAfterCreate: to.Ptr("P30D")},
		}},
	}
	kept := must[azkeys.UpdateKeyRotationPolicyResponse](t)(keys.UpdateKeyRotationPolicy(ctx, "turning", set, nil))
	if *kept.ID != "keys/turning/rotationpolicy" || len(kept.LifetimeActions) != 1 || *kept.LifetimeActions[0].Action.Type != "rotate" {
		t.Errorf("kept %s with %d actions, the first %s", *kept.ID, len(kept.LifetimeActions), *kept.LifetimeActions[0].Action.Type)
	}
	second := must[azkeys.RotateKeyResponse](t)(keys.RotateKey(ctx, "turning", nil))
	if *second.Key.KID == *first.Key.KID || second.Attributes.Expires == nil {
		t.Errorf("rotated to %v, which expires %v", *second.Key.KID, second.Attributes.Expires)
	}
	set.LifetimeActions[0].Trigger.TimeAfterCreate = to.Ptr("P7D")
	_, err = keys.UpdateKeyRotationPolicy(ctx, "turning", set, nil)
	wants(t, err, 400, errs.BadParameter)
}

func TestHSMReleaseAndBackup(t *testing.T) {
	env, keys := newHSM(t)
	ctx := t.Context()
	made := must[azkeys.CreateKeyResponse](t)(keys.CreateKey(ctx, "out", exportable(azkeys.KeyTypeRSA), nil))
	released := must[azkeys.ReleaseResponse](t)(keys.Release(ctx, "out", "", azkeys.ReleaseParameters{
		TargetAttestationToken: to.Ptr(testToken(t, env)), Nonce: to.Ptr("fresh"),
	}, nil))
	checkRelease(t, env, keys, *released.Value, *made.Key.KID)
	backup := must[azkeys.BackupKeyResponse](t)(keys.BackupKey(ctx, "out", nil))
	must[azkeys.DeleteKeyResponse](t)(keys.DeleteKey(ctx, "out", nil))
	must[azkeys.PurgeDeletedKeyResponse](t)(keys.PurgeDeletedKey(ctx, "out", nil))
	restored := must[azkeys.RestoreKeyResponse](t)(keys.RestoreKey(ctx, azkeys.RestoreKeyParameters{KeyBackup: backup.Value}, nil))
	if *restored.Key.KID != *made.Key.KID || !slices.Equal(restored.Key.N, made.Key.N) || !*restored.Attributes.Exportable {
		t.Errorf("restored %+v", restored.Key)
	}
	_, err := keys.RestoreKey(ctx, azkeys.RestoreKeyParameters{KeyBackup: []byte("doesnotexist")}, nil)
	wants(t, err, 400, errs.MalformedBackupBlob)
	_, err = keys.GetKey(ctx, "absent", "", nil)
	wants(t, err, 404, errs.KeyNotFound)
}

func TestHSMAttestation(t *testing.T) {
	_, keys := newHSM(t)
	must[azkeys.CreateKeyResponse](t)(keys.CreateKey(t.Context(), "k", azkeys.CreateKeyParameters{Kty: to.Ptr(azkeys.KeyTypeECHSM)}, nil))
	got := must[azkeys.GetKeyAttestationResponse](t)(keys.GetKeyAttestation(t.Context(), "k", "", nil))
	if a := got.Attributes.Attestation; a == nil || len(a.CertificatePEMFile) == 0 || len(a.PrivateKeyAttestation) == 0 || len(a.PublicKeyAttestation) == 0 {
		t.Errorf("attested %+v", got.Attributes.Attestation)
	}
}
