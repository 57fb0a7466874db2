package errs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/errs"
	"pgregory.net/rapid"
)

func TestIs(t *testing.T) {
	hsm := func(e *errs.Error) *errs.Error { return errs.ForManagedHSM(e, "h.managedhsm.azure.net", activity) }
	for _, tt := range []struct {
		name    string
		err     error
		matches []errs.Code
		not     []errs.Code
	}{
		{"code and inner code", errs.NewKeyDisabled("sign"),
			[]errs.Code{errs.Forbidden, errs.KeyDisabled}, []errs.Code{errs.KeyExpired, errs.Unauthorized, ""}},
		{"wrapped", fmt.Errorf("sign: %w", errs.NewThrottled(0)),
			[]errs.Code{errs.Throttled}, []errs.Code{errs.Forbidden}},
		{"live key", errs.Key.NotFound("k"), []errs.Code{errs.KeyNotFound}, []errs.Code{errs.SecretNotFound, errs.NotFound}},
		{"deleted key", errs.Key.DeletedNotFound("k"), []errs.Code{errs.KeyNotFound}, nil},
		{"key of a Managed HSM", hsm(errs.Key.NotFound("k")), []errs.Code{errs.KeyNotFound}, nil},
		{"storage account", errs.Storage.NotFound("s"), []errs.Code{errs.StorageAccountNotFound}, nil},
		{"backup, vault spelling", errs.NewCorruptBackup(),
			[]errs.Code{errs.MalformedBackupBlob, "Malformed backup blob"}, nil},
		{"backup, Managed HSM spelling", hsm(errs.NewForeignBackup()),
			[]errs.Code{errs.MalformedBackupBlob}, []errs.Code{"Malformed backup blob"}},
		{"internal, vault", errs.NewInternal(io.ErrShortWrite),
			[]errs.Code{errs.Internal, errs.ServerError}, []errs.Code{errs.UnknownError}},
		{"internal, Managed HSM", hsm(errs.NewInternal(nil)),
			[]errs.Code{errs.Internal, errs.UnknownError}, []errs.Code{errs.ServerError}},
		{"live object purged", errs.Secret.NotDeleted(),
			[]errs.Code{errs.MethodNotAllowed, errs.ObjectMustBeDeletedPriorToBeingPurged}, []errs.Code{errs.Conflict}},
		{"no inner code", errs.NewMissingToken(), []errs.Code{errs.Unauthorized}, []errs.Code{""}},
		{"a code alone", errs.Throttled, []errs.Code{errs.Throttled}, []errs.Code{errs.Forbidden}},
	} {
		for _, c := range tt.matches {
			if !errors.Is(tt.err, c) {
				t.Errorf("%s: does not match %q", tt.name, c)
			}
		}
		for _, c := range tt.not {
			if errors.Is(tt.err, c) {
				t.Errorf("%s: matches %q", tt.name, c)
			}
		}
	}
	if errors.Is(errs.NewMissingToken(), io.EOF) {
		t.Error("matches an error that is not a Code")
	}
}

func TestStatusOf(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int
	}{
		{nil, 200},
		{errs.NewMissingToken(), 401},
		{fmt.Errorf("a: %w", fmt.Errorf("b: %w", errs.Secret.NotFound("s"))), 404},
		{errors.Join(io.EOF, errs.NewPurgeProtected(where)), 403},
		{errs.Throttled, 429},
		{fmt.Errorf("scripted: %w", errs.KeyDisabled), 403},
		{errs.Internal, 500},
		{errs.MalformedBackupBlob, 400},
		{errs.Code("NoSuchCode"), 500},
		{errs.Code(""), 500},
		{context.Canceled, 500},
	} {
		if got := errs.StatusOf(tt.err); got != tt.want {
			t.Errorf("StatusOf(%v) = %d, want %d", tt.err, got, tt.want)
		}
	}
}

func TestFrom(t *testing.T) {
	if e := errs.From(nil); e != nil {
		t.Errorf("From(nil) = %v", e)
	}
	e := errs.NewThrottled(time.Second)
	if got := errs.From(fmt.Errorf("wrapped: %w", e)); got != e {
		t.Errorf("the *Error in the chain became %v", got)
	}
	if got := errs.From(errs.Throttled); got.Status != 429 || got.Message != e.Message {
		t.Errorf("a Code became %d %v", got.Status, got)
	}
	if got := errs.From(errs.ForbiddenByRbac); got.Code != errs.Forbidden || got.Inner != errs.ForbiddenByRbac {
		t.Errorf("an inner Code became %v", got)
	}
	if got := errs.From(io.ErrUnexpectedEOF); got.Status != 500 || !errors.Is(got, io.ErrUnexpectedEOF) || !errors.Is(got, errs.Internal) {
		t.Errorf("an unforeseen error became %d %v", got.Status, got)
	}
}

// What went wrong inside is for the embedding program only.
func TestCauseIsNeitherPrintedNorSent(t *testing.T) {
	e := errs.From(errors.New("open /var/lib/secret-file: hunter2"))
	for _, e := range []*errs.Error{e, errs.ForVault(e, activity, "SecretGet"), errs.ForManagedHSM(e, "h", activity)} {
		for _, s := range []string{e.Error(), fmt.Sprintf("%v %+v %s %q", e, e, e, e), string(e.AppendBody(nil)), e.Message} {
			if strings.Contains(s, "hunter2") || strings.Contains(s, "secret-file") {
				t.Errorf("shows its cause: %s", s)
			}
		}
		if e.Cause == nil || e.Unwrap() != e.Cause {
			t.Errorf("lost its cause: %v", e.Cause)
		}
	}
}

func TestErrorText(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{errs.NewSecretDisabled("get"), "Forbidden (SecretDisabled): Operation get is not allowed on a disabled secret."},
		{errs.NewParameterIncorrect(), "BadParameter: The parameter is incorrect."},
		{errs.Throttled, "Throttled"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestThrottledKeepsTheTimeToWaitOffTheWire(t *testing.T) {
	e := errs.NewThrottled(1234 * time.Millisecond)
	if e.RetryAfter != 1234*time.Millisecond {
		t.Errorf("RetryAfter = %v", e.RetryAfter)
	}
	if body := e.AppendBody(nil); strings.Contains(string(body), "1234") || strings.Contains(string(body), "1.2") {
		t.Errorf("the body shows it: %s", body)
	}
}

func TestForbiddenByRbacShowsWhatDecided(t *testing.T) {
	const action, resource = "Microsoft.KeyVault/vaults/keys/read", "/subscriptions/S/resourceGroups/RG"
	for _, tt := range []struct {
		assignment, deny, reason string
		want                     string
	}{
		{"", "", "", "Assignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: null \r\n"},
		{"", "", "DeniedWithNoValidRBAC", "Assignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: 'DeniedWithNoValidRBAC' \r\n"},
		{"a1", "d1", "r1", "Assignment: a1\r\nDenyAssignmentId: 'd1'\r\nDecisionReason: 'r1' \r\n"},
	} {
		e := errs.NewForbiddenByRbac(who, where, action, resource, tt.assignment, tt.deny, tt.reason)
		if !strings.Contains(e.Message, tt.want) || !strings.Contains(e.Message, "Resource: '/subscriptions/s/resourcegroups/rg'\r\n") {
			t.Errorf("got %q, want %q in it", e.Message, tt.want)
		}
	}
}

func TestForVault(t *testing.T) {
	internal := errs.NewInternal(io.EOF)
	before := internal.Message
	said := errs.ForVault(internal, activity, "KeyCreate")
	if want := "ActivityId: " + activity + ", ActivityName: KeyCreate"; said.Message != want {
		t.Errorf("got %q, want %q", said.Message, want)
	}
	if internal.Message != before {
		t.Error("changed its argument")
	}
	if e := errs.NewMissingToken(); errs.ForVault(e, activity, "KeyCreate") != e {
		t.Error("changed an error that shows no activity")
	}
	body := string(errs.ForVault(errs.NewNotActivated(), activity, "KeyCreate").AppendBody(nil))
	if strings.Index(body, `"innererror"`) < strings.Index(body, `"message"`) {
		t.Errorf("the body of a vault's error is %s", body)
	}
	if errs.ForVault(nil, activity, "KeyCreate") != nil {
		t.Error("nil became an error")
	}
}

func TestForManagedHSM(t *testing.T) {
	const host, end = "contoso.managedhsm.azure.net", " (Activity ID: " + activity + ")"
	for _, tt := range []struct {
		err    *errs.Error
		status int
		code   errs.Code
		want   string
	}{
		{errs.Key.NotFound("k/0123"), 404, errs.KeyNotFound, "Key not found: https://contoso.managedhsm.azure.net/keys/k" + end},
		{errs.Key.DeletedNotFound("k"), 404, errs.KeyNotFound, "Key not found: https://contoso.managedhsm.azure.net/deletedkeys/k" + end},
		{errs.NewInvalidName("{activity}"), 400, errs.BadParameter, "Invalid key identifier or name" + end},
		{errs.NewTokenExpired(), 401, errs.Unauthorized, "Unable to verify access token" + end},
		{errs.NewTokenNotYetValid(), 401, errs.Unauthorized, "Token not yet valid" + end},
		{errs.NewCorruptBackup(), 400, errs.MalformedBackupBlob, "Backup blob belongs to a different crypto domain and cannot be used with this instance." + end},
		{errs.NewInternal(nil), 500, errs.UnknownError, "Unknown error" + end},
		{errs.NewParameterIncorrect(), 400, errs.BadParameter, "The parameter is incorrect." + end},
		{&errs.Error{Status: 418, Code: "Teapot", Message: "Short and stout."}, 418, "Teapot", "Short and stout." + end},
	} {
		before := *tt.err
		said := errs.ForManagedHSM(tt.err, host, activity)
		if said.Status != tt.status || said.Code != tt.code || said.Message != tt.want {
			t.Errorf("got %d %v, want %d %s: %s", said.Status, said, tt.status, tt.code, tt.want)
		}
		if tt.err.Message != before.Message || tt.err.Code != before.Code {
			t.Errorf("changed its argument: %v", tt.err)
		}
	}
	if errs.ForManagedHSM(nil, host, activity) != nil {
		t.Error("nil became an error")
	}
}

func TestKindWords(t *testing.T) {
	for k, want := range map[errs.Kind]string{
		errs.Key: "Key key keys", errs.Secret: "Secret secret secrets",
		errs.Certificate: "Certificate certificate certificates", errs.Storage: "Storage storage storage",
	} {
		if got := k.String() + " " + k.Singular() + " " + k.Plural(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestGrade(t *testing.T) {
	for _, tt := range []struct {
		err  *errs.Error
		want errs.Grade
	}{
		{errs.NewMissingToken(), errs.Recorded},
		{errs.NewKeyDisabled("sign"), errs.Issue},
		{errs.NewBadArgument("v", "p"), errs.Doc},
		{errs.NewKeyExpired("sign"), errs.Inferred},
		{errs.Secret.BeingRecovered("s"), errs.Issue},
		{errs.Key.BeingRecovered("k"), errs.Inferred},
		{&errs.Error{Status: 400}, errs.Inferred},
	} {
		if got := tt.err.Grade(); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.err, got, tt.want)
		}
	}
	if got := fmt.Sprint(errs.Recorded, errs.Issue, errs.Doc, errs.Inferred, errs.Grade(9)); got != "recorded issue doc inferred Grade(9)" {
		t.Error(got)
	}
}

// Values that look like placeholders are left alone, whatever their order.
func TestFillIsOnePass(t *testing.T) {
	text := rapid.SampledFrom([]string{"", "a", "{b}", "{", "}", "\r\n", "{a}{c}", "é"})
	rapid.Check(t, func(t *rapid.T) {
		var template strings.Builder
		for _, name := range rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 6).Draw(t, "names") {
			template.WriteString(rapid.StringMatching(`[ a-z'.\r\n]{0,5}`).Draw(t, "text") + "{" + name + "}")
		}
		template.WriteString(" end")
		args, pairs := []string{}, []string{}
		for _, name := range []string{"a", "b", "c"} {
			if v := text.Draw(t, name); rapid.Bool().Draw(t, "given") {
				args, pairs = append(args, name, v), append(pairs, "{"+name+"}", v)
			}
		}
		want := strings.NewReplacer(pairs...).Replace(template.String())
		if got := errs.Fill(template.String(), args...); got != want {
			t.Fatalf("%q with %q: got %q, want %q", template.String(), args, got, want)
		}
	})
}

// What a script says by a code alone is told as the product would say it of the object.
func TestACodeAboutARequest(t *testing.T) {
	for _, c := range []struct {
		code    errs.Code
		kind    errs.Kind
		managed bool
		want    string
	}{
		{errs.SecretNotFound, errs.Secret, false, "A secret with (name/id) n was not found"},
		{errs.KeyNotFound, errs.Secret, false, "A key with (name/id) n was not found"},
		{errs.KeyNotFound, errs.Key, true, "Key not found: https://h/keys/n (Activity ID: a)"},
		{errs.SecretNotFound, errs.Key, true, "A secret with (name/id) n was not found"},
		{errs.Conflict, errs.Certificate, false, "Certificate n is currently in a deleted but recoverable state"},
		{errs.ObjectIsBeingDeleted, errs.Secret, false, "Secret n is currently being deleted"},
		{errs.Forbidden, errs.Key, false, "does not have {collection} {permission} permission"},
		{errs.Forbidden, errs.Key, true, "Not authorized to access {action} on {scope} (Activity ID: a)"},
		{errs.BadParameter, errs.Key, false, "The request URI contains an invalid name: n"},
		{errs.BadParameter, errs.Key, true, "Invalid key identifier or name"},
		{errs.Conflict, errs.Key, true, "Key n is currently in a deleted but recoverable state"},
		{errs.NotFound, errs.Key, true, " is not an operation of this resource. (Activity ID: a)"},
		{errs.RequestNotAllowedOnNonDeletedObject, errs.Secret, false, "Secret exists already: n"},
		{errs.ObjectMustBeDeletedPriorToBeingPurged, errs.Certificate, false, "ertificate"},
	} {
		e := c.code.About(c.kind, c.managed, "name", "n", "key", "n")
		if c.managed {
			e = errs.ForManagedHSM(e, "h", "a")
		}
		if !errors.Is(e, c.code) || !strings.Contains(e.Message, c.want) {
			t.Errorf("%s: %v", c.code, e)
		}
	}
	if e := errs.Code("Foo").About(errs.Key, false); e != nil {
		t.Errorf("a code of nobody's: %v", e)
	}
	if e := errs.Code("").About(errs.Key, false); e != nil {
		t.Errorf("no code: %v", e)
	}
	if e := errs.Conflict.About(errs.NumKinds, false); e != nil {
		t.Errorf("no kind: %v", e)
	}
}
