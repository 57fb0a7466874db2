package vault

import (
	"encoding/json"
	"strings"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
)

// What is in front of the names of role definitions and assignments in their ids, at whatever scope.
const (
	definitionsPath = "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/"
	assignmentsPath = "/providers/Microsoft.Authorization/roleAssignments/"
)

// roleBodyLimit bounds the body of a request about roles, in bytes. A role that names every data action takes a fifth.
const roleBodyLimit = 16 << 10

func (definitionQuery) read(r *Exchange) (in definitionQuery, err error) {
	name, value, err := r.filter()
	switch {
	case err != nil:
	case name == "" || strings.EqualFold(name, "atScopeAndBelow") && value == "":
	case strings.EqualFold(name, "roleName") && value != "":
		in.Name = value
	case strings.EqualFold(name, "type") && value != "":
		in.Type = policy.RoleType(value)
	default:
		err = r.badFilter()
	}
	return in, err
}

func (assignmentQuery) read(r *Exchange) (in assignmentQuery, err error) {
	name, value, err := r.filter()
	switch {
	case err != nil:
	case name == "" || strings.EqualFold(name, "atScope") && value == "":
	case strings.EqualFold(name, "principalId") && value != "":
		in.PrincipalID = value
	default:
		err = r.badFilter()
	}
	return in, err
}

const filterMember = "$filter"

func (r *Exchange) badFilter() error {
	text, _ := r.member(filterMember)
	return errs.NewBadArgument(text, filterMember)
}

// filter reads the filter of a list, which is one clause: "name()", "name eq 'value'", where a quote in the value is doubled,
// or "name eq value", where the value is one word. The name is "" if there is no filter.
func (r *Exchange) filter() (name, value string, err error) {
	text, _ := r.member(filterMember)
	if text = strings.TrimSpace(text); text == "" {
		return "", "", nil
	}
	if name, ok := strings.CutSuffix(text, "()"); ok && name != "" {
		return name, "", nil
	}
	name, value, _ = strings.Cut(text, " eq ")
	if value = unquoted(strings.TrimSpace(value)); value == "" {
		return "", "", r.badFilter()
	}
	return strings.TrimSpace(name), value, nil
}

// unquoted is the text of a value in a filter, "" if it is none.
func unquoted(value string) string {
	text, quoted := strings.CutPrefix(value, "'")
	if !quoted {
		if strings.ContainsAny(value, "' \t\r\n") {
			return ""
		}
		return value
	}
	text, closed := strings.CutSuffix(text, "'")
	if !closed || strings.Contains(strings.ReplaceAll(text, "''", ""), "'") {
		return ""
	}
	return strings.ReplaceAll(text, "''", "'")
}

func (definitionInput) read(r *Exchange) (in definitionInput, err error) {
	in.RoleDefinition, err = readProperties[policy.RoleDefinition](r)
	return in, err
}

func (assignmentInput) read(r *Exchange) (in assignmentInput, err error) {
	in.RoleAssignment, err = readProperties[policy.RoleAssignment](r)
	return in, err
}

// readProperties reads a body whose properties are what counts. Id, name and scope are those of the path.
func readProperties[T any](r *Exchange) (in T, err error) {
	data, err := r.read(roleBodyLimit)
	if err != nil {
		return in, err
	}
	outer, err := parseJSON[struct {
		Properties *struct{} `json:"properties"`
	}](data)
	if err != nil {
		return in, err
	}
	if outer.Properties == nil {
		return in, errs.NewInvalidRole("there are no properties")
	}
	return parseJSON[T](data)
}

func (d roleDefinition) appendTo(dst []byte, _ *Exchange) []byte {
	d.ID = definitionsPath + d.ID
	return appendJSON(dst, d)
}

func (a roleAssignment) appendTo(dst []byte, _ *Exchange) []byte {
	a.ID, a.Role = assignmentsPath+a.ID, definitionsPath+a.Role
	return appendJSON(dst, a)
}

func appendJSON(dst []byte, m json.Marshaler) []byte {
	text, _ := m.MarshalJSON() // of strings, which always marshal
	return append(dst, text...)
}

// roleList is the output of a list of roles. It is never long enough for a second page: at most 50 custom definitions and 50
// assignments at a scope, but for what the program itself has put there.
type roleList[I wireOutput] []I

func (l roleList[I]) appendTo(dst []byte, r *Exchange) []byte {
	w := begin(dst)
	list(&w, "value", l, r)
	return w.end()
}
