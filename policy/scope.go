package policy

import (
	"fmt"
	"slices"
	"strings"
)

// A scope, once parsed, is a path in lower case without a slash at its end, so that the widest, "/", is the empty
// string and one scope covers another if it is a prefix of it that ends where a segment does.

// objectCollections are the kinds of object a role can be assigned on.
var objectCollections = []string{"keys", "secrets", "certificates", "storage"}

// parseScope reads an Azure scope: "/", a subscription, a resource group, a resource, or an object in a vault.
func parseScope(s string) (string, error) {
	path, segments, err := splitScope(s)
	if err != nil || len(segments) == 0 {
		return path, err
	}
	ok := segments[0] == "subscriptions" && len(segments)%2 == 0
	ok = ok && (len(segments) < 4 || segments[2] == "resourcegroups")
	ok = ok && (len(segments) < 6 || len(segments) >= 8 && segments[4] == "providers")
	if !ok {
		return "", fmt.Errorf("policy: %q is no subscription, resource group, resource or object of a vault", s)
	}
	return path, nil
}

// parseLocalScope reads a scope of a Managed HSM: "/" and "/keys", which both mean all of it, or "/keys/{name}".
func parseLocalScope(s string) (string, error) {
	path, segments, err := splitScope(s)
	switch {
	case err != nil:
		return "", err
	case len(segments) == 0, len(segments) == 1 && segments[0] == "keys":
		return "", nil
	case len(segments) == 2 && segments[0] == "keys":
		return path, nil
	}
	return "", fmt.Errorf("policy: %q is no scope of a Managed HSM: /, /keys or /keys/{name}", s)
}

// splitScope does what is common to both forms. An empty scope is refused, lest one forgotten become the widest.
func splitScope(s string) (path string, segments []string, err error) {
	path = strings.TrimRight(lower(s), "/")
	if path == "" && s != "" {
		return "", nil, nil
	}
	if !strings.HasPrefix(path, "/") {
		return "", nil, fmt.Errorf("policy: scope %q does not begin with a slash", s)
	}
	segments = strings.Split(path[1:], "/")
	if slices.Contains(segments, "") {
		return "", nil, fmt.Errorf("policy: scope %q has an empty segment", s)
	}
	return path, segments, nil
}

// covers reports whether the wide scope contains the narrow one.
func covers(wide, narrow string) bool {
	return strings.HasPrefix(narrow, wide) && (len(narrow) == len(wide) || narrow[len(wide)] == '/')
}

// isVaultScope reports whether a parsed scope is that of a vault itself.
func isVaultScope(path string) bool {
	segments := strings.Split(path, "/")
	return len(segments) == 9 && segments[6] == "microsoft.keyvault" && segments[7] == "vaults"
}

// within returns what part of a container a scope reaches: all of it (object is empty), one object, or, if ok is
// false, nothing. It fails on a scope that lies in the container but is no object.
func within(container, scope string) (object string, ok bool, err error) {
	if covers(scope, container) {
		return "", true, nil
	}
	if !covers(container, scope) {
		return "", false, nil
	}
	object = scope[len(container)+1:]
	collection, name, _ := strings.Cut(object, "/")
	if !slices.Contains(objectCollections, collection) || name == "" || strings.Contains(name, "/") {
		return "", false, fmt.Errorf("policy: %q is no object a role can be assigned on", scope)
	}
	return object, true, nil
}
