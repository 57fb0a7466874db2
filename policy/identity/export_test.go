package identity

// Remembered is how many verified tokens the verifier holds.
func (v *Verifier) Remembered() int { return v.cache.all.Len() }

// Keyed is the key slots hold tokens of, counted.
func (v *Verifier) Slotted() int {
	n := 0
	for i := range v.cache.slots {
		if v.cache.slots[i].Load() != nil {
			n++
		}
	}
	return n
}
