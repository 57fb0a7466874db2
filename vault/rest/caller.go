package rest

import (
	"strings"

	"github.com/embedvault/embedvault/vault"
)

// caller is who a request says it is from. Anything but one bearer token is nobody: no header or two, another scheme,
// nothing after the word.
func caller(authorization []string) vault.Caller {
	if len(authorization) != 1 {
		return vault.Caller{}
	}
	token, ok := bearer(authorization[0])
	if !ok {
		return vault.Caller{}
	}
	return vault.Bearer(token)
}

// bearer returns the token of an Authorization header. The word is in any case, with any run of blanks after it.
func bearer(header string) (token string, ok bool) {
	const scheme = "bearer"
	if len(header) <= len(scheme) || !strings.EqualFold(header[:len(scheme)], scheme) {
		return "", false
	}
	rest := header[len(scheme):]
	if rest[0] != ' ' && rest[0] != '\t' {
		return "", false
	}
	token = strings.Trim(rest, " \t")
	return token, token != ""
}
