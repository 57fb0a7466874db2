package identity_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/policy/identity"
)

// TestRefusals switches off one thing at a time and reads the directory's answer.
func TestRefusals(t *testing.T) {
	dir, clock := tenant(t)
	a, m := app(t, dir, "billing"), must[*identity.ManagedIdentity](t)(dir.NewManagedIdentity(webApp, nil))
	u := must[*identity.User](t)(dir.NewUser("Ada", nil))
	must[identity.Secret](t)(a.AddSecret(&identity.SecretOptions{Lifetime: time.Hour}))
	nothing := func() {}
	for _, c := range []struct {
		name   string
		off    func()
		on     func()
		who    identity.Identity
		want   error
		status int
		says   string
	}{
		{"nothing", nothing, nothing, a, nil, 0, ""},
		{"application disabled", a.Disable, a.Enable, a, identity.AppDisabled, 400, "AADSTS7000112: Application '" + a.ClientID() + "'(billing) is disabled."},
		{"through a disabled application", a.Disable, a.Enable, u.Through(a), identity.AppDisabled, 400, "disabled"},
		{"managed identity disabled", m.Disable, m.Enable, m, identity.AppDisabled, 400, "(shop) is disabled"},
		{"user disabled", u.Disable, u.Enable, u, identity.UserDisabled, 400, "AADSTS50057: The user account is disabled."},
		{"disabled user through an application", u.Disable, u.Enable, u.Through(a), identity.UserDisabled, 400, "disabled"},
		{"another is disabled", m.Disable, m.Enable, a, nil, 0, ""},
		{"application told to fail", func() { a.FailWith(identity.ServiceUnavailable) }, func() { a.FailWith(0) }, a, identity.ServiceUnavailable, 503, "AADSTS90033"},
		{"managed identity told to fail", func() { m.FailWith(identity.AppNotFound) }, func() { m.FailWith(0) }, m, identity.AppNotFound, 400, "was not found in the directory '" + tenantID + "'"},
		{"user told to fail with any number", func() { u.FailWith(53003) }, func() { u.FailWith(0) }, u, identity.Code(53003), 400, "AADSTS53003"},
		{"token service down", func() { dir.FailWith(identity.ServiceUnavailable) }, func() { dir.FailWith(0) }, u, identity.ServiceUnavailable, 503, "transient"},
		{"all secrets past their end", func() { clock.Advance(time.Hour) }, func() { clock.Advance(-time.Hour) }, a, identity.SecretExpired, 401, "AADSTS7000222"},
		{"another tenant's", nothing, nothing, app(t, identity.New(nil), "a"), identity.ErrForeign, 0, "not in this directory"},
		{"through another tenant's application", nothing, nothing, u.Through(app(t, identity.New(nil), "a")), identity.AppNotFound, 400, "AADSTS700016"},
		{"through no application", nothing, nothing, u.Through(nil), identity.AppNotFound, 400, "AADSTS700016"},
		{"nobody", nothing, nothing, nil, identity.ErrForeign, 0, "not in this directory"},
		{"application deleted", a.Delete, nothing, a, identity.AppNotFound, 400, a.ClientID()},
		{"managed identity deleted", m.Delete, nothing, m, identity.AppNotFound, 400, m.ClientID()},
		{"user deleted", u.Delete, nothing, u, identity.UserNotFound, 400, "AADSTS50034"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.off()
			text, err := dir.Token(t.Context(), c.who, "")
			c.on()
			if !errors.Is(err, c.want) || (text == "") != (c.want != nil) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q does not say %q", err, c.says)
			}
			var refusal *identity.AuthError
			if errors.As(err, &refusal) && refusal.Status != c.status {
				t.Errorf("status %d, want %d", refusal.Status, c.status)
			}
		})
	}
}

func TestIssuedTokensOutliveTheirBearer(t *testing.T) {
	dir, clock := tenant(t)
	a := app(t, dir, "billing")
	text := token(t, dir, a)
	v := identity.NewVerifier(dir, "", "")
	a.Disable()
	a.Delete()
	dir.FailWith(identity.ServiceUnavailable)
	if _, err := v.Verify(text, clock.Now()); err != nil {
		t.Errorf("refused: %v", err)
	}
}

func TestAuthenticate(t *testing.T) {
	dir, clock := tenant(t)
	a := app(t, dir, "billing")
	m := must[*identity.ManagedIdentity](t)(dir.NewManagedIdentity(webApp, nil))
	short := must[identity.Secret](t)(a.AddSecret(&identity.SecretOptions{Text: "short-lived", Lifetime: time.Minute}))
	long := must[identity.Secret](t)(a.AddSecret(nil))
	late := must[identity.Secret](t)(a.AddSecret(&identity.SecretOptions{Text: "born dead", Lifetime: -1}))
	removed := must[identity.Secret](t)(a.AddSecret(nil))
	a.RemoveSecret(removed.ID)
	a.RemoveSecret("unknown")
	if len(long.Reveal()) != 40 || long.Hint != long.Reveal()[:3] || long.Expires != start.Add(identity.DefaultSecretLifetime) {
		t.Errorf("an odd secret: %d characters, hint %q, until %v", len(long.Reveal()), long.Hint, long.Expires)
	}
	for _, c := range []struct {
		name, client, secret string
		later                time.Duration
		want                 error
	}{
		{"a secret", a.ClientID(), long.Reveal(), 0, nil},
		{"in capitals", strings.ToUpper(a.ClientID()), long.Reveal(), 0, nil},
		{"another secret", a.ClientID(), short.Reveal(), 0, nil},
		{"until its end", a.ClientID(), short.Reveal(), time.Minute - 1, nil},
		{"at its end", a.ClientID(), short.Reveal(), time.Minute, identity.SecretExpired},
		{"one that never lived", a.ClientID(), late.Reveal(), 0, identity.SecretExpired},
		{"its id instead", a.ClientID(), long.ID, 0, identity.SecretInvalid},
		{"no secret", a.ClientID(), "", 0, identity.SecretInvalid},
		{"one that was removed", a.ClientID(), removed.Reveal(), 0, identity.SecretInvalid},
		{"a longer one", a.ClientID(), long.Reveal() + "x", 0, identity.SecretInvalid},
		{"the object id instead", a.ObjectID(), long.Reveal(), 0, identity.AppNotFound},
		{"the registration's id instead", a.RegistrationID(), long.Reveal(), 0, identity.AppNotFound},
		{"a managed identity", m.ClientID(), "", 0, identity.AppNotFound},
		{"nobody", "nobody", "x", 0, identity.AppNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock.Advance(c.later)
			got, err := dir.Authenticate(t.Context(), c.client, c.secret)
			clock.Advance(-c.later)
			if !errors.Is(err, c.want) || (got == a) != (err == nil) {
				t.Fatalf("got %v, %v, want %v", got, err, c.want)
			}
			if err != nil && len(c.secret) > 8 && strings.Contains(err.Error(), c.secret) {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
	dir.FailWith(identity.ServiceUnavailable)
	if _, err := dir.Authenticate(t.Context(), a.ClientID(), long.Reveal()); !errors.Is(err, identity.ServiceUnavailable) {
		t.Errorf("down: %v", err)
	}
	dir.FailWith(0)
	a.ExpireSecrets()
	if _, err := dir.Authenticate(t.Context(), a.ClientID(), long.Reveal()); !errors.Is(err, identity.SecretExpired) {
		t.Errorf("expired by hand: %v", err)
	}
	a.Delete()
	if _, err := dir.Authenticate(t.Context(), a.ClientID(), long.Reveal()); !errors.Is(err, identity.AppNotFound) {
		t.Errorf("deleted: %v", err)
	}
	if _, err := a.AddSecret(nil); !errors.Is(err, identity.ErrForeign) {
		t.Errorf("a secret for the deleted: %v", err)
	}
}

// TestNothingPrintsSecrets prints and encodes whatever holds one, also inside
// fields where fmt may call no methods.
func TestNothingPrintsSecrets(t *testing.T) {
	dir, _ := tenant(t)
	a := app(t, dir, "billing")
	const text = "correct-horse-battery"
	secret := must[identity.Secret](t)(a.AddSecret(&identity.SecretOptions{Text: text}))
	grant := must[identity.Grant](t)(dir.Grant(t.Context(), a, ""))
	hidden := struct {
		s identity.Secret
		g identity.Grant
	}{secret, grant}
	var prints []string
	for _, v := range []any{secret, &secret, grant, &grant, hidden, dir, a} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			prints = append(prints, fmt.Sprintf(verb, v))
		}
		b, err := json.Marshal(v)
		prints = append(prints, string(b), fmt.Sprint(err))
	}
	hexed := fmt.Sprintf("%x", text)
	for _, p := range prints {
		if strings.Contains(p, text) || strings.Contains(p, hexed) || strings.Contains(p, grant.Reveal()) {
			t.Errorf("shown: %s", p)
		}
	}
	if secret.Reveal() != text || fmt.Sprint(secret) != "[redacted]" || secret.String() != "[redacted]" {
		t.Error("a secret is not what it should be")
	}
	if zero := (identity.Secret{}); zero.Reveal() != "" || fmt.Sprint(zero) != "[redacted]" {
		t.Error("the zero secret is not empty")
	}
}

func TestKeyMakingFails(t *testing.T) {
	broken := errors.New("no entropy")
	for name, o := range map[string]*identity.Options{
		"NewKey fails": {NewKey: failingKey(broken)},
		"too few bits": {KeyBits: 512},
	} {
		dir := identity.New(o)
		if _, err := dir.Token(t.Context(), app(t, dir, "a"), ""); err == nil || name == "NewKey fails" && !errors.Is(err, broken) {
			t.Errorf("%s: Token gives %v", name, err)
		}
		if _, err := dir.JWKS(); err == nil {
			t.Errorf("%s: JWKS gives no error", name)
		}
	}
}

func TestErrorTexts(t *testing.T) {
	for err, want := range map[error]string{
		identity.SecretExpired: "AADSTS7000222",
		identity.WrongAudience: "wrong audience",
		identity.Reason(0):     "unknown reason",
		identity.Reason(99):    "unknown reason",
		&identity.AuthError{Code: identity.UserDisabled, Status: http.StatusBadRequest, Message: "Off."}: "AADSTS50057: Off.",
		&identity.Failure{Reason: identity.WrongAudience, Claim: "aud", Expected: "a", Found: "b"}:       "identity: token refused: wrong audience: aud: expected a, found b",
		&identity.Failure{Reason: identity.Missing}:                                                      "identity: token refused: no token",
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
}
