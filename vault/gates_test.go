package vault_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
)

// attempt is one request of an application, and the world in which it is made. Left alone, it succeeds.
type attempt struct {
	*world
	app     *identity.Application
	caller  *vault.Caller // nil: the application with its token
	rights  policy.AccessPolicy
	network policy.NetworkRules
	full    bool   // nothing fits any more
	wait    func() // what happens between the preparations and the request

	name    string
	absent  bool                   // nothing has the name
	deleted bool                   // a soft-deleted secret has it
	key     vault.CreateKeyOptions // of the key that a signature is asked of
	alg     crypto.Algorithm       // of the signature
	digest  []byte                 // to be signed
	secret  vault.SetSecretOptions // of the secret that is set
	wire    vault.Exchange         // what a protocol brings besides
	body    string                 // of the request, in place of one that says all this
	request func(vault.Caller) error
}

// fault is one thing that is wrong with an attempt: the codes of its refusal, and what the text of it says.
type fault struct {
	name, codes, says string
	excludes          string // faults of one word cannot go together
	spoil             func(failer, *attempt)
}

// status of the refusal, by its code alone: a key's state is a 403 like a missing right.
func (f fault) status() int { return errs.StatusOf(errs.Code(strings.Split(f.codes, "/")[0])) }

// free tells whether the refusal costs nothing: only who was let in pays.
func (f fault) free() bool {
	return strings.HasPrefix(f.excludes, "gate") || f.excludes == "caller"
}

// The faults that every request can have, in the order of the gates.
var gates = []fault{
	{"nobody", "Unauthorized", "AKV10000: Request is missing", "caller", func(_ failer, a *attempt) {
		a.caller = new(vault.Caller{})
	}},
	{"nil principal", "Unauthorized", "AKV10000: Request is missing", "caller", func(_ failer, a *attempt) {
		a.caller = new(vault.PrincipalOf(nil))
	}},
	{"empty token", "Unauthorized", "AKV10000: Request is missing", "caller", func(_ failer, a *attempt) {
		a.caller = new(vault.Bearer(""))
	}},
	{"no token at all", "Unauthorized", "S2S17001", "caller", func(_ failer, a *attempt) {
		a.caller = new(vault.Bearer("let me in"))
	}},
	{"unsigned token", "Unauthorized", "S2S17001", "caller", func(tb failer, a *attempt) {
		_, rest, _ := strings.Cut(a.token(tb, audience), ".")
		a.caller = new(vault.Bearer(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + rest))
	}},
	{"token of a key that was rolled", "Unauthorized", "AKV10046: Unable to resolve the key", "caller", func(tb failer, a *attempt) {
		a.caller = new(vault.Bearer(a.token(tb, audience)))
		a.wait = a.tenant.RollKeys
	}},
	{"token with another's signature", "Unauthorized", "S2S17001", "caller", func(tb failer, a *attempt) {
		mine, other := a.token(tb, audience), a.token(tb, "https://graph.example")
		a.caller = new(vault.Bearer(mine[:strings.LastIndexByte(mine, '.')] + other[strings.LastIndexByte(other, '.'):]))
	}},
	{"expired token", "Unauthorized", "[TokenExpired]", "caller", func(tb failer, a *attempt) {
		a.caller = new(vault.Bearer(a.token(tb, audience)))
		a.wait = func() { a.clock.Advance(2 * time.Hour) }
	}},
	{"token of the future", "Unauthorized", "IDX10222", "caller", func(tb failer, a *attempt) {
		a.caller = new(vault.Bearer(a.token(tb, audience)))
		a.wait = func() { a.clock.Advance(-11 * time.Minute) }
	}},
	{"token for others", "Unauthorized", "AKV10022: Invalid audience", "caller", func(tb failer, a *attempt) {
		a.caller = new(vault.Bearer(a.token(tb, audience+"/")))
	}},
	{"token of another tenant", "Unauthorized", "AKV10032: Invalid issuer", "caller", func(tb failer, a *attempt) {
		a.caller = new(vault.Bearer(a.foreignToken(tb)))
	}},
	{"wrong address", "Forbidden/ForbiddenByFirewall", "Client address is not authorized", "gate network", func(_ failer, a *attempt) {
		a.network = policy.NetworkRules{DefaultAction: policy.Deny, IPRules: []string{"198.51.100.0/24"}}
	}},
	{"no right", "Forbidden/ForbiddenByPolicy", "permission on key vault", "gate right", func(_ failer, a *attempt) {
		a.rights.Keys, a.rights.Secrets = []string{"list"}, []string{"list"}
	}},
	{"no room", "Throttled", "VaultRequestTypeLimitReached", "gate limit", func(_ failer, a *attempt) { a.full = true }},
}

// The faults that only a request over a protocol can have, after the gates: what it brings cannot be understood.
var garbled = []fault{
	{"unknown api-version", "BadParameter", "(1999-12-31) is not recognized", "query", func(_ failer, a *attempt) {
		a.wire.Query = "api-version=1999-12-31"
	}},
	{"no answer is accepted", "NotAcceptable", "'text/html' is not supported", "accept", func(_ failer, a *attempt) {
		a.wire.Accept = "text/html"
	}},
	{"body of another type", "UnsupportedMediaType", "'text/plain' is not supported", "body", func(_ failer, a *attempt) {
		a.wire.ContentType = "text/plain"
	}},
	{"body too large", "RequestTooLarge", "maximum permitted length", "body", func(_ failer, a *attempt) {
		a.body = strings.Repeat(" ", 1<<20)
	}},
	{"malformed body", "BadParameter", "Property  has invalid value", "body", func(_ failer, a *attempt) { a.body = `{"alg":` }},
	{"value not encoded", "BadParameter", "Content of 'value' is not base64url", "body", func(_ failer, a *attempt) {
		a.body = `{"alg":"ES256","value":"?"}`
	}},
}

// The fault of a request that names an object, after these.
var misnamed = fault{"malformed name", "BadParameter", "contains an invalid name", "object", func(_ failer, a *attempt) {
	a.name, a.absent = "under_score", true
}}

// The faults that only a signature can have, after all others.
var signing = []fault{
	{"no such algorithm", "BadParameter", "Property  has invalid value", "algorithm", func(_ failer, a *attempt) {
		a.alg = "ROT13"
	}},
	{"absent key", "KeyNotFound", "was not found in this key vault", "object", func(_ failer, a *attempt) { a.absent = true }},
	{"disabled key", "Forbidden/KeyDisabled", "on a disabled key", "state", func(_ failer, a *attempt) {
		a.key.Validity.Disabled = true
	}},
	{"key of the future", "Forbidden/KeyNotYetValid", "not yet valid", "state", func(_ failer, a *attempt) {
		a.key.Validity.NotBefore = start.AddDate(1, 0, 0)
	}},
	{"expired key", "Forbidden/KeyExpired", "on an expired key", "state", func(_ failer, a *attempt) {
		a.key.Validity.Expires = start.Add(-time.Hour)
	}},
	{"key for other ends", "Forbidden/KeyOperationForbidden", "is not permitted on this key", "state", func(_ failer, a *attempt) {
		a.key.Operations = []crypto.Operation{crypto.OpVerify}
	}},
	{"algorithm of another type", "BadParameter", "RS256", "algorithm", func(_ failer, a *attempt) { a.alg = vault.RS256 }},
	{"algorithm of another curve", "BadParameter", "P-384", "algorithm", func(_ failer, a *attempt) { a.alg = vault.ES384 }},
	{"digest of another length", "BadParameter", "Invalid length", "digest", func(_ failer, a *attempt) { a.digest = []byte("short") }},
}

// The faults that only setting a secret can have, after all others.
var setting = []fault{
	{"value too long", "BadParameter", "maximum permitted length of 25600", "value", func(_ failer, a *attempt) {
		a.body = strings.Repeat("v", 25601)
	}},
	{"sixteen tags", "BadParameter", "Property  has invalid value", "tags", func(_ failer, a *attempt) {
		a.secret.Tags = map[string]string{}
		for i := range 16 {
			a.secret.Tags[fmt.Sprint(i)] = ""
		}
	}},
	{"name of a deleted secret", "Conflict/ObjectIsDeletedButRecoverable", "deleted but recoverable", "object", func(_ failer, a *attempt) {
		a.deleted = true
	}},
}

// token is a token of the application for an audience.
func (a *attempt) token(tb failer, audience string) string {
	tb.Helper()
	return got(a.tenant.Token(tb.Context(), a.app, audience))(tb)
}

// foreignToken is a token of an application with the same ids in another tenant of the same cloud.
func (a *attempt) foreignToken(tb failer) string {
	tb.Helper()
	other := identity.New(&identity.Options{
		TenantID: "0a4b1c2d-0000-4000-8000-0000000000ff", SharesKeysWith: a.tenant, Now: a.clock.Now,
	})
	app := got(other.NewApplication("shop", &identity.ObjectOptions{ObjectID: appObject, ClientID: appClient}))(tb)
	return got(other.Token(tb.Context(), app, audience))(tb)
}

func newAttempt(tb failer) *attempt {
	tb.Helper()
	small := limiter.Documented2019()
	small.Max[limiter.KeyUse], small.Max[limiter.SecretUse] = 4, 4
	w := newWorld(tb, &vault.Options{Limits: &small}, nil)
	a := &attempt{world: w, app: w.app(tb), wait: func() {}, name: "thing", alg: vault.ES256, digest: make([]byte, 32)}
	a.rights = policy.AccessPolicy{ObjectID: appObject, Keys: []string{"sign"}, Secrets: []string{"set"}}
	return a
}

// forSigning, forSigningOverAProtocol and forSetting choose the request.
func forSigning(tb failer, a *attempt) {
	a.request = func(caller vault.Caller) error {
		_, err := a.vault.As(caller).Sign(tb.Context(), vault.Ref(a.name), a.alg, a.digest)
		return err
	}
}

func forSigningOverAProtocol(tb failer, a *attempt) {
	a.wire = vault.Exchange{Host: "contoso.vault.azure.net", Query: "api-version=7.4", Length: -1}
	a.request = func(caller vault.Caller) error {
		body := cmp.Or(a.body, fmt.Sprintf(`{"alg":%q,"value":%q}`, a.alg, base64.RawURLEncoding.EncodeToString(a.digest)))
		a.wire.Caller, a.wire.Name, a.wire.Body = caller, a.name, strings.NewReader(body)
		answer, err := endpoint(vault.OpKeySign).Serve(tb.Context(), a.vault, &a.wire, nil)
		if err != nil && answer != nil {
			tb.Errorf("answered %s beside %v", answer, err)
		}
		return err
	}
}

func forSetting(tb failer, a *attempt) {
	a.absent = true // of keys: none is needed
	a.request = func(caller vault.Caller) error {
		_, err := a.vault.As(caller).SetSecret(tb.Context(), a.name, cmp.Or(a.body, "value"), &a.secret)
		return err
	}
}

// endpoint finds an operation.
func endpoint(o vault.Operation) vault.Endpoint {
	all := vault.Endpoints()
	return all[slices.IndexFunc(all, func(e vault.Endpoint) bool { return e.Operation() == o })]
}

// make prepares the world and makes the request. It returns what the request was charged, too.
func (a *attempt) make(tb failer) (charged int, err error) {
	tb.Helper()
	if !a.absent {
		got(a.owner.CreateKey(tb.Context(), a.name, vault.EC(vault.P256), &a.key))(tb)
	}
	if a.deleted {
		got(a.owner.SetSecret(tb.Context(), a.name, "value", nil))(tb)
		got(a.owner.DeleteSecret(tb.Context(), a.name))(tb)
	}
	fine(tb, a.vault.SetAccessPolicies(tb.Context(), a.rights))
	fine(tb, a.vault.SetNetwork(tb.Context(), a.network))
	a.wait()
	for a.full {
		_, key := a.owner.GetKey(tb.Context(), "nothing")
		_, secret := a.owner.GetSecret(tb.Context(), "nothing")
		if errs.StatusOf(key) == 429 && errs.StatusOf(secret) == 429 {
			break
		}
	}
	if a.caller == nil {
		a.caller = new(vault.Bearer(a.token(tb, audience)))
	}
	a.trail.take()
	before := a.used()
	err = a.request(a.caller.From(netip.MustParseAddr("203.0.113.7")))
	return a.used() - before, err
}

// used is what is used of the limits on keys and secrets.
func (a *attempt) used() int {
	usage := a.vault.Usage()
	return usage[limiter.KeyUse].Used + usage[limiter.SecretUse].Used
}

// check fails the test unless an error is the refusal of the fault, and the audit heard of it, once and the same.
func (f fault) check(tb failer, a *attempt, err error) {
	tb.Helper()
	if codes(err) != f.codes || !strings.Contains(err.Error(), f.says) {
		tb.Errorf("got %v\nwant %s: … %s …", err, f.codes, f.says)
		return
	}
	events := a.trail.take()
	if len(events) != 1 || events[0].Err != err || events[0].Status != f.status() {
		tb.Errorf("the audit was told of %+v, want one event with status %d", events, f.status())
	}
}

// together tells whether one request can have both faults: it has one caller, and what is absent has no state.
func together(f, g fault) bool {
	absent := func(h fault) bool { return h.excludes == "object" }
	state := func(h fault) bool { return h.excludes == "state" }
	switch {
	case absent(f) && state(g), state(f) && absent(g):
		return false
	case state(f) && state(g), f.name == g.name:
		return true
	}
	return f.excludes != g.excludes
}

// requests are three requests, each with the faults it can have, in order.
var requests = map[string]struct {
	faults []fault
	choose func(failer, *attempt)
}{
	"sign":                 {slices.Concat(gates, []fault{misnamed}, signing), forSigning},
	"sign over a protocol": {slices.Concat(gates, garbled, []fault{misnamed}, signing), forSigningOverAProtocol},
	"set secret":           {slices.Concat(gates, []fault{misnamed}, setting), forSetting},
}

// Of two faults the answer is the one further up the table. A request that is let in is charged, whatever becomes of it.
func TestOrderOfErrors(t *testing.T) {
	t.Parallel()
	for operation, of := range requests {
		for i, first := range of.faults {
			t.Run(operation+"/"+first.name, func(t *testing.T) {
				for _, second := range of.faults[i:] {
					if !together(first, second) {
						continue
					}
					a := newAttempt(t)
					of.choose(t, a)
					second.spoil(t, a)
					first.spoil(t, a)
					charged, err := a.make(t)
					first.check(t, a, err)
					want := 1
					if first.free() {
						want = 0
					}
					if charged != want {
						t.Errorf("with %s: charged %d units, want %d", second.name, charged, want)
					}
				}
			})
		}
	}
}

func TestTheAttemptSucceedsIfNothingIsWrong(t *testing.T) {
	t.Parallel()
	for operation, of := range requests {
		a := newAttempt(t)
		of.choose(t, a)
		if charged, err := a.make(t); err != nil || charged != 1 {
			t.Errorf("%s: charged %d units, %v", operation, charged, err)
		}
	}
}

// The body of a request is not read before its sender is let in and pays, unless the body says what is to be paid.
func TestABodyIsReadOnlyOfWhoIsLetIn(t *testing.T) {
	t.Parallel()
	for operation, pricesItself := range map[vault.Operation]bool{
		vault.OpKeySign: false, vault.OpSecretSet: false, vault.OpSecretRestore: false, vault.OpKeyCreate: true,
	} {
		for _, f := range gates {
			a := newAttempt(t)
			forSigningOverAProtocol(t, a)
			a.rights.Keys, a.rights.Secrets = []string{"sign", "create"}, []string{"set", "restore"}
			f.spoil(t, a)
			body := &countingReader{}
			a.request = func(caller vault.Caller) error {
				a.wire.Caller, a.wire.Name, a.wire.Body = caller, a.name, body
				_, err := endpoint(operation).Serve(t.Context(), a.vault, &a.wire, nil)
				return err
			}
			_, err := a.make(t)
			if want := f.codes == "Throttled" && pricesItself; (body.reads != 0) != want {
				t.Errorf("%s, %s: the body was read %d times before %v", operation, f.name, body.reads, err)
			}
		}
	}
}

// countingReader is an empty body that counts how often it is read.
type countingReader struct{ reads int }

func (r *countingReader) Read([]byte) (int, error) {
	r.reads++
	return 0, io.EOF
}

// A refusal must not tell whether an object exists.
func TestARefusalIsTheSameForWhatIsAbsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, &vault.VaultOptions{AccessPolicies: []policy.AccessPolicy{{ObjectID: "app"}}})
	got(w.owner.CreateKey(t.Context(), "key", vault.EC(vault.P256), nil))(t)
	got(w.owner.SetSecret(t.Context(), "secret", "value", nil))(t)
	got(w.owner.SetSecret(t.Context(), "deleted", "value", nil))(t)
	got(w.owner.DeleteSecret(t.Context(), "deleted"))(t)
	app := w.vault.As(vault.Principal("app"))
	for name, both := range map[string][2]func() error{
		"get key": {
			func() error { _, err := app.GetKey(t.Context(), "key"); return err },
			func() error { _, err := app.GetKey(t.Context(), "none"); return err },
		},
		"sign": {
			func() error { _, err := app.Sign(t.Context(), "key", vault.ES256, make([]byte, 32)); return err },
			func() error { _, err := app.Sign(t.Context(), "none", vault.ES256, make([]byte, 32)); return err },
		},
		"get secret": {
			func() error { _, err := app.GetSecret(t.Context(), "secret"); return err },
			func() error { _, err := app.GetSecret(t.Context(), "none/0123"); return err },
		},
		"set secret": {
			func() error { _, err := app.SetSecret(t.Context(), "deleted", "", nil); return err },
			func() error { _, err := app.SetSecret(t.Context(), "none", "", nil); return err },
		},
		"purge": {
			func() error { return app.PurgeDeletedSecret(t.Context(), "deleted") },
			func() error { return app.PurgeDeletedSecret(t.Context(), "none") },
		},
	} {
		present, absent := body(both[0]()), body(both[1]())
		if present != absent || !strings.Contains(present, "ForbiddenByPolicy") {
			t.Errorf("%s:\npresent %s\nabsent  %s", name, present, absent)
		}
	}
}

// body is what a door would send of an error.
func body(err error) string {
	if err == nil {
		return ""
	}
	return string(errs.From(err).AppendBody(nil))
}

// The longer an RSA key, the more of its class a use costs, whether it succeeds or not.
func TestAUseIsChargedByTheSizeOfTheKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	vault.WithDriver(w.svc, hollowDriver{})
	ctx, digest := t.Context(), make([]byte, 32)
	for name, spec := range map[string]crypto.Spec{
		"ec": vault.EC(vault.P521), "rsa2048": vault.RSA(2048), "rsa3072": vault.RSA(3072), "rsa4096": vault.RSA(4096),
	} {
		got(w.owner.CreateKey(ctx, name, spec, nil))(t)
	}
	if used := w.vault.Usage()[limiter.KeyCreate]; used != (limiter.Gauge{Used: 4, Limit: 10}) {
		t.Errorf("four keys of any size cost %+v", used)
	}
	for _, c := range []struct {
		what    string
		request func() error
		units   int
		status  int
	}{
		{"EC signs", use(w.owner, "ec", vault.ES512, make([]byte, 64)), 1, 200},
		{"RSA-2048 signs", use(w.owner, "rsa2048", vault.RS256, digest), 1, 200},
		{"RSA-3072 signs", use(w.owner, "rsa3072", vault.RS256, digest), 4, 200},
		{"RSA-4096 signs", use(w.owner, "rsa4096", vault.RS256, digest), 8, 200},
		{"RSA-4096 signs, malformed", use(w.owner, "rsa4096", "ROT13", digest), 8, 400},
		{"RSA-4096 signs a digest too short", use(w.owner, "rsa4096", vault.RS256, digest[1:]), 8, 400},
		{"RSA-4096 is read", func() error { _, err := w.owner.GetKey(ctx, "RSA4096"); return err }, 8, 200},
		{"another version of it is read", func() error { _, err := w.owner.GetKey(ctx, "rsa4096/0"); return err }, 1, 404},
		{"nothing signs", use(w.owner, "none", vault.RS256, digest), 1, 404},
		{"a malformed name signs", use(w.owner, "a_b", vault.RS256, digest), 1, 400},
		{"nobody signs", use(w.vault.As(vault.Caller{}), "rsa4096", vault.RS256, digest), 0, 401},
		{"who may not signs", use(w.vault.As(vault.Principal("x")), "rsa4096", vault.RS256, digest), 0, 403},
	} {
		before := w.vault.Usage()
		if status := errs.StatusOf(c.request()); status != c.status {
			t.Errorf("%s: %d, want %d", c.what, status, c.status)
		}
		after := w.vault.Usage()
		before[limiter.KeyUse].Used += c.units
		before[limiter.KeyImport].Used += c.units // counted together
		if before != after {
			t.Errorf("%s: usage went to %v, want %v", c.what, after, before)
		}
	}
}

// The same with a key that is real: made elsewhere, from primes that protect nothing.
func TestASignatureOfARealLongKeyCostsEightUnits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	got(w.owner.ImportKey(t.Context(), "long", longKey(t), nil))(t)
	before := w.vault.Usage()[limiter.KeyUse].Used
	digest := sha256.Sum256([]byte("a document"))
	signature := got(w.owner.Sign(t.Context(), "long", vault.PS256, digest[:]))(t)
	if used := w.vault.Usage()[limiter.KeyUse].Used - before; used != 8 {
		t.Errorf("a signature cost %d units", used)
	}
	if ok, err := w.owner.Verify(t.Context(), "long", vault.PS256, digest[:], signature.Value); !ok || len(signature.Value) != 512 {
		t.Errorf("a signature of %d bytes: %v, %v", len(signature.Value), ok, err)
	}
	if used := w.vault.Usage()[limiter.KeyUse].Used - before; used != 16 {
		t.Errorf("signature and verification cost %d units", used)
	}
}

// longKey is an RSA key of 4096 bits, read from its primes: to find such primes takes seconds.
func longKey(t *testing.T) crypto.JWK {
	t.Helper()
	lines := strings.Fields(string(got(os.ReadFile("testdata/rsa4096.primes"))(t)))
	p, _ := new(big.Int).SetString(lines[0], 16)
	q, _ := new(big.Int).SetString(lines[1], 16)
	one, e := big.NewInt(1), big.NewInt(65537)
	p1, q1 := new(big.Int).Sub(p, one), new(big.Int).Sub(q, one)
	d := new(big.Int).ModInverse(e, new(big.Int).Mul(p1, q1))
	return crypto.JWK{
		Kty: crypto.KeyTypeRSA, N: new(big.Int).Mul(p, q).Bytes(), E: e.Bytes(), D: d.Bytes(), P: p.Bytes(), Q: q.Bytes(),
		DP: new(big.Int).Mod(d, p1).Bytes(), DQ: new(big.Int).Mod(d, q1).Bytes(), QI: new(big.Int).ModInverse(q, p).Bytes(),
	}
}

func use(c *vault.Client, key vault.Ref, alg crypto.Algorithm, digest []byte) func() error {
	return func() error { _, err := c.Sign(context.Background(), key, alg, digest); return err }
}

// A request for more units than are left is refused and charged nothing, while a smaller one still fits.
func TestWhatDoesNotFitLeavesTheRest(t *testing.T) {
	t.Parallel()
	limits := limiter.Documented2019()
	limits.Max[limiter.KeyUse] = 10
	w := newWorld(t, &vault.Options{Limits: &limits}, nil)
	vault.WithDriver(w.svc, hollowDriver{})
	got(w.owner.CreateKey(t.Context(), "large", vault.RSA(4096), nil))(t)
	got(w.owner.CreateKey(t.Context(), "small", vault.RSA(2048), nil))(t)
	large, small := use(w.owner, "large", vault.RS256, make([]byte, 32)), use(w.owner, "small", vault.RS256, make([]byte, 32))
	for i, c := range []struct {
		request      func() error
		status, used int
	}{{large, 200, 8}, {large, 429, 8}, {small, 200, 9}, {small, 200, 10}, {small, 429, 10}} {
		status := errs.StatusOf(c.request())
		if used := w.vault.Usage()[limiter.KeyUse].Used; status != c.status || used != c.used {
			t.Errorf("request %d: %d with %d units used, want %d with %d", i, status, used, c.status, c.used)
		}
	}
}
