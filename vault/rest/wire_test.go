package rest_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

var update = flag.Bool("update", false, "write the responses in testdata/wire")

// TestWire replays the scripts in testdata/wire. A script is a sequence of sections:
//
//	-- setup --     lines of words for scene.setup
//	-- evidence --  what is known of the real service about the next pair, for people
//	-- request --   as it is on the wire; "Authorization: Bearer owner" is the owner, "reader" may read secrets
//	-- response --  status, headers in order of their names, body
//	-- wait --      a duration by which the clock goes on
//
// What differs from run to run stands as {v1}, {v2} … for versions in the order in which they appear, {guid} and {blob};
// where there is hardware, as {b1}, {b2} … for other texts. What else a request can hold is at scene.fill.
func TestWire(t *testing.T) {
	files, err := filepath.Glob("testdata/wire/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	pairs := 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			script := parseSections(string(data))
			got := play(t, script)
			for i, s := range script {
				if s.name == "request" {
					pairs++
					checkPair(t, script, i)
				}
			}
			if text := formatSections(got); *update {
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if text != string(data) {
				t.Errorf("%s differs; run go test ./vault/rest -update and look at the difference:\n%s", file, difference(string(data), text))
			}
		})
	}
	if pairs < 60 && !t.Failed() {
		t.Errorf("%d pairs", pairs)
	}
}

// checkPair checks that a request has its evidence before it.
func checkPair(t *testing.T, script []section, i int) {
	t.Helper()
	if i == 0 || script[i-1].name != "evidence" || strings.TrimSpace(script[i-1].text) == "" {
		t.Errorf("request %d has no evidence:\n%s", i, script[i].text)
	}
}

// play replays a script and returns it with the responses it got.
func play(t *testing.T, script []section) (got []section) {
	s := newScene(t)
	for _, part := range script {
		switch part.name {
		case "setup":
			for line := range strings.Lines(part.text) {
				s.setup(t, strings.Fields(line))
			}
		case "wait":
			d, err := time.ParseDuration(strings.TrimSpace(part.text))
			if err != nil {
				t.Fatal(err)
			}
			s.clock = s.clock.Add(d)
		case "response":
			continue
		}
		got = append(got, part)
		if part.name == "request" {
			got = append(got, section{"response", s.exchange(t, part.text)})
		}
	}
	return got
}

// scene is what a script plays in.
type scene struct {
	clock    time.Time
	lag      time.Duration
	svc      *vault.Service
	vault    *vault.Vault
	attestor *identity.Attestor
	handler  *rest.Handler
	limits   limiter.Limits
	versions []string
	masks    bool     // whether texts differ from run to run that are no versions and ids
	masked   []string // those
	asked    string   // all requests
}

func newScene(t testing.TB) *scene {
	s := &scene{clock: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), limits: limiter.Documented2019()}
	s.attestor = newAttestor(t, s)
	s.open(t, nil, nil)
	return s
}

func (s *scene) now() time.Time { return s.clock }

// open makes the service of the scene anew.
func (s *scene) open(t testing.TB, o *vault.VaultOptions, h *rest.Options) {
	t.Helper()
	svc, err := vault.New(&vault.Options{Now: s.now, Limits: &s.limits, Lag: s.lag, Attestation: s.attestor, Storage: storage()})
	if err != nil {
		t.Fatal(err)
	}
	if o == nil {
		o = &vault.VaultOptions{}
	}
	o.AccessPolicies = []policy.AccessPolicy{{ObjectID: "reader", Secrets: []string{"get"}}}
	if s.vault, err = svc.CreateVault(t.Context(), "contoso", o); err != nil {
		t.Fatal(err)
	}
	s.svc, s.handler = svc, rest.New(svc, h)
}

// setup changes the scene.
func (s *scene) setup(t testing.TB, words []string) {
	t.Helper()
	switch strings.Join(words, " ") {
	case "sku standard":
		s.open(t, &vault.VaultOptions{SKU: vault.Standard}, nil)
	case "purge protection":
		s.open(t, &vault.VaultOptions{PurgeProtection: true, RetentionDays: 7}, nil)
	case "network deny":
		s.open(t, &vault.VaultOptions{Network: policy.NetworkRules{DefaultAction: policy.Deny}}, nil)
	case "rbac":
		s.open(t, &vault.VaultOptions{RBAC: &vault.RBAC{}}, nil)
	case "strict":
		s.open(t, nil, &rest.Options{Strict: true})
	case "retry-after":
		s.open(t, nil, &rest.Options{RetryAfter: true})
	case "unlimited":
		s.limits = limiter.Unlimited()
		s.open(t, nil, nil)
	case "lag":
		s.lag = 10 * time.Second
		s.open(t, nil, nil)
	case "managed hsm":
		if err := s.createHSM(t, "fortress").Activate(t.Context()); err != nil {
			t.Fatal(err)
		}
	case "managed hsm as delivered":
		s.createHSM(t, "fortress")
	case "second managed hsm as delivered":
		s.createHSM(t, "bastion")
	case "keys in hardware":
		s.masks = true
	case "25 secrets and one":
		for i := range 26 {
			if _, err := s.vault.As(vault.Owner()).SetSecret(t.Context(), fmt.Sprintf("s-%02d", i), "x", nil); err != nil {
				t.Fatal(err)
			}
		}
	case "ten keys":
		for range 10 {
			if _, err := s.vault.As(vault.Owner()).CreateKey(t.Context(), "k", vault.EC(vault.P256), nil); err != nil {
				t.Fatal(err)
			}
		}
	default:
		t.Fatalf("unknown setup %q", words)
	}
}

var (
	versionForm = regexp.MustCompile(`\b[0-9a-f]{32}\b`)
	guidForm    = regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b`)
	blobForm    = regexp.MustCompile(`"value":"A[A-Za-z0-9_-]{400,}"`)
	activity    = regexp.MustCompile(`\(Activity ID: ([^)]*)\)`)
	variable    = regexp.MustCompile(`\{[vb](\d+)\}`)
)

// exchange sends a request and returns the response as the script shows it.
func (s *scene) exchange(t testing.TB, text string) string {
	t.Helper()
	text = s.fill(t, text)
	s.asked += text
	r := readRequest(t, text)
	transport := s.handler.Transport()
	switch r.Header.Get("Authorization") {
	case "Bearer owner":
		transport = transport.As(vault.Owner())
	case "Bearer reader":
		transport = transport.As(vault.Principal("reader").From(netip.MustParseAddr("20.1.2.3")))
	}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	shown := showResponse(t, resp)
	if said := activity.FindStringSubmatch(shown); said != nil && said[1] != resp.Header.Get("X-Ms-Request-Id") {
		t.Errorf("the activity of the error is not the request:\n%s", shown)
	}
	return s.normal(shown)
}

// normal replaces what differs from run to run.
func (s *scene) normal(text string) string {
	text = guidForm.ReplaceAllStringFunc(text, func(id string) string {
		if s.isKnownGUID(id) {
			return id
		}
		return "{guid}"
	})
	if s.masks {
		short := s.mask(text)
		if len(text)-len(short) > 1000 { // certificates and signatures differ in length
			short = regexp.MustCompile(`Content-Length: \d+`).ReplaceAllString(short, "Content-Length: {n}")
		}
		text = short
	}
	if blob := blobForm.FindString(text); blob != "" {
		text = strings.Replace(text, blob, `"value":"{blob}"`, 1)
		text = regexp.MustCompile(`Content-Length: \d+`).ReplaceAllString(text, "Content-Length: {n}")
	}
	return versionForm.ReplaceAllStringFunc(text, func(v string) string {
		i := slices.Index(s.versions, v)
		if i < 0 {
			i = len(s.versions)
			s.versions = append(s.versions, v)
		}
		return fmt.Sprintf("{v%d}", i+1)
	})
}

// readRequest reads a request line, headers and, after an empty line, a body.
func readRequest(t testing.TB, text string) *http.Request {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimRight(head, "\n"), "\n")
	method, target, _ := strings.Cut(lines[0], " ")
	header, host := http.Header{}, "contoso.vault.azure.net"
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			host = value
			continue
		}
		header.Add(name, value)
	}
	var reader io.Reader
	if body = strings.TrimSuffix(body, "\n"); body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, "https://"+host+target, reader)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	return r
}

// showResponse writes a response down.
func showResponse(t testing.TB, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	var b bytes.Buffer
	fmt.Fprintln(&b, resp.Status)
	if err := resp.Header.Write(&b); err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(b.String(), "\r\n", "\n") + "\n"
	return text + strings.ReplaceAll(string(body), "\r\n", "\n") + "\n"
}

// section is a part of a script.
type section struct{ name, text string }

var sectionHead = regexp.MustCompile(`(?m)^-- ([a-z]+) --\n`)

func parseSections(data string) (all []section) {
	heads := sectionHead.FindAllStringSubmatchIndex(data, -1)
	for i, h := range heads {
		end := len(data)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		all = append(all, section{data[h[2]:h[3]], data[h[1]:end]})
	}
	return all
}

func formatSections(all []section) string {
	var b strings.Builder
	for _, s := range all {
		fmt.Fprintf(&b, "-- %s --\n%s", s.name, s.text)
	}
	return b.String()
}

// difference shows the first line in which two texts differ.
func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d\n  want %s\n  got  %s", i+1, w[i], g[i])
		}
	}
	return "one is longer"
}
