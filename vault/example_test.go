package vault_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// open makes the vault of an example.
func open(o *vault.Options) (*vault.Vault, context.Context) {
	ctx := context.Background()
	svc, err := vault.New(o)
	if err != nil {
		log.Fatal(err)
	}
	v, err := svc.Vault(ctx, "contoso")
	if err != nil {
		log.Fatal(err)
	}
	return v, ctx
}

// A vault makes a key, signs a digest with it and verifies the signature.
func Example() {
	ctx := context.Background()
	svc, err := vault.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	v, err := svc.Vault(ctx, "contoso")
	if err != nil {
		log.Fatal(err)
	}
	owner := v.As(vault.Owner())

	key, err := owner.CreateKey(ctx, "app", vault.EC(vault.P256), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key.ID.Collection, key.ID.Name, key.JWK.Kty, key.JWK.KeyOps)

	digest := sha256.Sum256([]byte("a document"))
	signature, err := owner.Sign(ctx, "app", vault.ES256, digest[:])
	if err != nil {
		log.Fatal(err)
	}
	valid, err := owner.Verify(ctx, signature.ID.Ref(), vault.ES256, digest[:], signature.Value)
	fmt.Println(valid, err)
	// Output:
	// keys app EC [sign verify]
	// true <nil>
}

// A secret has versions: the newest answers, and each can be asked for.
func ExampleClient_SetSecret() {
	v, ctx := open(nil)
	owner := v.As(vault.Owner())
	first, err := owner.SetSecret(ctx, "db-password", "correct horse", nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := owner.SetSecret(ctx, "db-password", "battery staple", &vault.SetSecretOptions{
		ContentType: "text/plain", Tags: map[string]string{"env": "test"},
	}); err != nil {
		log.Fatal(err)
	}

	newest, err := owner.GetSecret(ctx, "db-password")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(newest.Value, "is", newest.Value.Reveal(), newest.Tags)
	old, err := owner.GetSecret(ctx, first.ID.Ref())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("before, it was", old.Value.Reveal())
	versions := 0
	for _, err := range owner.ListSecretVersions(ctx, "db-password", nil) {
		if err != nil {
			log.Fatal(err)
		}
		versions++
	}
	fmt.Println(versions, "versions")
	// Output:
	// [redacted] is battery staple map[env:test]
	// before, it was correct horse
	// 2 versions
}

// A deleted secret is kept for the retention of its vault; in that time its name is taken.
func ExampleClient_RecoverDeletedSecret() {
	now := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	v, ctx := open(&vault.Options{Now: func() time.Time { return now }})
	owner := v.As(vault.Owner())
	if _, err := owner.SetSecret(ctx, "db-password", "correct horse", nil); err != nil {
		log.Fatal(err)
	}
	gone, err := owner.DeleteSecret(ctx, "db-password")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("kept until", gone.ScheduledPurge.Format(time.DateOnly))
	_, err = owner.SetSecret(ctx, "db-password", "battery staple", nil)
	fmt.Println(errors.Is(err, errs.ObjectIsDeletedButRecoverable))
	if _, err := owner.RecoverDeletedSecret(ctx, "db-password"); err != nil {
		log.Fatal(err)
	}
	s, err := owner.GetSecret(ctx, "db-password")
	fmt.Println(s.Value.Reveal(), err)
	// Output:
	// kept until 2026-06-12
	// true
	// correct horse <nil>
}

// A data key encrypts the data; the vault wraps and unwraps it, and alone holds what opens it.
func ExampleClient_WrapKey() {
	v, ctx := open(nil)
	owner := v.As(vault.Owner())
	if _, err := owner.CreateKey(ctx, "master", vault.RSA(2048), nil); err != nil {
		log.Fatal(err)
	}
	dataKey := bytes.Repeat([]byte{7}, 32)
	wrapped, err := owner.WrapKey(ctx, "master", vault.RSAOAEP256, dataKey)
	if err != nil {
		log.Fatal(err)
	}
	opened, err := owner.UnwrapKey(ctx, wrapped.ID.Ref(), vault.RSAOAEP256, wrapped.Value)
	fmt.Println(len(wrapped.Value), bytes.Equal(opened.Value, dataKey), err)
	// Output: 256 true <nil>
}

// A caller with one right can do one thing. The refusal is that of the service, and its cause says what was missing.
func ExampleVault_SetAccessPolicies() {
	v, ctx := open(nil)
	if _, err := v.As(vault.Owner()).CreateKey(ctx, "app", vault.EC(vault.P256), nil); err != nil {
		log.Fatal(err)
	}
	if err := v.SetAccessPolicies(ctx, policy.AccessPolicy{ObjectID: "signer", Keys: []string{"sign"}}); err != nil {
		log.Fatal(err)
	}
	signer := v.As(vault.Principal("signer"))
	_, err := signer.Sign(ctx, "app", vault.ES256, make([]byte, 32))
	fmt.Println(err)
	_, err = signer.GetKey(ctx, "app")
	fmt.Println(errors.Is(err, errs.ForbiddenByPolicy))
	if d, ok := errors.AsType[policy.Decision](err); ok {
		fmt.Println(d.Reason)
		fmt.Println(d.Rule)
		fmt.Println(d.Smallest)
	}
	// Output:
	// <nil>
	// true
	// the caller's access policy entries lack the permission
	// entry for object id signer, keys: sign
	// permission keys get for object id signer
}

// With roles, a right can be limited to one object.
func ExampleVault_SetRBAC() {
	v, ctx := open(nil)
	for _, name := range []string{"db-password", "api-key"} {
		if _, err := v.As(vault.Owner()).SetSecret(ctx, name, "value", nil); err != nil {
			log.Fatal(err)
		}
	}
	if err := v.SetRBAC(ctx, &vault.RBAC{Assignments: []policy.RoleAssignment{
		{Role: policy.KeyVaultSecretsUser, PrincipalID: "web", Scope: v.Resource() + "/secrets/db-password"},
	}}); err != nil {
		log.Fatal(err)
	}
	web := v.As(vault.Principal("web"))
	_, err := web.GetSecret(ctx, "db-password")
	fmt.Println(err)
	_, err = web.GetSecret(ctx, "api-key")
	fmt.Println(errors.Is(err, errs.ForbiddenByRbac))
	// Output:
	// <nil>
	// true
}

// The firewall looks at where a caller is. The owner stands inside it, unless it is given an address.
func ExampleVault_SetNetwork() {
	v, ctx := open(nil)
	if err := v.SetNetwork(ctx, policy.NetworkRules{DefaultAction: policy.Deny, IPRules: []string{"198.51.100.0/24"}}); err != nil {
		log.Fatal(err)
	}
	for _, caller := range []vault.Caller{
		vault.Owner(),
		vault.Owner().From(netip.MustParseAddr("198.51.100.7")),
		vault.Owner().From(netip.MustParseAddr("203.0.113.7")),
	} {
		_, err := v.As(caller).SetSecret(ctx, "db-password", "correct horse", nil)
		fmt.Println(err == nil, errors.Is(err, errs.ForbiddenByFirewall))
	}
	// Output:
	// true false
	// true false
	// false true
}

// A caller can present an access token of the tenant, as an application does that has signed in.
func ExampleBearer() {
	now := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	tenant := identity.New(&identity.Options{Now: clock})
	v, ctx := open(&vault.Options{Now: clock, Tenant: tenant})
	web, err := tenant.NewApplication("web", nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := v.SetAccessPolicies(ctx, policy.AccessPolicy{ObjectID: web.ObjectID(), Secrets: []string{"set", "get"}}); err != nil {
		log.Fatal(err)
	}
	token, err := tenant.Token(ctx, web, "https://vault.azure.net")
	if err != nil {
		log.Fatal(err)
	}
	client := v.As(vault.Bearer(token))
	_, err = client.SetSecret(ctx, "db-password", "correct horse", nil)
	fmt.Println(err)

	now = now.Add(2 * time.Hour)
	_, err = client.GetSecret(ctx, "db-password")
	fmt.Println(err)
	fmt.Println(errors.Is(err, errs.Unauthorized), errors.Is(err, identity.Expired))
	// Output:
	// <nil>
	// Unauthorized: [TokenExpired] Error validating token: 'S2S12086'.
	// true true
}

// The limits are windows on a clock that the program turns: no test has to wait for room.
func Example_throttling() {
	now := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	v, ctx := open(&vault.Options{Now: func() time.Time { return now }})
	owner := v.As(vault.Owner())
	if _, err := owner.SetSecret(ctx, "db-password", "correct horse", nil); err != nil {
		log.Fatal(err)
	}
	passed := 0
	var refusal *errs.Error
	for {
		_, err := owner.GetSecret(ctx, "db-password")
		if errors.As(err, &refusal) {
			break
		}
		passed++
	}
	fmt.Println(passed, "requests, then", refusal.Status, refusal.Code, "for", refusal.RetryAfter)

	now = now.Add(refusal.RetryAfter)
	_, err := owner.GetSecret(ctx, "db-password")
	fmt.Println(err)
	// Output:
	// 1999 requests, then 429 Throttled for 10s
	// <nil>
}

// The audit hears of every request, whatever became of it.
func ExampleOptions_audit() {
	v, ctx := open(&vault.Options{Audit: func(e vault.Event) {
		fmt.Println(e.Operation, e.Name, e.Status, e.Principal)
	}})
	owner := v.As(vault.Owner())
	if _, err := owner.SetSecret(ctx, "db-password", "correct horse", nil); err != nil {
		log.Fatal(err)
	}
	_, absent := owner.GetSecret(ctx, "api-key")
	_, refused := v.As(vault.Principal("web")).GetSecret(ctx, "db-password")
	_, unknown := v.As(vault.Caller{}).GetSecret(ctx, "db-password")
	fmt.Println(absent != nil, refused != nil, unknown != nil)
	// Output:
	// SecretSet db-password 200 name=owner
	// SecretGet api-key 404 name=owner
	// SecretGet db-password 403 oid=web
	// SecretGet db-password 401 nobody
	// true true true
}

// Errors are matched by their codes; errors.As gives the rest.
func Example_errors() {
	v, ctx := open(nil)
	owner := v.As(vault.Owner())
	_, err := owner.GetSecret(ctx, "db-password")
	fmt.Println(errors.Is(err, errs.SecretNotFound), errors.Is(err, errs.KeyNotFound))

	if _, err := owner.CreateKey(ctx, "verifier", vault.EC(vault.P256), &vault.CreateKeyOptions{
		Validity: vault.Validity{Disabled: true},
	}); err != nil {
		log.Fatal(err)
	}
	_, err = owner.Sign(ctx, "verifier", vault.ES256, make([]byte, 32))
	if e, ok := errors.AsType[*errs.Error](err); ok {
		fmt.Println(e.Status, e.Code, e.Inner)
		fmt.Println(e.Message)
		fmt.Printf("%s\n", e.AppendBody(nil))
	}
	// Output:
	// true false
	// 403 Forbidden KeyDisabled
	// Operation sign is not allowed on a disabled key.
	// {"error":{"code":"Forbidden","message":"Operation sign is not allowed on a disabled key.","innererror":{"code":"KeyDisabled"}}}
}

// What a service puts in a store is there again in the next service on it.
func ExampleOptions_store() {
	kept := store.NewMemory()
	before, ctx := open(&vault.Options{Store: kept})
	if _, err := before.As(vault.Owner()).SetSecret(ctx, "db-password", "correct horse", nil); err != nil {
		log.Fatal(err)
	}
	after, ctx := open(&vault.Options{Store: kept})
	s, err := after.As(vault.Owner()).GetSecret(ctx, "db-password")
	fmt.Println(s.Value.Reveal(), err)
	// Output: correct horse <nil>
}
