package frontdoor

import (
	"context"
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
	inside  *inbox // for the hosts of the service
	outside Dial   // for all others; nil: refused
	log     *slog.Logger
	now     func() time.Time

	ctx  context.Context // done when the front is closed
	stop context.CancelFunc
	mu   sync.Mutex
	open sync.WaitGroup // tunnels; added to under mu, and only until ctx is done
}

func newProxy(addr net.Addr, o *Options, log *slog.Logger) *proxy {
	p := &proxy{addr: addr, inside: newInbox(addr), outside: o.Outside, log: log, now: o.Now}
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
		p.refuse(w, http.StatusForbidden, fmt.Sprintf("embedvault: %s is no host of the service, and others are not tunnelled (serve tunnels them with -egress)", clean(host)))
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
		return
	}
	defer p.open.Done()
	ctx, cancel := context.WithTimeout(p.ctx, dialTimeout)
	there, err := p.outside(ctx, address)
	cancel()
	if err != nil {
		p.refuse(w, http.StatusBadGateway, "embedvault: "+clean(address)+" cannot be reached")
		p.log.Debug("proxy", "address", clean(address), "error", err)
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
