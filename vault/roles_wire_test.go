package vault_test

import (
	"strings"
	"testing"

	"github.com/embedvault/embedvault/vault"
)

const (
	customBody = `{"id":"` + definitions + aGUID + `","name":"` + aGUID + `","properties":{"assignableScopes":["/"],` +
		`"description":"starts <backups> & waits","permissions":[{"actions":[],"dataActions":["Microsoft.KeyVault/managedHsm/backup/start/action"],` +
		`"notActions":[],"notDataActions":[]}],"roleName":"operator","type":"CustomRole"},"type":"Microsoft.Authorization/roleDefinitions"}`
	keyBody = `{"id":"/providers/Microsoft.Authorization/roleAssignments/` + anotherGUID + `","name":"` + anotherGUID + `","properties":{` +
		`"principalId":"` + appObject + `","roleDefinitionId":"` + definitions + aGUID + `","scope":"/keys/Signer"},` +
		`"type":"Microsoft.Authorization/roleAssignments"}`
)

// A role is made, assigned, found, and deleted. The bodies have the form of the service's, byte for byte.
func TestRolesOverTheWire(t *testing.T) {
	t.Parallel()
	_, h, _ := activeHSM(t, nil, nil)
	set := `{"properties":{"roleName":"operator","description":"starts <backups> & waits","type":"CustomRole","permissions":` +
		`[{"dataActions":["Microsoft.KeyVault/managedHsm/backup/start/action"]}],"assignableScopes":["/keys"]}}`
	assign := `{"properties":{"roleDefinitionId":"/` + definitions + strings.ToUpper(aGUID) + `","principalId":"` + appObject + `"}}`
	nothing := `{"value":[]}`
	for _, step := range []struct {
		roleRequest
		want string
	}{
		{roleRequest{operation: vault.OpRoleAssignmentList}, nothing},
		{roleRequest{operation: vault.OpRoleDefinitionSet, scope: "/", name: strings.ToUpper(aGUID), body: set}, customBody},
		{roleRequest{operation: vault.OpRoleDefinitionGet, scope: "/", name: aGUID}, customBody},
		{roleRequest{operation: vault.OpRoleDefinitionList, scope: "/keys/k", filter: "type eq 'CustomRole'"}, `{"value":[` + customBody + `]}`},
		{roleRequest{operation: vault.OpRoleDefinitionList, filter: "roleName eq 'Operator'"}, `{"value":[` + customBody + `]}`},
		{roleRequest{operation: vault.OpRoleDefinitionList, filter: "roleName eq 'it''s'"}, nothing},
		{roleRequest{operation: vault.OpRoleAssignmentCreate, scope: "/Keys/Signer", name: anotherGUID, body: assign}, keyBody},
		{roleRequest{operation: vault.OpRoleAssignmentGet, scope: "/keys/signer", name: anotherGUID}, keyBody},
		{roleRequest{operation: vault.OpRoleAssignmentList, scope: "/keys/SIGNER", filter: "atScope()"}, `{"value":[` + keyBody + `]}`},
		{roleRequest{operation: vault.OpRoleAssignmentList, scope: "/keys/signer", filter: "principalId eq " + appObject}, `{"value":[` + keyBody + `]}`},
		{roleRequest{operation: vault.OpRoleAssignmentList, scope: "/keys/signer", filter: "principalId eq '" + aGUID + "'"}, nothing},
		{roleRequest{operation: vault.OpRoleAssignmentList, scope: "/"}, nothing},
		{roleRequest{operation: vault.OpRoleAssignmentList, scope: "/keys"}, nothing},
		{roleRequest{operation: vault.OpRoleAssignmentDelete, scope: "/keys/signer", name: anotherGUID}, keyBody},
		{roleRequest{operation: vault.OpRoleDefinitionDelete, name: aGUID}, customBody},
		{roleRequest{operation: vault.OpRoleDefinitionGet, name: aGUID}, "404 RoleDefinitionNotFound: Requested role definition not found"},
	} {
		if have := step.serve(t, h); have != step.want {
			t.Errorf("%s %s %s %s:\n%s\nwant\n%s", step.operation, step.scope, step.name, step.filter, have, step.want)
		}
	}
}

// A filter is understood or refused.
func FuzzRoleFilter(f *testing.F) {
	for _, seed := range []string{"", "atScope()", "principalId eq 'p'", "principalId eq p", "principalId eq '", "a eq ''''"} {
		f.Add(seed)
	}
	_, h, _ := activeHSM(f, nil, &vault.ManagedHSMOptions{Administrators: []string{"p"}})
	f.Fuzz(func(t *testing.T, filter string) {
		for _, o := range []vault.Operation{vault.OpRoleAssignmentList, vault.OpRoleDefinitionList} {
			have := roleRequest{operation: o, filter: filter}.serve(t, h)
			if !strings.HasPrefix(have, `{"value":[`) && !strings.HasPrefix(have, "400 BadArgument: ") {
				t.Errorf("%s with the filter %q: %s", o, filter, have)
			}
		}
	})
}
