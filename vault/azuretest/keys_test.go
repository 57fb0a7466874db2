package azuretest_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault/azuretest"
)

func ecKey() azkeys.CreateKeyParameters {
	return azkeys.CreateKeyParameters{Kty: to.Ptr(azkeys.KeyTypeEC)}
}

func TestCreateGetUpdateKey(t *testing.T) {
	keys, ctx := azuretest.Keys(t, newEnv(t, nil)), t.Context()
	expires := time.Now().Add(time.Hour).Truncate(time.Second).UTC()
	created := must[azkeys.CreateKeyResponse](t)(keys.CreateKey(ctx, "app", azkeys.CreateKeyParameters{
		Kty: to.Ptr(azkeys.KeyTypeRSA), KeySize: to.Ptr[int32](2048),
		KeyOps:        []*azkeys.KeyOperation{to.Ptr(azkeys.KeyOperationSign), to.Ptr(azkeys.KeyOperationVerify)},
		KeyAttributes: &azkeys.KeyAttributes{Expires: &expires},
		Tags:          map[string]*string{"team": to.Ptr("blue")},
	}, nil))
	if created.Key.KID.Name() != "app" || len(created.Key.KID.Version()) != 32 || len(created.Key.N) != 256 {
		t.Errorf("created %v with a modulus of %d bytes", *created.Key.KID, len(created.Key.N))
	}
	if !created.Attributes.Expires.Equal(expires) || *created.Tags["team"] != "blue" || len(created.Key.KeyOps) != 2 {
		t.Errorf("attributes, tags or operations are lost: %+v", created.KeyBundle)
	}
	if *created.Attributes.Exportable || *created.Attributes.HSMPlatform != "0" || *created.Attributes.RecoverableDays != 90 {
		t.Errorf("attributes %+v", created.Attributes)
	}
	for _, version := range []string{"", created.Key.KID.Version()} {
		got := must[azkeys.GetKeyResponse](t)(keys.GetKey(ctx, "APP", version, nil))
		if *got.Key.KID != *created.Key.KID || !bytes.Equal(got.Key.N, created.Key.N) {
			t.Errorf("GetKey of version %q: %v", version, *got.Key.KID)
		}
	}
	updated := must[azkeys.UpdateKeyResponse](t)(keys.UpdateKey(ctx, "app", "", azkeys.UpdateKeyParameters{
		KeyAttributes: &azkeys.KeyAttributes{Enabled: to.Ptr(false)}, Tags: map[string]*string{"team": to.Ptr("red")},
	}, nil))
	if *updated.Attributes.Enabled || !updated.Attributes.Expires.Equal(expires) || *updated.Tags["team"] != "red" {
		t.Errorf("updated to %+v", updated.KeyBundle)
	}
}

func TestKeyTypes(t *testing.T) {
	keys, ctx := azuretest.Keys(t, newEnv(t, nil)), t.Context()
	for curve, size := range map[azkeys.CurveName]int{
		azkeys.CurveNameP256: 32, azkeys.CurveNameP256K: 32, azkeys.CurveNameP384: 48, azkeys.CurveNameP521: 66,
	} {
		k := must[azkeys.CreateKeyResponse](t)(keys.CreateKey(ctx, string(curve), azkeys.CreateKeyParameters{Kty: to.Ptr(azkeys.KeyTypeEC), Curve: to.Ptr(curve)}, nil))
		if *k.Key.Crv != curve || len(k.Key.X) != size || len(k.Key.Y) != size {
			t.Errorf("%s: curve %s, coordinates of %d and %d bytes", curve, *k.Key.Crv, len(k.Key.X), len(k.Key.Y))
		}
	}
	_, err := keys.CreateKey(ctx, "none", azkeys.CreateKeyParameters{}, nil)
	wants(t, err, 400, errs.BadParameter)
}

func TestSignAndVerify(t *testing.T) {
	keys, ctx := azuretest.Keys(t, newEnv(t, nil)), t.Context()
	must[azkeys.CreateKeyResponse](t)(keys.CreateKey(ctx, "ec", ecKey(), nil))
	digest := sha256.Sum256([]byte("message"))
	signed := must[azkeys.SignResponse](t)(keys.Sign(ctx, "ec", "", azkeys.SignParameters{Algorithm: to.Ptr(azkeys.SignatureAlgorithmES256), Value: digest[:]}, nil))
	verify := func(signature []byte) bool {
		r := must[azkeys.VerifyResponse](t)(keys.Verify(ctx, "ec", signed.KID.Version(), azkeys.VerifyParameters{
			Algorithm: to.Ptr(azkeys.SignatureAlgorithmES256), Digest: digest[:], Signature: signature,
		}, nil))
		return *r.Value
	}
	if !verify(signed.Result) {
		t.Error("the signature does not verify")
	}
	if signed.Result[0] ^= 1; verify(signed.Result) {
		t.Error("another signature verifies")
	}
}

func TestEncryptAndWrap(t *testing.T) {
	keys, ctx := azuretest.Keys(t, newEnv(t, nil)), t.Context()
	must[azkeys.CreateKeyResponse](t)(keys.CreateKey(ctx, "rsa", azkeys.CreateKeyParameters{Kty: to.Ptr(azkeys.KeyTypeRSA)}, nil))
	params := azkeys.KeyOperationParameters{Algorithm: to.Ptr(azkeys.EncryptionAlgorithmRSAOAEP256), Value: []byte("secret")}
	for name, pair := range map[string][2]func() ([]byte, error){
		"encrypt": {
			func() ([]byte, error) { r, err := keys.Encrypt(ctx, "rsa", "", params, nil); return r.Result, err },
			func() ([]byte, error) { r, err := keys.Decrypt(ctx, "rsa", "", params, nil); return r.Result, err },
		},
		"wrap": {
			func() ([]byte, error) { r, err := keys.WrapKey(ctx, "rsa", "", params, nil); return r.Result, err },
			func() ([]byte, error) { r, err := keys.UnwrapKey(ctx, "rsa", "", params, nil); return r.Result, err },
		},
	} {
		t.Run(name, func(t *testing.T) {
			params.Value = []byte("secret")
			params.Value = must[[]byte](t)(pair[0]())
			if plain := must[[]byte](t)(pair[1]()); string(plain) != "secret" {
				t.Errorf("came back as %q", plain)
			}
		})
	}
}

func TestImportKey(t *testing.T) {
	keys, ctx := azuretest.Keys(t, newEnv(t, nil)), t.Context()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d, err := private.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	public, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	imported := must[azkeys.ImportKeyResponse](t)(keys.ImportKey(ctx, "mine", azkeys.ImportKeyParameters{Key: &azkeys.JSONWebKey{
		Kty: to.Ptr(azkeys.KeyTypeEC), Crv: to.Ptr(azkeys.CurveNameP256), D: d, X: public[1:33], Y: public[33:],
	}}, nil))
	if !bytes.Equal(imported.Key.X, public[1:33]) || imported.Key.D != nil {
		t.Errorf("imported %+v", imported.Key)
	}
	digest := sha256.Sum256(nil)
	signed := must[azkeys.SignResponse](t)(keys.Sign(ctx, "mine", "", azkeys.SignParameters{Algorithm: to.Ptr(azkeys.SignatureAlgorithmES256), Value: digest[:]}, nil))
	if half := len(signed.Result) / 2; half != 32 {
		t.Errorf("a signature of %d bytes", len(signed.Result))
	}
	_, err = keys.ImportKey(ctx, "mine", azkeys.ImportKeyParameters{Key: &azkeys.JSONWebKey{}}, nil)
	wants(t, err, 400, errs.BadParameter)
}

func TestKeySoftDelete(t *testing.T) {
	keys, ctx := azuretest.Keys(t, newEnv(t, nil)), t.Context()
	created := must[azkeys.CreateKeyResponse](t)(keys.CreateKey(ctx, "gone", ecKey(), nil))
	deleted := must[azkeys.DeleteKeyResponse](t)(keys.DeleteKey(ctx, "gone", nil))
	if *deleted.RecoveryID != "https://contoso.vault.azure.net/deletedkeys/gone" || deleted.ScheduledPurgeDate.Sub(*deleted.DeletedDate) != 90*24*time.Hour {
		t.Errorf("deleted %+v", deleted.DeletedKey)
	}
	_, err := keys.GetKey(ctx, "gone", "", nil)
	wants(t, err, 404, errs.KeyNotFound)
	_, err = keys.CreateKey(ctx, "gone", ecKey(), nil)
	wants(t, err, 409, errs.ObjectIsDeletedButRecoverable)
	must[azkeys.GetDeletedKeyResponse](t)(keys.GetDeletedKey(ctx, "gone", nil))
	recovered := must[azkeys.RecoverDeletedKeyResponse](t)(keys.RecoverDeletedKey(ctx, "gone", nil))
	if *recovered.Key.KID != *created.Key.KID {
		t.Errorf("recovered %v, want %v", *recovered.Key.KID, *created.Key.KID)
	}
	_, err = keys.PurgeDeletedKey(ctx, "gone", nil)
	wants(t, err, 400, errs.ObjectMustBeDeletedPriorToBeingPurged)
	must[azkeys.DeleteKeyResponse](t)(keys.DeleteKey(ctx, "gone", nil))
	must[azkeys.PurgeDeletedKeyResponse](t)(keys.PurgeDeletedKey(ctx, "gone", nil))
	_, err = keys.GetDeletedKey(ctx, "gone", nil)
	wants(t, err, 404, errs.KeyNotFound)
}

func TestKeyBackup(t *testing.T) {
	keys, ctx := azuretest.Keys(t, newEnv(t, nil)), t.Context()
	created := must[azkeys.CreateKeyResponse](t)(keys.CreateKey(ctx, "kept", ecKey(), nil))
	backup := must[azkeys.BackupKeyResponse](t)(keys.BackupKey(ctx, "kept", nil))
	_, err := keys.RestoreKey(ctx, azkeys.RestoreKeyParameters{KeyBackup: backup.Value}, nil)
	wants(t, err, 409, errs.Conflict)
	must[azkeys.DeleteKeyResponse](t)(keys.DeleteKey(ctx, "kept", nil))
	must[azkeys.PurgeDeletedKeyResponse](t)(keys.PurgeDeletedKey(ctx, "kept", nil))
	restored := must[azkeys.RestoreKeyResponse](t)(keys.RestoreKey(ctx, azkeys.RestoreKeyParameters{KeyBackup: backup.Value}, nil))
	if *restored.Key.KID != *created.Key.KID {
		t.Errorf("restored %v, want %v", *restored.Key.KID, *created.Key.KID)
	}
	_, err = keys.RestoreKey(ctx, azkeys.RestoreKeyParameters{KeyBackup: []byte("doesnotexist")}, nil)
	wants(t, err, 400, errs.MalformedBackupBlob)
}

func TestKeyRotation(t *testing.T) {
	keys, ctx := azuretest.Keys(t, newEnv(t, nil)), t.Context()
	first := must[azkeys.CreateKeyResponse](t)(keys.CreateKey(ctx, "turning", ecKey(), nil))
	policy := must[azkeys.UpdateKeyRotationPolicyResponse](t)(keys.UpdateKeyRotationPolicy(ctx, "turning", azkeys.KeyRotationPolicy{
		Attributes: &azkeys.KeyRotationPolicyAttributes{ExpiryTime: to.Ptr("P90D")},
		LifetimeActions: []*azkeys.LifetimeAction{{
			Action:  &azkeys.LifetimeActionType{Type: to.Ptr(azkeys.KeyRotationPolicyActionRotate)},
			Trigger: &azkeys.LifetimeActionTrigger{TimeBeforeExpiry: to.Ptr("P30D")},
		}},
	}, nil))
	if *policy.ID != "https://contoso.vault.azure.net/keys/turning/rotationpolicy" || len(policy.LifetimeActions) != 2 {
		t.Errorf("policy %+v", policy.KeyRotationPolicy)
	}
	got := must[azkeys.GetKeyRotationPolicyResponse](t)(keys.GetKeyRotationPolicy(ctx, "turning", nil))
	if *got.Attributes.ExpiryTime != "P90D" {
		t.Errorf("expiryTime %q", *got.Attributes.ExpiryTime)
	}
	second := must[azkeys.RotateKeyResponse](t)(keys.RotateKey(ctx, "turning", nil))
	if *second.Key.KID == *first.Key.KID || second.Attributes.Expires == nil {
		t.Errorf("rotated to %v, which expires %v", *second.Key.KID, second.Attributes.Expires)
	}
}

func TestKeyPagers(t *testing.T) {
	keys, ctx := azuretest.Keys(t, newEnv(t, nil)), t.Context()
	var want []string
	for i := range 60 {
		name := fmt.Sprintf("key-%02d", i)
		want = append(want, name)
		must[azkeys.CreateKeyResponse](t)(keys.CreateKey(ctx, name, ecKey(), nil))
	}
	list := func() (names []string, pages int) {
		for pager := keys.NewListKeyPropertiesPager(nil); pager.More(); pages++ {
			for _, k := range must[azkeys.ListKeyPropertiesResponse](t)(pager.NextPage(ctx)).Value {
				names = append(names, k.KID.Name())
			}
		}
		return names, pages
	}
	if names, pages := list(); !slices.Equal(names, want) || pages != 3 {
		t.Errorf("%d keys on %d pages", len(names), pages)
	}
	for range 59 {
		must[azkeys.CreateKeyResponse](t)(keys.CreateKey(ctx, "key-00", ecKey(), nil))
	}
	versions := map[string]bool{}
	for pager := keys.NewListKeyPropertiesVersionsPager("key-00", nil); pager.More(); {
		for _, k := range must[azkeys.ListKeyPropertiesVersionsResponse](t)(pager.NextPage(ctx)).Value {
			versions[k.KID.Version()] = true
		}
	}
	if len(versions) != 60 {
		t.Errorf("%d versions", len(versions))
	}
	for _, name := range want {
		must[azkeys.DeleteKeyResponse](t)(keys.DeleteKey(ctx, name, nil))
	}
	var deleted []string
	for pager := keys.NewListDeletedKeyPropertiesPager(nil); pager.More(); {
		for _, k := range must[azkeys.ListDeletedKeyPropertiesResponse](t)(pager.NextPage(ctx)).Value {
			deleted = append(deleted, k.KID.Name())
		}
	}
	if !slices.Equal(deleted, want) {
		t.Errorf("%d deleted keys", len(deleted))
	}
}

// TestAbsentKey asks every method for a key that does not exist.
func TestAbsentKey(t *testing.T) {
	keys := azuretest.Keys(t, newEnv(t, nil))
	alg, sig := to.Ptr(azkeys.EncryptionAlgorithmRSAOAEP256), to.Ptr(azkeys.SignatureAlgorithmRS256)
	use := azkeys.KeyOperationParameters{Algorithm: alg, Value: []byte("x")}
	for name, request := range map[string]func(context.Context) error{
		"backup":  func(ctx context.Context) error { _, err := keys.BackupKey(ctx, "no", nil); return err },
		"decrypt": func(ctx context.Context) error { _, err := keys.Decrypt(ctx, "no", "", use, nil); return err },
		"delete":  func(ctx context.Context) error { _, err := keys.DeleteKey(ctx, "no", nil); return err },
		"encrypt": func(ctx context.Context) error { _, err := keys.Encrypt(ctx, "no", "", use, nil); return err },
		"get":     func(ctx context.Context) error { _, err := keys.GetKey(ctx, "no", "", nil); return err },
		"deleted": func(ctx context.Context) error { _, err := keys.GetDeletedKey(ctx, "no", nil); return err },
		"policy":  func(ctx context.Context) error { _, err := keys.GetKeyRotationPolicy(ctx, "no", nil); return err },
		"purge":   func(ctx context.Context) error { _, err := keys.PurgeDeletedKey(ctx, "no", nil); return err },
		"recover": func(ctx context.Context) error { _, err := keys.RecoverDeletedKey(ctx, "no", nil); return err },
		"rotate":  func(ctx context.Context) error { _, err := keys.RotateKey(ctx, "no", nil); return err },
		"sign": func(ctx context.Context) error {
			_, err := keys.Sign(ctx, "no", "", azkeys.SignParameters{Algorithm: sig, Value: make([]byte, 32)}, nil)
			return err
		},
		"unwrap": func(ctx context.Context) error { _, err := keys.UnwrapKey(ctx, "no", "", use, nil); return err },
		"update": func(ctx context.Context) error {
			_, err := keys.UpdateKey(ctx, "no", "", azkeys.UpdateKeyParameters{}, nil)
			return err
		},
		"verify": func(ctx context.Context) error {
			_, err := keys.Verify(ctx, "no", "", azkeys.VerifyParameters{Algorithm: sig, Digest: make([]byte, 32), Signature: []byte("x")}, nil)
			return err
		},
		"wrap": func(ctx context.Context) error { _, err := keys.WrapKey(ctx, "no", "", use, nil); return err },
	} {
		t.Run(name, func(t *testing.T) { wants(t, request(t.Context()), 404, errs.KeyNotFound) })
	}
}
