package vault_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

const hidden = "correct-horse-battery-staple"

// holder is what a program might keep a value in, where no method of the value is reached by reflection.
type holder struct {
	secret vault.Value
	inner  struct{ deep *vault.Value }
	list   []vault.Value
	byName map[string]vault.Value
	any    any
	byKey  map[vault.Value]string
}

func held() holder {
	v := vault.NewValue(hidden)
	h := holder{secret: v, list: []vault.Value{v}, byName: map[string]vault.Value{"v": v}, any: v, byKey: map[vault.Value]string{v: "k"}}
	h.inner.deep = &v
	return h
}

// A value shows nothing of itself, whatever it is printed with and in.
func TestAValueNeverShowsItself(t *testing.T) {
	t.Parallel()
	v := vault.NewValue(hidden)
	s := vault.Secret{Value: v}
	h := held()
	things := map[string]any{
		"value": v, "pointer": &v, "slice": []vault.Value{v}, "array": [1]vault.Value{v}, "map": map[string]vault.Value{"v": v},
		"key of a map": map[vault.Value]int{v: 1}, "secret": s, "pointer to a secret": &s, "deleted secret": vault.Deleted[vault.Secret]{Object: s},
		"unexported": h, "pointer to unexported": &h, "any": []any{v}, "zero": vault.Value{},
	}
	for name, thing := range things {
		for _, format := range []string{
			"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%o", "%b", "%c", "%U", "%e", "%t", "%p", "%T", "%z", "%100.3s", "%-20q", "%010d",
		} {
			noneOf(t, name+" by "+format+": "+fmt.Sprintf(format, thing), hidden)
		}
		noneOf(t, name+": "+fmt.Sprint(thing)+fmt.Sprintln(thing), hidden)
		if b, err := json.Marshal(thing); err == nil {
			noneOf(t, name+" as JSON: "+string(b), hidden)
		}
		if b, err := xml.Marshal(thing); err == nil {
			noneOf(t, name+" as XML: "+string(b), hidden)
		}
		noneOf(t, name+" in logs: "+logged(thing), hidden)
		noneOf(t, name+" in an error: "+fmt.Errorf("cannot use %v: %w", thing, errors.New("no")).Error(), hidden)
		noneOf(t, name+" in a panic: "+panicked(thing), hidden)
	}
}

// logged is what the loggers of the standard library write of a thing.
func logged(thing any) string {
	var b bytes.Buffer
	log.New(&b, "", 0).Print(thing)
	for _, handler := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		logger := slog.New(handler).With("with", thing)
		logger.Info("here", "thing", thing, slog.Group("group", "thing", thing), slog.Any("any", &thing))
	}
	return b.String()
}

func panicked(thing any) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	panic(thing)
}

func TestAValueShowsThatItIsHidden(t *testing.T) {
	t.Parallel()
	v := vault.NewValue(hidden)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if text := fmt.Sprintf(format, v); text != "[redacted]" {
			t.Errorf("%s prints %s", format, text)
		}
	}
	if b := got(json.Marshal(map[string]any{"value": v}))(t); string(b) != `{"value":"[redacted]"}` {
		t.Errorf("as JSON: %s", b)
	}
	if v.String() != "[redacted]" || v.LogValue().String() != "[redacted]" {
		t.Errorf("%s, %v", v.String(), v.LogValue())
	}
}

func TestRevealAndEqual(t *testing.T) {
	t.Parallel()
	var zero vault.Value
	a, b, c := vault.NewValue("a"), vault.NewValue("a"), vault.NewValue("b")
	if a.Reveal() != "a" || zero.Reveal() != "" {
		t.Errorf("revealed %q and %q", a.Reveal(), zero.Reveal())
	}
	for _, pair := range []struct {
		v, w  vault.Value
		equal bool
	}{{a, b, true}, {a, c, false}, {a, zero, false}, {zero, vault.NewValue(""), true}, {a, vault.NewValue("aa"), false}} {
		if pair.v.Equal(pair.w) != pair.equal || pair.w.Equal(pair.v) != pair.equal {
			t.Errorf("%q equals %q: %v", pair.v.Reveal(), pair.w.Reveal(), !pair.equal)
		}
	}
}

// A caller with a token, and whatever holds one, does not show the token.
func TestACallerDoesNotShowItsToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	caller := vault.Bearer(hidden)
	client := w.vault.As(caller)
	for name, thing := range map[string]any{"caller": caller, "pointer": &caller, "client": client, "value of a client": *client} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			noneOf(t, name+" by "+format+": "+fmt.Sprintf(format, thing), hidden)
		}
		noneOf(t, name+" in logs: "+logged(thing), hidden)
	}
}

// What holds the state of a vault does not show what is in it.
func TestAServiceDoesNotShowWhatItHolds(t *testing.T) {
	t.Parallel()
	s := store.NewMemory()
	w := newWorld(t, &vault.Options{Store: s}, nil)
	got(w.owner.SetSecret(t.Context(), "name", hidden, nil))(t)
	for name, thing := range map[string]any{
		"service": w.svc, "vault": w.vault, "client": w.owner, "options": w.options, "store": s,
	} {
		for _, format := range []string{"%v", "%+v", "%#v"} {
			noneOf(t, name+" by "+format+": "+fmt.Sprintf(format, thing), hidden)
		}
	}
}

// No refusal of a request repeats the value that came with it.
func TestErrorsDoNotShowValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	ctx := context.Background()
	long := fmt.Sprintf("%s%030000d", hidden, 0)
	_, tooLong := w.owner.SetSecret(ctx, "name", long, nil)
	_, badName := w.owner.SetSecret(ctx, "bad_name", hidden, nil)
	_, badType := w.owner.SetSecret(ctx, "name", hidden, &vault.SetSecretOptions{ContentType: long})
	_, nobody := w.vault.As(vault.Caller{}).SetSecret(ctx, "name", hidden, nil)
	_, absent := w.owner.UnwrapKey(ctx, "none", vault.RSAOAEP, []byte(hidden))
	got(w.owner.CreateKey(ctx, "ec", vault.EC(vault.P256), nil))(t)
	_, wrongKey := w.owner.Sign(ctx, "ec", vault.ES256, []byte(hidden))
	_, badBlob := w.owner.RestoreSecret(ctx, []byte(hidden+hidden))
	for i, err := range []error{tooLong, badName, badType, nobody, absent, wrongKey, badBlob} {
		if err == nil {
			t.Fatalf("request %d succeeded", i)
		}
		for ; err != nil; err = errors.Unwrap(err) {
			noneOf(t, fmt.Sprintf("error %d: %v %+v %#v", i, err, err, err), hidden)
		}
	}
}

// What a client gets is its own, and what it gave stays its own: to write to either changes nothing in the vault.
func TestAnswersShareNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	ctx, c := t.Context(), w.owner
	tags, ops := map[string]string{"a": "1"}, []crypto.Operation{crypto.OpSign, crypto.OpVerify}
	imported := ecJWK()
	imported.KeyOps = []crypto.Operation{crypto.OpSign, crypto.OpVerify}
	got(c.SetSecret(ctx, "s", "value", &vault.SetSecretOptions{Tags: tags}))(t)
	got(c.CreateKey(ctx, "k", vault.EC(vault.P256), &vault.CreateKeyOptions{Operations: ops, Tags: tags}))(t)
	got(c.ImportKey(ctx, "i", imported, &vault.ImportKeyOptions{Tags: tags}))(t)
	actions := []vault.LifetimeAction{{Action: vault.Rotate, After: "P30D"}}
	got(c.SetRotationPolicy(ctx, "k", vault.RotationPolicy{Actions: actions}))(t)
	blob := got(c.BackupSecret(ctx, "s"))(t)
	everything := func() string {
		return inventory(t, c) + text(got(c.GetKey(ctx, "k"))(t)) + text(got(c.GetKey(ctx, "i"))(t)) + text(got(c.GetRotationPolicy(ctx, "k"))(t))
	}
	before := everything()

	tags["a"], ops[0], imported.KeyOps[0], actions[0].After = "2", crypto.OpExport, crypto.OpExport, "P99D"
	clear(imported.D)
	clear(imported.X)
	if after := everything(); after != before {
		t.Errorf("the giver wrote to it:\n%s\n%s", before, after)
	}

	for _, name := range []vault.Ref{"k", "i"} {
		k := got(c.GetKey(ctx, name))(t)
		k.Tags["a"], k.JWK.KeyOps[0] = "3", crypto.OpExport
		clear(k.JWK.X)
	}
	got(c.GetSecret(ctx, "s"))(t).Tags["a"] = "3"
	got(c.GetRotationPolicy(ctx, "k"))(t).Actions[0].After = "P99D"
	for item, err := range c.ListKeys(ctx, nil) {
		fine(t, err)
		item.Tags["a"] = "3"
	}
	for item, err := range c.ListSecretVersions(ctx, "s", nil) {
		fine(t, err)
		item.Tags["a"] = "3"
	}
	got(c.UpdateSecret(ctx, "s", nil))(t).Tags["a"] = "3"
	got(c.UpdateKey(ctx, "k", nil))(t).JWK.KeyOps[0] = crypto.OpExport
	if after := everything(); after != before {
		t.Errorf("an asker wrote to it:\n%s\n%s", before, after)
	}

	signature := got(c.Sign(ctx, "i", vault.ES256, make([]byte, 32)))(t)
	if ok, err := c.Verify(ctx, "i", vault.ES256, make([]byte, 32), signature.Value); !ok {
		t.Errorf("the imported key signs what it does not verify: %v", err)
	}
	got(c.DeleteSecret(ctx, "s"))(t)
	fine(t, c.PurgeDeletedSecret(ctx, "s"))
	got(c.RestoreSecret(ctx, blob))(t).Tags["a"] = "3"
	clear(blob)
	if s := got(c.GetSecret(ctx, "s"))(t); s.Value.Reveal() != "value" || s.Tags["a"] != "1" {
		t.Errorf("restored %q with %v", s.Value.Reveal(), s.Tags)
	}
}
