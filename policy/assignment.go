package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// AllPrincipals is everybody where a [DenyAssignment] names a principal.
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

// Clone returns a denial that shares no slice with d.
func (d DenyAssignment) Clone() DenyAssignment {
	d.Permissions = clonePermissions(d.Permissions)
	d.Principals = slices.Clone(d.Principals)
	d.ExcludePrincipals = slices.Clone(d.ExcludePrincipals)
	return d
}

// Assignments is the RBAC of one vault or Managed HSM, compiled. It never changes. nil allows nothing.
type Assignments struct {
	gate    Gate
	scope   string         // of the container, parsed
	grants  idTable[reach] // at the hash of the id, mixed with that of the object
	objects bool           // whether any grant is on a single object
	denials idTable[*denial]
	forAll  []*denial
	all     []compiledAssignment // for Explain
}

// reach is what a principal or group has been assigned on one object, or on the whole container.
type reach struct {
	object string // "secrets/db", in lower case; "" is the whole container
	rights RightSet
}

type denial struct {
	title    string // for Explain
	rights   RightSet
	object   string // as in reach
	shallow  bool   // on the container itself, not the objects in it
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
	if err := a.compileDenials(denies); err != nil {
		return nil, err
	}
	return a, nil
}

// CompileLocalAssignments compiles the local RBAC of a Managed HSM, given the custom roles beside [HSMRoles]. It fails
// as [CompileAssignments] does.
func CompileLocalAssignments(custom []RoleDefinition, assignments []RoleAssignment) (*Assignments, error) {
	a := &Assignments{gate: GateLocalRBAC}
	if err := a.compile(custom, assignments); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *Assignments) compile(custom []RoleDefinition, assignments []RoleAssignment) error {
	if len(assignments) > MaxRoleAssignments {
		return fmt.Errorf("policy: %d role assignments, at most %d are allowed", len(assignments), MaxRoleAssignments)
	}
	roles, err := a.gate.rolesOf(custom)
	if err != nil {
		return err
	}
	a.grants = newIDTable[reach](len(assignments))
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
	a.objects = a.objects || c.object != ""
	a.grants.insert(c.id, c.id.hash()^hashLower(c.object), reach{c.object, c.role.rights}, func(old *reach) bool {
		same := old.object == c.object
		if same {
			old.rights = old.rights.Union(c.role.rights)
		}
		return same
	})
}

func (a *Assignments) compileDenials(sources []DenyAssignment) error {
	count := 0
	for _, source := range sources {
		count += len(source.Principals)
	}
	if count > MaxRoleAssignments {
		return fmt.Errorf("policy: deny assignments name %d principals, at most %d are allowed", count, MaxRoleAssignments)
	}
	a.denials = newIDTable[*denial](count)
	for _, source := range sources {
		d, err := a.compileDenial(source)
		if err != nil {
			return err
		}
		for _, principal := range source.Principals {
			if err := a.deny(principal, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// compileDenial returns nil for a denial that does not reach the container.
func (a *Assignments) compileDenial(source DenyAssignment) (*denial, error) {
	if err := a.gate.checkActions(source.Permissions); err != nil {
		return nil, err
	}
	scope, err := a.gate.parseScope(source.Scope)
	if err != nil {
		return nil, err
	}
	object, reaches, err := within(a.scope, scope)
	shallow := source.DoNotApplyToChildScopes && object == ""
	if err != nil || !reaches || shallow && scope != a.scope {
		return nil, err
	}
	d := &denial{
		title:   cmp.Or(source.ID, source.Name, "deny assignment at "+source.Scope),
		rights:  a.gate.dataRights(source.Permissions),
		object:  object,
		shallow: shallow, excluded: make(map[ID]struct{}, len(source.ExcludePrincipals)),
	}
	for _, principal := range source.ExcludePrincipals {
		d.excluded[ParseID(principal)] = struct{}{}
	}
	return d, nil
}

func (a *Assignments) deny(principal string, d *denial) error {
	id := ParseID(principal)
	switch {
	case principal == "":
		return errors.New("policy: a deny assignment names an empty principal")
	case d == nil:
	case id.IsZero():
		a.forAll = append(a.forAll, d)
	default:
		a.denials.insert(id, id.hash(), d, func(**denial) bool { return false })
	}
	return nil
}
