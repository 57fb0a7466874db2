package vault_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"hash"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	kwp "github.com/google/tink/go/kwp/subtle"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/hook"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

const attester = "https://attest.example"

// forEnclave is a policy that releases to what the attester says runs version 2 in an enclave.
const forEnclave = `{"anyOf":[{"authority":"https://attest.example/","allOf":[{"claim":"tee","equals":"enclave"},{"claim":"app.version","equals":2}]}],"version":"1.0.0"}`

// enclave is a world with an attester, and the key of an environment that it can attest.
type enclave struct {
	*world
	attestor *identity.Attestor
	key      *rsa.PrivateKey
}

func newEnclave(tb failer, vo *vault.VaultOptions) *enclave {
	tb.Helper()
	w := &enclave{key: enclaveKey(tb)}
	now := new(clock)
	w.attestor = identity.NewAttestor(&identity.AttestorOptions{Authority: attester, NewKey: signingKey2048, Now: now.Now})
	unlimited := limiter.Unlimited()
	w.world = newWorld(tb, &vault.Options{Attestation: w.attestor, Limits: &unlimited, Store: store.NewMemory()}, vo)
	return w
}

func enclaveKey(tb failer) *rsa.PrivateKey {
	tb.Helper()
	return got(rsa.GenerateKey(rand.Reader, 2048))(tb)
}

func signingKey2048() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }

// good are the claims that the policy asks for.
func good() map[string]any {
	return map[string]any{"tee": "enclave", "app": map[string]any{"version": 2}}
}

// target is a token about the environment.
func (w *enclave) target(tb failer, claims map[string]any) string {
	tb.Helper()
	return got(w.attestor.Token(claims, &w.key.PublicKey))(tb)
}

// leaving are the options of a key that leaves by the policy.
func leaving() *vault.CreateKeyOptions {
	return &vault.CreateKeyOptions{Release: &vault.ReleasePolicy{Data: []byte(forEnclave)}}
}

// statement is the payload of a release.
type statement struct {
	Request struct {
		APIVersion      string `json:"api-version"`
		Enc, Kid, Nonce string
	}
	Response struct {
		Key struct {
			Key struct {
				Kid, Kty string
				KeyHSM   string `json:"key_hsm"`
			}
			Attributes    struct{ Exportable bool }
			ReleasePolicy struct {
				Data      string
				Immutable bool
			} `json:"release_policy"`
		}
	}
}

// opened checks a release by the service's certificate, with nothing of ours, and returns what it says and the key in it.
func (w *enclave) opened(tb failer, token string) (s statement, key []byte) {
	tb.Helper()
	jws := got(jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256}))(tb)
	certificate := got(w.svc.ReleaseCertificate())(tb)
	fine(tb, json.Unmarshal(got(jws.Verify(certificate.PublicKey))(tb), &s))
	var wrapped struct {
		SchemaVersion string `json:"schema_version"`
		Header        struct{ Kid, Alg, Enc string }
		Ciphertext    string
	}
	fine(tb, json.Unmarshal(decoded(tb, s.Response.Key.Key.KeyHSM), &wrapped))
	if wrapped.SchemaVersion != "1.0.0" || wrapped.Header.Alg != "dir" || wrapped.Header.Enc != s.Request.Enc {
		tb.Errorf("wrapped as %+v", wrapped)
	}
	of := map[string]func() hash.Hash{"CKM_RSA_AES_KEY_WRAP": sha1.New, "RSA_AES_KEY_WRAP_256": sha256.New, "RSA_AES_KEY_WRAP_384": sha512.New384}[wrapped.Header.Enc]
	ciphertext := decoded(tb, wrapped.Ciphertext)
	front := w.key.Size()
	ephemeral := got(rsa.DecryptOAEP(of(), nil, w.key, ciphertext[:front], nil))(tb)
	return s, got(got(kwp.NewKWP(ephemeral))(tb).Unwrap(ciphertext[front:]))(tb)
}

func decoded(tb failer, text string) []byte {
	tb.Helper()
	return got(base64.RawURLEncoding.DecodeString(text))(tb)
}

// A released key decrypts, outside of the vault, what the vault has encrypted.
func TestARelasedKeyOpensWhatTheVaultClosed(t *testing.T) {
	t.Parallel()
	w := newEnclave(t, nil)
	ctx := t.Context()
	k := got(w.owner.CreateKey(ctx, "out", crypto.Spec{Type: crypto.KeyTypeRSAHSM}, leaving()))(t)
	if k.Release == nil || !strings.HasPrefix(string(k.Release.Data), `{"version":"1.0.0","anyOf":`) || k.Release.Immutable {
		t.Errorf("made as %+v", k)
	}
	secret := []byte("for the enclave's eyes")
	closed := got(w.owner.Encrypt(ctx, "out", vault.RSAOAEP256, secret, nil))(t)
	for _, enc := range []hsm.Encryption{"", hsm.CKMRSAAESKeyWrap, hsm.RSAAESKeyWrap256, hsm.RSAAESKeyWrap384} {
		token := got(w.owner.ReleaseKey(ctx, "out", w.target(t, good()), &vault.ReleaseKeyOptions{Nonce: "n-1", Encryption: enc}))(t)
		s, der := w.opened(t, token)
		if s.Request.Nonce != "n-1" || s.Request.Kid != k.ID.String() || s.Response.Key.Key.Kid != k.ID.String() || !s.Response.Key.Attributes.Exportable {
			t.Errorf("%s: stated %+v", enc, s)
		}
		private := got(x509.ParsePKCS8PrivateKey(der))(t).(*rsa.PrivateKey)
		if plain := got(rsa.DecryptOAEP(sha256.New(), nil, private, closed.Value, nil))(t); !bytes.Equal(plain, secret) {
			t.Errorf("%s: opened to %q", enc, plain)
		}
	}
	got(w.owner.UpdateKey(ctx, "out", &vault.UpdateKeyOptions{Attributes: vault.AttributesUpdate{Expires: new(start.Add(-time.Hour))}}))(t)
	got(w.owner.ReleaseKey(ctx, "out", w.target(t, good()), nil))(t) // expired, and released all the same
	w.reopen(t)
	got(w.owner.ReleaseKey(ctx, "out", w.target(t, good()), nil))(t)
	rotated := got(w.owner.RotateKey(ctx, "out"))(t)
	if rotated.Release == nil || !bytes.Equal(rotated.Release.Data, k.Release.Data) {
		t.Errorf("rotated to %+v", rotated)
	}
}

// An older version is released by its number: its own key, by its own policy.
func TestAnOlderVersionIsReleased(t *testing.T) {
	t.Parallel()
	w := newEnclave(t, nil)
	ctx, secret := t.Context(), []byte("a text")
	claims := map[vault.Ref]map[string]any{}
	var all []vault.Key
	closed := map[string][]byte{} // :: kid → what its key has encrypted
	for _, claim := range []string{"x", "y"} {
		k := got(w.owner.CreateKey(ctx, "out", crypto.Spec{Type: crypto.KeyTypeRSAHSM}, &vault.CreateKeyOptions{Release: eitherOf(attester, claim)}))(t)
		all, claims[k.ID.Ref()] = append(all, k), map[string]any{claim: 1}
		closed[k.ID.String()] = got(w.owner.Encrypt(ctx, "out", vault.RSAOAEP256, secret, nil))(t).Value
	}
	older, newer := all[0].ID, all[1].ID
	for _, c := range []struct{ asked, is vault.Ref }{{older.Ref(), older.Ref()}, {newer.Ref(), newer.Ref()}, {"out", newer.Ref()}} {
		kid := got(w.owner.GetKey(ctx, c.is))(t).ID.String()
		s, der := w.opened(t, got(w.owner.ReleaseKey(ctx, c.asked, w.target(t, claims[c.is]), nil))(t))
		if s.Request.Kid != kid || s.Response.Key.Key.Kid != kid {
			t.Errorf("%s: stated %+v", c.asked, s)
		}
		private := got(x509.ParsePKCS8PrivateKey(der))(t).(*rsa.PrivateKey)
		if plain, err := rsa.DecryptOAEP(sha256.New(), nil, private, closed[kid], nil); !bytes.Equal(plain, secret) {
			t.Errorf("%s: opened to %q, %v", c.asked, plain, err)
		}
	}
	if _, err := w.owner.ReleaseKey(ctx, older.Ref(), w.target(t, claims[newer.Ref()]), nil); codes(err) != "Forbidden/AccessDenied" {
		t.Errorf("by the policy of the newer one: %v", err)
	}
}

// Whom a key is not released to.
func TestReleaseIsRefused(t *testing.T) {
	t.Parallel()
	w := newEnclave(t, nil)
	ctx := t.Context()
	got(w.owner.CreateKey(ctx, "out", crypto.Spec{Type: crypto.KeyTypeECHSM}, leaving()))(t)
	got(w.owner.CreateKey(ctx, "in", crypto.Spec{Type: crypto.KeyTypeECHSM}, nil))(t)
	off := got(w.owner.CreateKey(ctx, "off", crypto.Spec{Type: crypto.KeyTypeECHSM}, leaving()))(t)
	got(w.owner.UpdateKey(ctx, off.ID.Ref(), &vault.UpdateKeyOptions{Attributes: vault.AttributesUpdate{Enabled: new(false)}}))(t)
	other := identity.NewAttestor(&identity.AttestorOptions{Authority: "https://elsewhere.example", NewKey: signingKey2048, Now: w.clock.Now})
	impostor := identity.NewAttestor(&identity.AttestorOptions{Authority: attester, NewKey: signingKey2048, Now: w.clock.Now})
	token := w.target(t, good())
	late := time.Duration(0)
	for _, c := range []struct{ name, key, target, codes string }{
		{"no such claim", "out", w.target(t, map[string]any{"tee": "enclave"}), "Forbidden/AccessDenied"},
		{"another claim", "out", w.target(t, map[string]any{"tee": "enclave", "app": map[string]any{"version": 1}}), "Forbidden/AccessDenied"},
		{"one claim of two", "out", w.target(t, map[string]any{"app": map[string]any{"version": 2}}), "Forbidden/AccessDenied"},
		{"another authority", "out", got(other.Token(good(), &w.key.PublicKey))(t), "Forbidden/AccessDenied"},
		{"a forged authority", "out", got(impostor.Token(good(), &w.key.PublicKey))(t), "Forbidden/AccessDenied"},
		{"no key of the environment", "out", got(w.attestor.Token(good(), nil))(t), "Forbidden/AccessDenied"},
		{"tampered", "out", token[:len(token)-8] + "AAAAAAAA", "Forbidden/AccessDenied"},
		{"no token", "out", "let me in", "Forbidden/AccessDenied"},
		{"a key that never leaves", "in", token, "Forbidden/KeyOperationForbidden"},
		{"a disabled key", "off", token, "Forbidden/KeyDisabled"},
		{"an absent key", "none", token, "KeyNotFound"},
		{"no target", "out", "", "BadParameter"},
		{"expired", "out", token, "Forbidden/AccessDenied"},
	} {
		if c.name == "expired" {
			late = 48 * time.Hour
		}
		w.clock.Advance(late)
		_, err := w.owner.ReleaseKey(ctx, vault.Ref(c.key), c.target, nil)
		if codes(err) != c.codes {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if c.codes == "Forbidden/AccessDenied" && errs.From(err).Message != "Target environment attestation statement cannot be verified." {
			t.Errorf("%s: says %v", c.name, err)
		}
	}
	_, err := w.owner.ReleaseKey(ctx, "out", token, &vault.ReleaseKeyOptions{Encryption: "ROT13"})
	if codes(err) != "BadParameter" {
		t.Errorf("an unknown encryption: %v", err)
	}
}

// A denial tells a test which claim was not what the policy asks for.
func TestARefusedReleaseSaysWhy(t *testing.T) {
	t.Parallel()
	w := newEnclave(t, nil)
	got(w.owner.CreateKey(t.Context(), "out", crypto.Spec{Type: crypto.KeyTypeECHSM}, leaving()))(t)
	_, err := w.owner.ReleaseKey(t.Context(), "out", w.target(t, map[string]any{"tee": "enclave", "app": map[string]any{"version": 1}}), nil)
	d, ok := errors.AsType[policy.ReleaseDecision](err)
	if !ok || len(d.Failed) != 1 || d.Failed[0].Claim != "app.version" {
		t.Errorf("%v: %+v", err, d)
	}
}

// manyAuthorities is a policy that names n of them.
func manyAuthorities(n int) string {
	var all []string
	for i := range n {
		all = append(all, strings.ReplaceAll(`{"authority":"https://a-N.example","allOf":[{"claim":"a","equals":1}]}`, "N", strings.Repeat("x", i+1)))
	}
	return `{"version":"1.0.0","anyOf":[` + strings.Join(all, ",") + `]}`
}

// What is refused when keys are made and changed.
func TestReleasePoliciesAreRefused(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	hard, soft := crypto.Spec{Type: crypto.KeyTypeECHSM}, vault.EC(vault.P256)
	policyOf := func(data string) *vault.ReleasePolicy { return &vault.ReleasePolicy{Data: []byte(data)} }
	elsewhere := strings.ReplaceAll(forEnclave, "attest.example", "nowhere.example")
	w, standard := newEnclave(t, nil), newEnclave(t, &vault.VaultOptions{SKU: vault.Standard})
	for _, c := range []struct {
		name, says string
		in         *enclave
		spec       crypto.Spec
		o          vault.CreateKeyOptions
	}{
		{"standard vault", "AKV.SKR.1001", standard, soft, vault.CreateKeyOptions{Release: policyOf(forEnclave)}},
		{"software", "AKV.SKR.1006", w, soft, vault.CreateKeyOptions{Release: policyOf(forEnclave)}},
		{"unreachable", "AKV.SKR.1012: The specified attestation service https://nowhere.example", w, hard, vault.CreateKeyOptions{Release: policyOf(elsewhere)}},
		{"one of two unreachable", "AKV.SKR.1012: The specified attestation service https://nowhere.example", w, hard, vault.CreateKeyOptions{Release: eitherOf(attester, "x", "https://nowhere.example", "y")}},
		{"too many authorities", "at most 16", w, hard, vault.CreateKeyOptions{Release: policyOf(manyAuthorities(17))}},
		{"no version", "version", w, hard, vault.CreateKeyOptions{Release: policyOf(strings.Replace(forEnclave, `,"version":"1.0.0"`, "", 1))}},
		{"no policy at all", "release_policy.data", w, hard, vault.CreateKeyOptions{Release: policyOf("[]")}},
	} {
		if _, err := c.in.owner.CreateKey(ctx, "k", c.spec, &c.o); codes(err) != "BadParameter" || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	refused := func(step, says string, err error) {
		t.Helper()
		if codes(err) != "BadParameter" || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", step, err)
		}
	}
	fixed := leaving()
	fixed.Release.Immutable = true
	k := got(w.owner.CreateKey(ctx, "fixed", hard, fixed))(t)
	changed := policyOf(strings.Replace(forEnclave, `"enclave"`, `"anything"`, 1))
	_, err := w.owner.CreateKey(ctx, "fixed", hard, nil)
	refused("another exportable", "AKV.SKR.1003", err)
	_, err = w.owner.CreateKey(ctx, "fixed", hard, &vault.CreateKeyOptions{Release: changed})
	refused("a version with another policy", "AKV.SKR.1020", err)
	_, err = w.owner.UpdateKey(ctx, "fixed", &vault.UpdateKeyOptions{Release: changed})
	refused("an immutable policy", "AKV.SKR.1020", err)
	_, err = w.owner.UpdateKey(ctx, k.ID.Ref(), &vault.UpdateKeyOptions{Release: fixed.Release})
	refused("of a version", "AKV.SKR.1016", err)
	for step, next := range map[string]*vault.ReleasePolicy{
		"a policy that is no longer immutable":         {Data: fixed.Release.Data},
		"a policy that is of another type":             {Data: fixed.Release.Data, Immutable: true, ContentType: "text/plain"},
		"a policy that is neither immutable nor typed": {Data: fixed.Release.Data, ContentType: "text/plain"},
	} {
		_, err = w.owner.UpdateKey(ctx, "fixed", &vault.UpdateKeyOptions{Release: next})
		refused(step, "AKV.SKR.1020", err)
		_, err = w.owner.CreateKey(ctx, "fixed", hard, &vault.CreateKeyOptions{Release: next})
		refused("a version with "+step, "AKV.SKR.1020", err)
	}
	got(w.owner.UpdateKey(ctx, "fixed", &vault.UpdateKeyOptions{Release: fixed.Release}))(t) // the same
	got(w.owner.CreateKey(ctx, "free", hard, leaving()))(t)
	if k := got(w.owner.UpdateKey(ctx, "free", &vault.UpdateKeyOptions{Release: changed}))(t); !bytes.Contains(k.Release.Data, []byte("anything")) {
		t.Errorf("changed to %s", k.Release.Data)
	}
}

// Without an attester nobody is reached, and nothing can be exportable.
func TestNoAttesterIsReachedByDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	_, err := w.owner.CreateKey(t.Context(), "k", crypto.Spec{Type: crypto.KeyTypeECHSM}, leaving())
	if !errors.Is(err, identity.ErrAttestationUnreachable) || errs.StatusOf(err) != 400 {
		t.Error(err)
	}
}

// A key that was wrapped is seen in the environment alone.
func TestSecureUnwrap(t *testing.T) {
	t.Parallel()
	w := newEnclave(t, nil)
	ctx, secret := t.Context(), bytes.Repeat([]byte{9}, 32)
	k := got(w.owner.CreateKey(ctx, "out", crypto.Spec{Type: crypto.KeyTypeRSAHSM}, leaving()))(t)
	got(w.owner.CreateKey(ctx, "in", crypto.Spec{Type: crypto.KeyTypeRSAHSM}, nil))(t)
	wrapped := got(w.owner.WrapKey(ctx, "out", vault.RSAOAEP256, secret))(t)
	token := got(w.owner.SecureUnwrapKey(ctx, "out", vault.RSAOAEP256, wrapped.Value, w.target(t, good())))(t)
	s, key := w.opened(t, token)
	if !bytes.Equal(key, secret) {
		t.Errorf("opened to %x", key)
	}
	if said := s.Response.Key; s.Request.Kid != k.ID.String() || said.Key.Kid != k.ID.String() || said.Key.Kty != "oct" || !bytes.Equal(decoded(t, said.ReleasePolicy.Data), k.Release.Data) {
		t.Errorf("stated %+v", s)
	}
	if _, payload := parts(t, token); !bytes.Contains(payload, []byte(`"enabled":true`)) || !bytes.Contains(payload, []byte(`"recoverableDays":90,`)) {
		t.Errorf("stated %s", payload)
	}
	for name, c := range map[string]struct {
		key    vault.Ref
		value  []byte
		claims map[string]any
		codes  string
	}{
		"a key without a policy":   {"in", wrapped.Value, good(), "Forbidden/KeyOperationForbidden"},
		"an environment not meant": {"out", wrapped.Value, nil, "Forbidden/AccessDenied"},
		"what does not open":       {"out", secret, good(), "BadParameter"},
	} {
		if _, err := w.owner.SecureUnwrapKey(ctx, c.key, vault.RSAOAEP256, c.value, w.target(t, c.claims)); codes(err) != c.codes {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A release counts with the creation of keys in hardware.
func TestAReleaseCountsWithCreation(t *testing.T) {
	t.Parallel()
	attestor := identity.NewAttestor(&identity.AttestorOptions{Authority: attester, NewKey: signingKey2048, Now: new(clock).Now})
	w := &enclave{world: newWorld(t, &vault.Options{Attestation: attestor}, nil), attestor: attestor, key: enclaveKey(t)}
	got(w.owner.CreateKey(t.Context(), "out", crypto.Spec{Type: crypto.KeyTypeECHSM}, leaving()))(t)
	for range 4 {
		got(w.owner.ReleaseKey(t.Context(), "out", w.target(t, good()), nil))(t)
	}
	if used := w.vault.Usage()[limiter.HSMKeyCreate].Used; used != 5 {
		t.Errorf("%d units of creation in hardware", used)
	}
	if _, err := w.owner.ReleaseKey(t.Context(), "out", w.target(t, good()), nil); codes(err) != "Throttled" {
		t.Errorf("the sixth: %v", err)
	}
}

// A rotation follows the policy that counts when its version is added, not the one from before the key was made.
func TestARotationFollowsTheReleasePolicyOfTheMoment(t *testing.T) {
	t.Parallel()
	attestor := identity.NewAttestor(&identity.AttestorOptions{Authority: attester, NewKey: signingKey2048, Now: new(clock).Now})
	unlimited := limiter.Unlimited()
	var during func()
	keys := &hook.Points{RSA: func(bits int) (*rsa.PrivateKey, error) {
		if during != nil {
			during()
		}
		return rsa.GenerateKey(rand.Reader, bits)
	}}
	w := newWorld(t, &vault.Options{Attestation: attestor, Limits: &unlimited, Hook: keys}, nil)
	got(w.owner.CreateKey(t.Context(), "k", crypto.RSA(2048).HSM(), leaving()))(t)
	strict := []byte(`{"anyOf":[{"authority":"https://attest.example/","allOf":[{"claim":"tee","equals":"none"}]}],"version":"1.0.0"}`)
	during = func() {
		during = nil
		got(w.owner.UpdateKey(t.Context(), "k", &vault.UpdateKeyOptions{Release: &vault.ReleasePolicy{Data: strict}}))(t)
	}
	k := got(w.owner.RotateKey(t.Context(), "k"))(t)
	if string(k.Release.Data) != string(got(w.owner.GetKey(t.Context(), "k"))(t).Release.Data) || !strings.Contains(string(k.Release.Data), `"none"`) {
		t.Errorf("rotated under %s", k.Release.Data)
	}
}
