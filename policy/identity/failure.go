package identity

import "strings"

// Reason is the check that refused a token. It is an error, so that
// errors.Is(err, identity.Expired) works.
type Reason uint8

// The reasons, in the order the checks are made. A vault that sees several faults
// answers with the first.
const (
	// Missing: there is no token.
	Missing Reason = iota + 1
	// Malformed: it is not a signed JSON Web Token of at most [MaxTokenSize] bytes,
	// in the one encoding it can have, with every claim an access token has, each
	// once and of its type.
	Malformed
	// WrongAlgorithm: it is not signed with RS256. Found is the alg.
	WrongAlgorithm
	// UnknownKey: its kid is not that of the signing key. Header is the encoded
	// header, which the vault repeats.
	UnknownKey
	// BadSignature: the key is known, and did not sign this.
	BadSignature
	// Expired: exp lies more than [ClockSkew] back.
	Expired
	// NotYetValid: nbf lies more than [ClockSkew] ahead.
	NotYetValid
	// WrongAudience: aud is not, byte by byte, what the vault expects.
	WrongAudience
	// WrongIssuer: iss, or tid, is not of the vault's tenant. Expected and Found are
	// issuers.
	WrongIssuer
)

var reasons = [...]string{
	Missing:        "no token",
	Malformed:      "malformed",
	WrongAlgorithm: "wrong algorithm",
	UnknownKey:     "unknown signing key",
	BadSignature:   "bad signature",
	Expired:        "expired",
	NotYetValid:    "not yet valid",
	WrongAudience:  "wrong audience",
	WrongIssuer:    "wrong issuer",
}

// Error is the reason in a few words.
func (r Reason) Error() string {
	if r == 0 || int(r) >= len(reasons) {
		return "unknown reason"
	}
	return reasons[r]
}

// Failure is why a token was refused. It holds nothing of the token but what its
// fields say, and no text longer than 300 bytes except Header.
type Failure struct {
	// Reason is the check that refused.
	Reason Reason
	// Claim is the header member or claim that was looked at, or empty.
	Claim string
	// Expected and Found are what the check compared; times are in RFC 3339.
	Expected, Found string
	// Header is the encoded header, once it is known to be one: base64url
	// characters only.
	Header string
}

// Error says which check refused, what was expected and what was found.
func (f *Failure) Error() string {
	var b strings.Builder
	b.WriteString("identity: token refused: " + f.Reason.Error())
	if f.Claim != "" {
		b.WriteString(": " + f.Claim)
	}
	if f.Expected != "" {
		b.WriteString(": expected " + f.Expected)
	}
	if f.Found != "" {
		b.WriteString(", found " + f.Found)
	}
	return b.String()
}

// Unwrap is the reason.
func (f *Failure) Unwrap() error { return f.Reason }

func malformed(claim, expected, found string) *Failure {
	return &Failure{Reason: Malformed, Claim: claim, Expected: expected, Found: clip(found)}
}
