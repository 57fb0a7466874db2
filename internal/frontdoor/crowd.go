package frontdoor

import (
	"container/list"
	"net"
	"net/http"
	"sync"
	"time"
)

// patience is how long a connection may hold its place in silence while others wait for one: before its first byte,
// between two requests, and in a tunnel through which nothing moves. Those who speak without making a request are closed
// by the server's own timeouts.
const patience = 2 * time.Second

// crowd bounds the connections of a front, over all its ports. It is safe for concurrent use.
type crowd struct {
	now    func() time.Time
	places chan struct{} // holds one value for each connection

	mu      sync.Mutex
	waiting list.List // of *guest of whom nothing is heard, the one that waits longest in front
}

func newCrowd(n int, now func() time.Time) *crowd {
	return &crowd{now: now, places: make(chan struct{}, n)}
}

// guest is a connection with a place.
type guest struct {
	net.Conn
	crowd *crowd
	leave func()

	// Guarded by crowd.mu:
	gone  bool
	since time.Time     // when it began to wait
	place *list.Element // in crowd.waiting, or nil
}

// Read ends the wait of a guest who says something.
func (g *guest) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if n > 0 {
		g.waits(false)
	}
	return n, err
}

// Close closes the connection and gives its place back.
func (g *guest) Close() error {
	defer g.leave()
	return g.Conn.Close()
}

func (c *crowd) enter(conn net.Conn) *guest {
	g := &guest{Conn: conn, crowd: c}
	g.leave = sync.OnceFunc(func() {
		c.mu.Lock()
		g.waitsLocked(false)
		g.gone = true
		c.mu.Unlock()
		<-c.places
	})
	return g
}

func (g *guest) waits(yes bool) {
	g.crowd.mu.Lock()
	defer g.crowd.mu.Unlock()
	g.waitsLocked(yes)
}

// waitsLocked notes whether nothing is heard of a guest.
func (g *guest) waitsLocked(yes bool) {
	if g.place != nil {
		g.crowd.waiting.Remove(g.place)
		g.place = nil
	}
	if yes && !g.gone {
		g.since = g.crowd.now()
		g.place = g.crowd.waiting.PushBack(g)
	}
}

// note is the http.Server.ConnState of a server whose connections are guests.
func note(conn net.Conn, state http.ConnState) {
	if g := guestOf(conn); g != nil {
		g.waits(state == http.StateNew || state == http.StateIdle)
	}
}

// guestOf finds the guest below the layers of a connection.
func guestOf(conn net.Conn) *guest {
	for {
		switch c := conn.(type) {
		case *guest:
			return c
		case interface{ NetConn() net.Conn }:
			conn = c.NetConn()
		default:
			return nil
		}
	}
}

// dismiss closes the guest that waits longest if its time is up, and returns how long to wait for the next one's.
func (c *crowd) dismiss() time.Duration {
	c.mu.Lock()
	longest := c.waiting.Front()
	if longest == nil {
		c.mu.Unlock()
		return patience
	}
	g := longest.Value.(*guest)
	left := g.since.Add(patience).Sub(c.now())
	c.mu.Unlock()
	if left <= 0 {
		g.Close()
	}
	return max(left, 0)
}

// door is a listener whose connections are guests.
type door struct {
	net.Listener
	crowd  *crowd
	closed chan struct{}
	close  func()
}

func (c *crowd) door(l net.Listener) *door {
	closed := make(chan struct{})
	return &door{l, c, closed, sync.OnceFunc(func() { close(closed) })}
}

// Accept waits for somebody to come, then for a place to give. A door where nobody comes takes none.
func (d *door) Accept() (net.Conn, error) {
	conn, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if !d.place() {
		conn.Close()
		return nil, net.ErrClosed
	}
	return d.crowd.enter(conn), nil
}

// place waits for a place; there is none any more when the door is closed.
func (d *door) place() bool {
	for {
		select {
		case d.crowd.places <- struct{}{}:
			return true
		case <-d.closed:
			return false
		default:
		}
		timer := time.NewTimer(d.crowd.dismiss())
		select {
		case d.crowd.places <- struct{}{}:
			timer.Stop()
			return true
		case <-d.closed:
			timer.Stop()
			return false
		case <-timer.C:
		}
	}
}

func (d *door) Close() error {
	d.close()
	return d.Listener.Close()
}
