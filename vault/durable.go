package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/internal/shelf"
	"github.com/embedvault/embedvault/vault/store"
)

// errBadRecord is returned when a store holds something that this library did not write.
var errBadRecord = errors.New("vault: the store holds a record that does not belong there")

// kinds lists every kind of object, as a store sees it.
var kinds = []stored{
	keyLife.codec, secretLife.codec,
}

func kindAt(index int) stored {
	for _, k := range kinds {
		if k.index() == index {
			return k
		}
	}
	return nil
}

// storedKey and storedSecret are what the version records of the kinds hold.
type (
	storedKey struct {
		Operations []crypto.Operation `json:"key_ops"`
		Material   []byte             `json:"material"` // what the driver opens
	}
	storedSecret struct {
		Value       string `json:"value"`
		ContentType string `json:"contentType,omitempty"`
	}
)

func encodeKey(v keyVersion) ([]byte, error) {
	return json.Marshal(storedKey{v.key.Operations(), v.key.Private().Blob()})
}

func decodeKey(ctx context.Context, v *Vault, id ID, data []byte) (keyVersion, error) {
	var s storedKey
	if err := json.Unmarshal(data, &s); err != nil {
		return keyVersion{}, errBadRecord
	}
	private, err := v.svc.soft.Open(ctx, s.Material)
	if err != nil {
		return keyVersion{}, errBadRecord
	}
	key, err := crypto.NewKey(id.String(), private, s.Operations)
	return keyVersion{key}, err
}

func encodeSecret(v secretVersion) ([]byte, error) {
	return json.Marshal(storedSecret{v.value.Reveal(), v.contentType})
}

func decodeSecret(_ context.Context, _ *Vault, _ ID, data []byte) (secretVersion, error) {
	var s storedSecret
	if err := json.Unmarshal(data, &s); err != nil {
		return secretVersion{}, errBadRecord
	}
	return secretVersion{NewValue(s.Value), s.ContentType}, nil
}

// committer returns what makes the changes of the vault's shelf durable, nil without a store.
func (v *Vault) committer() func(context.Context, []shelf.Change) error {
	if v.svc.store == nil {
		return nil
	}
	return func(ctx context.Context, changes []shelf.Change) error {
		b := batch{at: map[store.Key]int{}}
		for _, c := range changes {
			put, gone, err := kindAt(c.Kind).records(c)
			if err != nil {
				return err
			}
			if err := b.add(v.name, put, gone); err != nil {
				return err
			}
		}
		return v.svc.store.Commit(ctx, b.done())
	}
}

// batch gathers records; of one key the last word counts.
type batch struct {
	at      map[store.Key]int // :: key → its place in records
	records []store.Record    // a nil value removes
}

func (b *batch) add(vault string, put, gone []record) error {
	for _, r := range put {
		r.Vault = vault
		value, err := json.Marshal(r)
		if err != nil {
			return err
		}
		b.set(store.Record{Key: r.key(), Value: value})
	}
	for _, r := range gone {
		r.Vault = vault
		b.set(store.Record{Key: r.key()})
	}
	return nil
}

func (b *batch) set(r store.Record) {
	if i, ok := b.at[r.Key]; ok {
		b.records[i] = r
		return
	}
	b.at[r.Key] = len(b.records)
	b.records = append(b.records, r)
}

func (b *batch) done() (out store.Batch) {
	for _, r := range b.records {
		if r.Value == nil {
			out.Delete = append(out.Delete, r.Key)
		} else {
			out.Put = append(out.Put, r)
		}
	}
	return out
}

// saveSettings makes the settings of a vault durable.
func (s *Service) saveSettings(ctx context.Context, v *Vault, set *settings) error {
	if s.store == nil {
		return nil
	}
	return s.save(ctx, record{Sort: "vault", Vault: v.name, Settings: &set.VaultOptions})
}

// save commits one record.
func (s *Service) save(ctx context.Context, r record) error {
	b := batch{at: map[store.Key]int{}}
	if err := b.add(r.Vault, []record{r}, nil); err != nil {
		return err
	}
	return s.store.Commit(ctx, b.done())
}

// load brings back what the store holds.
func (s *Service) load(ctx context.Context) error {
	if s.store == nil {
		return s.loadRoot(ctx, nil)
	}
	var objects []record
	var root []byte
	versions := map[store.Key]record{}
	for stored, err := range s.store.Records(ctx) {
		if err != nil {
			return fmt.Errorf("vault: reading the store: %w", err)
		}
		var r record
		if err := json.Unmarshal(stored.Value, &r); err != nil || r.key() != stored.Key {
			return errBadRecord
		}
		switch r.Sort {
		case "service":
			if err := json.Unmarshal(r.Data, &root); err != nil {
				return errBadRecord
			}
		case "vault":
			if err := s.loadVault(r); err != nil {
				return err
			}
		case "object":
			objects = append(objects, r)
		case "version":
			versions[stored.Key] = r
		default:
			return errBadRecord
		}
	}
	if err := s.loadRoot(ctx, root); err != nil {
		return err
	}
	return s.loadObjects(ctx, objects, versions)
}

func (s *Service) loadVault(r record) error {
	set, err := newSettings(r.Vault, r.Settings, s.tenantID())
	if err != nil {
		return err
	}
	s.vaults[strings.ToLower(r.Vault)] = s.newVaultLocked(r.Vault, set)
	return nil
}

func (s *Service) loadObjects(ctx context.Context, objects []record, versions map[store.Key]record) error {
	for _, object := range objects {
		v, kind := s.vaults[strings.ToLower(object.Vault)], kindAt(object.Kind)
		if v == nil || kind == nil {
			return errBadRecord
		}
		var own []record
		for _, id := range object.Versions {
			r, ok := versions[record{Sort: "version", Vault: object.Vault, Kind: object.Kind, Name: object.Name, ID: id}.key()]
			if !ok {
				return errBadRecord
			}
			own = append(own, r)
		}
		if err := kind.load(ctx, v, object, own); err != nil {
			return err
		}
	}
	return nil
}
