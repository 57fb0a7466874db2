package vault

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/embedvault/embedvault/vault/store"
)

// ErrBadRecord is what New returns of a store that holds something else than this library wrote, or that a newer one
// wrote.
var ErrBadRecord = errors.New("vault: the store holds a record that does not belong there")

// badRecord says of which type the record is, and why it does not belong there.
func badRecord(of string, cause error) error {
	if cause == nil {
		return fmt.Errorf("%w (%q)", ErrBadRecord, of)
	}
	return fmt.Errorf("%w (%q): %w", ErrBadRecord, of, cause)
}

// loader brings back what a store holds.
type loader struct {
	*Service
	now      int64
	root     []byte // the root key
	domain   []byte // of the module
	hsms     []record
	domains  map[string][]byte // :: key of a Managed HSM → the domain of its module
	objects  []record
	versions map[store.Key]record
	named    int   // how many of the versions an object has
	fresh    bool  // the store held nothing
	last     batch // what is committed when all is in its place: records that are new, or need no longer be kept
}

// load fills a service that nobody uses yet.
func (s *Service) load(ctx context.Context) error {
	l := &loader{
		Service: s, now: s.now().Unix(), fresh: true, versions: map[store.Key]record{}, domains: map[string][]byte{}, last: newBatch(),
	}
	defer l.wipe()
	if s.store == nil {
		return l.secrets()
	}
	for stored, err := range s.store.Records(ctx) {
		if err != nil {
			return fmt.Errorf("vault: reading the store: %w", err)
		}
		l.fresh = false
		if err := l.take(stored); err != nil {
			return err
		}
	}
	if err := l.secrets(); err != nil {
		return err
	}
	for _, r := range l.hsms {
		if err := l.hsm(r); err != nil {
			return err
		}
	}
	for _, object := range l.objects {
		if err := l.place(ctx, object); err != nil {
			return err
		}
	}
	if l.named != len(l.versions) {
		return badRecord(versionRecord, errors.New("its object is missing"))
	}
	if len(l.last.records) == 0 {
		return nil
	}
	return s.commit(ctx, l.last)
}

// wipe overwrites the secrets that were read.
func (l *loader) wipe() {
	clear(l.root)
	clear(l.domain)
	for _, r := range l.versions {
		clear(r.Data)
	}
	for _, domain := range l.domains {
		clear(domain)
	}
}

// secrets takes over the root key and the domain of the module, or makes new ones.
func (l *loader) secrets() error { return errors.Join(l.loadRoot(), l.loadModule()) }

// rootKey is the secret of a service from which the keys of its blobs are derived.
type rootKey [32]byte

// loadRoot takes over the root key that the store held. A new store gets a new one; a store that held anything else
// without it has lost it.
func (l *loader) loadRoot() error {
	if l.root != nil || !l.fresh {
		if len(l.root) != len(l.Service.root) {
			return badRecord(serviceRecord, errors.New("the root key is missing or torn"))
		}
		copy(l.Service.root[:], l.root)
		return nil
	}
	rand.Read(l.Service.root[:])
	if l.store == nil {
		return nil
	}
	return l.keep(serviceRecord, l.Service.root[:])
}

// loadModule gives the module the domain that the store held, or has the one it has kept.
func (l *loader) loadModule() error {
	if !l.ownModule {
		return nil
	}
	if l.domain != nil {
		if err := l.module.RestoreDomain(l.domain); err != nil {
			return badRecord(moduleRecord, err)
		}
		return nil
	}
	if l.store == nil {
		return nil
	}
	return l.module.ExportDomain(func(secret []byte) error { return l.keep(moduleRecord, secret) })
}

// keep has a secret of the service committed when all is loaded. The copies that this makes are left to the collector.
func (l *loader) keep(as string, secret []byte) error {
	data, err := json.Marshal(secret)
	if err != nil {
		return err
	}
	return l.last.add("", []record{{Type: as, Data: data}}, nil)
}

// take sorts a record in, and overwrites what the store gave.
func (l *loader) take(stored store.Record) error {
	defer clear(stored.Value)
	var r record
	if err := json.Unmarshal(stored.Value, &r); err != nil {
		return badRecord("", err)
	}
	if r.Schema != schema {
		return badRecord(r.Type, fmt.Errorf("its schema is %d, and %d is known", r.Schema, schema))
	}
	if r.key() != stored.Key {
		return badRecord(r.Type, errors.New("its key is another's"))
	}
	switch r.Type {
	case serviceRecord:
		defer clear(r.Data)
		if err := json.Unmarshal(r.Data, &l.root); err != nil {
			return badRecord(r.Type, err)
		}
	case moduleRecord:
		return l.takeDomain(r)
	case vaultRecord:
		return l.vault(r)
	case objectRecord:
		l.objects = append(l.objects, r)
	case versionRecord:
		l.versions[stored.Key] = r
	default:
		return badRecord(r.Type, nil)
	}
	return nil
}

// takeDomain reads the domain of a module: that of vaults, or of a Managed HSM.
func (l *loader) takeDomain(r record) error {
	defer clear(r.Data)
	var domain []byte
	if err := json.Unmarshal(r.Data, &domain); err != nil {
		return badRecord(r.Type, err)
	}
	if r.Vault == "" {
		l.domain = domain
	} else {
		l.domains[strings.ToLower(r.Vault)] = domain
	}
	return nil
}

// vault makes a vault of its settings.
func (l *loader) vault(r record) error {
	if r.Settings == nil {
		return badRecord(r.Type, errors.New("it has no settings"))
	}
	if r.HSM != nil {
		l.hsms = append(l.hsms, r)
		return nil
	}
	if !validVaultName(r.Vault) {
		return badRecord(r.Type, errors.New("no vault has its name"))
	}
	set, err := newSettings(ProductKeyVault, r.Vault, r.Settings.options(), l.tenantID())
	if err != nil {
		return badRecord(r.Type, err)
	}
	c := l.newContainerLocked(r.Vault, set, l.module)
	l.containers.Store(c.key(), c)
	return nil
}

// hsm makes a Managed HSM of its settings, with a module of its domain.
func (l *loader) hsm(r record) error {
	switch {
	case r.Settings.RBAC == nil:
		return badRecord(r.Type, errors.New("it has no roles"))
	case !validVaultName(r.HSM.Name) || !strings.EqualFold(r.Vault, r.HSM.Name+products[ProductManagedHSM].apart):
		return badRecord(r.Type, errors.New("its name is another's"))
	}
	set, err := newSettings(ProductManagedHSM, r.HSM.Name, r.Settings.options(), l.tenantID())
	if err != nil {
		return badRecord(r.Type, err)
	}
	set.hsm = r.HSM.hsmState
	module, err := l.newModule()
	if err != nil {
		return err
	}
	if err := module.RestoreDomain(l.domains[strings.ToLower(r.Vault)]); err != nil {
		return badRecord(r.Type, err)
	}
	c := l.newContainerLocked(r.HSM.Name, set, module)
	l.containers.Store(c.key(), c)
	return nil
}

// place puts an object with its versions into its vault, unless its time is over.
func (l *loader) place(ctx context.Context, object record) error {
	v, kind := l.lookup(strings.ToLower(object.Vault)), kindAt(object.Kind)
	if v == nil || kind == nil {
		return badRecord(object.Type, errors.New("there is no such vault or kind"))
	}
	var own []record
	for _, id := range object.Versions {
		r, ok := l.versions[record{Type: versionRecord, Vault: object.Vault, Kind: object.Kind, Name: object.Name, ID: id}.key()]
		if !ok {
			return badRecord(object.Type, errors.New("a version is missing"))
		}
		own = append(own, r)
	}
	l.named += len(own)
	if d := object.Deletion; d != nil && d.Free <= l.now {
		return l.last.add(object.Vault, nil, append(own, object))
	}
	if err := kind.load(ctx, v, object, own); err != nil {
		return badRecord(object.Type, err)
	}
	return nil
}
