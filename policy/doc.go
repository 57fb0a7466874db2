// Package policy decides whether a principal may do something from somewhere, and says why.
//
// Three gates stand before a vault, and each is a type of its own that is compiled once from what an administrator
// wrote and then asked by every request:
//
//   - [Network], compiled from [NetworkRules], is the firewall: may this [Source] speak to the vault at all?
//   - [AccessPolicies], compiled from a list of [AccessPolicy] entries, is the older of the two ways in which a vault
//     grants rights: so many permissions for a principal on the whole vault.
//   - [Assignments] is the newer one, Azure RBAC: roles assigned to principals at a scope that may be the subscription,
//     the vault or a single object, less what deny assignments take away. The local RBAC of a Managed HSM is the same
//     engine with other roles and shorter scopes.
//
// A vault uses either access policies or RBAC and ignores the other. What nothing allows is denied; only a firewall that
// was never set allows by default, as the service's does.
//
// The question is always whether a [Principal] has a [Right]. Rights are this package's own vocabulary, because the
// service has three that do not match: what an access policy calls "get" is two different actions in RBAC. One table
// gives every right its permission, its vault action and its Managed HSM action.
//
// A compiled gate never changes and holds no lock, so a vault publishes a new one behind an atomic pointer. Its Allows
// method is the fast answer: it does not allocate and costs nanoseconds at ten thousand grants. Its Explain method is
// the slow and complete answer, a [Decision] with the rule that decided, who nearly matched, and the smallest grant that
// would have helped. The two never differ on the outcome.
//
// The inputs marshal to and from the JSON that Azure Resource Manager has for them. Nothing in this package knows a
// clock, a directory or a store: what a group or a scope contains is what the caller says it contains.
package policy
