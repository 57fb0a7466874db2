package limiter

// A window is a log of what was used when, oldest first, in a ring that
// doubles when it is full. Its zero value is empty.
//
//	          head                 head+count
//	stamps   │ 17:32:01.000004 │ 17:32:01.000950 │ …   low 32 bits of the stamp
//	weights  │        8        │        1        │ …   digit | place<<4
//
// A stamp counts ticks (microseconds, unless the window is very long). Thirty
// two bits of it are enough, because the log never holds an entry older than
// two windows and a window is shorter than half of their range: add follows
// expire, which drops entries of one window's age, and a log whose newest
// entry has that age is emptied unread. So an idle log may sleep through any
// number of wraps.
//
// A weight is one hexadecimal digit and its place. Up to 15 units are one
// entry; any int is at most 16 entries of the same stamp.
//
// A window is guarded by the mutex of its subscription.
type window struct {
	stamps  []uint32 // length is zero or a power of two
	weights []uint8  // as long as stamps
	head    int
	count   int
	used    int   // sum of the weights
	newest  int64 // stamp of the last entry, in full
}

// firstRing is how many entries the first ring of a window has.
const firstRing = 8

// expire drops the entries that are span ticks old or older at stamp, which
// is never before an earlier one.
func (w *window) expire(stamp, span int64) {
	if w.idle(stamp, span) {
		w.reset()
		return
	}
	for w.count > 0 && age(stamp, w.stamps[w.head]) >= span {
		w.used -= weight(w.weights[w.head])
		w.head = (w.head + 1) & (len(w.stamps) - 1)
		w.count--
	}
}

// idle reports whether nothing in the log counts any more at stamp. The
// difference is unsigned: it is right even between the ends of time.
func (w *window) idle(stamp, span int64) bool {
	return w.count == 0 || uint64(stamp-w.newest) >= uint64(span)
}

// reset empties the log, and gives its ring back if what the log last held
// filled no more than a quarter of it: bursts that repeat keep theirs.
func (w *window) reset() {
	if len(w.stamps) > firstRing && w.count <= len(w.stamps)/4 {
		w.stamps, w.weights = nil, nil
	}
	w.head, w.count, w.used = 0, 0, 0
}

// usedAt returns how many units count at stamp, and changes nothing.
func (w *window) usedAt(stamp, span int64) int {
	if w == nil || w.idle(stamp, span) {
		return 0
	}
	used := w.used
	for i := range w.count {
		stamped, units := w.entry(i)
		if age(stamp, stamped) < span {
			break
		}
		used -= units
	}
	return used
}

// freeAt returns the stamp at which so many units will have been dropped. The
// log must hold them, and have been expired at stamp.
func (w *window) freeAt(units int, stamp, span int64) int64 {
	for i := 0; ; i++ {
		stamped, n := w.entry(i)
		if units -= n; units <= 0 {
			return stamp - age(stamp, stamped) + span
		}
	}
}

// add counts units at stamp. The log must have been expired at stamp.
func (w *window) add(units int, stamp int64) {
	w.newest = stamp
	w.used += units
	for place := uint8(0); units > 0; place++ {
		if digit := uint8(units & 15); digit != 0 {
			w.push(uint32(stamp), digit|place<<4)
		}
		units >>= 4
	}
}

func (w *window) push(stamp uint32, weight uint8) {
	if w.count == len(w.stamps) {
		w.grow()
	}
	i := (w.head + w.count) & (len(w.stamps) - 1)
	w.stamps[i], w.weights[i] = stamp, weight
	w.count++
}

// grow doubles the ring and turns it so that it begins with the oldest entry.
func (w *window) grow() {
	size := max(firstRing, 2*len(w.stamps))
	stamps, weights := make([]uint32, size), make([]uint8, size)
	copy(stamps[copy(stamps, w.stamps[w.head:]):], w.stamps[:w.head])
	copy(weights[copy(weights, w.weights[w.head:]):], w.weights[:w.head])
	w.stamps, w.weights, w.head = stamps, weights, 0
}

// entry returns the stamp and the units of the i-th oldest entry.
func (w *window) entry(i int) (uint32, int) {
	i = (w.head + i) & (len(w.stamps) - 1)
	return w.stamps[i], weight(w.weights[i])
}

// age returns how many ticks before stamp an entry was stamped.
func age(stamp int64, stamped uint32) int64 { return int64(uint32(stamp) - stamped) }

// weight returns the units an entry stands for.
func weight(b uint8) int { return int(b&15) << (b >> 4 * 4) }
