package vault_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// Random requests about the keys and secrets of a vault, while its clock steps, get the answers of a naive model: a list
// of objects that is searched from the front.
func TestVaultIsAsTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) { newMachine(rt, nil).run(rt) })
}

// The same, while the service ends at any moment and another one takes over its store.
func TestAReopenedVaultIsAsTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(rt, store.NewMemory())
		m.actions["reopen"] = m.reopen
		m.run(rt)
	})
}

// machine is a vault, its model, and what can be done to both.
type machine struct {
	*world
	rules   *rules
	kinds   []*kindOfTwo
	actions map[string]func(*rapid.T)
}

// kindOfTwo is a kind of object in the vault and in the model.
type kindOfTwo struct {
	real    func(*vault.Client) collection
	model   *model
	backups []backup
}

// backup is a blob and what the model knows of it.
type backup struct {
	blob   []byte
	object object
}

func newMachine(rt *rapid.T, s store.Store) *machine {
	unlimited := limiter.Unlimited()
	r := &rules{
		days: rapid.SampledFrom([]int{7, 30, 90}).Draw(rt, "retention"),
		lag:  rapid.SampledFrom([]int64{0, 20}).Draw(rt, "lag"),
	}
	w := newWorld(rt, &vault.Options{Limits: &unlimited, Lag: time.Duration(r.lag) * time.Second, Store: s},
		&vault.VaultOptions{RetentionDays: r.days})
	m := &machine{world: w, rules: r, kinds: []*kindOfTwo{
		{real: secretsOf, model: &model{rules: r, word: "Secret", guarded: true}},
		{real: keysOf, model: &model{rules: r, word: "Key", public: true}},
	}}
	m.actions = map[string]func(*rapid.T){
		"": m.check, "wait": m.wait, "protect": m.protect,
		"set": m.set, "get": m.get, "update": m.update, "delete": m.delete, "get deleted": m.getDeleted,
		"recover": m.recover, "purge": m.purge, "back up": m.backUp, "restore": m.restore, "use": m.use,
	}
	return m
}

func (m *machine) run(rt *rapid.T) {
	m.sync()
	rt.Repeat(m.actions)
}

// sync gives the model the time of the vault.
func (m *machine) sync() {
	m.rules.now = m.clock.Now().Unix()
	for _, k := range m.kinds {
		k.model.settle()
	}
}

func (m *machine) kind(rt *rapid.T) (collection, *model) {
	k := rapid.SampledFrom(m.kinds).Draw(rt, "kind")
	return k.real(m.owner), k.model
}

// The names: few, in any case, and some that no object can have.
var (
	names    = []string{"a", "A", "b-1", "B-1", strings.Repeat("n", 127)}
	nonnames = []string{"", "under_score", strings.Repeat("n", 128), "ümlaut", "a b"}
)

// name draws a name: mostly that of an object in one of some states, if there is one.
func name(rt *rapid.T, of *model, states ...string) string {
	var taken []string
	for _, o := range of.objects {
		if slices.Contains(states, o.state) {
			taken = append(taken, o.name, strings.ToUpper(o.name))
		}
	}
	switch n := rapid.IntRange(0, 9).Draw(rt, "sort of name"); {
	case n == 9:
		return rapid.SampledFrom(nonnames).Draw(rt, "no name")
	case n > 2 && len(taken) > 0:
		return rapid.SampledFrom(taken).Draw(rt, "taken")
	}
	return rapid.SampledFrom(names).Draw(rt, "name")
}

// ref draws a name and perhaps a version: one that the object has, in any case, or none has.
func (m *machine) ref(rt *rapid.T, of *model) string {
	ref := name(rt, of, "live")
	versions := []string{"", "", "", "/", "/" + aVersion, "/latest"}
	if o := of.find(ref); o != nil {
		for _, v := range o.versions {
			versions = append(versions, "/"+v.Version, "/"+strings.ToUpper(v.Version))
		}
	}
	return ref + rapid.SampledFrom(versions).Draw(rt, "version")
}

// validity draws when a version may be used.
func (m *machine) validity(rt *rapid.T) vault.Validity {
	near := func(label string) time.Time {
		hours := rapid.SampledFrom([]int{0, 0, 0, -1, 1, 240}).Draw(rt, label)
		if hours == 0 {
			return time.Time{}
		}
		return m.clock.Now().Add(time.Duration(hours) * time.Hour)
	}
	return vault.Validity{
		Disabled:  rapid.SampledFrom([]bool{false, false, true}).Draw(rt, "disabled"),
		NotBefore: near("nbf"), Expires: near("exp"),
	}
}

func tagsOf(rt *rapid.T) map[string]string {
	return rapid.SampledFrom([]map[string]string{nil, {}, {"env": "test"}, {"env": "ops", "größe": "klein"}}).Draw(rt, "tags")
}

func (m *machine) set(rt *rapid.T) {
	real, model := m.kind(rt)
	n, v, tags := name(rt, model, "live"), m.validity(rt), tagsOf(rt)
	value := rapid.SampledFrom([]string{"", "one", "two", "naïve\x00"}).Draw(rt, "value")
	got, err := real.set(n, value, v, tags)
	want, code := model.set(n, version{
		Version: got.Version, Value: got.Value, Enabled: !v.Disabled, NotBefore: unix(v.NotBefore), Expires: unix(v.Expires),
		Created: m.rules.now, Updated: m.rules.now, Tags: text(tags),
	})
	m.compare(rt, "set "+n, got, want, err, code)
	if err == nil && (len(got.Version) != 32 || !model.public && got.Value != value || model.public && len(got.Value) != 32) {
		rt.Fatalf("set %s: %+v", n, got)
	}
}

func (m *machine) get(rt *rapid.T) {
	real, model := m.kind(rt)
	ref := m.ref(rt, model)
	got, err := real.get(ref)
	want, code := model.get(ref)
	m.compare(rt, "get "+ref, got, want, err, code)
}

func (m *machine) update(rt *rapid.T) {
	real, model := m.kind(rt)
	ref, tags := m.ref(rt, model), tagsOf(rt)
	var u vault.AttributesUpdate
	if rapid.Bool().Draw(rt, "enable") {
		u.Enabled = new(rapid.Bool().Draw(rt, "enabled"))
	}
	if rapid.Bool().Draw(rt, "limit") {
		u.NotBefore, u.Expires = new(m.validity(rt).NotBefore), new(m.validity(rt).Expires)
	}
	got, err := real.update(ref, u, tags)
	want, code := model.update(ref, u, tags)
	m.compare(rt, "update "+ref, got, want, err, code)
}

func (m *machine) delete(rt *rapid.T) {
	real, model := m.kind(rt)
	n := name(rt, model, "live")
	got, err := real.delete(n)
	want, code := model.delete(n)
	m.compare(rt, "delete "+n, got, want, err, code)
}

func (m *machine) getDeleted(rt *rapid.T) {
	real, model := m.kind(rt)
	n := name(rt, model, "deleted")
	got, err := real.getDeleted(n)
	want, code := model.getDeleted(n)
	m.compare(rt, "get deleted "+n, got, want, err, code)
}

func (m *machine) recover(rt *rapid.T) {
	real, model := m.kind(rt)
	n := name(rt, model, "deleted", "deleting")
	got, err := real.recover(n)
	want, code := model.recover(n)
	m.compare(rt, "recover "+n, got, want, err, code)
}

func (m *machine) purge(rt *rapid.T) {
	real, model := m.kind(rt)
	n := name(rt, model, "deleted", "deleting")
	err := real.purge(n)
	m.compare(rt, "purge "+n, nil, nil, err, model.purge(n))
}

func (m *machine) backUp(rt *rapid.T) {
	k := rapid.SampledFrom(m.kinds).Draw(rt, "kind")
	n := name(rt, k.model, "live")
	blob, err := k.real(m.owner).backup(n)
	o, code := k.model.live(n)
	m.compare(rt, "back up "+n, nil, nil, err, code)
	if err == nil {
		k.backups = append(k.backups, backup{blob, o.copy()})
	}
}

func (m *machine) restore(rt *rapid.T) {
	k := rapid.SampledFrom(m.kinds).Draw(rt, "kind")
	if len(k.backups) == 0 {
		rt.Skip("nothing was backed up")
	}
	b := rapid.SampledFrom(k.backups).Draw(rt, "backup")
	got, err := k.real(m.owner).restore(b.blob)
	want, code := k.model.restore(b.object)
	m.compare(rt, "restore "+b.object.name, got, want, err, code)
}

// use signs with a key, and verifies the signature, which every key can do that is there.
func (m *machine) use(rt *rapid.T) {
	keys := m.kinds[1].model
	ref, digest := m.ref(rt, keys), make([]byte, 32)
	signature, err := m.owner.Sign(rt.Context(), vault.Ref(ref), vault.ES256, digest)
	id, code := keys.sign(ref)
	m.compare(rt, "sign with "+ref, signature.ID.Version(), id, err, code)
	valid, err := m.owner.Verify(rt.Context(), vault.Ref(ref), vault.ES256, digest, signature.Value)
	_, _, missing := keys.version(ref)
	m.compare(rt, "verify with "+ref, valid, code == "", err, missing)
}

// protect forbids purging, in few of the runs.
func (m *machine) protect(rt *rapid.T) {
	if rapid.IntRange(0, 9).Draw(rt, "rarely") != 0 {
		rt.Skip("not now")
	}
	fine(rt, m.vault.EnablePurgeProtection(rt.Context()))
	m.rules.protected = true
}

// wait steps the clock: by some time, or to the moment, or the nanosecond before it, at which something is due.
func (m *machine) wait(rt *rapid.T) {
	step := rapid.SampledFrom([]time.Duration{
		time.Nanosecond, 600 * time.Millisecond, time.Second, 20 * time.Second, time.Hour, 24 * time.Hour, 7 * 24 * time.Hour,
	}).Draw(rt, "step")
	if due := m.due(); due > m.rules.now && rapid.Bool().Draw(rt, "until something is due") {
		step = time.Unix(due, 0).Sub(m.clock.Now()) - rapid.SampledFrom([]time.Duration{0, 1}).Draw(rt, "early")
	}
	m.clock.Advance(max(step, 0))
	m.sync()
}

// due is the next moment at which the state of an object changes by itself, 0 if there is none.
func (m *machine) due() (next int64) {
	for _, k := range m.kinds {
		for _, o := range k.model.objects {
			if o.until > m.rules.now && (next == 0 || o.until < next) {
				next = o.until
			}
		}
	}
	return next
}

// reopen ends the service and starts another one on its store.
func (m *machine) reopen(rt *rapid.T) { m.world.reopen(rt) }

// check compares everything that can be listed.
func (m *machine) check(rt *rapid.T) {
	for _, k := range m.kinds {
		real := k.real(m.owner)
		m.compare(rt, "list", text(got(real.list())(rt)), text(k.model.list()), nil, "")
		m.compare(rt, "list deleted", text(got(real.listDeleted())(rt)), text(k.model.listDeleted()), nil, "")
		for _, o := range k.model.objects {
			m.compare(rt, "list versions", text(got(real.versions(o.name))(rt)), text(k.model.versions(o.name)), nil, "")
		}
	}
}

// compare fails the test unless vault and model agree.
func (m *machine) compare(rt *rapid.T, what string, got, want any, err error, code string) {
	rt.Helper()
	if codes(err) != code {
		rt.Fatalf("%s: %v, want %q", what, err, code)
	}
	if err == nil && got != want {
		rt.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// text makes anything comparable.
func text(v any) string { return fmt.Sprintf("%+v", v) }

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// collection is the requests about one kind of object.
type collection struct {
	set         func(name, value string, v vault.Validity, tags map[string]string) (version, error)
	get         func(ref string) (version, error)
	update      func(ref string, u vault.AttributesUpdate, tags map[string]string) (version, error)
	list        func() ([]version, error)
	versions    func(name string) ([]version, error)
	delete      func(name string) (deletion, error)
	getDeleted  func(name string) (deletion, error)
	listDeleted func() ([]deletion, error)
	recover     func(name string) (version, error)
	purge       func(name string) error
	backup      func(name string) ([]byte, error)
	restore     func(blob []byte) (version, error)
}

func secretsOf(c *vault.Client) collection {
	ctx := context.Background()
	show := func(s vault.Secret) version { return shown(s.ID, s.Value.Reveal(), s.Attributes, s.Tags) }
	item := func(s vault.SecretItem) version { return shown(s.ID, "", s.Attributes, s.Tags) }
	return collection{
		set: func(name, value string, v vault.Validity, tags map[string]string) (version, error) {
			return as(show)(c.SetSecret(ctx, name, value, &vault.SetSecretOptions{Validity: v, Tags: tags}))
		},
		get: func(ref string) (version, error) { return as(show)(c.GetSecret(ctx, vault.Ref(ref))) },
		update: func(ref string, u vault.AttributesUpdate, tags map[string]string) (version, error) {
			return as(show)(c.UpdateSecret(ctx, vault.Ref(ref), &vault.UpdateSecretOptions{Attributes: u, Tags: tags}))
		},
		list:        func() ([]version, error) { return all(item, c.ListSecrets(ctx, nil)) },
		versions:    func(name string) ([]version, error) { return all(item, c.ListSecretVersions(ctx, name, nil)) },
		delete:      func(name string) (deletion, error) { return as(buried(show))(c.DeleteSecret(ctx, name)) },
		getDeleted:  func(name string) (deletion, error) { return as(buried(show))(c.GetDeletedSecret(ctx, name)) },
		listDeleted: func() ([]deletion, error) { return all(buried(item), c.ListDeletedSecrets(ctx, nil)) },
		recover:     func(name string) (version, error) { return as(show)(c.RecoverDeletedSecret(ctx, name)) },
		purge:       func(name string) error { return c.PurgeDeletedSecret(ctx, name) },
		backup:      func(name string) ([]byte, error) { return c.BackupSecret(ctx, name) },
		restore:     func(blob []byte) (version, error) { return as(show)(c.RestoreSecret(ctx, blob)) },
	}
}

func keysOf(c *vault.Client) collection {
	ctx := context.Background()
	show := func(k vault.Key) version { return shown(k.ID, string(k.JWK.X), k.Attributes, k.Tags) }
	item := func(k vault.KeyItem) version { return shown(k.ID, "", k.Attributes, k.Tags) }
	return collection{
		set: func(name, _ string, v vault.Validity, tags map[string]string) (version, error) {
			return as(show)(c.CreateKey(ctx, name, vault.EC(vault.P256), &vault.CreateKeyOptions{Validity: v, Tags: tags}))
		},
		get: func(ref string) (version, error) { return as(show)(c.GetKey(ctx, vault.Ref(ref))) },
		update: func(ref string, u vault.AttributesUpdate, tags map[string]string) (version, error) {
			return as(show)(c.UpdateKey(ctx, vault.Ref(ref), &vault.UpdateKeyOptions{Attributes: u, Tags: tags}))
		},
		list:        func() ([]version, error) { return all(item, c.ListKeys(ctx, nil)) },
		versions:    func(name string) ([]version, error) { return all(item, c.ListKeyVersions(ctx, name, nil)) },
		delete:      func(name string) (deletion, error) { return as(buried(show))(c.DeleteKey(ctx, name)) },
		getDeleted:  func(name string) (deletion, error) { return as(buried(show))(c.GetDeletedKey(ctx, name)) },
		listDeleted: func() ([]deletion, error) { return all(buried(item), c.ListDeletedKeys(ctx, nil)) },
		recover:     func(name string) (version, error) { return as(show)(c.RecoverDeletedKey(ctx, name)) },
		purge:       func(name string) error { return c.PurgeDeletedKey(ctx, name) },
		backup:      func(name string) ([]byte, error) { return c.BackupKey(ctx, name) },
		restore:     func(blob []byte) (version, error) { return as(show)(c.RestoreKey(ctx, blob)) },
	}
}

func shown(id vault.ID, value string, a vault.Attributes, tags map[string]string) version {
	return version{
		Name: id.Name, Version: id.Version(), Value: value, Enabled: a.Enabled,
		NotBefore: unix(a.NotBefore), Expires: unix(a.Expires), Created: unix(a.Created), Updated: unix(a.Updated),
		Tags: text(tags), Recovery: a.RecoveryLevel, Days: a.RecoverableDays,
	}
}

// buried shows a deleted object.
func buried[T any](show func(T) version) func(vault.Deleted[T]) deletion {
	return func(d vault.Deleted[T]) deletion {
		return deletion{show(d.Object), d.RecoveryID, unix(d.DeletedAt), unix(d.ScheduledPurge)}
	}
}

// as shows the answer of a request that did not fail.
func as[T, V any](show func(T) V) func(T, error) (V, error) {
	return func(answer T, err error) (shown V, _ error) {
		if err == nil {
			shown = show(answer)
		}
		return shown, err
	}
}

// all shows a whole list.
func all[T, V any](show func(T) V, list iter.Seq2[T, error]) (items []V, _ error) {
	for item, err := range list {
		if err != nil {
			return nil, err
		}
		items = append(items, show(item))
	}
	return items, nil
}
