package identity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/json"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/embedvault/embedvault/policy"
)

// The bounds of an [AttestationFetcher].
const (
	// MaxFetchedAuthorities is of how many authorities it remembers the keys.
	MaxFetchedAuthorities = 64
	// MaxFetchedDocument is how long a document of an authority is at most, in bytes.
	MaxFetchedDocument = 256 << 10
	// MaxFetchedKeys is how many keys of an authority are looked at.
	MaxFetchedKeys = 100
	// DefaultFetchedLifetime is how long it remembers keys.
	DefaultFetchedLifetime = 5 * time.Minute
)

// AttestationFetcherOptions say how authorities are asked for their keys. The zero value, or nil, asks directly.
type AttestationFetcherOptions struct {
	// Client sends the requests; its redirects are not followed. Nil: a client that waits ten seconds at most.
	Client *http.Client
	// Lifetime is how long keys are remembered. Zero or less: [DefaultFetchedLifetime].
	Lifetime time.Duration
	// Now is the clock that keys are forgotten by. Nil: time.Now.
	Now func() time.Time
}

// AttestationFetcher asks authorities for their keys over the network: it reads an authority's OpenID configuration, and
// the key set that it names. Both are read over TLS only and from the authority's own host. A key is one of RSA with
// 2048 to 8192 bits or one on P-256, and has a kid; others are passed over.
//
// Where it goes is written in release policies: whoever may write these chooses hosts that the program speaks to. A
// program that minds gives it a client that does not reach everything.
//
// It may be used by several goroutines at once, and starts none.
type AttestationFetcher struct {
	client   *http.Client
	lifetime time.Duration
	now      func() time.Time
	known    *lru.Cache[string, fetched] // :: authority → its keys
}

// fetched are keys that are good for a while. It is immutable.
type fetched struct {
	keys  []AttestationKey
	until time.Time
}

// NewAttestationFetcher makes a fetcher. Nil options are valid.
func NewAttestationFetcher(o *AttestationFetcherOptions) *AttestationFetcher {
	if o == nil {
		o = &AttestationFetcherOptions{}
	}
	client := http.Client{Timeout: 10 * time.Second}
	if o.Client != nil {
		client = *o.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	f := &AttestationFetcher{client: &client, lifetime: o.Lifetime, now: (&Options{Now: o.Now}).now()}
	if f.lifetime <= 0 {
		f.lifetime = DefaultFetchedLifetime
	}
	f.known, _ = lru.New[string, fetched](MaxFetchedAuthorities) // the only error is that of a size below one
	return f
}

var _ AttestationAuthorities = (*AttestationFetcher)(nil)

// AttestationKeys gives the keys of an authority, from memory if they were fetched lately. It fails with the context's
// error or with [ErrAttestationUnreachable], and remembers no failure.
func (f *AttestationFetcher) AttestationKeys(ctx context.Context, authority string) ([]AttestationKey, error) {
	authority = strings.TrimRight(authority, "/")
	if e, ok := f.known.Get(authority); ok && f.now().Before(e.until) {
		return slices.Clone(e.keys), nil
	}
	keys, err := f.fetch(ctx, authority)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAttestationUnreachable, err)
	}
	f.known.Add(authority, fetched{slices.Clone(keys), f.now().Add(f.lifetime)})
	return keys, nil
}

func (f *AttestationFetcher) fetch(ctx context.Context, authority string) ([]AttestationKey, error) {
	if !policy.SameAuthority(authority, authority) {
		return nil, errors.New("the address does not begin with https://")
	}
	var metadata struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := f.get(ctx, authority+"/.well-known/openid-configuration", &metadata); err != nil {
		return nil, err
	}
	if metadata.Issuer != "" && !policy.SameAuthority(metadata.Issuer, authority) {
		return nil, errors.New("its metadata is of another issuer")
	}
	if !sameHost(metadata.JWKSURI, authority) {
		return nil, errors.New("its metadata has no jwks_uri on its host")
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := f.get(ctx, metadata.JWKSURI, &set); err != nil {
		return nil, err
	}
	keys := signingKeys(set.Keys)
	if len(keys) == 0 {
		return nil, errors.New("it has no key that can be used")
	}
	return keys, nil
}

// sameHost tells whether both addresses begin with https:// and the same host and port.
func sameHost(a, b string) bool {
	x, err := url.Parse(a)
	if err != nil || x.Scheme != "https" || x.User != nil {
		return false
	}
	y, err := url.Parse(b)
	return err == nil && y.Scheme == "https" && policy.SameAuthority("https://"+x.Host, "https://"+y.Host)
}

// get reads a JSON document into a struct.
func (f *AttestationFetcher) get(ctx context.Context, address string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	response, err := f.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers with status %d", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxFetchedDocument+1))
	switch {
	case err != nil:
		return err
	case len(body) > MaxFetchedDocument:
		return fmt.Errorf("it answers with more than %d bytes", MaxFetchedDocument)
	case strict(bytes.TrimSpace(body), into) != nil:
		return errors.New("it answers with something else than a JSON object")
	}
	return nil
}

// signingKeys are the keys of a key set that can verify.
func signingKeys(set []json.RawMessage) []AttestationKey {
	var keys []AttestationKey
	for _, raw := range set[:min(len(set), MaxFetchedKeys)] {
		var j foreignJWK
		if strict(raw, &j) != nil || j.ID == "" || j.Use != "" && j.Use != "sig" {
			continue
		}
		if key := j.public(raw); key != nil {
			keys = append(keys, AttestationKey{j.ID, key})
		}
	}
	return keys
}
