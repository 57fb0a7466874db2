package frontdoor

import (
	"bufio"
	"net"
	"sync"
)

// begun is a connection of which somebody has read ahead.
type begun struct {
	net.Conn
	ahead *bufio.Reader // what was read, then the connection
}

// unread returns a connection from which what a reader holds comes first.
func unread(conn net.Conn, r *bufio.Reader) net.Conn {
	if r.Buffered() == 0 {
		return conn
	}
	return &begun{conn, r}
}

func (b *begun) Read(p []byte) (int, error) {
	if b.ahead.Buffered() > 0 {
		return b.ahead.Read(p)
	}
	return b.Conn.Read(p)
}

// NetConn returns the connection below.
func (b *begun) NetConn() net.Conn { return b.Conn }

// inbox is a listener to which connections are handed that came some other way.
type inbox struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
	close  func()
}

func newInbox(addr net.Addr) *inbox {
	closed := make(chan struct{})
	return &inbox{addr, make(chan net.Conn), closed, sync.OnceFunc(func() { close(closed) })}
}

// hand gives a connection to the server of the inbox, or closes it.
func (i *inbox) hand(conn net.Conn) {
	select {
	case i.conns <- conn:
	case <-i.closed:
		conn.Close()
	}
}

func (i *inbox) Accept() (net.Conn, error) {
	select {
	case conn := <-i.conns:
		return conn, nil
	case <-i.closed:
		return nil, net.ErrClosed
	}
}

func (i *inbox) Close() error {
	i.close()
	return nil
}

func (i *inbox) Addr() net.Addr { return i.addr }
