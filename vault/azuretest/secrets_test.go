package azuretest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault/azuretest"
)

func set(value string) azsecrets.SetSecretParameters {
	return azsecrets.SetSecretParameters{Value: &value}
}

func TestSetGetUpdateSecret(t *testing.T) {
	secrets, ctx := azuretest.Secrets(t, newEnv(t, nil)), t.Context()
	from := time.Unix(1_700_000_000, 0).UTC()
	first := must[azsecrets.SetSecretResponse](t)(secrets.SetSecret(ctx, "db", azsecrets.SetSecretParameters{
		Value: to.Ptr(`<"pässword" & more>`), ContentType: to.Ptr("text/plain"), Tags: map[string]*string{"b": to.Ptr("2"), "a": to.Ptr("1")},
		SecretAttributes: &azsecrets.SecretAttributes{NotBefore: &from, Expires: to.Ptr(from.Add(time.Hour))},
	}, nil))
	second := must[azsecrets.SetSecretResponse](t)(secrets.SetSecret(ctx, "db", set("two"), nil))
	got := must[azsecrets.GetSecretResponse](t)(secrets.GetSecret(ctx, "db", first.ID.Version(), nil))
	if *got.Value != `<"pässword" & more>` || *got.ContentType != "text/plain" || len(got.Tags) != 2 || !got.Attributes.NotBefore.Equal(from) {
		t.Errorf("got %+v", got.Secret)
	}
	if got := must[azsecrets.GetSecretResponse](t)(secrets.GetSecret(ctx, "db", "", nil)); *got.ID != *second.ID || *got.Value != "two" {
		t.Errorf("newest is %v", *got.ID)
	}
	updated := must[azsecrets.UpdateSecretPropertiesResponse](t)(secrets.UpdateSecretProperties(ctx, "db", first.ID.Version(), azsecrets.UpdateSecretPropertiesParameters{
		ContentType: to.Ptr("other"), Tags: map[string]*string{}, SecretAttributes: &azsecrets.SecretAttributes{Enabled: to.Ptr(false)},
	}, nil))
	if updated.Value != nil || *updated.ContentType != "other" || len(updated.Tags) != 0 || *updated.Attributes.Enabled || !updated.Attributes.NotBefore.Equal(from) {
		t.Errorf("updated to %+v", updated.Secret)
	}
	_, err := secrets.GetSecret(ctx, "db", first.ID.Version(), nil)
	wants(t, err, 403, errs.SecretDisabled)
}

func TestSecretLimits(t *testing.T) {
	secrets, ctx := azuretest.Secrets(t, newEnv(t, nil)), t.Context()
	must[azsecrets.SetSecretResponse](t)(secrets.SetSecret(ctx, "large", set(strings.Repeat("\x01", 25600)), nil))
	_, err := secrets.SetSecret(ctx, "large", set(strings.Repeat("x", 25601)), nil)
	wants(t, err, 400, errs.BadParameter)
	_, err = secrets.SetSecret(ctx, "larger", set(strings.Repeat("x", 1<<20)), nil)
	wants(t, err, 413, errs.RequestTooLarge)
	_, err = secrets.SetSecret(ctx, "no such_name", set("x"), nil)
	wants(t, err, 400, errs.BadParameter)
	_, err = secrets.SetSecret(ctx, "none", azsecrets.SetSecretParameters{}, nil)
	wants(t, err, 400, errs.BadParameter)
}

func TestSecretSoftDelete(t *testing.T) {
	secrets, ctx := azuretest.Secrets(t, newEnv(t, nil)), t.Context()
	created := must[azsecrets.SetSecretResponse](t)(secrets.SetSecret(ctx, "gone", set("x"), nil))
	deleted := must[azsecrets.DeleteSecretResponse](t)(secrets.DeleteSecret(ctx, "gone", nil))
	if *deleted.RecoveryID != "https://contoso.vault.azure.net/deletedsecrets/gone" || deleted.Value != nil {
		t.Errorf("deleted %+v", deleted.DeletedSecret)
	}
	_, err := secrets.GetSecret(ctx, "gone", "", nil)
	wants(t, err, 404, errs.SecretNotFound)
	_, err = secrets.SetSecret(ctx, "gone", set("y"), nil)
	wants(t, err, 409, errs.ObjectIsDeletedButRecoverable)
	if got := must[azsecrets.GetDeletedSecretResponse](t)(secrets.GetDeletedSecret(ctx, "gone", nil)); got.Value != nil {
		t.Error("a deleted secret shows its value")
	}
	recovered := must[azsecrets.RecoverDeletedSecretResponse](t)(secrets.RecoverDeletedSecret(ctx, "gone", nil))
	if *recovered.ID != *created.ID || recovered.Value != nil {
		t.Errorf("recovered %+v", recovered.Secret)
	}
	_, err = secrets.RecoverDeletedSecret(ctx, "gone", nil)
	wants(t, err, 400, errs.RequestNotAllowedOnNonDeletedObject)
	must[azsecrets.DeleteSecretResponse](t)(secrets.DeleteSecret(ctx, "gone", nil))
	must[azsecrets.PurgeDeletedSecretResponse](t)(secrets.PurgeDeletedSecret(ctx, "gone", nil))
	_, err = secrets.GetDeletedSecret(ctx, "gone", nil)
	wants(t, err, 404, errs.SecretNotFound)
}

func TestSecretBackup(t *testing.T) {
	secrets, ctx := azuretest.Secrets(t, newEnv(t, nil)), t.Context()
	must[azsecrets.SetSecretResponse](t)(secrets.SetSecret(ctx, "kept", set("one"), nil))
	must[azsecrets.SetSecretResponse](t)(secrets.SetSecret(ctx, "kept", set("two"), nil))
	backup := must[azsecrets.BackupSecretResponse](t)(secrets.BackupSecret(ctx, "kept", nil))
	must[azsecrets.DeleteSecretResponse](t)(secrets.DeleteSecret(ctx, "kept", nil))
	_, err := secrets.RestoreSecret(ctx, azsecrets.RestoreSecretParameters{SecretBackup: backup.Value}, nil)
	wants(t, err, 409, errs.Conflict)
	must[azsecrets.PurgeDeletedSecretResponse](t)(secrets.PurgeDeletedSecret(ctx, "kept", nil))
	restored := must[azsecrets.RestoreSecretResponse](t)(secrets.RestoreSecret(ctx, azsecrets.RestoreSecretParameters{SecretBackup: backup.Value}, nil))
	if restored.Value != nil {
		t.Error("the answer to a restore shows the value")
	}
	if got := must[azsecrets.GetSecretResponse](t)(secrets.GetSecret(ctx, "kept", "", nil)); *got.Value != "two" {
		t.Errorf("restored as %q", *got.Value)
	}
}

func TestSecretPagers(t *testing.T) {
	secrets, ctx := azuretest.Secrets(t, newEnv(t, nil)), t.Context()
	var want []string
	for i := range 60 {
		name := fmt.Sprintf("secret-%02d", i)
		want = append(want, name)
		must[azsecrets.SetSecretResponse](t)(secrets.SetSecret(ctx, name, set("x"), nil))
		must[azsecrets.SetSecretResponse](t)(secrets.SetSecret(ctx, "secret-00", set("y"), nil))
	}
	var names, deleted []string
	versions := map[string]bool{}
	for pager := secrets.NewListSecretPropertiesPager(nil); pager.More(); {
		for _, s := range must[azsecrets.ListSecretPropertiesResponse](t)(pager.NextPage(ctx)).Value {
			names = append(names, s.ID.Name())
		}
	}
	for pager := secrets.NewListSecretPropertiesVersionsPager("secret-00", nil); pager.More(); {
		for _, s := range must[azsecrets.ListSecretPropertiesVersionsResponse](t)(pager.NextPage(ctx)).Value {
			versions[s.ID.Version()] = true
		}
	}
	for _, name := range want {
		must[azsecrets.DeleteSecretResponse](t)(secrets.DeleteSecret(ctx, name, nil))
	}
	for pager := secrets.NewListDeletedSecretPropertiesPager(nil); pager.More(); {
		for _, s := range must[azsecrets.ListDeletedSecretPropertiesResponse](t)(pager.NextPage(ctx)).Value {
			deleted = append(deleted, s.ID.Name())
		}
	}
	if !slices.Equal(names, want) || len(versions) != 61 || !slices.Equal(deleted, want) {
		t.Errorf("%d secrets, %d versions, %d deleted", len(names), len(versions), len(deleted))
	}
}
