package rest_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// troubled is a container whose module gets into trouble, at both doors.
type troubled struct {
	client    *vault.Client
	module    *hsm.Module
	transport *rest.Transport
	host      string
}

// newTroubled makes a container with the key "hard" in its module and, in a vault, the key "soft" outside of it.
func newTroubled(t *testing.T, product vault.Product) *troubled {
	t.Helper()
	unlimited := limiter.Unlimited()
	svc, err := vault.New(&vault.Options{Limits: &unlimited})
	if err != nil {
		t.Fatal(err)
	}
	d := &troubled{module: svc.Module(), host: "contoso.vault.azure.net", transport: rest.New(svc, nil).Transport().As(vault.Owner())}
	if product == vault.ProductManagedHSM {
		h, err := svc.CreateManagedHSM(t.Context(), "fortress", nil)
		if err == nil {
			err = h.Activate(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		d.client, d.module, d.host = h.As(vault.Owner()), h.Module(), fortressHost
	} else {
		v, err := svc.CreateVault(t.Context(), "contoso", nil)
		if err != nil {
			t.Fatal(err)
		}
		d.client = v.As(vault.Owner())
		if _, err := d.client.CreateKey(t.Context(), "soft", vault.EC(vault.P256), nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.client.CreateKey(t.Context(), "hard", crypto.EC(crypto.P256).HSM(), nil); err != nil {
		t.Fatal(err)
	}
	return d
}

// deed is something that is done at either door.
type deed struct {
	name         string
	native       func(t *testing.T, c *vault.Client) error
	method, path string
	body         string
}

var digest32 = strings.Repeat("A", 43)

func signing(key string) deed {
	return deed{"sign with " + key, func(t *testing.T, c *vault.Client) error {
		_, err := c.Sign(t.Context(), vault.Ref(key), vault.ES256, make([]byte, 32))
		return err
	}, "POST", "/keys/" + key + "/sign", `{"alg":"ES256","value":"` + digest32 + `"}`}
}

var creating = deed{"create", func(t *testing.T, c *vault.Client) error {
	_, err := c.CreateKey(t.Context(), "new", crypto.EC(crypto.P256).HSM(), nil)
	return err
}, "POST", "/keys/new/create", `{"kty":"EC-HSM"}`}

var dicing = deed{"rng", func(t *testing.T, c *vault.Client) error {
	_, err := c.GetRandomBytes(t.Context(), 8)
	return err
}, "POST", "/rng", `{"count":8}`}

var keeping = deed{"backup", func(t *testing.T, c *vault.Client) error {
	_, err := c.BackupKey(t.Context(), "hard")
	return err
}, "POST", "/keys/hard/backup", ""}

// wire does it over REST, and returns the error in the answer as the Go API has it; nil if there is none.
func (d *troubled) wire(t *testing.T, what deed) *errs.Error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), what.method, "https://"+d.host+what.path+"?api-version=2026-04-01", strings.NewReader(what.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer x")
	r.Header.Set("Content-Type", "application/json")
	resp, err := d.transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil || !json.Valid(data) {
		t.Fatalf("%v: %s", err, data)
	}
	if resp.StatusCode < 400 {
		return nil
	}
	var said struct {
		Error struct {
			Code, Message string
			InnerError    struct{ Code string }
		}
	}
	if err := json.Unmarshal(data, &said); err != nil {
		t.Fatal(err)
	}
	e := said.Error
	return &errs.Error{Status: resp.StatusCode, Code: errs.Code(e.Code), Inner: errs.Code(e.InnerError.Code), Message: e.Message}
}

// expect does it at both doors, each time after the trouble has been brought about, and compares what is said.
func (d *troubled) expect(t *testing.T, what deed, trouble func(), status int, code, inner errs.Code) {
	t.Helper()
	trouble()
	native := what.native(t, d.client)
	trouble()
	wire := d.wire(t, what)
	if native == nil || wire == nil {
		t.Errorf("%s: Go %v, REST %v", what.name, native, wire)
		return
	}
	e := errs.From(native)
	if e.Status != status || e.Code != code || e.Inner != inner {
		t.Errorf("%s: %d %s %s", what.name, e.Status, e.Code, e.Inner)
	}
	if wire.Status != e.Status || wire.Code != e.Code || wire.Inner != e.Inner || said(wire) != said(e) {
		t.Errorf("%s: the doors differ\nGo:   %v\nREST: %v", what.name, e, wire)
	}
}

// said is a text without the activity, which differs from request to request.
func said(e *errs.Error) string { return activity.ReplaceAllString(e.Message, "") }

// well does it at both doors, where nothing is wrong.
func (d *troubled) well(t *testing.T, what deed) {
	t.Helper()
	if err := what.native(t, d.client); err != nil {
		t.Errorf("%s: %v", what.name, err)
	}
	if e := d.wire(t, what); e != nil {
		t.Errorf("%s over REST: %v", what.name, e)
	}
}

// A module in trouble says the same at both doors, at once, and is well again when the trouble is over.
func TestTroubleAtBothDoors(t *testing.T) {
	for _, product := range []vault.Product{vault.ProductKeyVault, vault.ProductManagedHSM} {
		t.Run([]string{"vault", "Managed HSM"}[product], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { trouble(t, product) })
		})
	}
}

func trouble(t *testing.T, product vault.Product) {
	d, began := newTroubled(t, product), time.Now()
	hard, unknown := []deed{signing("hard"), creating}, errs.ServerError
	if product == vault.ProductManagedHSM {
		hard, unknown = append(hard, dicing, keeping), errs.UnknownError
	}
	var domain []byte
	if err := d.module.ExportDomain(func(secret []byte) error { domain = append(domain, secret...); return nil }); err != nil {
		t.Fatal(err)
	}
	for _, what := range hard {
		d.expect(t, what, func() { d.module.Busy(1) }, 503, errs.ServiceUnavailable, errs.HardwareBusy)
		d.well(t, what)
		d.expect(t, what, d.module.LoseSession, 503, errs.ServiceUnavailable, errs.HardwareSessionLost)
		d.well(t, what)
	}
	for _, c := range []struct {
		trouble     func()
		status      int
		code, inner errs.Code
		over        func() error
	}{
		{d.module.Offline, 503, errs.ServiceUnavailable, errs.HardwareOffline, func() error { d.module.Online(); return nil }},
		{d.module.Tamper, 500, unknown, errs.HardwareTampered, func() error { return d.module.RestoreDomain(domain) }},
	} {
		for _, what := range hard {
			d.expect(t, what, c.trouble, c.status, c.code, c.inner)
		}
		if product == vault.ProductKeyVault {
			d.well(t, signing("soft"))
		}
		if err := c.over(); err != nil {
			t.Fatal(err)
		}
		for _, what := range hard {
			d.well(t, what)
		}
	}
	if took := time.Since(began); took != 0 {
		t.Errorf("somebody slept: %v", took)
	}
}

// Random bytes are random at both doors, and never those of before.
func TestRandomBytesAtBothDoors(t *testing.T) {
	d := newTroubled(t, vault.ProductManagedHSM)
	seen := map[string]bool{string(make([]byte, 16)): true}
	for range 3 {
		native, err := d.client.GetRandomBytes(t.Context(), 16)
		if err != nil {
			t.Fatal(err)
		}
		status, answer := jsonOf(t, d.transport, request(t, "POST", "https://"+d.host+"/rng?api-version=7.6", strings.NewReader(`{"count":16}`)))
		text, _ := answer["value"].(string)
		wire, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || status != http.StatusOK {
			t.Fatalf("%d %v: %v", status, answer, err)
		}
		for door, b := range map[string][]byte{"Go": native, "REST": wire} {
			if len(b) != 16 || seen[string(b)] {
				t.Errorf("%s gave %x, after %x", door, b, slices.Collect(maps.Keys(seen)))
			}
			seen[string(b)] = true
		}
	}
}

// Busy is as busy as it was said to be, whoever asks.
func TestBusyCountsBothDoors(t *testing.T) {
	d := newTroubled(t, vault.ProductKeyVault)
	d.module.Busy(2)
	what := signing("hard")
	if err := what.native(t, d.client); err == nil {
		t.Error("the first was not refused")
	}
	d.well(t, signing("soft"))
	if e := d.wire(t, what); e == nil {
		t.Error("the second was not refused")
	}
	d.well(t, what)
}

// A Managed HSM says how long it took, on the service's clock.
func TestServerLatency(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	svc, err := vault.New(&vault.Options{Now: func() time.Time { at = at.Add(7 * time.Millisecond); return at }})
	if err != nil {
		t.Fatal(err)
	}
	h, err := svc.CreateManagedHSM(t.Context(), "fortress", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Activate(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", h.URL()+"/settings?api-version=7.4", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer x")
	resp, err := rest.New(svc, nil).Transport().As(vault.Owner()).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.Header.Get("X-Ms-Server-Latency"); got != "7" {
		t.Errorf("%q milliseconds", got)
	}
}
