package limiter

import "math/bits"

// A window is a log of what was used when, oldest first, in a ring that
// doubles when it is full. Its zero value is empty. An entry is 32 bits:
//
//	 31                     6 5       0
//	┌────────────────────────┬─────────┐
//	│ low 26 bits of a stamp │ n       │   2ⁿ units were used in this tick
//	└────────────────────────┴─────────┘
//
// A stamp counts ticks: microseconds, unless the window is long (maxSpan).
// Twenty-six bits of it are enough, because the log never holds an entry
// older than two windows and two windows fit into them: add follows expire,
// which drops what is one window old, and a log whose newest entry is that
// old is emptied unread. So an idle log may sleep through any number of wraps.
//
// The published weights 1, 4 and 8 are one entry each; any other number of
// units is as many entries as it has bits, never more than it has units. A
// log of a limit of 2000 thus fills at most a ring of 2048, 8 KB.
//
// A window is guarded by the mutex of its subscription.
type window struct {
	ring   []uint32 // length is zero or a power of two
	head   int      // index of the oldest entry
	count  int      // entries in the log
	used   int      // units in the log
	newest int64    // stamp of the last entry, in full
}

// windows are the windows of a vault or a subscription, by the class counted
// in them. They are allocated on first use.
type windows [NumClasses]*window

// open returns the window of class c.
func (ws *windows) open(c Class) *window {
	if ws[c] == nil {
		ws[c] = new(window)
	}
	return ws[c]
}

const (
	exponentBits = 6                        // 2⁶ exponents: enough for any int
	maxSpan      = 1 << (31 - exponentBits) // ticks: half the range of a stamp
	firstRing    = 8                        // entries
)

// entry returns the entry for 1<<exponent units at stamp.
func entry(stamp int64, exponent int) uint32 { return uint32(stamp)<<exponentBits | uint32(exponent) }

// units returns what was used.
func units(entry uint32) int { return 1 << (entry & (1<<exponentBits - 1)) }

// age returns how many ticks before stamp, at most 2*maxSpan, that was.
func age(entry uint32, stamp int64) int64 {
	return int64((uint32(stamp)<<exponentBits - entry&^(1<<exponentBits-1)) >> exponentBits)
}

// at returns the i-th oldest entry.
func (w *window) at(i int) uint32 { return w.ring[(w.head+i)&(len(w.ring)-1)] }

// idle reports whether nothing in the log counts any more at stamp. The
// difference is unsigned: it is right even between the ends of time.
func (w *window) idle(stamp, span int64) bool {
	return w.count == 0 || uint64(stamp-w.newest) >= uint64(span)
}

// expire drops the entries that are span ticks old or older at stamp, which
// is never before an earlier one.
func (w *window) expire(stamp, span int64) {
	if w.idle(stamp, span) {
		w.reset()
		return
	}
	for oldest := w.at(0); age(oldest, stamp) >= span; oldest = w.at(0) {
		w.used -= units(oldest)
		w.head++
		w.count--
	}
}

// reset empties the log, and gives its ring back if what the log last held
// filled no more than a quarter of it: bursts that repeat keep theirs.
func (w *window) reset() {
	if len(w.ring) > firstRing && w.count <= len(w.ring)/4 {
		w.ring = nil
	}
	w.head, w.count, w.used = 0, 0, 0
}

// add counts n units at stamp. The log must have been expired at stamp.
func (w *window) add(n int, stamp int64) {
	w.newest = stamp
	w.used += n
	for bit := uint(n); bit != 0; bit &= bit - 1 {
		if w.count == len(w.ring) {
			w.grow()
		}
		w.ring[(w.head+w.count)&(len(w.ring)-1)] = entry(stamp, bits.TrailingZeros(bit))
		w.count++
	}
}

// grow doubles the ring and turns it so that it begins with the oldest entry.
func (w *window) grow() {
	ring := make([]uint32, max(firstRing, 2*len(w.ring)))
	for i := range w.count {
		ring[i] = w.at(i)
	}
	w.ring, w.head = ring, 0
}

// usedAt returns how many units count at stamp, and changes nothing.
func (w *window) usedAt(stamp, span int64) int {
	if w == nil || w.idle(stamp, span) {
		return 0
	}
	used := w.used
	for i := 0; age(w.at(i), stamp) >= span; i++ {
		used -= units(w.at(i))
	}
	return used
}

// freeAt returns the stamp at which n units will have been dropped. The log
// must hold them, and have been expired at stamp.
func (w *window) freeAt(n int, stamp, span int64) int64 {
	for i := 0; ; i++ {
		if n -= units(w.at(i)); n <= 0 {
			return stamp - age(w.at(i), stamp) + span
		}
	}
}
