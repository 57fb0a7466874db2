package rest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

// administrate makes a request through the Go API that only a Managed HSM takes.
func administrate(ctx context.Context, c *vault.Client, r twinRequest) (string, error) {
	switch r.kind {
	case "rng":
		b, err := c.GetRandomBytes(ctx, r.count)
		return fmt.Sprint(len(b)), err
	case "settings":
		return settings(ctx, c, r)
	}
	return assignments(ctx, c, r)
}

// settingName is the name of the one setting that there is, or of none.
func (r twinRequest) settingName() string {
	if r.name == "b" {
		return "none"
	}
	return vault.AllowKeyManagementOperationsThroughARM
}

func settings(ctx context.Context, c *vault.Client, r twinRequest) (string, error) {
	var one vault.Setting
	var err error
	switch r.verb {
	case "list":
		all, err := c.ListSettings(ctx)
		return fmt.Sprint(all), err
	case "get":
		one, err = c.GetSetting(ctx, r.settingName())
	default:
		one, err = c.UpdateSetting(ctx, r.settingName(), r.setting)
	}
	return fmt.Sprint(one), err
}

func assignments(ctx context.Context, c *vault.Client, r twinRequest) (string, error) {
	var one policy.RoleAssignment
	var err error
	switch r.verb {
	case "list":
		return each(c.ListRoleAssignments(ctx, r.scope, nil), assignment)
	case "get":
		one, err = c.GetRoleAssignment(ctx, r.scope, r.id)
	case "delete":
		one, err = c.DeleteRoleAssignment(ctx, r.scope, r.id)
	default:
		one, err = c.CreateRoleAssignment(ctx, policy.RoleAssignment{ID: r.id, Role: r.role, PrincipalID: r.principal(), Scope: r.scope})
	}
	return assignment(one), err
}

// principal is who is given a role: one who makes requests, or nobody.
func (r twinRequest) principal() string {
	if r.name == "b" {
		return ""
	}
	return "reader"
}

func assignment(a policy.RoleAssignment) string {
	return fmt.Sprintf("%s: %s is %s at %s", a.ID, a.PrincipalID, a.Role, a.Scope)
}

// administration is method, path and body of the same request.
func (r twinRequest) administration() (method, path string, body map[string]any) {
	switch r.kind {
	case "rng":
		return "POST", "/rng", map[string]any{"count": r.count}
	case "settings":
		switch r.verb {
		case "list":
			return "GET", "/settings", nil
		case "get":
			return "GET", "/settings/" + r.settingName(), nil
		}
		return "PATCH", "/settings/" + r.settingName(), map[string]any{"value": r.setting}
	}
	path = strings.TrimSuffix(r.scope, "/") + "/providers/Microsoft.Authorization/roleAssignments"
	switch r.verb {
	case "list":
		return "GET", path, nil
	case "get":
		return "GET", path + "/" + r.id, nil
	case "delete":
		return "DELETE", path + "/" + r.id, nil
	}
	return "PUT", path + "/" + r.id, map[string]any{"properties": map[string]any{"roleDefinitionId": r.role, "principalId": r.principal()}}
}

// wireAssignment is a role assignment over REST.
type wireAssignment struct {
	ID, Name   string
	Properties struct{ PrincipalID, RoleDefinitionID, Scope string }
}

func (a wireAssignment) String() string {
	p := a.Properties
	role := p.RoleDefinitionID[strings.LastIndexByte(p.RoleDefinitionID, '/')+1:]
	return assignment(policy.RoleAssignment{ID: a.Name, Role: role, PrincipalID: p.PrincipalID, Scope: p.Scope})
}

// administered shows a success of REST as the Go API shows it.
func (r twinRequest) administered(t *rapid.T, data []byte) string {
	var o struct {
		wireAssignment
		Settings []vault.Setting
		Type     string
		Value    json.RawMessage
	}
	if err := json.Unmarshal(data, &o); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	var text string
	_ = json.Unmarshal(o.Value, &text) // of a list it is no text
	switch {
	case r.kind == "rng":
		b, _ := base64.RawURLEncoding.DecodeString(text)
		return fmt.Sprint(len(b))
	case r.kind == "settings" && r.verb == "list":
		return fmt.Sprint(o.Settings)
	case r.kind == "settings":
		return fmt.Sprint(vault.Setting{Name: o.Name, Value: text, Type: o.Type})
	case r.verb == "list":
		var all []wireAssignment
		if err := json.Unmarshal(o.Value, &all); err != nil {
			t.Fatalf("%v: %s", err, data)
		}
		var b strings.Builder
		for _, a := range all {
			b.WriteString(a.String() + "\n")
		}
		return b.String()
	}
	return o.String()
}
