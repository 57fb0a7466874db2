package policy

import "strings"

// Explain answers as Allows does and says why. It looks at every entry.
func (a *AccessPolicies) Explain(p *Principal, r Right) Decision {
	d := Decision{Gate: GateAccessPolicy, Reason: NoEntry, Right: r, Principal: p}
	if r.Permission() == "" {
		d.Reason = NotGrantable
		return d
	}
	if a == nil || p == nil {
		return d
	}
	for i := range a.entries {
		e := &a.entries[i]
		switch mine := p.is(e.id); {
		case mine && e.grant.isFor(p) && e.grant.rights.Has(r):
			return Decision{Allowed: true, Gate: d.Gate, Reason: Granted, Right: r, Principal: p, Rule: e.describe(p, r)}
		case mine && e.grant.isFor(p):
			d.Reason = EntryLacksPermission
			d.Rule = e.describe(p, r)
		case e.grant.rights.Has(r):
			e.explainNear(&d, p, mine)
		}
	}
	d.Smallest = a.smallest(p, r)
	return d
}

// explainNear records why an entry that gives the right does not give it to p.
func (e *compiledEntry) explainNear(d *Decision, p *Principal, mine bool) {
	switch {
	case mine && !e.grant.inTenantOf(p):
		d.near(NearOtherTenant, e.source.ObjectID, "the entry for %s would grant it, but is for the tenant %s",
			p.subjectText(e.id), e.source.TenantID)
	case mine:
		d.near(NearOtherApplication, e.source.ObjectID, "the entry for %s would grant it, but only to calls through the application %s",
			p.subjectText(e.id), e.source.ApplicationID)
	default:
		p.explainMistaken(d, e.id, e.source.ObjectID, "the entry for %s would grant it, but that is %s")
	}
}

// explainMistaken records a grant to an id that is easily mistaken for p's own. The format takes the id and what it is.
func (p *Principal) explainMistaken(d *Decision, id ID, text, format string) {
	if id == p.app {
		d.near(NearApplicationID, text, format, text, "the caller's application (client) id; grants go to an object id")
	}
	for _, other := range p.info.OtherIDs {
		if ParseID(other.ID) == id && id != p.app {
			d.near(NearOtherID, text, format, text, other.Of)
		}
	}
}

// describe says whom an entry is for and what it gives in the collection of a right.
func (e *compiledEntry) describe(p *Principal, r Right) string {
	permissions := "no permission"
	if list := *e.source.list(r.Collection()); len(list) > 0 {
		permissions = strings.Join(list, ", ")
	}
	return "entry for " + p.subjectText(e.id) + ", " + r.Collection() + ": " + permissions
}

func (a *AccessPolicies) smallest(p *Principal, r Right) string {
	if p.id.IsZero() {
		return ""
	}
	return "permission " + r.Collection() + " " + r.Permission() + " for object id " + p.info.ObjectID
}
