package rest

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// The bounds of a server made by NewServer, and what to give to Limit.
const (
	// MaxConnections is how many connections are enough for a server, and not too many for the machine it runs on.
	MaxConnections = 512
	// MaxHeaderBytes is the size of the header of a request.
	MaxHeaderBytes = 64 << 10
	// HeaderTimeout is how long a client may take to send the header of a request, RequestTimeout the whole request,
	// and IdleTimeout is how long a connection waits for the next one.
	HeaderTimeout  = 10 * time.Second
	RequestTimeout = 30 * time.Second
	IdleTimeout    = 2 * time.Minute
)

// NewServer returns a server for a handler that bounds what a connection can occupy: time and header. The handler itself
// bounds bodies. How many connections there are is for its listener to bound: wrap it in [Limit](l, [MaxConnections]).
func NewServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, MaxHeaderBytes: MaxHeaderBytes, ReadHeaderTimeout: HeaderTimeout,
		ReadTimeout: RequestTimeout, WriteTimeout: 2 * RequestTimeout, IdleTimeout: IdleTimeout,
	}
}

// Limit returns a listener that has at most n connections open at once; less than one is one. Further clients wait in the
// backlog of the operating system until one is closed.
func Limit(l net.Listener, n int) net.Listener {
	return &limited{Listener: l, free: make(chan struct{}, max(n, 1)), done: make(chan struct{})}
}

// limited is a listener with a bound.
type limited struct {
	net.Listener
	free chan struct{} // holds one value for each open connection
	once sync.Once
	done chan struct{} // closed with the listener
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.free <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return &counted{Conn: c, release: sync.OnceFunc(func() { <-l.free })}, nil
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

// counted is a connection that gives its place back when it is closed.
type counted struct {
	net.Conn
	release func()
}

func (c *counted) Close() error {
	defer c.release()
	return c.Conn.Close()
}
