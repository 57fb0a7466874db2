package vault_test

import (
	"cmp"
	"slices"
	"strings"

	"github.com/embedvault/embedvault/vault"
)

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

// sign tells the version that signs.
func (m *model) sign(ref string) (id, code string) {
	o, i, code := m.version(ref)
	if code != "" {
		return "", code
	}
	switch v := o.versions[i]; {
	case !v.Enabled:
		return "", "Forbidden/KeyDisabled"
	case v.NotBefore > m.now:
		return "", "Forbidden/KeyNotYetValid"
	case v.Expires != 0 && v.Expires <= m.now:
		return "", "Forbidden/KeyExpired"
	default:
		return v.Version, ""
	}
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
