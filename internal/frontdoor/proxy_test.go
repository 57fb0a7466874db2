package frontdoor_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/internal/frontdoor"
)

// A tunnel from the front to itself would take a place for each time it is nested.
func TestNoTunnelLeadsBackToTheFront(t *testing.T) {
	outside, err := frontdoor.Outside(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, listen := range []string{"127.0.0.1:0", "0.0.0.0:0"} {
		f := open(t, frontdoor.Options{Listen: listen, Proxy: listen, Outside: outside})
		for _, addr := range []net.Addr{f.Proxy(), f.Addr()} {
			_, port, _ := net.SplitHostPort(addr.String())
			for _, host := range []string{"127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]"} {
				if _, status := ask(t, f, host+":"+port); !strings.HasPrefix(status, "403 ") || !strings.Contains(status, "is a port of this server") {
					t.Errorf("%s, listening on %s: %s", host, addr, status)
				}
			}
		}
	}
	f := open(t, frontdoor.Options{Outside: outside})
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	connect(t, f, other.Addr().String())
}

func TestAClosingProxySaysSo(t *testing.T) {
	dialling, closing, finish := make(chan struct{}), make(chan struct{}), make(chan struct{})
	f := open(t, frontdoor.Options{Outside: func(ctx context.Context, _ string) (net.Conn, error) {
		close(dialling)
		<-ctx.Done()
		close(closing)
		<-finish
		return nil, errors.New("too late")
	}})
	first, closed := make(chan string), make(chan struct{})
	go func() {
		_, status := ask(t, f, "example.com:443")
		first <- status
	}()
	<-dialling
	go func() {
		f.Close()
		close(closed)
	}()
	<-closing
	const want = "503 embedvault: the proxy is closing"
	if _, status := ask(t, f, "example.com:443"); status != want {
		t.Errorf("a newcomer: %q", status)
	}
	close(finish)
	if status := <-first; status != want {
		t.Errorf("who was there: %q", status)
	}
	<-closed
}
