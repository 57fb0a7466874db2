package rest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// TestEchoes sends texts of four kilobytes where a refusal shows what it refuses.
func TestEchoes(t *testing.T) {
	svc, _ := service(t, nil)
	transport := rest.New(svc, nil).Transport().As(vault.Owner())
	long := strings.Repeat("9", 4<<10)
	for name, c := range map[string]struct {
		method, target string
		header         [2]string
		status         int
	}{
		"maxresults":     {"GET", "/secrets?api-version=7.4&maxresults=" + long, [2]string{}, 400},
		"token":          {"GET", "/secrets?api-version=7.4&$skiptoken=" + long, [2]string{}, 400},
		"api-version":    {"GET", "/secrets?api-version=" + long, [2]string{}, 400},
		"api-versions":   {"GET", "/secrets?" + strings.Repeat("api-version=7.4&api-version=7.5&", 100), [2]string{}, 400},
		"Accept":         {"GET", "/secrets?api-version=7.4", [2]string{"Accept", "text/" + long}, 406},
		"Content-Type":   {"PUT", "/secrets/db?api-version=7.4", [2]string{"Content-Type", "text/" + long}, 415},
		"method":         {"X" + long, "/secrets?api-version=7.4", [2]string{}, 405},
		"verb":           {"POST", "/secrets?api-version=7.4", [2]string{"X-Http-Method", long}, 400},
		"operation":      {"POST", "/keys/k/" + long + "?api-version=7.4", [2]string{}, 400},
		"another method": {"X" + long, "/keys/k/sign?api-version=7.4", [2]string{}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, c.method, "https://contoso.vault.azure.net"+c.target, strings.NewReader("{}"))
			if c.header[0] != "" {
				r.Header.Set(c.header[0], c.header[1])
			}
			status, answer := jsonOf(t, transport, r)
			e, _ := answer["error"].(map[string]any)
			message, _ := e["message"].(string)
			if status != c.status || len(message) == 0 || len(message) > 512 {
				t.Errorf("%d, want %d; a message of %d bytes", status, c.status, len(message))
			}
		})
	}
}

// TestPageSizes are digits and nothing else.
func TestPageSizes(t *testing.T) {
	svc, _ := service(t, nil)
	transport := rest.New(svc, nil).Transport().As(vault.Owner())
	for size, want := range map[string]int{
		"1": 200, "25": 200, "007": 200, "0": 400, "26": 400, "257": 400, "+1": 400, "-1": 400, " 1": 400, "1_0": 400, "0x1": 400, "": 400, "1.0": 400, "99999999999999999999": 400, "١": 400,
	} {
		address := "https://contoso.vault.azure.net/secrets?api-version=7.4&maxresults=" + url.QueryEscape(size)
		if status, answer := jsonOf(t, transport, request(t, "GET", address, nil)); status != want {
			t.Errorf("maxresults %q: %d %v, want %d", size, status, answer, want)
		}
	}
}

// TestTokensOfOtherLists goes on in the versions of a secret with tokens that other lists gave.
func TestTokensOfOtherLists(t *testing.T) {
	svc, _ := service(t, nil)
	transport := rest.New(svc, nil).Transport().As(vault.Owner())
	const host = "https://contoso.vault.azure.net"
	for range 2 {
		for _, name := range []string{"db", "other"} {
			jsonOf(t, transport, request(t, "PUT", host+"/secrets/"+name+"?api-version=7.4", strings.NewReader(`{"value":"x"}`)))
		}
	}
	next := func(path string) string {
		_, answer := jsonOf(t, transport, request(t, "GET", host+path+"?api-version=7.4&maxresults=1", nil))
		link, _ := answer["nextLink"].(string)
		u, err := url.Parse(link)
		if err != nil || link == "" {
			t.Fatalf("%s links to %q", path, link)
		}
		return u.Query().Get("$skiptoken")
	}
	for name, c := range map[string]struct {
		token         string
		status, items int
	}{
		"its own":                {next("/secrets/db/versions"), 200, 1},
		"of another secret":      {next("/secrets/other/versions"), 200, 0},
		"of the list of secrets": {next("/secrets"), 400, 0},
		"nonsense":               {"x", 400, 0},
	} {
		t.Run(name, func(t *testing.T) {
			status, answer := jsonOf(t, transport, request(t, "GET", host+"/secrets/db/versions?api-version=7.4&$skiptoken="+c.token, nil))
			items, _ := answer["value"].([]any)
			if status != c.status || len(items) != c.items || status == http.StatusOK && answer["nextLink"] != nil {
				t.Errorf("%d %v, want %d and %d items", status, answer, c.status, c.items)
			}
			e, _ := answer["error"].(map[string]any)
			if status == http.StatusBadRequest && e["code"] != "BadArgument" {
				t.Errorf("%v, want BadArgument", e)
			}
		})
	}
}

// TestWordsOfPaths compare without case, in ASCII alone.
func TestWordsOfPaths(t *testing.T) {
	svc, _ := service(t, nil)
	transport := rest.New(svc, nil).Transport().As(vault.Owner())
	for path, want := range map[string]int{"/keys": 200, "/KEYS": 200, "/\u212aeys": 404, "/\u212aEYS": 404, "/%E2%84%AAeys": 404} {
		resp, err := transport.RoundTrip(request(t, "GET", "https://contoso.vault.azure.net"+path+"?api-version=7.4", nil))
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
	}
}
