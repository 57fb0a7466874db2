package vault

import (
	"encoding/json"
	"time"

	"github.com/embedvault/embedvault/errs"
)

// wireAttributes are the attributes of a request. The others of an answer are the service's to set.
type wireAttributes struct {
	Enabled   *bool  `json:"enabled"`
	NotBefore *int64 `json:"nbf"`
	Expires   *int64 `json:"exp"`
	// These belong to keys alone.
	Exportable  *bool            `json:"exportable"`
	ExternalKey *json.RawMessage `json:"external_key"`
}

// local refuses a key that is to stay with an external key manager.
func (a wireAttributes) local(r *Exchange) error {
	if a.ExternalKey != nil && r.managed && r.api >= v2026 {
		return errs.NewEKMNotFound()
	}
	return nil
}

// validity is what the attributes say of a new version.
func (a wireAttributes) validity() Validity {
	return Validity{
		Disabled:  a.Enabled != nil && !*a.Enabled,
		NotBefore: fromUnix(a.NotBefore), Expires: fromUnix(a.Expires),
	}
}

// update is what the attributes say of a version that exists: an absent member is left as it is.
func (a wireAttributes) update() AttributesUpdate {
	return AttributesUpdate{Enabled: a.Enabled, NotBefore: instant(a.NotBefore), Expires: instant(a.Expires)}
}

// fromUnix is the time of a member; an absent one, or 0, is no time.
func fromUnix(unix *int64) time.Time {
	if unix == nil {
		return time.Time{}
	}
	return moment(*unix)
}

func instant(unix *int64) *time.Time {
	if unix == nil {
		return nil
	}
	t := moment(*unix)
	return &t
}

// attributes appends what every version has, and leaves the object open.
func (w *object) attributes(a *Attributes, r *Exchange) {
	w.open("attributes", '{')
	w.truth("enabled", a.Enabled)
	w.time("nbf", a.NotBefore)
	w.time("exp", a.Expires)
	w.time("created", a.Created)
	w.time("updated", a.Updated)
	w.text("recoveryLevel", a.RecoveryLevel)
	if r.api >= v71 {
		w.number("recoverableDays", int64(a.RecoverableDays))
	}
}
