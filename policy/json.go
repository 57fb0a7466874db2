package policy

import (
	"cmp"
	"encoding/json"
	"strings"
)

// The JSON of the inputs is that of Azure Resource Manager, whose objects are nested more deeply than is good for a
// program. Members this package has no use for are ignored on the way in and absent on the way out. Decoding checks
// nothing but the JSON itself; compiling checks the rest.

type accessPolicyJSON struct {
	TenantID      string `json:"tenantId,omitempty"`
	ObjectID      string `json:"objectId"`
	ApplicationID string `json:"applicationId,omitempty"`
	Permissions   struct {
		Keys         []string `json:"keys,omitzero"`
		Secrets      []string `json:"secrets,omitzero"`
		Certificates []string `json:"certificates,omitzero"`
		Storage      []string `json:"storage,omitzero"`
	} `json:"permissions"`
}

// MarshalJSON returns the entry as Azure Resource Manager writes it.
func (e AccessPolicy) MarshalJSON() ([]byte, error) {
	wire := accessPolicyJSON{TenantID: e.TenantID, ObjectID: e.ObjectID, ApplicationID: e.ApplicationID}
	p := &wire.Permissions
	p.Keys, p.Secrets, p.Certificates, p.Storage = e.Keys, e.Secrets, e.Certificates, e.Storage
	return json.Marshal(wire)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *AccessPolicy) UnmarshalJSON(data []byte) error {
	var wire accessPolicyJSON
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	p := wire.Permissions
	*e = AccessPolicy{wire.TenantID, wire.ObjectID, wire.ApplicationID, p.Keys, p.Secrets, p.Certificates, p.Storage}
	return nil
}

// resourceJSON is the envelope of everything under Microsoft.Authorization.
type resourceJSON[P any] struct {
	ID         string `json:"id,omitempty"`
	Name       string `json:"name,omitempty"`
	Type       string `json:"type,omitempty"`
	Properties P      `json:"properties"`
}

// wrap puts properties into the envelope of a resource. The resource's name is the last segment of its id.
func wrap[P any](id, kind string, properties P) ([]byte, error) {
	name := id[strings.LastIndexByte(id, '/')+1:]
	return json.Marshal(resourceJSON[P]{id, name, "Microsoft.Authorization/" + kind, properties})
}

// unwrap takes properties out of the envelope, and returns the resource's id, or its name if it has no id.
func unwrap[P any](data []byte, properties *P) (id string, err error) {
	var wire resourceJSON[P]
	if err := json.Unmarshal(data, &wire); err != nil {
		return "", err
	}
	*properties = wire.Properties
	return cmp.Or(wire.ID, wire.Name), nil
}

type permissionJSON struct {
	Actions        []string `json:"actions"`
	NotActions     []string `json:"notActions"`
	DataActions    []string `json:"dataActions"`
	NotDataActions []string `json:"notDataActions"`
}

// MarshalJSON returns the permission with all four of its lists, empty ones included.
func (p Permission) MarshalJSON() ([]byte, error) {
	return json.Marshal(permissionJSON{
		orEmpty(p.Actions), orEmpty(p.NotActions), orEmpty(p.DataActions), orEmpty(p.NotDataActions),
	})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *Permission) UnmarshalJSON(data []byte) error {
	var wire permissionJSON
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	*p = Permission(wire)
	return nil
}

// orEmpty makes an absent list an empty one, which is [] in JSON and not null.
func orEmpty[E any](list []E) []E {
	if list == nil {
		return []E{}
	}
	return list
}

type roleDefinitionJSON struct {
	RoleName         string       `json:"roleName"`
	Description      string       `json:"description"`
	Type             RoleType     `json:"type"`
	Permissions      []Permission `json:"permissions"`
	AssignableScopes []string     `json:"assignableScopes"`
}

// MarshalJSON returns the definition as Azure Resource Manager and Managed HSMs write it.
func (d RoleDefinition) MarshalJSON() ([]byte, error) {
	return wrap(d.ID, "roleDefinitions", roleDefinitionJSON{
		d.Name, d.Description, cmp.Or(d.Type, CustomRole), orEmpty(d.Permissions), orEmpty(d.AssignableScopes),
	})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (d *RoleDefinition) UnmarshalJSON(data []byte) error {
	var wire roleDefinitionJSON
	id, err := unwrap(data, &wire)
	if err != nil {
		return err
	}
	*d = RoleDefinition{id, wire.RoleName, wire.Description, wire.Type, wire.Permissions, wire.AssignableScopes}
	return nil
}

type roleAssignmentJSON struct {
	RoleDefinitionID string `json:"roleDefinitionId"`
	PrincipalID      string `json:"principalId"`
	Scope            string `json:"scope,omitempty"`
}

// MarshalJSON returns the assignment as Azure Resource Manager and Managed HSMs write it.
func (a RoleAssignment) MarshalJSON() ([]byte, error) {
	return wrap(a.ID, "roleAssignments", roleAssignmentJSON{a.Role, a.PrincipalID, a.Scope})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (a *RoleAssignment) UnmarshalJSON(data []byte) error {
	var wire roleAssignmentJSON
	id, err := unwrap(data, &wire)
	if err != nil {
		return err
	}
	*a = RoleAssignment{id, wire.RoleDefinitionID, wire.PrincipalID, wire.Scope}
	return nil
}

type denyAssignmentJSON struct {
	Name                    string       `json:"denyAssignmentName,omitempty"`
	Permissions             []Permission `json:"permissions"`
	Scope                   string       `json:"scope,omitempty"`
	DoNotApplyToChildScopes bool         `json:"doNotApplyToChildScopes"`
	Principals              []namedID    `json:"principals"`
	ExcludePrincipals       []namedID    `json:"excludePrincipals"`
}

// namedID is how Resource Manager lists ids: each in an object of its own.
type namedID struct {
	ID string `json:"id"`
}

// MarshalJSON returns the assignment as Azure Resource Manager writes it.
func (a DenyAssignment) MarshalJSON() ([]byte, error) {
	return wrap(a.ID, "denyAssignments", denyAssignmentJSON{
		a.Name, orEmpty(a.Permissions), a.Scope, a.DoNotApplyToChildScopes, objects(a.Principals), objects(a.ExcludePrincipals),
	})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (a *DenyAssignment) UnmarshalJSON(data []byte) error {
	var wire denyAssignmentJSON
	id, err := unwrap(data, &wire)
	if err != nil {
		return err
	}
	*a = DenyAssignment{
		id, wire.Name, wire.Scope, wire.DoNotApplyToChildScopes, wire.Permissions, ids(wire.Principals), ids(wire.ExcludePrincipals),
	}
	return nil
}

func objects(list []string) []namedID {
	wire := make([]namedID, len(list))
	for i, id := range list {
		wire[i].ID = id
	}
	return wire
}

func ids(wire []namedID) []string {
	var list []string
	for _, object := range wire {
		list = append(list, object.ID)
	}
	return list
}
