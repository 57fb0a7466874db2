package vault_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/entropy"
	"github.com/embedvault/embedvault/internal/hook"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// shareholders are people with RSA keys and certificates.
func shareholders(tb failer, n int) (all []hsm.DomainHolder, certificates []*x509.Certificate) {
	tb.Helper()
	for i := range n {
		key := got(entropy.Shared().RSA(2048, 2000+i))(tb)
		h := hsm.DomainHolder{Certificate: certificateOf(tb, &key.PublicKey, key), Key: key}
		all, certificates = append(all, h), append(certificates, h.Certificate)
	}
	return all, certificates
}

func certificateOf(tb failer, public, by any) *x509.Certificate {
	tb.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "holder"}, NotBefore: start, NotAfter: start.Add(time.Hour)}
	return got(x509.ParseCertificate(got(x509.CreateCertificate(rand.Reader, c, c, public, by))(tb)))(tb)
}

// hsmWorld is a world with a Managed HSM on a store, without limits.
func hsmWorld(tb failer, s store.Store, lag time.Duration) (*world, *vault.ManagedHSM, *vault.Client) {
	tb.Helper()
	unlimited := limiter.Unlimited()
	w := newWorld(tb, &vault.Options{Store: s, Limits: &unlimited, Lag: lag}, nil)
	h, c := newHSM(tb, w, nil)
	return w, h, c
}

// rewrapped is a downloaded domain as the holders encrypt it to where a client uploads it.
func rewrapped(tb failer, to *vault.Client, blob []byte, holders []hsm.DomainHolder) []byte {
	tb.Helper()
	return got(hsm.RewrapDomain(blob, got(to.GetSecurityDomainTransferKey(tb.Context()))(tb).Certificate, holders))(tb)
}

// signs tells whether the key "k" works.
func signs(tb failer, c *vault.Client) error {
	tb.Helper()
	_, err := c.Sign(tb.Context(), "k", vault.ES256, make([]byte, 32))
	return err
}

// What makes no security domain is refused, and activates nothing.
func TestHoldersThatAreRefused(t *testing.T) {
	t.Parallel()
	_, h, c := hsmWorld(t, nil, 0)
	_, certificates := shareholders(t, 11)
	short := got(signingKey())(t) // of 1024 bits
	ec := got(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	with := func(other *x509.Certificate) []*x509.Certificate { return append(certificates[:2:2], other) }
	const (
		count  = "there must be 3 to 10 certificates"
		quorum = "required must be at least 2 and at most the number of certificates"
		kind   = "the certificates must be of different RSA keys of 2048 to 4096 bits"
	)
	for name, in := range map[string]struct {
		holders  []*x509.Certificate
		required int
		says     string
	}{
		"nobody":                  {nil, 2, count},
		"two":                     {certificates[:2], 2, count},
		"eleven":                  {certificates, 2, count},
		"one is enough":           {certificates[:3], 1, quorum},
		"none is enough":          {certificates[:3], 0, quorum},
		"four of three":           {certificates[:3], 4, quorum},
		"eleven of ten":           {certificates[:10], 11, quorum},
		"one twice":               {with(certificates[0]), 2, kind},
		"no certificate":          {with(nil), 2, kind},
		"an EC key":               {with(certificateOf(t, &ec.PublicKey, ec)), 2, kind},
		"an RSA key of 1024 bits": {with(certificateOf(t, &short.PublicKey, short)), 2, kind},
	} {
		blob, err := c.DownloadSecurityDomain(t.Context(), in.holders, in.required)
		if errs.StatusOf(err) != 400 || codes(err) != "BadParameter" || !strings.Contains(err.Error(), in.says) || blob != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if h.Activated() {
		t.Error("activated")
	}
	if _, err := c.GetSecurityDomainDownloadStatus(t.Context()); codes(err) != "NotFound" {
		t.Errorf("the status of what was not begun: %v", err)
	}
}

// A download activates the Managed HSM, for good; another one changes nothing.
func TestDownloadActivates(t *testing.T) {
	t.Parallel()
	w, h, c := hsmWorld(t, store.NewMemory(), 0)
	ctx := t.Context()
	all, certificates := shareholders(t, 5)
	if err := signs(t, c); !errors.Is(err, errs.NotActivated) {
		t.Errorf("before it is activated: %v", err)
	}
	first := got(c.DownloadSecurityDomain(ctx, certificates[:3], 2))(t)
	if s := got(c.GetSecurityDomainDownloadStatus(ctx))(t); !h.Activated() || s != vault.SecurityDomainSuccess {
		t.Errorf("activated: %v, status %v", h.Activated(), s)
	}
	got(c.CreateKey(ctx, "k", vault.EC(vault.P256), nil))(t)
	second := got(c.DownloadSecurityDomain(ctx, certificates[2:], 3))(t)
	fine(t, signs(t, c))

	w.reopen(t)
	h = w.svc.LookupManagedHSM("fortress")
	if c = h.As(vault.Owner()); !h.Activated() {
		t.Error("not activated after reopening")
	}
	fine(t, signs(t, c))
	if _, err := c.GetSecurityDomainDownloadStatus(ctx); codes(err) != "NotFound" {
		t.Errorf("the download of a service before: %v", err)
	}
	if opened := vault.DomainOf(h); !bytes.Equal(opened, domainIn(t, first, all[:3])) || !bytes.Equal(opened, domainIn(t, second, all[2:])) {
		t.Error("the downloads hold another domain than the module")
	}
}

// domainIn is the domain in a downloaded blob, as a module opens it that is nobody's.
func domainIn(tb failer, blob []byte, holders []hsm.DomainHolder) (secret []byte) {
	tb.Helper()
	m := got(hsm.New(nil))(tb)
	transfer := got(m.NewTransferKey())(tb)
	fine(tb, m.UploadDomain(got(hsm.RewrapDomain(blob, transfer.Certificate(), holders))(tb), transfer))
	fine(tb, m.ExportDomain(func(s []byte) error { secret = bytes.Clone(s); return nil }))
	return secret
}

// What needs only an active Managed HSM activates it without a ceremony.
func TestActivate(t *testing.T) {
	t.Parallel()
	w, h, c := hsmWorld(t, store.NewMemory(), 0)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Activate(ended); !errors.Is(err, context.Canceled) || h.Activated() {
		t.Errorf("with an ended context: %v", err)
	}
	fine(t, h.Activate(t.Context()))
	fine(t, h.Activate(t.Context()))
	got(c.CreateKey(t.Context(), "k", vault.EC(vault.P256), nil))(t)
	w.reopen(t)
	fine(t, signs(t, w.svc.LookupManagedHSM("fortress").As(vault.Owner())))
	for name, trouble := range map[string]struct {
		make func(*hsm.Module)
		want errs.Code
	}{"tampered with": {(*hsm.Module).Tamper, errs.HardwareTampered}, "offline": {(*hsm.Module).Offline, errs.HardwareOffline}} {
		_, h, c := hsmWorld(t, nil, 0)
		trouble.make(h.Module())
		if err := h.Activate(t.Context()); !errors.Is(err, trouble.want) || h.Activated() {
			t.Errorf("%s: %v", name, err)
		}
		_, certificates := shareholders(t, 3)
		if _, err := c.DownloadSecurityDomain(t.Context(), certificates, 2); !errors.Is(err, trouble.want) || h.Activated() {
			t.Errorf("%s, download: %v", name, err)
		}
	}
}

// The ceremony: a domain moves to another Managed HSM of another service, and with it what backups hold.
func TestDomainMovesToAnotherHSM(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	_, _, from := hsmWorld(t, nil, 0)
	w, h, to := hsmWorld(t, store.NewMemory(), 0)
	holders, certificates := shareholders(t, 3)
	domain := got(from.DownloadSecurityDomain(ctx, certificates, 2))(t)
	digest := bytes.Repeat([]byte{7}, 32)
	got(from.CreateKey(ctx, "k", vault.EC(vault.P256), nil))(t)
	signature := got(from.Sign(ctx, "k", vault.ES256, digest))(t).Value
	backup := got(from.BackupKey(ctx, "k"))(t)

	key := got(to.GetSecurityDomainTransferKey(ctx))(t)
	if quorum, ok := errors.AsType[hsm.QuorumError](second(hsm.RewrapDomain(domain, key.Certificate, holders[:1]))); !ok || quorum.Required != 2 {
		t.Errorf("one of three: %v", quorum)
	}
	blob := got(hsm.RewrapDomain(domain, key.Certificate, []hsm.DomainHolder{holders[2], holders[0]}))(t)
	if _, err := to.GetSecurityDomainUploadStatus(ctx); codes(err) != "NotFound" {
		t.Errorf("the status of what was not begun: %v", err)
	}
	fine(t, to.UploadSecurityDomain(ctx, blob))
	if s := got(to.GetSecurityDomainUploadStatus(ctx))(t); !h.Activated() || s != vault.SecurityDomainSuccess {
		t.Errorf("activated: %v, status %v", h.Activated(), s)
	}
	used := key.Certificate
	if key = got(to.GetSecurityDomainTransferKey(ctx))(t); key.Certificate.Equal(used) {
		t.Error("the transfer key is still that of before the upload")
	}
	h.Module().Tamper()
	if err := to.UploadSecurityDomain(ctx, blob); codes(err) != "BadParameter" {
		t.Errorf("the same upload once more: %v", err)
	}
	fine(t, to.UploadSecurityDomain(ctx, got(hsm.RewrapDomain(domain, key.Certificate, holders[:2]))(t)))
	got(to.RestoreKey(ctx, backup))(t)
	for range 2 { // now, and after reopening
		if !got(to.Verify(ctx, "k", vault.ES256, digest, signature))(t) {
			t.Error("the old signature does not verify")
		}
		fine(t, signs(t, to))
		w.reopen(t)
		to = w.svc.LookupManagedHSM("fortress").As(vault.Owner())
	}
	if again := got(to.GetSecurityDomainTransferKey(ctx))(t); again.Certificate.Equal(key.Certificate) {
		t.Error("the transfer key is still that of before reopening")
	}
}

// What does not open is refused without a word on why, and leaves the Managed HSM as it was. One that is active keeps its
// domain.
func TestUploadsThatAreRefused(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	_, _, from := hsmWorld(t, nil, 0)
	_, h, to := hsmWorld(t, nil, 0)
	holders, certificates := shareholders(t, 3)
	download := got(from.DownloadSecurityDomain(ctx, certificates, 2))(t)
	good := rewrapped(t, to, download, holders)
	own := vault.DomainOf(h)
	var text string
	for name, blob := range map[string][]byte{
		"nothing": nil, "garbage": []byte("garbage"), "an object": []byte("{}"), "the download": download,
		"for another's transfer key": rewrapped(t, from, download, holders),
		"torn":                       good[:len(good)-1],
		"changed":                    bytes.Replace(good, []byte(`"compact_jwe":"`), []byte(`"compact_jwe":"A`), 1),
		"too long":                   append(slices.Clone(good), bytes.Repeat([]byte(" "), 1<<20)...),
	} {
		err := to.UploadSecurityDomain(ctx, blob)
		said, _, _ := strings.Cut(errs.From(err).Message, "(")
		if codes(err) != "BadParameter" || text != "" && said != text {
			t.Errorf("%s: %v", name, err)
		}
		text = said
	}
	if h.Activated() || !bytes.Equal(own, vault.DomainOf(h)) {
		t.Error("a refused upload changed something")
	}
	fine(t, h.Activate(ctx))
	if err := to.UploadSecurityDomain(ctx, good); codes(err) != "BadParameter" || !bytes.Equal(own, vault.DomainOf(h)) {
		t.Errorf("an active one: %v", err)
	}
	h.Module().Offline()
	if _, err := to.GetSecurityDomainTransferKey(ctx); !errors.Is(err, errs.HardwareOffline) {
		t.Errorf("a transfer key of a module that is offline: %v", err)
	}
	if err := to.UploadSecurityDomain(ctx, good); !errors.Is(err, errs.HardwareOffline) || errs.StatusOf(err) != 503 {
		t.Errorf("offline: %v", err)
	}
}

// A module that was tampered with gets its domain back, and no other as long as it holds keys.
func TestUploadRepairsATamperedModule(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w, h, c := hsmWorld(t, store.NewMemory(), 0)
	holders, certificates := shareholders(t, 3)
	download := got(c.DownloadSecurityDomain(ctx, certificates, 2))(t)
	got(c.CreateKey(ctx, "k", vault.EC(vault.P256), nil))(t)
	_, _, other := hsmWorld(t, nil, 0)
	foreign := got(other.DownloadSecurityDomain(ctx, certificates, 2))(t)

	h.Module().Tamper()
	if err := signs(t, c); !errors.Is(err, errs.HardwareTampered) || errs.StatusOf(err) != 500 {
		t.Errorf("tampered with: %v", err)
	}
	if _, err := c.UpdateSetting(ctx, vault.AllowKeyManagementOperationsThroughARM, "true"); err != nil { // with a store as without one
		t.Errorf("a change of settings: %v", err)
	}
	if err := c.UploadSecurityDomain(ctx, rewrapped(t, c, foreign, holders)); codes(err) != "BadParameter" {
		t.Errorf("another's domain: %v", err)
	}
	if err := signs(t, c); !errors.Is(err, errs.HardwareTampered) {
		t.Errorf("after another's domain: %v", err)
	}
	fine(t, c.UploadSecurityDomain(ctx, rewrapped(t, c, download, holders)))
	fine(t, signs(t, c))
	got(c.UpdateSetting(ctx, vault.AllowKeyManagementOperationsThroughARM, "true"))(t)
	w.reopen(t)
	fine(t, signs(t, w.svc.LookupManagedHSM("fortress").As(vault.Owner())))
}

// While a change is on its way to the store no other domain takes the place of the module's: the store would not open with
// the key that then comes.
func TestNoDomainComesBetweenAKeyAndItsStore(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	gate := &gate{Store: store.NewMemory(), entered: make(chan struct{}), leave: make(chan error)}
	w, h, c := hsmWorld(t, gate, 0)
	holders, certificates := shareholders(t, 3)
	own := got(c.DownloadSecurityDomain(ctx, certificates, 2))(t)
	_, _, other := hsmWorld(t, nil, 0)
	foreign := got(other.DownloadSecurityDomain(ctx, certificates, 2))(t)

	gate.closed.Store(true)
	made := make(chan error)
	go func() { made <- second(c.CreateKey(ctx, "k", vault.EC(vault.P256), nil)) }()
	<-gate.entered
	gate.closed.Store(false)
	h.Module().Tamper()
	if err := c.UploadSecurityDomain(ctx, rewrapped(t, c, foreign, holders)); !errors.Is(err, errs.HardwareBusy) || errs.StatusOf(err) != 503 {
		t.Errorf("another's domain while a key is committed: %v", err)
	}
	gate.leave <- nil
	fine(t, <-made)
	if err := c.UploadSecurityDomain(ctx, rewrapped(t, c, foreign, holders)); codes(err) != "BadParameter" {
		t.Errorf("another's domain: %v", err)
	}
	fine(t, c.UploadSecurityDomain(ctx, rewrapped(t, c, own, holders)))
	w.reopen(t)
	fine(t, signs(t, w.svc.LookupManagedHSM("fortress").As(vault.Owner())))
}

// What can never become right is refused as such, whatever state the module is in and whatever is being committed.
func TestFormBeforeState(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	gate := &gate{Store: store.NewMemory(), entered: make(chan struct{}), leave: make(chan error)}
	_, h, c := hsmWorld(t, gate, 0)
	fine(t, h.Activate(ctx))
	gate.closed.Store(true)
	made := make(chan error)
	go func() { made <- second(c.CreateKey(ctx, "k", vault.EC(vault.P256), nil)) }()
	<-gate.entered
	if err := c.UploadSecurityDomain(ctx, []byte("no blob")); codes(err) != "BadParameter" {
		t.Errorf("an upload to an active one that has its domain: %v", err)
	}
	gate.closed.Store(false)
	gate.leave <- nil
	fine(t, <-made)
	for name, trouble := range map[string]func(){"offline": h.Module().Offline, "tampered with": h.Module().Tamper} {
		trouble()
		if _, err := c.DownloadSecurityDomain(ctx, nil, 1); codes(err) != "BadParameter" {
			t.Errorf("a download for nobody, %s: %v", name, err)
		}
		h.Module().Online()
	}
}

// A request that met one domain commits nothing under another.
func TestNothingIsCommittedUnderAnotherDomain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	_, _, other := hsmWorld(t, nil, 0)
	holders, certificates := shareholders(t, 3)
	foreign := got(other.DownloadSecurityDomain(ctx, certificates, 2))(t)
	var meanwhile func()
	module := got(hsm.New(&hsm.Options{
		Profile: hsm.Profile{Generation: hsm.Published2025},
		Clock:   func() time.Time { return time.Unix(1, 0) },
		Wait:    func(context.Context, time.Duration) error { meanwhile(); return nil },
	}))(t)
	h := got(newWorld(t, nil, nil).svc.CreateManagedHSM(ctx, "fortress", &vault.ManagedHSMOptions{Module: module}))(t)
	c := h.As(vault.Owner())
	fine(t, h.Activate(ctx))
	meanwhile = func() {
		module.Tamper()
		fine(t, c.UploadSecurityDomain(ctx, rewrapped(t, c, foreign, holders)))
	}
	if _, err := c.CreateKey(ctx, "k", vault.EC(vault.P256), nil); !errors.Is(err, errs.HardwareBusy) {
		t.Errorf("a key that was begun under another domain: %v", err)
	}
	if n := len(collect(t, c.ListKeys(ctx, nil))); n != 0 {
		t.Errorf("%d keys", n)
	}
}

// While the store fails, nothing changes: neither whether the Managed HSM is active nor its domain nor its transfer key.
func TestNoCeremonyWithoutAStore(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	disk := &broken{Memory: store.NewMemory()}
	w, h, c := hsmWorld(t, disk, 0)
	holders, certificates := shareholders(t, 3)
	_, _, from := hsmWorld(t, nil, 0)
	own, key := vault.DomainOf(h), got(c.GetSecurityDomainTransferKey(ctx))(t)
	blob := rewrapped(t, c, got(from.DownloadSecurityDomain(ctx, certificates, 2))(t), holders)
	disk.fails = true
	for name, err := range map[string]error{
		"download": second(c.DownloadSecurityDomain(ctx, certificates, 2)),
		"upload":   c.UploadSecurityDomain(ctx, blob),
		"activate": h.Activate(ctx),
	} {
		if !errors.Is(err, errDisk) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if h.Activated() || !bytes.Equal(own, vault.DomainOf(h)) || !got(c.GetSecurityDomainTransferKey(ctx))(t).Certificate.Equal(key.Certificate) {
		t.Error("something changed")
	}
	for name, status := range map[string]func(context.Context) (vault.SecurityDomainStatus, error){
		"download": c.GetSecurityDomainDownloadStatus, "upload": c.GetSecurityDomainUploadStatus,
	} {
		if _, err := status(ctx); codes(err) != "NotFound" {
			t.Errorf("the status of a %s that failed: %v", name, err)
		}
	}
	disk.fails = false
	fine(t, c.UploadSecurityDomain(ctx, blob))
	uploaded := vault.DomainOf(h)
	w.reopen(t)
	if again := w.svc.LookupManagedHSM("fortress"); !again.Activated() || !bytes.Equal(vault.DomainOf(again), uploaded) || bytes.Equal(uploaded, own) {
		t.Error("the store has another domain than the module had")
	}
}

// An upload is not to be seen before it is durable.
func TestADomainCountsWhenItIsDurable(t *testing.T) {
	t.Parallel()
	gate := &gate{Store: store.NewMemory(), entered: make(chan struct{}), leave: make(chan error)}
	_, h, c := hsmWorld(t, gate, 0)
	_, _, from := hsmWorld(t, nil, 0)
	holders, certificates := shareholders(t, 3)
	blob := rewrapped(t, c, got(from.DownloadSecurityDomain(t.Context(), certificates, 2))(t), holders)
	own := vault.DomainOf(h)
	gate.closed.Store(true)
	uploaded := make(chan error)
	go func() { uploaded <- c.UploadSecurityDomain(t.Context(), blob) }()
	<-gate.entered
	if _, err := c.GetKey(t.Context(), "k"); !errors.Is(err, errs.NotActivated) || h.Activated() || !bytes.Equal(own, vault.DomainOf(h)) {
		t.Errorf("while the store commits: %v", err)
	}
	gate.leave <- nil
	fine(t, <-uploaded)
	if !h.Activated() || bytes.Equal(own, vault.DomainOf(h)) {
		t.Error("not activated")
	}
}

// A transfer key that could not be made is made for who asks next.
func TestATransferKeyThatFails(t *testing.T) {
	t.Parallel()
	fails := true
	points := &hook.Points{RSA: func(bits int) (*rsa.PrivateKey, error) {
		if fails {
			return nil, errDisk
		}
		return entropy.Shared().RSA(bits, 2000)
	}}
	_, c := newHSM(t, newWorld(t, &vault.Options{Hook: points}, nil), nil)
	if _, err := c.GetSecurityDomainTransferKey(t.Context()); errs.StatusOf(err) != 500 {
		t.Errorf("without a key: %v", err)
	}
	if err := c.UploadSecurityDomain(t.Context(), nil); errs.StatusOf(err) != 500 {
		t.Errorf("an upload without a key: %v", err)
	}
	fails = false
	got(c.GetSecurityDomainTransferKey(t.Context()))(t)
}

// A lag is seen in the status alone.
func TestCeremoniesTakeTheirTime(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w, _, c := hsmWorld(t, nil, 3*time.Second)
	_, certificates := shareholders(t, 3)
	got(c.DownloadSecurityDomain(ctx, certificates, 2))(t)
	got(c.CreateKey(ctx, "k", vault.EC(vault.P256), nil))(t)
	for after, want := range map[int]vault.SecurityDomainStatus{0: vault.SecurityDomainInProgress, 3: vault.SecurityDomainSuccess} {
		w.clock.ahead.Store(int64(time.Duration(after) * time.Second))
		if s := got(c.GetSecurityDomainDownloadStatus(ctx))(t); s != want {
			t.Errorf("after %d seconds: %s", after, s)
		}
	}
}

// The module in which a domain arrives keeps it no longer than the upload takes, however that ends.
func TestADomainDoesNotStayWhereItArrives(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	disk := &broken{Memory: store.NewMemory()}
	_, h, c := hsmWorld(t, disk, 0)
	_, _, other := hsmWorld(t, nil, 0)
	holders, certificates := shareholders(t, 3)
	own := got(c.DownloadSecurityDomain(ctx, certificates, 2))(t)
	foreign := got(other.DownloadSecurityDomain(ctx, certificates, 2))(t)
	got(c.CreateKey(ctx, "k", vault.EC(vault.P256), nil))(t)
	h.Module().Tamper()
	for _, step := range []struct {
		name, codes string
		domain      []byte
		fails       bool
	}{{"another's domain", "BadParameter", foreign, false}, {"a store that fails", "UnknownError", own, true}, {"its own domain", "", own, false}} {
		arrives := got(vault.AirlockOf(h))(t)
		disk.fails = step.fails
		if err := c.UploadSecurityDomain(ctx, rewrapped(t, c, step.domain, holders)); codes(err) != step.codes {
			t.Errorf("%s: %v", step.name, err)
		}
		if err := arrives.Ready(); !errors.Is(err, errs.HardwareTampered) {
			t.Errorf("%s: it is still there: %v", step.name, err)
		}
	}
	fine(t, signs(t, c))
}
