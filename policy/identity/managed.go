package identity

import "strings"

// userAssignedType is the resource type in the id of a user-assigned identity.
const userAssignedType = "/providers/microsoft.managedidentity/userassignedidentities/"

// ManagedIdentity is an identity that needs no secret because the platform holds
// its credential. A user-assigned one is a resource of its own; a system-assigned
// one belongs to the resource (a virtual machine, a web app) whose id it carries.
type ManagedIdentity struct {
	object
	clientID   string
	resourceID string
}

// NewManagedIdentity adds the managed identity of a resource id (an ARM id). It is
// user-assigned if the id is of type Microsoft.ManagedIdentity/userAssignedIdentities
// and system-assigned otherwise; its name is the last part of the id. A resource has
// one identity. It fails with [ErrResourceID], [ErrName], [ErrID], [ErrTaken] or [ErrFull].
func (t *Tenant) NewManagedIdentity(resourceID string, o *ObjectOptions) (*ManagedIdentity, error) {
	o = o.orZero()
	if !strings.HasPrefix(resourceID, "/") {
		return nil, ErrResourceID
	}
	m := &ManagedIdentity{clientID: t.idOr(o.ClientID), resourceID: resourceID}
	name := resourceID[strings.LastIndexByte(resourceID, '/')+1:]
	if err := t.add(m, name, t.idOr(o.ObjectID), m.clientID, resourceID); err != nil {
		return nil, err
	}
	return m, nil
}

// ClientID is the appid of the identity's tokens.
func (m *ManagedIdentity) ClientID() string { return m.clientID }

// ResourceID is the ARM id, the xms_mirid of the identity's tokens.
func (m *ManagedIdentity) ResourceID() string { return m.resourceID }

// UserAssigned says whether the identity is a resource of its own.
func (m *ManagedIdentity) UserAssigned() bool {
	return strings.Contains(strings.ToLower(m.resourceID), userAssignedType)
}

// Disable stops the identity from getting tokens, with [AppDisabled], until Enable.
func (m *ManagedIdentity) Disable() { m.setDisabled(true) }

// Enable undoes Disable.
func (m *ManagedIdentity) Enable() { m.setDisabled(false) }

// FailWith makes every request for a token of this identity fail with c until it
// is called again; 0 ends it.
func (m *ManagedIdentity) FailWith(c Code) { m.setFail(c) }
