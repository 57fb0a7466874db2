package vault_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/hook"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// rewritten is a store with what another one holds, after an edit of the records of a sort.
func rewritten(t *testing.T, from store.Store, edit func(r map[string]any) bool) store.Store {
	t.Helper()
	to := store.NewMemory()
	for r, err := range from.Records(t.Context()) {
		fine(t, err)
		var m map[string]any
		fine(t, json.Unmarshal(r.Value, &m))
		if edit(m) {
			r.Value = got(json.Marshal(m))(t)
		}
		fine(t, to.Commit(t.Context(), store.Batch{Put: []store.Record{r}}))
	}
	return to
}

// A record of a Managed HSM that is torn, or of another one, is a bad record.
func TestTornRecordsOfAManagedHSM(t *testing.T) {
	t.Parallel()
	w, s := storedWorld(t, nil)
	h, _ := newHSM(t, w, nil)
	fine(t, h.Activate(t.Context()))
	got(h.As(vault.Owner()).CreateKey(t.Context(), "k", vault.EC(vault.P256), nil))(t)
	for what, edit := range map[string]func(map[string]any){
		"without roles":      func(r map[string]any) { delete(r["settings"].(map[string]any), "rbac") },
		"roles are null":     func(r map[string]any) { r["settings"].(map[string]any)["rbac"] = nil },
		"of another name":    func(r map[string]any) { r["hsm"].(map[string]any)["name"] = "castle" },
		"without a name":     func(r map[string]any) { delete(r["hsm"].(map[string]any), "name") },
		"without its estate": func(r map[string]any) { delete(r, "hsm") },
		"without settings":   func(r map[string]any) { delete(r, "settings") },
	} {
		t.Run(what, func(t *testing.T) {
			torn := rewritten(t, s, func(r map[string]any) bool {
				if r["sort"] != "vault" || r["hsm"] == nil {
					return false
				}
				edit(r)
				return true
			})
			o := w.options
			o.Store = torn
			if _, err := vault.New(&o); !errors.Is(err, vault.ErrBadRecord) {
				t.Errorf("New: %v", err)
			}
		})
	}
	t.Run("a short domain", func(t *testing.T) {
		o := w.options
		o.Store = rewritten(t, s, func(r map[string]any) bool {
			if r["sort"] != "module" || r["vault"] == "" {
				return false
			}
			r["data"] = "AAAA"
			return true
		})
		if _, err := vault.New(&o); !errors.Is(err, vault.ErrBadRecord) {
			t.Errorf("New: %v", err)
		}
	})
	t.Run("a software key", func(t *testing.T) {
		got(w.owner.CreateKey(t.Context(), "soft", vault.EC(vault.P256), nil))(t)
		var data any
		rewritten(t, s, func(r map[string]any) bool {
			if r["sort"] == "version" && r["vault"] == "contoso" {
				data = r["data"]
			}
			return false
		})
		o := w.options
		o.Store = rewritten(t, s, func(r map[string]any) bool {
			if r["sort"] == "version" && r["vault"] == "fortress.managedhsm" {
				r["data"] = data
				return true
			}
			return false
		})
		if _, err := vault.New(&o); !errors.Is(err, vault.ErrBadRecord) {
			t.Errorf("New: %v", err)
		}
	})
}

// No name of a vault finds a Managed HSM.
func TestFindKeepsProductsApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	newHSM(t, w, nil)
	if c := w.svc.Find(vault.KeyVault, "fortress.managedhsm"); c != nil {
		t.Errorf("found a %T", c)
	}
}

// A module without its domain does not keep anybody from changing firewall and roles.
func TestSettingsOfATamperedManagedHSM(t *testing.T) {
	t.Parallel()
	w, _ := storedWorld(t, nil)
	h, _ := newHSM(t, w, nil)
	fine(t, h.Activate(t.Context()))
	got(h.As(vault.Owner()).CreateKey(t.Context(), "k", vault.EC(vault.P256), nil))(t)
	h.Module().Tamper()
	if err := h.SetNetwork(t.Context(), policy.NetworkRules{DefaultAction: policy.Deny}); err != nil {
		t.Errorf("firewall: %v", err)
	}
	if err := h.SetRoles(t.Context(), nil, nil); err != nil {
		t.Errorf("roles: %v", err)
	}
	w.reopen(t)
	h = w.svc.LookupHSM("fortress")
	if h.Options().Network.DefaultAction != policy.Deny || !h.Activated() {
		t.Errorf("came back as %+v", h.Options())
	}
	got(h.As(vault.Owner()).Sign(t.Context(), "k", vault.ES256, make([]byte, 32)))(t)
}

// A key exchange key does nothing else, however it came.
func TestTheOperationImportOfAnImportedKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	for what, j := range map[string]crypto.JWK{"software": cryptotest.JWK(t, crypto.RSA(2048)), "ec": cryptotest.JWK(t, crypto.EC(crypto.P256)), "two": cryptotest.JWK(t, crypto.RSA(2048))} {
		j.KeyOps = []crypto.Operation{crypto.OpImport}
		o := &vault.ImportKeyOptions{}
		if what == "two" {
			j.KeyOps = append(j.KeyOps, crypto.OpDecrypt)
			o.HSM = true
		}
		if _, err := w.owner.ImportKey(t.Context(), what, j, o); errs.StatusOf(err) != 400 {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// blobs are a container in memory.
type blobs struct {
	mu     sync.Mutex
	all    map[string][]byte
	before func(op string) error
}

func (b *blobs) Put(_ context.Context, name string, data []byte) error {
	if b.before != nil {
		if err := b.before("put"); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all[name] = append([]byte(nil), data...)
	return nil
}
func (b *blobs) Get(_ context.Context, name string) ([]byte, error) {
	if b.before != nil {
		if err := b.before("get"); err != nil {
			return nil, err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if d, ok := b.all[name]; ok {
		return append([]byte(nil), d...), nil
	}
	return nil, fs.ErrNotExist
}

var stor = vault.BackupStorage{URI: "https://a.blob/c", SAS: vault.NewValue("se=2030&sig=hushhush")}

func TestAFullBackupComesBackWhole(t *testing.T) {
	t.Parallel()
	s := store.NewMemory()
	b := &blobs{all: map[string][]byte{}}
	var seenSAS string
	w := newWorld(t, &vault.Options{Store: s, Storage: func(_ context.Context, uri string, sas vault.Value) (vault.BlobContainer, error) {
		seenSAS = sas.Reveal()
		return b, nil
	}}, nil)
	ctx := t.Context()
	h, c := newHSM(t, w, &vault.HSMOptions{Administrators: []string{"admin"}})
	fine(t, h.Activate(ctx))
	for i := range 3 {
		got(c.CreateKey(ctx, fmt.Sprint("k", i), vault.EC(vault.P256), nil))(t)
	}
	got(c.CreateKey(ctx, "k1", vault.EC(vault.P256), nil))(t)
	got(c.DeleteKey(ctx, "k2"))(t)
	job := got(c.StartBackup(ctx, stor))(t)
	_ = seenSAS
	job = got(c.GetBackupStatus(ctx, job.ID))(t)
	if job.Status != vault.JobSucceeded {
		t.Fatalf("%+v", job)
	}
	// roles changed, keys changed
	fine(t, h.SetRoles(ctx, []policy.RoleAssignment{{ID: "x", Role: policy.ManagedHSMAdministrator, PrincipalID: "mallory", Scope: "/"}}, nil))
	got(c.CreateKey(ctx, "k9", vault.EC(vault.P256), nil))(t)
	got(c.CreateKey(ctx, "k1", vault.EC(vault.P256), nil))(t)
	got(c.StartRestore(ctx, stor, job.Folder()))(t)
	if a := h.Options().Administrators; len(a) != 1 || a[0] != "admin" {
		t.Errorf("admins %v", a)
	}
	list := func(c *vault.Client) (all []string) {
		for k, err := range c.ListKeyVersions(ctx, "k1", nil) {
			fine(t, err)
			all = append(all, k.ID.String())
		}
		for k, err := range c.ListKeys(ctx, nil) {
			fine(t, err)
			all = append(all, k.ID.Name)
		}
		for k, err := range c.ListDeletedKeys(ctx, nil) {
			fine(t, err)
			all = append(all, "d"+k.Object.ID.Name)
		}
		return
	}
	before := list(c)
	w.reopen(t)
	h = w.svc.LookupHSM("fortress")
	c = h.As(vault.Owner())
	if after := list(c); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("%v\n%v", before, after)
	}
	// a cancelled context in the middle, a panic, an error with the token
	for _, how := range []string{"cancel", "panic", "error"} {
		cctx, cancel := context.WithCancel(ctx)
		b.before = func(string) error {
			switch how {
			case "cancel":
				cancel()
				return nil
			case "panic":
				panic("hushhush")
			}
			return errors.New("no: hushhush")
		}
		j, err := c.StartRestore(cctx, stor, job.Folder())
		b.before = nil
		cancel()
		st, err2 := c.GetRestoreStatus(ctx, j.ID)
		if err == nil && err2 != nil {
			t.Errorf("%s: a restore that was started is not known: %v", how, err2)
		}
		if s := fmt.Sprintf("%+v %+v %#v %v", j, err, err, st); strings.Contains(s, "hushhush") {
			t.Errorf("%s leaks: %s", how, s)
		}
		if after := list(c); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("%s: %v\n%v", how, before, after)
		}
	}
	// of a vault
	if _, err := w.owner.StartBackup(ctx, stor); errs.StatusOf(err) != 404 {
		t.Errorf("vault: %v", err)
	}
	// BackupJob.Error shared
	b.before = func(string) error { return errors.New("no") }
	j := got(c.StartBackup(ctx, stor))(t)
	b.before = nil
	st := got(c.GetBackupStatus(ctx, j.ID))(t)
	st.Error.Message = "changed"
	if again := got(c.GetBackupStatus(ctx, j.ID))(t); again.Error.Message == "changed" {
		t.Errorf("a result shares its error with the HSM")
	}
	// single-key restore of a key that is deleted
	if _, err := c.StartKeyRestore(ctx, "k0", stor, job.Folder()); errs.StatusOf(err) != 409 {
		t.Errorf("%v", err)
	}
	got(c.DeleteKey(ctx, "k0"))(t)
	if _, err := c.StartKeyRestore(ctx, "k0", stor, job.Folder()); errs.StatusOf(err) != 409 {
		t.Errorf("%v", err)
	}
	fine(t, c.PurgeDeletedKey(ctx, "k0"))
	got(c.StartKeyRestore(ctx, "K0", stor, job.Folder()))(t)
	// cross: same name vault
	got(w.svc.CreateVault(ctx, "fortress", nil))(t)
}

// What backs a key up elsewhere does not open.
func TestBackupsOfTheProductsStayApart(t *testing.T) {
	t.Parallel()
	w, _ := storedWorld(t, nil)
	ctx := t.Context()
	h, c := newHSM(t, w, nil)
	fine(t, h.Activate(ctx))
	v := got(w.svc.CreateVault(ctx, "fortress", nil))(t)
	o := v.As(vault.Owner())
	got(o.CreateKey(ctx, "k", vault.EC(vault.P256).HSM(), nil))(t)
	if _, err := c.GetKey(ctx, "k"); errs.StatusOf(err) != 404 {
		t.Errorf("%v", err)
	}
	bl := got(o.BackupKey(ctx, "k"))(t)
	if _, err := c.RestoreKey(ctx, bl); errs.StatusOf(err) != 400 {
		t.Errorf("%v", err)
	}
	got(c.CreateKey(ctx, "h", vault.EC(vault.P256), nil))(t)
	bl = got(c.BackupKey(ctx, "h"))(t)
	if _, err := o.RestoreKey(ctx, bl); errs.StatusOf(err) != 400 {
		t.Errorf("%v", err)
	}
	w.reopen(t)
	got(w.svc.LookupHSM("fortress").As(vault.Owner()).GetKey(ctx, "h"))(t)
	got(w.svc.Lookup("fortress").As(vault.Owner()).GetKey(ctx, "k"))(t)
}

// The limit of keys holds whatever way keys come in.
func TestTheLimitOfKeysHoldsForEveryWay(t *testing.T) {
	if testing.Short() {
		t.Skip()
	}
	t.Parallel()
	w := newWorld(t, nil, nil)
	ctx := t.Context()
	h, c := newHSM(t, w, nil)
	fine(t, h.Activate(ctx))
	got(c.CreateKey(ctx, "first", vault.EC(vault.P256), nil))(t)
	blob := got(c.BackupKey(ctx, "first"))(t)
	got(c.DeleteKey(ctx, "first"))(t)
	fine(t, c.PurgeDeletedKey(ctx, "first"))
	got(c.CreateKey(ctx, "second", vault.EC(vault.P256), nil))(t)
	got(c.DeleteKey(ctx, "second"))(t)
	for i := range 5000 {
		got(c.CreateKey(ctx, fmt.Sprint("k", i), crypto.Oct(128), nil))(t)
	}
	if _, err := c.CreateKey(ctx, "more", crypto.Oct(128), nil); codes(err) != "BadParameter" {
		t.Errorf("create: %v", err)
	}
	if _, err := c.RestoreKey(ctx, blob); err == nil {
		t.Error("RestoreKey exceeds the limit")
	}
	if _, err := c.RecoverDeletedKey(ctx, "second"); err == nil {
		t.Error("RecoverDeletedKey exceeds the limit")
	}
}

// The firewall of a Managed HSM is its own, and whoever administers one key gives himself nothing beyond it.
func TestTheGatesOfAManagedHSM(t *testing.T) {
	t.Parallel()
	unlimited := limiter.Unlimited()
	ctx := t.Context()
	h, _ := newHSM(t, newWorld(t, &vault.Options{Limits: &unlimited}, nil), nil)
	fine(t, h.Activate(ctx))
	fine(t, h.SetNetwork(ctx, policy.NetworkRules{DefaultAction: policy.Deny}))
	if _, err := h.As(vault.Principal("p").From(outside.Addr)).ListSettings(ctx); codes(err) != "Forbidden/ForbiddenByFirewall" {
		t.Errorf("from outside: %v", err)
	}
	fine(t, h.SetNetwork(ctx, policy.NetworkRules{}))
	fine(t, h.SetRoles(ctx, []policy.RoleAssignment{{ID: "x", Role: policy.ManagedHSMAdministrator, PrincipalID: "small", Scope: "/keys/k"}}, nil))
	small := h.As(vault.Principal("small"))
	give := func(scope string) error {
		_, err := small.CreateRoleAssignment(ctx, scope, policy.RoleAssignment{Role: policy.ManagedHSMAdministrator, PrincipalID: "small"})
		return err
	}
	fine(t, give("/keys/k"))
	for _, scope := range []string{"/", "/keys", "/keys/other"} {
		if err := give(scope); codes(err) != "AccessDenied" {
			t.Errorf("at %s: %v", scope, err)
		}
	}
	if _, err := small.DownloadSecurityDomain(ctx, nil, 2); codes(err) != "AccessDenied" {
		t.Errorf("downloaded the security domain: %v", err)
	}
}

// A rotation follows the policy that counts when its version is added, not the one from before the key was made.
func TestARotationFollowsTheReleasePolicyOfTheMoment(t *testing.T) {
	t.Parallel()
	attestor := identity.NewAttestor(&identity.AttestorOptions{Authority: attester, NewKey: signingKey2048, Now: new(clock).Now})
	unlimited := limiter.Unlimited()
	var during func()
	keys := &hook.Points{RSA: func(bits int) (*rsa.PrivateKey, error) {
		if during != nil {
			during()
		}
		return rsa.GenerateKey(rand.Reader, bits)
	}}
	w := newWorld(t, &vault.Options{Attestation: attestor, Limits: &unlimited, Hook: keys}, nil)
	got(w.owner.CreateKey(t.Context(), "k", crypto.RSA(2048).HSM(), leaving()))(t)
	strict := []byte(`{"anyOf":[{"authority":"https://attest.example/","allOf":[{"claim":"tee","equals":"none"}]}],"version":"1.0.0"}`)
	during = func() {
		during = nil
		got(w.owner.UpdateKey(t.Context(), "k", &vault.UpdateKeyOptions{Release: &vault.ReleasePolicy{Data: strict}}))(t)
	}
	k := got(w.owner.RotateKey(t.Context(), "k"))(t)
	if string(k.Release.Data) != string(got(w.owner.GetKey(t.Context(), "k"))(t).Release.Data) || !strings.Contains(string(k.Release.Data), `"none"`) {
		t.Errorf("rotated under %s", k.Release.Data)
	}
}

// What is no filter is not taken for none.
func TestAFilterWithoutAName(t *testing.T) {
	t.Parallel()
	unlimited := limiter.Unlimited()
	w := newWorld(t, &vault.Options{Limits: &unlimited}, nil)
	h, _ := newHSM(t, w, nil)
	fine(t, h.Activate(t.Context()))
	for _, filter := range []string{"()", "(", "'", "a eq", "a eq ''", "eq 'x'", "principalId eq 'a' or principalId eq 'b'", "atScope()()", "type eq '"} {
		for _, o := range []vault.Operation{vault.OpRoleAssignmentList, vault.OpRoleDefinitionList} {
			_, err := endpoint(o).Serve(t.Context(), h, &vault.Exchange{Caller: vault.Owner(), Query: "api-version=7.4&$filter=" + url.QueryEscape(filter)}, nil)
			if errs.StatusOf(err) != 400 {
				t.Errorf("%s %q: %v", o, filter, err)
			}
		}
	}
}
