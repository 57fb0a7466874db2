package vault_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
)

// overheard are authorities that note who was asked for.
type overheard struct {
	identity.AttestationAuthorities
	asked []string
}

func (o *overheard) AttestationKeys(ctx context.Context, authority string) ([]identity.AttestationKey, error) {
	o.asked = append(o.asked, authority)
	return o.AttestationAuthorities.AttestationKeys(ctx, authority)
}

// attestors are authorities that answer each for itself.
type attestors []*identity.Attestor

func (all attestors) AttestationKeys(ctx context.Context, authority string) ([]identity.AttestationKey, error) {
	for _, a := range all {
		if keys, err := a.AttestationKeys(ctx, authority); err == nil {
			return keys, nil
		}
	}
	return nil, identity.ErrAttestationUnreachable
}

// eitherOf is a policy that releases to what an authority says one thing of, each its own: address, claim, address, claim.
func eitherOf(all ...string) *vault.ReleasePolicy {
	var rules []string
	for one := range slices.Chunk(all, 2) {
		rules = append(rules, fmt.Sprintf(`{"authority":%q,"allOf":[{"claim":%q,"equals":1}]}`, one[0], one[1]))
	}
	return &vault.ReleasePolicy{Data: []byte(`{"version":"1.0.0","anyOf":[` + strings.Join(rules, ",") + `]}`)}
}

// listening is a world without limits whose authority notes who was asked for.
func listening(tb failer) (*world, *overheard) {
	tb.Helper()
	authorities := &overheard{AttestationAuthorities: identity.NewAttestor(&identity.AttestorOptions{Authority: attester, NewKey: signingKey2048, Now: new(clock).Now})}
	unlimited := limiter.Unlimited()
	return newWorld(tb, &vault.Options{Attestation: authorities, Limits: &unlimited}, nil), authorities
}

// What one authority has to say is of no use from another, which the policy names as well.
func TestEachAuthoritySpeaksForItself(t *testing.T) {
	t.Parallel()
	ctx, environment := t.Context(), enclaveKey(t)
	var all attestors
	for _, address := range []string{"https://a.example", "https://b.example"} {
		all = append(all, identity.NewAttestor(&identity.AttestorOptions{Authority: address, NewKey: signingKey2048, Now: new(clock).Now}))
	}
	unlimited := limiter.Unlimited()
	w := newWorld(t, &vault.Options{Attestation: all, Limits: &unlimited}, nil)
	o := &vault.CreateKeyOptions{Release: eitherOf("https://a.example", "x", "https://b.example", "y")}
	got(w.owner.CreateKey(ctx, "out", crypto.Spec{Type: crypto.KeyTypeECHSM}, o))(t)
	for _, c := range []struct {
		by    int
		claim string
		codes string
	}{{0, "x", ""}, {0, "y", "Forbidden/AccessDenied"}, {1, "x", "Forbidden/AccessDenied"}, {1, "y", ""}} {
		token := got(all[c.by].Token(map[string]any{c.claim: 1}, &environment.PublicKey))(t)
		if _, err := w.owner.ReleaseKey(ctx, "out", token, nil); codes(err) != c.codes {
			t.Errorf("%s says %s: %v", all[c.by], c.claim, err)
		}
	}
}

// What is refused whatever an authority says is refused before anybody is asked at the address that a caller names.
func TestNobodyIsAskedAboutWhatIsRefused(t *testing.T) {
	t.Parallel()
	ctx, hard := t.Context(), crypto.Spec{Type: crypto.KeyTypeECHSM}
	w, authorities := listening(t)
	fixed := leaving()
	fixed.Release.Immutable = true
	k := got(w.owner.CreateKey(ctx, "fixed", hard, fixed))(t)
	got(w.owner.CreateKey(ctx, "in", hard, nil))(t)
	free := got(w.owner.CreateKey(ctx, "free", hard, leaving()))(t)
	got(w.owner.CreateKey(ctx, "gone", hard, leaving()))(t)
	got(w.owner.DeleteKey(ctx, "gone"))(t)
	authorities.asked = nil

	silent := &vault.ReleasePolicy{Data: []byte(strings.ReplaceAll(forEnclave, "attest.example", "nowhere.example"))}
	update := func(ref vault.Ref, ops ...crypto.Operation) error {
		_, err := w.owner.UpdateKey(ctx, ref, &vault.UpdateKeyOptions{Release: silent, Operations: ops})
		return err
	}
	create := func(name string) error {
		_, err := w.owner.CreateKey(ctx, name, hard, &vault.CreateKeyOptions{Release: silent})
		return err
	}
	take := func(name string, j crypto.JWK) error {
		_, err := w.owner.ImportKey(ctx, name, j, &vault.ImportKeyOptions{HSM: true, Release: silent})
		return err
	}
	own := cryptotest.JWK(t, crypto.EC(crypto.P256))
	torn := own
	torn.D = bytes.Repeat([]byte{0xff}, 32)
	for _, c := range []struct {
		name, codes, says string
		err               error
	}{
		{"the policy of a version", "BadParameter", "AKV.SKR.1016", update(free.ID.Ref())},
		{"the policy of a version that is immutable", "BadParameter", "AKV.SKR.1016", update(k.ID.Ref())},
		{"an immutable policy", "BadParameter", "AKV.SKR.1020", update("fixed")},
		{"a key that never leaves", "BadParameter", "AKV.SKR.1005", update("in")},
		{"a key that is not there", "KeyNotFound", "", update("none")},
		{"operations that the key cannot have", "BadParameter", "", update("free", crypto.OpImport)},
		{"a new version under another policy", "BadParameter", "AKV.SKR.1020", create("fixed")},
		{"a new version that leaves", "BadParameter", "AKV.SKR.1003", create("in")},
		{"a name that is deleted", "Conflict/ObjectIsDeletedButRecoverable", "", create("gone")},
		{"an imported version under another policy", "BadParameter", "AKV.SKR.1020", take("fixed", own)},
		{"an imported version that leaves", "BadParameter", "AKV.SKR.1003", take("in", own)},
		{"an import to a name that is deleted", "Conflict/ObjectIsDeletedButRecoverable", "", take("gone", own)},
		{"an import of what is no key", "BadParameter", "", take("new", torn)},
	} {
		if codes(c.err) != c.codes || c.err == nil || !strings.Contains(c.err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, c.err)
		}
	}
	if len(authorities.asked) != 0 {
		t.Errorf("asked %q", authorities.asked)
	}
	for name, err := range map[string]error{"update": update("free"), "create": create("new"), "import": take("new", own)} {
		if codes(err) != "BadParameter" || !strings.Contains(err.Error(), "AKV.SKR.1012") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if want := slices.Repeat([]string{"https://nowhere.example/"}, 3); !slices.Equal(authorities.asked, want) {
		t.Errorf("asked %q", authorities.asked)
	}
	authorities.asked = nil
	w.svc.Module().Offline()
	for name, err := range map[string]error{"create": create("new"), "import": take("new", own)} {
		if !errors.Is(err, errs.HardwareOffline) || len(authorities.asked) != 0 {
			t.Errorf("%s while the module is offline: %v, and %q was asked", name, err, authorities.asked)
		}
	}
}

// The versions of the protocol from before release neither show nor take a policy.
func TestReleaseCameWithVersion73(t *testing.T) {
	t.Parallel()
	w := newEnclave(t, nil)
	h, fortress := w.fortress(t)
	body := `{"release_policy":{"data":"` + base64.RawURLEncoding.EncodeToString([]byte(forEnclave)) + `"}}`
	for in, c := range map[vault.Container]*vault.Client{w.vault: w.owner, h: fortress} {
		got(c.CreateKey(t.Context(), "out", crypto.Spec{Type: crypto.KeyTypeECHSM}, leaving()))(t)
		ask := func(o vault.Operation, version, body string) (string, error) {
			answer, err := endpoint(o).Serve(t.Context(), in, &vault.Exchange{
				Caller: vault.Owner(), Name: "out", Host: elsewhere, Query: "api-version=" + version,
				Body: strings.NewReader(body), Length: int64(len(body)),
			}, nil)
			return string(answer), err
		}
		for _, version := range []string{"7.0", "7.2", "7.3", "2026-04-01"} {
			shown := got(ask(vault.OpKeyGet, version, ""))(t)
			if has := strings.Contains(shown, "release_policy"); has != (version > "7.2" || version[0] == '2') {
				t.Errorf("%s shows %s", version, shown)
			}
			_, err := ask(vault.OpKeyUpdate, version, body)
			if refused := codes(err) == "BadParameter" && strings.Contains(err.Error(), "AKV.SKR.1001"); refused != (version < "7.3" && version[0] == '7') || !refused && err != nil {
				t.Errorf("%s: %v", version, err)
			}
			got(ask(vault.OpKeyUpdate, version, `{"tags":{"a":"b"},"release_policy":null}`))(t)
		}
	}
}

// Whether a key can leave is settled when it is made: an update may say so again, and nothing else.
func TestNoUpdateSettlesWhetherAKeyLeaves(t *testing.T) {
	t.Parallel()
	w := newEnclave(t, nil)
	h, fortress := w.fortress(t)
	for in, c := range map[vault.Container]*vault.Client{w.vault: w.owner, h: fortress} {
		got(c.CreateKey(t.Context(), "out", crypto.Spec{Type: crypto.KeyTypeECHSM}, leaving()))(t)
		got(c.CreateKey(t.Context(), "in", crypto.Spec{Type: crypto.KeyTypeECHSM}, nil))(t)
		for _, of := range []struct {
			name, says string
			refused    bool
		}{{"out", "true", false}, {"out", "null", false}, {"out", "false", true}, {"in", "false", false}, {"in", "null", false}, {"in", "true", true}} {
			body := `{"attributes":{"exportable":` + of.says + `},"tags":{"said":"` + of.says + `"}}`
			_, err := endpoint(vault.OpKeyUpdate).Serve(t.Context(), in, &vault.Exchange{
				Caller: vault.Owner(), Name: of.name, Host: elsewhere, Query: "api-version=7.6",
				Body: strings.NewReader(body), Length: int64(len(body)),
			}, nil)
			if refused := codes(err) == "BadParameter" && strings.Contains(err.Error(), "AKV.SKR.1003"); refused != of.refused || !refused && err != nil {
				t.Errorf("%s, exportable is %s: %v", of.name, of.says, err)
			}
			if k := got(c.GetKey(t.Context(), vault.Ref(of.name)))(t); (k.Release != nil) != (of.name == "out") || (k.Tags["said"] == of.says) == of.refused {
				t.Errorf("%s, exportable is %s: then %+v", of.name, of.says, k)
			}
		}
	}
}
