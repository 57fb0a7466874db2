package errs_test

import (
	"errors"
	"time"

	"github.com/embedvault/embedvault/errs"
)

var (
	who   = errs.Who{AppID: "a0000000-0000-0000-0000-000000000001", ObjectID: "b0000000-0000-0000-0000-000000000002", TenantID: "c0000000-0000-0000-0000-000000000003"}
	where = errs.Where{Vault: "contoso", Location: "westeurope"}
)

const (
	keyID    = "https://contoso.vault.azure.net/keys/k/0123456789abcdef0123456789abcdef"
	objectID = "https://contoso.vault.azure.net/things/n/0123456789abcdef0123456789abcdef"
	activity = "d0000000-0000-0000-0000-000000000004"
)

// sample is one call of a constructor. refs are the names of this package
// that code outside it must mention to make the same refusal; a method has a
// dot in front.
type sample struct {
	call string
	refs []string
	err  *errs.Error
}

// samples calls every constructor at least once; TestSamplesAreComplete holds it to that.
func samples() []sample {
	all := []sample{}
	add := func(call string, err *errs.Error) { all = append(all, sample{call, []string{call}, err}) }

	add("NewMissingToken", errs.NewMissingToken())
	add("NewInvalidAudience", errs.NewInvalidAudience("https://vault.azure.net", "https://vault.azure.net/"))
	add("NewInvalidIssuer", errs.NewInvalidIssuer(who.TenantID, "https://sts.windows.net/e0000000-0000-0000-0000-000000000005/"))
	add("NewUnknownSigningKey", errs.NewUnknownSigningKey("eyJhbGciOiJSUzI1NiJ9"))
	add("NewTokenExpired", errs.NewTokenExpired())
	add("NewTokenNotYetValid", errs.NewTokenNotYetValid())
	add("NewTokenRejected", errs.NewTokenRejected())

	add("NewAccessDenied", errs.NewAccessDenied(who, where, "secrets", "get"))
	add("NewForbiddenByPolicy", errs.NewForbiddenByPolicy(who, where, "keys", "sign"))
	add("NewForbiddenByRbac", errs.NewForbiddenByRbac(who, where, "Microsoft.KeyVault/vaults/secrets/getSecret/action",
		"/subscriptions/s/resourceGroups/RG/providers/Microsoft.KeyVault/vaults/contoso/secrets/db", "", "", ""))
	add("NewForbiddenByFirewall", errs.NewForbiddenByFirewall(who, where, "192.0.2.1"))
	add("NewForbiddenByFirewallNoBypass", errs.NewForbiddenByFirewallNoBypass(who, where, "192.0.2.1"))
	add("NewForbiddenBySubnet", errs.NewForbiddenBySubnet(where, "10.0.0.4"))
	add("NewForbiddenByConnection", errs.NewForbiddenByConnection(who, where))
	add("NewForbiddenByConnectionNoBypass", errs.NewForbiddenByConnectionNoBypass(where))
	add("NewKeyOperationForbidden", errs.NewKeyOperationForbidden("wrapKey"))
	add("NewKeyDisabled", errs.NewKeyDisabled("sign"))
	add("NewKeyNotYetValid", errs.NewKeyNotYetValid("sign"))
	add("NewKeyExpired", errs.NewKeyExpired("encrypt"))
	add("NewSecretDisabled", errs.NewSecretDisabled("get"))
	add("NewHardwareKeysNotSupported", errs.NewHardwareKeysNotSupported())
	add("NewPurgeProtected", errs.NewPurgeProtected(where))

	add("NewThrottled", errs.NewThrottled(3*time.Second))

	add("NewInvalidName", errs.NewInvalidName("not a name!"))
	add("NewOperationNotSpecified", errs.NewOperationNotSpecified())
	add("NewMethodDoesNotAllow", errs.NewMethodDoesNotAllow("GET", "latest"))
	add("NewUnknownVersion", errs.NewUnknownVersion("1.0", "7.6"))
	add("NewMissingVersion", errs.NewMissingVersion())
	add("NewInvalidValue", errs.NewInvalidValue())
	add("NewInvalidProperty", errs.NewInvalidProperty("policy.x509_props", "Invalid X.500 distinguished name"))
	add("NewNotBase64url", errs.NewNotBase64url("value"))
	add("NewValueTooLong", errs.NewValueTooLong("Secret", 25600))
	add("NewBadArgument", errs.NewBadArgument("26", "maxresults"))
	add("NewParameterIncorrect", errs.NewParameterIncorrect())
	add("NewInvalidLength", errs.NewInvalidLength("RS256", 20, 32))
	add("NewCurveMismatch", errs.NewCurveMismatch(keyID, "P-256", "ES384", "P-384"))
	add("NewUnsupportedAlgorithm", errs.NewUnsupportedAlgorithm("ES256", "RSA"))
	add("NewInvalidJWK", errs.NewInvalidJWK())
	add("NewCorruptBackup", errs.NewCorruptBackup())
	add("NewUnknownBackupVersion", errs.NewUnknownBackupVersion())
	add("NewForeignBackup", errs.NewForeignBackup())
	add("NewTooManyVersions", errs.NewTooManyVersions(500))

	add("NewVaultNameNotValid", errs.NewVaultNameNotValid("9"))
	add("NewVaultAlreadyExists", errs.NewVaultAlreadyExists("contoso"))
	add("NewMethodNotAllowed", errs.NewMethodNotAllowed("PUT"))
	add("NewNotAcceptable", errs.NewNotAcceptable("text/html"))
	add("NewBodyTooLarge", errs.NewBodyTooLarge(1<<20))
	add("NewUnsupportedMediaType", errs.NewUnsupportedMediaType("text/plain"))
	add("NewWriterConflict", errs.NewWriterConflict("db"))
	add("NewHardwareBusy", errs.NewHardwareBusy(time.Second))
	add("NewHardwareSessionLost", errs.NewHardwareSessionLost())
	add("NewHardwareOffline", errs.NewHardwareOffline())
	add("NewHardwareTampered", errs.NewHardwareTampered())
	add("NewInternal", errs.NewInternal(errors.New("disk full")))
	add("From", errs.From(errors.New("disk full")))
	add("ForVault", errs.ForVault(errs.NewInternal(nil), activity, "KeyCreate"))
	return append(append(all, administrationSamples()...), lifecycleSamples()...)
}

// administrationSamples are those of Managed HSMs and of keys that leave.
func administrationSamples() (all []sample) {
	add := func(call string, err *errs.Error) { all = append(all, sample{call, []string{call}, err}) }
	add("NewRotatedKeyNotFound", errs.NewRotatedKeyNotFound("contoso.managedhsm.azure.net", "app"))
	add("NewRoleAssignmentNotFound", errs.NewRoleAssignmentNotFound())
	add("NewRoleDefinitionNotFound", errs.NewRoleDefinitionNotFound())
	add("NewEKMNotFound", errs.NewEKMNotFound())
	add("NewRestoreInProgress", errs.NewRestoreInProgress())
	add("NewRandomCount", errs.NewRandomCount())
	add("NewRoleDefinitionName", errs.NewRoleDefinitionName())
	add("NewRoleDefinitionBuiltIn", errs.NewRoleDefinitionBuiltIn())
	add("NewRoleAssignmentExists", errs.NewRoleAssignmentExists())
	add("NewInvalidSetting", errs.NewInvalidSetting())
	add("NewNoContentProvided", errs.NewNoContentProvided())
	add("NewBackupSAS", errs.NewBackupSAS())
	add("NewBackupJobSAS", errs.NewBackupJobSAS())
	add("NewNotActivated", errs.NewNotActivated())
	add("NewNotAuthorized", errs.NewNotAuthorized("Microsoft.KeyVault/managedHsm/keys/create", "/keys"))
	add("NewOperationNotOffered", errs.NewOperationNotOffered("SecretGet"))
	add("NewRotationNeedsPolicy", errs.NewRotationNeedsPolicy())
	add("NewTooManyKeys", errs.NewTooManyKeys(5000))
	add("NewTooManyKeyVersions", errs.NewTooManyKeyVersions(100))
	add("NewTooManyRoles", errs.NewTooManyRoles("custom role definitions", 50))
	add("NewInvalidRole", errs.NewInvalidRole("there is no such scope"))
	add("NewJobNotFound", errs.NewJobNotFound())
	add("NewJobRunning", errs.NewJobRunning())
	add("NewInvalidSecurityDomain", errs.NewInvalidSecurityDomain("there must be 3 to 10 certificates"))
	add("NewBackupStorage", errs.NewBackupStorage("the folder holds no backup"))
	add("NewExternalKeysNotOffered", errs.NewExternalKeysNotOffered())
	add("NewExportableNotSupported", errs.NewExportableNotSupported())
	add("NewExportableFixed", errs.NewExportableFixed())
	add("NewExportableNeedsPolicy", errs.NewExportableNeedsPolicy())
	add("NewPolicyNeedsExportable", errs.NewPolicyNeedsExportable())
	add("NewExportableNeedsHardware", errs.NewExportableNeedsHardware())
	add("NewAttestationUnreachable", errs.NewAttestationUnreachable("https://attest.example"))
	add("NewPolicyNeedsVersionless", errs.NewPolicyNeedsVersionless())
	add("NewPolicyImmutable", errs.NewPolicyImmutable())
	add("NewPolicyVersion", errs.NewPolicyVersion())
	add("NewAttestationRefused", errs.NewAttestationRefused())
	return all
}

// methods are the refusals that every kind has.
var methods = []struct {
	name string
	make func(errs.Kind) *errs.Error
}{
	{"NotFound", func(k errs.Kind) *errs.Error { return k.NotFound("n/0123456789abcdef0123456789abcdef") }},
	{"DeletedNotFound", func(k errs.Kind) *errs.Error { return k.DeletedNotFound("n") }},
	{"DeletedButRecoverable", func(k errs.Kind) *errs.Error { return k.DeletedButRecoverable("n") }},
	{"BeingDeleted", func(k errs.Kind) *errs.Error { return k.BeingDeleted("n") }},
	{"BeingRecovered", func(k errs.Kind) *errs.Error { return k.BeingRecovered("n") }},
	{"RecoverWhileDeleting", func(k errs.Kind) *errs.Error { return k.RecoverWhileDeleting("n") }},
	{"PurgeWhileDeleting", errs.Kind.PurgeWhileDeleting},
	{"RecoverConflict", func(k errs.Kind) *errs.Error { return k.RecoverConflict(objectID) }},
	{"RestoreConflict", func(k errs.Kind) *errs.Error { return k.RestoreConflict(objectID) }},
	{"ExistsAlready", func(k errs.Kind) *errs.Error { return k.ExistsAlready("n") }},
	{"NotDeleted", errs.Kind.NotDeleted},
	{"Managed", func(k errs.Kind) *errs.Error { return k.Managed("delete") }},
}

func lifecycleSamples() (all []sample) {
	for _, m := range methods {
		for k := range errs.Kind(errs.NumKinds) {
			all = append(all, sample{k.String() + "." + m.name, []string{k.String(), "." + m.name}, m.make(k)})
		}
	}
	return all
}

// twins gives what a Managed HSM says instead, where it has words of its own.
func twins() (all []sample) {
	for _, s := range samples() {
		said := errs.ForManagedHSM(s.err, "contoso.managedhsm.azure.net", activity)
		if errs.RowID(said) != errs.RowID(s.err) {
			all = append(all, sample{s.call + ", ForManagedHSM", append([]string{"ForManagedHSM"}, s.refs...), said})
		}
	}
	return all
}
