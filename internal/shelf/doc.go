// Package shelf holds the objects of one container: named, versioned, soft-deletable, of several kinds.
//
// The whole state of a container is one immutable [Root] behind one atomic pointer. A Root holds, for each [Kind], two
// ordered trees from lower-case name to an immutable [Object]: the live ones and the soft-deleted ones. A reader loads
// the pointer once and sees one consistent moment for as long as it keeps it; it never locks and never waits.
//
// A writer describes its change as a function over a [Tx]. The transaction works on a copy of the newest root (a copy
// costs a few words: the trees share their nodes), so a change over several kinds appears as a whole or not at all.
// Nothing that has once been put into a root is changed afterwards: a writer puts a new Object in place of the old one.
//
// What happens to an object in its life (a new version, deletion, recovery, purge, listing) is written here once for all
// kinds; what a version holds is the business of who declares the kind.
package shelf
