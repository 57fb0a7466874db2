package vault

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/embedvault/embedvault/internal/shelf"
	"github.com/embedvault/embedvault/vault/store"
)

// A store holds five types of records, each a JSON object that names what it belongs to:
//
//	service  the root key of a service
//	module   the domain of its module, or of that of a Managed HSM
//	vault    the settings of a container, and the state of a Managed HSM
//	object   name, deletion and the ids of the versions of an object
//	version  one version
//
// A version is a record of its own, so an object of many versions is not written as a whole each time. A record's key is
// derived from the names in it. Records hold names, never URLs.
//
// The names of the members here, and of those in what a record holds, are the format: a change of one is a new schema. The
// file testdata/records.txt holds a record of each type with all its members.
type record struct {
	Schema     int               `json:"schema"`
	Type       string            `json:"sort"`
	Vault      string            `json:"vault"`
	Kind       int               `json:"kind,omitempty"`
	Name       string            `json:"name,omitempty"`
	Settings   *storedSettings   `json:"settings,omitempty"`
	HSM        *storedHSM        `json:"hsm,omitempty"`
	Versions   []string          `json:"versions,omitempty"`
	Deletion   *shelf.Deletion   `json:"deletion,omitempty"`
	Back       int64             `json:"back,omitempty"`
	Own        json.RawMessage   `json:"own,omitempty"`
	ID         string            `json:"id,omitempty"`
	Attributes *shelf.Attributes `json:"attributes,omitempty"`
	Tags       map[string]string `json:"tags,omitempty"`
	Data       json.RawMessage   `json:"data,omitempty"`
}

// The types of records.
const (
	serviceRecord = "service"
	moduleRecord  = "module"
	vaultRecord   = "vault"
	objectRecord  = "object"
	versionRecord = "version"
)

// schema is the version of the format.
const schema = 1

// key derives the record's key.
func (r record) key() (k store.Key) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%d|%s|%s", r.Type, strings.ToLower(r.Vault), r.Kind, strings.ToLower(r.Name), r.ID))
	copy(k[:], sum[:])
	return k
}

// stored is a kind that can be written to a store and read back.
type stored interface {
	// index is the place of the kind in a root.
	index() int
	// records returns what a change of the kind puts and removes, without the vault's name: the versions, then the object.
	records(c shelf.Change) (put, gone []record, err error)
	// load puts an object back, from its record and those of its versions.
	load(ctx context.Context, v *container, object record, versions []record) error
	// sweep takes away some of the objects whose time is over.
	sweep(tx *shelf.Tx, now int64)
}

// codec writes and reads what the versions and objects of one kind hold.
type codec[V, O any] struct {
	kind   shelf.Kind[V, O]
	encode func(V) ([]byte, error)
	decode func(context.Context, *container, ID, []byte) (V, error)
}

func (k codec[V, O]) index() int { return k.kind.Index() }

func (k codec[V, O]) sweep(tx *shelf.Tx, now int64) { k.kind.Sweep(tx, now) }

func (k codec[V, O]) records(c shelf.Change) (put, gone []record, err error) {
	before, _ := c.Before.(*shelf.Object[V, O])
	after, _ := c.After.(*shelf.Object[V, O])
	object := record{Type: objectRecord, Kind: c.Kind, Name: c.Name}
	was := map[*shelf.Version[V]]bool{}
	if before != nil {
		for _, v := range before.Versions {
			was[v] = true
		}
	}
	if after == nil {
		return nil, append(versionsWithout(c, was, nil), object), nil
	}
	object.Name, object.Deletion, object.Back = after.Name, after.Deletion, after.Back
	if object.Own, err = json.Marshal(after.Own); err != nil {
		return nil, nil, err
	}
	kept := map[shelf.VersionID]bool{}
	for _, v := range after.Versions {
		object.Versions = append(object.Versions, v.ID.String())
		kept[v.ID] = true
		if was[v] {
			continue
		}
		r := record{Type: versionRecord, Kind: c.Kind, Name: c.Name, ID: v.ID.String(), Attributes: &v.Attributes, Tags: v.Tags}
		if r.Data, err = k.encode(v.Data); err != nil {
			return nil, nil, err
		}
		put = append(put, r)
	}
	return append(put, object), versionsWithout(c, was, kept), nil
}

// versionsWithout are the records of versions that an object had and keeps no longer.
func versionsWithout[V any](c shelf.Change, had map[*shelf.Version[V]]bool, kept map[shelf.VersionID]bool) (gone []record) {
	for v := range had {
		if !kept[v.ID] {
			gone = append(gone, record{Type: versionRecord, Kind: c.Kind, Name: c.Name, ID: v.ID.String()})
		}
	}
	return gone
}

// read returns the object of a record and those of its versions.
func (k codec[V, O]) read(ctx context.Context, v *container, object record, versions []record) (*shelf.Object[V, O], error) {
	o := &shelf.Object[V, O]{Name: object.Name, Deletion: object.Deletion, Back: object.Back}
	if err := json.Unmarshal(object.Own, &o.Own); err != nil {
		return nil, err
	}
	if len(versions) == 0 {
		return nil, errors.New("it has no version")
	}
	for _, r := range versions {
		id, ok := shelf.ParseVersionID(r.ID)
		if !ok || r.Attributes == nil {
			return nil, errors.New("a version has no id or attributes")
		}
		data, err := k.decode(ctx, v, ID{Collection: k.kind.Words().Plural(), Name: o.Name, host: v.host, version: id}, r.Data)
		if err != nil {
			return nil, err
		}
		o.Versions = append(o.Versions, &shelf.Version[V]{ID: id, Attributes: *r.Attributes, Tags: r.Tags, Data: data})
	}
	return o, nil
}

func (k codec[V, O]) load(ctx context.Context, v *container, object record, versions []record) error {
	o, err := k.read(ctx, v, object, versions)
	if err != nil {
		return err
	}
	return v.shelf.Load(func(tx *shelf.Tx) error {
		k.kind.Put(tx, o)
		return nil
	})
}
