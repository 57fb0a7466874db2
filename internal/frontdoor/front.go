package frontdoor

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/embedvault/embedvault/vault/rest"
)

// MaxConnections is how many connections a front keeps at once unless its options say otherwise.
const MaxConnections = 2 * rest.MaxConnections

// maxStreams is how many requests one connection may make at a time.
const maxStreams = 100

// Options say how a front is made. Handler and Now must be set.
type Options struct {
	// Listen and Proxy are the addresses of the two ports. "": a free port of 127.0.0.1.
	Listen, Proxy string
	// Handler answers the requests for the hosts of the service.
	Handler http.Handler
	// Outside reaches the hosts that are not the service's. nil: the proxy refuses them.
	Outside Dial
	// Connections is how many connections are kept at once, tunnels included. One is enough, and less than none is an
	// error. 0: MaxConnections.
	Connections int
	// Log is told of what the proxy refuses and tunnels, and at debug level of clients that do not speak the protocol.
	// nil: nobody is told.
	Log *slog.Logger
	// Now is the clock of certificates and deadlines: the one that clients live on.
	Now func() time.Time
}

// Front is a service's two ports. It is safe for concurrent use.
type Front struct {
	authority *authority
	listen    net.Listener
	proxy     *proxy
	servers   []*http.Server
	running   sync.WaitGroup
}

// Open makes a front that accepts connections until Close. Errors are those of the listeners, and a number of connections
// that cannot be.
func Open(o *Options) (*Front, error) {
	if o.Connections < 0 {
		return nil, errors.New("a front keeps at least one connection")
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	ca, err := newAuthority(o.Now())
	if err != nil {
		return nil, err
	}
	listen, proxied, err := listenBoth(o)
	if err != nil {
		return nil, err
	}
	crowd := newCrowd(cmp.Or(o.Connections, MaxConnections), o.Now)
	f := &Front{authority: ca, listen: listen}
	f.proxy = newProxy(proxied.Addr(), listen.Addr(), o, log)

	service, proxy := newServer(o.Handler, log), newServer(f.proxy, log)
	service.TLSConfig = &tls.Config{GetCertificate: ca.certificate, MinVersion: tls.VersionTLS12}
	service.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: maxStreams}
	proxy.Protocols = new(http.Protocols)
	proxy.Protocols.SetHTTP1(true)
	f.servers = []*http.Server{proxy, service}

	f.running.Go(func() { service.ServeTLS(crowd.door(listen), "", "") })
	f.running.Go(func() { service.ServeTLS(f.proxy.inside, "", "") })
	f.running.Go(func() { proxy.Serve(crowd.door(proxied)) })
	return f, nil
}

// listenBoth opens both ports or none.
func listenBoth(o *Options) (listen, proxy net.Listener, err error) {
	if listen, err = net.Listen("tcp", orFree(o.Listen)); err != nil {
		return nil, nil, err
	}
	if proxy, err = net.Listen("tcp", orFree(o.Proxy)); err != nil {
		listen.Close()
		return nil, nil, err
	}
	return listen, proxy, nil
}

func orFree(addr string) string {
	if addr == "" {
		return "127.0.0.1:0"
	}
	return addr
}

// newServer bounds what clients can occupy. What they do wrong is no news.
func newServer(h http.Handler, log *slog.Logger) *http.Server {
	s := rest.NewServer(h)
	s.ConnState = note
	s.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	return s
}

// Addr is the address of the port that speaks TLS.
func (f *Front) Addr() net.Addr { return f.listen.Addr() }

// Proxy is the address of the proxy's port.
func (f *Front) Proxy() net.Addr { return f.proxy.addr }

// Authority is the certificate of the front's authority.
func (f *Front) Authority() *x509.Certificate { return f.authority.cert }

// Bundle is the certificate of the front's authority, followed by roots, as PEM.
func (f *Front) Bundle(roots []byte) []byte { return append(f.authority.pem(), roots...) }

// Shutdown stops to accept connections, lets requests that have begun end until ctx is done, and then closes the front.
func (f *Front) Shutdown(ctx context.Context) {
	for _, s := range f.servers {
		s.Shutdown(ctx)
	}
	f.Close()
}

// Close closes all connections and waits until nothing of the front runs any more, but for handlers of requests that
// were cut off.
func (f *Front) Close() {
	f.proxy.close()
	for _, s := range f.servers {
		s.Close()
	}
	f.running.Wait()
}
