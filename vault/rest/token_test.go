package rest_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// Clients on a clock of their own are told that their token ends in a second of it, though it is good for an hour of the
// tenant's.
func TestClientsOnAClockOfTheirOwn(t *testing.T) {
	here := time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)
	there := time.Date(2030, 6, 7, 8, 9, 10, 0, time.UTC)
	for name, c := range map[string]struct {
		clientNow      func() time.Time
		in, on, really int64
	}{
		"one clock":  {nil, 3600, here.Unix() + 3600, 3600},
		"two clocks": {func() time.Time { return there }, 1, there.Unix() + 1, 3600},
	} {
		tenant := identity.New(&identity.Options{Now: func() time.Time { return here }})
		app, err := tenant.NewApplication("app", nil)
		if err != nil {
			t.Fatal(err)
		}
		secret, err := app.AddSecret(nil)
		if err != nil {
			t.Fatal(err)
		}
		svc, err := vault.New(&vault.Options{Tenant: tenant, Now: func() time.Time { return here }})
		if err != nil {
			t.Fatal(err)
		}
		h := rest.New(svc, &rest.Options{ClientNow: c.clientNow})
		form := "grant_type=client_credentials&resource=https%3A%2F%2Fvault.azure.net&client_id=" + app.ClientID() + "&client_secret=" + secret.Reveal()
		req, err := http.NewRequestWithContext(t.Context(), "POST", "https://login.microsoftonline.com/"+tenant.ID()+"/oauth2/token", strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := h.Transport().RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			In    string `json:"expires_in"`
			On    string `json:"expires_on"`
			Token string `json:"access_token"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
			t.Fatal(err)
		}
		if got.In != strconv.FormatInt(c.in, 10) || got.On != strconv.FormatInt(c.on, 10) {
			t.Errorf("%s: in %s, on %s, want %d and %d", name, got.In, got.On, c.in, c.on)
		}
		v := identity.NewVerifier(tenant, identity.DefaultAudience, tenant.ID())
		for after, good := range map[int64]bool{c.really - 1: true, c.really + 600: false} {
			if _, err := v.Verify(got.Token, here.Add(time.Duration(after)*time.Second)); (err == nil) != good {
				t.Errorf("%s: %d s later: %v, good %v", name, after, err, good)
			}
		}
	}
}
