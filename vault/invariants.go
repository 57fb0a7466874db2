package vault

import (
	"errors"
	"fmt"

	"github.com/embedvault/embedvault/internal/shelf"
)

// invariants tells what is wrong with the state of the service: things that no sequence of requests can bring about.
func (s *Service) invariants() error {
	var wrong []error
	for key, held := range s.containers.Range {
		v := held.(*container)
		if key != v.key() {
			wrong = append(wrong, fmt.Errorf("vault %s is kept as %s", v.name, key))
		}
		root := v.shelf.Root()
		wrong = append(wrong, keyLife.invariants(v, root), secretLife.invariants(v, root))
	}
	return errors.Join(wrong...)
}

func (l life[V, O, R, I]) invariants(v *container, root *shelf.Root) error {
	var wrong []error
	note := func(o *shelf.Object[V, O], format string, args ...any) {
		what := fmt.Sprintf(format, args...)
		wrong = append(wrong, fmt.Errorf("vault %s: %s %s: %s", v.name, l.kind.Words().Singular(), o.Name, what))
	}
	if err := l.kind.Sound(root); err != nil {
		wrong = append(wrong, fmt.Errorf("vault %s: %w", v.name, err))
	}
	seen := map[shelf.VersionID]string{}
	for o := range l.kind.All(root) {
		if len(o.Versions) == 0 {
			note(o, "it has no version")
		}
		if err := validName(o.Name); err != nil {
			note(o, "its name is %q", o.Name)
		}
		for _, version := range o.Versions {
			if other, twice := seen[version.ID]; twice {
				note(o, "%s has version %s too", other, version.ID)
			}
			seen[version.ID] = o.Name
		}
		if d := o.Deletion; d != nil && (d.Purge < d.At || d.Free < d.Purge || d.Done < d.At) {
			note(o, "its deletion runs backwards: %+v", *d)
		}
	}
	return errors.Join(wrong...)
}
