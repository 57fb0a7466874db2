package policy

// Names, scopes, actions and permissions of the service are ASCII and compare without regard to the case of its
// letters. Any other byte compares as itself, so that no exotic letter folds into a plain one.

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// appendLower appends s in lower case.
func appendLower(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = append(dst, lowerByte(s[i]))
	}
	return dst
}

// lower returns s in lower case.
func lower(s string) string {
	for i := range len(s) {
		if s[i] != lowerByte(s[i]) {
			return string(appendLower(make([]byte, 0, len(s)), s))
		}
	}
	return s
}

// equalFold compares two strings.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lowerByte(a[i]) != lowerByte(b[i]) {
			return false
		}
	}
	return true
}
