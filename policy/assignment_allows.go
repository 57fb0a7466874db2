package policy

// Allows reports whether p's assignments give it the right and no deny assignment takes it away. The object is
// "collection/name", such as "secrets/db" in any case, or empty for a request about the container itself, such as to
// list its keys or to restore one; an assignment on a single object never covers that. Allows takes no lock and does
// not allocate.
//
// Azure looks for denials first. Here grants come first, because most refused callers have none and most vaults have
// no denials; the outcome is the same, as both must be asked before anything is allowed.
func (a *Assignments) Allows(p *Principal, r Right, object string) bool {
	if a == nil || p == nil || a.grants.empty() {
		return false
	}
	return a.granted(p, r, object) && a.denial(p, r, object) == nil
}

func (a *Assignments) granted(p *Principal, r Right, object string) bool {
	for _, s := range p.subjects {
		if a.gives(s.id, s.hash, r, "") {
			return true
		}
	}
	if !a.objects || object == "" {
		return false
	}
	hash := hashLower(object)
	for _, s := range p.subjects {
		if a.gives(s.id, s.hash^hash, r, object) {
			return true
		}
	}
	return false
}

// gives reports whether an id has been assigned a right on exactly this object, or on the whole container if it is "".
func (a *Assignments) gives(id ID, hash uint64, r Right, object string) bool {
	for i := hash; ; i++ {
		slot := a.grants.at(i)
		if slot.id.IsZero() {
			return false
		}
		if slot.id == id && slot.value.rights.Has(r) && equalFold(slot.value.object, object) {
			return true
		}
	}
}

// denial returns a deny assignment that applies, or nil. One that does not apply, because it excludes p, ends nothing:
// the next may apply, and no grant outweighs it.
func (a *Assignments) denial(p *Principal, r Right, object string) *denial {
	for _, d := range a.forAll {
		if d.applies(p, r, object) {
			return d
		}
	}
	if a.denials.empty() {
		return nil
	}
	for _, s := range p.subjects {
		for i := s.hash; ; i++ {
			slot := a.denials.at(i)
			if slot.id.IsZero() {
				break
			}
			if slot.id == s.id && slot.value.applies(p, r, object) {
				return slot.value
			}
		}
	}
	return nil
}

func (d *denial) applies(p *Principal, r Right, object string) bool {
	return d.rights.Has(r) && d.coversObject(object) && !d.excludes(p)
}

func (d *denial) coversObject(object string) bool {
	if d.object == "" {
		return !d.shallow || object == ""
	}
	return equalFold(d.object, object)
}

func (d *denial) excludes(p *Principal) bool {
	for _, s := range p.subjects {
		if _, ok := d.excluded[s.id]; ok {
			return true
		}
	}
	return false
}
