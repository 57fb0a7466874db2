package rest

import (
	"errors"
	"net/http"
	"net/netip"
	"time"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
)

// Options say how a handler answers. The zero Options are those of the service.
type Options struct {
	// Strict refuses the forms of requests that only old documents of the service show: PUT of a key with the body of a
	// create, POST /keys/{name}/import, /storageaccounts, and the header X-HTTP-REQUEST beside X-HTTP-METHOD.
	Strict bool
	// Suffixes are the domains under which vaults are found, besides those of the service: with "vault.localhost",
	// contoso.vault.localhost:8443 is the vault contoso.
	Suffixes []string
	// HSMSuffixes are the domains under which Managed HSMs are found, likewise, such as "managedhsm.localhost".
	HSMSuffixes []string
	// Vault is the vault that answers on hosts that are nothing else. "": such hosts do not exist.
	Vault string
	// Unaudited is told of each request over a socket of which the audit of the service does not hear: those for tokens, and
	// those for what does not exist. Requests that their clients gave up are left out. It may be called by many at once.
	// nil: nobody is told.
	Unaudited func(r *http.Request, status int)
	// RetryAfter adds a Retry-After header to every 429. The service was not seen to send one.
	RetryAfter bool
	// Place says from where a request over a socket comes, by [vault.Caller.From] or Via. nil: from its remote address.
	Place func(c vault.Caller, r *http.Request) vault.Caller
	// Identities are the managed identities of the machine. The first one that is system-assigned, or the only one, is
	// given when a request names none. Over a socket, their tokens are for requests from a loopback address, and for those
	// that came to the address 169.254.169.254. Behind a proxy on the same machine everybody comes from a loopback address:
	// a socket that others reach in this way should not have Identities.
	Identities []*identity.ManagedIdentity
	// IdentityHeader is the secret that requests to the identity endpoint of App Service show as X-IDENTITY-HEADER.
	// "": DefaultIdentityHeader through a Transport; over a socket the endpoint then refuses every request.
	IdentityHeader string
	// Resources are what tokens are issued for besides the resources of Azure and the tenant's own applications.
	Resources []string
	// ClientNow is the clock that clients live on, where it is another than the tenant's. They are then told that a
	// token is good for one second, so that they ask for a new one whatever time the tenant's clock tells; the token
	// itself follows the tenant's clock. nil: clients live on the tenant's clock.
	ClientNow func() time.Time
}

// Handler answers requests to the vaults and Managed HSMs of a service, to the authority of its tenant and to the one that
// attests environments. It is safe for concurrent use.
type Handler struct {
	svc                     *vault.Service
	options                 Options
	hosts                   hosts
	authority               *authority // nil without a tenant
	attester                attester   // zero unless the service has one of its own
	date                    dates
	addresses, hsmAddresses addresses
}

// New returns a handler. nil options are the zero Options.
func New(svc *vault.Service, o *Options) *Handler {
	h := &Handler{
		svc:          svc,
		addresses:    addresses{ipv4: "InterNetwork", ipv6: "InterNetworkV6"},
		hsmAddresses: addresses{ipv4: "Ipv4", ipv6: "Ipv6"},
	}
	if o != nil {
		h.options = *o
	}
	h.hosts = newHosts(&h.options)
	if tenant := svc.Tenant(); tenant != nil {
		h.authority = newAuthority(tenant, &h.options)
		h.hosts.authority(tenant.Authority())
	}
	if own, ok := svc.Attestation().(*identity.Attestor); ok {
		h.attester = attester{own}
		h.hosts.attester = hostIn(own.Authority())
	}
	return h
}

// ServeHTTP answers a request that came over a socket.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{reply: reply{header: w.Header()}, socket: true}
	if err := h.answer(x, r, h.place); err != nil {
		if !errors.Is(err, errNoHost) {
			w.WriteHeader(http.StatusServiceUnavailable) // given up: nobody reads it
			return
		}
		x.page(http.StatusNotFound)
	}
	w.WriteHeader(x.status)
	if r.Method != http.MethodHead {
		w.Write(x.body)
	}
	if h.options.Unaudited != nil && !x.audited {
		h.options.Unaudited(r, x.status)
	}
}

// place says who makes a request over a socket, and from where.
func (h *Handler) place(r *http.Request) vault.Caller {
	c := caller(r.Header["Authorization"])
	if h.options.Place != nil {
		return h.options.Place(c, r)
	}
	addr, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return c
	}
	return c.From(addr.Addr())
}

// exchange is one request with its answer.
type exchange struct {
	vault.Exchange
	reply
	method  string    // as it was sent
	socket  bool      // whether the request came over one
	audited bool      // whether it was for a vault, whose audit has heard of it
	space   [384]byte // for the body, if it fits
}

// errNoHost is a request for a host that does not exist.
var errNoHost = errors.New("no such host")

// answer finds out whom a request is for, and answers it. Its errors are errNoHost and that of the request's context.
func (h *Handler) answer(x *exchange, r *http.Request, place func(*http.Request) vault.Caller) error {
	if err := r.Context().Err(); err != nil {
		return err
	}
	host := hostOf(r)
	switch what, name := h.hosts.find(host, r.URL.Path); what {
	case forAuthority:
		if h.authority == nil {
			return errNoHost
		}
		return h.authority.answer(x, r)
	case forAttester:
		return h.attester.answer(x, r)
	case forVault, forManagedHSM:
		v := h.svc.Find(what.product(), name)
		if v == nil {
			return errNoHost
		}
		x.Host = host
		x.Caller = place(r)
		return h.toContainer(x, r, v)
	}
	return errNoHost
}

// toContainer answers a request to a vault or a Managed HSM.
func (h *Handler) toContainer(x *exchange, r *http.Request, v vault.Container) error {
	ctx := r.Context()
	x.audited = true
	x.describe(r)
	endpoint, err := h.route(x, r, v)
	if err == nil {
		x.status = endpoint.Status()
		x.body, err = endpoint.Serve(ctx, v, &x.Exchange, x.space[:0])
	} else {
		if form := x.Check(); form != nil && !isPage(err) {
			err = form
		}
		err = v.Refuse(ctx, &x.Exchange, err)
	}
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return err
		}
		e := errs.From(err)
		if isPage(e) {
			x.page(e.Status)
			x.pageHeaders(h)
			return nil
		}
		x.refuse(h, r, v, e)
	}
	habitOf(v).headers(x, h, v)
	return nil
}

// refuse makes the answer an error: its body, and the challenge of a 401.
func (x *exchange) refuse(h *Handler, r *http.Request, v vault.Container, e *errs.Error) {
	x.status = e.Status
	x.body = e.AppendBody(x.space[:0])
	if _, sent := token(r.Header["Authorization"]); !sent && e.Status == http.StatusUnauthorized && habitOf(v).bareChallenge {
		x.body = challengeBody(r.Method)
	}
	switch {
	case e.Status == http.StatusUnauthorized:
		x.set("Www-Authenticate", h.challenge(v))
	case e.Status == http.StatusTooManyRequests && h.options.RetryAfter:
		x.retryAfter(e.RetryAfter)
	}
}

// challenge is what a 401 tells a client: who issues tokens, and what for.
func (h *Handler) challenge(v vault.Container) string {
	authority := identity.DefaultAuthority
	if h.authority != nil {
		authority = h.authority.tenant.Authority()
	}
	tenant := v.TenantID()
	return `Bearer authorization="` + authority + "/" + tenant + `", resource="` + habitOf(v).resource + `"`
}
