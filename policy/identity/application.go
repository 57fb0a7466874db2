package identity

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"
)

// DefaultSecretLifetime is how long a client secret is good unless it is said:
// the six months the portal recommends.
const DefaultSecretLifetime = 180 * 24 * time.Hour

// MaxSecrets is how many secrets an application keeps, expired ones included.
const MaxSecrets = 100

// Application is an app registration together with its service principal in the
// tenant. It has three ids, and taking one for another is the commonest mistake in
// granting access: the service principal's object id is granted to, the client id
// signs in, and the registration's own object id does neither.
type Application struct {
	object
	clientID       string
	registrationID string

	secrets     []clientSecret // guarded by tenant.mu
	credentials                // guarded by tenant.mu
}

// NewApplication registers an application without secrets. Without them it signs
// in with a certificate, as far as its tokens tell. It fails with [ErrName], [ErrID],
// [ErrTaken] or [ErrFull].
func (t *Tenant) NewApplication(name string, o *ObjectOptions) (*Application, error) {
	o = o.orZero()
	a := &Application{clientID: t.idOr(o.ClientID), registrationID: t.chance.guid()}
	if err := t.add(a, name, t.idOr(o.ObjectID), a.clientID, a.registrationID); err != nil {
		return nil, err
	}
	return a, nil
}

// ClientID is the id the application signs in with, the appid of its tokens.
func (a *Application) ClientID() string { return a.clientID }

// RegistrationID is the object id of the app registration. No token carries it,
// so nothing granted to it helps anybody.
func (a *Application) RegistrationID() string { return a.registrationID }

// Disable stops the identity from getting tokens, with [AppDisabled], until Enable.
func (a *Application) Disable() { a.setDisabled(true) }

// Enable undoes Disable.
func (a *Application) Enable() { a.setDisabled(false) }

func (o *object) setDisabled(off bool) {
	o.tenant.mu.Lock()
	defer o.tenant.mu.Unlock()
	o.disabled = off
}

// FailWith makes every request for a token of this identity fail with c until it
// is called again; 0 ends it.
func (a *Application) FailWith(c Code) { a.setFail(c) }

func (o *object) setFail(c Code) {
	o.tenant.mu.Lock()
	defer o.tenant.mu.Unlock()
	o.fail = c
}

// Secret is a client secret as the directory shows it once. It prints and encodes
// as [redacted]; Reveal gives the text.
type Secret struct {
	sealed
	// ID names the secret; it is not the secret and cannot be used as one.
	ID string
	// Hint is the first three characters of the text.
	Hint string
	// Expires is the first instant at which the secret is no longer good.
	Expires time.Time
}

// SecretOptions choose what a client secret is. Nil options are valid.
type SecretOptions struct {
	// Text is the secret. Empty: 40 random characters.
	Text string
	// Lifetime is how long it is good from now. Zero: [DefaultSecretLifetime].
	// A negative one makes a secret that has expired already.
	Lifetime time.Duration
}

// clientSecret is what the tenant keeps of a secret: enough to know it again.
type clientSecret struct {
	id      string
	hash    [sha256.Size]byte
	expires time.Time
}

// AddSecret gives the application one more secret; all that have not expired are
// good. It fails with [ErrFull] at [MaxSecrets] and [ErrForeign] after Delete.
func (a *Application) AddSecret(o *SecretOptions) (Secret, error) {
	if o == nil {
		o = &SecretOptions{}
	}
	text, lifetime := o.Text, o.Lifetime
	if text == "" {
		text = a.tenant.chance.text(30)
	}
	if lifetime == 0 {
		lifetime = DefaultSecretLifetime
	}
	s := Secret{sealed: seal(text), ID: a.tenant.chance.guid(), Hint: text[:min(3, len(text)/4)], Expires: a.tenant.now().Add(lifetime)}
	a.tenant.mu.Lock()
	defer a.tenant.mu.Unlock()
	if a.deleted {
		return Secret{}, ErrForeign
	}
	if len(a.secrets) >= MaxSecrets {
		return Secret{}, ErrFull
	}
	a.secrets = append(a.secrets, clientSecret{s.ID, sha256.Sum256([]byte(text)), s.Expires})
	return s, nil
}

// ExpireSecrets ends all secrets of the application now.
func (a *Application) ExpireSecrets() {
	now := a.tenant.now()
	a.tenant.mu.Lock()
	defer a.tenant.mu.Unlock()
	for i := range a.secrets {
		if a.secrets[i].expires.After(now) {
			a.secrets[i].expires = now
		}
	}
}

// RemoveSecret forgets the secret with this ID. An unknown ID is ignored.
func (a *Application) RemoveSecret(id string) {
	a.tenant.mu.Lock()
	defer a.tenant.mu.Unlock()
	kept := a.secrets[:0]
	for _, s := range a.secrets {
		if s.id != id {
			kept = append(kept, s)
		}
	}
	a.secrets = kept
}

// Authenticate is the client-credentials check: it finds the application with
// this client id and compares the secret with all of its secrets in constant time.
// Whether the application may have a token is decided by [Tenant.Grant]. It fails
// with an [*AuthError]: [AppNotFound], [SecretInvalid], [SecretExpired], or what
// FailWith set for the tenant.
func (t *Tenant) Authenticate(ctx context.Context, clientID, secret string) (*Application, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	o, _ := t.Lookup(clientID)
	now := t.now()
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.fail != 0 {
		return nil, t.refuse(t.fail, clientID, "", "")
	}
	a, ok := o.(*Application)
	if !ok || a.deleted || a.keys[1] != strings.ToLower(clientID) {
		return nil, t.refuse(AppNotFound, clientID, "", "")
	}
	switch known, live := a.matchLocked(secret, now); {
	case !known:
		return nil, t.refuse(SecretInvalid, a.clientID, a.name, "")
	case !live:
		return nil, t.refuse(SecretExpired, a.clientID, a.name, "")
	}
	return a, nil
}

// matchLocked says whether the text is one of the secrets, and whether one such
// is still good. It looks at all of them, so its time says nothing of which.
func (a *Application) matchLocked(text string, now time.Time) (known, live bool) {
	hash := sha256.Sum256([]byte(text))
	for _, s := range a.secrets {
		same := subtle.ConstantTimeCompare(hash[:], s.hash[:]) == 1
		known = known || same
		live = live || same && s.expires.After(now)
	}
	return known, live
}
