package vault_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
)

func TestAuditLogLines(t *testing.T) {
	w := newWorld(t, nil, &vault.VaultOptions{
		AccessPolicies: []policy.AccessPolicy{{ObjectID: appObject, Secrets: []string{"set"}}},
		Network:        policy.NetworkRules{DefaultAction: policy.Deny, IPRules: []string{"198.51.100.0/24"}},
	})
	var out bytes.Buffer
	audit := vault.NewAuditLog(&out)
	app := vault.PrincipalOf(policy.NewPrincipal(policy.PrincipalInfo{ObjectID: appObject, AppID: appClient}))
	inside := w.vault.As(app.From(netip.MustParseAddr("198.51.100.7")))
	outside := w.vault.As(app.From(netip.MustParseAddr("203.0.113.7")))
	const secret = "a value that no log may show"
	w.trail.take()
	set := got(inside.SetSecret(t.Context(), "db", secret, nil))(t)
	if _, err := inside.GetSecret(t.Context(), set.ID.Ref()); err == nil {
		t.Error("read without permission")
	}
	if _, err := outside.GetSecret(t.Context(), "db"); err == nil {
		t.Error("read from outside")
	}
	got(w.owner.GetSecret(t.Context(), "db"))(t)
	for _, e := range w.trail.take() {
		e.RequestID = vault.RequestID{}
		audit.Record(e)
	}
	fine(t, audit.Err())
	text := strings.ReplaceAll(out.String(), set.ID.Version(), "{version}")
	golden(t, "testdata/audit.jsonl", text)
	if strings.Contains(text, secret) {
		t.Error("the log shows the value")
	}
	for line := range strings.Lines(text) {
		var any map[string]any
		fine(t, json.Unmarshal([]byte(line), &any))
		if len(any) != 13 {
			t.Errorf("%d members, want the 13 of the service's records", len(any))
		}
	}
}

type brokenDisk struct{ writes int }

func (b *brokenDisk) Write([]byte) (int, error) { b.writes++; return 0, io.ErrShortWrite }

func TestABrokenAuditLogSaysSoAndStops(t *testing.T) {
	w := newWorld(t, nil, nil)
	got(w.owner.SetSecret(t.Context(), "s", "v", nil))(t)
	e := w.trail.take()[0]
	disk := new(brokenDisk)
	audit := vault.NewAuditLog(disk)
	audit.Record(e)
	audit.Record(e)
	if !errors.Is(audit.Err(), io.ErrShortWrite) || disk.writes != 1 {
		t.Errorf("%v after %d writes", audit.Err(), disk.writes)
	}
}

func TestRequestsHaveIDsOfTheirOwn(t *testing.T) {
	w := newWorld(t, nil, nil)
	seen := map[string]bool{}
	for range 100 {
		got(w.owner.SetSecret(t.Context(), "s", "v", nil))(t)
	}
	for _, e := range w.trail.take() {
		id := e.RequestID.String()
		if len(id) != 36 || id[14] != '4' || !strings.Contains("89ab", id[19:20]) {
			t.Fatalf("%q is no random GUID", id)
		}
		seen[id] = true
	}
	if d := cmp.Diff(100, len(seen)); d != "" {
		t.Error(d)
	}
}

func BenchmarkAuditLog(b *testing.B) {
	audit := vault.NewAuditLog(io.Discard)
	w := newWorld(b, nil, nil)
	got(w.owner.SetSecret(b.Context(), "s", "v", nil))(b)
	e := w.trail.take()[0]
	b.ReportAllocs()
	for b.Loop() {
		audit.Record(e)
	}
}
