package identity

// Remembered is how many verified tokens the verifier holds.
func (v *Verifier) Remembered() int { return v.cache.all.Len() }

// Slotted is how many of them are found without a lock.
func (v *Verifier) Slotted() int {
	n := 0
	for i := range v.cache.slots {
		if v.cache.slots[i].Load() != nil {
			n++
		}
	}
	return n
}
