package frontdoor

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// tunnelIdle is how long a tunnel stays open in which nothing moves in either direction.
const tunnelIdle = 5 * time.Minute

// join carries bytes between a client's connection a and another until both have ended, one fails, nothing moves any more,
// or the proxy is closed. The end of one side is told to the other. While nothing moves, the client waits like others who
// hold a place in silence.
func (p *proxy) join(a, b net.Conn) {
	release := context.AfterFunc(p.ctx, func() {
		a.Close()
		b.Close()
	})
	defer release()
	t := &tunnel{p.now, a, b, guestOf(a)}
	var both sync.WaitGroup
	both.Go(func() { t.carry(a, b) })
	both.Go(func() { t.carry(b, a) })
	both.Wait()
}

// tunnel is two connections that share a deadline.
type tunnel struct {
	now   func() time.Time
	a, b  net.Conn
	guest *guest // whose place the tunnel has; nil: nobody's
}

// carry copies one direction.
func (t *tunnel) carry(to, from net.Conn) {
	t.alive()
	if _, err := io.Copy(alive{to, t}, struct{ io.Reader }{from}); err != nil {
		t.a.Close()
		t.b.Close()
		return
	}
	if half, ok := bottom(to).(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
		return
	}
	to.Close()
}

// alive notes that something moves: from now on the tunnel is silent.
func (t *tunnel) alive() {
	if t.guest != nil {
		t.guest.waits(true)
	}
	until := t.now().Add(tunnelIdle)
	t.a.SetDeadline(until)
	t.b.SetDeadline(until)
}

// alive is a writer whose tunnel lives on with every write.
type alive struct {
	conn   net.Conn
	tunnel *tunnel
}

func (w alive) Write(p []byte) (int, error) {
	w.tunnel.alive()
	return w.conn.Write(p)
}

// bottom is the connection below all layers.
func bottom(conn net.Conn) net.Conn {
	for {
		switch c := conn.(type) {
		case *guest:
			conn = c.Conn
		case *begun:
			conn = c.Conn
		default:
			return conn
		}
	}
}
