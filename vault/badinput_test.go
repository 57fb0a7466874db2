package vault_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/vault"
)

// A refused request changes nothing: every row below is checked for its error, and for the state it leaves.

// badInput is one refused request.
type badInput struct {
	name string
	do   func(context.Context, *vault.Client) error
	want string // codes
	text string // what the message contains
}

const absent = "0123456789abcdef0123456789abcdef" // a version that nothing has

// stocked is a vault with an object in every state.
func stocked(t *testing.T) *world {
	unlimited := limiter.Unlimited()
	w := newWorld(t, &vault.Options{Limits: &unlimited}, &vault.VaultOptions{SKU: vault.Standard})
	ctx, c := t.Context(), w.owner
	past, future := start.Add(-time.Hour), start.Add(time.Hour)
	for name, v := range map[string]vault.Validity{
		"live": {}, "disabled": {Disabled: true}, "expired": {Expires: past}, "early": {NotBefore: future}, "deleted": {},
	} {
		got(c.SetSecret(ctx, name, "value of "+name, &vault.SetSecretOptions{Validity: v}))(t)
		got(c.CreateKey(ctx, name, vault.EC(vault.P256), &vault.CreateKeyOptions{Validity: v}))(t)
		got(c.CreateKey(ctx, "rsa-"+name, vault.RSA(2048), &vault.CreateKeyOptions{Validity: v}))(t)
	}
	got(c.CreateKey(ctx, "verifier", vault.EC(vault.P256), &vault.CreateKeyOptions{
		Operations: []crypto.Operation{crypto.OpVerify},
	}))(t)
	for _, name := range []string{"deleted", "rsa-deleted"} {
		got(c.DeleteKey(ctx, name))(t)
	}
	got(c.DeleteSecret(ctx, "deleted"))(t)
	return w
}

func tags(n, length int) map[string]string {
	m := map[string]string{}
	for i := range n {
		m[fmt.Sprint("tag", i)] = strings.Repeat("é", length)
	}
	return m
}

// first ends a list at its first item or error.
func first[T any](seq func(func(T, error) bool)) error {
	for _, err := range seq {
		return err
	}
	return nil
}

func secretsRefused() []badInput {
	set := func(name, value string, o *vault.SetSecretOptions) func(context.Context, *vault.Client) error {
		return func(ctx context.Context, c *vault.Client) error {
			_, err := c.SetSecret(ctx, name, value, o)
			return err
		}
	}
	patch := func(ref vault.Ref, o *vault.UpdateSecretOptions) func(context.Context, *vault.Client) error {
		return func(ctx context.Context, c *vault.Client) error { _, err := c.UpdateSecret(ctx, ref, o); return err }
	}
	get := func(ref vault.Ref) func(context.Context, *vault.Client) error {
		return func(ctx context.Context, c *vault.Client) error { _, err := c.GetSecret(ctx, ref); return err }
	}
	long := strings.Repeat("x", 256)
	return []badInput{
		{"set: no name", set("", "v", nil), "BadParameter", "invalid name"},
		{"set: wrong name", set("under_score", "v", nil), "BadParameter", "invalid name: under_score"},
		{"set: name of 128", set(strings.Repeat("n", 128), "v", nil), "BadParameter", "invalid name"},
		{"set: 25601 bytes", set("new", strings.Repeat("v", 25601), nil), "BadParameter", "25600"},
		{"set: 16 tags", set("new", "v", &vault.SetSecretOptions{Tags: tags(16, 1)}), "BadParameter", "Property  has invalid value\r\n"},
		{"set: tag of 513", set("new", "v", &vault.SetSecretOptions{Tags: tags(1, 513)}), "BadParameter", "invalid value"},
		{"set: content type of 256", set("new", "v", &vault.SetSecretOptions{ContentType: long}), "BadParameter", "invalid value"},
		{"set: deleted", set("deleted", "v", nil), "Conflict/ObjectIsDeletedButRecoverable", "Secret deleted is currently in a deleted but recoverable state"},
		{"set: another writer", set("live", "v", &vault.SetSecretOptions{IfVersion: absent}), "Conflict/WriterConflict", ""},
		{"set: exists", set("live", "v", &vault.SetSecretOptions{IfVersion: vault.NoVersion}), "Conflict/WriterConflict", ""},
		{"get: absent", get("absent"), "SecretNotFound", "A secret with (name/id) absent was not found"},
		{"get: wrong version", get("live/" + absent), "SecretNotFound", "live/" + absent},
		{"get: no version", get("live/latest"), "SecretNotFound", "live/latest"},
		{"get: deleted", get("deleted"), "SecretNotFound", ""},
		{"get: disabled", get("disabled"), "Forbidden/SecretDisabled", "Operation get is not allowed on a disabled secret."},
		{"update: absent", patch("absent", nil), "SecretNotFound", ""},
		{"update: deleted", patch("deleted", nil), "SecretNotFound", ""},
		{"update: wrong version", patch("live/"+absent, nil), "SecretNotFound", ""},
		{"update: 16 tags", patch("live", &vault.UpdateSecretOptions{Tags: tags(16, 1)}), "BadParameter", ""},
		{"update: content type of 256", patch("live", &vault.UpdateSecretOptions{ContentType: &long}), "BadParameter", ""},
		{"delete: absent", func(ctx context.Context, c *vault.Client) error { _, err := c.DeleteSecret(ctx, "absent"); return err }, "SecretNotFound", ""},
		{"delete: deleted", func(ctx context.Context, c *vault.Client) error { _, err := c.DeleteSecret(ctx, "deleted"); return err }, "SecretNotFound", ""},
		{"get deleted: live", func(ctx context.Context, c *vault.Client) error {
			_, err := c.GetDeletedSecret(ctx, "live")
			return err
		}, "SecretNotFound", "Deleted Secret not found: live"},
		{"recover: live", func(ctx context.Context, c *vault.Client) error {
			_, err := c.RecoverDeletedSecret(ctx, "live")
			return err
		}, "MethodNotAllowed/RequestNotAllowedOnNonDeletedObject", "Secret exists already: live"},
		{"recover: absent", func(ctx context.Context, c *vault.Client) error {
			_, err := c.RecoverDeletedSecret(ctx, "absent")
			return err
		}, "SecretNotFound", "A secret with (name/id) absent"},
		{"purge: live", func(ctx context.Context, c *vault.Client) error { return c.PurgeDeletedSecret(ctx, "live") }, "MethodNotAllowed/ObjectMustBeDeletedPriorToBeingPurged", ""},
		{"purge: absent", func(ctx context.Context, c *vault.Client) error { return c.PurgeDeletedSecret(ctx, "absent") }, "SecretNotFound", ""},
		{"backup: absent", func(ctx context.Context, c *vault.Client) error { _, err := c.BackupSecret(ctx, "absent"); return err }, "SecretNotFound", ""},
		{"backup: deleted", func(ctx context.Context, c *vault.Client) error { _, err := c.BackupSecret(ctx, "deleted"); return err }, "SecretNotFound", ""},
		{"restore: taken", func(ctx context.Context, c *vault.Client) error {
			b, err := c.BackupSecret(ctx, "live")
			if err != nil {
				return err
			}
			_, err = c.RestoreSecret(ctx, b)
			return err
		}, "Conflict", "There was a conflict restoring the secret 'https://contoso.vault.azure.net/secrets/live/"},
		{"restore: a key's", func(ctx context.Context, c *vault.Client) error {
			b, err := c.BackupKey(ctx, "live")
			if err != nil {
				return err
			}
			_, err = c.RestoreSecret(ctx, b)
			return err
		}, "Malformed backup blob", "Backup blob is corrupt."},
		{"list: page of 26", func(ctx context.Context, c *vault.Client) error {
			return first(c.ListSecrets(ctx, &vault.ListOptions{PageSize: 26}))
		}, "BadArgument", "26"},
		{"list: page of -1", func(ctx context.Context, c *vault.Client) error {
			return first(c.ListDeletedSecrets(ctx, &vault.ListOptions{PageSize: -1}))
		}, "BadArgument", "maxresults"},
	}
}

func keysRefused() []badInput {
	create := func(name string, s crypto.Spec, o *vault.CreateKeyOptions) func(context.Context, *vault.Client) error {
		return func(ctx context.Context, c *vault.Client) error { _, err := c.CreateKey(ctx, name, s, o); return err }
	}
	take := func(name string, k crypto.JWK, o *vault.ImportKeyOptions) func(context.Context, *vault.Client) error {
		return func(ctx context.Context, c *vault.Client) error { _, err := c.ImportKey(ctx, name, k, o); return err }
	}
	policy := func(name string, p vault.RotationPolicy) func(context.Context, *vault.Client) error {
		return func(ctx context.Context, c *vault.Client) error {
			_, err := c.SetRotationPolicy(ctx, name, p)
			return err
		}
	}
	rotate := func(after, before vault.Period) []vault.LifetimeAction {
		return []vault.LifetimeAction{{Action: vault.Rotate, After: after, Before: before}}
	}
	offCurve := ecJWK()
	offCurve.Y[0] ^= 1
	strange := ecJWK()
	strange.KeyOps = []crypto.Operation{"fly"}
	return []badInput{
		{"create: wrong name", create("a b", vault.EC(vault.P256), nil), "BadParameter", "invalid name"},
		{"create: no kty", create("new", crypto.Spec{}, nil), "BadParameter", ""},
		{"create: unknown kty", create("new", crypto.Spec{Type: "OKP"}, nil), "BadParameter", ""},
		{"create: RSA of 1024", create("new", vault.RSA(1024), nil), "BadParameter", ""},
		{"create: curve P-224", create("new", vault.EC("P-224"), nil), "BadParameter", ""},
		{"create: hardware on standard", create("new", crypto.Spec{Type: crypto.KeyTypeRSAHSM}, nil), "Forbidden/HardwareKeysNotSupported", "Hardware key operation not allowed on standard vault"},
		{"create: symmetric", create("new", crypto.Oct(256), nil), "BadParameter", "Property  has invalid value"},
		{"create: unknown operation", create("new", vault.EC(vault.P256), &vault.CreateKeyOptions{Operations: []crypto.Operation{"fly"}}), "BadParameter", ""},
		{"create: 16 tags", create("new", vault.EC(vault.P256), &vault.CreateKeyOptions{Tags: tags(16, 1)}), "BadParameter", ""},
		{"create: tag of 257", create("new", vault.EC(vault.P256), &vault.CreateKeyOptions{Tags: tags(1, 257)}), "BadParameter", ""},
		{"create: deleted", create("deleted", vault.EC(vault.P256), nil), "Conflict/ObjectIsDeletedButRecoverable", "Key deleted is"},
		{"import: empty", take("new", crypto.JWK{}, nil), "BadParameter", `The property "key" must be a valid JsonWebKey object.`},
		{"import: public only", take("new", ecJWK().Public(), nil), "BadParameter", ""},
		{"import: not on its curve", take("new", offCurve, nil), "BadParameter", ""},
		{"import: unknown operation", take("new", strange, nil), "BadParameter", ""},
		{"import: hardware on standard", take("new", ecJWK(), &vault.ImportKeyOptions{HSM: true}), "Forbidden/HardwareKeysNotSupported", ""},
		{"import: deleted", take("deleted", ecJWK(), nil), "Conflict/ObjectIsDeletedButRecoverable", ""},
		{"get: absent", func(ctx context.Context, c *vault.Client) error { _, err := c.GetKey(ctx, "absent"); return err }, "KeyNotFound", "A key with (name/id) absent was not found"},
		{"get: wrong version", func(ctx context.Context, c *vault.Client) error { _, err := c.GetKey(ctx, "live/"+absent); return err }, "KeyNotFound", "live/" + absent},
		{"update: absent", func(ctx context.Context, c *vault.Client) error {
			_, err := c.UpdateKey(ctx, "absent", nil)
			return err
		}, "KeyNotFound", ""},
		{"update: unknown operation", func(ctx context.Context, c *vault.Client) error {
			_, err := c.UpdateKey(ctx, "live", &vault.UpdateKeyOptions{Operations: []crypto.Operation{"fly"}})
			return err
		}, "BadParameter", ""},
		{"rotate: absent", func(ctx context.Context, c *vault.Client) error { _, err := c.RotateKey(ctx, "absent"); return err }, "KeyNotFound", ""},
		{"rotate: deleted", func(ctx context.Context, c *vault.Client) error { _, err := c.RotateKey(ctx, "deleted"); return err }, "KeyNotFound", ""},
		{"policy get: absent", func(ctx context.Context, c *vault.Client) error {
			_, err := c.GetRotationPolicy(ctx, "absent")
			return err
		}, "KeyNotFound", ""},
		{"policy: absent", policy("absent", vault.RotationPolicy{}), "KeyNotFound", ""},
		{"policy: expiry of 27 days", policy("live", vault.RotationPolicy{ExpiryTime: "P27D"}), "BadParameter", "P28D"},
		{"policy: no period", policy("live", vault.RotationPolicy{ExpiryTime: "90 days"}), "BadParameter", "expiryTime"},
		{"policy: unknown action", policy("live", vault.RotationPolicy{Actions: []vault.LifetimeAction{{Action: "Burn", After: "P30D"}}}), "BadParameter", "Rotate or Notify"},
		{"policy: rotate twice", policy("live", vault.RotationPolicy{Actions: append(rotate("P30D", ""), rotate("P40D", "")...)}), "BadParameter", "once"},
		{"policy: no trigger", policy("live", vault.RotationPolicy{Actions: rotate("", "")}), "BadParameter", "trigger"},
		{"policy: two triggers", policy("live", vault.RotationPolicy{ExpiryTime: "P90D", Actions: rotate("P30D", "P30D")}), "BadParameter", "trigger"},
		{"policy: rotate after 6 days", policy("live", vault.RotationPolicy{Actions: rotate("P6D", "")}), "BadParameter", "P7D"},
		{"policy: before no expiry", policy("live", vault.RotationPolicy{Actions: rotate("", "P30D")}), "BadParameter", "expiryTime"},
		{"policy: before within 7 days of creation", policy("live", vault.RotationPolicy{ExpiryTime: "P30D", Actions: rotate("", "P24D")}), "BadParameter", "P7D"},
		{"restore: nothing", func(ctx context.Context, c *vault.Client) error { _, err := c.RestoreKey(ctx, nil); return err }, "Malformed backup blob", "Backup blob is corrupt."},
		{"restore: short", func(ctx context.Context, c *vault.Client) error {
			_, err := c.RestoreKey(ctx, []byte("doesnotexist"))
			return err
		}, "Malformed backup blob", "Backup blob is corrupt."},
		{"restore: zeros", func(ctx context.Context, c *vault.Client) error {
			_, err := c.RestoreKey(ctx, make([]byte, 400))
			return err
		}, "Malformed backup blob", "Backup blob contains invalid or corrupt version."},
		{"restore: tampered", func(ctx context.Context, c *vault.Client) error {
			b, err := c.BackupKey(ctx, "live")
			if err != nil {
				return err
			}
			b[len(b)/2] ^= 1
			_, err = c.RestoreKey(ctx, b)
			return err
		}, "Malformed backup blob", "Cannot decrypt backup blob."},
		{"list: page of 26", func(ctx context.Context, c *vault.Client) error {
			return first(c.ListKeyVersions(ctx, "live", &vault.ListOptions{PageSize: 26}))
		}, "BadArgument", ""},
	}
}

func usesRefused() []badInput {
	digest := make([]byte, 32)
	use := func(op crypto.Operation, ref vault.Ref, alg crypto.Algorithm, value []byte) func(context.Context, *vault.Client) error {
		return func(ctx context.Context, c *vault.Client) (err error) {
			switch op {
			case crypto.OpSign:
				_, err = c.Sign(ctx, ref, alg, value)
			case crypto.OpVerify:
				_, err = c.Verify(ctx, ref, alg, value, make([]byte, 64))
			case crypto.OpEncrypt:
				_, err = c.Encrypt(ctx, ref, alg, value, nil)
			case crypto.OpDecrypt:
				_, err = c.Decrypt(ctx, ref, alg, value, nil)
			case crypto.OpWrapKey:
				_, err = c.WrapKey(ctx, ref, alg, value)
			case crypto.OpUnwrapKey:
				_, err = c.UnwrapKey(ctx, ref, alg, value)
			}
			return err
		}
	}
	return []badInput{
		{"sign: unknown algorithm", use(crypto.OpSign, "live", "RS1", digest), "BadParameter", ""},
		{"sign: algorithm of another type", use(crypto.OpSign, "live", vault.RS256, digest), "BadParameter", ""},
		{"sign: algorithm of another curve", use(crypto.OpSign, "live", vault.ES384, make([]byte, 48)), "BadParameter", "uses curve 'P-256', and algorithm 'ES384' can only be used with curve 'P-384'"},
		{"sign: digest of 31", use(crypto.OpSign, "live", vault.ES256, digest[:31]), "BadParameter", "Invalid length of 'value': 31 bytes. ES256 requires 32 bytes"},
		{"sign: not in key_ops", use(crypto.OpSign, "verifier", vault.ES256, digest), "Forbidden/KeyOperationForbidden", "Operation sign is not permitted on this key."},
		{"sign: absent", use(crypto.OpSign, "absent", vault.ES256, digest), "KeyNotFound", ""},
		{"sign: deleted", use(crypto.OpSign, "deleted", vault.ES256, digest), "KeyNotFound", ""},
		{"sign: wrong version", use(crypto.OpSign, "live/"+absent, vault.ES256, digest), "KeyNotFound", ""},
		{"sign: disabled", use(crypto.OpSign, "disabled", vault.ES256, digest), "Forbidden/KeyDisabled", "Operation sign is not allowed on a disabled key."},
		{"sign: expired", use(crypto.OpSign, "expired", vault.ES256, digest), "Forbidden/KeyExpired", ""},
		{"sign: early", use(crypto.OpSign, "early", vault.ES256, digest), "Forbidden/KeyNotYetValid", ""},
		{"verify: algorithm of another curve", use(crypto.OpVerify, "live", vault.ES256K, digest), "BadParameter", ""},
		{"encrypt: EC", use(crypto.OpEncrypt, "live", vault.RSAOAEP, digest), "Forbidden/KeyOperationForbidden", ""},
		{"encrypt: too long", use(crypto.OpEncrypt, "rsa-live", vault.RSAOAEP256, make([]byte, 191)), "BadParameter", ""},
		{"encrypt: expired", use(crypto.OpEncrypt, "rsa-expired", vault.RSAOAEP, digest), "Forbidden/KeyExpired", ""},
		{"decrypt: rubbish", use(crypto.OpDecrypt, "rsa-live", vault.RSAOAEP, make([]byte, 256)), "BadParameter", "The parameter is incorrect.\r\n"},
		{"decrypt: short", use(crypto.OpDecrypt, "rsa-live", vault.RSAOAEP, digest), "BadParameter", "The parameter is incorrect.\r\n"},
		{"decrypt: disabled", use(crypto.OpDecrypt, "rsa-disabled", vault.RSAOAEP, make([]byte, 256)), "Forbidden/KeyDisabled", ""},
		{"wrap: early", use(crypto.OpWrapKey, "rsa-early", vault.RSAOAEP, digest), "Forbidden/KeyNotYetValid", ""},
		{"unwrap: rubbish", use(crypto.OpUnwrapKey, "rsa-live", vault.RSA1_5, make([]byte, 256)), "BadParameter", "The parameter is incorrect.\r\n"},
		{"unwrap: disabled", use(crypto.OpUnwrapKey, "rsa-disabled", vault.RSAOAEP, make([]byte, 256)), "Forbidden/KeyDisabled", ""},
	}
}

func TestRefusedInput(t *testing.T) {
	w := stocked(t)
	for kind, table := range map[string][]badInput{"secrets": secretsRefused(), "keys": keysRefused(), "uses": usesRefused()} {
		for _, c := range table {
			t.Run(kind+"/"+c.name, func(t *testing.T) {
				before := vault.Moment(w.vault)
				err := c.do(t.Context(), w.owner)
				if got := codes(err); got != c.want {
					t.Fatalf("%v\n got %q, want %q", err, got, c.want)
				}
				if !strings.Contains(errs.From(err).Message, c.text) {
					t.Errorf("the message is %q, and should have %q", err, c.text)
				}
				if vault.Moment(w.vault) != before {
					t.Error("a refused request changed the vault")
				}
			})
		}
	}
}

// ecJWK is a fresh private key as a client imports it.
func ecJWK() crypto.JWK {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	d, err := k.Bytes()
	if err != nil {
		panic(err)
	}
	public, err := k.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	return crypto.JWK{Kty: crypto.KeyTypeEC, Crv: crypto.P256, D: d, X: public[1:33], Y: public[33:]}
}
