package vault_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"math/big"
	"os"
	"time"

	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// A Managed HSM is activated by those who download its security domain. An administrator gives roles and uses no key.
func ExampleService_CreateManagedHSM() {
	ctx := context.Background()
	svc, err := vault.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	h, err := svc.CreateManagedHSM(ctx, "fortress", &vault.ManagedHSMOptions{Administrators: []string{"admin"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	admin, app := h.As(vault.Principal("admin")), h.As(vault.Principal("app"))
	_, err = admin.CreateRoleAssignment(ctx, policy.RoleAssignment{Role: policy.ManagedHSMCryptoUser, PrincipalID: "app", Scope: "/"})
	fmt.Println(errors.Is(err, errs.NotActivated))

	var certificates []*x509.Certificate
	for range 3 {
		certificates = append(certificates, newHolder().Certificate)
	}
	if _, err := admin.DownloadSecurityDomain(ctx, certificates, 2); err != nil { // kept by the three, of whom two are needed
		fmt.Println(err)
		return
	}
	_, err = admin.CreateRoleAssignment(ctx, policy.RoleAssignment{
		ID: "0d1c2b3a-0000-4000-8000-000000000001", Role: policy.ManagedHSMCryptoUser, PrincipalID: "app", Scope: "/keys",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := app.CreateKey(ctx, "k", vault.Oct(256), nil)
	fmt.Println(key.JWK.Kty, err)
	_, err = admin.Encrypt(ctx, "k", vault.A256GCM, []byte("secret"), nil)
	fmt.Println(errors.Is(err, errs.Forbidden))
	// Output:
	// true
	// oct-HSM <nil>
	// true
}

// A custom role gives what its data actions say, and an assignment gives the role to somebody for one key.
func ExampleClient_SetRoleDefinition() {
	h, ctx := fortress(&vault.ManagedHSMOptions{Administrators: []string{"admin"}})
	if _, err := h.As(vault.Owner()).CreateKey(ctx, "app", vault.EC(vault.P256), nil); err != nil {
		log.Fatal(err)
	}
	admin, signer := h.As(vault.Principal("admin")), h.As(vault.Principal("signer"))
	digest := sha256.Sum256([]byte("a document"))
	_, err := signer.Sign(ctx, "app", vault.ES256, digest[:])
	fmt.Println("without a role:", errors.Is(err, errs.Forbidden))

	role, err := admin.SetRoleDefinition(ctx, policy.RoleDefinition{
		Name:        "Signer",
		Permissions: []policy.Permission{{DataActions: []string{"Microsoft.KeyVault/managedHsm/keys/sign/action"}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := admin.CreateRoleAssignment(ctx, policy.RoleAssignment{
		Role: role.ID, PrincipalID: "signer", Scope: "/keys/app",
	}); err != nil {
		log.Fatal(err)
	}
	_, err = signer.Sign(ctx, "app", vault.ES256, digest[:])
	fmt.Println("with it:", err)
	_, err = signer.GetKey(ctx, "app")
	var refusal *errs.Error
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Status, refusal.Code)
	}
	if d, ok := errors.AsType[policy.Decision](err); ok {
		fmt.Println(d.Reason)
	}
	// Output:
	// without a role: true
	// with it: <nil>
	// 403 AccessDenied
	// the caller's roles on this resource lack the data action
}

// A program opens its Managed HSM, or creates it when it runs for the first time.
func ExampleService_ManagedHSM() {
	ctx, kept := context.Background(), store.NewMemory()
	for range 2 {
		svc, err := vault.New(&vault.Options{Store: kept})
		if err != nil {
			fmt.Println(err)
			return
		}
		h, err := svc.ManagedHSM(ctx, "fortress")
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(h.URL(), "is activated:", h.Activated())
		if !h.Activated() {
			if err := h.Activate(ctx); err != nil {
				fmt.Println(err)
				return
			}
		}
	}
	// Output:
	// https://fortress.managedhsm.azure.net is activated: false
	// https://fortress.managedhsm.azure.net is activated: true
}

// fortress makes the Managed HSM of an example, activated.
func fortress(o *vault.ManagedHSMOptions) (*vault.ManagedHSM, context.Context) {
	ctx := context.Background()
	svc, err := vault.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	h, err := svc.CreateManagedHSM(ctx, "fortress", o)
	if err != nil {
		log.Fatal(err)
	}
	if err := h.Activate(ctx); err != nil {
		log.Fatal(err)
	}
	return h, ctx
}

// newHolder makes somebody who keeps a share of a security domain.
func newHolder() hsm.DomainHolder {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return hsm.DomainHolder{Certificate: certificate, Key: key}
}

// A full backup goes to a directory, and comes back from it.
func ExampleClient_StartBackup() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "backups")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	svc, err := vault.New(&vault.Options{Storage: vault.DirectoryStorage(dir)})
	if err != nil {
		fmt.Println(err)
		return
	}
	h, err := svc.CreateManagedHSM(ctx, "fortress", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := h.Activate(ctx); err != nil {
		fmt.Println(err)
		return
	}
	owner := h.As(vault.Owner())
	if _, err := owner.CreateKey(ctx, "k", vault.EC(vault.P256), nil); err != nil {
		fmt.Println(err)
		return
	}
	storage := vault.BackupStorage{URI: "https://contoso.blob.core.windows.net/backups", ManagedIdentity: true}
	job, err := owner.StartBackup(ctx, storage)
	if err != nil {
		fmt.Println(err)
		return
	}
	if job, err = owner.GetBackupStatus(ctx, job.ID); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := owner.DeleteKey(ctx, "k"); err != nil {
		fmt.Println(err)
		return
	}
	restore, err := owner.StartRestore(ctx, storage, job.Folder())
	if err != nil {
		fmt.Println(err)
		return
	}
	restore, err = owner.GetRestoreStatus(ctx, restore.ID)
	fmt.Println(restore.Status, err)
	key, err := owner.GetKey(ctx, "k")
	fmt.Println(key.JWK.Kty, err)
	// Output:
	// Succeeded <nil>
	// EC-HSM <nil>
}

// An exportable key leaves for an environment that an authority attests, wrapped to the environment's own key. What the
// environment does with it is the example Receiver.
func ExampleClient_ReleaseKey() {
	ctx := context.Background()
	attestor := identity.NewAttestor(&identity.AttestorOptions{Authority: "https://attest.example"})
	svc, err := vault.New(&vault.Options{Attestation: attestor})
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := svc.Vault(ctx, "contoso")
	if err != nil {
		fmt.Println(err)
		return
	}
	owner := v.As(vault.Owner())
	_, err = owner.CreateKey(ctx, "k", vault.EC(vault.P256).HSM(), &vault.CreateKeyOptions{
		Release: &vault.ReleasePolicy{Data: []byte(`{"version":"1.0.0","anyOf":[
			{"authority":"https://attest.example","allOf":[{"claim":"tee","equals":"enclave"}]}]}`)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	environment, err := rsa.GenerateKey(rand.Reader, 2048) // it never leaves the environment
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, tee := range []string{"enclave", "laptop"} {
		target, err := attestor.Token(map[string]any{"tee": tee}, &environment.PublicKey)
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = owner.ReleaseKey(ctx, "k", target, nil)
		fmt.Println(tee, err)
	}
	// Output:
	// enclave <nil>
	// laptop Forbidden (AccessDenied): Target environment attestation statement cannot be verified.
}
