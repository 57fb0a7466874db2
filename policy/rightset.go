package policy

import (
	"iter"
	"math/bits"
	"strings"
)

// RightSet is a set of rights: a value, compared with ==, whose zero value is empty.
type RightSet [2]uint64

// A RightSet has room for every right, or this does not compile.
var _ [128 - numRights]struct{}

// SetOf returns the set of the given rights.
func SetOf(rights ...Right) RightSet {
	var s RightSet
	for _, r := range rights {
		s.add(r)
	}
	return s
}

func (s *RightSet) add(r Right) {
	if r > 0 && r < numRights {
		s[r>>6] |= 1 << (r & 63)
	}
}

// Has reports whether r is in the set. The zero Right, and a value beyond the last, never is.
func (s RightSet) Has(r Right) bool { return r < numRights && s[(r>>6)&1]>>(r&63)&1 != 0 }

// Union returns the rights in s, in t, or in both.
func (s RightSet) Union(t RightSet) RightSet { return RightSet{s[0] | t[0], s[1] | t[1]} }

// Minus returns the rights in s that are not in t.
func (s RightSet) Minus(t RightSet) RightSet { return RightSet{s[0] &^ t[0], s[1] &^ t[1]} }

// Len returns the number of rights in the set.
func (s RightSet) Len() int { return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) }

// All yields the rights of the set in the order of their constants.
func (s RightSet) All() iter.Seq[Right] {
	return func(yield func(Right) bool) {
		for r := range Rights() {
			if s.Has(r) && !yield(r) {
				return
			}
		}
	}
}

// String returns the names of the rights between braces, such as "{KeysGet KeysList}".
func (s RightSet) String() string {
	names := make([]string, 0, s.Len())
	for r := range s.All() {
		names = append(names, r.String())
	}
	return "{" + strings.Join(names, " ") + "}"
}
