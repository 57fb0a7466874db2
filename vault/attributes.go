package vault

import (
	"maps"
	"time"
	"unicode/utf8"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/shelf"
)

// Limits of what a caller can attach to an object.
const (
	maxName = 127 // characters
	maxTags = 15
)

// Attributes are what the vault says of every version. Times have the resolution of a second; a zero time is absent.
type Attributes struct {
	// Enabled is false where the version must not be used.
	Enabled bool
	// NotBefore and Expires bound the time in which a key can be used. For a secret they inform only.
	NotBefore, Expires time.Time
	// Created and Updated belong to the version. Updated moves with an update of the version and nothing else.
	Created, Updated time.Time
	// RecoveryLevel says what deletion means in this vault, RecoverableDays for how long a deleted object is kept.
	RecoveryLevel   string
	RecoverableDays int
}

// Validity is what a caller can say of the use of a new version. The zero Validity is enabled without limit of time.
type Validity struct {
	Disabled           bool
	NotBefore, Expires time.Time // zero: no limit
}

// fresh returns the attributes of a version that is created now.
func (v Validity) fresh(now int64) shelf.Attributes {
	return shelf.Attributes{
		Created: now, Updated: now, NotBefore: seconds(v.NotBefore), Expires: seconds(v.Expires), Enabled: !v.Disabled,
	}
}

func (s *settings) attributes(a shelf.Attributes) Attributes {
	return Attributes{
		Enabled: a.Enabled, NotBefore: moment(a.NotBefore), Expires: moment(a.Expires),
		Created: moment(a.Created), Updated: moment(a.Updated),
		RecoveryLevel: s.recovery, RecoverableDays: s.RetentionDays,
	}
}

// seconds returns unix seconds, 0 for the zero time.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// moment is the inverse of seconds.
func moment(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}

// validName checks the name of an object: 1 to 127 letters, digits and hyphens.
func validName(name string) error {
	if name == "" || len(name) > maxName {
		return errs.NewInvalidName(name)
	}
	for i := range len(name) {
		if !nameBytes[name[i]] {
			return errs.NewInvalidName(name)
		}
	}
	return nil
}

// nameBytes are the bytes that names are made of.
var nameBytes = func() (table [256]bool) {
	for _, c := range []byte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") {
		table[c] = true
	}
	return table
}()

// validTags checks number and length, in characters, of tags.
func validTags(tags map[string]string, maxLength int) error {
	if len(tags) > maxTags {
		return errs.NewInvalidValue()
	}
	for name, value := range tags {
		if !fits(name, maxLength) || !fits(value, maxLength) {
			return errs.NewInvalidValue()
		}
	}
	return nil
}

// fits tells whether a text is one, and has at most so many characters.
func fits(s string, max int) bool { return utf8.ValidString(s) && utf8.RuneCountInString(s) <= max }

// ownTags returns a copy that shares nothing with the original; no tags are nil.
func ownTags(tags map[string]string) map[string]string {
	if len(tags) == 0 {
		return nil
	}
	return maps.Clone(tags)
}
