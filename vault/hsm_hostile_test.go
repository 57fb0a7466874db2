package vault_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// Whatever goes on at once in a Managed HSM, the store and the memory agree afterwards, and nothing waits for itself.
func TestMuchAtOnceInAManagedHSM(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	unlimited := limiter.Unlimited()
	b := &shelfOfBlobs{blobs: map[string][]byte{}}
	var svc *vault.Service
	once := func() *vault.Client { return svc.LookupManagedHSM("fortress").As(vault.Owner()) }
	w := newWorld(t, &vault.Options{Store: store.NewMemory(), Limits: &unlimited,
		Storage: func(_ context.Context, _ string, _ vault.Value) (vault.BlobContainer, error) {
			_, _ = once().ListSettings(ctx) // calls back
			return b, nil
		}}, nil)
	svc = w.svc
	h, c := newHSM(t, w, &vault.ManagedHSMOptions{Administrators: []string{"admin"}})
	_, certificates := shareholders(t, 3)
	fine(t, h.Activate(ctx))
	got(c.CreateKey(ctx, "k", vault.EC(vault.P256), nil))(t)
	first := got(c.StartBackup(ctx, toStorage))(t)
	folder := got(c.GetBackupStatus(ctx, first.ID))(t).Folder()
	var wg sync.WaitGroup
	for i := range 4 {
		for _, do := range []func(n int){
			func(n int) { _, _ = c.CreateKey(ctx, fmt.Sprint("k", n%5), vault.EC(vault.P256), nil) },
			func(n int) { _, _ = c.StartBackup(ctx, toStorage); w.clock.Advance(time.Second) },
			func(n int) { _, _ = c.StartRestore(ctx, toStorage, folder); w.clock.Advance(time.Second) },
			func(n int) {
				_, _ = c.CreateRoleAssignment(ctx, policy.RoleAssignment{Role: policy.HSMRoles()[1].ID, PrincipalID: fmt.Sprint("p", n), Scope: "/"})
			},
			func(n int) { _, _ = c.DownloadSecurityDomain(ctx, certificates, 2) },
			func(n int) { _, _ = c.UpdateSetting(ctx, vault.AllowKeyManagementOperationsThroughARM, "true") },
			func(n int) {
				_, _ = c.DeleteKey(ctx, fmt.Sprint("k", n%5))
				_ = c.PurgeDeletedKey(ctx, fmt.Sprint("k", n%5))
			},
			func(n int) { _ = h.Options(); _ = h.SetNetwork(ctx, policy.NetworkRules{}) },
			func(n int) { _, _ = c.StartKeyRestore(ctx, "k", toStorage, folder) },
		} {
			wg.Go(func() {
				for n := range 15 {
					do(n + i)
				}
			})
		}
	}
	wg.Wait()
	w.clock.Advance(time.Hour)
	state := func(h *vault.ManagedHSM) string {
		c := h.As(vault.Owner())
		var s []string
		for k, err := range c.ListKeys(ctx, nil) {
			fine(t, err)
			for v, err := range c.ListKeyVersions(ctx, k.ID.Name, nil) {
				fine(t, err)
				s = append(s, v.ID.String())
			}
		}
		for k, err := range c.ListDeletedKeys(ctx, nil) {
			fine(t, err)
			s = append(s, "d"+k.Object.ID.Name)
		}
		for a, err := range c.ListRoleAssignments(ctx, "/", nil) {
			fine(t, err)
			s = append(s, a.ID+a.PrincipalID)
		}
		return strings.Join(s, "\n")
	}
	before := state(h)
	w.reopen(t)
	if after := state(w.svc.LookupManagedHSM("fortress")); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// Nothing panics on hostile requests.
func TestHostileRequestsOfAManagedHSM(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	unlimited := limiter.Unlimited()
	b := &shelfOfBlobs{blobs: map[string][]byte{}}
	w := newWorld(t, &vault.Options{Limits: &unlimited, Storage: func(context.Context, string, vault.Value) (vault.BlobContainer, error) { return b, nil }}, nil)
	h, c := newHSM(t, w, nil)
	fine(t, h.Activate(ctx))
	got(c.CreateKey(ctx, "k", vault.EC(vault.P256), nil))(t)
	bodies := []string{"", "{}", "null", "[]", `{"properties":null}`, `{"properties":{}}`, `{"properties":{"roleName":null,"permissions":[null],"assignableScopes":[null]}}`,
		`{"properties":{"permissions":[{"dataActions":[null,"*"]}]}}`, `{"properties":{"roleDefinitionId":"////","principalId":"x"}}`, `{"properties":{"roleDefinitionId":"/a290e904-7015-4bba-90c8-60543313cdb4/","principalId":"x"}}`,
		`{"certificates":[null,null,null],"required":-1}`, `{"certificates":[{},{},{}],"required":2}`, `{"value":""}`, `{"value":"{\"EncData\":null}"}`,
		`{"storageResourceUri":"https://a/b","token":"se=hushhush&sig=hushhush"}`, `{"storageResourceUri":"https://u:hushhush@a/b","token":"hushhush"}`, `{"storageResourceUri":"https://a/b","token":{"hushhush":1}}`, `{"storageResourceUri":5,"token":"hushhush"}`,
		`{"sasTokenParameters":null,"folder":"..","folderToRestore":".."}`, `{"sasTokenParameters":{"storageResourceUri":"https://a/b","token":"se=1"},"folder":"x","folderToRestore":"x"}`,
		`{"target":"a.b.c","enc":"x","alg":"RSA-OAEP","value":""}`, `{"target":"..","alg":"RSA-OAEP","value":"AA"}`, `{"target":"e30.e30.e30","alg":"A256KW"}`, `{"count":1e9}`, `{"count":-9223372036854775808}`,
		`{"key":{"kty":"RSA-HSM","key_hsm":"e30"}}`, `{"key":{"kty":"EC-HSM","crv":"P-256","key_hsm":""},"hsm":true}`, `{"key":null}`, `{"kty":"RSA","release_policy":{"data":null},"attributes":{"exportable":true}}`, `{"kty":"RSA","release_policy":null,"attributes":{"exportable":true}}`,
		`{"kty":"RSA","release_policy":{"data":"bnVsbA"},"attributes":{"exportable":true}}`, `{"attributes":{"exportable":true},"release_policy":{"data":"e30"}}`,
		strings.Repeat("[", 100000), `{"properties":` + strings.Repeat(`{"a":`, 9000)}
	for _, e := range vault.Endpoints() {
		for _, in := range []vault.Container{h, w.vault} {
			for _, name := range []string{"k", "0a4b1c2d-0000-4000-8000-0000000000ee", "a290e904-7015-4bba-90c8-60543313cdb4", "..", "/", "\x00", strings.Repeat("x", 200)} {
				for _, scope := range []string{"", "/", "keys", "/keys/", "/keys/k", "//", "/keys//", "/keys/../..", "\x00"} {
					if scope != "" && !strings.HasPrefix(string(e.Operation()), "Role") {
						continue
					}
					for _, body := range bodies {
						_, err := e.Serve(ctx, in, &vault.Exchange{Caller: vault.Owner(), Name: name, Scope: scope, Query: "api-version=2026-04-01", Body: strings.NewReader(body), Length: int64(len(body))}, nil)
						if errs.StatusOf(err) >= 500 {
							t.Errorf("%s %q %q %.80s: %v", e.Operation(), name, scope, body, err)
						}
						if err != nil && strings.Contains(fmt.Sprintf("%+v %v", err, errs.From(err).Cause), "hushhush") {
							t.Errorf("%s %.80s leaks: %+v", e.Operation(), body, err)
						}
					}
				}
			}
		}
	}
	// a custom role whose name is the id of another
	x, y := "0a4b1c2d-0000-4000-8000-0000000000e1", "0a4b1c2d-0000-4000-8000-0000000000e2"
	for _, name := range []string{y, strings.ToUpper(y), y + "/", "/x/" + y, "Microsoft.KeyVault/providers/" + y + "//"} {
		if _, err := c.SetRoleDefinition(ctx, policy.RoleDefinition{ID: x, Name: name}); errs.StatusOf(err) != 400 {
			t.Errorf("a role is called %s: %v", name, err)
		}
	}
	got(c.SetRoleDefinition(ctx, policy.RoleDefinition{ID: x, Name: strings.ToUpper(x)}))(t)
	if _, err := w.svc.CreateManagedHSM(ctx, "nobody", &vault.ManagedHSMOptions{Administrators: []string{""}}); errs.StatusOf(err) != 400 {
		t.Errorf("an administrator without an id: %v", err)
	}
	twice := got(w.svc.CreateManagedHSM(ctx, "twice", &vault.ManagedHSMOptions{Administrators: []string{"a", "A", "a"}}))(t)
	if all := twice.Options().Administrators; len(all) != 1 {
		t.Errorf("administrators %q", all)
	}
	if s := fmt.Sprintf("%+v %v %#v", h, *h, toStorage); strings.Contains(s, signatureSAS) {
		t.Errorf("the token shows in %s", s)
	}
}
