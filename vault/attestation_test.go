package vault_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault"
)

// What a module states of a key is true, names the key, and can be checked with the module's root alone, also after the
// store is opened again.
func TestAttestation(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, f *fort) {
		root := got(f.module.Root())(t)
		check := func(name string, spec crypto.Spec) {
			t.Helper()
			a := got(f.client.GetKeyAttestation(t.Context(), vault.Ref(name)))(t)
			k := got(f.client.GetKey(t.Context(), vault.Ref(name)))(t)
			if a.JWK.String() != k.JWK.String() || a.Attributes != k.Attributes {
				t.Errorf("%s: attested is %v, kept %v", name, a.JWK, k.JWK)
			}
			s := got(hsm.Verify(a.Attestation, root))(t)
			public := k.JWK
			public.KID, public.KeyOps = "", nil
			if s.KID != k.ID.String() || s.Spec.Type != spec.Type || s.Spec.Curve != spec.Curve || s.Spec.Size != spec.Size ||
				s.Origin != hsm.Generated || s.Exportable || s.Public.String() != public.String() {
				t.Errorf("%s: the statement is %+v", name, s)
			}
			if symmetric := spec.Type == crypto.KeyTypeOctHSM; (a.Attestation.PublicKeyAttestation == nil) != symmetric {
				t.Errorf("%s: the public statement is %s", name, a.Attestation.PublicKeyAttestation)
			}
		}
		for name, spec := range hardwareTypes {
			got(f.client.CreateKey(t.Context(), name, spec, nil))(t)
			check(name, spec)
		}
		f.reopen(t)
		for name, spec := range hardwareTypes {
			check(name, spec)
		}
	})
}

// A statement is about the version asked for, and another module's root does not vouch for it.
func TestAttestationOfAVersion(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, f *fort) {
		spec := hardwareTypes["p256"]
		first := got(f.client.CreateKey(t.Context(), "k", spec, nil))(t)
		second := got(f.client.CreateKey(t.Context(), "k", spec, nil))(t)
		for ref, want := range map[vault.Ref]vault.Key{"k": second, first.ID.Ref(): first, second.ID.Ref(): second} {
			a := got(f.client.GetKeyAttestation(t.Context(), ref))(t)
			if s := got(hsm.Verify(a.Attestation, got(f.module.Root())(t)))(t); s.KID != want.ID.String() || a.ID != want.ID {
				t.Errorf("%s is attested as %s, %v", ref, s.KID, a.ID)
			}
			if _, err := hsm.Verify(a.Attestation, got(got(hsm.New(nil))(t).Root())(t)); err == nil {
				t.Error("another module's root vouches for it")
			}
		}
	})
}

// The form of the answer over a protocol: a key, with the attestation among its attributes. The certificates are base64
// with padding, the statements base64url; ids have the host of the request, the statements the container's own.
func TestAttestationOverAProtocol(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, f *fort) {
		k := got(f.client.CreateKey(t.Context(), "k", hardwareTypes["p256"], nil))(t)
		text := got(f.ask(t, vault.OpKeyAttestationGet, "k", "7.6", ""))(t)
		var answer struct {
			Key        struct{ KID string }
			Attributes struct {
				Enabled     bool
				Attestation map[string]string
			}
		}
		fine(t, json.Unmarshal([]byte(text), &answer))
		said := answer.Attributes.Attestation
		a := hsm.Attestation{
			CertificatePEMFile:    got(base64.StdEncoding.DecodeString(said["certificatePemFile"]))(t),
			PrivateKeyAttestation: got(base64.RawURLEncoding.DecodeString(said["privateKeyAttestation"]))(t),
			PublicKeyAttestation:  got(base64.RawURLEncoding.DecodeString(said["publicKeyAttestation"]))(t),
			Version:               said["version"],
		}
		if s := got(hsm.Verify(a, got(f.module.Root())(t)))(t); s.KID != k.ID.String() || !answer.Attributes.Enabled || len(said) != 4 {
			t.Errorf("attested is %s in %s", s.KID, text)
		}
		if !strings.HasPrefix(answer.Key.KID, "https://"+elsewhere+"/keys/k/") {
			t.Errorf("the key is %s", answer.Key.KID)
		}
		for version, want := range map[string]string{"7.5": "BadParameter", "7.6": "", "2026-04-01": ""} {
			if _, err := f.ask(t, vault.OpKeyAttestationGet, "k", version, ""); codes(err) != want {
				t.Errorf("%s: %v", version, err)
			}
		}
		if plain := got(f.ask(t, vault.OpKeyGet, "k", "7.6", ""))(t); strings.Contains(plain, "attestation") {
			t.Errorf("a key that nobody asked to attest: %s", plain)
		}
	})
}

// What is refused, and with which code.
func TestAttestationsThatAreRefused(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, f *fort) {
		ctx := t.Context()
		got(f.client.CreateKey(ctx, "k", hardwareTypes["p256"], nil))(t)
		got(f.client.CreateKey(ctx, "gone", hardwareTypes["p256"], nil))(t)
		got(f.client.DeleteKey(ctx, "gone"))(t)
		wants := map[vault.Ref]string{"nothing": "KeyNotFound", "k/" + aVersion: "KeyNotFound", "k/sign": "KeyNotFound", "gone": "KeyNotFound", "k_k": "BadParameter"}
		if !f.managed() {
			got(f.client.CreateKey(ctx, "soft", vault.EC(vault.P256), nil))(t)
			wants["soft"] = "BadParameter"
		}
		for ref, want := range wants {
			a, err := f.client.GetKeyAttestation(ctx, ref)
			if codes(err) != want || a.JWK.Kty != "" {
				t.Errorf("%s: %v, %v", ref, a.JWK, err)
			}
		}
		nobody := f.container.As(vault.Principal("nobody"))
		if _, err := nobody.GetKeyAttestation(ctx, "k"); !errors.Is(err, errs.Forbidden) {
			t.Errorf("without a right: %v", err)
		}
		f.module.Offline()
		if _, err := f.client.GetKeyAttestation(ctx, "k"); !errors.Is(err, errs.HardwareOffline) {
			t.Errorf("offline: %v", err)
		}
	})
}

// A key that is disabled, or past its time, is attested still: it is only looked at.
func TestAttestationOfADisabledKey(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, f *fort) {
		off := vault.AttributesUpdate{Enabled: new(false), Expires: new(start)}
		got(f.client.CreateKey(t.Context(), "k", hardwareTypes["p256"], nil))(t)
		got(f.client.UpdateKey(t.Context(), "k", &vault.UpdateKeyOptions{Attributes: off}))(t)
		a := got(f.client.GetKeyAttestation(t.Context(), "k"))(t)
		if _, err := hsm.Verify(a.Attestation, got(f.module.Root())(t)); err != nil || a.Attributes.Enabled {
			t.Errorf("%v, %v", a.Attributes, err)
		}
	})
}
