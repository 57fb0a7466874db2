package policy

import (
	"fmt"
	"strings"
)

// matchAction reports whether an action pattern covers an action. A star stands for any text, slashes included; all
// else compares without regard to the case of ASCII letters. It takes time linear in the action for each star.
func matchAction(pattern, action string) bool {
	var p, a int
	star, resume := -1, 0
	for a < len(action) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, a
			p++
		case p < len(pattern) && lowerByte(pattern[p]) == lowerByte(action[a]):
			p++
			a++
		case star >= 0: // let the last star swallow one byte more
			resume++
			p, a = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

func matchesAny(patterns []string, action string) bool {
	for _, pattern := range patterns {
		if matchAction(pattern, action) {
			return true
		}
	}
	return false
}

// actionOf returns the data action of a right in the language of one of the two RBAC gates.
func (g Gate) actionOf(r Right) string {
	if g == GateLocalRBAC {
		return r.HSMAction()
	}
	return r.VaultAction()
}

// dataRights returns the rights that a list of permissions gives: for each permission, what its data actions cover and
// its not-data-actions do not. A not-action takes away within its own permission only; it forbids nothing that another
// permission, or another role, gives.
func (g Gate) dataRights(permissions []Permission) RightSet {
	var set RightSet
	for r := range Rights() {
		action := g.actionOf(r)
		if action == "" {
			continue
		}
		for _, permission := range permissions {
			if matchesAny(permission.DataActions, action) && !matchesAny(permission.NotDataActions, action) {
				set.add(r)
			}
		}
	}
	return set
}

// controlsOnly reports whether permissions that give no right have its action on their control-plane side, where it
// manages the container and reaches nothing in it.
func (g Gate) controlsOnly(permissions []Permission, r Right) bool {
	for _, permission := range permissions {
		if matchesAny(permission.Actions, g.actionOf(r)) {
			return true
		}
	}
	return false
}

// provider begins every action of vaults and Managed HSMs. The actions of other providers are not ours to judge.
const provider = "microsoft.keyvault/"

// unusedActions are data actions that roles may name although no operation needs them.
var unusedActions = []string{hsmActions + "keys/export/action", hsmActions + "keys/derive/action"}

// checkActions refuses data actions of the key vault provider that cover nothing. A misspelt action would grant
// nothing, and a misspelt not-action would take nothing away.
func (g Gate) checkActions(permissions []Permission) error {
	for _, permission := range permissions {
		for _, list := range [...][]string{permission.DataActions, permission.NotDataActions} {
			for _, pattern := range list {
				if strings.HasPrefix(lower(pattern), provider) && !g.knowsAction(pattern) {
					return fmt.Errorf("policy: data action %q covers no action of a %s", pattern, g.container())
				}
			}
		}
	}
	return nil
}

func (g Gate) knowsAction(pattern string) bool {
	for r := range Rights() {
		if action := g.actionOf(r); action != "" && matchAction(pattern, action) {
			return true
		}
	}
	for _, action := range unusedActions {
		if g == GateLocalRBAC && matchAction(pattern, action) {
			return true
		}
	}
	return false
}

func (g Gate) container() string {
	if g == GateLocalRBAC {
		return "Managed HSM"
	}
	return "vault"
}
