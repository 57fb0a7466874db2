package limiter

import (
	"math"
	"time"
)

// DefaultWindow is the span over which the service counts.
const DefaultWindow = 10 * time.Second

// Limits is one generation of limits, published or your own. It is a plain
// comparable value; the zero value limits nothing.
//
//	small := limiter.Documented2019()
//	small.Name = "small"
//	small.Max[limiter.SecretUse] = 3
type Limits struct {
	// Name says where the numbers come from, for people.
	Name string

	// Window is the span that is counted. Zero or less is DefaultWindow.
	// Use is stamped to the microsecond; in windows of more than half a
	// minute more coarsely, to a power of two microseconds that is less than
	// a ten-millionth of the window: 2 µs for a minute, 16 µs for five.
	Window time.Duration

	// Max is how many units of a class one vault may use in one window.
	// Zero is no limit of its own: SecretCreate and the imports then count
	// with the class they belong to (see Counts), all others pass freely.
	// Less than zero lets nothing pass.
	Max [NumClasses]int

	// ImportsAsSecretCreate makes imports of keys and certificates share
	// the limit of SecretCreate, as they do since July 2025.
	ImportsAsSecretCreate bool

	// Weight is what one use of a key of this size costs, in units. Less
	// than one is one.
	Weight [NumKeySizes]int

	// Multiple bounds all vaults of a subscription together: in each class
	// to Multiple times the limit of one. Zero or less is no such bound.
	Multiple int
}

// weights is the published price of a key: the limit for 2048 bits over the
// limit for this size, 1000/250 and 1000/125 (2021: 2000/500 and 2000/250).
var weights = [NumKeySizes]int{OtherKey: 1, RSA2048: 1, RSA3072: 4, RSA4096: 8}

// Documented2015 returns the limits published from 2015 to November 2018: no
// difference by key size, 1500 uses of software keys.
func Documented2015() Limits {
	return Limits{
		Name:   "Documented2015",
		Window: DefaultWindow,
		Max: [NumClasses]int{
			HSMKeyCreate: 5, HSMKeyUse: 1000,
			KeyCreate: 10, KeyUse: 1500,
			SecretUse: 2000, Other: 2000,
		},
		Weight:   [NumKeySizes]int{OtherKey: 1, RSA2048: 1, RSA3072: 1, RSA4096: 1},
		Multiple: 5,
	}
}

// Documented2019 returns the limits published from November 2018 to May 2021:
// long RSA keys cost more, and 2000 uses of software keys.
func Documented2019() Limits {
	l := Documented2015()
	l.Name = "Documented2019"
	l.Max[KeyUse] = 2000
	l.Weight = weights
	return l
}

// Documented2021 returns the limits published from May 2021 to July 2025:
// everything doubled, and 300 new secrets counted apart from all other work
// with secrets.
func Documented2021() Limits {
	return Limits{
		Name:   "Documented2021",
		Window: DefaultWindow,
		Max: [NumClasses]int{
			HSMKeyCreate: 10, HSMKeyUse: 2000,
			KeyCreate: 20, KeyUse: 4000,
			SecretUse: 4000, SecretCreate: 300, Other: 4000,
		},
		Weight:   weights,
		Multiple: 5,
	}
}

// Documented2025 returns the limits published since July 2025: those of 2021,
// with the 300 shared by new secrets and imports of keys and certificates.
func Documented2025() Limits {
	l := Documented2021()
	l.Name = "Documented2025"
	l.ImportsAsSecretCreate = true
	return l
}

// Unlimited returns limits that let everything pass, without taking a lock.
func Unlimited() Limits {
	return Limits{Name: "Unlimited", Window: DefaultWindow, Weight: weights}
}

// ManagedHSM returns what a Managed HSM takes where vaults have the limits l: its
// keys are not throttled, only the administration of its roles, which counts as
// Other, to five requests a second. Limits that limit nothing stay as they are.
func (l Limits) ManagedHSM() Limits {
	if l.Max == [NumClasses]int{} {
		return l
	}
	return Limits{
		Name: l.Name + " ManagedHSM", Window: time.Second, Max: [NumClasses]int{Other: 5}, Weight: l.Weight,
	}
}

// Counts returns the class in whose window the units of c are counted: c
// itself or, where c has no limit of its own, the class it belongs to.
func (l Limits) Counts(c Class) Class {
	c = c.known()
	if l.Max[c] == 0 && l.ImportsAsSecretCreate && c.isImport() {
		c = SecretCreate
	}
	if l.Max[c] == 0 {
		c = classes[c].base
	}
	return c
}

func (c Class) isImport() bool {
	return c == CertificateImport || c == KeyImport || c == HSMKeyImport
}

// Units returns what a request of class c with a key of size k costs, at
// least 1. Only what counts as the use of a key is weighted; creating one
// always costs 1.
func (l Limits) Units(c Class, k KeySize) int {
	switch l.Counts(c) {
	case KeyUse, HSMKeyUse:
		return max(1, l.Weight[k.known()])
	}
	return 1
}

// Limit returns how many units one vault may use in one window where c is
// counted. Zero is no limit, less than zero lets nothing pass.
func (l Limits) Limit(c Class) int { return l.Max[l.Counts(c)] }

// SubscriptionLimit returns how many units all vaults of a subscription may
// use together where c is counted. Zero is no limit; so is a number too large
// for an int.
func (l Limits) SubscriptionLimit(c Class) int {
	limit := l.Limit(c)
	switch {
	case l.Multiple <= 0 || limit <= 0:
		return 0
	case limit > math.MaxInt/l.Multiple:
		return 0
	}
	return limit * l.Multiple
}
