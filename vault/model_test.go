package vault_test

import (
	"cmp"
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
		"recover": m.recover, "purge": m.purge, "back up": m.backUp, "restore": m.restore,
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

// model is the naive model of one kind of object. Every request but set tells what it would answer and the codes of its
// error, "" for none.
type model struct {
	*rules
	word    string // "Key" or "Secret"
	guarded bool   // a disabled version is not shown
	public  bool   // the value is shown by every answer about a version, and not only by set and get
	objects []*object
}

// rules are what all kinds of a vault share.
type rules struct {
	days      int   // of retention
	lag       int64 // seconds
	protected bool
	now       int64
}

// object is in one of the states below until a moment; 0 is for ever.
type object struct {
	name     string
	versions []version
	state    string // live, deleting, deleted, purging, recovering
	until    int64
	at       int64 // when it was deleted
	purge    int64 // when it will be purged
}

// version is one version as a client sees it, whatever its kind. In lists of objects it has no Version.
type version struct {
	Name, Version, Value                 string
	Enabled                              bool
	NotBefore, Expires, Created, Updated int64
	Tags                                 string
	Recovery                             string
	Days                                 int
}

// deletion is a deleted object as a client sees it.
type deletion struct {
	version
	RecoveryID string
	At, Purge  int64
}

func (o *object) copy() object {
	c := *o
	c.versions = slices.Clone(o.versions)
	return c
}

// settle does what is due by now.
func (m *model) settle() {
	m.objects = slices.DeleteFunc(m.objects, func(o *object) bool {
		if o.until == 0 || m.now < o.until {
			return false
		}
		switch o.state {
		case "recovering":
			o.state, o.until = "live", 0
		case "deleting":
			o.state, o.until = "deleted", o.purge
			return m.now >= o.until
		default: // deleted, purging
			return true
		}
		return false
	})
}

func (m *model) find(name string) *object {
	for _, o := range m.objects {
		if strings.EqualFold(o.name, name) {
			return o
		}
	}
	return nil
}

// malformed tells whether no object can have a name.
func malformed(name string) bool {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"
	return name == "" || len(name) > 127 || strings.Trim(name, allowed) != ""
}

// live finds an object that can be used.
func (m *model) live(name string) (*object, string) {
	o := m.find(name)
	switch {
	case malformed(name):
		return nil, "BadParameter"
	case o == nil || o.state != "live":
		return nil, m.word + "NotFound"
	}
	return o, ""
}

// version finds a version of a live object: an index into its versions.
func (m *model) version(ref string) (*object, int, string) {
	name, id, _ := strings.Cut(ref, "/")
	o, code := m.live(name)
	if code != "" {
		return nil, 0, code
	}
	if id == "" {
		return o, len(o.versions) - 1, ""
	}
	for i, v := range o.versions {
		if strings.EqualFold(v.Version, id) {
			return o, i, ""
		}
	}
	return nil, 0, m.word + "NotFound"
}

// show is a version as an answer shows it.
func (m *model) show(o *object, v version, value bool) version {
	v.Name, v.Days = o.name, m.days
	if !value {
		v.Value = ""
	}
	if m.days < 90 {
		v.Recovery = "Customized"
	}
	v.Recovery += "Recoverable"
	if !m.protected {
		v.Recovery += "+Purgeable"
	}
	return v
}

func (m *model) current(o *object) version { return m.show(o, o.versions[len(o.versions)-1], m.public) }

func (m *model) gone(o *object) deletion {
	return deletion{m.current(o), "https://contoso.vault.azure.net/deleted" + strings.ToLower(m.word) + "s/" + o.name, o.at, o.purge}
}

func (m *model) set(name string, v version) (version, string) {
	if malformed(name) {
		return version{}, "BadParameter"
	}
	o := m.find(name)
	switch {
	case o == nil:
		o = &object{name: name, state: "live"}
		m.objects = append(m.objects, o)
	case o.state == "deleting", o.state == "purging":
		return version{}, "Conflict/ObjectIsBeingDeleted"
	case o.state == "recovering":
		return version{}, "Conflict/ObjectIsBeingRecovered"
	case o.state == "deleted":
		return version{}, "Conflict/ObjectIsDeletedButRecoverable"
	}
	o.versions = append(o.versions, v)
	return m.show(o, v, true), ""
}

func (m *model) get(ref string) (version, string) {
	o, i, code := m.version(ref)
	if code != "" {
		return version{}, code
	}
	if m.guarded && !o.versions[i].Enabled {
		return version{}, "Forbidden/SecretDisabled"
	}
	return m.show(o, o.versions[i], true), ""
}

func (m *model) update(ref string, u vault.AttributesUpdate, tags map[string]string) (version, string) {
	o, i, code := m.version(ref)
	if code != "" {
		return version{}, code
	}
	v := &o.versions[i]
	if u.Enabled != nil {
		v.Enabled = *u.Enabled
	}
	if u.NotBefore != nil {
		v.NotBefore = unix(*u.NotBefore)
	}
	if u.Expires != nil {
		v.Expires = unix(*u.Expires)
	}
	if tags != nil {
		v.Tags = text(tags)
	}
	v.Updated = m.now
	return m.show(o, *v, m.public), ""
}

func (m *model) delete(name string) (deletion, string) {
	o, code := m.live(name)
	if code != "" {
		return deletion{}, code
	}
	o.at, o.purge = m.now, m.now+int64(m.days)*24*60*60
	o.state, o.until = "deleting", m.now+m.lag
	answer := m.gone(o)
	m.settle()
	return answer, ""
}

// deleted finds an object that can be recovered or purged. The codes are those for one that is live and one that is on
// its way to be deleted.
func (m *model) deleted(name, live string) (*object, string) {
	o := m.find(name)
	switch {
	case malformed(name):
		return nil, "BadParameter"
	case o == nil:
		return nil, m.word + "NotFound"
	case o.state == "live":
		return nil, live
	case o.state == "deleting":
		return nil, "Conflict/ObjectIsBeingDeleted"
	case o.state != "deleted":
		return nil, m.word + "NotFound"
	}
	return o, ""
}

func (m *model) getDeleted(name string) (deletion, string) {
	o := m.find(name)
	switch {
	case malformed(name):
		return deletion{}, "BadParameter"
	case o == nil || o.state != "deleted":
		return deletion{}, m.word + "NotFound"
	case m.guarded && !m.current(o).Enabled:
		return deletion{}, "Forbidden/SecretDisabled"
	}
	return m.gone(o), ""
}

func (m *model) recover(name string) (version, string) {
	o, code := m.deleted(name, "MethodNotAllowed/RequestNotAllowedOnNonDeletedObject")
	if code != "" {
		return version{}, code
	}
	o.state, o.until = "recovering", m.now+m.lag
	m.settle()
	return m.current(o), ""
}

func (m *model) purge(name string) string {
	o, code := m.deleted(name, "MethodNotAllowed/ObjectMustBeDeletedPriorToBeingPurged")
	switch {
	case code != "":
		return code
	case m.protected:
		return "Forbidden"
	}
	o.state, o.until = "purging", m.now+m.lag
	m.settle()
	return ""
}

func (m *model) restore(o object) (version, string) {
	if m.find(o.name) != nil {
		return version{}, "Conflict"
	}
	back := o.copy()
	m.objects = append(m.objects, &back)
	return m.current(&back), ""
}

// sorted returns the objects in a state in the order of their names.
func (m *model) sorted(state string) []*object {
	found := slices.DeleteFunc(slices.Clone(m.objects), func(o *object) bool { return o.state != state })
	slices.SortFunc(found, func(a, b *object) int { return cmp.Compare(strings.ToLower(a.name), strings.ToLower(b.name)) })
	return found
}

func (m *model) list() (all []version) {
	for _, o := range m.sorted("live") {
		v := m.show(o, o.versions[len(o.versions)-1], false)
		v.Version = ""
		all = append(all, v)
	}
	return all
}

func (m *model) listDeleted() (all []deletion) {
	for _, o := range m.sorted("deleted") {
		d := m.gone(o)
		d.Version, d.Value = "", ""
		all = append(all, d)
	}
	return all
}

func (m *model) versions(name string) (all []version) {
	if o, code := m.live(name); code == "" {
		for _, v := range o.versions {
			all = append(all, m.show(o, v, false))
		}
	}
	return all
}
