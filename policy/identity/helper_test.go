package identity_test

import (
	stdcrypto "crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/embedvault/embedvault/policy/identity"
)

// start is the moment every test begins at.
var start = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

const (
	tenantID = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	vault    = identity.DefaultAudience
)

// rsaKey makes a 2048-bit key once for the whole binary: one that tenants sign
// with, and one that nobody trusts.
var (
	rsaKey     = sync.OnceValue(func() *rsa.PrivateKey { return newKey(2048) })
	foreignKey = sync.OnceValue(func() *rsa.PrivateKey { return newKey(2048) })
	smallKey   = sync.OnceValue(func() *rsa.PrivateKey { return newKey(1024) })
)

func newKey(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

// clock is a time that a test turns.
type clock struct{ now atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.now.Store(start.UnixNano())
	return c
}

func (c *clock) Now() time.Time          { return time.Unix(0, c.now.Load()).UTC() }
func (c *clock) Advance(d time.Duration) { c.now.Add(int64(d)) }

// tenant makes a tenant with the shared key and a clock.
func tenant(tb testing.TB) (*identity.Tenant, *clock) {
	tb.Helper()
	c := newClock()
	return identity.New(&identity.Options{TenantID: tenantID, NewKey: pool(rsaKey), Now: c.Now}), c
}

func pool(k func() *rsa.PrivateKey) func() (*rsa.PrivateKey, error) {
	return func() (*rsa.PrivateKey, error) { return k(), nil }
}

func must[T any](tb testing.TB) func(T, error) T {
	return func(v T, err error) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func app(tb testing.TB, t *identity.Tenant, name string) *identity.Application {
	tb.Helper()
	return must[*identity.Application](tb)(t.NewApplication(name, nil))
}

func token(tb testing.TB, t *identity.Tenant, who identity.Identity) string {
	tb.Helper()
	return must[string](tb)(t.Token(tb.Context(), who, ""))
}

// object is a JSON object to be changed and signed.
type object map[string]any

func (o object) with(name string, value any) object {
	o = maps.Clone(o)
	o[name] = value
	return o
}

func (o object) without(name string) object {
	o = maps.Clone(o)
	delete(o, name)
	return o
}

// forge makes tokens that no tenant would, from the parts of one that it did.
type forge struct {
	good         string
	head, claims object
	key          *rsa.PrivateKey
}

func newForge(tb testing.TB, good string, key *rsa.PrivateKey) *forge {
	tb.Helper()
	f := &forge{good: good, key: key}
	f.head, f.claims = open(tb, good)
	return f
}

// open reads header and claims of a token with the standard library alone.
func open(tb testing.TB, token string) (head, claims object) {
	tb.Helper()
	segments := strings.Split(token, ".")
	for i, into := range []*object{&head, &claims} {
		raw := must[[]byte](tb)(base64.RawURLEncoding.DecodeString(segments[i]))
		if err := json.Unmarshal(raw, into); err != nil {
			tb.Fatal(err)
		}
	}
	return head, claims
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func jsonOf(v any) []byte {
	switch v := v.(type) {
	case string: // already JSON, or meant not to be
		return []byte(v)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return b
	}
}

// sign makes a token of a header and claims, RS256 with the forge's key whatever
// the header says.
func (f *forge) sign(head, claims any) string {
	input := encode(jsonOf(head)) + "." + encode(jsonOf(claims))
	sum := sha256.Sum256([]byte(input))
	sig, err := rsa.SignPKCS1v15(nil, f.key, stdcrypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return input + "." + encode(sig)
}

// claim is the good token with one claim changed, and signed again.
func (f *forge) claim(name string, value any) string {
	return f.sign(f.head, f.claims.with(name, value))
}

func decodeSegment(s string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(s) }

func failingKey(err error) func() (*rsa.PrivateKey, error) {
	return func() (*rsa.PrivateKey, error) { return nil, err }
}
