package vault_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// Whoever downloads at once gets the one domain; whoever asks for a transfer key, the one key.
func TestManyAtTheCeremony(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	_, h, c := hsmWorld(t, store.NewMemory(), 0)
	_, _, from := hsmWorld(t, nil, 0)
	holders, certificates := shareholders(t, 3)
	foreign := got(from.DownloadSecurityDomain(ctx, certificates, 2))(t)
	const n = 8
	var blobs [n][]byte
	var keys [n]*x509.Certificate
	var uploaded atomic.Int32
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { keys[i] = got(c.GetSecurityDomainTransferKey(ctx))(t).Certificate })
		all.Go(func() { _, _ = c.GetSecurityDomainDownloadStatus(ctx) })
		all.Go(func() { blobs[i], _ = c.DownloadSecurityDomain(ctx, certificates, 2) })
		all.Go(func() {
			blob, err := hsm.RewrapDomain(foreign, got(c.GetSecurityDomainTransferKey(ctx))(t).Certificate, holders)
			if err == nil && c.UploadSecurityDomain(ctx, blob) == nil {
				uploaded.Add(1)
			}
		})
	}
	all.Wait()
	if uploaded.Load() > 1 {
		t.Errorf("%d uploads to one Managed HSM that was not active", uploaded.Load())
	}
	for i := range n {
		if !bytes.Equal(domainIn(t, blobs[i], holders), vault.DomainOf(h)) {
			t.Error("a download of a domain that is not used")
		}
		if uploaded.Load() == 0 && !keys[i].Equal(keys[0]) {
			t.Error("two transfer keys")
		}
	}
}

// Over a protocol: what begins is answered 202 with where to ask, and certificates are JWKs.
func TestTheDomainOnTheWire(t *testing.T) {
	t.Parallel()
	_, _, c := hsmWorld(t, nil, 0)
	h := c.Container()
	send := func(o vault.Operation, body string) (map[string]any, string, error) {
		t.Helper()
		r := &vault.Exchange{
			Caller: vault.Owner(), Host: "fortress.local:8443", Query: "api-version=7.2", Length: int64(len(body)), Body: strings.NewReader(body),
		}
		answer, err := endpoint(o).Serve(t.Context(), h, r, nil)
		var members map[string]any
		if err == nil {
			fine(t, json.Unmarshal(answer, &members))
		}
		return members, r.AsyncOperation, err
	}
	_, where, err := send(vault.OpSecurityDomainTransferKeyGet, "")
	fine(t, err)
	members, _, _ := send(vault.OpSecurityDomainTransferKeyGet, "")
	jwk := []byte(members["transfer_key"].(string))
	if certificate := got(hsm.ParseDomainCertificate(jwk))(t); members["key_format"] != "jwk" || where != "" ||
		!certificate.Equal(got(c.GetSecurityDomainTransferKey(t.Context()))(t).Certificate) {
		t.Errorf("the transfer key is %v", members)
	}
	_, _, from := hsmWorld(t, nil, 0)
	holders, certificates := shareholders(t, 3)
	blob := rewrapped(t, c, got(from.DownloadSecurityDomain(t.Context(), certificates, 2))(t), holders)
	members, where, err = send(vault.OpSecurityDomainRestore, string(got(json.Marshal(map[string]string{"value": string(blob)}))(t)))
	fine(t, err)
	if members["status"] != "Success" || members["status_details"] != "" || where != "https://fortress.local:8443/securitydomain/upload/pending" {
		t.Errorf("an upload was answered %v at %q", members, where)
	}
	members, where, err = send(vault.OpSecurityDomainBackup, holdersJSON(t, certificates, nil))
	fine(t, err)
	if secret := domainIn(t, []byte(members["value"].(string)), holders[:2]); !bytes.Equal(secret, vault.DomainOf(h.(*vault.ManagedHSM))) ||
		where != "https://fortress.local:8443/securitydomain/download/pending" {
		t.Errorf("a download was answered at %q", where)
	}
	for _, o := range []vault.Operation{vault.OpSecurityDomainBackupStatusGet, vault.OpSecurityDomainRestoreStatusGet} {
		if members, where, err := send(o, ""); err != nil || members["status"] != "Success" || where != "" {
			t.Errorf("%s: %v %q %v", o, members, where, err)
		}
	}
	for name, in := range map[string]struct {
		operation vault.Operation
		body      string
	}{
		"no body":         {vault.OpSecurityDomainBackup, ""},
		"no certificates": {vault.OpSecurityDomainBackup, "{}"},
		"garbage":         {vault.OpSecurityDomainBackup, `{"certificates":[1,"two",{}]}`},
		"too many":        {vault.OpSecurityDomainBackup, `{"certificates":[` + strings.Repeat("{},", 10) + `{}]}`},
		"a quorum of one": {vault.OpSecurityDomainBackup, holdersJSON(t, certificates, new(1))},
		"no value":        {vault.OpSecurityDomainRestore, "{}"},
		"a number":        {vault.OpSecurityDomainRestore, `{"value":1}`},
	} {
		if _, where, err := send(in.operation, in.body); codes(err) != "BadParameter" || where != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// holdersJSON is the body of a download.
func holdersJSON(tb failer, certificates []*x509.Certificate, required *int) string {
	tb.Helper()
	body := map[string]any{}
	if required != nil {
		body["required"] = *required
	}
	var list []map[string]any
	for _, c := range certificates {
		key := c.PublicKey.(*rsa.PublicKey)
		jwk := crypto.JWK{Kty: crypto.KeyTypeRSA, N: key.N.Bytes(), E: big.NewInt(int64(key.E)).Bytes()}
		var members map[string]any
		fine(tb, json.Unmarshal(got(json.Marshal(jwk))(tb), &members))
		members["x5c"] = [][]byte{c.Raw}
		list = append(list, members)
	}
	body["certificates"] = list
	return string(got(json.Marshal(body))(tb))
}

// Each step needs a right of its own, of which the administrator has all.
func TestRightsOfTheCeremony(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	h, _ := newHSM(t, w, &vault.ManagedHSMOptions{Administrators: []string{"admin"}})
	_, certificates := shareholders(t, 3)
	for right, request := range map[policy.Right]func(*vault.Client) error{
		policy.SecurityDomainDownload: func(c *vault.Client) error {
			return second(c.DownloadSecurityDomain(t.Context(), certificates, 2))
		},
		policy.SecurityDomainDownloadStatus: func(c *vault.Client) error { return second(c.GetSecurityDomainDownloadStatus(t.Context())) },
		policy.SecurityDomainTransferKey:    func(c *vault.Client) error { return second(c.GetSecurityDomainTransferKey(t.Context())) },
		policy.SecurityDomainUpload:         func(c *vault.Client) error { return c.UploadSecurityDomain(t.Context(), nil) },
		policy.SecurityDomainUploadStatus:   func(c *vault.Client) error { return second(c.GetSecurityDomainUploadStatus(t.Context())) },
	} {
		err := request(h.As(vault.Principal("stranger")))
		if d, ok := errors.AsType[policy.Decision](err); !ok || d.Right != right || errs.StatusOf(err) != 403 {
			t.Errorf("%v: a stranger got %v", right, err)
		}
		if err := request(h.As(vault.Principal("admin"))); errs.StatusOf(err) == 403 {
			t.Errorf("%v: the administrator got %v", right, err)
		}
	}
}
