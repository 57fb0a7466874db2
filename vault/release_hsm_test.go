package vault_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/vault"
)

// fortress is an activated Managed HSM beside the vault of the world.
func (w *enclave) fortress(tb failer) (*vault.ManagedHSM, *vault.Client) {
	tb.Helper()
	h, c := newHSM(tb, w.world, nil)
	fine(tb, h.Activate(tb.Context()))
	return h, c
}

// parts are the header and the payload of a token, as they are written.
func parts(tb failer, token string) (head map[string]any, payload []byte) {
	tb.Helper()
	three := strings.Split(token, ".")
	if len(three) != 3 {
		tb.Fatalf("released %q", token)
	}
	fine(tb, json.Unmarshal(decoded(tb, three[0]), &head))
	return head, decoded(tb, three[1])
}

// outOfOrder is a name in a JSON text that comes before the one it stands behind, at whatever level.
func outOfOrder(tb failer, text []byte) string {
	tb.Helper()
	var walk func(d *json.Decoder) string
	walk = func(d *json.Decoder) (found string) {
		open := got(d.Token())(tb)
		if open != json.Delim('{') && open != json.Delim('[') {
			return ""
		}
		for before := ""; d.More(); {
			if open == json.Delim('{') {
				name := got(d.Token())(tb).(string)
				if name < before {
					found = name
				}
				before = name
			}
			if inside := walk(d); inside != "" {
				found = inside
			}
		}
		got(d.Token())(tb)
		return found
	}
	return walk(json.NewDecoder(bytes.NewReader(text)))
}

// releasedOnWire is what a release answers over a protocol.
func releasedOnWire(tb failer, h vault.Container, version, target string) string {
	tb.Helper()
	body := string(got(json.Marshal(map[string]string{"target": target}))(tb))
	x := &vault.Exchange{
		Caller: vault.Owner(), Name: "out", Host: elsewhere, Query: "api-version=" + version,
		Body: strings.NewReader(body), Length: int64(len(body)),
	}
	var answer struct{ Value string }
	fine(tb, json.Unmarshal(got(endpoint(vault.OpKeyRelease).Serve(tb.Context(), h, x, nil))(tb), &answer))
	return answer.Value
}

// The header of a release names the certificate, of each product in its own way.
func TestTheHeaderOfARelease(t *testing.T) {
	t.Parallel()
	w := newEnclave(t, nil)
	_, fortress := w.fortress(t)
	der := got(w.svc.ReleaseCertificate())(t).Raw
	short, long := sha1.Sum(der), sha256.Sum256(der)
	hsm := map[string]any{
		"alg": "RS256", "kid": base64.RawURLEncoding.EncodeToString(long[:]), "x5t#S256": base64.RawURLEncoding.EncodeToString(long[:]),
		"x5c": []any{base64.StdEncoding.EncodeToString(der)},
	}
	ofVault := maps.Clone(hsm)
	ofVault["typ"], ofVault["kid"], ofVault["x5t"] = "JWT", hex.EncodeToString(short[:]), base64.RawURLEncoding.EncodeToString(short[:])
	for want, c := range map[*map[string]any]*vault.Client{&ofVault: w.owner, &hsm: fortress} {
		got(c.CreateKey(t.Context(), "out", crypto.Spec{Type: crypto.KeyTypeRSAHSM}, leaving()))(t)
		token := got(c.ReleaseKey(t.Context(), "out", w.target(t, good()), nil))(t)
		w.opened(t, token)
		if head, _ := parts(t, token); !reflect.DeepEqual(head, *want) {
			t.Errorf("headed %v, want %v", head, *want)
		}
	}
}

// What a Managed HSM signs has its members in alphabetical order, through every door, and the type of key that comes out.
func TestAManagedHSMStatesInOrder(t *testing.T) {
	t.Parallel()
	w := newEnclave(t, nil)
	h, c := w.fortress(t)
	ctx := t.Context()
	k := got(c.CreateKey(ctx, "out", crypto.Spec{Type: crypto.KeyTypeRSA}, leaving()))(t)
	closed := got(c.Encrypt(ctx, "out", vault.RSAOAEP256, []byte("a text"), nil))(t)
	for door, token := range map[string]string{
		"native": got(c.ReleaseKey(ctx, "out", w.target(t, good()), &vault.ReleaseKeyOptions{Nonce: "n"}))(t),
		"7.3":    releasedOnWire(t, h, "7.3", w.target(t, good())),
		"7.6":    releasedOnWire(t, h, "7.6", w.target(t, good())),
	} {
		_, payload := parts(t, token)
		if name := outOfOrder(t, payload); name != "" {
			t.Errorf("%s: %s stands too late in %s", door, name, payload)
		}
		s, der := w.opened(t, token)
		if s.Response.Key.Key.Kty != "RSA" || k.JWK.Kty != crypto.KeyTypeRSAHSM {
			t.Errorf("%s: a %s was made, a %s released", door, k.JWK.Kty, s.Response.Key.Key.Kty)
		}
		if bytes.Contains(payload, []byte(`"hsmPlatform":`)) != (door != "7.3") || bytes.Contains(payload, []byte(`"hsmPlatform":"0"`)) {
			t.Errorf("%s: of no module: %s", door, payload)
		}
		if data := decoded(t, s.Response.Key.ReleasePolicy.Data); !bytes.Equal(data, k.Release.Data) {
			t.Errorf("%s: released by %s", door, data)
		}
		private := got(x509.ParsePKCS8PrivateKey(der))(t).(*rsa.PrivateKey)
		if plain, err := rsa.DecryptOAEP(sha256.New(), nil, private, closed.Value, nil); err != nil || string(plain) != "a text" {
			t.Errorf("%s: opened to %q, %v", door, plain, err)
		}
	}
	wrapped := got(c.WrapKey(ctx, "out", vault.RSAOAEP256, make([]byte, 32)))(t)
	token := got(c.SecureUnwrapKey(ctx, "out", vault.RSAOAEP256, wrapped.Value, w.target(t, good())))(t)
	s, _ := w.opened(t, token)
	if _, payload := parts(t, token); outOfOrder(t, payload) != "" || s.Request.Kid != k.ID.String() || !bytes.Equal(decoded(t, s.Response.Key.ReleasePolicy.Data), k.Release.Data) {
		t.Errorf("unwrapped as %s", payload)
	}
}

// A vault states in the order in which it answers, and the type of the key that it has.
func TestAVaultStatesInItsOwnOrder(t *testing.T) {
	t.Parallel()
	w := newEnclave(t, nil)
	got(w.owner.CreateKey(t.Context(), "out", crypto.Spec{Type: crypto.KeyTypeECHSM}, leaving()))(t)
	_, payload := parts(t, got(w.owner.ReleaseKey(t.Context(), "out", w.target(t, good()), nil))(t))
	for _, front := range []string{`{"request":{"api-version":`, `"response":{"key":{"key":{"kid":`, `"kty":"EC-HSM"`, `,"hsmPlatform":"2"},"release_policy":{`} {
		if !bytes.Contains(payload, []byte(front)) {
			t.Errorf("no %s in %s", front, payload)
		}
	}
}

// A Managed HSM shows release policies with their members in alphabetical order, whatever was written, and takes what it
// has shown for the same policy.
func TestTheReleasePolicyOfAManagedHSM(t *testing.T) {
	t.Parallel()
	w := newEnclave(t, nil)
	_, c := w.fortress(t)
	ctx := t.Context()
	const sorted = `{"anyOf":[{"allOf":[{"claim":"<tee>","equals":"enclave"},{"anyOf":[{"claim":"n","equals":1.50}]}],"authority":"https://attest.example/"}],"version":"1.0.0"}`
	for name, data := range map[string]string{
		"now":    `{"version":"1.0.0","anyOf":[{"authority":"https://attest.example/","allOf":[{"equals":"enclave","claim":"<tee>"},{"anyOf":[{"claim":"n","equals":1.50}]}]}]}`,
		"before": `{"version":"1.0","anyOf":[{"authority":"https://attest.example/","allOf":[{"claim":"<tee>","condition":"equals","value":"enclave"},{"anyOf":[{"claim":"n","condition":"equals","value":1.50}]}]}]}`,
		"sorted": sorted,
	} {
		o := &vault.CreateKeyOptions{Release: &vault.ReleasePolicy{Data: []byte(data), Immutable: true}}
		k := got(c.CreateKey(ctx, name, crypto.Spec{Type: crypto.KeyTypeEC}, o))(t)
		seen := got(c.GetKey(ctx, vault.Ref(name)))(t)
		again := got(c.UpdateKey(ctx, vault.Ref(name), &vault.UpdateKeyOptions{Release: seen.Release}))(t)
		all := []string{string(k.Release.Data), string(seen.Release.Data), string(again.Release.Data)}
		if !slices.Equal(all, []string{sorted, sorted, sorted}) {
			t.Errorf("%s: shown as %q", name, all)
		}
		clear(seen.Release.Data)
		if k := got(c.GetKey(ctx, vault.Ref(name)))(t); string(k.Release.Data) != sorted {
			t.Errorf("%s: what is shown is what is kept", name)
		}
	}
	w.reopen(t)
	if k := got(w.svc.LookupManagedHSM("fortress").As(vault.Owner()).GetKey(ctx, "now"))(t); string(k.Release.Data) != sorted {
		t.Errorf("came back as %s", k.Release.Data)
	}
}

// What is not deleted cannot be had back: a Managed HSM looks for it among the deleted.
func TestAManagedHSMRecoversFromTheDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	h, c := newHSM(t, w, nil)
	fine(t, h.Activate(t.Context()))
	for _, o := range []vault.Operation{vault.OpKeyRecover, vault.OpKeyGetDeleted} {
		_, err := endpoint(o).Serve(t.Context(), h, &vault.Exchange{Caller: vault.Owner(), Name: "none", Host: elsewhere, Query: "api-version=7.6"}, nil)
		if codes(err) != "KeyNotFound" || !strings.Contains(err.Error(), "Key not found: https://"+elsewhere+"/deletedkeys/none (Activity ID: ") {
			t.Errorf("%s: %v", o, err)
		}
	}
	_, err := c.RecoverDeletedKey(t.Context(), "none")
	if codes(err) != "KeyNotFound" || !strings.Contains(err.Error(), ".net/deletedkeys/none ") {
		t.Errorf("native: %v", err)
	}
	if _, err = w.owner.RecoverDeletedKey(t.Context(), "none"); codes(err) != "KeyNotFound" || !strings.Contains(err.Error(), "A key with (name/id) none was not found") {
		t.Errorf("a vault: %v", err)
	}
}
