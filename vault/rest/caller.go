package rest

import (
	"strings"

	"github.com/embedvault/embedvault/vault"
)

// token is the token of a request, if it carries one. Anything but one bearer token is none: no header or two, another
// scheme, nothing after the word.
func token(authorization []string) (text string, ok bool) {
	if len(authorization) != 1 {
		return "", false
	}
	return bearer(authorization[0])
}

// caller is who a request says it is from: nobody without a token.
func caller(authorization []string) vault.Caller {
	if text, ok := token(authorization); ok {
		return vault.Bearer(text)
	}
	return vault.Caller{}
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
