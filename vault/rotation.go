package vault

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/shelf"
)

// The least periods of a rotation policy, in days.
const (
	minExpiry = 28 // of expiryTime
	minNotice = 7  // from a rotation that is counted back from expiry to it
)

// rotationRules are what differs between the products in rotation policies.
type rotationRules struct {
	minimum  int  // days from creation to a rotation, and from one that is counted from creation to expiry
	notifies bool // a policy without a Notify gets one, and actions are spelt with a capital
	absolute bool // the id of a policy is a URL, and not only its path
	needed   bool // a key without a policy of its own is not rotated
}

// RotationPolicy says when a key gets a new version and when its owner is told that it expires.
type RotationPolicy struct {
	// ID identifies the policy, such as https://contoso.vault.azure.net/keys/app/rotationpolicy. It is read only.
	ID string
	// ExpiryTime is how long a version that rotation makes is valid, at least 28 days. "": without limit.
	ExpiryTime Period
	// Actions are at most one Rotate and one Notify.
	Actions []LifetimeAction
	// Created and Updated are zero for the policy of a key that has none of its own. They are read only.
	Created, Updated time.Time
}

// LifetimeAction is what happens in the life of a key's version, and when: exactly one of the two periods is set.
type LifetimeAction struct {
	Action ActionType `json:"action"`
	// After is counted from the creation of the version. For Rotate it is at least 7 days, 28 in a Managed HSM, and with an
	// ExpiryTime as much shorter than that.
	After Period `json:"after,omitempty"`
	// Before is counted back from its expiry. For Rotate it is at least 7 days, in both products, and needs an ExpiryTime,
	// than which it is at least 7 days shorter, 28 in a Managed HSM.
	Before Period `json:"before,omitempty"`
}

// ActionType is what a lifetime action does. The service compares it without case.
type ActionType string

// The actions.
const (
	Rotate ActionType = "Rotate"
	Notify ActionType = "Notify"
)

// defaultNotify is the action that the service adds to a policy without a Notify.
var defaultNotify = LifetimeAction{Action: Notify, Before: "P30D"}

// keyOwn is what belongs to a key as a whole.
type keyOwn struct {
	Rotation *storedRotation `json:"rotation,omitempty"`
}

// storedRotation is a policy as it is kept.
type storedRotation struct {
	ExpiryTime Period           `json:"expiryTime,omitempty"`
	Actions    []LifetimeAction `json:"actions,omitempty"`
	Created    int64            `json:"created"`
	Updated    int64            `json:"updated"`
}

// rotationInput is the input of KeyRotationPolicySet.
type rotationInput struct {
	expiry  Period
	actions []LifetimeAction
}

func (in rotationInput) validate(s *settings) error {
	rules := s.product().rotation
	if in.expiry != "" {
		if _, _, _, ok := in.expiry.parts(); !ok || in.expiry.days() < minExpiry {
			return errs.NewInvalidProperty("attributes.expiryTime", fmt.Sprintf("It must be a period of at least P%dD", minExpiry))
		}
	}
	seen := map[ActionType]bool{}
	for _, a := range in.actions {
		a.Action = a.Action.canonical()
		if seen[a.Action] {
			return errs.NewInvalidProperty("lifetimeActions", "An action can be given once")
		}
		seen[a.Action] = true
		if err := a.validate(in.expiry, rules); err != nil {
			return err
		}
	}
	return nil
}

func (a LifetimeAction) validate(expiry Period, rules rotationRules) error {
	if a.Action != Rotate && a.Action != Notify {
		return errs.NewInvalidProperty("lifetimeActions.action.type", "It must be Rotate or Notify")
	}
	period, from := a.After, "timeAfterCreate"
	if a.Before != "" {
		period, from = a.Before, "timeBeforeExpiry"
	}
	at := "lifetimeActions.trigger." + from
	if _, _, _, ok := period.parts(); !ok || a.After != "" && a.Before != "" {
		return errs.NewInvalidProperty(at, "It must be a period, and the only trigger of its action")
	}
	if a.Action == Notify {
		return nil
	}
	least := rules.minimum
	if a.Before != "" {
		least = minNotice
	}
	switch {
	case period.days() < least:
		return errs.NewInvalidProperty(at, fmt.Sprintf("It must be at least P%dD", least))
	case a.Before != "" && expiry == "":
		return errs.NewInvalidProperty(at, "It needs an expiryTime")
	case expiry != "" && period.days() > expiry.days()-rules.minimum:
		return errs.NewInvalidProperty(at, fmt.Sprintf("It must lie at least P%dD within the expiryTime", rules.minimum))
	}
	return nil
}

// canonical returns the action in the service's spelling, or as it is.
func (a ActionType) canonical() ActionType {
	for _, known := range []ActionType{Rotate, Notify} {
		if strings.EqualFold(string(a), string(known)) {
			return known
		}
	}
	return a
}

// normalised returns the actions as the product keeps them: spelt its way, in a vault with a Notify.
func (in rotationInput) normalised(rules rotationRules) []LifetimeAction {
	var out []LifetimeAction
	notified := false
	for _, a := range in.actions {
		a.Action = a.Action.canonical()
		notified = notified || a.Action == Notify
		out = append(out, a)
	}
	if !notified && rules.notifies {
		out = append(out, defaultNotify)
	}
	return out
}

// setRotationPolicy replaces the policy of a key.
func setRotationPolicy(c call, in rotationInput) (out RotationPolicy, err error) {
	err = c.update(func(tx *shelf.Tx) error {
		o, _, err := keys.Find(tx.Root(), c.name, "", c.unix())
		if err != nil {
			return err
		}
		own := o.Own
		next := &storedRotation{ExpiryTime: in.expiry, Actions: in.normalised(c.container.rotation), Created: c.unix(), Updated: c.unix()}
		if own.Rotation != nil {
			next.Created = own.Rotation.Created
		}
		own.Rotation = next
		out = showRotation(c, o.Name, next)
		return keys.Own(tx, c.name, c.unix(), own)
	})
	return out, err
}

// getRotationPolicy answers the policy of a key; one that has none is told of 30 days before it expires.
func getRotationPolicy(c call, _ nothing) (RotationPolicy, error) {
	o, _, err := keys.Find(c.root, c.name, "", c.unix())
	if err != nil {
		return RotationPolicy{}, err
	}
	stored := o.Own.Rotation
	if stored == nil {
		stored = new(storedRotation)
		if c.container.rotation.notifies {
			stored.Actions = []LifetimeAction{defaultNotify}
		}
	}
	return showRotation(c, o.Name, stored), nil
}

func showRotation(c call, name string, r *storedRotation) RotationPolicy {
	id := "keys/" + name + "/rotationpolicy"
	if c.container.rotation.absolute {
		id = "https://" + c.container.host + "/" + id
	}
	return RotationPolicy{
		ID: id, ExpiryTime: r.ExpiryTime,
		Actions: slices.Clone(r.Actions), Created: moment(r.Created), Updated: moment(r.Updated),
	}
}

// rotate adds a version of the same type, size and operations, valid as long as the policy says.
func rotate(c call, _ nothing) (Key, error) {
	o, v := c.key.object, c.key.version
	if v == nil {
		return Key{}, c.container.absentRotated(c.host(), c.name)
	}
	if c.container.rotation.needed && o.Own.Rotation == nil {
		return Key{}, errs.NewRotationNeedsPolicy()
	}
	current := v.Data.key
	exportable := v.Data.release != nil
	private, err := c.container.driver(current.Spec().Type.HSM(), exportable).Generate(c.ctx, current.Spec())
	if err != nil {
		return Key{}, err
	}
	next := CreateKeyOptions{Operations: current.Operations(), Tags: v.Tags}
	if r := o.Own.Rotation; r != nil && r.ExpiryTime != "" {
		next.Validity.Expires = r.ExpiryTime.after(c.now)
	}
	return addKey(c, private, next, v.Data.release, func(r *shelf.Root, made *keyRecord) error {
		_, newest, err := keys.Find(r, c.name, "", c.unix())
		if err == nil && exportable && newest.Data.release != nil {
			made.Data.release = newest.Data.release // which may have been replaced while the key was made
		}
		return err
	})
}
