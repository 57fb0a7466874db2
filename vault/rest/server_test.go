package rest_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/embedvault/embedvault/vault/rest"
)

// pipes is a listener whose connections are pipes in memory.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
	open  atomic.Int32 // connections that the server has accepted and not closed
	most  atomic.Int32
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		if n := p.open.Add(1); n > p.most.Load() {
			p.most.Store(n)
		}
		return &pipeConn{Conn: c, pipes: p}, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// dial connects as soon as the server accepts.
func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
	case <-p.done:
	}
	return client
}

type pipeConn struct {
	net.Conn
	pipes *pipes
	once  sync.Once
}

func (c *pipeConn) Close() error {
	c.once.Do(func() { c.pipes.open.Add(-1) })
	return c.Conn.Close()
}

// serve runs a bounded server in a bubble.
func serve(t *testing.T, connections int) *pipes {
	t.Helper()
	svc, _ := service(t, nil)
	server, l := rest.NewServer(rest.New(svc, nil)), newPipes()
	done := make(chan error)
	go func() { done <- server.Serve(rest.Limit(l, connections)) }()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	return l
}

// TestClientThatNeverSends is rid of after the time for a header, or for a request.
func TestClientThatNeverSends(t *testing.T) {
	for name, c := range map[string]struct {
		sent  string
		after time.Duration
	}{
		"nothing":       {"", rest.HeaderTimeout},
		"half a header": {"GET /secrets/db HTTP/1.1\r\nHost: con", rest.HeaderTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := serve(t, 1).dial()
				begin := time.Now()
				if _, err := io.WriteString(conn, c.sent); err != nil {
					t.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, conn); err != nil {
					t.Fatal(err)
				}
				if waited := time.Since(begin); waited != c.after {
					t.Errorf("was rid of after %v, want %v", waited, c.after)
				}
			})
		})
	}
}

// TestThousandConnections connects a thousand clients that send nothing: no more than the bound are served at once, and
// a client that behaves gets its turn.
func TestThousandConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 50
		l := serve(t, most)
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				conn := l.dial()
				io.Copy(io.Discard, conn)
				conn.Close()
			})
		}
		synctest.Wait()
		conn := l.dial() // waits for its turn
		fmt.Fprintf(conn, "GET /secrets/db?api-version=7.4 HTTP/1.1\r\nHost: contoso.vault.azure.net\r\nConnection: close\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != 401 {
			t.Errorf("%v %v", resp, err)
		}
		conn.Close()
		all.Wait()
		if n := l.most.Load(); n > most {
			t.Errorf("%d connections at once, want at most %d", n, most)
		}
	})
}

// A bound that lets nobody in is one of a single connection.
func TestNobodyIsNoLimit(t *testing.T) {
	for _, n := range []int{0, -1} {
		synctest.Test(t, func(t *testing.T) {
			conn := serve(t, n).dial()
			fmt.Fprintf(conn, "GET /secrets/db?api-version=7.4 HTTP/1.1\r\nHost: contoso.vault.azure.net\r\nConnection: close\r\n\r\n")
			if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || resp.StatusCode != 401 {
				t.Errorf("%d: %v %v", n, resp, err)
			}
			conn.Close()
		})
	}
}

// TestHugeRequests sends headers and bodies without end.
func TestHugeRequests(t *testing.T) {
	for name, c := range map[string]struct {
		head string
		want int
	}{
		"a header": {"GET /secrets/db HTTP/1.1\r\nHost: contoso.vault.azure.net\r\nX: ", 431},
		"a body":   {"PUT /secrets/db?api-version=7.4 HTTP/1.1\r\nHost: contoso.vault.azure.net\r\nContent-Length: 1073741824\r\n\r\n", 401},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := serve(t, 1).dial()
				var sent atomic.Int64
				go func() {
					io.WriteString(conn, c.head)
					for block := strings.Repeat("x", 4096); ; {
						n, err := io.WriteString(conn, block)
						if sent.Add(int64(n)); err != nil {
							return
						}
					}
				}()
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil || resp.StatusCode != c.want {
					t.Errorf("%v %v, want %d", resp, err, c.want)
				}
				io.Copy(io.Discard, conn)
				conn.Close()
				synctest.Wait()
				if sent.Load() > 1<<20 {
					t.Errorf("the server took %d bytes", sent.Load())
				}
			})
		})
	}
}
