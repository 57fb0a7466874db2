package policy

// Explain answers as Allows does and says why. It looks at every assignment. A denial is named before a missing grant,
// as Azure does.
func (a *Assignments) Explain(p *Principal, r Right, object string) Decision {
	if a == nil {
		return Decision{Gate: GateRBAC, Reason: NoAssignment, Right: r, Principal: p}
	}
	d := Decision{Gate: a.gate, Reason: NoAssignment, Right: r, Principal: p, Target: a.target(object)}
	if a.gate.actionOf(r) == "" {
		d.Reason = NotGrantable
		return d
	}
	if p == nil {
		return d
	}
	if denial := a.denial(p, r, object); denial != nil {
		d.Reason, d.Rule = DeniedByAssignment, denial.title
		return d
	}
	for i := range a.all {
		c := &a.all[i]
		switch mine := p.is(c.id); {
		case mine && c.coversObject(object) && c.role.rights.Has(r):
			return Decision{Allowed: true, Gate: d.Gate, Reason: Granted, Right: r, Principal: p, Target: d.Target, Rule: c.describe(p)}
		case mine && c.coversObject(object):
			d.Reason, d.Rule = RoleLacksAction, c.describe(p)
			a.explainControlPlane(&d, c, r)
		case mine && c.role.rights.Has(r):
			d.near(NearOtherScope, c.source.ID, "%s would grant it, but only at %s", c.describe(p), c.source.Scope)
		case c.coversObject(object) && c.role.rights.Has(r):
			p.explainMistaken(&d, c.id, c.source.PrincipalID, "the assignment of "+c.role.title()+" to %s would grant it, but that is %s")
		}
	}
	d.Smallest = a.smallest(p, r, d.Target)
	return d
}

// Granting returns an assignment that gives p the right, and whether there is one. It looks at every assignment until it
// finds one, and does not ask for denials: it is for a request that Allows let through.
func (a *Assignments) Granting(p *Principal, r Right, object string) (RoleAssignment, bool) {
	if a == nil || p == nil {
		return RoleAssignment{}, false
	}
	for i := range a.all {
		c := &a.all[i]
		if p.is(c.id) && c.coversObject(object) && c.role.rights.Has(r) {
			return c.source, true
		}
	}
	return RoleAssignment{}, false
}

func (a *Assignments) explainControlPlane(d *Decision, c *compiledAssignment, r Right) {
	if a.gate.controlsOnly(c.role.def.Permissions, r) {
		d.near(NearControlPlane, c.source.ID, "%s has the action among those that manage the %s, not among its data actions",
			c.role.title(), a.gate.container())
	}
}

// target returns the scope a request is about.
func (a *Assignments) target(object string) string {
	switch {
	case object != "":
		return a.scope + "/" + object
	case a.scope == "":
		return "/"
	}
	return a.scope
}

func (c *compiledAssignment) coversObject(object string) bool {
	return c.reaches && (c.object == "" || c.object == lower(object))
}

// describe names an assignment by its id, if it has one, and what it gives to whom.
func (c *compiledAssignment) describe(p *Principal) string {
	text := c.role.title() + " for " + p.subjectText(c.id)
	if c.source.ID != "" {
		text = c.source.ID + ": " + text
	}
	return text
}

func (r *role) title() string {
	if r.def.Name == "" {
		return "role " + r.def.ID
	}
	return "role " + r.def.Name
}

func (a *Assignments) smallest(p *Principal, r Right, target string) string {
	role := a.gate.smallestRole(r)
	if role == "" || p.id.IsZero() {
		return ""
	}
	return "role " + role + " at " + target + " for object id " + p.info.ObjectID
}
