package vault

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/embedvault/embedvault/internal/shelf"
	"github.com/embedvault/embedvault/vault/store"
)

// WriteAll has a service write all that it holds to another store, which is its store from then on.
func WriteAll(ctx context.Context, s *Service, to store.Store) (err error) {
	s.store = to
	l := &loader{Service: s, last: newBatch()}
	keep := func(domain []byte) error { return l.keep(moduleRecord, domain) }
	if err := l.keep(serviceRecord, s.root[:]); err != nil {
		return err
	}
	if err := s.module.ExportDomain(keep); err != nil {
		return err
	}
	if err := s.commit(ctx, l.last); err != nil {
		return err
	}
	s.containers.Range(func(_, v any) bool {
		c := v.(*container)
		if err = s.saveSettings(ctx, c, c.settings.Load(), c.module); err == nil {
			err = c.committer()(ctx, append(allOf(keys, c), allOf(secrets, c)...))
		}
		return err == nil
	})
	return err
}

// allOf are the changes that make what a container holds of a kind.
func allOf[V, O any](k shelf.Kind[V, O], c *container) (all []shelf.Change) {
	for o := range k.All(c.shelf.Root()) {
		all = append(all, shelf.Change{Kind: k.Index(), Name: strings.ToLower(o.Name), After: o})
	}
	return all
}

// Members are the fields of the structs in a record, each with whether it is set. A record with other members is an error.
func Members(value []byte, into map[string]bool) error {
	var r record
	if err := strictly(value, &r); err != nil {
		return err
	}
	mark(reflect.ValueOf(r), into)
	held := map[string]any{"version0": new(storedKey), "version1": new(storedSecret), "object0": new(keyOwn)}[r.Type+string(rune('0'+r.Kind))]
	if held == nil {
		return nil
	}
	data := r.Data
	if r.Type == objectRecord {
		data = r.Own
	}
	if err := strictly(data, held); err != nil {
		return err
	}
	mark(reflect.ValueOf(held), into)
	return nil
}

func strictly(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// mark notes which fields of the structs in a value are set.
func mark(v reflect.Value, set map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			mark(v.Elem(), set)
		}
	case reflect.Slice:
		for i := range v.Len() {
			mark(v.Index(i), set)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().String() + "." + v.Type().Field(i).Name
			set[field] = set[field] || !v.Field(i).IsZero()
			mark(v.Field(i), set)
		}
	}
}
