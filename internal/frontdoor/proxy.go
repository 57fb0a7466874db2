package frontdoor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Dial connects to the port of a host, such as "example.com:443".
type Dial func(ctx context.Context, address string) (net.Conn, error)

const (
	dialTimeout = 15 * time.Second
	writeTime   = 5 * time.Second
	servedPort  = "443"
)

// proxy answers CONNECT requests.
type proxy struct {
	addr    net.Addr
	listen  net.Addr // the front's other port
	inside  *inbox   // for the hosts of the service
	outside Dial     // for all others; nil: refused
	log     *slog.Logger
	now     func() time.Time

	ctx  context.Context // done when the front is closed
	stop context.CancelFunc
	mu   sync.Mutex
	open sync.WaitGroup // tunnels; added to under mu, and only until ctx is done
}

func newProxy(addr, listen net.Addr, o *Options, log *slog.Logger) *proxy {
	p := &proxy{addr: addr, listen: listen, inside: newInbox(addr), outside: o.Outside, log: log, now: o.Now}
	p.ctx, p.stop = context.WithCancel(context.Background())
	return p
}

// close ends all tunnels.
func (p *proxy) close() {
	p.mu.Lock()
	p.stop()
	p.mu.Unlock()
	p.inside.Close()
	p.open.Wait()
}

// ServeHTTP brings a client to where it wants to go, or says in one line why not.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, port, err := net.SplitHostPort(r.Host)
	switch {
	case r.Method != http.MethodConnect:
		p.refuse(w, http.StatusMethodNotAllowed, "embedvault: this proxy answers CONNECT only")
	case err != nil || host == "" || port == "":
		p.refuse(w, http.StatusBadRequest, "embedvault: CONNECT wants HOST:PORT")
	case Serves(host) && port == servedPort:
		p.enter(w)
	case Serves(host):
		p.refuse(w, http.StatusForbidden, fmt.Sprintf("embedvault: %s is served on port %s alone", clean(host), servedPort))
	case p.outside == nil:
		p.refuse(w, http.StatusForbidden, fmt.Sprintf("embedvault: %s is no host of the service, and others are not tunnelled (-egress tunnels them)", clean(host)))
	default:
		p.leave(w, r.Host)
	}
}

// clean is a text of a client that a header and a log can carry.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	return s[:min(len(s), maxName)]
}

// refuse answers in one line: as the reason of the status, which is what most clients show, and as the body.
func (p *proxy) refuse(w http.ResponseWriter, status int, line string) {
	p.log.Warn("proxy", "status", status, "answer", line)
	conn, err := hijack(w)
	if err != nil {
		return
	}
	defer conn.Close()
	conn.SetWriteDeadline(p.now().Add(writeTime))
	fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s\n",
		status, line, len(line)+1, line)
}

// hijack takes the connection of a request from the server.
func hijack(w http.ResponseWriter) (net.Conn, error) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, err
	}
	return unread(conn, buffered.Reader), nil
}

// established tells a client that from now on it talks to whom it wanted.
func (p *proxy) established(conn net.Conn) error {
	conn.SetWriteDeadline(p.now().Add(writeTime))
	_, err := conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n"))
	conn.SetWriteDeadline(time.Time{})
	return err
}

// enter hands a client to the service.
func (p *proxy) enter(w http.ResponseWriter) {
	conn, err := hijack(w)
	if err != nil {
		return
	}
	if p.established(conn) != nil {
		conn.Close()
		return
	}
	p.inside.hand(conn)
}

// leave tunnels a client to another host.
func (p *proxy) leave(w http.ResponseWriter, address string) {
	if !p.begin() {
		p.refuse(w, http.StatusServiceUnavailable, closingLine)
		return
	}
	defer p.open.Done()
	there, err := p.dial(address)
	if err != nil {
		p.log.Debug("proxy", "address", clean(address), "error", err)
		status, line := p.reason(err, address)
		p.refuse(w, status, line)
		return
	}
	defer there.Close()
	here, err := hijack(w)
	if err != nil {
		return
	}
	defer here.Close()
	if p.established(here) == nil {
		p.log.Info("tunnel", "address", clean(address))
		p.join(here, there)
	}
}

// errHere is a connection that would lead from the front to itself.
var errHere = errors.New("a port of this server")

const closingLine = "embedvault: the proxy is closing"

// dial connects to another host. What counts is where a connection leads, not what it was called.
func (p *proxy) dial(address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(p.ctx, dialTimeout)
	defer cancel()
	conn, err := p.outside(ctx, address)
	if err == nil && (leadsTo(conn, p.addr) || leadsTo(conn, p.listen)) {
		conn.Close()
		return nil, errHere
	}
	return conn, err
}

// leadsTo tells whether the other end of a connection is a port of this machine, which may be one on all addresses.
func leadsTo(conn net.Conn, port net.Addr) bool {
	here, _ := conn.LocalAddr().(*net.TCPAddr)
	there, _ := conn.RemoteAddr().(*net.TCPAddr)
	own, _ := port.(*net.TCPAddr)
	if here == nil || there == nil || own == nil || there.Port != own.Port {
		return false
	}
	return there.IP.Equal(own.IP) || own.IP.IsUnspecified() && (there.IP.IsLoopback() || there.IP.Equal(here.IP))
}

// reason is the status and line for a host that was not dialled.
func (p *proxy) reason(err error, address string) (int, string) {
	address = clean(address)
	switch {
	case errors.Is(err, errHere):
		return http.StatusForbidden, "embedvault: " + address + " is a port of this server: go there without a proxy"
	case errors.Is(err, errNear):
		return http.StatusForbidden, "embedvault: " + address + " " + errNear.Error() + ", where an exposed proxy tunnels nobody"
	case p.ctx.Err() != nil:
		return http.StatusServiceUnavailable, closingLine
	}
	return http.StatusBadGateway, "embedvault: " + address + " cannot be reached"
}

// begin counts a tunnel, unless the proxy is closed.
func (p *proxy) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return false
	}
	p.open.Add(1)
	return true
}
