// Package hook is how the test kit reaches inside a service: what it may put in place, and what the service lets it ask.
// It is internal so that no program comes upon it by chance; whoever embeds a vault owns its memory anyway.
package hook

import (
	"context"
	"crypto/rsa"
)

// Points are the places of one service. Those that are nil are not there.
type Points struct {
	// RSA makes the RSA keys of the service, for an exponent of 65537.
	RSA func(bits int) (*rsa.PrivateKey, error)
	// Before is asked when a request to a container, named by its URL, has passed the gates of identity, network and
	// right. Its error is the answer: nothing is charged or changed.
	Before func(ctx context.Context, container, operation string) error
	// After is asked when a request was carried out. Its error is the answer, though what was done stays done.
	After func(ctx context.Context, container, operation string) error
	// Invariants is set by the service. It tells what is wrong with its state, nil if nothing.
	Invariants func() error
}
