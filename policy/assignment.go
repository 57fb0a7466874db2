package policy

import (
	"cmp"
	"fmt"
)

// AllPrincipals, as a principal of a [DenyAssignment], is everybody.
const AllPrincipals = "00000000-0000-0000-0000-000000000000"

// MaxRoleAssignments is the most role assignments, and the most deny assignments, that one vault is compiled with. The
// service allows 4000 in a subscription and fewer above it; the bound is this package's own and leaves room.
const MaxRoleAssignments = 1 << 16

// RoleAssignment gives a role to a principal at a scope and everything below. Its JSON is that of Azure Resource
// Manager, which the local RBAC of a Managed HSM shares.
type RoleAssignment struct {
	// ID names the assignment in decisions. It may be empty.
	ID string
	// Role is the role's id or resource id or, which the service does not offer, its name.
	Role string
	// PrincipalID is the object id of a user, service principal, managed identity or group.
	PrincipalID string
	// Scope is "/", a subscription, a resource group, a vault, or an object such as "…/vaults/app/secrets/db". In a
	// Managed HSM it is "/" or "/keys" for all of it, or "/keys/{name}". Scopes compare without regard to case.
	Scope string
}

// DenyAssignment takes actions away from principals at a scope and everything below, whatever grants them. Azure
// creates them for managed resources; a Managed HSM has none. Its JSON is that of Azure Resource Manager.
type DenyAssignment struct {
	// ID and Name identify it in decisions. Both may be empty.
	ID   string
	Name string
	// Scope is as in [RoleAssignment].
	Scope string
	// DoNotApplyToChildScopes limits it to requests about the scope itself, such as listing the keys of a vault.
	DoNotApplyToChildScopes bool
	// Permissions say what is denied: data actions, less not-data-actions.
	Permissions []Permission
	// Principals are the object ids it applies to, users or groups, or [AllPrincipals].
	Principals []string
	// ExcludePrincipals are the object ids it does not apply to. To be in an excluded group is to be excluded.
	ExcludePrincipals []string
}

// Assignments is the RBAC of one vault or Managed HSM, compiled. It never changes. nil allows nothing.
type Assignments struct {
	gate   Gate
	scope  string               // of the container, parsed
	grants map[ID]reach         // :: principal or group → what its assignments give
	denies map[ID][]*deny       // :: principal or group → what is denied to it; the zero ID is everybody
	all    []compiledAssignment // every assignment, for Explain
}

// reach is what one principal has been assigned: rights in the whole container, and more on single objects.
type reach struct {
	whole   RightSet
	objects map[string]RightSet // :: "secrets/db" → rights on it
}

type deny struct {
	title    string // for Explain
	rights   RightSet
	object   string // "" is the whole container
	shallow  bool   // not the objects in it
	excluded map[ID]struct{}
}

type compiledAssignment struct {
	source  RoleAssignment
	role    *role
	id      ID
	object  string
	reaches bool // the container, or an object in it
}

// CompileAssignments compiles what Azure RBAC says about a vault, given the vault's resource id
// ("/subscriptions/…/resourceGroups/…/providers/Microsoft.KeyVault/vaults/app"), the custom roles beside [VaultRoles],
// and the role and deny assignments that may concern it. Assignments elsewhere do no harm; Explain mentions them.
//
// It fails on a scope it cannot read (management groups are not modelled), a role nobody defined or that may not be
// assigned there, a principal without id, and a data action of vaults that does not exist.
func CompileAssignments(vault string, custom []RoleDefinition, assignments []RoleAssignment, denies []DenyAssignment) (*Assignments, error) {
	scope, err := parseScope(vault)
	if err != nil {
		return nil, err
	}
	if !isVaultScope(scope) {
		return nil, fmt.Errorf("policy: %q is not the resource id of a vault", vault)
	}
	a := &Assignments{gate: GateRBAC, scope: scope}
	if err := a.compile(custom, assignments); err != nil {
		return nil, err
	}
	return a, a.compileDenies(denies)
}

// CompileLocalAssignments compiles the local RBAC of a Managed HSM, given the custom roles beside [HSMRoles]. It fails
// as [CompileAssignments] does.
func CompileLocalAssignments(custom []RoleDefinition, assignments []RoleAssignment) (*Assignments, error) {
	a := &Assignments{gate: GateLocalRBAC}
	return a, a.compile(custom, assignments)
}

func (a *Assignments) compile(custom []RoleDefinition, assignments []RoleAssignment) error {
	if len(assignments) > MaxRoleAssignments {
		return fmt.Errorf("policy: %d role assignments, at most %d are allowed", len(assignments), MaxRoleAssignments)
	}
	roles, err := a.gate.rolesOf(custom)
	if err != nil {
		return err
	}
	a.grants = make(map[ID]reach, len(assignments))
	a.all = make([]compiledAssignment, 0, len(assignments))
	for _, source := range assignments {
		c, err := a.compileOne(roles, source)
		if err != nil {
			return err
		}
		a.all = append(a.all, c)
		if c.reaches {
			a.grant(c)
		}
	}
	return nil
}

func (a *Assignments) compileOne(roles roleBook, source RoleAssignment) (compiledAssignment, error) {
	c := compiledAssignment{source: source, id: ParseID(source.PrincipalID), role: roles[roleKey(source.Role)]}
	if c.role == nil {
		return c, fmt.Errorf("policy: role assignment %q: there is no role %q", source.ID, source.Role)
	}
	if c.id.IsZero() {
		return c, fmt.Errorf("policy: role assignment %q has no principal", source.ID)
	}
	scope, err := a.gate.parseScope(source.Scope)
	if err != nil {
		return c, err
	}
	if !c.role.assignableAt(scope) {
		return c, fmt.Errorf("policy: role %q may not be assigned at %q", source.Role, source.Scope)
	}
	c.object, c.reaches, err = within(a.scope, scope)
	return c, err
}

// grant adds what an assignment gives to what its principal has.
func (a *Assignments) grant(c compiledAssignment) {
	has := a.grants[c.id]
	if c.object == "" {
		has.whole = has.whole.Union(c.role.rights)
	} else {
		if has.objects == nil {
			has.objects = make(map[string]RightSet)
		}
		has.objects[c.object] = has.objects[c.object].Union(c.role.rights)
	}
	a.grants[c.id] = has
}

func (a *Assignments) compileDenies(denies []DenyAssignment) error {
	if len(denies) > MaxRoleAssignments {
		return fmt.Errorf("policy: %d deny assignments, at most %d are allowed", len(denies), MaxRoleAssignments)
	}
	a.denies = make(map[ID][]*deny)
	for _, source := range denies {
		if err := a.gate.checkActions(source.Permissions); err != nil {
			return err
		}
		d, reaches, err := a.compileDeny(source)
		if err != nil {
			return err
		}
		if !reaches {
			continue
		}
		for _, principal := range source.Principals {
			id := ParseID(principal)
			if id.IsZero() && principal != AllPrincipals {
				return fmt.Errorf("policy: deny assignment %q names an empty principal", source.ID)
			}
			a.denies[id] = append(a.denies[id], d)
		}
	}
	return nil
}

func (a *Assignments) compileDeny(source DenyAssignment) (d *deny, reaches bool, err error) {
	scope, err := a.gate.parseScope(source.Scope)
	if err != nil {
		return nil, false, err
	}
	object, reaches, err := within(a.scope, scope)
	if err != nil || !reaches || source.DoNotApplyToChildScopes && object == "" && scope != a.scope {
		return nil, false, err
	}
	d = &deny{
		title: cmp.Or(source.ID, source.Name, "deny assignment at "+source.Scope), rights: a.gate.dataRights(source.Permissions), object: object,
		shallow: source.DoNotApplyToChildScopes && object == "", excluded: make(map[ID]struct{}, len(source.ExcludePrincipals)),
	}
	for _, principal := range source.ExcludePrincipals {
		d.excluded[ParseID(principal)] = struct{}{}
	}
	return d, true, nil
}

// Allows reports whether p's assignments give it the right and no deny assignment takes it away. The object is
// "collection/name", such as "secrets/db" in any case, or empty for a request about the container itself, such as to
// list its keys or to restore one; an assignment on a single object never covers that. Allows takes no lock and does
// not allocate.
//
// Azure looks for denials first. Here grants come first, because most refused callers have none and most vaults have
// no denials; the outcome is the same, as both must be asked before anything is allowed.
func (a *Assignments) Allows(p *Principal, r Right, object string) bool {
	if a == nil || p == nil {
		return false
	}
	return a.granted(p, r, object) && a.denial(p, r, object) == nil
}

func (a *Assignments) granted(p *Principal, r Right, object string) bool {
	for _, id := range p.subjects {
		has, ok := a.grants[id]
		if ok && (has.whole.Has(r) || has.onObject(r, object)) {
			return true
		}
	}
	return false
}

func (has *reach) onObject(r Right, object string) bool {
	if len(has.objects) == 0 {
		return false
	}
	var buf [160]byte // longer names than the service allows still work, but allocate
	return has.objects[string(appendLower(buf[:0], object))].Has(r)
}

// denial returns a deny assignment that applies, or nil. It does not stop at the first id that has denials, since each
// has exclusions of its own.
func (a *Assignments) denial(p *Principal, r Right, object string) *deny {
	if len(a.denies) == 0 {
		return nil
	}
	if d := firstDenial(a.denies[ID{}], p, r, object); d != nil {
		return d
	}
	for _, id := range p.subjects {
		if d := firstDenial(a.denies[id], p, r, object); d != nil {
			return d
		}
	}
	return nil
}

func firstDenial(denies []*deny, p *Principal, r Right, object string) *deny {
	for _, d := range denies {
		if d.rights.Has(r) && d.coversObject(object) && !d.excludes(p) {
			return d
		}
	}
	return nil
}

func (d *deny) coversObject(object string) bool {
	if d.object == "" {
		return !d.shallow || object == ""
	}
	var buf [160]byte
	return string(appendLower(buf[:0], object)) == d.object
}

func (d *deny) excludes(p *Principal) bool {
	for _, id := range p.subjects {
		if _, ok := d.excluded[id]; ok {
			return true
		}
	}
	return false
}
