package policy

import (
	"encoding/binary"
	"math/bits"
)

// idTable is a hash table of what has been granted to or withheld from ids. It is built once and then only read, by
// loops over a table that is not empty, which begin at an id's hash and end at the first empty slot:
//
//	for i := hash; ; i++ {
//		slot := t.at(i)
//		if slot.id.IsZero() {
//			break
//		}
//		…
//	}
//
// An id may fill several slots. At most half of all slots are taken, so that a loop ends soon; only an administrator
// chooses what is in them, so no caller can aim for collisions. A Go map with the same values took three times as long:
// it hashes for safety against strangers and watches for writers, neither of which this needs.
type idTable[V any] struct {
	slots []idSlot[V]
	mask  uint64
}

type idSlot[V any] struct {
	id    ID // zero is an empty slot
	value V
}

// newIDTable returns a table for up to n entries.
func newIDTable[V any](n int) idTable[V] {
	if n == 0 {
		return idTable[V]{}
	}
	size := 1 << bits.Len(uint(2*n)) // more than 2n, a power of two
	return idTable[V]{make([]idSlot[V], size), uint64(size - 1)}
}

// empty reports whether the table has no slots. Only one that has may be searched.
func (t *idTable[V]) empty() bool { return len(t.slots) == 0 }

func (t *idTable[V]) at(i uint64) *idSlot[V] { return &t.slots[i&t.mask] }

// insert puts a value at a hash, unless absorb takes it into one that the id already has there.
func (t *idTable[V]) insert(id ID, hash uint64, value V, absorb func(old *V) bool) {
	for i := hash; ; i++ {
		slot := t.at(i)
		if slot.id.IsZero() {
			slot.id, slot.value = id, value
			return
		}
		if slot.id == id && absorb(&slot.value) {
			return
		}
	}
}

// hash spreads ids over a table, also those that differ in a few bits only as ids made up for a test do.
func (id ID) hash() uint64 {
	const odd1, odd2 = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	h := binary.LittleEndian.Uint64(id[:8])*odd1 + binary.LittleEndian.Uint64(id[8:])
	h = (h ^ h>>32) * odd2
	return h ^ h>>32
}

// hashLower hashes a text such that its case does not matter (FNV-1a, then mixed). The empty text is 0.
func hashLower(s string) uint64 {
	if s == "" {
		return 0
	}
	h := uint64(0xcbf29ce484222325)
	for i := range len(s) {
		h = (h ^ uint64(lowerByte(s[i]))) * 0x100000001b3
	}
	return h ^ h>>32
}
