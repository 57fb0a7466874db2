package identity

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/json"
)

// MaxGroups is how many groups a token lists. The token of a bearer in more, or in
// groups whose ids take more than 8 KiB, lists none and says where to ask; a
// [Verifier] asks the tenant.
const MaxGroups = 200

// backdate is how far before the moment of issue iat and nbf lie.
const backdate = 5 * time.Minute

// claims is the payload of a version 1.0 access token, in the directory's order.
type claims struct {
	Audience   string            `json:"aud"`
	Issuer     string            `json:"iss"`
	IssuedAt   int64             `json:"iat"`
	NotBefore  int64             `json:"nbf"`
	Expires    int64             `json:"exp"`
	ClaimNames map[string]string `json:"_claim_names,omitempty"`
	Sources    map[string]source `json:"_claim_sources,omitempty"`
	AIO        string            `json:"aio"`
	AppID      string            `json:"appid"`
	AppACR     string            `json:"appidacr"`
	Groups     []string          `json:"groups,omitempty"`
	IDP        string            `json:"idp"`
	Name       string            `json:"name,omitempty"`
	ObjectID   string            `json:"oid"`
	Scope      string            `json:"scp,omitempty"`
	Subject    string            `json:"sub"`
	TenantID   string            `json:"tid"`
	UPN        string            `json:"upn,omitempty"`
	UTI        string            `json:"uti"`
	Version    string            `json:"ver"`
	ResourceID string            `json:"xms_mirid,omitempty"`
}

// source is where a claim that is not in the token can be had.
type source struct {
	Endpoint string `json:"endpoint"`
}

// How the client authenticated: the values of appidacr.
const (
	publicClient = "0"
	withSecret   = "1"
	withoutOne   = "2" // a certificate, or the platform's own credential
)

// subject is what a token says about its bearer, and nothing of when or for whom.
type subject struct {
	objectID, name, upn string
	appID, appACR       string
	scope, resourceID   string
	groups              []string
	lifetime            time.Duration
}

// Grant is an issued token with what a token endpoint tells its client. It prints
// and encodes as [redacted]; Reveal gives the token.
type Grant struct {
	sealed
	// Audience is the resource the token is for.
	Audience string
	// NotBefore and ExpiresOn are the token's nbf and exp.
	NotBefore, ExpiresOn time.Time
}

// Token issues an access token for an audience; empty is the tenant's own. It is
// [Tenant.Grant] for those who only want the token.
func (t *Tenant) Token(ctx context.Context, who Identity, audience string) (string, error) {
	g, err := t.Grant(ctx, who, audience)
	return g.Reveal(), err
}

// Grant issues an access token for an audience, which is an absolute URI or a
// client id and goes into the token as it is; empty is the tenant's own.
//
// It fails with an [*AuthError] in this order: what FailWith set for the tenant,
// then for the identity; [AppNotFound] or [UserNotFound] after Delete; [AppDisabled]
// or [UserDisabled]; [SecretExpired] for an application all of whose secrets have
// expired; [ResourceNotFound]. It fails with [ErrForeign] for an identity of another
// tenant, with ctx's error, and with that of [Options.NewKey].
func (t *Tenant) Grant(ctx context.Context, who Identity, audience string) (Grant, error) {
	if err := ctx.Err(); err != nil {
		return Grant{}, err
	}
	audience = or(audience, t.audience)
	now := t.now()
	s, err := t.subject(who, audience, now)
	if err != nil {
		return Grant{}, err
	}
	key, err := t.ring.signing(now)
	if err != nil {
		return Grant{}, err
	}
	c := t.claims(s, audience, now)
	payload, err := json.Marshal(c)
	if err != nil {
		return Grant{}, err
	}
	token, err := key.sign(payload)
	if err != nil {
		return Grant{}, err
	}
	return Grant{seal(token), audience, time.Unix(c.NotBefore, 0).UTC(), time.Unix(c.Expires, 0).UTC()}, nil
}

// subject decides whether who gets a token, and takes the copy it is made from.
func (t *Tenant) subject(who Identity, audience string, now time.Time) (subject, error) {
	if who == nil || who.base().tenant != t {
		return subject{}, ErrForeign
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.fail != 0 {
		return subject{}, t.refuse(t.fail, who.base().id, who.DisplayName(), audience)
	}
	s, code := who.subjectLocked(now)
	if code == 0 && !isResource(audience) {
		code = ResourceNotFound
	}
	if code != 0 {
		return subject{}, t.refuse(code, s.appID, s.name, audience)
	}
	s.groups = who.base().groupsLocked()
	if t.lifetime != 0 {
		s.lifetime = t.lifetime
	}
	return s, nil
}

// isResource says whether an audience has the form of one: an absolute URI or a GUID.
func isResource(audience string) bool {
	if len(audience) > 512 {
		return false
	}
	u, err := url.Parse(audience)
	return err == nil && u.IsAbs() || isGUID(audience)
}

func isGUID(s string) bool {
	for i, r := range s {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (r == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", r) {
			return false
		}
	}
	return len(s) == 36
}

// claims fills the payload. Times are whole seconds.
func (t *Tenant) claims(s subject, audience string, now time.Time) claims {
	c := claims{
		Audience: audience, Issuer: t.Issuer(), IDP: t.Issuer(), TenantID: t.id, Version: "1.0",
		IssuedAt: now.Add(-backdate).Unix(), NotBefore: now.Add(-backdate).Unix(), Expires: now.Add(s.lifetime).Unix(),
		AppID: s.appID, AppACR: s.appACR, ObjectID: s.objectID, Subject: s.objectID, ResourceID: s.resourceID,
		AIO: t.chance.text(33), UTI: t.chance.text(16), Groups: s.groups,
	}
	if s.scope != "" { // a user: named, and known to each application by another subject
		c.Name, c.UPN, c.Scope = s.name, s.upn, s.scope
		pair := sha256.Sum256([]byte(s.objectID + "\x00" + s.appID))
		c.Subject = base64.RawURLEncoding.EncodeToString(pair[:])
	}
	if size := len(strings.Join(s.groups, `","`)); len(s.groups) > MaxGroups || size > 8<<10 {
		c.Groups = nil
		c.ClaimNames = map[string]string{"groups": "src1"}
		c.Sources = map[string]source{"src1": {"https://graph.windows.net/" + t.id + "/users/" + s.objectID + "/getMemberObjects"}}
	}
	return c
}

func (a *Application) subjectLocked(now time.Time) (subject, Code) {
	s := subject{objectID: a.id, name: a.name, appID: a.clientID, appACR: withoutOne, lifetime: DefaultTokenLifetime}
	if c := a.refusalLocked(AppNotFound, AppDisabled); c != 0 || len(a.secrets) == 0 {
		return s, c
	}
	s.appACR = withSecret
	for _, secret := range a.secrets {
		if secret.expires.After(now) {
			return s, 0
		}
	}
	return s, SecretExpired
}

func (m *ManagedIdentity) subjectLocked(time.Time) (subject, Code) {
	return subject{objectID: m.id, name: m.name, appID: m.clientID, appACR: withoutOne, resourceID: m.resourceID,
		lifetime: DefaultManagedIdentityLifetime}, m.refusalLocked(AppNotFound, AppDisabled)
}

func (u *User) subjectLocked(time.Time) (subject, Code) {
	return subject{objectID: u.id, name: u.name, upn: u.upn, appID: AzureCLI, appACR: publicClient, scope: "user_impersonation",
		lifetime: DefaultTokenLifetime}, u.refusalLocked(UserNotFound, UserDisabled)
}

func (d delegate) subjectLocked(now time.Time) (subject, Code) {
	if d.app == nil || d.app.tenant != d.tenant {
		return subject{name: d.name}, AppNotFound
	}
	app, code := d.app.subjectLocked(now)
	if code != 0 {
		return app, code
	}
	s, code := d.User.subjectLocked(now)
	s.appID, s.appACR = app.appID, app.appACR
	return s, code
}

// refusalLocked is why the object gets no token whatever it asks, or 0.
func (o *object) refusalLocked(gone, off Code) Code {
	switch {
	case o.fail != 0:
		return o.fail
	case o.deleted:
		return gone
	case o.disabled:
		return off
	}
	return 0
}
