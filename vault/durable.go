package vault

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/internal/shelf"
	"github.com/embedvault/embedvault/vault/store"
)

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
		HSM        bool               `json:"hsm,omitempty"`
		Material   []byte             `json:"material"` // what the driver opens
		Release    *storedRelease     `json:"release,omitempty"`
	}
	storedSecret struct {
		Value       []byte `json:"value"`
		ContentType string `json:"contentType,omitempty"`
	}
)

func encodeKey(v keyVersion) ([]byte, error) {
	return json.Marshal(storedKey{v.key.Operations(), v.key.Spec().Type.HSM(), v.key.Private().Blob(), v.release.stored()})
}

func decodeKey(ctx context.Context, v *container, id ID, data []byte) (keyVersion, error) {
	var s storedKey
	if err := json.Unmarshal(data, &s); err != nil {
		return keyVersion{}, err
	}
	if v.hardwareOnly && !s.HSM {
		return keyVersion{}, errors.New("a Managed HSM has no key in software")
	}
	private, err := v.driver(s.HSM, false).Open(ctx, s.Material)
	if err != nil {
		return keyVersion{}, err
	}
	key, err := crypto.NewKey(id.String(), private, s.Operations)
	if err != nil || s.Release == nil {
		return keyVersion{key: key}, err
	}
	release, err := (*ReleasePolicy)(s.Release).kept()
	return keyVersion{key, release}, err
}

func encodeSecret(v secretVersion) ([]byte, error) {
	return json.Marshal(storedSecret{[]byte(v.value.Reveal()), v.contentType})
}

func decodeSecret(_ context.Context, v *container, _ ID, data []byte) (secretVersion, error) {
	if v.kind == ProductManagedHSM {
		return secretVersion{}, errors.New("a Managed HSM has no secrets")
	}
	var s storedSecret
	if err := json.Unmarshal(data, &s); err != nil {
		return secretVersion{}, err
	}
	return secretVersion{NewValue(string(s.Value)), s.ContentType}, nil
}

// committer returns what makes the changes of the vault's shelf durable, nil without a store.
func (v *container) committer() func(context.Context, []shelf.Change) error {
	if v.svc.store == nil {
		return nil
	}
	return func(ctx context.Context, changes []shelf.Change) error {
		b := newBatch()
		for _, c := range changes {
			put, gone, err := kindAt(c.Kind).records(c)
			if err != nil {
				return err
			}
			if err := b.add(v.key(), put, gone); err != nil {
				return err
			}
		}
		return v.svc.commit(ctx, b)
	}
}

// batch gathers records; of one key the last word counts.
type batch struct {
	at      map[store.Key]int // :: key → its place in records
	records []store.Record    // a nil value removes
}

func newBatch() batch { return batch{at: map[store.Key]int{}} }

func (b *batch) add(vault string, put, gone []record) error {
	for _, r := range put {
		r.Vault, r.Schema = vault, schema
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

// saveSettings makes the settings of a container durable, of a Managed HSM with the domain of a module; nil leaves in the
// store the one that it had. What this makes of the domain is overwritten, but for the record, which is the store's.
func (s *Service) saveSettings(ctx context.Context, v *container, set *settings, domain *hsm.Module) error {
	if s.store == nil {
		return nil
	}
	r := record{Type: vaultRecord, Vault: v.name, Settings: storeSettings(set.VaultOptions)}
	if v.kind == ProductKeyVault {
		return s.save(ctx, r)
	}
	r.Vault, r.HSM = v.key(), &storedHSM{v.name, set.hsm}
	if domain == nil {
		return s.save(ctx, r)
	}
	return domain.ExportDomain(func(secret []byte) error {
		data, err := json.Marshal(secret)
		if err != nil {
			return err
		}
		defer clear(data)
		return s.save(ctx, r, record{Type: moduleRecord, Vault: r.Vault, Data: data})
	})
}

// save commits records of one container.
func (s *Service) save(ctx context.Context, all ...record) error {
	b := newBatch()
	if err := b.add(all[0].Vault, all, nil); err != nil {
		return err
	}
	return s.commit(ctx, b)
}

// commit hands a batch to the store. A panic of the store is its error.
func (s *Service) commit(ctx context.Context, b batch) error {
	return shelf.Contain(func() error { return s.store.Commit(ctx, b.done()) })
}
