package vault_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

// The life of a Managed HSM: provisioned, activated by three holders of whom two are needed, used, backed up, destroyed;
// another one takes over its security domain from two of the holders, and its backup. What was signed verifies, by the
// standard library, and is signed anew by the same key.
func TestADisasterIsRecoveredFrom(t *testing.T) {
	t.Parallel()
	ctx, dir := t.Context(), t.TempDir()
	digest := sha256.Sum256([]byte("kept through a disaster"))
	storage := func(context.Context, string, vault.Value) (vault.BlobContainer, error) {
		return vault.DirectoryBlobs(dir), nil
	}
	where := vault.BackupStorage{URI: "https://contoso.blob.core.windows.net/backups", ManagedIdentity: true}
	first := newWorld(t, &vault.Options{Storage: storage, Lag: time.Minute}, nil)
	h := got(first.svc.CreateManagedHSM(ctx, "fortress", &vault.ManagedHSMOptions{Administrators: []string{"admin"}}))(t)
	admin, user := h.As(vault.Principal("admin")), h.As(vault.Principal("user"))

	// Provisioned, it has an administrator and no use.
	if _, err := h.As(vault.Owner()).CreateKey(ctx, "k", crypto.Spec{Type: crypto.KeyTypeECHSM}, nil); !errors.Is(err, errs.NotActivated) {
		t.Fatalf("before activation: %v", err)
	}
	holders, certificates := shareholders(t, 3)
	domain := got(admin.DownloadSecurityDomain(ctx, certificates, 2))(t)

	// Activated, it has roles; an administrator gives them and uses no key.
	assignment := policy.RoleAssignment{ID: "6bb1d7f4-0000-4000-8000-000000000001", Role: policy.ManagedHSMCryptoUser, PrincipalID: "user", Scope: "/"}
	got(admin.CreateRoleAssignment(ctx, assignment))(t)
	first.clock.Advance(time.Minute) // until the role has arrived everywhere
	key := got(user.CreateKey(ctx, "k", crypto.Spec{Type: crypto.KeyTypeECHSM}, nil))(t)
	signature := got(user.Sign(ctx, "k", vault.ES256, digest[:]))(t)
	if _, err := admin.Sign(ctx, "k", vault.ES256, digest[:]); !errors.Is(err, errs.AccessDenied) {
		t.Errorf("an administrator used a key: %v", err)
	}
	job := got(admin.StartBackup(ctx, where))(t)
	if job.Status != "InProgress" {
		t.Errorf("began as %s", job.Status)
	}
	first.clock.Advance(time.Minute)
	job = got(admin.GetBackupStatus(ctx, job.ID))(t)
	if job.Status != "Succeeded" {
		t.Fatalf("the backup ended %s: %s", job.Status, job.Details)
	}
	folder := job.Folder()
	if is := got(os.Stat(filepath.Join(dir, folder)))(t); !is.IsDir() {
		t.Errorf("%s is no folder", folder)
	}

	// Destroyed, nothing of it is left but shares and backup. Another one, empty and of a domain of its own, opens neither.
	fine(t, first.svc.Close())
	second := newWorld(t, &vault.Options{Storage: storage, Lag: time.Minute}, nil)
	h = got(second.svc.CreateManagedHSM(ctx, "fortress", &vault.ManagedHSMOptions{Administrators: []string{"admin"}}))(t)
	admin, user = h.As(vault.Principal("admin")), h.As(vault.Principal("user"))
	transfer := got(admin.GetSecurityDomainTransferKey(ctx))(t)
	if _, err := hsm.RewrapDomain(domain, transfer.Certificate, holders[:1]); err == nil {
		t.Error("one holder of three opened the domain")
	} else if q, ok := errors.AsType[hsm.QuorumError](err); !ok || q.Required != 2 || q.Opened != 1 {
		t.Errorf("one holder: %v", err)
	}
	fine(t, admin.UploadSecurityDomain(ctx, got(hsm.RewrapDomain(domain, transfer.Certificate, holders[1:]))(t)))
	if _, err := user.Sign(ctx, key.ID.Ref(), vault.ES256, digest[:]); !errors.Is(err, errs.AccessDenied) {
		t.Errorf("before the restore: %v", err)
	}
	job = got(admin.StartRestore(ctx, where, folder))(t)
	second.clock.Advance(time.Minute - time.Second)
	for who, c := range map[string]*vault.Client{"the owner": h.As(vault.Owner()), "an administrator": admin} {
		if _, err := c.ListSettings(ctx); !errors.Is(err, errs.Conflict) || errs.StatusOf(err) != 409 {
			t.Errorf("%s during the restore: %v", who, err)
		}
	}
	if _, err := h.As(vault.Owner()).GetKey(ctx, "k"); !errors.Is(err, errs.Conflict) {
		t.Errorf("a key during the restore: %v", err)
	}
	second.clock.Advance(time.Second)
	if job = got(admin.GetRestoreStatus(ctx, job.ID))(t); job.Status != "Succeeded" {
		t.Fatalf("the restore ended %s: %s", job.Status, job.Details)
	}

	// Restored, it is the same: key, version, roles.
	back := got(user.GetKey(ctx, "k"))(t)
	if back.ID.String() != key.ID.String() {
		t.Errorf("restored as %s, want %s", back.ID, key.ID)
	}
	again := got(user.Sign(ctx, "k", vault.ES256, digest[:]))(t)
	public := got(key.JWK.PublicKey())(t).(*ecdsa.PublicKey)
	for name, s := range map[string][]byte{"old": signature.Value, "new": again.Value} {
		if !ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(s[:32]), new(big.Int).SetBytes(s[32:])) {
			t.Errorf("the %s signature does not verify", name)
		}
	}
	if ok := got(user.Verify(ctx, "k", vault.ES256, digest[:], signature.Value))(t); !ok {
		t.Error("the old signature does not verify by the restored key")
	}
}
