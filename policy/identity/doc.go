// Package identity is a directory tenant inside the process: it knows
// applications, managed identities, users and groups, gives them access tokens
// and checks the tokens that come back.
//
// # The model
//
// A [Tenant] holds directory objects. Every object has an object id; an
// [Application] and a [ManagedIdentity] have a client id as well, and the two
// are different things: access is granted to the object id, signing in is done
// with the client id. Display names are not unique. Two applications may be
// called "billing", and one that is deleted and made again has the old name and
// new ids, so what was granted to the first is not granted to the second.
//
// [Tenant.Token] gives an [Identity] a token: a JSON Web Token in version 1.0
// form, signed with RS256, that says who its bearer is (oid, appid, tid, groups),
// for whom it is meant (aud) and how long it is good (nbf, exp). A token is a
// snapshot. Disabling or deleting its bearer, or changing its groups, stops or
// changes the next token and leaves this one as it is until it expires; only
// [Tenant.RollKeys] ends tokens early.
//
// A [Verifier] is one vault's side: it takes tokens for one audience, of one
// tenant, and answers with a *policy.Principal or with a [*Failure] that says
// which check refused, what was expected and what was found. Verified tokens are
// remembered, so a second look at the same token costs no cryptography and no
// allocation. [Verifier.Explain] shows every claim beside what was expected of
// it, whether or not the signature is good.
//
// # What goes wrong
//
// A refusal to issue is an [*AuthError] with the directory's own AADSTS code:
//
//	errors.Is(err, identity.SecretExpired) // AADSTS7000222
//
// It comes from the state of the directory (an application disabled or deleted, a
// secret wrong or past its end) or from a switch a test sets with FailWith. A
// refusal to accept is a *Failure with a [Reason]:
//
//	errors.Is(err, identity.WrongAudience)
//
// Neither ever contains a secret, or a token beyond its encoded header.
//
// # Time, chance and concurrency
//
// The tenant reads the time from [Options.Now], the verifier is told it. Chance
// comes from [Options.Rand] and signing keys from [Options.NewKey]; no key is made
// before the first token. Everything in this package may be used by several
// goroutines at once.
package identity
