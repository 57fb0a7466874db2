package rest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/vault"
)

func encoded(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// native makes a request through the Go API and shows the outcome.
func (d *door) native(r twinRequest) string {
	text, err := d.call(context.Background(), d.container.As(callerOf(r.caller)), r)
	if err != nil {
		return d.problem(err)
	}
	return text
}

func (d *door) call(ctx context.Context, c *vault.Client, r twinRequest) (string, error) {
	switch r.kind {
	case "keys":
		return d.callKeys(ctx, c, r)
	case "secrets":
		return d.callSecrets(ctx, c, r)
	}
	return administrate(ctx, c, r)
}

// validity and update are what a request says of attributes.
func (r twinRequest) validity() (v vault.Validity) {
	v.Disabled = r.disabled != nil && *r.disabled
	if r.expires != 0 {
		v.Expires = time.Unix(r.expires, 0)
	}
	return v
}

func (r twinRequest) update() (u vault.AttributesUpdate) {
	if r.disabled != nil {
		enabled := !*r.disabled
		u.Enabled = &enabled
	}
	if r.expires != 0 {
		at := time.Unix(r.expires, 0)
		u.Expires = &at
	}
	return u
}

func (d *door) ref(r twinRequest) vault.Ref { return vault.Ref(r.name + "/" + d.versionOf(r)) }

func (d *door) callSecrets(ctx context.Context, c *vault.Client, r twinRequest) (string, error) {
	switch r.verb {
	case "set":
		s, err := c.SetSecret(ctx, r.name, r.value, &vault.SetSecretOptions{Validity: r.validity(), Tags: r.tags})
		return d.secret(s), err
	case "get":
		s, err := c.GetSecret(ctx, d.ref(r))
		return d.secret(s), err
	case "update":
		s, err := c.UpdateSecret(ctx, d.ref(r), &vault.UpdateSecretOptions{Attributes: r.update(), Tags: r.tags})
		return d.secret(s), err
	case "delete":
		s, err := c.DeleteSecret(ctx, r.name)
		return d.secret(s.Object) + deletion(s.Deletion), err
	case "deleted":
		s, err := c.GetDeletedSecret(ctx, r.name)
		return d.secret(s.Object) + deletion(s.Deletion), err
	case "recover":
		s, err := c.RecoverDeletedSecret(ctx, r.name)
		return d.secret(s), err
	case "purge":
		return "", c.PurgeDeletedSecret(ctx, r.name)
	case "list":
		return each(c.ListSecrets(ctx, nil), d.secretItem)
	case "versions":
		return each(c.ListSecretVersions(ctx, r.name, nil), d.secretItem)
	case "listdeleted":
		return each(c.ListDeletedSecrets(ctx, nil), func(s vault.Deleted[vault.SecretItem]) string { return d.secretItem(s.Object) + deletion(s.Deletion) })
	case "backup":
		return d.keep(r.kind)(c.BackupSecret(ctx, r.name))
	}
	s, err := c.RestoreSecret(ctx, d.blobs[r.kind])
	return d.secret(s), err
}

func (d *door) callKeys(ctx context.Context, c *vault.Client, r twinRequest) (string, error) {
	switch r.verb {
	case "create":
		k, err := c.CreateKey(ctx, r.name, vault.EC(vault.P256), &vault.CreateKeyOptions{Validity: r.validity(), Tags: r.tags})
		return d.key(k), err
	case "get":
		k, err := c.GetKey(ctx, d.ref(r))
		return d.key(k), err
	case "update":
		k, err := c.UpdateKey(ctx, d.ref(r), &vault.UpdateKeyOptions{Attributes: r.update(), Tags: r.tags})
		return d.key(k), err
	case "rotate":
		k, err := c.RotateKey(ctx, r.name)
		return d.key(k), err
	case "delete":
		k, err := c.DeleteKey(ctx, r.name)
		return d.key(k.Object) + deletion(k.Deletion), err
	case "deleted":
		k, err := c.GetDeletedKey(ctx, r.name)
		return d.key(k.Object) + deletion(k.Deletion), err
	case "recover":
		k, err := c.RecoverDeletedKey(ctx, r.name)
		return d.key(k), err
	case "purge":
		return "", c.PurgeDeletedKey(ctx, r.name)
	case "list":
		return each(c.ListKeys(ctx, nil), d.keyItem)
	case "versions":
		return each(c.ListKeyVersions(ctx, r.name, nil), d.keyItem)
	case "listdeleted":
		return each(c.ListDeletedKeys(ctx, nil), func(k vault.Deleted[vault.KeyItem]) string { return d.keyItem(k.Object) + deletion(k.Deletion) })
	case "backup":
		return d.keep(r.kind)(c.BackupKey(ctx, r.name))
	case "restore":
		k, err := c.RestoreKey(ctx, d.blobs[r.kind])
		return d.key(k), err
	case "policy":
		p, err := c.GetRotationPolicy(ctx, r.name)
		return rotation(p), err
	case "setpolicy":
		p, err := c.SetRotationPolicy(ctx, r.name, vault.RotationPolicy{ExpiryTime: "P90D"})
		return rotation(p), err
	}
	return d.useKey(ctx, c, r)
}

func (d *door) useKey(ctx context.Context, c *vault.Client, r twinRequest) (string, error) {
	switch r.verb {
	case "verify":
		ok, err := c.Verify(ctx, d.ref(r), vault.ES256, twinDigest(r), []byte{0, 0, 0})
		return fmt.Sprint(ok), err
	case "encrypt":
		_, err := c.Encrypt(ctx, d.ref(r), vault.RSAOAEP, twinDigest(r), nil)
		return "", err
	}
	s, err := c.Sign(ctx, d.ref(r), vault.ES256, twinDigest(r))
	return fmt.Sprintf("%s, %d bytes", d.id(s.ID.Name, s.ID.Version()), len(s.Value)), err
}

// keep remembers a backup to restore.
func (d *door) keep(kind string) func([]byte, error) (string, error) {
	return func(blob []byte, err error) (string, error) {
		if err == nil {
			d.blobs[kind] = blob
		}
		return "", err
	}
}

func each[T any](all iter.Seq2[T, error], show func(T) string) (string, error) {
	var b strings.Builder
	for item, err := range all {
		if err != nil {
			return "", err
		}
		b.WriteString(show(item) + "\n")
	}
	return b.String(), nil
}

func (d *door) id(name, version string) string { return name + "/" + d.label(version) }

func (d *door) secret(s vault.Secret) string {
	return fmt.Sprintf("%s %q %q", d.shown(s.ID, s.Attributes, s.Tags), s.Value.Reveal(), s.ContentType)
}

func (d *door) secretItem(s vault.SecretItem) string {
	return fmt.Sprintf("%s %q", d.shown(s.ID, s.Attributes, s.Tags), s.ContentType)
}

func (d *door) key(k vault.Key) string {
	return fmt.Sprintf("%s %s %v", d.shown(k.ID, k.Attributes, k.Tags), k.JWK.Kty, k.JWK.KeyOps)
}

func (d *door) keyItem(k vault.KeyItem) string { return d.shown(k.ID, k.Attributes, k.Tags) }

func (d *door) shown(id vault.ID, a vault.Attributes, tags map[string]string) string {
	return fmt.Sprintf("%s enabled=%v exp=%d created=%d updated=%d %s %d %s", d.id(id.Name, id.Version()), a.Enabled,
		unix(a.Expires), unix(a.Created), unix(a.Updated), a.RecoveryLevel, a.RecoverableDays, tagsOf(tags))
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func deletion(d vault.Deletion) string {
	return fmt.Sprintf(" %s %d %d", d.RecoveryID, unix(d.DeletedAt), unix(d.ScheduledPurge))
}

func rotation(p vault.RotationPolicy) string {
	return fmt.Sprint(p.ID, p.ExpiryTime, p.Actions, unix(p.Created), unix(p.Updated))
}

// wireObject is an answer of REST as far as both kinds have it.
type wireObject struct {
	ID, KID     string
	Value       json.RawMessage
	ContentType string
	Key         struct {
		KID, Kty string
		KeyOps   []string `json:"key_ops"`
	}
	Attributes struct {
		Enabled               bool
		Exp, Created, Updated int64
		RecoveryLevel         string
		RecoverableDays       int
		ExpiryTime            string
	}
	Tags                            map[string]string
	RecoveryID                      string
	DeletedDate, ScheduledPurgeDate int64
	LifetimeActions                 []struct {
		Trigger struct{ TimeAfterCreate, TimeBeforeExpiry vault.Period }
		Action  struct{ Type vault.ActionType }
	}
}

// answer shows a success of REST as the Go API shows it.
func (d *door) answer(t *rapid.T, r twinRequest, data []byte) string {
	if r.verb == "purge" {
		return string(data)
	}
	if r.kind != "keys" && r.kind != "secrets" {
		return r.administered(t, data)
	}
	var o wireObject
	if err := json.Unmarshal(data, &o); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	var text string
	_ = json.Unmarshal(o.Value, &text) // of a list it is no text
	switch r.verb {
	case "list", "versions", "listdeleted":
		var items []wireObject
		if err := json.Unmarshal(o.Value, &items); err != nil {
			t.Fatalf("%v: %s", err, data)
		}
		var b strings.Builder
		for _, item := range items {
			b.WriteString(d.item(r, item) + "\n")
		}
		return b.String()
	case "backup":
		d.blobs[r.kind], _ = base64.RawURLEncoding.DecodeString(text)
		return ""
	case "verify":
		return string(o.Value)
	case "sign":
		signature, _ := base64.RawURLEncoding.DecodeString(text)
		return fmt.Sprintf("%s, %d bytes", d.wireID(o.KID), len(signature))
	case "policy", "setpolicy":
		p := vault.RotationPolicy{ID: o.ID, ExpiryTime: vault.Period(o.Attributes.ExpiryTime)}
		for _, a := range o.LifetimeActions {
			p.Actions = append(p.Actions, vault.LifetimeAction{Action: a.Action.Type, After: a.Trigger.TimeAfterCreate, Before: a.Trigger.TimeBeforeExpiry})
		}
		return fmt.Sprint(p.ID, p.ExpiryTime, p.Actions, o.Attributes.Created, o.Attributes.Updated)
	}
	if r.kind == "keys" {
		return fmt.Sprintf("%s %s %v", d.wireShown(o.Key.KID, o), o.Key.Kty, o.Key.KeyOps) + wireDeletion(r, o)
	}
	return fmt.Sprintf("%s %q %q", d.wireShown(o.ID, o), text, o.ContentType) + wireDeletion(r, o)
}

func (d *door) item(r twinRequest, o wireObject) string {
	if r.kind == "keys" {
		return d.wireShown(o.KID, o) + wireDeletion(r, o)
	}
	return fmt.Sprintf("%s %q", d.wireShown(o.ID, o), o.ContentType) + wireDeletion(r, o)
}

func (d *door) wireID(url string) string {
	parts := strings.Split(url+"/", "/")
	return d.id(parts[4], parts[5])
}

func (d *door) wireShown(id string, o wireObject) string {
	a := o.Attributes
	return fmt.Sprintf("%s enabled=%v exp=%d created=%d updated=%d %s %d %s", d.wireID(id), a.Enabled, a.Exp, a.Created, a.Updated,
		a.RecoveryLevel, a.RecoverableDays, tagsOf(o.Tags))
}

func wireDeletion(r twinRequest, o wireObject) string {
	if r.verb != "delete" && r.verb != "deleted" && r.verb != "listdeleted" {
		return ""
	}
	return fmt.Sprintf(" %s %d %d", o.RecoveryID, o.DeletedDate, o.ScheduledPurgeDate)
}
