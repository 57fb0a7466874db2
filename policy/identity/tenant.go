package identity

import (
	"crypto/rand"
	"crypto/rsa"
	"io"
	"strings"
	"sync"
	"time"
)

// ManagedHSMAudience is the resource every public-cloud Managed HSM asks tokens
// for. It has no slash at its end, and the Managed HSM compares it byte by byte.
const ManagedHSMAudience = "https://managedhsm.azure.net"

// The values that the zero [Options] stands for.
const (
	// DefaultAudience is the resource every public-cloud vault asks tokens for.
	// It has no slash at its end, and the vault compares it byte by byte.
	DefaultAudience = "https://vault.azure.net"
	// DefaultAuthority is the host that issues tokens in the public cloud.
	DefaultAuthority = "https://login.microsoftonline.com"
	// DefaultTokenLifetime is how long a token of an application or a user is
	// good. The directory picks 60 to 90 minutes; this is the least of them.
	DefaultTokenLifetime = time.Hour
	// DefaultManagedIdentityLifetime is how long a token of a managed identity
	// is good.
	DefaultManagedIdentityLifetime = 24 * time.Hour
	// DefaultKeyBits is the size of the RSA key that signs tokens.
	DefaultKeyBits = 2048
)

// MaxObjects is how many objects a tenant holds: the quota of a directory
// without a verified domain.
const MaxObjects = 50_000

// Options say how a tenant is made. The zero value, or nil, is a tenant of the
// public cloud with a random id.
type Options struct {
	// TenantID is the id in issuers and in tid claims, in lower case. Empty: a
	// random GUID.
	TenantID string
	// Region is the tenant_region_scope of the metadata. Empty: "NA".
	Region string
	// Authority is the address of the token service, without a slash at its
	// end; it stands in the metadata only. Empty: [DefaultAuthority].
	Authority string
	// Audience is what a token is for when its request names nothing, and what
	// a verifier expects when it is told nothing. Empty: [DefaultAudience].
	Audience string
	// TokenLifetime is how long every token is good from the moment it is
	// issued. Zero or less: [DefaultTokenLifetime], and for managed identities
	// [DefaultManagedIdentityLifetime].
	TokenLifetime time.Duration
	// KeyBits is the size of signing keys made by the tenant. Zero:
	// [DefaultKeyBits]. Go makes none below 1024.
	KeyBits int
	// NewKey makes a signing key, at the first token and at the first after
	// every roll, one call at a time. It must not call the tenant. Nil: a new
	// key of KeyBits bits.
	NewKey func() (*rsa.PrivateKey, error)
	// SharesKeysWith is a tenant of the same cloud. The tenants of one cloud
	// have the same signing keys, so that a token of the wrong one fails by its
	// issuer and not by its signature. Nil: keys of its own.
	SharesKeysWith *Tenant
	// Rand gives ids, client secrets and the opaque claims. Reads are
	// serialised. Nil: crypto/rand.
	Rand io.Reader
	// Now is the clock tokens are issued by. Nil: time.Now.
	Now func() time.Time
}

// Tenant is a directory and the authority that issues its tokens. Make one with
// [New].
type Tenant struct {
	id        string
	region    string
	authority string
	audience  string
	lifetime  time.Duration // 0: the default of the kind of identity
	now       func() time.Time
	chance    *chance
	ring      *keyring

	// mu is held to read or change anything below and any field of a directory
	// object that is not fixed at its making; never across cryptography.
	mu     sync.RWMutex
	byID   map[string]Object   // :: lower-case object id, client id or ARM id → object
	byName map[string][]Object // :: lower-case display name → objects, oldest first
	count  int                 // objects, each of which has one to three ids
	gone   []*object           // deleted, oldest first, at most maxGone
	fail   Code                // what every request for a token gets; 0: nothing
}

// New makes a tenant. Nil options are valid. It costs no cryptography: the first
// token makes the first signing key.
func New(o *Options) *Tenant {
	if o == nil {
		o = &Options{}
	}
	t := &Tenant{
		region:    or(o.Region, "NA"),
		authority: or(o.Authority, DefaultAuthority),
		audience:  or(o.Audience, DefaultAudience),
		lifetime:  max(o.TokenLifetime, 0),
		now:       o.now(),
		chance:    newChance(o.Rand),
		byID:      map[string]Object{},
		byName:    map[string][]Object{},
	}
	t.id = strings.ToLower(o.TenantID)
	if t.id == "" {
		t.id = t.chance.guid()
	}
	if o.SharesKeysWith != nil {
		t.ring = o.SharesKeysWith.ring
	} else {
		t.ring = &keyring{newKey: o.newKey(), chance: t.chance}
	}
	return t
}

func (o *Options) now() func() time.Time {
	if o.Now != nil {
		return o.Now
	}
	return time.Now
}

func (o *Options) newKey() func() (*rsa.PrivateKey, error) {
	if o.NewKey != nil {
		return o.NewKey
	}
	bits := o.KeyBits
	if bits == 0 {
		bits = DefaultKeyBits
	}
	return func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, bits) }
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// ID is the tenant's id in lower case, a GUID unless the options said otherwise.
func (t *Tenant) ID() string { return t.id }

// Issuer is the iss claim of the tenant's tokens.
func (t *Tenant) Issuer() string { return issuer(t.id) }

// issuer is the iss claim of version 1.0 tokens, in every cloud.
func issuer(tenantID string) string { return "https://sts.windows.net/" + tenantID + "/" }

// String names the tenant by its id and shows nothing it keeps.
func (t *Tenant) String() string { return "tenant " + t.id }

// FailWith makes every request for a token fail with c, whoever asks, until it is
// called again; 0 ends it. [ServiceUnavailable] is an outage of the token service.
// Tokens issued before stay good.
func (t *Tenant) FailWith(c Code) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fail = c
}

// RollKeys withdraws the signing key. The next token is signed with a new one,
// and every token signed with the old one is refused as [UnknownKey] from now on,
// by every verifier of this tenant and of those that share its keys. This is the
// emergency roll: a scheduled one publishes both keys for a while.
func (t *Tenant) RollKeys() { t.ring.roll() }
